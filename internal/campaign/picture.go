package campaign

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/jpeg"
	"image/png"
	"net/http"

	"golang.org/x/image/webp"
)

// Bounds of a photo.
const (
	maxPhoto     = 1 << 20  // bytes, as sent and as kept
	maxPhotoSide = 4096     // pixels
	maxPixels    = 12 << 20 // of all
	maxPart      = 64 << 10 // bytes of one part
)

// picture is a photo as it is kept: pixels, and nothing of where and by what
// it was taken.
type picture struct {
	content       []byte
	contentType   string
	width, height int
}

// decoding bounds how many photos are held as pixels at once, 48 MiB each.
var decoding = make(chan struct{}, 2)

// readPicture decodes what was sent and encodes it anew, upright. Faults:
// PHOTO_INVALID.
func readPicture(raw []byte) (*picture, error) {
	decode, measure := codecOf(raw)
	if decode == nil || len(raw) > maxPhoto {
		return nil, ErrPhotoInvalid
	}
	c, err := measure(raw)
	if err != nil || c.Width < 1 || c.Height < 1 || c.Width > maxPhotoSide || c.Height > maxPhotoSide || c.Width*c.Height > maxPixels {
		return nil, ErrPhotoInvalid
	}
	decoding <- struct{}{}
	defer func() { <-decoding }()
	img, err := decode(raw)
	if err != nil {
		return nil, ErrPhotoInvalid
	}
	img = upright(img, orientation(raw))
	return encode(img, http.DetectContentType(raw) == "image/png")
}

// codecOf goes by the bytes alone, never by a name.
func codecOf(raw []byte) (decode func([]byte) (image.Image, error), measure func([]byte) (image.Config, error)) {
	switch http.DetectContentType(raw) {
	case "image/jpeg":
		return func(b []byte) (image.Image, error) { return jpeg.Decode(bytes.NewReader(b)) },
			func(b []byte) (image.Config, error) { return jpeg.DecodeConfig(bytes.NewReader(b)) }
	case "image/png":
		return func(b []byte) (image.Image, error) { return png.Decode(bytes.NewReader(b)) },
			func(b []byte) (image.Config, error) { return png.DecodeConfig(bytes.NewReader(b)) }
	case "image/webp":
		return func(b []byte) (image.Image, error) { return webp.Decode(bytes.NewReader(b)) },
			func(b []byte) (image.Config, error) { return webp.DecodeConfig(bytes.NewReader(b)) }
	}
	return nil, nil
}

// encode keeps a PNG one while it is small enough.
func encode(img image.Image, asPNG bool) (*picture, error) {
	size := img.Bounds().Size()
	var b bytes.Buffer
	if asPNG && png.Encode(&b, img) == nil && b.Len() <= maxPhoto {
		return &picture{b.Bytes(), "image/png", size.X, size.Y}, nil
	}
	for _, quality := range []int{88, 75, 60} {
		b.Reset()
		if err := jpeg.Encode(&b, img, &jpeg.Options{Quality: quality}); err != nil {
			return nil, ErrPhotoInvalid
		}
		if b.Len() <= maxPhoto {
			return &picture{b.Bytes(), "image/jpeg", size.X, size.Y}, nil
		}
	}
	return nil, ErrPhotoInvalid
}

// upright turns an image by its EXIF orientation, 1 to 8.
func upright(img image.Image, o int) image.Image {
	if o < 2 || o > 8 {
		return img
	}
	b := img.Bounds()
	w, h := b.Dx(), b.Dy()
	out := image.NewRGBA(image.Rect(0, 0, w, h))
	if o >= 5 {
		out = image.NewRGBA(image.Rect(0, 0, h, w))
	}
	for y := range h {
		for x := range w {
			to := [...]image.Point{2: {w - 1 - x, y}, 3: {w - 1 - x, h - 1 - y}, 4: {x, h - 1 - y}, 5: {y, x}, 6: {h - 1 - y, x}, 7: {h - 1 - y, w - 1 - x}, 8: {y, w - 1 - x}}[o]
			out.Set(to.X, to.Y, img.At(b.Min.X+x, b.Min.Y+y))
		}
	}
	return out
}

// orientation is what EXIF says of a JPEG; 1 where it says nothing.
func orientation(raw []byte) int {
	for i := 2; i+4 <= len(raw) && raw[i] == 0xff && raw[i+1] != 0xda; {
		n := int(binary.BigEndian.Uint16(raw[i+2:]))
		if n < 2 || i+2+n > len(raw) {
			break
		}
		if part := raw[i+4 : i+2+n]; raw[i+1] == 0xe1 && bytes.HasPrefix(part, []byte("Exif\x00\x00")) {
			return exifOrientation(part[6:])
		}
		i += 2 + n
	}
	return 1
}

func exifOrientation(tiff []byte) int {
	var order binary.ByteOrder
	switch {
	case len(tiff) < 8:
		return 1
	case bytes.HasPrefix(tiff, []byte("II")):
		order = binary.LittleEndian
	case bytes.HasPrefix(tiff, []byte("MM")):
		order = binary.BigEndian
	default:
		return 1
	}
	at := int64(order.Uint32(tiff[4:]))
	if at+2 > int64(len(tiff)) {
		return 1
	}
	for i := range int64(order.Uint16(tiff[at:])) {
		field := at + 2 + 12*i
		if field+12 > int64(len(tiff)) {
			break
		}
		if order.Uint16(tiff[field:]) == 0x0112 {
			return int(order.Uint16(tiff[field+8:]))
		}
	}
	return 1
}
