package after

import (
	"context"
	"strings"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	entorder "kabinet/ent/generated/order"
	"kabinet/ent/schema"
	"kabinet/internal/fault"
	"kabinet/internal/order"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// ForClaim is the purpose of the challenge of a claim.
const ForClaim = "order.claim"

// RequestClaim sends a code to whom a guest's order was placed by. The answer is
// the same whether there is such an order or not. Faults: REQUIRED, those of
// texts, CODE_SENT_RECENTLY; UNAUTHENTICATED.
func (s *Acts) RequestClaim(ctx context.Context, in RequestOrderClaimInput) (*Asked, error) {
	number := strings.TrimSpace(in.OrderNumber)
	if number == "" {
		return nil, fault.ErrRequired.At("input", "orderNumber")
	}
	if err := checkText(&number, 64, "input", "orderNumber"); err != nil {
		return nil, err
	}
	if !viewer.From(ctx).SignedIn() {
		return nil, fault.ErrUnauthenticated
	}
	var out *Asked
	err := s.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		var to *schema.GuestContact
		id := uuid.Nil
		o, err := tx.Order.Query().Where(entorder.Number(number), entorder.OwnerID(viewer.House), entorder.GuestNotNil()).Only(viewer.AsSystem(ctx, "order.claim"))
		switch {
		case err == nil:
			to, id = o.Guest, o.ID
		case !ent.IsNotFound(err):
			return err
		}
		out, err = s.Ask(ctx, tx, to, ForClaim, "order:"+number, id)
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// Claim gives a guest's order to whoever has its code: the person who asked for
// it. Faults: INVALID_ID, INVALID_CODE, also where it was claimed meanwhile;
// UNAUTHENTICATED.
func (s *Acts) Claim(ctx context.Context, in ClaimOrderInput) (*ent.Order, error) {
	me := viewer.From(ctx).UserID
	if me == uuid.Nil {
		return nil, fault.ErrUnauthenticated
	}
	challenge, err := s.Try(ctx, in.ChallengeID, ForClaim, in.Code)
	if err != nil {
		return nil, err
	}
	var id uuid.UUID
	err = s.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
		if id, err = s.Use(ctx, tx, challenge, ForClaim, in.Code); err != nil {
			return err
		}
		sys := viewer.AsSystem(ctx, "order.claim")
		o, err := order.Held(sys, tx, id)
		if fault.KindOf(err) == fault.NotFound || err == nil && (o.OwnerID != viewer.House || o.Guest == nil) {
			return ErrInvalidCode.At("input", "code")
		}
		if err != nil {
			return err
		}
		return s.Orders.ClaimFor(sys, tx, o, me)
	})
	if err != nil {
		return nil, err
	}
	return s.Orders.Selected(ctx, id)
}
