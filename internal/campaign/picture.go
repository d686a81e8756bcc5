package campaign

import "kabinet/internal/picture"

// Bounds of a photo.
const (
	maxPhoto     = 1 << 20  // bytes, as sent and as kept
	maxPhotoSide = 4096     // pixels
	maxPixels    = 12 << 20 // of all
	maxPart      = 64 << 10 // bytes of one part
)

// readPicture makes a photo that was sent anew, upright: pixels, and nothing of
// where and by what it was taken. Faults: PHOTO_INVALID.
func readPicture(raw []byte) (*picture.Picture, error) {
	p, err := picture.Read(raw, picture.Bounds{
		Types: []string{"image/jpeg", "image/png", "image/webp"}, Bytes: maxPhoto, Side: maxPhotoSide, Pixels: maxPixels, Keep: maxPhoto})
	if err != nil {
		return nil, ErrPhotoInvalid.Because(err)
	}
	return p, nil
}
