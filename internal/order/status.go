package order

import (
	"slices"

	ent "kabinet/ent/generated"
	entorder "kabinet/ent/generated/order"
	"kabinet/internal/fault"
)

// axes is where an order stands. As a wish, an empty axis is unchanged.
type axes struct {
	Status      entorder.Status
	Payment     entorder.PaymentStatus
	Fulfillment entorder.FulfillmentStatus
}

func standing(o *ent.Order) axes {
	return axes{o.Status, o.PaymentStatus, o.FulfillmentStatus}
}

// machine says where each axis may go from where. What is not listed is not
// allowed; staying is always allowed.
type machine struct {
	status      map[entorder.Status][]entorder.Status
	payment     map[entorder.PaymentStatus][]entorder.PaymentStatus
	fulfillment map[entorder.FulfillmentStatus][]entorder.FulfillmentStatus
}

// byHand is what staff do with setOrderStatus: forward, also by leaps, never
// back. What comes back or is given back has verbs of its own, so has cancel.
var byHand = machine{
	status: map[entorder.Status][]entorder.Status{
		entorder.StatusPLACED: {entorder.StatusCOMPLETED},
	},
	payment: map[entorder.PaymentStatus][]entorder.PaymentStatus{
		entorder.PaymentStatusPENDING:    {entorder.PaymentStatusAUTHORIZED, entorder.PaymentStatusPAID},
		entorder.PaymentStatusAUTHORIZED: {entorder.PaymentStatusPAID},
	},
	fulfillment: forward(5),
}

// bySource is what an outside system may tell of its own orders: forward too,
// on to returns and refunds, and a cancel at any time before the end.
var bySource = machine{
	status: map[entorder.Status][]entorder.Status{
		entorder.StatusPLACED: {entorder.StatusCOMPLETED, entorder.StatusCANCELLED},
	},
	payment: map[entorder.PaymentStatus][]entorder.PaymentStatus{
		entorder.PaymentStatusPENDING:            {entorder.PaymentStatusAUTHORIZED, entorder.PaymentStatusPAID, entorder.PaymentStatusPARTIALLY_REFUNDED, entorder.PaymentStatusREFUNDED},
		entorder.PaymentStatusAUTHORIZED:         {entorder.PaymentStatusPAID, entorder.PaymentStatusPARTIALLY_REFUNDED, entorder.PaymentStatusREFUNDED},
		entorder.PaymentStatusPAID:               {entorder.PaymentStatusPARTIALLY_REFUNDED, entorder.PaymentStatusREFUNDED},
		entorder.PaymentStatusPARTIALLY_REFUNDED: {entorder.PaymentStatusREFUNDED},
	},
	fulfillment: forward(7),
}

// journey is the fulfilment axis in the order in which goods travel it.
var journey = []entorder.FulfillmentStatus{
	entorder.FulfillmentStatusNEW, entorder.FulfillmentStatusASSEMBLING, entorder.FulfillmentStatusSHIPPED,
	entorder.FulfillmentStatusAT_PICKUP_POINT, entorder.FulfillmentStatusDELIVERED,
	entorder.FulfillmentStatusPARTIALLY_RETURNED, entorder.FulfillmentStatusRETURNED,
}

// forward lets each of the first n steps of the journey go on to every later one.
func forward(n int) map[entorder.FulfillmentStatus][]entorder.FulfillmentStatus {
	moves := map[entorder.FulfillmentStatus][]entorder.FulfillmentStatus{}
	for i := range n {
		moves[journey[i]] = journey[i+1 : n]
	}
	return moves
}

// reached says whether a place on the journey is at or past another.
func reached(at, past entorder.FulfillmentStatus) bool {
	return slices.Index(journey, at) >= slices.Index(journey, past)
}

// crosses says whether a move from -> to gets to a place it had not reached.
func crosses(from, to, place entorder.FulfillmentStatus) bool {
	return !reached(from, place) && reached(to, place)
}

// step is one axis of a move: where it ends, or why not.
func step[T ~string](table map[T][]T, from, want T, field string) (T, error) {
	if want == "" || want == from {
		return from, nil
	}
	if !slices.Contains(table[from], want) {
		return from, illegal(from, want, table[from]...).At("input", field)
	}
	return want, nil
}

// illegal says where a thing stands, where it was to go, and where it may.
func illegal[T ~string](from, to T, allowed ...T) *fault.Fault {
	may := make([]string, len(allowed))
	for i, a := range allowed {
		may[i] = string(a)
	}
	return ErrIllegalTransition.With("fromState", string(from)).With("toState", string(to)).With("allowed", may)
}

// move is where an order ends that stands at from and is wished to want.
// Faults: ILLEGAL_TRANSITION at the axis.
func (m machine) move(from, want axes) (to axes, err error) {
	if to.Payment, err = step(m.payment, from.Payment, want.Payment, "paymentStatus"); err != nil {
		return from, err
	}
	if to.Fulfillment, err = step(m.fulfillment, from.Fulfillment, want.Fulfillment, "fulfillmentStatus"); err != nil {
		return from, err
	}
	if to.Status, err = step(m.status, from.Status, want.Status, "status"); err != nil {
		return from, err
	}
	return to, nil
}

// moveByHand adds what holds for staff alone: only a placed order moves, and
// it is completed when it is paid and delivered. Faults: INVALID_VALUE for a
// status that has another verb, ILLEGAL_TRANSITION.
func moveByHand(from, want axes) (to axes, err error) {
	if want.Status != "" && want.Status != from.Status && want.Status != entorder.StatusCOMPLETED {
		return from, fault.ErrInvalidValue.At("input", "status")
	}
	to, err = byHand.move(from, want)
	if err != nil || to == from {
		return to, err
	}
	if from.Status != entorder.StatusPLACED {
		return from, illegal(string(from.Status), firstChange(from, to)).At("input")
	}
	done := reached(to.Fulfillment, entorder.FulfillmentStatusDELIVERED) && settled(to.Payment)
	if to.Status == entorder.StatusCOMPLETED && !done {
		return from, illegal(from.Status, to.Status).At("input", "status")
	}
	return to, nil
}

// settled says that an order was paid, whatever was given back since.
func settled(p entorder.PaymentStatus) bool {
	return p != entorder.PaymentStatusPENDING && p != entorder.PaymentStatusAUTHORIZED
}

func firstChange(from, to axes) string {
	switch {
	case from.Fulfillment != to.Fulfillment:
		return string(to.Fulfillment)
	case from.Payment != to.Payment:
		return string(to.Payment)
	}
	return string(to.Status)
}

// changedAxes names what a move changed, as the SDL does.
func changedAxes(from, to axes) []string {
	changed := []string{}
	if from.Status != to.Status {
		changed = append(changed, "status")
	}
	if from.Payment != to.Payment {
		changed = append(changed, "paymentStatus")
	}
	if from.Fulfillment != to.Fulfillment {
		changed = append(changed, "fulfillmentStatus")
	}
	return changed
}

// checkCancel says whether an order may be cancelled. Faults:
// ORDER_ALREADY_CANCELLED, ORDER_ALREADY_SHIPPED, ILLEGAL_TRANSITION.
func checkCancel(at axes) error {
	switch {
	case at.Status == entorder.StatusCANCELLED:
		return ErrOrderAlreadyCancelled.At("input", "orderId")
	case reached(at.Fulfillment, entorder.FulfillmentStatusSHIPPED):
		return ErrOrderAlreadyShipped.At("input", "orderId")
	case at.Status != entorder.StatusPLACED:
		return illegal(at.Status, entorder.StatusCANCELLED).At("input", "orderId")
	}
	return nil
}
