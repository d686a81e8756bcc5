package after

import (
	"math"
	"reflect"
	"testing"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	entorder "kabinet/ent/generated/order"
	"kabinet/ent/generated/returnrequest"
	"kabinet/internal/fault"
)

var (
	noon   = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	lineID = uuid.MustParse("019aa000-0000-7000-8000-000000000001")
)

func TestOptions(t *testing.T) {
	t.Parallel()
	food := "food"
	received := &ent.Order{Status: entorder.StatusCOMPLETED, FulfillmentStatus: entorder.FulfillmentStatusDELIVERED}
	days := func(n int) *time.Time { at := noon.AddDate(0, 0, -n); return &at }
	for name, c := range map[string]struct {
		line ent.OrderLine
		s    situation
		want option
	}{
		"all": {ent.OrderLine{Quantity: 3}, situation{order: received, receivedAt: days(1)}, option{returnable: 3}},
		"each unit has one reason": {
			ent.OrderLine{Quantity: 10, Cancelled: 1, Returned: 2}, situation{order: received, receivedAt: days(1), underWay: map[uuid.UUID]int64{lineID: 3}},
			option{4, []refusedUnits{{1, NonReturnableReasonCancelled}, {2, NonReturnableReasonAlreadyReturned}, {3, NonReturnableReasonReturnRequested}}},
		},
		"the last day counts whole": {ent.OrderLine{Quantity: 1}, situation{order: received, receivedAt: days(14)}, option{returnable: 1}},
		"over":                      {ent.OrderLine{Quantity: 1}, situation{order: received, receivedAt: days(15)}, option{0, []refusedUnits{{1, NonReturnableReasonWindowOver}}}},
		"never over for staff":      {ent.OrderLine{Quantity: 1}, situation{order: received, receivedAt: days(400), staff: true}, option{returnable: 1}},
		"final sale":                {ent.OrderLine{Quantity: 2, Category: &food}, situation{order: received, receivedAt: days(1)}, option{0, []refusedUnits{{2, NonReturnableReasonFinalSale}}}},
		"not received": {
			ent.OrderLine{Quantity: 2}, situation{order: &ent.Order{Status: entorder.StatusPLACED, FulfillmentStatus: entorder.FulfillmentStatusSHIPPED}},
			option{0, []refusedUnits{{2, NonReturnableReasonNotReceived}}},
		},
		"more under way than there is": {
			ent.OrderLine{Quantity: 2, Returned: 1}, situation{order: received, receivedAt: days(1), underWay: map[uuid.UUID]int64{lineID: 9}},
			option{0, []refusedUnits{{1, NonReturnableReasonAlreadyReturned}, {1, NonReturnableReasonReturnRequested}}},
		},
	} {
		c.line.ID, c.s.now, c.s.policy = lineID, noon, OrderPolicy{ReturnDays: 14, FinalSaleCategories: []string{food}}
		if got := c.s.of(&c.line); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
}

func TestUntilIsTheEndOfADayOfTheBusiness(t *testing.T) {
	t.Parallel()
	zone := time.FixedZone("UTC+3", 3*60*60)
	late := time.Date(2026, 11, 1, 22, 30, 0, 0, time.UTC) // the 2nd in the zone
	s := situation{receivedAt: &late, zone: zone, policy: OrderPolicy{ReturnDays: 14}}
	if got, want := *s.until(), time.Date(2026, 11, 16, 21, 0, 0, 0, time.UTC); !got.Equal(want) {
		t.Errorf("until %s, want %s", got, want)
	}
	if s.policy.ReturnDays = 0; s.until().After(late) {
		t.Error("0 days are some")
	}
}

// However a line is taken apart, the parts are its total.
func TestWorthSumsUp(t *testing.T) { // security K3
	t.Parallel()
	for _, total := range []int64{0, 1, 99, 100, 1_000_001, math.MaxInt64} {
		for _, quantity := range []int64{1, 3, 7, 1_000_000} {
			var sum, before int64
			for _, n := range []int64{1, 2, 4, quantity} {
				n = min(n, quantity-before)
				sum += worth(total, quantity, before, n)
				before += n
			}
			if sum != total {
				t.Errorf("the parts of %d in %d are %d", total, quantity, sum)
			}
		}
	}
	if got := worth(1000, 3, 1, 1); got != 333 {
		t.Errorf("the second third of 10.00 is %d", got)
	}
}

func TestFee(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		minor int64
		bp    int
		want  int64
	}{{1000, 0, 0}, {1000, 500, 50}, {999, 500, 49}, {1, 9_999, 0}, {1000, 10_000, 1000}} {
		if got := fee(c.minor, c.bp); got != c.want {
			t.Errorf("%d at %d is %d, want %d", c.minor, c.bp, got, c.want)
		}
	}
}

func TestReturnSteps(t *testing.T) {
	t.Parallel()
	all := []returnrequest.Status{
		returnrequest.StatusREQUESTED, returnrequest.StatusAPPROVED, returnrequest.StatusIN_TRANSIT, returnrequest.StatusRECEIVED,
		returnrequest.StatusREFUNDED, returnrequest.StatusREJECTED, returnrequest.StatusCANCELLED,
	}
	allowed := 0
	for _, from := range all {
		for _, to := range all {
			err := checkStep(from, to)
			if err == nil {
				allowed++
				continue
			}
			f, ok := fault.As(err)
			if !ok || f.Code != "ILLEGAL_TRANSITION" || f.Params["fromState"] != string(from) || f.Params["toState"] != string(to) {
				t.Errorf("%s to %s: %v", from, to, err)
			}
		}
	}
	if allowed != 8 {
		t.Errorf("%d steps are allowed", allowed)
	}
	for _, end := range all[4:] {
		if len(returnSteps[end]) != 0 || underWay(end) {
			t.Errorf("%s is not an end", end)
		}
	}
	if checkStep(returnrequest.StatusIN_TRANSIT, returnrequest.StatusCANCELLED) == nil {
		t.Error("what was sent is taken back")
	}
}

func TestCheckQuantity(t *testing.T) {
	t.Parallel()
	o := option{2, []refusedUnits{{1, NonReturnableReasonAlreadyReturned}}}
	for quantity, code := range map[int]string{-1: "OUT_OF_RANGE", 0: "OUT_OF_RANGE", 1: "", 2: "", 3: "NOT_RETURNABLE", math.MaxInt: "NOT_RETURNABLE"} {
		f, _ := fault.As(checkQuantity(o, quantity, "input"))
		switch {
		case f == nil && code != "", f != nil && f.Code != code:
			t.Errorf("%d: %v, want %q", quantity, f, code)
		case code == "NOT_RETURNABLE" && (f.Params["available"] != int64(2) || f.Params["why"] != "ALREADY_RETURNED"):
			t.Errorf("%d: %v", quantity, f.Params)
		}
	}
}
