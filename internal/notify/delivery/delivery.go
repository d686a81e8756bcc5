// Package delivery owns messages on their way to a person over mail, SMS,
// messengers and push: which are made of a notification, when they are sent, by
// whom, what is tried next, and the log of it. It writes deliveries and the
// column bounced_at of contact points, asks providers that it is handed, and
// knows none of their protocols.
package delivery

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"slices"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/internal/gather"
	"kabinet/internal/notify/endpoint"
	"kabinet/internal/notify/preference"
	"kabinet/internal/notify/template"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// Deliveries is the service of this room.
type Deliveries struct {
	Store       *store.Store
	Preferences *preference.Preferences
	Templates   *template.Templates
	Endpoints   *endpoint.Endpoints
	Sealer      *store.Sealer // of the addresses to which letters come back

	// Providers are asked in their order; a channel without one is not planned.
	// They are filled in before the first fact is heard, and never after.
	Providers []Provider
	// Narrowed are the channels that a broadcast is narrowed to; none: it is not.
	// nil: no broadcast is.
	Narrowed func(ctx context.Context, tx *store.Tx, broadcast uuid.UUID) ([]string, error)
	// Site is where a message leads whose notification says nothing else.
	Site string
	// Chance is of 0 up to 1; nil: math/rand.
	Chance func() float64
	Log    *slog.Logger // nil: slog.Default()
	// Count counts what became of tries, by one of the words below; nil: nobody
	// does.
	Count func(channel, provider, outcome string)

	addresses gather.Loader[uuid.UUID, *string]
	ofNote    gather.Loader[uuid.UUID, []*NotificationDelivery]
}

// asSystem is for what happens without a person: a fact was told, a message is due.
func asSystem(ctx context.Context) context.Context { return viewer.AsSystem(ctx, "delivery") }

// sends says whether somebody sends on a channel.
func (d *Deliveries) sends(channel string) bool {
	return slices.ContainsFunc(d.Providers, func(p Provider) bool { return p.Channel == channel })
}

// sendsOf is sends for a notification: one of a broadcast may be narrowed.
func (d *Deliveries) sendsOf(ctx context.Context, tx *store.Tx, n *ent.Notification) (func(string) bool, error) {
	if n.BroadcastID == nil || d.Narrowed == nil {
		return d.sends, nil
	}
	only, err := d.Narrowed(ctx, tx, *n.BroadcastID)
	if err != nil || len(only) == 0 {
		return d.sends, err
	}
	return func(channel string) bool { return slices.Contains(only, channel) && d.sends(channel) }, nil
}

func (d *Deliveries) chance() float64 {
	if d.Chance != nil {
		return d.Chance()
	}
	return rand.Float64()
}

func (d *Deliveries) log() *slog.Logger {
	if d.Log != nil {
		return d.Log
	}
	return slog.Default()
}
