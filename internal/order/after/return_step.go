package after

import (
	"context"
	"strings"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/orderevent"
	"kabinet/ent/generated/returnrequest"
	"kabinet/ent/schema"
	"kabinet/internal/event"
	"kabinet/internal/fault"
	"kabinet/internal/order"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// stepped is what a verb on a return did in its transaction.
type stepped func(ctx context.Context, tx *store.Tx) (*ent.ReturnRequest, *ent.Order, error)

// once runs a verb on one return once per idempotency key, or for show when
// dry. The answer is read after the commit, a dry run's before its rollback.
func (s *Acts) once(ctx context.Context, operation, key string, dry *bool, input any, verb stepped) (out Returned, err error) {
	show := dry != nil && *dry
	var kept struct{ ReturnID uuid.UUID }
	var replayed bool
	said := struct { // the same for another owner is something else
		Owner uuid.UUID
		Input any
	}{viewer.From(ctx).OwnerID, input}
	err = s.Store.InDryTx(ctx, show, func(ctx context.Context, tx *store.Tx) (err error) {
		kept.ReturnID = uuid.Nil
		var r *ent.ReturnRequest
		var o *ent.Order
		replayed, err = tx.Once(ctx, operation, key, said, &kept, func() (err error) {
			if r, o, err = verb(ctx, tx); err == nil {
				kept.ReturnID = r.ID
			}
			return err
		})
		if err == nil && show {
			out, err = shown(ctx, tx, kept.ReturnID, r, o)
		}
		return err
	})
	if err != nil {
		return Returned{}, err
	}
	if !show {
		if out, err = s.answer(ctx, kept.ReturnID); err != nil {
			return Returned{}, err
		}
	}
	out.Replayed = &replayed
	return out, nil
}

// shown is the answer of a dry run, before its rollback; r and o are nil where
// the key was used, and it is all as it is now.
func shown(ctx context.Context, tx *store.Tx, id uuid.UUID, r *ent.ReturnRequest, o *ent.Order) (out Returned, err error) {
	if r == nil {
		if r, err = tx.ReturnRequest.Query().Where(returnrequest.ID(id)).Only(ctx); err != nil {
			return out, err
		}
		if o, err = tx.Client.Order.Get(ctx, *r.OrderID); err != nil {
			return out, err
		}
	}
	if out.Summary, err = summary(ctx, tx.Client, r, o); err != nil {
		return out, err
	}
	out.Return = r.Unwrap()
	if out.Order, err = order.Shown(ctx, tx, o.ID); err == nil {
		out.Return.Edges.Order = out.Order // of one that is not kept the store knows none
	}
	return out, err
}

// answer reads what a verb on a return gives, after the commit.
func (s *Acts) answer(ctx context.Context, id uuid.UUID) (out Returned, err error) {
	q, err := s.Store.Client.ReturnRequest.Query().Where(returnrequest.ID(id)).CollectUnder(ctx, "returnRequest")
	if err != nil {
		return out, store.Translate(err)
	}
	if out.Return, err = q.Only(ctx); err != nil {
		return out, store.Translate(err)
	}
	whole, err := s.Store.Client.ReturnRequest.Query().Where(returnrequest.ID(id)).Only(ctx)
	if err != nil {
		return out, store.Translate(err)
	}
	if out.Order, err = s.Orders.Selected(ctx, *whole.OrderID); err != nil {
		return out, err
	}
	plain, err := s.Store.Client.Order.Get(ctx, *whole.OrderID)
	if err == nil {
		out.Summary, err = summary(ctx, s.Store.Client, whole, plain)
	}
	return out, store.Translate(err)
}

// heldReturn reads a return for a change, holding its order before itself, as
// everybody does. Faults: INVALID_ID, NOT_FOUND, STALE_OBJECT.
func heldReturn(ctx context.Context, tx *store.Tx, id scalar.ID, revision *int) (*ent.ReturnRequest, *ent.Order, error) {
	key, err := id.As("ret")
	if err != nil {
		return nil, nil, fault.ErrInvalidID.At("input", "returnId")
	}
	gone := fault.ErrNotFound.At("input", "returnId")
	r, err := tx.ReturnRequest.Query().Where(returnrequest.ID(key)).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, nil, gone
	}
	if err != nil {
		return nil, nil, err
	}
	if r.OrderID == nil { // of an import: it is over
		return nil, nil, illegal(r.Status, r.Status).At("input", "returnId")
	}
	o, err := order.Held(ctx, tx, *r.OrderID)
	if fault.KindOf(err) == fault.NotFound {
		return nil, nil, gone
	}
	if err != nil {
		return nil, nil, err
	}
	if r, err = tx.ReturnRequest.Query().Where(returnrequest.ID(key), tx.Locking()).Only(ctx); err != nil {
		return nil, nil, err
	}
	if revision != nil && *revision != int(r.Revision) {
		return nil, nil, fault.ErrStaleObject.At("input", "revision")
	}
	return r, o, nil
}

// stored writes a step of a return. Fault: NOT_FOUND where the viewer may read
// but not write it.
func stored(ctx context.Context, tx *store.Tx, r *ent.ReturnRequest, change func(*ent.ReturnRequestUpdate)) (*ent.ReturnRequest, error) {
	u := tx.ReturnRequest.Update().Where(returnrequest.ID(r.ID)).AddRevision(1)
	change(u)
	n, err := u.Save(ctx)
	if err != nil {
		return nil, err
	}
	if n == 0 {
		return nil, fault.ErrNotFound.At("input", "returnId")
	}
	return tx.ReturnRequest.Query().Where(returnrequest.ID(r.ID)).Only(ctx)
}

