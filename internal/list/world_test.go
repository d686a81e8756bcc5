package list_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/riverqueue/river"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/company"
	entorder "kabinet/ent/generated/order"
	entuser "kabinet/ent/generated/user"
	"kabinet/internal/event"
	"kabinet/internal/fault"
	"kabinet/internal/job"
	"kabinet/internal/list"
	"kabinet/internal/order"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
	"kabinet/internal/viewer"
)

// world is a shop with people and goods, and orders as they are placed.
type world struct {
	*list.Lists
	t          *testing.T
	db         *storetest.DB
	alice, bob uuid.UUID
	acme       uuid.UUID
	goods      map[string]scalar.ID
	acts       []string // what reviews gave points for
}

func newWorld(t *testing.T, db *storetest.DB) *world {
	t.Helper()
	orders := &order.Orders{Store: db.Store}
	w := &world{t: t, db: db, goods: map[string]scalar.ID{}}
	w.Lists = &list.Lists{
		Store: db.Store, Shown: order.Shown, Selected: orders.Selected,
		Place: func(ctx context.Context, tx *store.Tx, id uuid.UUID, b list.Basket) error {
			in := order.PlaceOrderInput{Note: b.Note}
			for _, l := range b.Lines {
				in.Lines = append(in.Lines, &order.PlaceOrderLineInput{Sku: l.Sku, Quantity: int(l.Quantity)})
			}
			_, err := orders.PlaceIn(ctx, tx, id, order.Placing{PlaceOrderInput: in})
			return err
		},
		NoteAct: func(_ context.Context, _ *store.Tx, _ uuid.UUID, handle, key string, _ time.Time) error {
			w.acts = append(w.acts, handle+" "+key)
			return nil
		},
	}
	w.alice, w.bob = w.person("alice"), w.person("bob")
	w.write(func(ctx context.Context, tx *store.Tx) error {
		c, err := tx.Company.Create().SetName("Acme").SetKind(company.KindCOMPANY).Save(ctx)
		if err == nil {
			w.acme = c.ID
		}
		return err
	})
	w.product("TEA", 350, ptr(int64(100)))
	w.product("CUP", 1200, ptr(int64(5)))
	w.product("WATER", 100, nil)
	return w
}

func ptr[T any](v T) *T { return &v }

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) write(fn func(ctx context.Context, tx *store.Tx) error) {
	w.t.Helper()
	w.must(w.db.InTx(storetest.System(), fn))
}

func (w *world) person(name string) (id uuid.UUID) {
	w.t.Helper()
	w.write(func(ctx context.Context, tx *store.Tx) error {
		u, err := tx.User.Create().SetDisplayName(name).SetStatus(entuser.StatusACTIVE).Save(ctx)
		if err == nil {
			id = u.ID
		}
		return err
	})
	return id
}

func (w *world) product(sku string, price int64, stock *int64) scalar.ID {
	w.t.Helper()
	w.write(func(ctx context.Context, tx *store.Tx) error {
		p, err := tx.Product.Create().SetSku(sku).SetTitle("A " + strings.ToLower(sku)).SetPriceMinor(price).SetCurrency("GBP").SetNillableStock(stock).Save(ctx)
		if err == nil {
			w.goods[sku] = p.GlobalID()
		}
		return err
	})
	return w.goods[sku]
}

// received makes an order of one product that a person got.
func (w *world) received(user, owner uuid.UUID, sku string) {
	w.t.Helper()
	w.write(func(ctx context.Context, tx *store.Tx) error {
		o, err := tx.Order.Create().SetOwnerID(owner).SetUserID(user).SetNumber("N-" + uuid.NewString()).SetCurrency("GBP").SetPlacedAt(tx.Now).
			SetStatus(entorder.StatusCOMPLETED).SetFulfillmentStatus(entorder.FulfillmentStatusDELIVERED).SetSubtotalMinor(1).SetTotalMinor(1).Save(ctx)
		if err != nil {
			return err
		}
		return tx.OrderLine.Create().SetOwnerID(owner).SetOrderID(o.ID).SetPosition(1).SetProductID(w.goods[sku].UUID).SetSku(sku).SetTitle(sku).
			SetQuantity(1).SetCurrency("GBP").SetUnitPriceMinor(1).SetTotalMinor(1).Exec(ctx)
	})
}

