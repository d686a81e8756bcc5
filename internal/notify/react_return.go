package notify

import (
	"context"

	entnotification "kabinet/ent/generated/notification"
	"kabinet/internal/event"
	"kabinet/internal/store"
)

// returnSteps are the states of a return that a buyer wants to hear of.
var returnSteps = map[string]entnotification.Severity{
	"APPROVED": entnotification.SeveritySUCCESS, "REJECTED": entnotification.SeverityWARNING,
	"RECEIVED": entnotification.SeverityINFO, "REFUNDED": entnotification.SeveritySUCCESS,
}

// OnReturnChanged tells the buyer what was decided of a return, and what became
// of its goods and money.
func (i *Inbox) OnReturnChanged(ctx context.Context, tx *store.Tx, e event.Stored, f event.ReturnChanged) error {
	severity, told := returnSteps[f.Status]
	if !told {
		return nil
	}
	n := note{severity: severity, params: map[string]any{"number": f.Number, "order": f.OrderNumber, "amount": money{f.AmountMinor, f.Currency}}}
	switch f.Status {
	case "APPROVED":
		if n.typ = "return.approved"; f.Partial {
			n.text = "return.approved_in_part"
		}
	case "REJECTED":
		n.typ = "return.rejected"
	case "RECEIVED":
		n.typ = "return.received"
	case "REFUNDED":
		if n.typ = "return.refunded"; f.ExchangeMade != nil {
			n.text = "return.exchanged"
		}
	}
	return i.giveBuyer(ctx, tx, e, f.OwnerID, f.UserID, n)
}
