// Package batch holds what all batches of outside systems have in common: their
// bounds, items that are judged one by one, what a policy makes of the bad
// ones, the transaction that is tried again when two batches meet. It never
// knows what an item is, and writes no table.
package batch

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"

	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
)

// The bounds of every batch.
const (
	Most = 1_000     // items of a call
	Skew = time.Hour // how far ahead of ours the clock of an outside system may be
)

// The refusals of items.
var (
	ErrOutdated     = fault.New(fault.Conflict, "OUTDATED")
	ErrDuplicateKey = fault.New(fault.Invalid, "DUPLICATE_KEY")
)

// ErrCameMeanwhile says that another batch made a row after this one looked
// for it: the whole is tried again, and finds it.
var ErrCameMeanwhile = errors.New("batch: a row came meanwhile")

// How says how a batch is done.
type How struct {
	Policy scalar.ErrorPolicy
	Dry    bool
}

// As reads how; RejectFailed where no policy was said.
func As(policy *scalar.ErrorPolicy, dry *bool) How {
	h := How{Policy: scalar.RejectFailed, Dry: dry != nil && *dry}
	if policy != nil {
		h.Policy = *policy
	}
	return h
}

// Item is what every item of a batch carries: embed it.
type Item struct {
	ID      uuid.UUID // of the row, once it is known
	Outcome scalar.UpsertOutcome
	Errs    []error // faults: why it is refused, or which fields are left out

	root    string
	at      int
	lenient bool
	refused bool
}

// Begin places the item: the field of the input that it stands in, and where.
func (it *Item) Begin(h How, field string, at int) {
	it.root, it.at, it.lenient = field, at, h.Policy == scalar.IgnoreFailed
}

// Base is the item itself, for whatever embeds it.
func (it *Item) Base() *Item { return it }

// Path names a field of the item.
func (it *Item) Path(fields ...string) []string {
	return append([]string{"input", it.root, strconv.Itoa(it.at)}, fields...)
}

// Refuse leaves the item out whole. An ErrOutdated is no refusal of the batch.
func (it *Item) Refuse(err error) {
	it.Errs = append(it.Errs, err)
	it.Outcome, it.refused = scalar.UpsertRefused, true
	if errors.Is(err, ErrOutdated) {
		it.Outcome = scalar.UpsertOutdated
	}
}

// Spare leaves out one field, where the policy allows that, and says whether
// the item goes on without it; else the item is refused.
func (it *Item) Spare(err error) bool {
	if err == nil {
		return true
	}
	if !it.lenient {
		it.Refuse(err)
		return false
	}
	it.Errs = append(it.Errs, err)
	return true
}

// Out says that nothing of the item is taken.
func (it *Item) Out() bool { return it.refused }

// Written says that the item stands in the database as it says.
func (it *Item) Written() bool {
	switch it.Outcome {
	case scalar.UpsertCreated, scalar.UpsertUpdated, scalar.UpsertUnchanged:
		return true
	}
	return false
}

// Err is all that was refused of the item, as one error; nil is nothing.
func (it *Item) Err() error { return errors.Join(it.Errs...) }

// item is a pointer to what embeds an Item.
type item[T any] interface {
	*T
	Base() *Item
}

// Size holds a batch to its bounds. Faults: REQUIRED, TOO_LONG.
func Size(n int, field string) error {
	if n == 0 {
		return fault.ErrRequired.At("input", field)
	}
	if n > Most {
		return fault.ErrTooLong.With("limit", Most).At("input", field)
	}
	return nil
}

// errStop rolls a transaction back whose outcome is known.
var errStop = errors.New("batch: nothing is kept")

// Run does a batch in one transaction: do judges the items by what is stored
// and writes them. Each attempt gets copies of the items as they are now; the
// copies that were written, or would have been, are what Run gives. Faults:
// CONFLICT where other batches were always faster, and those of do.
func Run[T any, P item[T]](ctx context.Context, st *store.Store, h How, items []P, do func(context.Context, *store.Tx, []P) error) ([]P, error) {
	var done []P
	err := again(func() error {
		err := st.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
			done = afresh[T](items)
			if h.Policy == scalar.RejectAll && reject[T](done) {
				return errStop
			}
			if err := do(ctx, tx, done); err != nil {
				return err
			}
			if h.Policy == scalar.RejectAll && reject[T](done) || h.Dry {
				return errStop
			}
			return nil
		})
		if errors.Is(err, errStop) {
			return nil
		}
		return err
	})
	return done, err
}

// reject says whether an item is refused, and if so that nothing is written of
// the others.
func reject[T any, P item[T]](items []P) bool {
	bad := slices.ContainsFunc(items, func(p P) bool { return p.Base().Outcome == scalar.UpsertRefused })
	for _, p := range items {
		if it := p.Base(); bad && !it.refused {
			it.Outcome, it.refused = scalar.UpsertSkipped, true
		}
	}
	return bad
}

// afresh copies the items for one attempt at the transaction.
func afresh[T any, P item[T]](items []P) []P {
	copies := make([]P, len(items))
	for i, p := range items {
		c := *p
		copies[i] = P(&c)
		it := copies[i].Base()
		it.Errs = slices.Clone(it.Errs)
	}
	return copies
}

// again tries a batch again that met another one with the same keys.
func again(try func() error) (err error) {
	for range 5 {
		if err = try(); !store.IsUnique(err) && !errors.Is(err, ErrCameMeanwhile) {
			return err
		}
	}
	return fault.ErrConflict.Because(err)
}

// InOrder gives the items that are not out by ascending key: batches that make
// the same rows at the same time then wait for each other, and never in a
// circle.
func InOrder[T any, P item[T]](items []P, key func(P) string) []P {
	sorted := make([]P, 0, len(items))
	for _, p := range items {
		if !p.Base().Out() {
			sorted = append(sorted, p)
		}
	}
	slices.SortStableFunc(sorted, func(a, b P) int { return strings.Compare(key(a), key(b)) })
	return sorted
}

// IDs are those of the rows that stand as their items say.
func IDs[T any, P item[T]](items []P) []uuid.UUID {
	var ids []uuid.UUID
	for _, p := range items {
		if it := p.Base(); it.Written() {
			ids = append(ids, it.ID)
		}
	}
	return ids
}

type unseen struct{}

// Unseen is for whoever looks at outcomes alone: no row is read for him.
func Unseen(ctx context.Context) context.Context { return context.WithValue(ctx, unseen{}, true) }

// Shown says whether somebody looks at the rows that items became: as field of
// the results where it is a payload that is made.
func Shown(ctx context.Context, field string) bool {
	if ctx.Value(unseen{}) != nil {
		return false
	}
	payload := graphql.GetFieldContext(ctx)
	if payload == nil || payload.Field.Field == nil || !graphql.HasOperationContext(ctx) {
		return true
	}
	op := graphql.GetOperationContext(ctx)
	for _, results := range graphql.CollectFields(op, payload.Field.Selections, []string{payload.Field.Definition.Type.Name()}) {
		if results.Name != "results" {
			continue
		}
		for _, f := range graphql.CollectFields(op, results.Selections, []string{results.Definition.Type.Name()}) {
			if f.Name == field {
				return true
			}
		}
	}
	return false
}
