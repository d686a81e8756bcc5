// Package webhook tells systems outside what happens here: endpoints that
// members of staff save, and one delivery for each event and endpoint that is
// told it. The body's data are what the endpoint's own selection, a query of
// the API, gives when it is sent, read as the staff role that saved the
// endpoint: never more than that role may read, and never older than what the
// other side knows. Bodies and answers are not kept. It writes
// webhook_endpoints and webhook_deliveries; it never calls an address itself:
// Guard and Send, of internal/adapter/hook, do.
package webhook

import (
	"context"
	"encoding/json"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/vektah/gqlparser/v2/ast"

	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// Webhooks is the service of this domain. Schema, Admits and Ask stand on the
// assembled API: they are filled in once it is.
type Webhooks struct {
	Store  *store.Store
	Sealer *store.Sealer

	// Guard says why an address may not be called, in a word; empty: it may.
	Guard func(ctx context.Context, address string) string
	// Send tries once. It sends nothing that Guard would refuse by then.
	Send func(ctx context.Context, m Message) Reply

	// Schema is the API that selections are written in.
	Schema *ast.Schema
	// Admits says whether the viewer of ctx may ask for a field of Query.
	Admits func(ctx context.Context, field *ast.FieldDefinition) bool
	// Ask gives the data of a selection as the viewer of ctx reads it; an error
	// where any part of it cannot be read.
	Ask func(ctx context.Context, selection string, variables map[string]any) (json.RawMessage, error)

	// StaffRole is the role, by its key, in which a person is a member of staff.
	StaffRole func(ctx context.Context, user uuid.UUID) (uuid.UUID, error)
	// AsRole is a viewer without a person who may what a staff role may, and the
	// role's name; found is false where the role has ended.
	AsRole func(ctx context.Context, role uuid.UUID) (v viewer.Viewer, name string, found bool, err error)

	mu   sync.Mutex
	busy map[uuid.UUID]int // tries of an endpoint that run
}

// Message is what is sent.
type Message struct {
	URL     string
	ID      string   // webhook-id: dlv_…, the same on every try
	Secrets [][]byte // each signs; the new one first
	Body    []byte
}

// Reply is what became of a try.
type Reply struct {
	Status     int           // of HTTP; 0 where no answer came
	Failure    string        // a word, as WebhookFailure of the SDL; empty where it was taken
	RetryAfter time.Duration // as the other side asks; 0 where it does not
	Took       time.Duration
}

// The words for a try that ended before it was sent; the others are Send's.
const (
	failureSelection = "SELECTION_FAILED"
	failureTooLarge  = "BODY_TOO_LARGE"
)

const (
	mostEndpoints    = 50
	longestName      = 100              // characters
	largestBody      = 64 << 10         // bytes
	keptAttempts     = 50               // of a delivery
	statusGone       = 410              // of HTTP: nobody is there any more
	longestOverlap   = 168              // hours that two secrets sign
	keepDelivered    = 30               // days that a delivery is kept after its end
	endpointAtOnce   = 4                // tries of one endpoint that run side by side, an instance
	deliveryDeadline = 30 * time.Second // of a job: the selection and the try
)
