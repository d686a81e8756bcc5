package order

import (
	"errors"
	"slices"
	"testing"

	entorder "kabinet/ent/generated/order"
	"kabinet/internal/fault"
)

var (
	allStatus  = []entorder.Status{entorder.StatusDRAFT, entorder.StatusQUOTED, entorder.StatusAWAITING_APPROVAL, entorder.StatusPLACED, entorder.StatusCOMPLETED, entorder.StatusCANCELLED}
	allPayment = []entorder.PaymentStatus{entorder.PaymentStatusPENDING, entorder.PaymentStatusAUTHORIZED, entorder.PaymentStatusPAID, entorder.PaymentStatusPARTIALLY_REFUNDED, entorder.PaymentStatusREFUNDED}
)

// everywhere runs f for every place an order can stand at.
func everywhere(f func(at axes)) {
	for _, s := range allStatus {
		for _, p := range allPayment {
			for _, g := range journey {
				f(axes{s, p, g})
			}
		}
	}
}

// Of all moves from everywhere to everywhere: nothing goes back, nothing that
// is over moves, staying is a success, and a refusal leaves all as it was.
func TestMovesByHand(t *testing.T) { // security K11
	t.Parallel()
	allowed := 0
	everywhere(func(from axes) {
		everywhere(func(want axes) {
			to, err := moveByHand(from, want)
			switch {
			case err != nil:
				if to != from || want == from {
					t.Fatalf("%v -> %v: refused with %v, at %v", from, want, err, to)
				}
				if !errors.Is(err, ErrIllegalTransition) && !errors.Is(err, fault.ErrInvalidValue) {
					t.Fatal(err)
				}
				return
			case to != want:
				t.Fatalf("%v -> %v ended at %v", from, want, to)
			case to == from:
				return
			}
			allowed++
			if from.Status != entorder.StatusPLACED {
				t.Fatalf("%v moved", from)
			}
			if !reached(to.Fulfillment, from.Fulfillment) || slices.Index(allPayment, to.Payment) < slices.Index(allPayment, from.Payment) {
				t.Fatalf("%v went back to %v", from, to)
			}
			if to.Status == entorder.StatusCOMPLETED && (!settled(to.Payment) || !reached(to.Fulfillment, entorder.FulfillmentStatusDELIVERED)) {
				t.Fatalf("%v completed at %v", from, to)
			}
			if to.Payment != from.Payment && to.Payment != entorder.PaymentStatusAUTHORIZED && to.Payment != entorder.PaymentStatusPAID ||
				to.Fulfillment != from.Fulfillment && reached(to.Fulfillment, entorder.FulfillmentStatusPARTIALLY_RETURNED) {
				t.Fatalf("%v -> %v is not for hands", from, to)
			}
		})
	})
	// From PLACED: 8 ways of the money times 17 of the goods, staying (35) left
	// out; and from each of the 35 places one way to be completed.
	if want := 8*17 - 35 + 35; allowed != want {
		t.Errorf("%d moves are allowed, the table is for %d", allowed, want)
	}
}

func TestMovesNamed(t *testing.T) {
	t.Parallel()
	placed := axes{entorder.StatusPLACED, entorder.PaymentStatusPENDING, entorder.FulfillmentStatusNEW}
	shipped := axes{entorder.StatusPLACED, entorder.PaymentStatusPAID, entorder.FulfillmentStatusSHIPPED}
	for name, c := range map[string]struct {
		from, want axes
		path, code string
	}{
		"leap":              {placed, axes{Fulfillment: entorder.FulfillmentStatusDELIVERED}, "", ""},
		"all at once":       {placed, axes{entorder.StatusCOMPLETED, entorder.PaymentStatusPAID, entorder.FulfillmentStatusDELIVERED}, "", ""},
		"back":              {shipped, axes{Fulfillment: entorder.FulfillmentStatusASSEMBLING}, "fulfillmentStatus", "ILLEGAL_TRANSITION"},
		"money back":        {shipped, axes{Payment: entorder.PaymentStatusPENDING}, "paymentStatus", "ILLEGAL_TRANSITION"},
		"refund by hand":    {shipped, axes{Payment: entorder.PaymentStatusREFUNDED}, "paymentStatus", "ILLEGAL_TRANSITION"},
		"done too early":    {shipped, axes{Status: entorder.StatusCOMPLETED}, "status", "ILLEGAL_TRANSITION"},
		"cancel by hand":    {placed, axes{Status: entorder.StatusCANCELLED}, "status", "INVALID_VALUE"},
		"unplaced":          {placed, axes{Status: entorder.StatusDRAFT}, "status", "INVALID_VALUE"},
		"the same":          {shipped, shipped, "", ""},
		"ship what is gone": {axes{entorder.StatusCANCELLED, entorder.PaymentStatusPENDING, entorder.FulfillmentStatusNEW}, axes{Fulfillment: entorder.FulfillmentStatusSHIPPED}, "", "ILLEGAL_TRANSITION"},
	} {
		_, err := moveByHand(c.from, c.want)
		f, _ := fault.As(err)
		switch {
		case c.code == "" && err != nil, c.code != "" && (f == nil || f.Code != c.code):
			t.Errorf("%s: %v", name, err)
		case c.path != "" && f.Path[len(f.Path)-1] != c.path:
			t.Errorf("%s: at %v", name, f.Path)
		case c.code == "ILLEGAL_TRANSITION" && (f.Params["fromState"] == nil || f.Params["toState"] == nil || f.Params["allowed"] == nil):
			t.Errorf("%s: %v", name, f.Params)
		}
	}
}

func TestMovesBySource(t *testing.T) {
	t.Parallel()
	everywhere(func(from axes) {
		everywhere(func(want axes) {
			to, err := bySource.move(from, want)
			if err != nil {
				return
			}
			if to != want || !reached(to.Fulfillment, from.Fulfillment) ||
				slices.Index(allPayment, to.Payment) < slices.Index(allPayment, from.Payment) {
				t.Fatalf("%v -> %v ended at %v", from, want, to)
			}
			if to.Status != from.Status && from.Status != entorder.StatusPLACED {
				t.Fatalf("%v came back as %v", from, to)
			}
		})
	})
}

func TestCancelRules(t *testing.T) {
	t.Parallel()
	everywhere(func(at axes) {
		err := checkCancel(at)
		open := at.Status == entorder.StatusPLACED && !reached(at.Fulfillment, entorder.FulfillmentStatusSHIPPED)
		if (err == nil) != open {
			t.Fatalf("%v: %v", at, err)
		}
		if at.Status == entorder.StatusCANCELLED && !errors.Is(err, ErrOrderAlreadyCancelled) {
			t.Fatalf("%v: %v", at, err)
		}
		if at.Status == entorder.StatusPLACED && !open && !errors.Is(err, ErrOrderAlreadyShipped) {
			t.Fatalf("%v: %v", at, err)
		}
		if at.Status == entorder.StatusDRAFT && at.Fulfillment == entorder.FulfillmentStatusNEW && !errors.Is(err, ErrIllegalTransition) {
			t.Fatalf("%v: %v", at, err)
		}
	})
}
