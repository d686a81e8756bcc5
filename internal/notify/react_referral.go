package notify

import (
	"context"

	entnotification "kabinet/ent/generated/notification"
	"kabinet/ent/generated/referral"
	"kabinet/internal/event"
	"kabinet/internal/store"
)

// OnReferralChanged tells each side what it wants to hear of: the advocate that
// a friend came and ordered, both that they got their points.
func (i *Inbox) OnReferralChanged(ctx context.Context, tx *store.Tx, e event.Stored, f event.ReferralChanged) error {
	n := note{topic: entnotification.TopicBONUS, severity: entnotification.SeverityINFO, params: map[string]any{"count": f.Points}}
	advocate := f.Side == "advocate"
	switch {
	case f.Status == string(referral.StatusREGISTERED) && advocate:
		n.typ = "referral.registered"
	case f.Status == string(referral.StatusORDERED) && advocate:
		n.typ = "referral.ordered"
	case f.Status == string(referral.StatusREWARDED):
		n.typ, n.severity = "referral.rewarded", entnotification.SeveritySUCCESS
		if !advocate {
			n.text = "referral.welcomed"
		}
	default:
		return nil // nobody wants to hear that he got nothing
	}
	return i.give(ctx, tx, e, e.StreamID, n)
}