// acting is a member of a company, acting for it.
func acting(user, owner uuid.UUID) context.Context {
	all := map[viewer.Permission]viewer.Reach{{Resource: "order", Operation: "read"}: viewer.ReachOwner, {Resource: "order", Operation: "write"}: viewer.ReachOwner}
	return viewer.With(context.Background(), viewer.Viewer{UserID: user, OwnerID: owner, Grants: all, Locale: "en"})
}

func staff(user uuid.UUID) context.Context {
	all := map[viewer.Permission]viewer.Reach{{Resource: "order", Operation: "read"}: viewer.ReachAll, {Resource: "order", Operation: "write"}: viewer.ReachAll}
	return viewer.With(context.Background(), viewer.Viewer{UserID: user, OwnerID: viewer.House, Staff: true, Grants: all, Locale: "en"})
}

func (w *world) number(query string, args ...any) (n int) {
	w.t.Helper()
	rows, err := w.db.Query(context.Background(), query, args...)
	w.must(err)
	defer rows.Close()
	for rows.Next() {
		w.must(rows.Scan(&n))
	}
	return n
}

// atOnce does something many times at the same time and gives what each said.
func atOnce(n int, do func(i int) error) []error {
	said := make([]error, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { said[i] = do(i) })
	}
	wg.Wait()
	return said
}

func (w *world) item(sku string, quantity int) *list.ListItemInput {
	return &list.ListItemInput{ProductID: w.goods[sku], Quantity: quantity}
}

// code is the code and path of a fault.
func code(err error) string {
	f, ok := fault.As(err)
	switch {
	case err == nil:
		return ""
	case !ok:
		return err.Error()
	}
	return strings.TrimSpace(f.Code + " " + strings.Join(f.Path, "."))
}

// working runs the jobs of wishes until the test ends, and gives what hears.
func (w *world) working() (hear func()) {
	w.t.Helper()
	w.must(job.Migrate(context.Background(), w.db.Store))
	workers := river.NewWorkers()
	job.Handle(workers, w.Alert)
	c, err := job.New(w.db.Store, job.Options{Workers: workers, Log: slog.New(slog.NewTextHandler(io.Discard, nil))})
	w.must(err)
	w.must(c.Start(context.Background()))
	w.t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		_ = c.Stop(ctx)
	})
	hearers := w.Hearers()
	w.db.Hearing(hearers)
	failed := func(_ context.Context, _ *store.Tx, hearer string, _ event.Stored, err error) error {
		return fmt.Errorf("%s: %w", hearer, err)
	}
	return func() {
		w.t.Helper()
		for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
			n, err := w.db.Hear(storetest.System(), 200, hearers, failed)
			w.must(err)
			if n == 0 && w.number(`SELECT count(*) FROM river_job WHERE kind = 'wish_alert' AND state NOT IN ('completed', 'cancelled', 'discarded')`) == 0 {
				return
			}
			if time.Now().After(deadline) {
				w.t.Fatal("wishers are not told in time")
			}
		}
	}
}

func (w *world) told(kind string, user uuid.UUID) int {
	w.t.Helper()
	return w.number(`SELECT count(*) FROM account_events WHERE kind = ? AND stream_id = ?`, kind, user)
}

func (w *world) rows(user uuid.UUID) []*ent.ListItem {
	w.t.Helper()
	c, err := w.Cart(storetest.As(user), user)
	w.must(err)
	rows, err := w.Items(storetest.As(user), c)
	w.must(err)
	return rows
}
