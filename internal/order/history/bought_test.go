package history_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/company"
	entorder "kabinet/ent/generated/order"
	"kabinet/ent/generated/user"
	"kabinet/internal/fault"
	"kabinet/internal/order"
	"kabinet/internal/order/history"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
	"kabinet/internal/viewer"
)

// company makes one of a kind and who may order for it.
func (s *shelf) company(kind company.Kind, name string) (uuid.UUID, context.Context) {
	s.t.Helper()
	var id uuid.UUID
	check(s.t, s.db.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error {
		c, err := tx.Company.Create().SetName(name).SetKind(kind).Save(ctx)
		id = c.ID
		return err
	}))
	return id, viewer.With(context.Background(), viewer.Viewer{UserID: s.bob, OwnerID: id, Locale: "en", Grants: map[viewer.Permission]viewer.Reach{
		{Resource: "order", Operation: "read"}: viewer.ReachAll, {Resource: "order", Operation: "write"}: viewer.ReachAll,
	}})
}

func (s *shelf) placed(ctx context.Context, key string) *ent.Order {
	s.t.Helper()
	done, err := s.Place(ctx, order.PlaceOrderInput{Lines: []*order.PlaceOrderLineInput{{Sku: "LAMP", Quantity: 1}}, IdempotencyKey: key})
	check(s.t, err)
	return done.Order
}

func said(b *history.OrderBuyer) string {
	or := func(v *string) string {
		if v == nil {
			return "-"
		}
		return *v
	}
	return fmt.Sprint(b.Kind, " ", or(b.PersonName), " ", or(b.CompanyName))
}

// Who bought is the person, the person of a company, a member of a family, or
// a guest; nobody has a name who is erased.
func TestBought(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		s := newShelf(t, db)
		alice := storetest.As(s.alice)
		_, forAcme := s.company(company.KindCOMPANY, "Acme")
		_, forFamily := s.company(company.KindFAMILY, "The Bobs")
		own, firm, home := s.placed(alice, "own"), s.placed(forAcme, "firm"), s.placed(forFamily, "home")
		s.arrived(1, 1, nil, "Lamp", nil)
		guest, err := s.Store.Client.Order.Query().Where(entorder.ExternalID("1")).Only(storetest.System())
		check(t, err)
		unnamed := &ent.Order{OwnerID: firm.OwnerID} // of an outside system, which named no person
		for _, c := range []struct {
			ctx  context.Context
			o    *ent.Order
			want string
		}{
			{alice, own, "PERSON alice -"}, {s.asStaff(), own, "PERSON alice -"}, {forAcme, firm, "COMPANY bob Acme"}, {s.asStaff(), firm, "COMPANY bob Acme"},
			{forFamily, home, "PERSON bob -"}, {s.asStaff(), guest, "GUEST - -"}, {forAcme, unnamed, "COMPANY - Acme"},
		} {
			b, err := s.history.Bought(c.ctx, c.o)
			check(t, err)
			if got := said(b); got != c.want {
				t.Errorf("%s was bought by %q, want %q", c.o.Number, got, c.want)
			}
		}
		check(t, db.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error {
			return tx.User.UpdateOneID(s.bob).SetStatus(user.StatusERASED).Exec(ctx)
		}))
		if b, err := s.history.Bought(s.asStaff(), firm); err != nil || said(b) != "COMPANY - Acme" {
			t.Errorf("of somebody erased it says %q: %v", said(b), err)
		}
	})
}

// boughtAll answers as gqlgen does: the field of each order side by side.
type boughtAll struct {
	graphql.ExecutableSchema
	s      *shelf
	orders []*ent.Order
	said   []string
	errs   []error
}

func (b *boughtAll) Exec(context.Context) graphql.ResponseHandler {
	return func(ctx context.Context) *graphql.Response {
		b.said, b.errs = make([]string, len(b.orders)), make([]error, len(b.orders))
		var wg sync.WaitGroup
		for i, o := range b.orders {
			wg.Go(func() {
				who, err := b.s.history.Bought(ctx, o)
				if b.errs[i] = err; err == nil {
					b.said[i] = said(who)
				}
			})
		}
		wg.Wait()
		return &graphql.Response{}
	}
}

// However many orders an answer has, names are read by two statements: of
// people and of companies.
func TestBoughtOfManyAtOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		s := newShelf(t, db)
		var all []*ent.Order
		for i := range 40 {
			_, forIt := s.company(company.KindCOMPANY, fmt.Sprint("firm ", i))
			all = append(all, s.placed(forIt, fmt.Sprint("firm's ", i)), s.placed(storetest.As(s.alice), fmt.Sprint("own ", i)))
		}
		for _, n := range []int{2, 80} {
			es := &boughtAll{s: s, orders: all[:n]}
			loaded := s.history.Loading(es)
			statements, log := db.Statements(func() { loaded.Exec(s.asStaff())(s.asStaff()) })
			if err := errors.Join(es.errs...); err != nil {
				t.Fatal(err)
			}
			if statements > 2 {
				t.Errorf("%d orders took %d statements: %v", n, statements, log)
			}
			for i, got := range es.said {
				if want := fmt.Sprintf("COMPANY bob firm %d", i/2); i%2 == 0 && got != want {
					t.Errorf("order %d says %q, want %q", i, got, want)
				} else if i%2 == 1 && got != "PERSON alice -" {
					t.Errorf("order %d says %q", i, got)
				}
			}
		}
	})
}

// Whoever hangs up is told so, and waits for nobody.
func TestBoughtEnds(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		s := newShelf(t, db)
		o := s.placed(storetest.As(s.alice), "own")
		ctx, cancel := context.WithCancel(storetest.As(s.alice))
		cancel()
		ended := make(chan error, 1)
		go func() {
			_, err := s.history.Bought(ctx, o)
			ended <- err
		}()
		select {
		case err := <-ended:
			if _, ok := fault.As(err); !ok && !errors.Is(err, context.Canceled) {
				t.Errorf("it ends with %v", err)
			}
		case <-time.After(10 * time.Second):
			t.Error("it waits for ever")
		}
	})
}
