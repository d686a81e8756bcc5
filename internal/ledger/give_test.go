package ledger_test

import (
	"context"
	"testing"

	"entgo.io/ent/dialect"

	"kabinet/ent/generated/ledgerentry"
	"kabinet/internal/ledger"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
)

// What is taken last goes the quick way while the first lot holds more than
// that, and begins again where it does not: nobody sees a difference.
func TestTakeLast(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := openWorld(t, db, 0, nil)
		alice := pointsOf(owner())
		w.give(alice, 10, day)
		w.give(alice, 10, 2*day)
		count := func(n int64) int {
			statements, _ := w.Statements(func() { w.must(w.spend(alice, n)) })
			return statements
		}
		quick := count(4)
		if db.Dialect() == dialect.Postgres && quick != 2 { // the balance; all the rest
			t.Errorf("the quick way takes %d statements", quick)
		}
		if long := count(6); db.Dialect() == dialect.Postgres && long <= quick { // it empties the lot
			t.Errorf("%d statements and %d: the lot was not empty", long, quick)
		}
		count(3)
		_, err := w.spend(alice, 8)
		wantErr(t, err, ledger.ErrTooFewPoints)
		w.want(alice, 7, 0, 0)
		w.Clock.Add(day)
		w.want(alice, 7, 0, 0) // the first lot was taken from first
		w.Clock.Add(day)
		w.want(alice, 0, 0, 0)

		w.give(alice, 10, 0)
		again := func() error {
			return w.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error {
				b, err := w.books.Spend(ctx, tx, alice, 1, nil)
				if err != nil {
					return err
				}
				_, err = b.TakeLast(ctx, ledger.Posting{Kind: ledgerentry.KindREDEMPTION, Amount: 1, Contra: ledger.Spent, Cause: "once for ever"})
				return err
			})
		}
		if err := again(); err != nil {
			t.Error(err)
		}
		if err := again(); !store.IsUnique(err) {
			t.Errorf("one cause twice: %v", err)
		}
		w.want(alice, 9, 0, 0)
	})
}
