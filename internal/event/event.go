// Package event owns the facts that domains tell each other and the stored
// form in which they wait. Facts are plain structs: the teller and the hearer
// never meet. It knows no table; internal/store writes account_events.
package event

import (
	"encoding/json"
	"time"

	"github.com/google/uuid"
)

// Fact is something that happened, past tense, such as OrderPlaced. Its JSON
// form is the payload in the log: ids, changed fields and counters after, at
// most 2 kB, never names, addresses or texts of people. One file a domain.
type Fact interface {
	Kind() string                 // the stored kind, such as "order.placed"
	Subject() (string, uuid.UUID) // the TypeID prefix and id of what it is about
}

// Visibility says who may see a stored event of a shared stream.
type Visibility string

// The visibilities of an event.
const (
	ToAll   Visibility = "ALL"
	ToStaff Visibility = "STAFF"
)

// Stored is one row of a stream: dense in Seq, in commit order.
type Stored struct {
	StreamID    uuid.UUID
	Seq         int64
	EventID     uuid.UUID
	Kind        string
	SubjectKind string
	SubjectID   uuid.UUID
	ActorID     *uuid.UUID
	Visibility  Visibility
	Payload     json.RawMessage
	CreatedAt   time.Time
}

// Bell is the doorbell: "this stream now reaches Seq". A hint, never the truth.
type Bell struct {
	StreamID uuid.UUID
	Seq      int64
}
