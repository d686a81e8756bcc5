package picture

import (
	"bytes"
	"encoding/binary"
	"image"
)

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

// orientation is what EXIF says; 1 where it says nothing.
func orientation(kind string, raw []byte) int {
	switch kind {
	case "image/jpeg":
		return orientationJPEG(raw)
	case "image/webp":
		o := 1
		chunks(raw, func(id string, data []byte) bool {
			if id == "EXIF" {
				o = orientationTIFF(bytes.TrimPrefix(data, []byte("Exif\x00\x00")))
			}
			return id != "EXIF"
		})
		return o
	case "image/png":
		return orientationPNG(raw)
	}
	return 1
}

func orientationJPEG(raw []byte) int {
	for i := 2; i+4 <= len(raw) && raw[i] == 0xff && raw[i+1] != 0xda; {
		n := int(binary.BigEndian.Uint16(raw[i+2:]))
		if n < 2 || i+2+n > len(raw) {
			break
		}
		if part := raw[i+4 : i+2+n]; raw[i+1] == 0xe1 && bytes.HasPrefix(part, []byte("Exif\x00\x00")) {
			return orientationTIFF(part[6:])
		}
		i += 2 + n
	}
	return 1
}

func orientationPNG(raw []byte) int {
	const signature = 8
	for i := signature; i+12 <= len(raw); {
		n := int64(binary.BigEndian.Uint32(raw[i:]))
		if n > int64(len(raw)-i-12) {
			break
		}
		switch string(raw[i+4 : i+8]) {
		case "eXIf":
			return orientationTIFF(raw[i+8 : i+8+int(n)])
		case "IDAT", "IEND":
			return 1
		}
		i += 12 + int(n)
	}
	return 1
}

func orientationTIFF(tiff []byte) int {
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
