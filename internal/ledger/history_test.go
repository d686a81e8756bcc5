package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/ledgerentry"
	"kabinet/internal/ledger"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
)

// act is what one of many asked of an account, and answer what he heard.
type act struct {
	kind   string
	n      int64
	before int // how many heard of the account just before this changed it: these come first, or the search never ends
}

type answer struct {
	refused       bool
	seq, balance  int64 // of the entry; of a read and a refusal, the last one's
	active, total int64 // of a read; active also of a refusal
}

func (o answer) changed(in act) bool { return !o.refused && in.kind != "read" }

// counters are the state of an account of which nothing is known but this.
type counters struct {
	active, held, seq int64
	heard             int // who read it, or was refused, since it changed
}

// sequential is an account used by one at a time.
var sequential = porcupine.Model{
	Init: func() any { return counters{} },
	Step: func(state, input, output any) (bool, any) {
		s, in, out := state.(counters), input.(act), output.(answer)
		next := s
		if !out.changed(in) {
			next.heard++
			if out.seq != s.seq || out.active != s.active {
				return false, s
			}
			return in.kind == "read" && out.total == s.active+s.held || out.refused && in.kind != "give" && s.active < in.n, next
		}
		if next.seq++; s.heard < in.before {
			return false, s
		}
		next.heard = 0
		switch in.kind {
		case "give":
			next.active += in.n
		case "spend", "hold":
			if s.active < in.n {
				return false, s
			}
			next.active -= in.n
			if in.kind == "hold" {
				next.held += in.n
			}
		}
		return out.seq == next.seq && out.balance == next.active+next.held, next
	},
	DescribeOperation: func(input, output any) string { return fmt.Sprintf("%+v -> %+v", input, output) },
}

// A hundred writers and some readers of one account, through two instances,
// hear answers that one at a time could have heard, each in the time in which
// he waited. security K1 K15 L7
func TestOneAccountIsLinearizable(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := openWorld(t, db, 0, nil)
		key := pointsOf(owner())
		w.id(key)
		second, err := store.Open(context.Background(), store.Options{URL: db.URL, Clock: db.Clock.Now})
		if err != nil {
			t.Fatal(err)
		}
		defer second.Close()
		others := &world{DB: &storetest.DB{Store: second, Clock: db.Clock}, t: t, books: &ledger.Books{Store: second}}
		others.keys.Store(1 << 40)

		var mu sync.Mutex
		var history []porcupine.Operation
		start := time.Now()
		var wg sync.WaitGroup
		for client := range 100 {
			wg.Go(func() {
				at := w
				if client%2 == 1 {
					at = others
				}
				for range 4 {
					in := act{kind: []string{"give", "give", "spend", "spend", "hold", "read"}[rand.IntN(6)], n: 1 + rand.Int64N(9)}
					call := time.Since(start)
					out, err := at.ask(key, in)
					back := time.Since(start)
					if err != nil {
						t.Error(err)
						return
					}
					mu.Lock()
					history = append(history, porcupine.Operation{ClientId: client, Input: in, Output: out, Call: call.Nanoseconds(), Return: back.Nanoseconds()})
					mu.Unlock()
				}
			})
		}
		wg.Wait()
		history = pinned(history)
		switch porcupine.CheckOperationsTimeout(sequential, history, time.Minute) {
		case porcupine.Illegal:
			t.Error("no order of these acts gives these answers")
		case porcupine.Unknown:
			t.Error("it was not found out within a minute")
		}
		for i, o := range history { // the test can fail: an answer from before it was asked
			if out := o.Output.(answer); out.changed(o.Input.(act)) && out.seq == 50 {
				history[i].Call, history[i].Return = o.Call+int64(time.Hour), o.Return+int64(time.Hour)
			}
		}
		if porcupine.CheckOperations(sequential, history) {
			t.Error("a lie was believed")
		}
	})
}

// pinned tells each act that changed the account how many heard of it before.
func pinned(history []porcupine.Operation) []porcupine.Operation {
	heard := map[int64]int{}
	for _, o := range history {
		if out := o.Output.(answer); !out.changed(o.Input.(act)) {
			heard[out.seq]++
		}
	}
	for i, o := range history {
		in := o.Input.(act)
		if out := o.Output.(answer); out.changed(in) {
			in.before = heard[out.seq-1]
			history[i].Input = in
		}
	}
	return history
}

