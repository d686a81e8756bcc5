package delivery

import (
	"slices"
	"time"

	"entgo.io/contrib/entgql"
	"github.com/google/uuid"

	entdelivery "kabinet/ent/generated/delivery"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
)

// The inputs and views of the SDL that this room takes and gives; field by
// field they are described in schema/notify_delivery.graphqls.

// DeliveryFilter narrows a list of messages.
type DeliveryFilter struct {
	Status     []entdelivery.Status
	Reason     []entdelivery.StatusReason
	Channel    []entdelivery.Channel
	Type       []string
	CustomerID *scalar.ID
	From       *time.Time
	To         *time.Time
}

// RetryDeliveryInput is the input of retryDelivery.
type RetryDeliveryInput struct{ ID scalar.ID }

// RetryDeliveriesInput is the input of retryDeliveries.
type RetryDeliveriesInput struct {
	Filter *DeliveryFilter
	Limit  *int
}

// CancelDeliveryInput is the input of cancelDelivery.
type CancelDeliveryInput struct{ ID scalar.ID }

// Page is the place and size of a page.
type Page struct {
	After, Before *entgql.Cursor[uuid.UUID]
	First, Last   *int
}

// NotificationDelivery is what a customer sees of a message to him.
type NotificationDelivery struct {
	Channel     entdelivery.Channel
	Status      entdelivery.Status
	Reason      *entdelivery.StatusReason
	DueAt       *time.Time
	SentAt      *time.Time
	DeliveredAt *time.Time
}

// DeliveryCount is how many messages of a day, a channel and a type stand where.
type DeliveryCount struct {
	Day       string
	Channel   entdelivery.Channel
	Type      string
	Total     int
	Sent      int
	Delivered int
	Opened    int
	Clicked   int
	Waiting   int
	Dead      int
	Skipped   int
}

// What this room says no with, beside the faults of package fault.
var (
	// ErrNotRetryable: it waits or was sent; params.status.
	ErrNotRetryable = fault.New(fault.Refused, "DELIVERY_NOT_RETRYABLE")
	// ErrNotWaiting: it was sent or has ended; params.status.
	ErrNotWaiting = fault.New(fault.Refused, "DELIVERY_NOT_WAITING")
)

// prefix is of ids of deliveries.
const prefix = "dly"

// The channels.
const (
	email    = "EMAIL"
	sms      = "SMS"
	whatsApp = "WHATSAPP"
	telegram = "TELEGRAM"
	webPush  = "WEB_PUSH"
)

// Channels are those by which messages go, in the order in which they are planned.
var Channels = []string{email, sms, telegram, whatsApp, webPush, "MOBILE_PUSH"}

// IsChannel says whether messages go by a channel of that name.
func IsChannel(name string) bool { return slices.Contains(Channels, name) }

const (
	keptDays     = 90   // from when it was made
	keptAttempts = 50   // of a delivery
	mostRetried  = 1000 // by one call of retryDeliveries
	mostShown    = 50   // deliveries of one notification
	mostDays     = 31   // of deliveryStatistics
	mostTypes    = 100  // of a filter
)
