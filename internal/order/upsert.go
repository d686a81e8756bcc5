package order

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	entorder "kabinet/ent/generated/order"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// UpsertResult is what became of one order of a batch.
type UpsertResult struct {
	Order   *ent.Order // nil where it was refused
	Outcome UpsertOutcome
	Err     error // a fault, where it was refused
}

// Upsert takes over orders of an outside system, each on its own: a refused
// one does not stop the rest. One result for each item, in their order. Faults
// of the whole: REQUIRED, TOO_LONG, FORBIDDEN. Of an item: ORDER_EMPTY,
// OUTDATED, DUPLICATE_KEY, NOT_FOUND of the customer, ILLEGAL_TRANSITION,
// INVALID_VALUE for what is fixed once stored, and those of texts and numbers.
func (s *Orders) Upsert(ctx context.Context, input UpsertOrdersInput) ([]UpsertResult, error) {
	if err := checkBatch(ctx, len(input.Orders), "orders"); err != nil {
		return nil, err
	}
	items := s.arrivals(input)
	var done []*arrival
	err := retryTaken(func() error {
		return s.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
			done = afresh(items)
			return s.upsert(ctx, tx, done)
		})
	})
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
	if n == 0 {
		return fault.ErrRequired.At("input", field)
	}
	if n > maxItems {
		return fault.ErrTooLong.With("limit", maxItems).At("input", field)
	}
	return nil
}

// errCameMeanwhile says that another batch made a row after we looked for it.
var errCameMeanwhile = errors.New("order: a row came meanwhile")

// retryTaken tries a batch again that met another one with the same keys: now
// it finds them.
func retryTaken(try func() error) (err error) {
	for range 3 {
		if err = try(); !store.IsUnique(err) && !errors.Is(err, errCameMeanwhile) {
			return err
		}
	}
	return fault.ErrConflict.Because(err)
}

// arrivals judges each item by itself, and by the keys of those before it.
func (s *Orders) arrivals(input UpsertOrdersInput) []*arrival {
	now := s.Store.Now()
	items := make([]*arrival, len(input.Orders))
	keys := map[scalar.ExternalKey]bool{}
	for i, in := range input.Orders {
		a := &arrival{in: in, at: i}
		items[i] = a
		if err := a.read(now); err != nil {
			a.refuse(err)
			continue
		}
		if keys[*in.External] {
			a.refuse(ErrDuplicateKey.With("externalId", in.External.ID).At(a.path("external")...))
		}
		keys[*in.External] = true
	}
	return items
}

// inOrder gives the items by ascending key: batches that make the same rows at
// the same time then wait for each other, and never in a circle.
func inOrder[T any](items []T, key func(T) string) []T {
	sorted := slices.Clone(items)
	slices.SortStableFunc(sorted, func(a, b T) int { return strings.Compare(key(a), key(b)) })
	return sorted
}

// afresh copies the items for one attempt at the transaction.
func afresh[T any](items []*T) []*T {
	copies := make([]*T, len(items))
	for i, a := range items {
		c := *a
		copies[i] = &c
	}
	return copies
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
	c := &changes{actor: viewer.From(ctx).Actor()}
	var fresh, changed []*touched
	unchanged := map[string][]*arrival{}
	for _, a := range inOrder(items, func(a *arrival) string { return a.in.External.Source + "\x00" + a.in.External.ID }) {
		if a.err != nil {
			continue
		}
		o := stored[*a.in.External]
		if o == nil {
			t := a.make(c, products, tx.Now)
			fresh = append(fresh, &t)
			continue
		}
		t, err := a.merge(c, o, tx.Now)
		switch {
		case err != nil:
			a.refuse(err)
		case t != nil:
			changed = append(changed, t)
		case o.SourceUpdatedAt == nil || a.in.SourceUpdatedAt.After(*o.SourceUpdatedAt):
			at := a.in.SourceUpdatedAt.String()
			unchanged[at] = append(unchanged[at], a)
		}
	}
	if err := s.store(ctx, tx, c, fresh, changed); err != nil {
		return err
	}
	for _, same := range unchanged { // so that what is older than this is OUTDATED
		ids := make([]uuid.UUID, len(same))
		for i, a := range same {
			ids[i] = a.id
		}
		if err := tx.Order.Update().Where(entorder.IDIn(ids...)).SetSourceUpdatedAt(same[0].in.SourceUpdatedAt).Exec(ctx); err != nil {
			return err
		}
	}
	return nil
}

// upserted reads the orders that the payload selects, all at once.
func (s *Orders) upserted(ctx context.Context, items []*arrival) ([]UpsertResult, error) {
	var ids []uuid.UUID
	for _, a := range items {
		if a.err == nil {
			ids = append(ids, a.id)
		}
	}
	q, err := s.Store.Client.Order.Query().Where(entorder.IDIn(ids...)).CollectUnder(ctx, "results", "order")
	if err != nil {
		return nil, err
	}
	orders, err := q.All(ctx)
	if err != nil {
		return nil, store.Translate(err)
	}
	byID := make(map[uuid.UUID]*ent.Order, len(orders))
	for _, o := range orders {
		byID[o.ID] = o
	}
	results := make([]UpsertResult, len(items))
	for i, a := range items {
		results[i] = UpsertResult{Outcome: a.outcome, Err: a.err, Order: byID[a.id]}
		if a.err != nil {
			results[i].Order = nil
		}
	}
	return results, nil
}
