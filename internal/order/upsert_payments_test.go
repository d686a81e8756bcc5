package order_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	entorder "kabinet/ent/generated/order"
	"kabinet/ent/generated/payment"
	"kabinet/internal/fault"
	"kabinet/internal/order"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
)

// received is a payment of the outside system pos for an order of erp.
func received(id, of, amount string, status payment.Status, minute int) *order.UpsertPaymentInput {
	return &order.UpsertPaymentInput{
		External: &scalar.ExternalKey{Source: "pos", ID: id}, Order: &order.OrderRef{External: &scalar.ExternalKey{Source: "erp", ID: of}},
		SourceUpdatedAt: storetest.Start.Add(time.Duration(minute-100) * time.Minute), OccurredAt: storetest.Start.Add(-time.Hour),
		Amount: &scalar.MoneyInput{Amount: amount, Currency: "GBP"}, Status: status, Method: ptr("CARD"),
	}
}

func (s *shop) receives(want string, items ...*order.UpsertPaymentInput) {
	s.t.Helper()
	results, err := s.UpsertPayments(s.asStaff(), order.UpsertPaymentsInput{Payments: items})
	check(s.t, err)
	var got []string
	for i, r := range results {
		text := string(r.Outcome)
		if f, ok := fault.As(r.Err); ok {
			text = f.Code + "@" + strings.TrimPrefix(strings.Join(f.Path, "."), fmt.Sprintf("input.payments.%d.", i))
		}
		got = append(got, text)
	}
	if strings.Join(got, " ") != want {
		s.t.Fatalf("got  %s\nwant %s", strings.Join(got, " "), want)
	}
}

// Payments and the order that is told to be paid come in either order, and
// nothing is counted twice.
func TestUpsertPaymentsInAnyOrder(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		s := newShop(t, db)
		paid := func(in *order.UpsertOrderInput) { in.PaymentStatus = ptr(entorder.PaymentStatusPAID) }
		s.wants("CREATED CREATED CREATED", erp("1", "alice", paid), erp("2", "alice", paid), erp("3", "alice"))
		total := one(t, db.Store, `SELECT total_minor FROM orders WHERE external_id = '1'`)
		var minor int64
		if _, err := fmt.Sscan(total, &minor); err != nil {
			t.Fatal(err)
		}
		whole, part := scalar.Money{Minor: minor, Currency: "GBP"}.Amount(), scalar.Money{Minor: minor - 100, Currency: "GBP"}.Amount()
		// The whole takes the nameless one's place; parts are taken off it.
		s.receives("CREATED", received("a", "1", whole, payment.StatusSUCCEEDED, 0))
		s.receives("UNCHANGED", received("a", "1", whole, payment.StatusSUCCEEDED, 0))
		s.receives("CREATED", received("b", "2", "1.00", payment.StatusSUCCEEDED, 0))
		s.receives("CREATED", received("c", "2", part, payment.StatusSUCCEEDED, 0))
		// Payments first; then the order says that it is paid, and then, of an
		// older hand, that it is not.
		s.receives("CREATED CREATED", received("d", "3", "1.00", payment.StatusSUCCEEDED, 0), received("e", "3", part, payment.StatusPENDING, 0))
		s.receives("UPDATED", received("e", "3", part, payment.StatusSUCCEEDED, 1))
		s.wants("UNCHANGED", erp("3", "alice", paid))
		s.wants("UNCHANGED", erp("3", "alice"))
		for _, id := range []string{"1", "2", "3"} {
			got := one(t, db.Store, `SELECT o.payment_status || ' ' || (o.paid_minor - o.total_minor) || ' ' || o.refunded_minor || ' ' || (SELECT count(*) FROM payments p WHERE p.order_id = o.id AND p.source IS NULL)
				FROM orders o WHERE o.external_id = '`+id+`'`)
			if got != "PAID 0 0 0" {
				t.Errorf("order %s: %s", id, got)
			}
		}
		s.receives("ILLEGAL_TRANSITION@status INVALID_VALUE@amount INVALID_VALUE@order CURRENCY_MISMATCH@amount", received("e", "3", part, payment.StatusFAILED, 2),
			received("d", "3", "2.00", payment.StatusSUCCEEDED, 2), received("b", "1", "1.00", payment.StatusSUCCEEDED, 2), func() *order.UpsertPaymentInput {
				in := received("z", "1", "1.00", payment.StatusSUCCEEDED, 2)
				in.Amount.Currency = "EUR" // security K8
				return in
			}())
	})
}

