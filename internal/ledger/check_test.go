package ledger_test

import (
	"context"
	"strings"
	"testing"

	"entgo.io/ent/dialect"
	"github.com/google/uuid"

	"kabinet/internal/ledger"
	"kabinet/internal/store/storetest"
)

// lived is a ledger with holds, transfers and fees in it.
func lived(t *testing.T, db *storetest.DB) (w *world, alice ledger.Key) {
	w = openWorld(t, db, 0, nil)
	alice, bob := pointsOf(owner()), pointsOf(owner())
	w.give(alice, 100, 30*day)
	w.give(alice, 50, 0)
	h := w.must(w.hold(alice, 60, day))
	c := w.must(w.capture(alice, h.ID, 20))
	w.must(w.release(alice, h.ID, 10))
	w.must(w.refund(alice, c.ID, 5))
	if _, err := w.move(w.id(alice), w.id(bob), uuid.New(), 15, 2); err != nil {
		t.Fatal(err)
	}
	if _, err := w.move(w.id(bob), w.id(alice), uuid.New(), 3, 1); err != nil {
		t.Fatal(err)
	}
	return w, alice
}

func TestCheckKnowsHoldsAndTransfers(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w, _ := lived(t, db)
		if sum := w.check(); sum.Accounts != 2 || sum.Entries != 12 || sum.Units[unit] != 132 || sum.Findings != 0 {
			t.Errorf("%+v", sum)
		}
	})
}

// security K16: whoever changes holds, transfers or fees by hand is found by
// the rule that names it.
func TestCheckFindsTamperingWithHoldsAndTransfers(t *testing.T) {
	const entry = ` WHERE id = (SELECT id FROM ledger_entries WHERE account_id = (SELECT id FROM ledger_accounts WHERE owner_id = ?) AND `
	for name, c := range map[string]struct {
		change string // ? is alice
		finds  string // rules that must be among those named, by spaces
	}{
		"captured more":     {`UPDATE ledger_entries SET amount = -21` + entry + `kind = 'CAPTURE')`, "hash holds balance"},
		"captured too much": {`UPDATE ledger_entries SET amount = -70` + entry + `kind = 'CAPTURE')`, "hash holds children"},
		"released more":     {`UPDATE ledger_entries SET amount = 11` + entry + `kind = 'RELEASE')`, "hash holds moves_between"},
		"released nothing":  {`UPDATE ledger_entries SET parent_id = NULL` + entry + `kind = 'RELEASE')`, "hash of_hold holds"},
		"held lot":          {`UPDATE ledger_lots SET remaining = remaining - 1 WHERE bucket = 'HELD' AND remaining > 0 AND owner_id = ?`, "holds lot_moves lots_held"},
		"held lot is free":  {`UPDATE ledger_lots SET bucket = 'ACTIVE' WHERE bucket = 'HELD' AND remaining > 0 AND owner_id = ?`, "holds lots_held lots_active moves_between"},
		"held":              {`UPDATE ledger_accounts SET held = held - 1, active = active + 1 WHERE owner_id = ?`, "balance lots_held lots_active"},
		"half a transfer":   {`DELETE FROM ledger_entries` + entry + `kind = 'TRANSFER' AND amount = -15)`, "seq transit fee"},
		"transfer":          {`UPDATE ledger_entries SET amount = -14` + entry + `kind = 'TRANSFER' AND amount = -15)`, "hash transit"},
		"of no transfer":    {`UPDATE ledger_entries SET transfer_id = NULL` + entry + `kind = 'TRANSFER' AND amount = -15)`, "hash transit fee"},
		"fee":               {`UPDATE ledger_entries SET amount = -1` + entry + `kind = 'FEE')`, "hash balance_after balance"},
		"fee of nothing":    {`UPDATE ledger_entries SET parent_id = NULL` + entry + `kind = 'FEE')`, "hash fee"},
		"below the floor":   {`UPDATE ledger_entries SET amount = -200` + entry + `kind = 'FEE')`, "hash negative"},
	} {
		t.Run(name, func(t *testing.T) {
			storetest.Each(t, func(t *testing.T, db *storetest.DB) {
				w, alice := lived(t, db)
				w.tamper(c.change, alice.Owner)
				found := map[string]ledger.Finding{}
				_, err := w.books.Check(context.Background(), func(f ledger.Finding) { found[f.Rule] = f })
				if err != nil {
					t.Fatal(err)
				}
				for _, rule := range strings.Fields(c.finds) {
					if f, ok := found[rule]; !ok || f.ID == uuid.Nil {
						t.Errorf("rule %s found nothing; found: %v", rule, found)
					}
				}
			})
		})
	}
}

// The first broken entry of an account is the one that is named, not those
// that follow it.
func TestCheckNamesTheFirst(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := openWorld(t, db, 0, nil)
		alice := pointsOf(owner())
		var ids []uuid.UUID
		for range 10 {
			ids = append(ids, w.give(alice, 5, 0).ID)
		}
		w.tamper(`UPDATE ledger_entries SET cause_key = 'x' || seq WHERE owner_id = ? AND seq IN (4, 7)`, alice.Owner)
		_, err := w.books.Check(context.Background(), func(f ledger.Finding) {
			if f.Rule != "hash" || f.ID != ids[3] || !strings.Contains(f.String(), "number 4") {
				t.Error(f)
			}
		})
		if err != nil {
			t.Error(err)
		}
	})
}

// tamper is what somebody with the database's password can do.
func (w *world) tamper(change string, args ...any) {
	w.t.Helper()
	w.Tampered()
	db := w.Writer()
	for _, table := range []string{"ledger_entries", "ledger_lot_moves"} {
		for _, trigger := range []string{"_append_only", "_keep"} {
			drop := `DROP TRIGGER ` + table + trigger
			if w.Dialect() == dialect.Postgres {
				drop += ` ON ` + table
			}
			if _, err := db.Exec(drop); err != nil {
				w.t.Fatal(err)
			}
		}
	}
	if w.Dialect() == dialect.Postgres {
		change = strings.Replace(change, "?", "$1", 1)
	}
	res, err := db.Exec(change, args...)
	if err != nil {
		w.t.Fatal(err)
	}
	if n, _ := res.RowsAffected(); n == 0 {
		w.t.Fatalf("nothing was changed by %s", change)
	}
}
