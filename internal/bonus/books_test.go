package bonus_test

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
	"kabinet/ent/generated/order"
	"kabinet/internal/bonus"
	"kabinet/internal/bonus/earning"
	"kabinet/internal/ledger"
	orders "kabinet/internal/order"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
	"kabinet/internal/viewer"
)

// TestMain keeps the property tests short unless their number is asked for.
func TestMain(m *testing.M) {
	flag.Parse()
	if f := flag.Lookup("rapid.checks"); f.Value.String() == f.DefValue {
		_ = f.Value.Set("8")
	}
	os.Exit(m.Run())
}

const day = 24 * time.Hour

// books are the points of one test; storetest proves the ledger when it ends.
type books struct {
	*storetest.DB
	t        testing.TB
	points   *bonus.Points
	earnings *earning.Earnings
	keys     atomic.Int64
	support  uuid.UUID
}

// terms are the default ones with what a test changes.
func terms(change func(*bonus.Terms)) bonus.Terms {
	t := bonus.DefaultTerms()
	if change != nil {
		change(&t)
	}
	return t
}

func openBooks(t testing.TB, db *storetest.DB, tt bonus.Terms) *books {
	t.Helper()
	b := &books{DB: db, t: t}
	b.points = &bonus.Points{Store: db.Store, Spent: spentOn}
	b.earnings = &earning.Earnings{Store: db.Store, Points: b.points}
	b.must(b.points.EnsureProgram(storetest.System(), tt))
	b.support = b.customer("support")
	return b
}

// spentOn is what server.go fills Points.Spent with.
var spentOn = (&orders.Orders{}).NoteSpent

// checkBooks fails the test for every kind of broken row.
func checkBooks(t testing.TB, p *bonus.Points) ledger.Summary {
	t.Helper()
	sum, err := p.Books().Check(context.Background(), func(f ledger.Finding) { t.Error(f) })
	if err != nil {
		t.Errorf("check: %v", err)
	}
	return sum
}

func (b *books) must(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
}

func (b *books) customer(name string) uuid.UUID {
	b.t.Helper()
	var id uuid.UUID
	b.must(b.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error {
		u, err := tx.User.Create().SetDisplayName(name).Save(ctx)
		if err == nil {
			id = u.ID
		}
		return err
	}))
	return id
}

// Staff is a context of somebody who may read and write everybody's points.
func (b *books) staff() context.Context {
	return viewer.With(context.Background(), viewer.Viewer{
		UserID: b.support, OwnerID: b.support, Staff: true, Locale: "en",
		Grants: map[viewer.Permission]viewer.Reach{{Resource: "bonus", Operation: "read"}: viewer.ReachAll, {Resource: "bonus", Operation: "write"}: viewer.ReachAll},
	})
}

func (b *books) key() string { return fmt.Sprintf("key-%d", b.keys.Add(1)) }

func usr(id uuid.UUID) scalar.ID { return scalar.ID{Prefix: "usr", UUID: id} }

// give accrues points that expire after a time; by the terms where it is 0.
func (b *books) give(user uuid.UUID, n int64, lives time.Duration) {
	b.t.Helper()
	in := bonus.AccruePointsInput{UserID: usr(user), Amount: n, Reason: "a gift", IdempotencyKey: b.key()}
	if lives > 0 {
		at := b.Clock.Now().Add(lives)
		in.ExpiresAt = &at
	}
	_, err := b.points.Accrue(b.staff(), in)
	b.must(err)
}

func (b *books) spend(user uuid.UUID, n int64, on *ent.Order) error {
	in := bonus.RedeemPointsInput{Amount: n, IdempotencyKey: b.key()}
	if on != nil {
		id := on.GlobalID()
		in.OrderID = &id
	}
	_, err := b.points.Redeem(storetest.As(user), in)
	return err
}

