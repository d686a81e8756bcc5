package promotion_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/company"
	"kabinet/ent/generated/product"
	"kabinet/internal/fault"
	"kabinet/internal/order"
	"kabinet/internal/promotion"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
	"kabinet/internal/viewer"
)

// world is a shop with a few people, goods and promotions. Points are a
// stand-in: how many came for which cause.
type world struct {
	*promotion.Promotions
	t           *testing.T
	db          *storetest.DB
	orders      *order.Orders
	alice, bob  uuid.UUID
	carol, acme uuid.UUID
	keys        atomic.Int64
	given       map[string]int64
}

func newWorld(t *testing.T, db *storetest.DB) *world {
	t.Helper()
	w := &world{t: t, db: db, Promotions: &promotion.Promotions{Store: db.Store}, given: map[string]int64{}}
	w.Give = func(_ context.Context, _ *store.Tx, _ uuid.UUID, points int64, cause string, _ map[string]any, _ *uuid.UUID) error {
		w.given[cause] = points
		return nil
	}
	w.orders = &order.Orders{Store: db.Store, TryCodes: w.Try, Unreduce: w.Unreduce,
		Reduce: func(ctx context.Context, tx *store.Tx, o *ent.Order, lines []*ent.OrderLine, codes []string) (order.Reduced, error) {
			r, err := w.Reduce(ctx, tx, o, lines, codes)
			return order.Reduced{Lines: r.Lines, Gifts: r.Gifts, Why: r.Why}, err
		}}
	w.check(db.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error {
		for name, id := range map[string]*uuid.UUID{"alice": &w.alice, "bob": &w.bob, "carol": &w.carol} {
			u, err := tx.User.Create().SetDisplayName(name).Save(ctx)
			if err != nil {
				return err
			}
			*id = u.ID
		}
		c, err := tx.Company.Create().SetName("Acme").SetKind(company.KindCOMPANY).Save(ctx)
		if err != nil {
			return err
		}
		w.acme = c.ID
		for _, p := range []struct {
			sku, category, currency string
			price                   int64
			stock                   *int64
		}{{"TEA", "tea", "GBP", 350, nil}, {"CUP", "cups", "GBP", 1200, nil}, {"CARD", "", "GBP", 100, new(int64(1))}, {"EURO", "tea", "EUR", 900, nil}} {
			err := tx.Product.Create().SetSku(p.sku).SetTitle("A " + p.sku).SetNillableCategory(optional(p.category)).SetPriceMinor(p.price).
				SetCurrency(p.currency).SetNillableStock(p.stock).SetStatus(product.StatusACTIVE).Exec(ctx)
			if err != nil {
				return err
			}
		}
		return nil
	}))
	t.Cleanup(func() {
		wrong, err := order.CheckTotals(context.Background(), db.Store)
		if err != nil || len(wrong) > 0 {
			t.Errorf("the books: %v %v", wrong, err)
		}
		w.checkCounts()
	})
	return w
}

// checkCounts proves that what is counted is what there are uses of.
func (w *world) checkCounts() {
	for what, query := range map[string]string{
		"codes": `SELECT count(*) FROM promo_codes c WHERE c.max_uses IS NOT NULL AND c.code_key IS NOT NULL
			AND c.uses <> (SELECT count(*) FROM promo_uses u WHERE u.code_id = c.id AND u.status IN ('RESERVED', 'USED'))`,
		"promotions": `SELECT count(*) FROM promotions p WHERE p.max_uses IS NOT NULL AND p.kind <> 'OFFER'
			AND p.taken <> (SELECT count(*) FROM promo_uses u WHERE u.promotion_id = p.id AND u.status IN ('RESERVED', 'USED'))`,
	} {
		if n := w.count(query); n != 0 {
			w.t.Errorf("%d %s count something else than their uses", n, what)
		}
	}
}

