package bonus_test

import (
	"context"
	"encoding/json"
	"math"
	"sync"
	"sync/atomic"
	"testing"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/bonusprogram"
	"kabinet/ent/generated/ledgerentry"
	"kabinet/internal/bonus"
	"kabinet/internal/fault"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
	"kabinet/internal/viewer"
)

func TestEarnForOrder(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		b := openBooks(t, db, terms(nil))
		alice := b.customer("alice")
		o := b.order(alice, 1999, 99, 250) // 19 + 0 + 2
		if n := b.earn(o, "PLACED"); n != 0 {
			t.Errorf("earned %d when it was placed", n)
		}
		if n := b.earn(o, "DELIVERED"); n != 21 {
			t.Errorf("earned %d", n)
		}
		if n := b.earn(o, "DELIVERED"); n != 0 {
			t.Errorf("earned %d more the second time", n)
		}
		b.want(alice, 21, 0)
		e, err := b.Client.LedgerEntry.Query().Where(ledgerentry.OrderID(o.ID)).Only(storetest.As(alice))
		b.must(err)
		text, _ := json.Marshal(e.Explain)
		var said struct {
			ProgramID string
			Version   int
			Lines     []struct {
				LineID string
				Points int64
			}
		}
		b.must(json.Unmarshal(text, &said))
		if said.Version != 1 || said.ProgramID[:5] != "prog_" || len(said.Lines) != 2 || said.Lines[0].Points != 19 || said.Lines[1].LineID[:5] != "line_" {
			t.Errorf("explained as %s", text)
		}
		guest := b.order(viewer.House, 5000)
		if n := b.earn(guest, "DELIVERED"); n != 0 {
			t.Errorf("a guest earned %d", n)
		}
	})
}

// security K8
func TestEarnInItsCurrencyOnly(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		b := openBooks(t, db, terms(func(t *bonus.Terms) { t.Currency = "EUR" }))
		alice := b.customer("alice")
		if n := b.earn(b.order(alice, 5000), "DELIVERED"); n != 0 {
			t.Errorf("pounds earned %d where euros earn", n)
		}
		b.want(alice, 0, 0)
	})
}

// security K10: the same order, delivered many times at once.
func TestEarnOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		b := openBooks(t, db, terms(nil))
		alice := b.customer("alice") // whose account is made by whoever is first
		o := b.order(alice, 3000)
		var total atomic.Int64
		var wg sync.WaitGroup
		for range 20 {
			wg.Go(func() { total.Add(b.earn(o, "DELIVERED")) })
		}
		wg.Wait()
		if total.Load() != 30 {
			t.Errorf("earned %d in all", total.Load())
		}
		b.want(alice, 30, 0)
	})
}

func TestEarnTooMuch(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		b := openBooks(t, db, terms(func(t *bonus.Terms) { t.EarnPoints = math.MaxInt32 }))
		alice := b.customer("alice")
		o := b.order(alice, 1<<50)
		err := b.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error {
			_, err := b.earnings.EarnForOrder(ctx, tx, o, []*ent.OrderLine{{TotalMinor: 1 << 50, Quantity: 1}}, "DELIVERED")
			return err
		})
		wantErr(t, err, fault.ErrOutOfRange)
	})
}

// What was earned lives by the terms it was earned by, also when they change
// while it is pending.
func TestEarnedByAnOlderVersion(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		b := openBooks(t, db, on(bonusprogram.ReturnPolicyUP_TO_BALANCE, 2, 10))
		alice := b.customer("alice")
		b.earn(b.order(alice, 1000), "DELIVERED")
		b.want(alice, 0, 10)
		b.must(b.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error {
			p, err := tx.BonusProgram.Query().Only(ctx)
			if err != nil {
				return err
			}
			if err := p.Update().SetRetiredAt(tx.Now).Exec(ctx); err != nil {
				return err
			}
			return tx.BonusProgram.Create().SetName(p.Name).SetUnit(p.Unit).SetKeyID(p.KeyID).SetVersion(2).SetTexts(p.Texts).
				SetIsDefault(true).SetEarnPoints(5).SetLotDays(1).Exec(ctx)
		}))
		b.Clock.Add(5 * day) // the cache of programmes is read anew too
		if n := b.earn(b.order(alice, 1000), "DELIVERED"); n != 50 {
			t.Errorf("by the new terms it earns %d", n)
		}
		b.want(alice, 60, 0)
		b.Clock.Add(3 * day)
		b.want(alice, 10, 0) // the new ones lived a day
		b.Clock.Add(3 * day)
		b.want(alice, 10, 0)
		b.Clock.Add(day)
		b.want(alice, 0, 0) // the old ones ten, from the day they became active
	})
}
