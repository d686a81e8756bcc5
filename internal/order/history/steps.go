package history

import (
	"strings"
	"time"

	ent "kabinet/ent/generated"
	entorder "kabinet/ent/generated/order"
	"kabinet/internal/locale"
)

// Steps are the four steps of an order, in a language (BCP 47).
func Steps(lang string, o *ent.Order) []*OrderStep {
	all := steps(standing{
		Status: o.Status, Payment: o.PaymentStatus, Fulfillment: o.FulfillmentStatus,
		Confirmed: o.PaymentConfirmedAt, Assembling: o.AssemblingAt, Shipped: o.ShippedAt, Received: o.ReceivedAt,
	})
	for _, s := range all {
		s.Label = locale.Text(lang, "order.step."+strings.ToLower(string(s.Kind)), nil)
	}
	return all
}

// standing is where an order stands, and when it came there.
type standing struct {
	Status                                   entorder.Status
	Payment                                  entorder.PaymentStatus
	Fulfillment                              entorder.FulfillmentStatus
	Confirmed, Assembling, Shipped, Received *time.Time
}

// steps are the four steps of an order: each stands where the axes say, at the
// time that the book says.
func steps(o standing) []*OrderStep {
	all := []*OrderStep{
		{Kind: StepPaymentConfirmed, State: paymentState(o.Payment), At: o.Confirmed},
		{Kind: StepAssembled, State: StateAhead, At: o.Assembling},
		{Kind: StepShipped, State: StateAhead, At: o.Shipped},
		{Kind: StepReceived, State: StateAhead, At: o.Received},
	}
	assembled, shipped, received := all[1], all[2], all[3]
	switch o.Fulfillment {
	case entorder.FulfillmentStatusNEW:
	case entorder.FulfillmentStatusASSEMBLING:
		assembled.State = StateUnderway
	case entorder.FulfillmentStatusSHIPPED:
		assembled.State, shipped.State = StateDone, StateDone
	case entorder.FulfillmentStatusAT_PICKUP_POINT:
		assembled.State, shipped.State, received.State = StateDone, StateDone, StateUnderway
	default: // received, whatever went back later
		assembled.State, shipped.State, received.State = StateDone, StateDone, StateDone
	}
	for _, s := range all {
		if o.Status == entorder.StatusCANCELLED && s.State != StateDone {
			s.State = StateDropped
		}
	}
	return all
}

func paymentState(p entorder.PaymentStatus) OrderStepState {
	switch p {
	case entorder.PaymentStatusPENDING:
		return StateAhead
	case entorder.PaymentStatusAUTHORIZED:
		return StateUnderway
	}
	return StateDone // whatever was given back since
}
