package ledger_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/ledgeraccount"
	"kabinet/ent/generated/ledgerentry"
	"kabinet/internal/ledger"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
)

// TestMain keeps the property tests short unless their number is asked for.
func TestMain(m *testing.M) {
	flag.Parse()
	if f := flag.Lookup("rapid.checks"); f.Value.String() == f.DefValue {
		_ = f.Value.Set("6")
	}
	os.Exit(m.Run())
}

const (
	day  = 24 * time.Hour
	unit = "PTS:test"
)

// world is a ledger without any domain; storetest proves it when the test ends.
type world struct {
	*storetest.DB
	t     testing.TB
	books *ledger.Books
	keys  atomic.Int64
}

// openWorld has points that live so long after they became active, 0 for ever.
func openWorld(t testing.TB, db *storetest.DB, lives time.Duration, change func(*ledger.Terms)) *world {
	t.Helper()
	terms := ledger.Terms{}
	if lives > 0 {
		terms.Expires = func(active time.Time) *time.Time { at := active.Add(lives); return &at }
	}
	if change != nil {
		change(&terms)
	}
	w := &world{DB: db, t: t}
	w.books = &ledger.Books{Store: db.Store, Terms: func(context.Context, *store.Tx, *ent.LedgerAccount, []byte) (ledger.Terms, error) { return terms, nil }}
	w.do(func(ctx context.Context, tx *store.Tx) error { return ledger.MakeSystemAccounts(ctx, tx, unit, nil) })
	return w
}

func (w *world) do(f func(ctx context.Context, tx *store.Tx) error) {
	w.t.Helper()
	if err := w.InTx(storetest.System(), f); err != nil {
		w.t.Fatal(err)
	}
}

// cause is one that nothing had before.
func (w *world) cause() string { return fmt.Sprintf("test:%d", w.keys.Add(1)) }

func pointsOf(owner uuid.UUID) ledger.Key {
	return ledger.Key{Owner: owner, Unit: unit, Kind: ledgeraccount.KindBONUS}
}

func moneyOf(owner uuid.UUID, currency string) ledger.Key {
	return ledger.Key{Owner: owner, Unit: currency, Kind: ledgeraccount.KindWALLET}
}

// on opens an account, does something in its book and closes it.
func (w *world) on(key ledger.Key, f func(ctx context.Context, b *ledger.Book) (*ent.LedgerEntry, error)) (e *ent.LedgerEntry, err error) {
	err = w.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error {
		b, err := w.books.Open(ctx, tx, key, nil)
		if err != nil {
			return err
		}
		if e, err = f(ctx, b); err != nil {
			return err
		}
		return b.Close(ctx)
	})
	return e, err
}

func (w *world) must(e *ent.LedgerEntry, err error) *ent.LedgerEntry {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
	return e
}

// give accrues what lives so long, 0 for ever.
func (w *world) give(key ledger.Key, n int64, lives time.Duration) *ent.LedgerEntry {
	w.t.Helper()
	var due *time.Time
	if lives > 0 {
		at := w.Clock.Now().Add(lives)
		due = &at
	}
	return w.must(w.on(key, func(ctx context.Context, b *ledger.Book) (*ent.LedgerEntry, error) {
		return b.Give(ctx, ledger.Posting{Kind: ledgerentry.KindACCRUAL, Amount: n, Contra: ledger.Issued, Cause: w.cause()}, due)
	}))
}

// spend takes the quick way.
func (w *world) spend(key ledger.Key, n int64) (e *ent.LedgerEntry, err error) {
	err = w.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error {
		b, err := w.books.Spend(ctx, tx, key, n, nil)
		if err != nil {
			return err
		}
		e, err = b.TakeLast(ctx, ledger.Posting{Kind: ledgerentry.KindREDEMPTION, Amount: n, Contra: ledger.Spent, Cause: w.cause()})
		return err
	})
	return e, err
}

func (w *world) hold(key ledger.Key, n int64, until time.Duration) (*ent.LedgerEntry, error) {
	var at *time.Time
	if until > 0 {
		t := w.Clock.Now().Add(until)
		at = &t
	}
	return w.on(key, func(ctx context.Context, b *ledger.Book) (*ent.LedgerEntry, error) {
		return b.Hold(ctx, ledger.Posting{Amount: n, Cause: w.cause()}, at)
	})
}

func (w *world) capture(key ledger.Key, hold uuid.UUID, n int64) (*ent.LedgerEntry, error) {
	return w.on(key, func(ctx context.Context, b *ledger.Book) (*ent.LedgerEntry, error) {
		return b.Capture(ctx, hold, n, ledger.Posting{Cause: w.cause()})
	})
}

