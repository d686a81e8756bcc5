package after_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	entorder "kabinet/ent/generated/order"
	"kabinet/ent/generated/payment"
	"kabinet/internal/order"
	"kabinet/internal/order/after"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
)

// link begins a payment of what is open on an order of alice's.
func (w *world) link(o *ent.Order) *ent.Payment {
	w.t.Helper()
	begun, err := w.CreatePaymentLink(storetest.As(w.alice), after.CreatePaymentLinkInput{OrderID: ptr(o.GlobalID()), IdempotencyKey: w.key()})
	check(w.t, err)
	return begun.Payment
}

func (w *world) payment(id uuid.UUID) *ent.Payment {
	w.t.Helper()
	p, err := w.db.Client.Payment.Get(storetest.System(), id)
	check(w.t, err)
	return p
}

// paidOnline is an order of one cup that was paid through the provider.
func (w *world) paidOnline() (*ent.Order, *ent.Payment) {
	w.t.Helper()
	o := w.bought(false, false, "CUP", 1)
	p := w.link(o)
	if got := w.hear("payment.succeeded", p, "12.00"); got != after.Applied {
		w.t.Fatal(got)
	}
	return w.now(o.ID), p
}

// owedBack is a refund that is on its way: an order that was paid is cancelled.
func (w *world) owedBack() (*ent.Order, *ent.Payment) {
	w.t.Helper()
	o, _ := w.paidOnline()
	_, err := w.Orders.Cancel(storetest.As(w.alice), order.CancelOrderInput{OrderID: o.GlobalID(), Reason: entorder.CancelReasonCHANGED_MIND, IdempotencyKey: w.key()})
	check(w.t, err)
	for _, p := range w.now(o.ID).Edges.Payments {
		if p.Kind == payment.KindREFUND {
			return w.now(o.ID), p
		}
	}
	w.t.Fatal("nothing is owed")
	return nil, nil
}

// What does not agree books nothing and is on record.
func TestNoticeThatDoesNotAgree(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		o := w.bought(false, false, "CUP", 1)
		p, other := w.link(o), w.link(o)
		for name, c := range map[string]struct {
			change func(*after.Notice)
			want   after.Outcome
		}{
			"another sum":       {func(n *after.Notice) { n.Amount = "12.01" }, after.Mismatch},
			"another currency":  {func(n *after.Notice) { n.Currency = "EUR" }, after.Mismatch},
			"no currency":       {func(n *after.Notice) { n.Currency = "???" }, after.Mismatch},
			"no sum":            {func(n *after.Notice) { n.Amount = "twelve" }, after.Mismatch},
			"less than nothing": {func(n *after.Notice) { n.Amount = "-12.00" }, after.Mismatch},
			"another's id":      {func(n *after.Notice) { n.Ref = "p-" + other.GlobalID().String() }, after.Mismatch},
			"no id":             {func(n *after.Notice) { n.Ref = "" }, after.Mismatch},
			"another provider":  {func(n *after.Notice) { n.Provider = "elsewhere" }, after.Unknown},
			"no such payment": {func(n *after.Notice) {
				n.Reference = (scalar.ID{Prefix: "pay", UUID: uuid.Must(uuid.NewV7())}).String()
			}, after.Unknown},
			"no payment":      {func(n *after.Notice) { n.Reference = o.GlobalID().String() }, after.Unknown},
			"as a refund":     {func(n *after.Notice) { n.Reference = (scalar.ID{Prefix: "rfd", UUID: p.ID}).String() }, after.Unknown},
			"a refund's type": {func(n *after.Notice) { n.Type = "refund.succeeded" }, after.Ignored},
		} {
			n := notice("payment.succeeded", p, "12.00")
			c.change(&n)
			if got := w.hears(n); got != c.want {
				t.Errorf("%s: %s, want %s", name, got, c.want)
			}
		}
		if now := w.now(o.ID); now.PaidMinor != 0 || now.PaymentStatus != entorder.PaymentStatusPENDING {
			t.Errorf("%+v", now)
		}
		n, err := db.Client.AuditEntry.Query().Count(storetest.System())
		check(t, err)
		if n < 7 {
			t.Errorf("%d entries of the audit log", n)
		}
	})
}

