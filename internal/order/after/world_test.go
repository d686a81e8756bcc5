package after_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	entorder "kabinet/ent/generated/order"
	"kabinet/ent/generated/payment"
	"kabinet/ent/generated/product"
	"kabinet/ent/generated/reason"
	"kabinet/ent/schema"
	"kabinet/internal/fault"
	"kabinet/internal/order"
	"kabinet/internal/order/after"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
	"kabinet/internal/viewer"
)

// world is a shop with two customers. The wallet, the letters and the provider
// are stand-ins that remember what they were told.
type world struct {
	*after.Acts
	t                 *testing.T
	db                *storetest.DB
	alice, bob, clerk uuid.UUID
	keys              atomic.Int64
	mu                sync.Mutex
	credited          map[uuid.UUID]int64 // by refund
	asked             []after.Intent
	repaid            []after.Repayment
	noRefunds         error // what the provider says to giving money back
	sentTo            *schema.GuestContact
	claims            map[uuid.UUID]uuid.UUID // challenge -> order
	down              bool
}

var errDown = errors.New("the provider is down")

func newWorld(t *testing.T, db *storetest.DB) *world {
	t.Helper()
	sealer, err := store.NewSealer(bytes.Repeat([]byte{7}, 32))
	check(t, err)
	w := &world{t: t, db: db, credited: map[uuid.UUID]int64{}, claims: map[uuid.UUID]uuid.UUID{}}
	w.Acts = &after.Acts{
		Store: db.Store, Orders: &order.Orders{Store: db.Store}, Sealer: sealer, Country: "GB",
		Payments: &after.Payments{Name: "test", Create: w.create, Refund: w.giveBack}, MayReturn: func(a string) error {
			if a != "https://shop.example.com/back" {
				return fault.New(fault.Invalid, "RETURN_NOT_ALLOWED")
			}
			return nil
		},
		Ask: func(_ context.Context, _ *store.Tx, to *schema.GuestContact, _, _ string, id uuid.UUID) (*after.Asked, error) {
			c := uuid.New()
			w.sentTo, w.claims[c] = to, id
			return &after.Asked{ID: scalar.ID{Prefix: "chl", UUID: c}, Kind: "EMAIL_CODE"}, nil
		},
		Try: func(_ context.Context, id scalar.ID, _, code string) (uuid.UUID, error) {
			if code != "123456" {
				return uuid.Nil, after.ErrInvalidCode.At("input", "code")
			}
			return id.UUID, nil
		},
		Use: func(_ context.Context, _ *store.Tx, id uuid.UUID, _, _ string) (uuid.UUID, error) {
			return w.claims[id], nil
		},
		Credit: func(_ context.Context, _ *store.Tx, _ uuid.UUID, _ string, minor int64, refund uuid.UUID) (uuid.UUID, error) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.credited[refund] = minor
			return uuid.New(), nil
		},
	}
	check(t, db.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error {
		for name, id := range map[string]*uuid.UUID{"alice": &w.alice, "bob": &w.bob, "clerk": &w.clerk} {
			u, err := tx.User.Create().SetDisplayName(name).Save(ctx)
			if err != nil {
				return err
			}
			*id = u.ID
		}
		for sku, stock := range map[string]int64{"TEA": 100, "CUP": 5} {
			price := map[string]int64{"TEA": 350, "CUP": 1200}[sku]
			if err := tx.Product.Create().SetSku(sku).SetTitle(sku).SetCategory("things").SetPriceMinor(price).SetCurrency("GBP").SetStock(stock).SetStatus(product.StatusACTIVE).Exec(ctx); err != nil {
				return err
			}
		}
		return nil
	}))
	check(t, w.Prepare(storetest.System()))
	t.Cleanup(func() {
		if wrong, err := order.CheckTotals(context.Background(), db.Store); err != nil || len(wrong) > 0 {
			t.Errorf("the books: %v %v", wrong, err)
		}
	})
	return w
}

func (w *world) create(_ context.Context, in after.Intent) (after.Created, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.asked = append(w.asked, in)
	if w.down {
		return after.Created{}, errDown
	}
	return after.Created{Ref: "p-" + in.Reference, URL: "https://pay.example.com/" + in.Reference}, nil
}

