package bonus_test

import (
	"context"
	"strings"
	"testing"

	"github.com/google/uuid"

	"entgo.io/ent/dialect"

	"kabinet/internal/ledger"
	"kabinet/internal/store/storetest"
)

// lived is a ledger with some of everything in it.
func lived(t *testing.T, db *storetest.DB) (b *books, alice uuid.UUID) {
	b = openBooks(t, db, on(upToBalance, 2, 30))
	alice = b.customer("alice")
	bob := b.customer("bob")
	for _, p := range []uuid.UUID{alice, bob} {
		b.give(p, 100, 5*day)
		o := b.order(p, 5000)
		b.earn(o, "DELIVERED")
		b.must(b.spend(p, 40, o))
		b.Clock.Add(3 * day)
		b.must(b.spend(p, 20, nil))
		b.earn(b.order(p, 700), "DELIVERED")
		b.must(b.cancel(o))
	}
	b.Clock.Add(3 * day)
	b.want(alice, 7, 0)
	return b, alice
}

func TestCheck(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		b, _ := lived(t, db)
		sum := checkBooks(t, b.points)
		if sum.Accounts != 2 || sum.Entries != 18 || sum.Units["PTS:points"] != 94 || sum.Findings != 0 {
			t.Errorf("%+v", sum)
		}
		if s := sum.String(); !strings.Contains(s, "the books balance") || !strings.Contains(s, "PTS:points 94") {
			t.Error(s)
		}
	})
}

// security K16: whoever changes the books by hand is found, each way by the
// rule that names it. Each statement runs on books of its own.
func TestCheckFindsTampering(t *testing.T) {
	const entry = ` WHERE id = (SELECT id FROM ledger_entries WHERE account_id = (SELECT id FROM ledger_accounts WHERE owner_id = ?) AND `
	for name, c := range map[string]struct {
		change string // ? is alice
		finds  string // rules that must be among those named, by spaces
	}{
		"amount":          {`UPDATE ledger_entries SET amount = amount + 1` + entry + `seq = 1)`, "hash balance_after balance sum"},
		"explain":         {`UPDATE ledger_entries SET explain = '{"version": 2}'` + entry + `seq = 1)`, "hash"},
		"time":            {`UPDATE ledger_entries SET created_at = '2020-01-01 00:00:00+00:00'` + entry + `seq = 1)`, "hash"},
		"order":           {`UPDATE ledger_entries SET order_id = NULL` + entry + `kind = 'ACCRUAL' AND amount = 7)`, "hash points_earned"},
		"deleted":         {`DELETE FROM ledger_entries` + entry + `seq = 2)`, "seq hash balance"},
		"deleted tail":    {`DELETE FROM ledger_entries` + entry + `seq > 0 ORDER BY seq DESC LIMIT 1)`, "seq_end head_hash balance"},
		"unit":            {`UPDATE ledger_entries SET unit = 'EUR'` + entry + `seq = 1)`, "hash account contra"},
		"contra":          {`UPDATE ledger_entries SET contra_id = '00000000-0000-7000-8000-00000000000f'` + entry + `seq = 1)`, "hash contra"},
		"parent":          {`UPDATE ledger_entries SET parent_id = '00000000-0000-7000-8000-00000000000f'` + entry + `kind = 'REFUND')`, "hash parent"},
		"refunded more":   {`UPDATE ledger_entries SET amount = amount + 1` + entry + `kind = 'REFUND')`, "hash children"},
		"balance":         {`UPDATE ledger_accounts SET active = active + 5 WHERE owner_id = ?`, "balance lots_active sum"},
		"pending":         {`UPDATE ledger_accounts SET pending = pending + 5 WHERE owner_id = ?`, "balance lots_pending sum"},
		"head":            {`UPDATE ledger_accounts SET head_hash = NULL WHERE owner_id = ?`, "head_hash"},
		"due":             {`UPDATE ledger_accounts SET next_due_at = NULL WHERE owner_id = ?`, "due"},
		"lot":             {`UPDATE ledger_lots SET remaining = remaining - 1 WHERE remaining > 0 AND owner_id = ?`, "lot_moves lots_active"},
		"lot moved":       {`UPDATE ledger_lots SET account_id = (SELECT id FROM ledger_accounts WHERE owner_id <> ? AND kind = 'BONUS' LIMIT 1) WHERE remaining > 0`, "moves_lot lots_active"},
		"move":            {`UPDATE ledger_lot_moves SET amount = amount - 1 WHERE lot_id IN (SELECT id FROM ledger_lots WHERE owner_id = ?)`, "lot_moves moves_entry"},
		"account deleted": {`DELETE FROM ledger_accounts WHERE owner_id = ?`, "orphan"},
		"order's points":  {`UPDATE orders SET points_earned = points_earned + 1 WHERE owner_id = ?`, "points_earned"},
		"order's spent":   {`UPDATE orders SET points_spent = points_spent + 1 WHERE owner_id = ?`, "points_spent"},
	} {
		t.Run(name, func(t *testing.T) {
			storetest.Each(t, func(t *testing.T, db *storetest.DB) {
				b, alice := lived(t, db)
				b.Tampered()
				b.tamper(c.change, alice)
				found := map[string]ledger.Finding{}
				sum, err := b.points.Books().Check(context.Background(), func(f ledger.Finding) {
					if _, twice := found[f.Rule]; twice {
						t.Errorf("%s is reported twice", f.Rule)
					}
					found[f.Rule] = f
				})
				b.must(err)
				for _, rule := range strings.Fields(c.finds) {
					if f, ok := found[rule]; !ok || f.ID == uuid.Nil || !strings.Contains(f.String(), f.ID.String()) {
						t.Errorf("rule %s found nothing; found: %v", rule, found)
					}
				}
				if sum.Findings != len(found) {
					t.Errorf("%d findings, %d reported", sum.Findings, len(found))
				}
			})
		})
	}
}

