package after

import (
	"context"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/address"
	"kabinet/ent/generated/paymentmethod"
	"kabinet/internal/fault"
	"kabinet/internal/order"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

const oneClick = "placeOneClickOrder"

// PlaceOneClick orders one product to the default address and charges the
// default method. The order stays where the payment does not come. Faults:
// ONE_CLICK_NOT_READY, PAYMENTS_NOT_CONFIGURED, RETURN_NOT_ALLOWED, those of placing
// an order; UNAVAILABLE where the provider is: the same key goes on from there,
// RATE_LIMITED, UNAUTHENTICATED.
func (s *Acts) PlaceOneClick(ctx context.Context, in PlaceOneClickOrderInput) (PaymentBegun, error) {
	if s.Payments == nil {
		return PaymentBegun{}, ErrPaymentsNotConfigured
	}
	if in.ReturnURL != nil {
		if err := s.mayReturn(*in.ReturnURL); err != nil {
			return PaymentBegun{}, err
		}
	}
	dry := in.DryRun != nil && *in.DryRun
	if !dry {
		if err := s.reserve(ctx, begun); err != nil {
			return PaymentBegun{}, err
		}
	}
	bare := in
	bare.IdempotencyKey, bare.DryRun = "", nil
	id := uuid.Must(uuid.NewV7())
	return s.beginOnce(ctx, oneClick, in.IdempotencyKey, dry, bare, func(ctx context.Context, tx *store.Tx) (*ent.Payment, uuid.UUID, error) {
		p, err := s.oneClick(ctx, tx, id, in)
		return p, id, err
	})
}

func (s *Acts) oneClick(ctx context.Context, tx *store.Tx, id uuid.UUID, in PlaceOneClickOrderInput) (*ent.Payment, error) {
	v := viewer.From(ctx)
	missing := []string{}
	to, err := tx.Address.Query().Where(address.OwnerID(v.OwnerID), address.KindEQ(address.KindADDRESS), address.IsDefault(true)).Only(ctx)
	if ent.IsNotFound(err) {
		missing = append(missing, "address")
	} else if err != nil {
		return nil, err
	}
	method, err := tx.PaymentMethod.Query().Where(paymentmethod.OwnerID(v.UserID), paymentmethod.IsDefault(true), paymentmethod.StatusEQ(paymentmethod.StatusACTIVE)).Only(ctx)
	if ent.IsNotFound(err) {
		missing = append(missing, "paymentMethod")
	} else if err != nil {
		return nil, err
	}
	if len(missing) > 0 {
		return nil, ErrOneClickNotReady.With("missing", missing).At("input")
	}
	quantity := 1
	if in.Quantity != nil {
		quantity = *in.Quantity
	}
	where := to.GlobalID()
	o, err := s.Orders.PlaceIn(ctx, tx, id, order.Placing{PlaceOrderInput: order.PlaceOrderInput{
		Lines: []*order.PlaceOrderLineInput{{Sku: in.Sku, Quantity: quantity}}, AddressID: &where,
	}})
	if f, ok := fault.As(err); ok {
		return nil, oneLine(f)
	}
	if err != nil || o.TotalMinor <= o.PaidMinor {
		return nil, err
	}
	return s.begin(ctx, tx, o, o.TotalMinor-o.PaidMinor, method, in.ReturnURL)
}

// oneLine puts what is said of the first line to where its field is here.
func oneLine(f *fault.Fault) error {
	if len(f.Path) == 4 && f.Path[1] == "lines" {
		return f.At("input", f.Path[3])
	}
	return f
}
