package webhook

import (
	"encoding/json"
	"time"

	"github.com/google/uuid"
)

// body is what is sent, after Standard Webhooks: type, timestamp and data; the
// rest lets the other side sort and find without reading data.
type body struct {
	Type      string          `json:"type"`
	Timestamp time.Time       `json:"timestamp"`
	EventID   uuid.UUID       `json:"eventId"`
	SubjectID string          `json:"subjectId"`
	Test      bool            `json:"test,omitempty"`
	Data      json.RawMessage `json:"data"`
}

// given are the variables of a selection.
func (b body) given() map[string]any {
	return map[string]any{"id": b.SubjectID, "kind": b.Type, "eventId": b.EventID.String()}
}

// bytes is the body as it is signed and sent; false where it is too large.
func (b body) bytes() ([]byte, bool, error) {
	if len(b.Data) == 0 {
		b.Data = json.RawMessage("null")
	}
	b.Timestamp = b.Timestamp.UTC()
	text, err := json.Marshal(b)
	return text, len(text) <= largestBody, err
}