// told tells of a step of a return, and puts on record what staff did.
func (s *Acts) told(ctx context.Context, tx *store.Tx, o *ent.Order, r *ent.ReturnRequest, from returnrequest.Status, partial bool, act string) error {
	to, err := order.StreamsOf(ctx, tx, o)
	if err != nil {
		return err
	}
	byStaff := order.ByStaff(ctx, o)
	tx.Tell(event.ReturnChanged{
		ReturnID: r.ID, OrderID: o.ID, OwnerID: r.OwnerID, UserID: r.UserID, Number: r.Number, OrderNumber: o.Number,
		From: string(from), Status: string(r.Status), Partial: partial, AmountMinor: r.AmountMinor, Currency: r.Currency,
		ByStaff: byStaff, ToWallet: r.RefundTo == returnrequest.RefundToWALLET, ExchangeMade: r.ExchangeOrderID,
	}, to...)
	if !byStaff {
		return nil
	}
	return tx.Audit(ctx, act, o.OwnerID, r.GlobalID(), map[string]any{"number": r.Number, "from": from, "to": r.Status, "amountMinor": r.AmountMinor})
}

// counted is how many units of a line of a return count now: those that came,
// else those that were allowed, else those asked for.
func counted(l schema.ReturnLine) int64 {
	switch {
	case l.Received != nil:
		return *l.Received
	case l.Approved != nil:
		return *l.Approved
	}
	return l.Quantity
}

func amountOf(l schema.ReturnLine) int64 { return l.AmountMinor }
func feeOf(l schema.ReturnLine) int64    { return l.FeeMinor }

func sum(lines []schema.ReturnLine, of func(schema.ReturnLine) int64) (minor int64) {
	for _, l := range lines {
		minor += of(l)
	}
	return minor
}

// rescaled brings what a line of a return is worth to n of its units, of which
// more were agreed to; all of them are worth what was agreed to. The fee keeps
// its share.
func rescaled(l schema.ReturnLine, n int64) schema.ReturnLine {
	was := counted(l)
	if n == was {
		return l
	}
	var goods, kept int64
	if was > 0 {
		goods = part(l.AmountMinor+l.FeeMinor, n, was)
		kept = min(goods, part(l.FeeMinor, n, was))
	}
	l.AmountMinor, l.FeeMinor = goods-kept, kept
	return l
}

// summary is what a return gives back. What was not paid is not given back.
func summary(ctx context.Context, c *ent.Client, r *ent.ReturnRequest, o *ent.Order) (*ReturnSummary, error) {
	lines, err := c.OrderLine.Query().Where(ofOrder(o.ID)).All(ctx)
	if err != nil {
		return nil, err
	}
	of := map[uuid.UUID]*ent.OrderLine{}
	for _, l := range lines {
		of[l.ID] = l
	}
	var tax int64
	for _, l := range r.Lines {
		if l.OrderLineID != nil && of[*l.OrderLineID] != nil {
			tax += part(of[*l.OrderLineID].TaxMinor, counted(l), of[*l.OrderLineID].Quantity)
		}
	}
	money := func(minor int64) scalar.Money { return scalar.Money{Minor: minor, Currency: r.Currency} }
	back := max(0, min(r.AmountMinor, o.PaidMinor-o.RefundedMinor-max(0, o.TotalMinor-r.AmountMinor)))
	if !underWay(r.Status) {
		if back, err = gaveBack(ctx, c, r); err != nil {
			return nil, err
		}
	}
	return &ReturnSummary{Goods: money(r.AmountMinor + r.FeeMinor), Tax: money(tax), Fee: money(r.FeeMinor), Refund: money(back)}, nil
}

// gaveBack is what was given back for a return whose goods came, as the order's
// book says; what was not paid was not.
func gaveBack(ctx context.Context, c *ent.Client, r *ent.ReturnRequest) (minor int64, err error) {
	if r.ReceivedAt == nil { // refused or taken back
		return 0, nil
	}
	book, err := c.OrderEvent.Query().Where(orderevent.OrderID(*r.OrderID), orderevent.KindEQ(orderevent.KindREFUNDED)).All(ctx)
	for _, e := range book {
		if e.Data["returnId"] == r.GlobalID().String() {
			minor += order.GivenBack(e)
		}
	}
	return minor, err
}

// said is how many units were said of a line of a return.
type said struct {
	line     scalar.ID
	quantity int
}

// quantities reads how many of which lines were said, no line twice; nil: none.
// Faults: INVALID_ID, NOT_FOUND, DUPLICATE_KEY, OUT_OF_RANGE.
func quantities(lines []said, most map[uuid.UUID]int64, at func(i int, field string) []string) (map[uuid.UUID]int64, error) {
	n := map[uuid.UUID]int64{}
	for i, l := range lines {
		key, err := l.line.As("line")
		if err != nil {
			return nil, fault.ErrInvalidID.At(at(i, "orderLineId")...)
		}
		limit, there := most[key]
		if !there {
			return nil, fault.ErrNotFound.At(at(i, "orderLineId")...)
		}
		if _, twice := n[key]; twice {
			return nil, order.ErrDuplicateKey.At(at(i, "orderLineId")...)
		}
		if l.quantity < 0 || int64(l.quantity) > limit {
			return nil, fault.ErrOutOfRange.With("min", 0).With("max", limit).At(at(i, "quantity")...)
		}
		n[key] = int64(l.quantity)
	}
	return n, nil
}

// labelKey is the text of a state.
func labelKey(s returnrequest.Status) string { return "return.status." + strings.ToLower(string(s)) }