func (w *world) giveBack(_ context.Context, r after.Repayment) (string, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.repaid = append(w.repaid, r)
	return "p-" + r.Reference, w.noRefunds
}

func (w *world) key() string { return fmt.Sprint("a key of some length ", w.keys.Add(1)) }

func (w *world) asClerk() context.Context {
	return viewer.With(context.Background(), viewer.Viewer{UserID: w.clerk, OwnerID: viewer.House, Staff: true, Locale: "en", Grants: map[viewer.Permission]viewer.Reach{
		{Resource: "order", Operation: "read"}: viewer.ReachAll, {Resource: "order", Operation: "write"}: viewer.ReachAll,
	}})
}

func basket(items ...any) (lines []*order.PlaceOrderLineInput) {
	for i := 0; i < len(items); i += 2 {
		lines = append(lines, &order.PlaceOrderLineInput{Sku: items[i].(string), Quantity: items[i+1].(int)})
	}
	return lines
}

// bought is an order of alice's that was paid, delivered, both or neither.
func (w *world) bought(paid, delivered bool, items ...any) *ent.Order {
	w.t.Helper()
	done, err := w.Orders.Place(storetest.As(w.alice), order.PlaceOrderInput{Lines: basket(items...), IdempotencyKey: w.key()})
	check(w.t, err)
	in := order.SetOrderStatusInput{OrderID: done.Order.GlobalID(), IdempotencyKey: w.key()}
	if paid {
		in.PaymentStatus = ptr(entorder.PaymentStatusPAID)
	}
	if delivered {
		in.FulfillmentStatus = ptr(entorder.FulfillmentStatusDELIVERED)
	}
	if paid || delivered {
		_, err = w.Orders.SetStatus(w.asClerk(), in)
		check(w.t, err)
	}
	return w.now(done.Order.ID)
}

func (w *world) now(id uuid.UUID) *ent.Order {
	w.t.Helper()
	o, err := w.db.Client.Order.Query().Where(entorder.ID(id)).WithLines().WithPayments().Only(storetest.System())
	check(w.t, err)
	return o
}

func (w *world) reason(kind reason.Kind, handle string) scalar.ID {
	w.t.Helper()
	r, err := w.db.Client.Reason.Query().Where(reason.KindEQ(kind), reason.Handle(handle), reason.RetiredAtIsNil()).Only(storetest.System())
	check(w.t, err)
	return scalar.ID{Prefix: "rsn", UUID: r.KeyID}
}

func (w *world) stock(sku string) int64 {
	w.t.Helper()
	p, err := w.db.Client.Product.Query().Where(product.Sku(sku)).Only(storetest.System())
	check(w.t, err)
	return *p.Stock
}

func (w *world) refunds(o *ent.Order) (n int, pending int64) {
	for _, p := range w.now(o.ID).Edges.Payments {
		if p.Kind == payment.KindREFUND {
			n++
			if p.Status == payment.StatusPENDING {
				pending += p.AmountMinor
			}
		}
	}
	return n, pending
}

// notice is what the provider says of a payment or a refund.
func notice(typ string, p *ent.Payment, amount string) after.Notice {
	return after.Notice{Provider: "test", Type: typ, Ref: "p-" + p.GlobalID().String(), Reference: p.GlobalID().String(), Amount: amount, Currency: "GBP"}
}

// hear is a message of the provider.
func (w *world) hear(typ string, p *ent.Payment, amount string) after.Outcome {
	w.t.Helper()
	return w.hears(notice(typ, p, amount))
}

func (w *world) hears(n after.Notice) after.Outcome {
	w.t.Helper()
	var out after.Outcome
	check(w.t, w.db.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) (err error) {
		out, _, err = w.HearPayment(ctx, tx, n)
		return err
	}))
	return out
}

func ptr[T any](v T) *T { return &v }

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func refused(t *testing.T, err error, code string) {
	t.Helper()
	if f, ok := fault.As(err); !ok || f.Code != code {
		t.Errorf("%v, want %s", err, code)
	}
}