// An answer that was lost does not let another payment's id stand for this one.
func TestNoticeBeforeTheAnswer(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		o := w.bought(false, false, "CUP", 1)
		known := w.link(o)
		w.down = true
		in := after.CreatePaymentLinkInput{OrderID: ptr(o.GlobalID()), IdempotencyKey: w.key()}
		_, err := w.CreatePaymentLink(storetest.As(w.alice), in)
		refused(t, err, "UNAVAILABLE")
		w.down = false
		lost, err := db.Client.Payment.Query().Where(payment.OrderID(o.ID), payment.IDNEQ(known.ID)).Only(storetest.System())
		check(t, err)
		n := notice("payment.succeeded", lost, "12.00")
		n.Ref = *w.payment(known.ID).ProviderRef
		if got := w.hears(n); got != after.Mismatch {
			t.Errorf("another payment's id: %s", got)
		}
		if got := w.hear("payment.succeeded", lost, "12.00"); got != after.Applied {
			t.Errorf("its message: %s", got)
		}
		again, err := w.CreatePaymentLink(storetest.As(w.alice), in)
		check(t, err)
		if again.Payment.ID != lost.ID || again.Payment.Status != payment.StatusSUCCEEDED || len(w.asked) != 2 {
			t.Errorf("%+v, asked %d times", again.Payment, len(w.asked))
		}
	})
}

// The clock ends what nobody paid; money that comes later counts all the same.
func TestExpiry(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		o := w.bought(false, false, "CUP", 1)
		p := w.link(o)
		expire := func(want int) {
			t.Helper()
			if n, err := w.ExpireDue(storetest.System(), 10); err != nil || n != want {
				t.Errorf("%d ended, %v, want %d", n, err, want)
			}
		}
		db.Clock.Add(after.PaymentLife - time.Second)
		expire(0)
		db.Clock.Add(time.Second)
		later := w.link(o)
		expire(1)
		expire(0)
		if got := w.payment(p.ID); got.Status != payment.StatusVOID || got.URL != nil {
			t.Errorf("%+v", got)
		}
		if got := w.payment(later.ID); got.Status != payment.StatusPENDING || got.URL == nil {
			t.Errorf("%+v", got)
		}
		if got := w.hear("payment.failed", p, "12.00"); got != after.Stale {
			t.Error(got)
		}
		if got := w.hear("payment.succeeded", p, "12.00"); got != after.Applied {
			t.Error(got)
		}
		if now := w.now(o.ID); now.PaidMinor != 1200 || now.PaymentStatus != entorder.PaymentStatusPAID {
			t.Errorf("%+v", now)
		}
	})
}