// What Kabinet took through its provider and an outside system reports too is one
// payment: by the provider's id of it, by ours, or by its key; before the
// provider's own word or after it. What is not known so is another one.
func TestUpsertPaymentsOfOurs(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		s := newShop(t, db)
		begun := func(id, status string) (ref string) {
			s.wants("CREATED", erp(id, "alice"))
			check(t, db.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error {
				o, err := tx.Order.Query().Where(entorder.ExternalID(id)).Only(ctx)
				if err != nil {
					return err
				}
				p := &ent.Payment{ID: uuid.Must(uuid.NewV7()), OwnerID: o.OwnerID, OrderID: &o.ID, Kind: payment.KindPAYMENT, Status: payment.StatusPENDING,
					Currency: "GBP", AmountMinor: o.TotalMinor, Method: "CARD", Provider: ptr("psp"), OccurredAt: tx.Now}
				if err := s.BeginPayment(ctx, tx, p); err != nil {
					return err
				}
				if ref = "ref-" + id; status == "SUCCEEDED" {
					if o, err = order.Held(ctx, tx, o.ID); err == nil {
						err = s.Received(ctx, tx, o, o.Edges.Payments[0], ref)
					}
					return err
				}
				ref = p.GlobalID().String()
				return nil
			}))
			return ref
		}
		total := func(id string) string {
			var minor int64
			_, err := fmt.Sscan(one(t, db.Store, `SELECT total_minor FROM orders WHERE external_id = '`+id+`'`), &minor)
			check(t, err)
			return scalar.Money{Minor: minor, Currency: "GBP"}.Amount()
		}
		said := func(key, of, ref string, minute int) *order.UpsertPaymentInput {
			in := received(key, of, total(of), payment.StatusSUCCEEDED, minute)
			in.Method, in.ProviderRef = nil, &ref
			return in
		}
		ref, mine := begun("1", "SUCCEEDED"), begun("2", "PENDING")
		less := said("a", "1", ref, 0)
		less.Amount.Amount = "0.01"
		s.receives("INVALID_VALUE@amount", less)
		s.receives("UNCHANGED UPDATED", said("a", "1", ref, 1), said("b", "2", mine, 1))
		s.receives("UNCHANGED UNCHANGED", said("a", "1", ref, 2), said("b", "2", "", 2)) // by the key that it has now
		s.receives("OUTDATED@sourceUpdatedAt", said("a", "1", ref, 0))
		s.receives("UNCHANGED UNCHANGED", said("c", "1", ref, 0), said("d", "2", mine, 0)) // by two more keys, at no time of theirs
		byKey := said(ref, "1", "", 0)
		byKey.External.Source = "psp"
		s.receives("UNCHANGED", byKey)
		s.receives("ILLEGAL_TRANSITION@status", func() *order.UpsertPaymentInput {
			in := said("a", "1", ref, 3)
			in.Status = payment.StatusFAILED
			return in
		}())
		for _, id := range []string{"1", "2"} {
			if got := one(t, db.Store, `SELECT o.payment_status || ' ' || (o.paid_minor - o.total_minor) || ' ' || o.refunded_minor || ' ' || (SELECT count(*) FROM payments p WHERE p.order_id = o.id AND p.method = 'CARD')
				FROM orders o WHERE o.external_id = '`+id+`'`); got != "PAID 0 0 1" {
				t.Errorf("order %s: %s", id, got)
			}
		}
		s.receives("CREATED", said("e", "1", "another", 0)) // money that came once more, and is owed back
		if got := one(t, db.Store, `SELECT (o.refunded_minor = o.total_minor) || ' ' || (SELECT count(*) FROM payments p WHERE p.order_id = o.id) FROM orders o WHERE o.external_id = '1'`); got != "true 3" && got != "1 3" {
			t.Error(got)
		}
	})
}

// Eight batches of the same payments at the same time: each is booked once, and
// what came twice over is owed back.
//
// security K2
func TestUpsertPaymentsAtTheSameTime(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		s := newShop(t, db)
		for n := range 5 {
			s.wants("CREATED", erp(fmt.Sprint(n), "alice"))
		}
		var wg sync.WaitGroup
		for i := range 8 {
			wg.Go(func() {
				var items []*order.UpsertPaymentInput
				for n := range 5 {
					of := fmt.Sprint((n + i) % 5)
					items = append(items, received("p"+of, of, "100.00", payment.StatusSUCCEEDED, i))
				}
				if _, err := s.UpsertPayments(s.asStaff(), order.UpsertPaymentsInput{Payments: items}); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if got := one(t, db.Store, `SELECT count(*) || ' ' || sum(amount_minor) FROM payments WHERE kind = 'PAYMENT'`); got != "5 50000" {
			t.Error(got)
		}
		if got := one(t, db.Store, `SELECT count(*) FROM orders WHERE payment_status = 'PAID' AND paid_minor - refunded_minor = total_minor`); got != "5" {
			t.Errorf("%s of 5", got)
		}
	})
}
