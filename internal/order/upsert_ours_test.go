package order_test

import (
	"context"
	"testing"

	"github.com/google/uuid"

	entorder "kabinet/ent/generated/order"
	"kabinet/ent/generated/payment"
	"kabinet/internal/order"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
)

// paysHere pays an order of erp through Kabinet: from a wallet, or by a provider.
func (s *shop) paysHere(id string, minor int64, provider string) {
	s.t.Helper()
	check(s.t, s.Store.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error {
		which, err := tx.Order.Query().Where(entorder.ExternalID(id)).OnlyID(ctx)
		if err != nil {
			return err
		}
		o, err := order.Held(ctx, tx, which)
		if err != nil {
			return err
		}
		p := order.FromWallet(minor, uuid.Must(uuid.NewV7()))
		if provider != "" {
			p.Method, p.Provider = "CARD", &provider
		}
		_, err = s.PayNow(ctx, tx, o, p)
		return err
	}))
}

// What was paid through Kabinet an outside system neither knows nor can give
// back: it may go on telling of its order, and where it cancels it that money is
// owed back at once, once.
func TestUpsertOfWhatWasPaidHere(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		s := newShop(t, db)
		repaid := int64(0)
		s.Repay = func(_ context.Context, _ *store.Tx, _ uuid.UUID, minor int64, _ uuid.UUID) error {
			repaid += minor
			return nil
		}
		goes := func(to entorder.FulfillmentStatus) func(*order.UpsertOrderInput) {
			return func(in *order.UpsertOrderInput) { in.FulfillmentStatus, in.SourceUpdatedAt = &to, storetest.Start }
		}
		gone := func(paid entorder.PaymentStatus) func(*order.UpsertOrderInput) {
			return func(in *order.UpsertOrderInput) {
				in.Status, in.PaymentStatus, in.SourceUpdatedAt = ptr(entorder.StatusCANCELLED), &paid, storetest.Start
			}
		}
		stands := func(id, want string) {
			t.Helper()
			got := one(t, db.Store, `SELECT o.status || ' ' || o.payment_status || ' ' || o.fulfillment_status || ' ' || o.paid_minor || ' ' || o.refunded_minor || ' ' ||
				(SELECT count(*) FROM payments p WHERE p.order_id = o.id AND p.kind = 'REFUND' AND p.status = 'PENDING') FROM orders o WHERE o.external_id = '`+id+`'`)
			if got != want {
				t.Errorf("order %s: %s, want %s", id, got, want)
			}
		}
		pending := entorder.PaymentStatusPENDING
		s.wants("CREATED CREATED CREATED CREATED", erp("1", "alice"), erp("2", "alice"), erp("3", "alice"), erp("4", "alice"))
		s.paysHere("1", 3150, "")
		s.wants("UPDATED", erp("1", "alice", goes(entorder.FulfillmentStatusASSEMBLING)))
		stands("1", "PLACED PAID ASSEMBLING 3150 0 0")

		s.paysHere("2", 1000, "") // a part: the system outside says that nothing was paid
		s.wants("UPDATED", erp("2", "alice", gone(pending)))
		s.wants("UNCHANGED", erp("2", "alice", gone(pending)))
		stands("2", "CANCELLED REFUNDED NEW 1000 1000 0")
		if repaid != 1000 {
			t.Errorf("%d went back into the wallet", repaid)
		}

		s.paysHere("3", 3150, "bank")
		s.wants("UPDATED", erp("3", "alice", gone(entorder.PaymentStatusPAID)))
		s.wants("UNCHANGED", erp("3", "alice", gone(entorder.PaymentStatusPAID)))
		s.wants("UNCHANGED", erp("3", "alice", gone(entorder.PaymentStatusREFUNDED)))
		stands("3", "CANCELLED REFUNDED NEW 3150 3150 1")

		// Of the rest the system outside knows: it gives that back itself.
		s.paysHere("4", 1000, "")
		s.receives("CREATED", received("rest", "4", "21.50", payment.StatusSUCCEEDED, 0))
		s.wants("UPDATED", erp("4", "alice", gone(entorder.PaymentStatusPAID)))
		stands("4", "CANCELLED PARTIALLY_REFUNDED NEW 3150 1000 0")
		if repaid != 2000 {
			t.Errorf("%d went back into the wallet", repaid)
		}
	})
}
