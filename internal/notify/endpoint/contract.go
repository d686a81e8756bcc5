package endpoint

import (
	"io"

	"kabinet/internal/fault"
	"kabinet/internal/scalar"
)

// The inputs of the SDL that this room takes; field by field they are described
// in schema/notify_endpoint.graphqls.

// RegisterPushEndpointInput is the input of registerPushEndpoint: exactly one of web and mobile.
type RegisterPushEndpointInput struct {
	Web    *WebPushInput
	Mobile *MobilePushInput
	Label  *string
}

// WebPushInput is what a browser says of itself.
type WebPushInput struct{ Endpoint, P256dh, Auth string }

// MobilePushInput is where an app is reached.
type MobilePushInput struct{ Platform, Token string }

// RemovePushEndpointInput is the input of removePushEndpoint.
type RemovePushEndpointInput struct{ PushEndpointID scalar.ID }

// LinkMessengerInput is the input of linkMessenger.
type LinkMessengerInput struct{ Messenger Messenger }

// UnlinkMessengerInput is the input of unlinkMessenger.
type UnlinkMessengerInput struct{ MessengerLinkID scalar.ID }

// Messenger is a messenger in which people are told.
type Messenger string

// Telegram is the one there is.
const Telegram Messenger = "TELEGRAM"

// MarshalGQL writes the value.
func (m Messenger) MarshalGQL(w io.Writer) { scalar.WriteEnum(w, m) }

// UnmarshalGQL reads a value.
func (m *Messenger) UnmarshalGQL(v any) (err error) {
	*m, err = scalar.ReadEnum(v, Telegram)
	return err
}

// What this room says no with, beside the faults of package fault.
var (
	// ErrPushAddressRefused: params.reason, a word of the guard's.
	ErrPushAddressRefused = fault.New(fault.Invalid, "PUSH_ADDRESS_REFUSED")
	// ErrMessengerUnavailable: there is no bot, or it is out of reach; params.messenger.
	ErrMessengerUnavailable = fault.New(fault.Refused, "MESSENGER_UNAVAILABLE")
	// ErrTooMany: params.limit are there already.
	ErrTooMany = fault.New(fault.Refused, "TOO_MANY_ITEMS")
	// ErrTooOften: params.retryAfter seconds.
	ErrTooOften = fault.New(fault.Refused, "TOO_MANY_ATTEMPTS")
)