// order makes a placed order with a line for each total, in pence.
func (b *books) order(user uuid.UUID, totals ...int64) *ent.Order {
	b.t.Helper()
	var made *ent.Order
	b.must(b.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error {
		var sum int64
		for _, n := range totals {
			sum += n
		}
		o, err := tx.Order.Create().SetOwnerID(user).SetUserID(user).SetNumber(uuid.NewString()).SetCurrency("GBP").
			SetSubtotalMinor(sum).SetTotalMinor(sum).SetPlacedAt(tx.Now).Save(ctx)
		if err != nil {
			return err
		}
		for i, n := range totals {
			err := tx.OrderLine.Create().SetOwnerID(user).SetOrderID(o.ID).SetPosition(i).SetSku("SKU").SetTitle("Tea").
				SetQuantity(1).SetCurrency("GBP").SetUnitPriceMinor(n).SetTotalMinor(n).Exec(ctx)
			if err != nil {
				return err
			}
		}
		made = o
		return nil
	}))
	return made
}

// earn does what the domain of orders does when an order moves.
func (b *books) earn(o *ent.Order, moment string) (points int64) {
	b.t.Helper()
	b.must(b.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error {
		o, err := tx.Order.Query().Where(order.ID(o.ID)).WithLines().Only(ctx)
		if err != nil {
			return err
		}
		if points, err = b.earnings.EarnForOrder(ctx, tx, o, o.Edges.Lines, moment); err != nil || points == 0 {
			return err
		}
		return o.Update().AddPointsEarned(points).Exec(ctx)
	}))
	return points
}

// cancel does what the domain of orders does when an order is cancelled.
func (b *books) cancel(o *ent.Order) error {
	return b.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error {
		if err := tx.Lock(ctx, "orders", "id", o.ID); err != nil {
			return err
		}
		if err := b.points.UnearnForOrder(ctx, tx, o); err != nil {
			return err
		}
		return tx.Order.UpdateOneID(o.ID).SetStatus(order.StatusCANCELLED).SetPointsEarned(0).SetPointsSpent(0).Exec(ctx)
	})
}

// account is what a customer sees.
func (b *books) account(user uuid.UUID) *bonus.Account {
	b.t.Helper()
	a, err := b.points.AccountOf(storetest.As(user), user, nil)
	b.must(err)
	return a
}

// want compares what can be spent and what is on its way.
func (b *books) want(user uuid.UUID, available, pending int64) {
	b.t.Helper()
	a := b.account(user)
	if a.Available() != available || a.Pending != pending || a.Balance() != available+a.LedgerAccount.Held {
		b.t.Errorf("available %d, pending %d, balance %d; want %d and %d", a.Available(), a.Pending, a.Balance(), available, pending)
	}
}

// book lists an account's entries in order, as "KIND amount bucket".
func (b *books) book(user uuid.UUID) []string {
	b.t.Helper()
	rows, err := b.Query(context.Background(), `SELECT e.kind, e.amount, e.bucket FROM ledger_entries e WHERE e.owner_id = ? ORDER BY e.seq`, user)
	b.must(err)
	defer rows.Close()
	var lines []string
	for rows.Next() {
		var kind, bucket string
		var n int64
		b.must(rows.Scan(&kind, &n, &bucket))
		if bucket == "ACTIVE" {
			bucket = ""
		} else {
			bucket = " " + bucket
		}
		lines = append(lines, fmt.Sprintf("%s %+d%s", kind, n, bucket))
	}
	b.must(rows.Err())
	return lines
}

func (b *books) wantBook(user uuid.UUID, lines ...string) {
	b.t.Helper()
	if got := b.book(user); fmt.Sprint(got) != fmt.Sprint(lines) {
		b.t.Errorf("the book reads %q, want %q", got, lines)
	}
}

// on sets the policy, the days that points wait and those that they live.
func on(policy bonusprogram.ReturnPolicy, pending, lives int) bonus.Terms {
	return terms(func(t *bonus.Terms) { t.ReturnPolicy, t.PendingDays, t.LotDays = policy, pending, lives })
}
