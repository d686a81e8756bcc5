package after_test

import (
	"context"
	"math/rand/v2"
	"testing"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/reason"
	"kabinet/internal/order"
	"kabinet/internal/order/after"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
)

// Orders with discounts and taxes that do not divide come back in parts, several
// returns at a time, with fees, decided and received in any order: what the
// preview showed is what is given back, to the minor unit, unless fewer units
// came; and nobody gets more than he paid. security K3
func TestThePreviewIsTheOutcome(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		w.shelve("TEA", func(u *ent.ProductUpdate) { u.SetStock(1_000) })
		_, err := w.SavePolicy(w.asClerk(), after.SaveOrderPolicyInput{WalletRefunds: ptr(true)})
		check(t, err)
		fees := []scalar.ID{w.reason(reason.KindRETURN, "does_not_fit")}
		for _, bp := range []int{333, 5_000, 10_000} {
			saved, err := w.SaveReason(w.asClerk(), after.SaveReasonInput{Kind: after.ReasonKindReturn, Handle: "fee" + string(rune('a'+len(fees))), FeeBasisPoints: &bp,
				Texts: []*scalar.Translation{{Locale: "en", Name: "A fee"}}})
			check(t, err)
			fees = append(fees, scalar.ID{Prefix: "rsn", UUID: saved.KeyID})
		}
		for seed := range uint64(25) {
			r := rand.New(rand.NewPCG(1, seed)) //nolint:gosec // what was drawn can be drawn again
			w.playReturns(r, fees, seed)
		}
	})
}

// playReturns takes one order apart.
func (w *world) playReturns(r *rand.Rand, fees []scalar.ID, seed uint64) {
	t := w.t
	t.Helper()
	w.Orders.Reduce = func(_ context.Context, _ *store.Tx, _ *ent.Order, lines []*ent.OrderLine, _ []string) (order.Reduced, error) {
		off := make([]int64, len(lines))
		for i, l := range lines {
			off[i] = r.Int64N(l.TotalMinor)
		}
		return order.Reduced{Lines: off}, nil
	}
	units := 1 + r.IntN(7)
	o := w.bought(true, true, "TEA", units, "TEA", 1+r.IntN(3))
	check(t, w.db.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE order_lines SET tax_minor = total_minor / 6 WHERE order_id = ?`, o.ID)
		return err
	}))
	type shown struct {
		r      *ent.ReturnRequest
		refund int64
	}
	var all []shown
	for left := units; left > 0; {
		in := w.back(o, 1, 1+r.IntN(left))
		left -= in.Lines[0].Quantity
		in.Lines[0].ReasonID = fees[r.IntN(len(fees))]
		if r.IntN(2) == 0 {
			in.RefundTo = ptr(after.RefundDestinationWallet)
		}
		dry := in
		dry.DryRun = ptr(true)
		preview, err := w.RequestReturn(storetest.As(w.alice), dry)
		check(t, err)
		asked, err := w.RequestReturn(storetest.As(w.alice), in)
		check(t, err)
		if *asked.Summary != *preview.Summary || preview.Summary.Goods.Minor != preview.Summary.Fee.Minor+preview.Summary.Refund.Minor {
			t.Fatalf("seed %d: %+v, shown %+v", seed, asked.Summary, preview.Summary)
		}
		all = append(all, shown{asked.Return, preview.Summary.Refund.Minor})
	}
	r.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	var given int64
	for _, s := range all {
		w.approve(s.r)
		before := w.now(o.ID).RefundedMinor
		got := w.received(s.r)
		if now := w.now(o.ID).RefundedMinor - before; got.Summary.Refund.Minor != s.refund || now != s.refund || got.Return.AmountMinor != s.refund {
			t.Fatalf("seed %d: shown %d, given back %d, said %d", seed, s.refund, now, got.Summary.Refund.Minor)
		}
		given += s.refund
	}
	now := w.now(o.ID)
	if given != now.RefundedMinor || now.RefundedMinor > now.PaidMinor || now.PaidMinor-now.RefundedMinor != now.TotalMinor {
		t.Fatalf("seed %d: %d given back, %+v", seed, given, now)
	}
}
