package after

import (
	"testing"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/returnrequest"
	"kabinet/ent/schema"
)

// A line is taken apart by returns that are asked for, allowed in part, come in
// part, are refused and taken back, in any order: what was shown stands while as
// many units do, less is given back for fewer, and all together is never more
// than the line cost after its discount; where all came back whole it is all of
// it, but for the fees. security K3
func TestReturnsOfALineNeverGiveBackMoreThanItCost(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		quantity := rapid.Int64Range(1, 12).Draw(t, "quantity")
		price := rapid.Int64Range(0, 1_000_003).Draw(t, "price")
		discount := rapid.Int64Range(0, price*quantity).Draw(t, "discount")
		line := &ent.OrderLine{ID: uuid.New(), Quantity: quantity, TotalMinor: price*quantity - discount}
		line.Cancelled = rapid.Int64Range(0, quantity-1).Draw(t, "cancelled")
		owed := line.TotalMinor - part(line.TotalMinor, line.Cancelled, quantity)
		var all []*ent.ReturnRequest
		whole := true
		for range rapid.IntRange(1, 12).Draw(t, "acts") {
			if at := rapid.IntRange(0, len(all)).Draw(t, "which"); at < len(all) && underWay(all[at].Status) {
				whole = step(t, line, all[at]) && whole
				continue
			}
			s := situation{underWay: map[uuid.UUID]int64{}, agreed: map[uuid.UUID]portion{}}
			for _, r := range all {
				if r.Status != returnrequest.StatusCANCELLED && r.Status != returnrequest.StatusREJECTED {
					s.count(r)
				}
			}
			left := quantity - s.before(line)
			if left == 0 {
				continue
			}
			n := rapid.Int64Range(1, left).Draw(t, "units")
			goods := s.goods(line, n)
			kept := fee(goods, rapid.IntRange(0, 10_000).Draw(t, "fee"))
			if goods < 0 || kept < 0 || kept > goods {
				t.Fatalf("%d units are worth %d, %d kept", n, goods, kept)
			}
			all = append(all, &ent.ReturnRequest{Status: returnrequest.StatusREQUESTED, Lines: []schema.ReturnLine{{OrderLineID: &line.ID, Quantity: n, AmountMinor: goods - kept, FeeMinor: kept}}})
		}
		var sum, units int64
		for _, r := range all {
			if r.Status == returnrequest.StatusRECEIVED {
				sum, units = sum+r.Lines[0].AmountMinor+r.Lines[0].FeeMinor, units+counted(r.Lines[0])
			}
		}
		if sum > owed {
			t.Fatalf("%d were given back of %d", sum, owed)
		}
		if whole && units == quantity-line.Cancelled && sum != owed {
			t.Fatalf("all came back for %d of %d", sum, owed)
		}
	})
}

// step moves a return on; it says whether as many came as were asked for.
func step(t *rapid.T, line *ent.OrderLine, r *ent.ReturnRequest) (whole bool) {
	before := r.Lines[0]
	n := counted(before)
	switch rapid.SampledFrom([]string{"approve", "receive", "receive less", "approve less", "cancel"}).Draw(t, "act") {
	case "cancel":
		r.Status = returnrequest.StatusCANCELLED
		return false
	case "approve less":
		n = rapid.Int64Range(1, n).Draw(t, "allowed")
		fallthrough
	case "approve":
		r.Lines[0] = rescaled(before, n)
		r.Lines[0].Approved, r.Status = &n, returnrequest.StatusAPPROVED
	case "receive less":
		n = rapid.Int64Range(1, n).Draw(t, "came")
		fallthrough
	default:
		r.Lines[0] = rescaled(before, n)
		r.Lines[0].Received, r.Status = &n, returnrequest.StatusRECEIVED
		line.Returned += n
	}
	same, now := n == counted(before), r.Lines[0]
	goods, was := now.AmountMinor+now.FeeMinor, before.AmountMinor+before.FeeMinor
	if same && (now.AmountMinor != before.AmountMinor || now.FeeMinor != before.FeeMinor) || goods > was || now.AmountMinor < 0 || now.FeeMinor < 0 {
		t.Fatalf("%d of %d units: %d, %d kept; was %d, %d kept", n, counted(before), now.AmountMinor, now.FeeMinor, before.AmountMinor, before.FeeMinor)
	}
	return same
}
