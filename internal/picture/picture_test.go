package picture

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

var all = Bounds{Types: []string{"image/jpeg", "image/png", "image/webp", "image/gif"}, Bytes: 1 << 20, Pixels: 40_000_000, Shrink: 512, Keep: 1 << 20}

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
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func asPNG(t *testing.T, img image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// tiff is EXIF: an orientation, and a place that nobody should get to know.
func tiff(o uint16) []byte {
	b := []byte("II*\x00\x08\x00\x00\x00\x01\x00\x12\x01\x03\x00\x01\x00\x00\x00")
	return append(binary.LittleEndian.AppendUint16(b, o), "\x00\x00\x00\x00\x00\x00GPS 52.5200 13.4050"...)
}

func exifJPEG(jpg []byte, o uint16) []byte {
	part := append([]byte("Exif\x00\x00"), tiff(o)...)
	out := binary.BigEndian.AppendUint16(append(bytes.Clone(jpg[:2]), 0xff, 0xe1), uint16(len(part)+2))
	return append(append(out, part...), jpg[2:]...)
}

func pngChunk(id string, data []byte) []byte {
	out := binary.BigEndian.AppendUint32(nil, uint32(len(data)))
	body := append([]byte(id), data...)
	return binary.BigEndian.AppendUint32(append(out, body...), crc32.ChecksumIEEE(body))
}

func exifPNG(raw []byte, o uint16) []byte {
	const head = 8 + 25 // signature and IHDR
	return append(append(bytes.Clone(raw[:head]), pngChunk("eXIf", tiff(o))...), raw[head:]...)
}

// dot is a lossless WebP of 1 x 1 pixels, seen through.
func dot(t *testing.T) []byte {
	t.Helper()
	b, err := base64.StdEncoding.DecodeString("UklGRhoAAABXRUJQVlA4TA0AAAAvAAAAEAcQERGIiP4HAA==")
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func riff(parts ...[]byte) []byte {
	body := append([]byte("WEBP"), bytes.Join(parts, nil)...)
	return append(binary.LittleEndian.AppendUint32([]byte("RIFF"), uint32(len(body))), body...)
}

func chunk(id string, data []byte) []byte {
	out := append(binary.LittleEndian.AppendUint32([]byte(id), uint32(len(data))), data...)
	if len(data)%2 == 1 {
		out = append(out, 0)
	}
	return out
}

// moving is dot twice, as an animation.
func moving(t *testing.T) []byte {
	vp8l := dot(t)[12:]
	frame := chunk("ANMF", append(make([]byte, 16), vp8l...))
	return riff(chunk("VP8X", []byte{0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0}), chunk("ANIM", make([]byte, 6)), frame, frame)
}

// What is kept is pixels, upright, without what a camera wrote.
//
// security J2
func TestForgetsItsPlace(t *testing.T) {
	t.Parallel()
	for name, raw := range map[string][]byte{
		"jpeg": exifJPEG(asJPEG(t, sample(40, 20)), 6), "png": exifPNG(asPNG(t, sample(40, 20)), 6),
		"with a tail": append(exifJPEG(asJPEG(t, sample(40, 20)), 6), "PK\x03\x04 <?php GPS ?>"...),
	} {
		p, err := Read(raw, all)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for _, secret := range []string{"GPS", "Exif", "eXIf", "php"} {
			if bytes.Contains(p.Content, []byte(secret)) {
				t.Errorf("%s: %s is still in it", name, secret)
			}
		}
		if p.Width != 20 || p.Height != 40 {
			t.Errorf("%s: %d x %d", name, p.Width, p.Height)
		}
		img, _, err := image.Decode(bytes.NewReader(p.Content))
		if err != nil {
			t.Fatal(err)
		}
		// The left edge of the sent one is now the top: dark red above, bright below.
		top, _, _, _ := img.At(10, 1).RGBA()
		bottom, _, _, _ := img.At(10, 38).RGBA()
		if top > bottom {
			t.Errorf("%s: it is not upright", name)
		}
	}
}

func TestKinds(t *testing.T) {
	t.Parallel()
	var gifs bytes.Buffer
	frames := &gif.GIF{Delay: []int{1, 1}}
	for range 2 {
		frames.Image = append(frames.Image, image.NewPaletted(image.Rect(0, 0, 8, 8), color.Palette{color.White, color.Black}))
	}
	if err := gif.EncodeAll(&gifs, frames); err != nil {
		t.Fatal(err)
	}
	glass := sample(8, 8)
	glass.Set(1, 1, color.Transparent)
	for name, c := range map[string]struct {
		raw  []byte
		want string
		err  error
	}{
		"jpeg": {asJPEG(t, sample(8, 8)), "image/jpeg", nil}, "png": {asPNG(t, sample(8, 8)), "image/png", nil},
		"clear": {asPNG(t, glass), "image/png", nil}, "webp": {dot(t), "image/png", nil},
		"moving webp": {moving(t), "image/png", nil}, "moving gif": {gifs.Bytes(), "image/png", nil},
		"nothing": {nil, "", ErrInvalid}, "svg": {[]byte("<svg xmlns='http://www.w3.org/2000/svg'/>"), "", ErrInvalid},
		"html": {[]byte("<!doctype html><script>"), "", ErrInvalid}, "cut off": {asPNG(t, sample(8, 8))[:40], "", ErrInvalid},
		"a tail of zeros": {append(asPNG(t, sample(8, 8)), make([]byte, 1<<20)...), "", ErrTooLarge},
		"a bomb":          {bomb(50_000, 50_000, 8), "", ErrTooLarge}, // security J3
		"16 bits":         {bomb(6000, 5000, 16), "", ErrTooLarge},
		"overflow":        {bomb(1<<31-1, 1<<31-1, 8), "", ErrInvalid},
		"no frame":        {riff(chunk("VP8X", []byte{0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0})), "", ErrInvalid},
	} {
		p, err := Read(c.raw, all)
		switch {
		case c.want == "" && !errors.Is(err, c.err):
			t.Errorf("%s: %v, %v", name, p, err)
		case c.want != "" && (err != nil || p.Type != c.want):
			t.Errorf("%s: %v, %v", name, p, err)
		}
	}
}

// bomb is a PNG that says it is huge.
func bomb(w, h uint32, bits byte) []byte {
	head := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, w), h)
	return append([]byte("\x89PNG\r\n\x1a\n"), pngChunk("IHDR", append(head, bits, 6, 0, 0, 0))...)
}

func TestShrinks(t *testing.T) {
	t.Parallel()
	p, err := Read(asJPEG(t, sample(1300, 650)), all)
	if err != nil || p.Width != 512 || p.Height != 256 {
		t.Fatalf("%+v %v", p, err)
	}
	if p, err = Read(asPNG(t, sample(2000, 1)), all); err != nil || p.Width != 512 || p.Height != 1 {
		t.Fatalf("%+v %v", p, err)
	}
}

// Whatever is cut off or changed, nothing panics.
func TestNeverPanics(t *testing.T) {
	t.Parallel()
	for _, whole := range [][]byte{exifJPEG(asJPEG(t, sample(4, 4)), 3), exifPNG(asPNG(t, sample(4, 4)), 3), moving(t)} {
		for i := range min(len(whole), 200) {
			_, _ = Read(whole[:i], all)
			broken := bytes.Clone(whole)
			broken[i] ^= 0xff
			_, _ = Read(broken, all)
		}
	}
}
