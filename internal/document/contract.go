package document

import (
	"time"

	"kabinet/internal/scalar"
)

// The inputs and views of the SDL, bound by name.

// UploadDocumentInput is the input of uploadDocument.
type UploadDocumentInput struct {
	Title string
	Size  int // bytes
}

// DeleteDocumentInput is the input of deleteDocument.
type DeleteDocumentInput struct {
	ID scalar.ID
}

// UploadAvatarInput is the input of uploadAvatar.
type UploadAvatarInput struct {
	Size *int // bytes
}

// UploadLink says where bytes are sent to, once.
type UploadLink struct {
	URL       string
	Method    string
	MaxBytes  int
	Types     []string
	ExpiresAt time.Time
}

// Avatar is a person's picture, or one drawn from the initials.
type Avatar struct {
	URL       string `json:"url"`
	Initials  string `json:"initials"`
	Color     string `json:"color"` // #rrggbb
	Generated bool   `json:"generated"`
	Width     int    `json:"width"` // pixels
	Height    int    `json:"height"`
}

// Page is a part of a list.
type Page struct {
	After, Before *scalar.Cursor
	First, Last   *int
}
