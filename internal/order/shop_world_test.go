package order_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/company"
	"kabinet/ent/generated/membership"
	entorder "kabinet/ent/generated/order"
	"kabinet/ent/generated/product"
	"kabinet/ent/generated/user"
	"kabinet/internal/fault"
	"kabinet/internal/order"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
	"kabinet/internal/viewer"
)

// shop is a business with a few people and products. Its points are a stand-in:
// one for every whole unit of money, at one moment, once an order.
type shop struct {
	*order.Orders
	t                       *testing.T
	db                      *storetest.DB
	alice, bob, carol, acme uuid.UUID
	staff                   uuid.UUID
	earnOn                  order.Moment
	earned, unearned        atomic.Int64 // how often points were given and taken
	keys                    atomic.Int64
}

var errNoPoints = errors.New("the points cannot be given")

// newShop also proves the books of all orders after the test.
func newShop(t *testing.T, db *storetest.DB) *shop {
	t.Helper()
	s := &shop{t: t, db: db, earnOn: order.Delivered}
	s.Orders = &order.Orders{Store: db.Store, Known: s.known,
		Earn: func(_ context.Context, _ *store.Tx, o *ent.Order, lines []*ent.OrderLine, m order.Moment) (int64, error) {
			if s.earnOn == "FAILS" {
				return 0, errNoPoints
			}
			if m != s.earnOn || o.PointsEarned > 0 {
				return 0, nil
			}
			s.earned.Add(1)
			var points int64
			for _, l := range lines {
				l.Points = l.TotalMinor / 100
				points += l.Points
			}
			return points, nil
		},
		Unearn: func(context.Context, *store.Tx, *ent.Order) error { s.unearned.Add(1); return nil },
	}
	check(t, db.InTx(storetest.System(), s.fill))
	t.Cleanup(func() {
		wrong, err := order.CheckTotals(context.Background(), db.Store)
		if err != nil || len(wrong) > 0 {
			t.Errorf("the books: %v %v", wrong, err)
		}
	})
	return s
}

func (s *shop) fill(ctx context.Context, tx *store.Tx) error {
	for name, id := range map[string]*uuid.UUID{"alice": &s.alice, "bob": &s.bob, "carol": &s.carol, "staff": &s.staff} {
		u, err := tx.User.Create().SetDisplayName(name).SetSource("crm").SetExternalID(name).Save(ctx)
		if err != nil {
			return err
		}
		*id = u.ID
	}
	c, err := tx.Company.Create().SetName("Acme").SetKind(company.KindCOMPANY).Save(ctx)
	if err != nil {
		return err
	}
	s.acme = c.ID
	err = tx.Membership.Create().SetUserID(s.carol).SetOwnerID(s.acme).SetKind(membership.KindCOMPANY).SetRoleID(uuid.New()).Exec(ctx)
	if err != nil {
		return err
	}
	for _, p := range []struct {
		sku, currency string
		price         int64
		stock         *int64
		status        product.Status
	}{
		{"TEA", "GBP", 350, ptr[int64](100), product.StatusACTIVE},
		{"CUP", "GBP", 1200, ptr[int64](5), product.StatusACTIVE},
		{"CARD", "GBP", 100, nil, product.StatusACTIVE},
		{"EURO", "EUR", 900, ptr[int64](9), product.StatusACTIVE},
		{"DEAR", "GBP", scalar.MaxPoints - 1, nil, product.StatusACTIVE},
		{"GONE", "GBP", 100, ptr[int64](9), product.StatusDISCONTINUED},
		{"SOON", "GBP", 100, nil, product.StatusDRAFT},
	} {
		err := tx.Product.Create().SetSku(p.sku).SetTitle("A " + strings.ToLower(p.sku)).SetCategory("things").
			SetPriceMinor(p.price).SetCurrency(p.currency).SetNillableStock(p.stock).SetStatus(p.status).Exec(ctx)
		if err != nil {
			return err
		}
	}
	return nil
}