// tamper is what somebody with the database's password can do.
func (b *books) tamper(change string, args ...any) {
	b.t.Helper()
	w := b.Writer()
	for _, table := range []string{"ledger_entries", "ledger_lot_moves"} {
		for _, trigger := range []string{"_append_only", "_keep"} {
			drop := `DROP TRIGGER ` + table + trigger
			if b.Dialect() == dialect.Postgres {
				drop += ` ON ` + table
			}
			_, err := w.Exec(drop)
			b.must(err)
		}
	}
	if b.Dialect() == dialect.Postgres {
		change = strings.Replace(change, "?", "$1", 1)
	}
	res, err := w.Exec(change, args...)
	b.must(err)
	if n, _ := res.RowsAffected(); n == 0 {
		b.t.Fatalf("nothing was changed by %s", change)
	}
}

// security K16: without dropping the triggers nobody changes an entry at all.
func TestEntriesAreNeverChanged(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		b, _ := lived(t, db)
		for _, change := range []string{
			`UPDATE ledger_entries SET amount = 1`, `DELETE FROM ledger_entries`,
			`UPDATE ledger_lot_moves SET amount = 1`, `DELETE FROM ledger_lot_moves`,
		} {
			if _, err := b.Writer().Exec(change); err == nil || !strings.Contains(err.Error(), "append-only") {
				t.Errorf("%s: %v", change, err)
			}
		}
	})
}

// The books can be proven while others write.
func TestCheckWhileOthersWrite(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		b, alice := lived(t, db)
		stop, done := make(chan struct{}), make(chan struct{})
		go func() {
			defer close(done)
			for {
				select {
				case <-stop:
					return
				default:
					b.give(alice, 3, day)
					if err := b.spend(alice, 2, nil); err != nil {
						t.Error(err)
					}
				}
			}
		}()
		for range 10 {
			checkBooks(t, b.points)
		}
		close(stop)
		<-done
	})
}
