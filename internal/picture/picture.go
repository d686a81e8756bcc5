// Package picture makes a picture that a stranger sent into one that can be
// shown: it is decoded and encoded anew, upright, so that pixels are kept and
// nothing of where and by what it was taken, nor anything hidden behind them.
// It reads bytes only, never names or headers, keeps nothing and writes no
// table.
package picture

import (
	"bytes"
	"errors"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"net/http"
	"slices"
	"sync"

	"golang.org/x/image/draw"
	"golang.org/x/image/webp"
)

// What is wrong with a picture.
var (
	ErrInvalid  = errors.New("picture: it cannot be read")
	ErrTooLarge = errors.New("picture: it has too many bytes or pixels")
)

// Bounds are what is taken, and what is made of it.
type Bounds struct {
	Types  []string // image/jpeg, image/png, image/webp, image/gif
	Bytes  int      // as sent
	Side   int      // pixels of width and height as sent; 0: bounded by Pixels alone
	Pixels int      // of all of it, of 4 bytes; one of 8 may have half of them
	Shrink int      // the most pixels of width and height as kept; 0: as sent
	Keep   int      // bytes as kept
}

// Picture is one made anew.
type Picture struct {
	Content       []byte
	Type          string // image/jpeg or image/png
	Width, Height int    // pixels
}

// Read takes what was sent. Of a moving picture the first frame is kept.
// Errors: ErrInvalid, ErrTooLarge.
func Read(raw []byte, b Bounds) (*Picture, error) {
	if len(raw) > b.Bytes {
		return nil, ErrTooLarge
	}
	kind := http.DetectContentType(raw)
	c, known := codecs[kind]
	if !known || !slices.Contains(b.Types, kind) {
		return nil, ErrInvalid
	}
	turn := orientation(kind, raw)
	if kind == "image/webp" {
		if raw = still(raw); raw == nil {
			return nil, ErrInvalid
		}
	}
	config, err := c.measure(raw)
	if err != nil || config.Width < 1 || config.Height < 1 {
		return nil, ErrInvalid
	}
	if b.Side > 0 && max(config.Width, config.Height) > b.Side || !fits(config, b.Pixels) {
		return nil, ErrTooLarge
	}
	defer hold(config.Width * config.Height)()
	img, err := c.decode(raw)
	if err != nil || img.Bounds().Empty() {
		return nil, ErrInvalid
	}
	return encode(upright(shrink(img, b.Shrink), turn), kind == "image/png" || kind == "image/gif", b.Keep)
}

// codec reads one type.
type codec struct {
	decode  func([]byte) (image.Image, error)
	measure func([]byte) (image.Config, error)
}

var codecs = map[string]codec{
	"image/jpeg": {
		func(b []byte) (image.Image, error) { return jpeg.Decode(bytes.NewReader(b)) },
		func(b []byte) (image.Config, error) { return jpeg.DecodeConfig(bytes.NewReader(b)) }},
	"image/png": {
		func(b []byte) (image.Image, error) { return png.Decode(bytes.NewReader(b)) },
		func(b []byte) (image.Config, error) { return png.DecodeConfig(bytes.NewReader(b)) }},
	"image/gif": {
		func(b []byte) (image.Image, error) { return gif.Decode(bytes.NewReader(b)) },
		func(b []byte) (image.Config, error) { return gif.DecodeConfig(bytes.NewReader(b)) }},
	"image/webp": {
		func(b []byte) (image.Image, error) { return webp.Decode(bytes.NewReader(b)) },
		func(b []byte) (image.Config, error) { return webp.DecodeConfig(bytes.NewReader(b)) }},
}

// fits bounds the memory before any of it is taken: sides are multiplied
// without overflow, and a pixel of 16 bits a channel counts twice.
func fits(c image.Config, pixels int) bool {
	if c.Width > pixels || c.Height > pixels/c.Width {
		return false
	}
	n := c.Width * c.Height
	switch c.ColorModel {
	case color.NRGBA64Model, color.RGBA64Model, color.Gray16Model:
		n *= 2
	}
	return n <= pixels
}

// Two pictures are held as pixels at a time, or one that is large.
const large = 12 << 20

var (
	places = make(chan struct{}, 2)
	both   sync.Mutex // who takes two places takes them alone
)

func hold(pixels int) (release func()) {
	if pixels <= large {
		places <- struct{}{}
		return func() { <-places }
	}
	both.Lock()
	places <- struct{}{}
	places <- struct{}{}
	both.Unlock()
	return func() { <-places; <-places }
}

// shrink scales a picture down until neither side is longer than most.
func shrink(img image.Image, most int) image.Image {
	size := img.Bounds().Size()
	long := max(size.X, size.Y)
	if most == 0 || long <= most {
		return img
	}
	w, h := max(1, size.X*most/long), max(1, size.Y*most/long)
	out := image.NewRGBA(image.Rect(0, 0, w, h))
	draw.CatmullRom.Scale(out, out.Bounds(), img, img.Bounds(), draw.Src, nil)
	return out
}

// encode keeps drawings and what one can see through as PNG while they are
// small enough.
func encode(img image.Image, drawn bool, keep int) (*Picture, error) {
	size := img.Bounds().Size()
	var b bytes.Buffer
	if (drawn || !opaque(img)) && png.Encode(&b, img) == nil && b.Len() <= keep {
		return &Picture{b.Bytes(), "image/png", size.X, size.Y}, nil
	}
	for _, quality := range []int{88, 75, 60} {
		b.Reset()
		if err := jpeg.Encode(&b, img, &jpeg.Options{Quality: quality}); err != nil {
			return nil, ErrInvalid
		}
		if b.Len() <= keep {
			return &Picture{b.Bytes(), "image/jpeg", size.X, size.Y}, nil
		}
	}
	return nil, ErrTooLarge
}

func opaque(img image.Image) bool {
	o, ok := img.(interface{ Opaque() bool })
	return ok && o.Opaque()
}
