package history

import (
	"time"

	"github.com/99designs/gqlgen/graphql"

	"kabinet/ent/generated/payment"
	"kabinet/ent/generated/shipment"
	"kabinet/ent/schema"
	"kabinet/internal/order"
	"kabinet/internal/scalar"
)

// The inputs of the SDL that this room takes; field by field they are
// described in schema/order_history.graphqls.

// SpendingPeriod is days in the person's time zone.
type SpendingPeriod struct {
	From, To string // the first and the last day, YYYY-MM-DD
}

// PaymentRecordFilter narrows the list of payments.
type PaymentRecordFilter struct {
	Kinds        []PaymentRecordKind
	Status       []payment.Status
	From, Before *time.Time
}

// UpdateShipmentInput is the input of updateShipment.
type UpdateShipmentInput struct {
	ShipmentID     scalar.ID
	Carrier        graphql.Omittable[*string]
	TrackingNumber graphql.Omittable[*string]
	TrackingURL    graphql.Omittable[*string]
	Point          graphql.Omittable[*schema.DeliveryPoint]
	PromisedFromAt graphql.Omittable[*time.Time]
	PromisedToAt   graphql.Omittable[*time.Time]
}

// AddTrackingEventInput is the input of addTrackingEvent.
type AddTrackingEventInput struct {
	ShipmentID  scalar.ID
	External    *scalar.ExternalKey
	Status      TrackingStatus
	OccurredAt  time.Time
	Place, Note *string
}

// UpsertShipmentInput is one parcel of an outside system.
type UpsertShipmentInput struct {
	External        *scalar.ExternalKey
	SourceUpdatedAt time.Time
	Order           *order.OrderRef
	Status          *shipment.Status
	Carrier         graphql.Omittable[*string]
	TrackingNumber  graphql.Omittable[*string]
	TrackingURL     graphql.Omittable[*string]
	Point           graphql.Omittable[*schema.DeliveryPoint]
	PromisedFromAt  graphql.Omittable[*time.Time]
	PromisedToAt    graphql.Omittable[*time.Time]
	ShippedAt       graphql.Omittable[*time.Time]
	ReceivedAt      graphql.Omittable[*time.Time]
	Events          []*UpsertTrackingEventInput
}

// UpsertTrackingEventInput is what a carrier said of a parcel.
type UpsertTrackingEventInput struct {
	External    *scalar.ExternalKey
	Status      TrackingStatus
	OccurredAt  time.Time
	Place, Note *string
}

// UpsertShipmentsInput is the input of upsertShipments.
type UpsertShipmentsInput struct {
	Shipments   []*UpsertShipmentInput // 1 to 1,000
	ErrorPolicy *scalar.ErrorPolicy
	DryRun      *bool
}
