package notify

import (
	"context"

	entnotification "kabinet/ent/generated/notification"
	"kabinet/internal/event"
	"kabinet/internal/locale"
	"kabinet/internal/store"
)

// OnSecurityChanged tells the person of an act that bears on who can get into
// his account. Letters go out by themselves, with the same words.
func (i *Inbox) OnSecurityChanged(ctx context.Context, tx *store.Tx, e event.Stored, f event.SecurityChanged) error {
	typ := "security." + f.Change
	params := map[string]any{"device": f.Device, "place": f.Place}
	if f.Reason != "" {
		params["reason"] = textOf(typ + ".reason." + f.Reason)
	}
	return i.give(ctx, tx, e, f.UserID, note{topic: entnotification.TopicSECURITY, typ: typ, severity: entnotification.SeverityWARNING, id: typ, params: params})
}

// textOf is a text in the reader's language.
type textOf string

func (t textOf) words(lang, _ string) string { return locale.Text(lang, string(t), nil) }

// OnContactConfirmed welcomes who has just registered.
func (i *Inbox) OnContactConfirmed(ctx context.Context, tx *store.Tx, e event.Stored, f event.ContactConfirmed) error {
	if !f.Registered {
		return nil
	}
	return i.give(ctx, tx, e, f.UserID, note{topic: entnotification.TopicSERVICE, typ: "account.welcome", severity: entnotification.SeveritySUCCESS})
}