func (w *world) count(query string, args ...any) (n int) {
	w.t.Helper()
	rows, err := w.db.Query(context.Background(), query, args...)
	w.check(err)
	defer rows.Close()
	for rows.Next() {
		w.check(rows.Scan(&n))
	}
	w.check(rows.Err())
	return n
}

func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func (w *world) check(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// refused wants a code of a refusal, and gives its params.
func (w *world) refused(err, want error) map[string]any {
	w.t.Helper()
	f, ok := fault.As(err)
	if !errors.Is(err, want) || !ok {
		w.t.Fatalf("%v, want %v", err, want)
	}
	return f.Params
}

func (w *world) staff() context.Context { return storetest.System() }

func (w *world) key() string { return fmt.Sprint("key ", w.keys.Add(1)) }

func as(user uuid.UUID) context.Context { return storetest.As(user) }

func gbp(amount string) *scalar.MoneyInput {
	return &scalar.MoneyInput{Amount: amount, Currency: "GBP"}
}

func texts(name string) []*scalar.Translation {
	return []*scalar.Translation{{Locale: "en", Name: name}}
}

// promotion makes one and starts it.
func (w *world) promotion(kind promotion.PromotionKind, handle string, e promotion.PromotionEffectInput, more ...func(*promotion.SavePromotionInput)) scalar.ID {
	w.t.Helper()
	in := promotion.SavePromotionInput{Kind: &kind, Handle: &handle, PromotionTerms: promotion.PromotionTerms{Texts: texts(handle), Effect: &e}}
	for _, m := range more {
		m(&in)
	}
	p, err := w.Save(w.staff(), in)
	w.check(err)
	_, err = w.SetStatus(w.staff(), promotion.SetPromotionStatusInput{ID: p.ID, Status: promotion.StatusActive})
	w.check(err)
	return p.ID
}

// code adds one code to a promotion.
func (w *world) code(id scalar.ID, code string, uses *int) {
	w.t.Helper()
	_, err := w.SaveCodes(w.staff(), promotion.SavePromoCodesInput{PromotionID: id, Codes: []string{code}, MaxUses: uses, IdempotencyKey: w.key()})
	w.check(err)
}

// place orders as a person.
func (w *world) place(user uuid.UUID, codes []string, lines ...any) (*ent.Order, error) {
	return w.placeBy(as(user), w.key(), codes, lines...)
}

func (w *world) placeBy(ctx context.Context, key string, codes []string, lines ...any) (*ent.Order, error) {
	in := order.PlaceOrderInput{PromoCodes: codes, IdempotencyKey: key}
	for i := 0; i < len(lines); i += 2 {
		in.Lines = append(in.Lines, &order.PlaceOrderLineInput{Sku: lines[i].(string), Quantity: lines[i+1].(int)})
	}
	done, err := w.orders.Place(ctx, in)
	return done.Order, err
}

func (w *world) cancel(user uuid.UUID, o *ent.Order) {
	w.t.Helper()
	_, err := w.orders.Cancel(as(user), order.CancelOrderInput{OrderID: o.GlobalID(), Reason: "CHANGED_MIND", IdempotencyKey: w.key()})
	w.check(err)
}

func (w *world) statistics(id scalar.ID) *promotion.PromotionStatistics {
	w.t.Helper()
	p, err := w.Find(w.staff(), id)
	w.check(err)
	return p.Statistics
}

func (w *world) lines(lines ...any) (all []*promotion.BasketLineInput) {
	for i := 0; i < len(lines); i += 2 {
		all = append(all, &promotion.BasketLineInput{Sku: lines[i].(string), Quantity: lines[i+1].(int)})
	}
	return all
}

// acting is carol for Acme.
func (w *world) acting() context.Context {
	return viewer.With(context.Background(), viewer.Viewer{UserID: w.carol, OwnerID: w.acme, Grants: map[viewer.Permission]viewer.Reach{
		{Resource: "order", Operation: "write"}: viewer.ReachOwner, {Resource: "order", Operation: "read"}: viewer.ReachOwner,
	}})
}
