package tier_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/bonusprogram"
	"kabinet/ent/generated/ledgeraccount"
	"kabinet/ent/generated/ledgerentry"
	"kabinet/ent/generated/order"
	enttier "kabinet/ent/generated/tier"
	"kabinet/ent/generated/tierchange"
	"kabinet/internal/ledger"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
	"kabinet/internal/tier"
	"kabinet/internal/viewer"
)

// TestMain keeps the property tests short unless their number is asked for.
func TestMain(m *testing.M) {
	flag.Parse()
	if f := flag.Lookup("rapid.checks"); f.Value.String() == f.DefValue {
		_ = f.Value.Set("6")
	}
	os.Exit(m.Run())
}

const day = 24 * time.Hour

// world is a programme with tiers, and whoever has them.
type world struct {
	*storetest.DB
	t       testing.TB
	books   *ledger.Books
	tiers   *tier.Tiers
	program uuid.UUID
	support uuid.UUID
	keys    atomic.Int64
}

func newWorld(t testing.TB, db *storetest.DB) *world {
	t.Helper()
	w := &world{DB: db, t: t, books: &ledger.Books{Store: db.Store}}
	w.tiers = &tier.Tiers{Store: db.Store, Account: func(ctx context.Context, tx *store.Tx, owner uuid.UUID, program *uuid.UUID) (uuid.UUID, error) {
		b, err := w.books.Open(ctx, tx, w.card(owner), nil)
		if err != nil {
			return uuid.Nil, err
		}
		return b.Account().ID, b.Close(ctx)
	}}
	w.tx(func(ctx context.Context, tx *store.Tx) error {
		p, err := tx.BonusProgram.Create().SetName("points").SetUnit("PTS:points").SetIsDefault(true).
			SetTexts(map[string]map[string]string{"en": {"name": "Points", "unit": "points"}}).SetLotPolicy(bonusprogram.LotPolicyNEVER).Save(ctx)
		if err != nil {
			return err
		}
		w.program = p.KeyID
		return ledger.MakeSystemAccounts(ctx, tx, p.Unit, &p.KeyID)
	})
	w.support = w.customer("support")
	return w
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) tx(do func(ctx context.Context, tx *store.Tx) error) {
	w.t.Helper()
	w.must(w.InTx(storetest.System(), do))
}

func (w *world) customer(name string) (id uuid.UUID) {
	w.t.Helper()
	w.tx(func(ctx context.Context, tx *store.Tx) error {
		u, err := tx.User.Create().SetDisplayName(name).Save(ctx)
		if err == nil {
			id = u.ID
		}
		return err
	})
	return id
}

func (w *world) card(owner uuid.UUID) ledger.Key {
	return ledger.Key{Owner: owner, Unit: "PTS:points", Kind: ledgeraccount.KindBONUS, Program: &w.program}
}

// staff may read and write everybody's points.
func (w *world) staff() context.Context {
	return viewer.With(context.Background(), viewer.Viewer{
		UserID: w.support, OwnerID: w.support, Staff: true, Locale: "en",
		Grants: map[viewer.Permission]viewer.Reach{{Resource: "bonus", Operation: "read"}: viewer.ReachAll, {Resource: "bonus", Operation: "write"}: viewer.ReachAll},
	})
}

// ladder makes Standard, Silver from 100 and Gold from 500 points, with what a
// test changes of their terms.
func (w *world) ladder(change func(*tier.SaveTierInput)) (tiers []*ent.Tier) {
	w.t.Helper()
	for rank, t := range []struct {
		handle string
		points int64
	}{{"standard", 0}, {"silver", 100}, {"gold", 500}} {
		tiers = append(tiers, w.save(rank, t.handle, t.points, change))
	}
	return tiers
}

func (w *world) save(rank int, handle string, points int64, change func(*tier.SaveTierInput)) *ent.Tier {
	w.t.Helper()
	in := tier.SaveTierInput{Handle: &handle, Rank: rank, Texts: []*scalar.Translation{{Locale: "en", Name: handle}}, EarnedThreshold: &points}
	if change != nil {
		change(&in)
	}
	t, err := w.tiers.Save(w.staff(), in)
	w.must(err)
	return t
}

// days are terms of rolling windows and deadlines of so many days.
func days(window, keep, grace int, fall tier.TierDowngrade) func(*tier.SaveTierInput) {
	return func(in *tier.SaveTierInput) {
		k := tier.TierKeep("DAYS")
		in.WindowDays, in.Keep, in.KeepDays, in.GraceDays, in.Downgrade = &window, &k, &keep, &grace, &fall
	}
}

