package after

import (
	"context"

	"kabinet/internal/fault"
	"kabinet/internal/order"
	"kabinet/internal/store"
)

// ChangeAddress sends an order elsewhere that has not left: the customer his
// own, staff any. Faults: ORDER_ALREADY_SHIPPED, ORDER_ALREADY_CANCELLED,
// NOT_FOUND, INVALID_ID, STALE_OBJECT, those of idempotency keys.
func (s *Acts) ChangeAddress(ctx context.Context, in ChangeOrderAddressInput) (order.Outcome, error) {
	if _, err := in.OrderID.As("order"); err != nil {
		return order.Outcome{}, fault.ErrInvalidID.At("input", "orderId")
	}
	if _, err := in.AddressID.As("adr"); err != nil {
		return order.Outcome{}, fault.ErrInvalidID.At("input", "addressId")
	}
	bare := in
	bare.IdempotencyKey, bare.DryRun = "", nil
	return s.Orders.Once(ctx, "changeOrderAddress", in.IdempotencyKey, in.DryRun, bare, in.OrderID.UUID, func(ctx context.Context, tx *store.Tx) error {
		o, err := order.Held(ctx, tx, in.OrderID.UUID)
		if err != nil {
			return err
		}
		if in.Revision != nil && *in.Revision != int(o.Revision) {
			return fault.ErrStaleObject.At("input", "revision")
		}
		if err := s.Orders.Deliver(ctx, tx, o, in.AddressID); err != nil || !order.ByStaff(ctx, o) {
			return err
		}
		return tx.Audit(ctx, "order.change_address", o.OwnerID, o.GlobalID(), map[string]any{"number": o.Number})
	})
}
