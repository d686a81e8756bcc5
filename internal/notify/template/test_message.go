package template

import (
	"context"
	"time"

	"kabinet/internal/fault"
	"kabinet/internal/notify/preference"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

var (
	// ErrNoAddress is that there is nowhere to send to; params.channel.
	ErrNoAddress = fault.New(fault.Refused, "NO_ADDRESS")
	// ErrNotSent is that no provider took it; params.channel, params.failure.
	ErrNotSent = fault.New(fault.Refused, "MESSAGE_NOT_SENT")
)

// tests bounds what one member of staff sends himself: providers cost money.
var tests = store.Limit{Name: "notify.test", Free: 20, Forget: time.Hour, Window: true}

// SendTest sends a draft, or what is in force, to the caller's own addresses.
// Staff only; it is put on record.
//
// Faults: those of Preview, NO_ADDRESS, MESSAGE_NOT_SENT, RATE_LIMITED.
func (t *Templates) SendTest(ctx context.Context, in SendTestNotificationInput) (TestSent, error) {
	if err := may(ctx, "write"); err != nil {
		return TestSent{}, err
	}
	asked := PreviewNotificationTemplateInput{Type: in.Type, Channel: preference.NotificationChannel(in.Channel), Locale: in.Locale, TimeZone: in.TimeZone,
		Title: in.Title, Text: in.Text, HTML: in.HTML, Params: in.Params}
	if err := checkParams(in.Params); err != nil {
		return TestSent{}, err
	}
	at := place{in.Type, string(in.Channel), in.Locale}
	h, err := t.source(ctx, at, asked)
	if err != nil {
		return TestSent{}, err
	}
	m, err := t.shown(ctx, at, h, asked)
	if err != nil {
		return TestSent{}, err
	}
	me := viewer.From(ctx).UserID
	err = t.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		wait, err := tx.Reserve(ctx, store.Use{Limit: tests, Of: me.String()})
		if err == nil && wait > 0 {
			err = fault.ErrRateLimited.After(wait)
		}
		if err != nil {
			return err
		}
		return tx.Audit(ctx, "messaging.test", viewer.House, viewerID(me), at.audit(0))
	})
	if err != nil {
		return TestSent{}, err
	}
	addresses, sent, failure, err := t.Try(ctx, me, at.channel, m)
	switch {
	case err != nil:
		return TestSent{}, err
	case addresses == 0:
		return TestSent{}, ErrNoAddress.At("input", "channel").With("channel", at.channel)
	case sent == 0:
		return TestSent{}, ErrNotSent.At("input", "channel").With("channel", at.channel).With("failure", failure)
	}
	return TestSent{Sent: &sent, Preview: asText(m, at)}, nil
}
