package order

import (
	"context"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	entorder "kabinet/ent/generated/order"
	"kabinet/internal/batch"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// UpsertResult is what became of one order of a batch.
type UpsertResult struct {
	Order   *ent.Order // nil where the item was not taken
	Outcome scalar.UpsertOutcome
	Err     error // faults: why it was refused, or which fields were left out
}

// linesAtOnce is how many lines the orders of a batch have together.
const linesAtOnce = 20_000

// Upsert takes over orders of an outside system. One result for each item, in
// their order. Faults of the whole: REQUIRED, TOO_LONG, FORBIDDEN, CONFLICT. Of
// an item: ORDER_EMPTY, OUTDATED, DUPLICATE_KEY, NOT_FOUND of the customer,
// ILLEGAL_TRANSITION, INVALID_VALUE for what is fixed once stored, and those of
// texts and numbers.
func (s *Orders) Upsert(ctx context.Context, input UpsertOrdersInput) ([]UpsertResult, error) {
	how := batch.As(input.ErrorPolicy, input.DryRun)
	if err := checkBatch(ctx, len(input.Orders), "orders"); err != nil {
		return nil, err
	}
	lines := 0
	for _, in := range input.Orders {
		lines += len(in.Lines)
	}
	if lines > linesAtOnce {
		return nil, fault.ErrTooLong.With("limit", linesAtOnce).At("input", "orders")
	}
	done, err := batch.Run(ctx, s.Store, how, arrivals(how, input, s.Store.Now()), s.upsert)
	if err != nil {
		return nil, err
	}
	return s.upserted(ctx, done)
}

// checkBatch holds a batch to its size and to staff who may write orders.
func checkBatch(ctx context.Context, n int, field string) error {
	if viewer.From(ctx).Reach("order", "write") != viewer.ReachAll {
		return fault.ErrForbidden
	}
	return batch.Size(n, field)
}

// arrivals judges each item by itself, and by the keys of those before it.
func arrivals(how batch.How, input UpsertOrdersInput, now time.Time) []*arrival {
	items := make([]*arrival, len(input.Orders))
	keys := map[scalar.ExternalKey]bool{}
	for i, in := range input.Orders {
		own := *in // fields may be left out of it
		a := &arrival{in: &own}
		a.Begin(how, "orders", i)
		items[i] = a
		if a.read(now); a.Out() {
			continue
		}
		if keys[*in.External] {
			a.Refuse(ErrDuplicateKey.With("externalId", in.External.ID).At(a.Path("external")...))
		}
		keys[*in.External] = true
	}
	return items
}

func (s *Orders) upsert(ctx context.Context, tx *store.Tx, items []*arrival) error {
	if err := s.findCustomers(ctx, tx, items); err != nil {
		return err
	}
	stored, err := findStored(ctx, tx, items)
	if err != nil {
		return err
	}
	products, err := findShelf(ctx, tx, items, stored)
	if err != nil {
		return err
	}
	c := &changes{actor: viewer.From(ctx).Actor(), many: true}
	var fresh, changed []*touched
	var seen []*ent.Order // newer, and the same
	for _, a := range batch.InOrder(items, func(a *arrival) string { return a.in.External.Source + "\x00" + a.in.External.ID }) {
		o := stored[*a.in.External]
		if o == nil {
			t := a.make(c, products, tx.Now)
			fresh = append(fresh, &t)
			continue
		}
		switch t := a.merge(c, o, tx.Now); {
		case a.Out():
		case t != nil:
			changed = append(changed, t)
		case o.SourceUpdatedAt == nil || a.in.SourceUpdatedAt.After(*o.SourceUpdatedAt):
			o.SourceUpdatedAt = &a.in.SourceUpdatedAt
			seen = append(seen, o)
		}
	}
	if err := s.store(ctx, tx, c, fresh, changed); err != nil {
		return err
	}
	return putOrders(ctx, tx, seen) // so that what is older than this is OUTDATED
}

// upserted reads the orders that the payload selects, all at once.
func (s *Orders) upserted(ctx context.Context, items []*arrival) ([]UpsertResult, error) {
	byID := map[uuid.UUID]*ent.Order{}
	if ids := batch.IDs(items); len(ids) > 0 && batch.Shown(ctx, "order") {
		q, err := s.Store.Client.Order.Query().Where(entorder.IDIn(ids...)).CollectUnder(ctx, "results", "order")
		if err != nil {
			return nil, err
		}
		orders, err := q.All(ctx)
		if err != nil {
			return nil, store.Translate(err)
		}
		for _, o := range orders {
			byID[o.ID] = o
		}
	}
	results := make([]UpsertResult, len(items))
	for i, a := range items {
		results[i] = UpsertResult{Outcome: a.Outcome, Err: a.Err()}
		if a.Written() {
			results[i].Order = byID[a.ID]
		}
	}
	return results, nil
}