// earn gives points and lets the hearer look at the account.
func (w *world) earn(owner uuid.UUID, n int64) (entry uuid.UUID) {
	w.t.Helper()
	w.tx(func(ctx context.Context, tx *store.Tx) error {
		b, err := w.books.Open(ctx, tx, w.card(owner), nil)
		if err != nil {
			return err
		}
		e, err := b.Give(ctx, ledger.Posting{Kind: ledgerentry.KindACCRUAL, Amount: n, Bucket: ledgerentry.BucketACTIVE, Contra: ledger.Issued,
			Cause: fmt.Sprint("test:", w.keys.Add(1))}, nil)
		if err != nil {
			return err
		}
		entry = e.ID
		return b.Close(ctx)
	})
	w.look(owner)
	return entry
}

// back takes an accrual back, as a return does.
func (w *world) back(owner, entry uuid.UUID) {
	w.t.Helper()
	w.tx(func(ctx context.Context, tx *store.Tx) error {
		b, err := w.books.Open(ctx, tx, w.card(owner), nil)
		if err != nil {
			return err
		}
		if _, err := b.Reverse(ctx, entry, ledger.Posting{Cause: fmt.Sprint("test:back:", entry)}); err != nil {
			return err
		}
		return b.Close(ctx)
	})
	w.look(owner)
}

// look is what the hearers do.
func (w *world) look(owner uuid.UUID) {
	w.t.Helper()
	id := w.account(owner).ID
	w.tx(func(ctx context.Context, tx *store.Tx) error { return w.tiers.Review(ctx, tx, id) })
}

// clock does the work of the clock until there is none.
func (w *world) clock() (looked int) {
	w.t.Helper()
	for range 100 {
		n, err := w.tiers.ReviewDue(storetest.System(), 10)
		w.must(err)
		if looked += n; n == 0 {
			return looked
		}
	}
	w.t.Fatal("the clock finds no end")
	return looked
}

func (w *world) account(owner uuid.UUID) *ent.LedgerAccount {
	w.t.Helper()
	a, err := w.Client.LedgerAccount.Query().Where(ledgeraccount.OwnerID(owner), ledgeraccount.KindEQ(ledgeraccount.KindBONUS)).Only(storetest.System())
	w.must(err)
	return a
}

// book lists the changes of an account's tier, as "KIND from to".
func (w *world) book(owner uuid.UUID) (lines []string) {
	w.t.Helper()
	rows, err := w.Client.TierChange.Query().Where(tierchange.OwnerID(owner)).Order(ent.Asc(tierchange.FieldSeq)).All(storetest.System())
	w.must(err)
	for i, c := range rows {
		if c.Seq != int64(i+1) {
			w.t.Errorf("change %d has the number %d", i+1, c.Seq)
		}
		lines = append(lines, fmt.Sprintf("%s %s", c.Kind, w.handle(c.ToID)))
	}
	return lines
}

func (w *world) handle(key *uuid.UUID) string {
	if key == nil {
		return "none"
	}
	t, err := w.Client.Tier.Query().Where(enttier.KeyID(*key)).Order(ent.Desc(enttier.FieldVersion)).First(storetest.System())
	w.must(err)
	return t.Handle
}

// want compares the tier, and how many days it is still kept; -1: without end.
func (w *world) want(owner uuid.UUID, handle string, left float64) {
	w.t.Helper()
	a := w.account(owner)
	got := -1.0
	if a.TierUntilAt != nil {
		got = a.TierUntilAt.Sub(w.Clock.Now()).Hours() / 24
	}
	if h := w.handle(a.TierID); h != handle || got != left {
		w.t.Errorf("%s for %v days, want %s for %v", h, got, handle, left)
	}
}

func (w *world) wantBook(owner uuid.UUID, lines ...string) {
	w.t.Helper()
	if got := w.book(owner); fmt.Sprint(got) != fmt.Sprint(lines) {
		w.t.Errorf("the book of tiers reads %q, want %q", got, lines)
	}
}

// bought makes a completed order.
func (w *world) bought(owner uuid.UUID, minor int64, currency string) (id uuid.UUID) {
	w.t.Helper()
	w.tx(func(ctx context.Context, tx *store.Tx) error {
		o, err := tx.Order.Create().SetOwnerID(owner).SetUserID(owner).SetNumber(uuid.NewString()).SetCurrency(currency).SetStatus(order.StatusCOMPLETED).
			SetSubtotalMinor(minor).SetTotalMinor(minor).SetPaidMinor(minor).SetPlacedAt(tx.Now).Save(ctx)
		if err == nil {
			id = o.ID
		}
		return err
	})
	return id
}

// events counts the facts of a kind on a person's stream.
func (w *world) events(owner uuid.UUID, kind string) (n int) {
	w.t.Helper()
	rows, err := w.Query(context.Background(), `SELECT count(*) FROM account_events WHERE stream_id = ? AND kind = ?`, owner, kind)
	w.must(err)
	defer rows.Close()
	for rows.Next() {
		w.must(rows.Scan(&n))
	}
	return n
}

func money(amount, currency string) *scalar.MoneyInput {
	return &scalar.MoneyInput{Amount: amount, Currency: currency}
}
