package webhook

import (
	"io"

	"entgo.io/contrib/entgql"
	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"

	"kabinet/internal/fault"
	"kabinet/internal/scalar"
)

// The inputs, enums and views of the SDL that this domain takes and gives;
// field by field they are described in schema/webhook.graphqls.

// SaveWebhookEndpointInput is the input of saveWebhookEndpoint. With an id, an absent field is unchanged.
type SaveWebhookEndpointInput struct {
	ID        *scalar.ID
	Revision  *int
	Name      *string
	URL       *string
	Events    []string
	Selection graphql.Omittable[*string]
	Status    *EndpointStatus
}

// DeleteWebhookEndpointInput is the input of deleteWebhookEndpoint.
type DeleteWebhookEndpointInput struct{ ID scalar.ID }

// RotateWebhookSecretInput is the input of rotateWebhookSecret.
type RotateWebhookSecretInput struct {
	ID           scalar.ID
	OverlapHours *int
}

// TestWebhookInput is the input of testWebhook.
type TestWebhookInput struct {
	ID             scalar.ID
	Kind           *string
	SubjectID      scalar.ID
	IdempotencyKey string
	DryRun         *bool
}

// RetryWebhookDeliveryInput is the input of retryWebhookDelivery.
type RetryWebhookDeliveryInput struct{ ID scalar.ID }

// WebhookDeliveryFilter narrows a list of deliveries.
type WebhookDeliveryFilter struct {
	EndpointID *scalar.ID
	Status     []DeliveryStatus
	Kind       []string
	SubjectID  *scalar.ID
}

// Page is the place and size of a page.
type Page struct {
	After, Before *entgql.Cursor[uuid.UUID]
	First, Last   *int
}

// EndpointStatus is whether an endpoint is sent to, in an input.
type EndpointStatus string

// The values of EndpointStatus.
const (
	EndpointActive   EndpointStatus = "ACTIVE"
	EndpointPaused   EndpointStatus = "PAUSED"
	EndpointDisabled EndpointStatus = "DISABLED"
)

// MarshalGQL writes the value.
func (e EndpointStatus) MarshalGQL(w io.Writer) { scalar.WriteEnum(w, e) }

// UnmarshalGQL reads a value.
func (e *EndpointStatus) UnmarshalGQL(v any) (err error) {
	*e, err = scalar.ReadEnum(v, EndpointActive, EndpointPaused, EndpointDisabled)
	return err
}

// DeliveryStatus is how a delivery stands, in a filter.
type DeliveryStatus string

// MarshalGQL writes the value.
func (e DeliveryStatus) MarshalGQL(w io.Writer) { scalar.WriteEnum(w, e) }

// UnmarshalGQL reads a value.
func (e *DeliveryStatus) UnmarshalGQL(v any) (err error) {
	*e, err = scalar.ReadEnum[DeliveryStatus](v, "HELD", "QUEUED", "DELIVERED", "FAILED", "DEAD", "SKIPPED")
	return err
}

// What this domain says no with, beside the faults of package fault.
var (
	// ErrAddressRefused: params.reason, a word of the guard's.
	ErrAddressRefused = fault.New(fault.Invalid, "WEBHOOK_ADDRESS_REFUSED")
	// ErrSelectionInvalid: params.reason, params.line, params.column.
	ErrSelectionInvalid = fault.New(fault.Invalid, "WEBHOOK_SELECTION_INVALID")
	// ErrEventNotAllowed: params.kind.
	ErrEventNotAllowed = fault.New(fault.Refused, "WEBHOOK_EVENT_NOT_ALLOWED")
	// ErrNotActive: params.status.
	ErrNotActive = fault.New(fault.Refused, "WEBHOOK_NOT_ACTIVE")
	// ErrTooManyEndpoints: params.limit are there already.
	ErrTooManyEndpoints = fault.New(fault.Refused, "TOO_MANY_ITEMS")
	// ErrAddressTaken: another endpoint is there; params.value.
	ErrAddressTaken = fault.New(fault.Refused, "ALREADY_TAKEN")
)
