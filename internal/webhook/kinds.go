package webhook

import (
	"slices"
	"strings"

	"kabinet/internal/event"
	"kabinet/internal/fault"
	"kabinet/internal/viewer"
)

// EventKind is something that can be told.
type EventKind struct {
	Kind    string
	Subject string // the SDL's type that it is about
	Allowed bool   // of the caller

	resource string // whose read permission it takes
	prefix   string // of the subject's ids
}

// kinds are the facts that can be told: about things that node() shows, and
// without a name or text of people in them. Sign-ins, families and
// notifications stay inside.
var kinds = func() (all []EventKind) {
	for _, k := range []struct {
		subject, resource string
		facts             []event.Fact
	}{
		{"User", "user", []event.Fact{event.ContactConfirmed{}, event.ProfileUpdated{}}},
		{"Order", "order", []event.Fact{event.OrderPlaced{}, event.OrderStatusChanged{}, event.OrderEdited{}, event.OrderCancelled{}}},
		{"Invoice", "order", []event.Fact{event.InvoiceIssued{}, event.InvoicePaid{}, event.InvoiceOverdue{}}},
		{"ReturnRequest", "order", []event.Fact{event.ReturnChanged{}}},
		{"BonusAccount", "bonus", []event.Fact{event.PointsAccrued{}, event.PointsRedeemed{}, event.PointsExpired{}, event.PointsReversed{}, event.PointsAdjusted{},
			event.PointsHeld{}, event.PointsReleased{}, event.PointsTransferred{}, event.TierChanged{}, event.TierWillDowngrade{}}},
		{"WalletAccount", "wallet", []event.Fact{event.WalletChanged{}}},
		{"Ticket", "ticket", []event.Fact{event.TicketOpened{}, event.TicketReplied{}, event.TicketChanged{}, event.TicketMessageChanged{}}},
		{"CampaignEntry", "marketing", []event.Fact{event.CampaignEntered{}, event.CampaignEntryChanged{}}},
		{"RewardRedemption", "marketing", []event.Fact{event.RewardExchanged{}, event.RewardRedemptionChanged{}}},
		{"Referral", "marketing", []event.Fact{event.ReferralChanged{}}},
	} {
		for _, f := range k.facts {
			prefix, _ := f.Subject()
			all = append(all, EventKind{Kind: f.Kind(), Subject: k.subject, resource: k.resource, prefix: prefix})
		}
	}
	slices.SortFunc(all, func(a, b EventKind) int { return strings.Compare(a.Kind, b.Kind) })
	return all
}()

func kindOf(name string) (EventKind, bool) {
	i, found := slices.BinarySearchFunc(kinds, name, func(k EventKind, name string) int { return strings.Compare(k.Kind, name) })
	if !found {
		return EventKind{}, false
	}
	return kinds[i], true
}

// mayRead says whether a viewer may have events of a kind told: whoever reads
// all of what they are about.
func mayRead(v viewer.Viewer, k EventKind) bool {
	return v.Staff && v.Reach(k.resource, "read") == viewer.ReachAll
}

// checkEvents gives the kinds sorted, each once. Faults: REQUIRED, INVALID_VALUE
// with the value, WEBHOOK_EVENT_NOT_ALLOWED with the kind.
func checkEvents(v viewer.Viewer, events []string) ([]string, error) {
	if len(events) == 0 {
		return nil, fault.ErrRequired.At("input", "events")
	}
	for _, name := range events {
		k, known := kindOf(name)
		switch {
		case !known:
			return nil, fault.ErrInvalidValue.At("input", "events").With("value", name)
		case !mayRead(v, k):
			return nil, ErrEventNotAllowed.At("input", "events").With("kind", name)
		}
	}
	events = slices.Clone(events)
	slices.Sort(events)
	return slices.Compact(events), nil
}