// Two links of one order, both paid, each told eight times at once: the order
// is paid once, and what came beside it is owed back once.
func TestTwoLinksPaidAtOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) { // security I6
		w := newWorld(t, db)
		o := w.bought(false, false, "CUP", 1)
		links := []*ent.Payment{w.link(o), w.link(o)}
		var wg sync.WaitGroup
		outcomes := make(chan after.Outcome, 16)
		for i := range 16 {
			wg.Go(func() {
				err := db.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error {
					out, _, err := w.HearPayment(ctx, tx, notice("payment.succeeded", links[i%2], "12.00"))
					if err == nil {
						outcomes <- out
					}
					return err
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		close(outcomes)
		applied := 0
		for out := range outcomes {
			switch out {
			case after.Applied:
				applied++
			case after.Stale:
			default:
				t.Error(out)
			}
		}
		now := w.now(o.ID)
		n, pending := w.refunds(o)
		if applied < 2 || now.PaymentStatus != entorder.PaymentStatusPAID || now.PaidMinor != 2400 || now.RefundedMinor != 1200 || n != 1 || pending != 1200 {
			t.Errorf("%d applied, %d refunds, %d on the way, %+v", applied, n, pending, now)
		}
	})
}

// What was paid through the provider goes back through it, once.
func TestRefundThroughTheProvider(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		o, r := w.owedBack()
		due := func(want int) {
			t.Helper()
			if n, err := w.RefundDue(storetest.System(), 10); err != nil || n != want {
				t.Errorf("%d asked for, %v, want %d", n, err, want)
			}
		}
		w.noRefunds = errDown
		db.Clock.Add(time.Second)
		due(0)
		due(0) // left alone
		if len(w.repaid) != 1 || w.repaid[0].Amount.Minor != 1200 || w.repaid[0].Payment == "" {
			t.Fatalf("%+v", w.repaid)
		}
		w.noRefunds = nil
		db.Clock.Add(5 * time.Minute)
		due(1)
		due(0)
		if len(w.repaid) != 2 || w.repaid[0].Reference != w.repaid[1].Reference {
			t.Fatalf("%+v", w.repaid)
		}
		for _, c := range []struct {
			typ, amount string
			want        after.Outcome
		}{
			{"refund.new", "12.00", after.Ignored}, {"payment.succeeded", "12.00", after.Ignored}, {"refund.succeeded", "11.00", after.Mismatch},
			{"refund.succeeded", "12.00", after.Applied}, {"refund.succeeded", "12.00", after.Stale}, {"refund.failed", "12.00", after.Stale},
		} {
			if got := w.hear(c.typ, r, c.amount); got != c.want {
				t.Errorf("%s of %s is %s, want %s", c.typ, c.amount, got, c.want)
			}
		}
		if got := w.payment(r.ID); got.Status != payment.StatusSUCCEEDED {
			t.Errorf("%+v", got)
		}
		if now := w.now(o.ID); now.PaidMinor != 1200 || now.RefundedMinor != 1200 {
			t.Errorf("%+v", now)
		}
		_, err := w.RecordRefund(w.asClerk(), after.RecordRefundInput{RefundID: r.GlobalID(), Outcome: after.RefundOutcomeFailed, IdempotencyKey: w.key()})
		refused(t, err, "ILLEGAL_TRANSITION")
	})
}

// The clock of many instances asks for the same refunds at once, and the provider
// tells of each from many connections: each is given back once.
func TestRefundsAtOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) { // security K2
		w := newWorld(t, db)
		var refunds []*ent.Payment
		for range 3 {
			_, r := w.owedBack()
			refunds = append(refunds, r)
		}
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				if _, err := w.RefundDue(storetest.System(), 10); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		asked := map[string]bool{}
		for _, r := range w.repaid {
			asked[r.Reference] = true
		}
		if len(asked) != 3 {
			t.Errorf("%d refunds were asked for", len(asked))
		}
		var mu sync.Mutex
		outcomes := map[after.Outcome]int{}
		for i := range 24 {
			wg.Go(func() {
				out := after.Unknown
				err := db.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) (err error) {
					out, _, err = w.HearPayment(ctx, tx, notice("refund.succeeded", refunds[i%3], "12.00"))
					return err
				})
				if err != nil {
					t.Error(err)
				}
				mu.Lock()
				outcomes[out]++
				mu.Unlock()
			})
		}
		wg.Wait()
		if outcomes[after.Applied] != 3 || outcomes[after.Stale] != 21 {
			t.Errorf("%v", outcomes)
		}
		for _, r := range refunds {
			if got := w.payment(r.ID); got.Status != payment.StatusSUCCEEDED {
				t.Errorf("%+v", got)
			}
			if o := w.now(*r.OrderID); o.RefundedMinor != 1200 || o.PaidMinor != 1200 {
				t.Errorf("%+v", o)
			}
		}
	})
}