// known finds people by id and by their key in the outside system crm.
func (s *shop) known(ctx context.Context, tx *store.Tx, refs []order.CustomerRef) ([]uuid.UUID, error) {
	found := make([]uuid.UUID, len(refs))
	for i, ref := range refs {
		q := tx.User.Query()
		switch {
		case ref.ID != nil:
			q.Where(user.ID(ref.ID.UUID))
		case ref.External != nil:
			q.Where(user.Source(ref.External.Source), user.ExternalID(ref.External.ID))
		default:
			continue
		}
		id, err := q.OnlyID(ctx)
		if err != nil && !ent.IsNotFound(err) {
			return nil, err
		}
		found[i] = id
	}
	return found, nil
}

func ptr[T any](v T) *T { return &v }

// key is an idempotency key that nobody used.
func (s *shop) key() string { return fmt.Sprint("k", s.keys.Add(1)) }

// asStaff has all that staff need for orders.
func (s *shop) asStaff() context.Context {
	return viewer.With(context.Background(), viewer.Viewer{UserID: s.staff, OwnerID: s.staff, Staff: true, Locale: "en", Grants: map[viewer.Permission]viewer.Reach{
		{Resource: "order", Operation: "read"}: viewer.ReachAll, {Resource: "order", Operation: "write"}: viewer.ReachAll,
	}})
}

// forAcme is carol or somebody else who acts for the company.
func (s *shop) forAcme(who uuid.UUID, read, write viewer.Reach) context.Context {
	return viewer.With(context.Background(), viewer.Viewer{UserID: who, OwnerID: s.acme, Locale: "en", Grants: map[viewer.Permission]viewer.Reach{
		{Resource: "order", Operation: "read"}: read, {Resource: "order", Operation: "write"}: write,
	}})
}

func basket(items ...any) (lines []*order.PlaceOrderLineInput) {
	for i := 0; i < len(items); i += 2 {
		lines = append(lines, &order.PlaceOrderLineInput{Sku: items[i].(string), Quantity: items[i+1].(int)})
	}
	return lines
}

// placed is a new order of the viewer.
func (s *shop) placed(ctx context.Context, items ...any) *ent.Order {
	s.t.Helper()
	done, err := s.Place(ctx, order.PlaceOrderInput{Lines: basket(items...), IdempotencyKey: s.key()})
	check(s.t, err)
	return done.Order
}

// now is the order as it is stored, with all that belongs to it.
func (s *shop) now(o *ent.Order) *ent.Order {
	s.t.Helper()
	o, err := s.db.Client.Order.Query().WithLines().WithEvents().WithPayments().WithShipments().
		Where(entorder.ID(o.ID)).Only(storetest.System())
	check(s.t, err)
	return o
}

func (s *shop) stock(sku string) int64 {
	s.t.Helper()
	p, err := s.db.Client.Product.Query().Where(product.Sku(sku)).Only(storetest.System())
	check(s.t, err)
	if p.Stock == nil {
		return -1
	}
	return *p.Stock
}

// news are the kinds of the facts on a stream.
func (s *shop) news(stream uuid.UUID) string {
	s.t.Helper()
	rows, err := s.db.ReadStream(context.Background(), stream, 0, 1000)
	check(s.t, err)
	var kinds []string
	for _, e := range rows {
		kinds = append(kinds, e.Kind)
	}
	return strings.Join(kinds, " ")
}

// book are the kinds and amounts of an order's events.
func book(o *ent.Order) string {
	var all []string
	for _, e := range o.Edges.Events {
		all = append(all, fmt.Sprintf("%d %s %d", e.Seq, e.Kind, e.AmountMinor))
	}
	return strings.Join(all, ", ")
}

// refused wants one fault, with its code, path and facts.
func refused(t *testing.T, err error, want *fault.Fault, path string, facts string) {
	t.Helper()
	f, ok := fault.As(err)
	if !ok || f.Code != want.Code || strings.Join(f.Path, ".") != path {
		t.Fatalf("want %s at %q, got %v", want.Code, path, err)
	}
	params, _ := json.Marshal(f.Params)
	if facts != "" && string(params) != facts {
		t.Fatalf("%s with %s, want %s", f.Code, params, facts)
	}
}
