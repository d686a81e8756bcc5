package campaign

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"testing"
)

func sample(w, h int) *image.RGBA {
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			img.Set(x, y, color.RGBA{R: uint8(x * 255 / w), G: uint8(y * 255 / h), A: 255})
		}
	}
	return img
}

func asJPEG(t *testing.T, img image.Image) []byte {
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// withEXIF puts an EXIF part behind the start of a JPEG: orientation o, and a
// place that nobody should get to know.
func withEXIF(jpg []byte, o uint16) []byte {
	tiff := []byte("II*\x00\x08\x00\x00\x00\x01\x00\x12\x01\x03\x00\x01\x00\x00\x00")
	tiff = binary.LittleEndian.AppendUint16(tiff, o)
	tiff = append(tiff, "\x00\x00\x00\x00\x00\x00GPS 52.5200 13.4050"...)
	part := append([]byte("Exif\x00\x00"), tiff...)
	out := append([]byte{}, jpg[:2]...)
	out = append(out, 0xff, 0xe1)
	out = binary.BigEndian.AppendUint16(out, uint16(len(part)+2))
	return append(append(out, part...), jpg[2:]...)
}

// What is kept is pixels, upright, without what a camera wrote.
func TestPictureForgetsItsPlace(t *testing.T) {
	raw := withEXIF(asJPEG(t, sample(40, 20)), 6)
	p, err := readPicture(raw)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(p.Content, []byte("GPS")) || bytes.Contains(p.Content, []byte("Exif")) {
		t.Error("the place is still in it")
	}
	if p.Width != 20 || p.Height != 40 || p.Type != "image/jpeg" {
		t.Errorf("%d x %d, %s", p.Width, p.Height, p.Type)
	}
	img, err := jpeg.Decode(bytes.NewReader(p.Content))
	if err != nil {
		t.Fatal(err)
	}
	// The left edge of the sent one is now the top: dark red above, bright below.
	top, _, _, _ := img.At(10, 1).RGBA()
	bottom, _, _, _ := img.At(10, 38).RGBA()
	if top > bottom {
		t.Error("it is not upright")
	}
}

func TestPictureKinds(t *testing.T) {
	var pngs, gifs bytes.Buffer
	if err := errors.Join(png.Encode(&pngs, sample(8, 8)), gif.Encode(&gifs, sample(8, 8), nil)); err != nil {
		t.Fatal(err)
	}
	webp, _ := base64.StdEncoding.DecodeString("UklGRhoAAABXRUJQVlA4TA0AAAAvAAAAEAcQERGIiP4HAA==")
	for name, c := range map[string]struct {
		raw  []byte
		want string
	}{
		"jpeg": {asJPEG(t, sample(8, 8)), "image/jpeg"}, "png": {pngs.Bytes(), "image/png"}, "webp": {webp, "image/png"},
		"gif": {gifs.Bytes(), ""}, "nothing": {nil, ""}, "text": {[]byte("<svg xmlns='http://www.w3.org/2000/svg'/>"), ""},
		"cut off": {pngs.Bytes()[:40], ""}, "too large": {append(pngs.Bytes(), make([]byte, maxPhoto)...), ""},
		"a bomb": {bomb(50_000, 50_000), ""}, "wide": {bomb(5000, 1), ""},
	} {
		p, err := readPicture(c.raw)
		switch {
		case c.want == "" && !errors.Is(err, ErrPhotoInvalid):
			t.Errorf("%s: %v, %v", name, p, err)
		case c.want != "" && (err != nil || p.Type != c.want):
			t.Errorf("%s: %v, %v", name, p, err)
		}
	}
}

// bomb is a PNG that says it is huge.
func bomb(w, h uint32) []byte {
	head := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32([]byte("IHDR"), w), h)
	head = append(head, 8, 6, 0, 0, 0)
	out := append([]byte("\x89PNG\r\n\x1a\n"), 0, 0, 0, 13)
	return binary.BigEndian.AppendUint32(append(out, head...), crc32.ChecksumIEEE(head))
}