func (w *world) release(key ledger.Key, hold uuid.UUID, n int64) (*ent.LedgerEntry, error) {
	return w.on(key, func(ctx context.Context, b *ledger.Book) (*ent.LedgerEntry, error) {
		return b.Release(ctx, hold, n, ledger.Posting{Cause: w.cause()})
	})
}

func (w *world) refund(key ledger.Key, spending uuid.UUID, n int64) (*ent.LedgerEntry, error) {
	return w.on(key, func(ctx context.Context, b *ledger.Book) (*ent.LedgerEntry, error) {
		return b.Refund(ctx, spending, n, ledger.Posting{Cause: w.cause()})
	})
}

func (w *world) reverse(key ledger.Key, entry uuid.UUID, short ledger.Short) (*ent.LedgerEntry, error) {
	return w.on(key, func(ctx context.Context, b *ledger.Book) (*ent.LedgerEntry, error) {
		return b.Reverse(ctx, entry, ledger.Posting{Cause: w.cause(), Short: short})
	})
}

func (w *world) replace(key ledger.Key, accrual uuid.UUID, n int64, short ledger.Short) (kept, reversed *ent.LedgerEntry, err error) {
	_, err = w.on(key, func(ctx context.Context, b *ledger.Book) (*ent.LedgerEntry, error) {
		kept, reversed, err = b.Replace(ctx, accrual, n, ledger.Posting{Cause: w.cause(), Short: short})
		return nil, err
	})
	return kept, reversed, err
}

func (w *world) id(key ledger.Key) (id uuid.UUID) {
	w.t.Helper()
	w.do(func(ctx context.Context, tx *store.Tx) error {
		b, err := w.books.Open(ctx, tx, key, nil)
		if err == nil {
			id, err = b.Account().ID, b.Close(ctx)
		}
		return err
	})
	return id
}

// move transfers between two accounts that are there.
func (w *world) move(from, to, by uuid.UUID, n, fee int64) (out *ent.LedgerEntry, err error) {
	err = w.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error {
		books, err := w.books.LockAll(ctx, tx, nil, from, to)
		if err != nil {
			return err
		}
		out, _, _, err = ledger.Move(ctx, tx, books[from], books[to], n, fee, ledger.MoveNote{Transfer: by, Cause: "transfer:" + by.String()})
		if err != nil {
			return err
		}
		return errors.Join(books[from].Close(ctx), books[to].Close(ctx))
	})
	return out, err
}

// account is an account as it is now.
func (w *world) account(key ledger.Key) (a *ent.LedgerAccount) {
	w.t.Helper()
	w.do(func(ctx context.Context, tx *store.Tx) error {
		b, err := w.books.Open(ctx, tx, key, nil)
		if err == nil {
			a, err = b.Account(), b.Close(ctx)
		}
		return err
	})
	return a
}

func (w *world) want(key ledger.Key, active, pending, held int64) {
	w.t.Helper()
	if a := w.account(key); a.Active != active || a.Pending != pending || a.Held != held {
		w.t.Errorf("active %d, pending %d, held %d; want %d, %d, %d\n%v", a.Active, a.Pending, a.Held, active, pending, held, w.book(key))
	}
}

// book lists an account's entries in order.
func (w *world) book(key ledger.Key) (lines []string) {
	w.t.Helper()
	rows, err := w.Query(context.Background(), `SELECT e.kind, e.amount, e.bucket FROM ledger_entries e JOIN ledger_accounts a ON a.id = e.account_id
		WHERE a.owner_id = ? AND a.unit = ? AND a.name = ? ORDER BY e.seq`, key.Owner, key.Unit, key.Name)
	if err != nil {
		w.t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var kind, bucket string
		var n int64
		if err := rows.Scan(&kind, &n, &bucket); err != nil {
			w.t.Fatal(err)
		}
		lines = append(lines, fmt.Sprintf("%s %+d %s", kind, n, bucket))
	}
	if rows.Err() != nil {
		w.t.Fatal(rows.Err())
	}
	return lines
}

// check proves the books now.
func (w *world) check() ledger.Summary {
	w.t.Helper()
	sum, err := w.books.Check(context.Background(), func(f ledger.Finding) { w.t.Error(f) })
	if err != nil {
		w.t.Error(err)
	}
	return sum
}

func wantErr(t testing.TB, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%v, want %v", err, want)
	}
}

func owner() uuid.UUID { return uuid.Must(uuid.NewV7()) }
