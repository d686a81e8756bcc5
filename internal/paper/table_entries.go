package paper

import (
	"context"
	"strings"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/ledgerentry"
	entorder "kabinet/ent/generated/order"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
)

// entryHeads are the columns of a file of entries.
func entryHeads(lang string) []string {
	var heads []string
	for _, c := range []string{"AT", "KIND", "LABEL", "AMOUNT", "BALANCE", "UNIT", "ORDER", "REASON", "ID"} {
		heads = append(heads, say(lang, "entry."+c))
	}
	return heads
}

// entries writes all entries of the file, in the order of the book. All are
// there, also those that only move points from on their way to ready.
func (r *tableRun) entries(ctx context.Context) error {
	w := r.wanted
	q := r.Store.Client.LedgerEntry.Query().Where(ledgerentry.AccountID(*w.Account))
	if w.From != nil {
		q.Where(ledgerentry.CreatedAtGTE(*w.From))
	}
	if w.Before != nil {
		q.Where(ledgerentry.CreatedAtLT(*w.Before))
	}
	n, err := q.Clone().Count(ctx)
	if err != nil {
		return store.Translate(err)
	}
	r.of = int64(n)
	q.Order(ledgerentry.BySeq()).Limit(atOnce)
	seq := int64(-1)
	for {
		if err := r.note(ctx); err != nil {
			return err
		}
		page, err := q.Clone().Where(ledgerentry.SeqGT(seq)).All(ctx)
		if err != nil {
			return store.Translate(err)
		}
		numbers, err := r.numbers(ctx, page)
		if err != nil {
			return err
		}
		for _, e := range page {
			seq = e.Seq
			r.done++
			if err := r.row(r.entry(e, numbers)); err != nil {
				return err
			}
		}
		if len(page) < atOnce {
			return nil
		}
	}
}

func (r *tableRun) entry(e *ent.LedgerEntry, numbers map[uuid.UUID]string) []any {
	var amount, after any = scalar.Money{Minor: e.Amount, Currency: e.Unit}, scalar.Money{Minor: e.BalanceAfter, Currency: e.Unit}
	unit := e.Unit
	if handle, points := strings.CutPrefix(e.Unit, "PTS:"); points {
		amount, after, unit = e.Amount, e.BalanceAfter, handle
	}
	var number any
	if e.OrderID != nil {
		number = numbers[*e.OrderID]
	}
	return []any{e.CreatedAt, e.Kind.String(), r.label(r.wanted.Locale, e), amount, after, unit, number, said(e.Note), e.GlobalID().String()}
}

// numbers are those of the orders that entries are about.
func (r *tableRun) numbers(ctx context.Context, page []*ent.LedgerEntry) (map[uuid.UUID]string, error) {
	var ids []uuid.UUID
	for _, e := range page {
		if e.OrderID != nil {
			ids = append(ids, *e.OrderID)
		}
	}
	numbers := map[uuid.UUID]string{}
	if len(ids) == 0 {
		return numbers, nil
	}
	orders, err := r.Store.Client.Order.Query().Where(entorder.IDIn(ids...)).Select(entorder.FieldID, entorder.FieldNumber).All(ctx)
	for _, o := range orders {
		numbers[o.ID] = o.Number
	}
	return numbers, store.Translate(err)
}
