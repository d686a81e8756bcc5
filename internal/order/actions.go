package order

import (
	"context"
	"strings"

	ent "kabinet/ent/generated"
	entorder "kabinet/ent/generated/order"
	"kabinet/internal/locale"
	"kabinet/internal/viewer"
)

// Actions are what the caller of ctx may do with an order now: CANCEL exactly
// where cancelOrder would work, OPEN_TICKET where openTicket would.
func Actions(ctx context.Context, o *ent.Order) []OrderAction {
	v := viewer.From(ctx)
	actions := []OrderAction{}
	if checkCancel(standing(o)) == nil && mayWrite(v, o, "order") {
		actions = append(actions, OrderActionCancel)
	}
	if o.OwnerID == v.UserID && v.SignedIn() || o.OwnerID == v.OwnerID && mayWrite(v, o, "ticket") {
		actions = append(actions, OrderActionOpenTicket)
	}
	return actions
}

// mayWrite is the fence's answer for an order that was read already.
func mayWrite(v viewer.Viewer, o *ent.Order, resource string) bool {
	switch {
	case !v.SignedIn():
		return false
	case o.OwnerID == v.UserID, v.Staff && v.Reach(resource, "write") == viewer.ReachAll:
		return true
	case o.OwnerID != v.OwnerID:
		return false
	}
	switch v.Reach(resource, "write") {
	case viewer.ReachNone:
		return false
	case viewer.ReachOwn:
		return o.UserID != nil && *o.UserID == v.UserID
	}
	return true
}

// Label says where an order stands, in a language (BCP 47): the word of the
// axis that says most.
func Label(lang string, o *ent.Order) string {
	at := standing(o)
	word := string(at.Status)
	if at.Status == entorder.StatusPLACED {
		word = string(at.Fulfillment)
		if at.Fulfillment == entorder.FulfillmentStatusNEW && at.Payment == entorder.PaymentStatusPAID {
			word = string(at.Payment)
		}
	}
	return locale.Text(lang, "order.status."+strings.ToLower(word), nil)
}