// What the provider cannot give back stays owed, says why, and staff closes it;
// so does what was not paid through it, which it is never asked for.
func TestRefundThatTheProviderCannot(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		_, never := w.owedBack()
		w.noRefunds = errors.Join(after.ErrNoRefund, errors.New("it answers 422"))
		if n, err := w.RefundDue(storetest.System(), 10); err != nil || n != 0 {
			t.Errorf("%d, %v", n, err)
		}
		db.Clock.Add(time.Hour)
		if n, err := w.RefundDue(storetest.System(), 10); err != nil || n != 0 || len(w.repaid) != 1 {
			t.Errorf("%d, %v, asked %d times", n, err, len(w.repaid))
		}
		if got := w.payment(never.ID); got.Status != payment.StatusPENDING || got.Failure == nil {
			t.Errorf("%+v", got)
		}
		w.noRefunds = nil
		o, later := w.owedBack()
		if n, err := w.RefundDue(storetest.System(), 10); err != nil || n != 1 {
			t.Errorf("%d, %v", n, err)
		}
		if got := w.hear("refund.failed", later, ""); got != after.Applied {
			t.Error(got)
		}
		if got := w.hear("refund.failed", later, ""); got != after.Stale {
			t.Error(got)
		}
		if got := w.payment(later.ID); got.Status != payment.StatusPENDING || got.Failure == nil {
			t.Errorf("%+v", got)
		}
		if now := w.now(o.ID); now.RefundedMinor != 1200 {
			t.Errorf("it is not owed any more: %+v", now)
		}
		for _, r := range []*ent.Payment{never, later} {
			_, err := w.RecordRefund(w.asClerk(), after.RecordRefundInput{RefundID: r.GlobalID(), Outcome: after.RefundOutcomeSucceeded, Reference: ptr("transfer " + r.ID.String()), IdempotencyKey: w.key()})
			check(t, err)
			if got := w.payment(r.ID); got.Status != payment.StatusSUCCEEDED || got.Failure != nil {
				t.Errorf("%+v", got)
			}
		}
		byHand := w.bought(true, false, "TEA", 1)
		_, err := w.Orders.Cancel(storetest.As(w.alice), order.CancelOrderInput{OrderID: byHand.GlobalID(), Reason: entorder.CancelReasonCHANGED_MIND, IdempotencyKey: w.key()})
		check(t, err)
		if n, err := w.RefundDue(storetest.System(), 10); err != nil || n != 0 || len(w.repaid) != 2 {
			t.Errorf("%d, %v, asked %d times", n, err, len(w.repaid))
		}
	})
}

// Staff notes that a refund failed, and the provider says that it did not: that
// books nothing twice, and is on record.
func TestRefundThatCameAfterAll(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		o, r := w.owedBack()
		_, err := w.RefundDue(storetest.System(), 10)
		check(t, err)
		_, err = w.RecordRefund(w.asClerk(), after.RecordRefundInput{RefundID: r.GlobalID(), Outcome: after.RefundOutcomeFailed, Failure: ptr("The account is closed."), IdempotencyKey: w.key()})
		check(t, err)
		if got := w.hear("refund.succeeded", r, "12.00"); got != after.Mismatch {
			t.Error(got)
		}
		if now := w.now(o.ID); now.RefundedMinor != 0 {
			t.Errorf("%+v", now)
		}
		o, r = w.owedBack() // staff gave it back by a transfer, and so did the provider
		_, err = w.RefundDue(storetest.System(), 10)
		check(t, err)
		_, err = w.RecordRefund(w.asClerk(), after.RecordRefundInput{RefundID: r.GlobalID(), Outcome: after.RefundOutcomeSucceeded, Reference: ptr("transfer 7"), IdempotencyKey: w.key()})
		check(t, err)
		if got := w.hear("refund.succeeded", r, "12.00"); got != after.Mismatch {
			t.Error(got)
		}
		if now := w.now(o.ID); now.RefundedMinor != 1200 {
			t.Errorf("%+v", now)
		}
	})
}