// ask does an act and says what was heard; who is refused looks at the account
// that he still holds.
func (w *world) ask(key ledger.Key, in act) (out answer, err error) {
	if in.kind == "read" {
		return w.read(key)
	}
	err = w.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error {
		e, err := w.write(ctx, tx, key, in)
		switch {
		case errors.Is(err, ledger.ErrTooFewPoints):
			b, err := w.books.LockKey(ctx, tx, key, nil)
			if err == nil {
				out = answer{refused: true, active: b.Account().Active, seq: b.Account().Seq}
			}
			return err
		case err == nil:
			out = answer{seq: e.Seq, balance: e.BalanceAfter}
		}
		return err
	})
	return out, err
}

func (w *world) write(ctx context.Context, tx *store.Tx, key ledger.Key, in act) (*ent.LedgerEntry, error) {
	p := ledger.Posting{Kind: ledgerentry.KindACCRUAL, Amount: in.n, Contra: ledger.Issued, Cause: w.cause()}
	if in.kind == "give" {
		b, err := w.books.Open(ctx, tx, key, nil)
		if err != nil {
			return nil, err
		}
		return b.GiveAndClose(ctx, p, nil)
	}
	b, err := w.books.Spend(ctx, tx, key, in.n, nil)
	if err != nil {
		return nil, err
	}
	if in.kind == "spend" {
		p.Kind, p.Contra = ledgerentry.KindREDEMPTION, ledger.Spent
		return b.TakeLast(ctx, p)
	}
	e, err := b.Hold(ctx, p, nil)
	return e, errors.Join(err, b.Close(ctx))
}

// read is what a reader does, without a lock.
func (w *world) read(key ledger.Key) (out answer, err error) {
	rows, err := w.Query(context.Background(), `SELECT active, active + held, seq FROM ledger_accounts WHERE owner_id = ? AND unit = ? AND kind = ? AND name = ''`, key.Owner, key.Unit, string(key.Kind))
	if err != nil {
		return out, err
	}
	defer rows.Close()
	if !rows.Next() {
		return out, errors.Join(rows.Err(), errors.New("there is no account"))
	}
	return out, rows.Scan(&out.active, &out.total, &out.seq)
}

// security K4: of a hundred who give for one cause, one gives.
func TestOneCauseOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := openWorld(t, db, 0, nil)
		key := pointsOf(owner())
		w.id(key)
		var wg sync.WaitGroup
		for range 100 {
			wg.Go(func() {
				_, err := w.on(key, func(ctx context.Context, b *ledger.Book) (*ent.LedgerEntry, error) {
					return b.Give(ctx, ledger.Posting{Kind: ledgerentry.KindACCRUAL, Amount: 7, Contra: ledger.Issued, Cause: "order:1:earn"}, nil)
				})
				if err != nil && !store.IsUnique(err) {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		w.want(key, 7, 0, 0)
	})
}

// security K12: of a hundred acts in one transaction the 57th is refused, and
// nothing of any remains.
func TestBulkIsAllOrNothing(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := openWorld(t, db, 0, nil)
		var keys []ledger.Key
		for range 100 {
			keys = append(keys, pointsOf(owner()))
			w.give(keys[len(keys)-1], 5, 0)
		}
		give := func(refuse int) error {
			return w.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error {
				for i, k := range keys {
					b, err := w.books.Open(ctx, tx, k, nil)
					if err != nil {
						return err
					}
					n := int64(5)
					if i == refuse {
						n = 6
					}
					p := ledger.Posting{Kind: ledgerentry.KindADJUSTMENT, Amount: n, Contra: ledger.Adjusted, Cause: "bulk"}
					if _, err := b.TakeAndClose(ctx, p); err != nil {
						return err
					}
				}
				return nil
			})
		}
		wantErr(t, give(56), ledger.ErrTooFewPoints)
		for _, k := range keys {
			w.want(k, 5, 0, 0)
		}
		if err := give(-1); err != nil {
			t.Error(err)
		}
		w.want(keys[99], 0, 0, 0)
	})
}
