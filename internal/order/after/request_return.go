package after

import (
	"context"
	"strconv"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/document"
	"kabinet/ent/generated/product"
	"kabinet/ent/generated/returnrequest"
	"kabinet/ent/schema"
	"kabinet/internal/fault"
	"kabinet/internal/order"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// RequestReturn asks to send goods back, for money or for others: the
// customer, or staff for him, for whom the time does not end. Faults:
// NOT_RETURNABLE, PHOTO_REQUIRED, WALLET_REFUNDS_OFF, PRODUCT_UNAVAILABLE and
// CURRENCY_MISMATCH of what is wanted in place, NOT_FOUND, INVALID_ID,
// DUPLICATE_KEY, those of texts, numbers and idempotency keys.
func (s *Acts) RequestReturn(ctx context.Context, in RequestReturnInput) (Returned, error) {
	if err := checkRequest(in); err != nil {
		return Returned{}, err
	}
	bare := in
	bare.IdempotencyKey, bare.DryRun = "", nil
	return s.once(ctx, "requestReturn", in.IdempotencyKey, in.DryRun, bare, func(ctx context.Context, tx *store.Tx) (*ent.ReturnRequest, *ent.Order, error) {
		return s.requestReturn(ctx, tx, in)
	})
}

func checkRequest(in RequestReturnInput) error {
	if _, err := in.OrderID.As("order"); err != nil {
		return fault.ErrInvalidID.At("input", "orderId")
	}
	switch {
	case len(in.Lines) == 0:
		return fault.ErrRequired.At("input", "lines")
	case len(in.Lines) > maxReturnLines:
		return fault.ErrTooLong.With("limit", maxReturnLines).At("input", "lines")
	case len(in.PhotoIds) > maxPhotos:
		return fault.ErrTooLong.With("limit", maxPhotos).At("input", "photoIds")
	}
	seen := map[uuid.UUID]bool{}
	for i, l := range in.Lines {
		at := []string{"input", "lines", strconv.Itoa(i)}
		if _, err := l.OrderLineID.As("line"); err != nil {
			return fault.ErrInvalidID.At(append(at, "orderLineId")...)
		}
		if seen[l.OrderLineID.UUID] {
			return order.ErrDuplicateKey.At(append(at, "orderLineId")...)
		}
		seen[l.OrderLineID.UUID] = true
		switch exchange := in.kind() == ReturnKindExchange; {
		case exchange && l.ExchangeSku == nil:
			return fault.ErrRequired.At(append(at, "exchangeSku")...)
		case !exchange && l.ExchangeSku != nil:
			return fault.ErrInvalidValue.At(append(at, "exchangeSku")...)
		}
		if err := checkText(l.ExchangeSku, 100, append(at, "exchangeSku")...); err != nil {
			return err
		}
	}
	return checkText(in.Note, maxNote, "input", "note")
}

func (in RequestReturnInput) kind() ReturnKind {
	if in.Kind == nil {
		return ReturnKindReturn
	}
	return *in.Kind
}

func (s *Acts) requestReturn(ctx context.Context, tx *store.Tx, in RequestReturnInput) (*ent.ReturnRequest, *ent.Order, error) {
	o, err := toReturn(ctx, tx, in.OrderID.UUID)
	if err != nil {
		return nil, nil, err
	}
	p, err := policyIn(ctx, tx)
	if err != nil {
		return nil, nil, err
	}
	to := RefundDestinationSource
	if in.RefundTo != nil {
		to = *in.RefundTo
	}
	if to == RefundDestinationWallet && len(destinations(o, p)) == 1 {
		return nil, nil, ErrWalletRefundsOff.At("input", "refundTo")
	}
	at, err := s.situation(ctx, tx.Client, o, p, tx.Now)
	if err != nil {
		return nil, nil, err
	}
	lines, photo, err := asked(ctx, tx, at, in)
	if err != nil {
		return nil, nil, err
	}
	if photo && len(in.PhotoIds) == 0 {
		return nil, nil, ErrPhotoRequired.At("input", "photoIds")
	}
	photos, err := photosIn(ctx, tx, o, in.PhotoIds)
	if err != nil {
		return nil, nil, err
	}
	n, err := tx.ReturnRequest.Query().Where(returnrequest.OrderID(o.ID)).Count(viewer.AsSystem(ctx, "return.number"))
	if err != nil {
		return nil, nil, err
	}
	c := tx.ReturnRequest.Create().SetOwnerID(o.OwnerID).SetNillableUserID(o.UserID).SetOrderID(o.ID).SetNumber(o.Number + "-R" + strconv.Itoa(n+1)).
		SetKind(returnrequest.Kind(in.kind())).SetLines(lines).SetCurrency(o.Currency).SetRefundTo(returnrequest.RefundTo(to)).
		SetNillableNote(in.Note).SetRequestedAt(tx.Now)
	c.SetAmountMinor(sum(lines, amountOf)).SetFeeMinor(sum(lines, feeOf))
	if len(photos) > 0 {
		c.SetPhotos(photos)
	}
	r, err := c.Save(ctx)
	if err != nil {
		return nil, nil, err
	}
	return r, o, s.told(ctx, tx, o, r, "", false, "return.request")
}

// toReturn holds an order that the viewer may act on. Fault: NOT_FOUND.
func toReturn(ctx context.Context, tx *store.Tx, id uuid.UUID) (*ent.Order, error) {
	o, err := order.Held(ctx, tx, id)
	if err == nil && !order.MayWrite(ctx, o) {
		err = fault.ErrNotFound.At("input", "orderId")
	}
	return o, err
}

// asked are the lines of a return as they are kept, and whether a photo of them
// is needed.
func asked(ctx context.Context, tx *store.Tx, at situation, in RequestReturnInput) (lines []schema.ReturnLine, photo bool, err error) {
	for i, l := range in.Lines {
		path := []string{"input", "lines", strconv.Itoa(i)}
		of := lineOf(at.order, l.OrderLineID.UUID)
		if of == nil {
			return nil, false, fault.ErrNotFound.At(append(path, "orderLineId")...)
		}
		if err := checkQuantity(at.of(of), l.Quantity, append(path, "quantity")...); err != nil {
			return nil, false, err
		}
		why, err := reasonIn(ctx, tx, l.ReasonID, ReasonKindReturn, append(path, "reasonId")...)
		if err != nil {
			return nil, false, err
		}
		if !fits(why, of.Category) {
			return nil, false, fault.ErrInvalidValue.At(append(path, "reasonId")...)
		}
		if l.ExchangeSku != nil {
			if err := mayExchange(ctx, tx, *l.ExchangeSku, at.order.Currency, append(path, "exchangeSku")...); err != nil {
				return nil, false, err
			}
		}
		photo = photo || why.PhotoRequired
		goods := at.goods(of, int64(l.Quantity))
		kept := fee(goods, why.FeeBasisPoints)
		lines = append(lines, schema.ReturnLine{
			OrderLineID: &of.ID, SKU: of.Sku, Title: of.Title, Quantity: int64(l.Quantity), AmountMinor: goods - kept, FeeMinor: kept,
			Reason: chosen(why), ExchangeSKU: l.ExchangeSku,
		})
	}
	return lines, photo, nil
}

func mayExchange(ctx context.Context, tx *store.Tx, sku, currency string, path ...string) error {
	p, err := tx.Product.Query().Where(product.Sku(sku), product.StatusEQ(product.StatusACTIVE)).Only(ctx)
	switch {
	case ent.IsNotFound(err):
		return order.ErrProductUnavailable.With("sku", sku).At(path...)
	case err != nil:
		return err
	case p.Currency != currency:
		return order.ErrCurrencyMismatch.At(path...)
	}
	return nil
}

// photosIn are pictures that the order's owner, or who bought it, uploaded.
// Faults: INVALID_ID, NOT_FOUND.
func photosIn(ctx context.Context, tx *store.Tx, o *ent.Order, ids []scalar.ID) ([]uuid.UUID, error) {
	keys := make([]uuid.UUID, len(ids))
	for i, id := range ids {
		key, err := id.As("doc")
		if err != nil {
			return nil, fault.ErrInvalidID.At("input", "photoIds", strconv.Itoa(i))
		}
		owners := []uuid.UUID{o.OwnerID}
		if o.UserID != nil {
			owners = append(owners, *o.UserID)
		}
		there, err := tx.Document.Query().Where(document.ID(key), document.OwnerIDIn(owners...), document.KindEQ(document.KindUPLOAD),
			document.StatusEQ(document.StatusREADY)).Exist(ctx)
		if err != nil {
			return nil, err
		}
		if !there {
			return nil, fault.ErrNotFound.At("input", "photoIds", strconv.Itoa(i))
		}
		keys[i] = key
	}
	return keys, nil
}
