package order_test

import (
	"context"
	"errors"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"kabinet/internal/fault"
	"kabinet/internal/order"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
	"kabinet/internal/viewer"
)

func TestPlace(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) { // security K11: the server's price
		s := newShop(t, db)
		s.earnOn = order.Placed
		var home uuid.UUID
		check(t, db.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error {
			a, err := tx.Address.Create().SetOwnerID(s.alice).SetLines([]string{"1 High St"}).SetCity("Leeds").SetPostalCode("LS1").Save(ctx)
			home = a.ID
			return err
		}))
		ctx := storetest.As(s.alice)
		input := order.PlaceOrderInput{
			Lines: basket("TEA", 2, "CUP", 1, "TEA", 3), AddressID: &scalar.ID{Prefix: "adr", UUID: home},
			Note: ptr("ring twice"), IdempotencyKey: "first",
		}
		done, err := s.Place(ctx, input)
		check(t, err)
		o := s.now(done.Order)
		if *done.Replayed || o.OwnerID != s.alice || *o.UserID != s.alice || *o.Note != "ring twice" {
			t.Fatalf("%+v", o)
		}
		if !regexp.MustCompile(`^20261121-[2-9A-HJ-NP-Z]{6}$`).MatchString(o.Number) {
			t.Errorf("number %s", o.Number)
		}
		if o.TotalMinor != 5*350+1200 || o.SubtotalMinor != o.TotalMinor || o.Total().Amount() != "29.50" || o.PointsEarned != 29 {
			t.Errorf("total %s, %d points", o.Total().Amount(), o.PointsEarned)
		}
		if o.Delivery["city"] != "Leeds" || o.Delivery["postalCode"] != "LS1" || o.Delivery["lines"].([]any)[0] != "1 High St" || o.Delivery["phone"] != nil {
			t.Errorf("delivery %v", o.Delivery)
		}
		if got := book(o); got != "1 PLACED 2950" {
			t.Error(got)
		}
		lines, err := order.Lines(storetest.System(), o)
		check(t, err)
		if len(lines) != 3 || lines[0].Sku != "TEA" || lines[1].Sku != "CUP" || lines[2].Quantity != 3 || lines[2].Points != 10 || lines[1].Title != "A cup" {
			t.Errorf("lines %v", lines)
		}
		if s.stock("TEA") != 95 || s.stock("CUP") != 4 {
			t.Errorf("stock %d %d", s.stock("TEA"), s.stock("CUP"))
		}
		if got := s.news(s.alice); got != "order.placed" {
			t.Error(got)
		}
		again, err := s.Place(ctx, input) // security K4
		check(t, err)
		if !*again.Replayed || again.Order.ID != o.ID || s.stock("CUP") != 4 || s.news(s.alice) != "order.placed" {
			t.Error("a repeat did something")
		}
		input.Note = nil // security K5
		_, err = s.Place(ctx, input)
		refused(t, err, fault.ErrIdempotencyKeyReused, "input.idempotencyKey", "")
	})
}

func TestPlaceDryRun(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		s := newShop(t, db)
		s.earnOn = order.Placed
		input := order.PlaceOrderInput{Lines: basket("CUP", 5, "CARD", 1), IdempotencyKey: "k", DryRun: ptr(true)}
		done, err := s.Place(storetest.As(s.alice), input)
		check(t, err)
		if done.Order.TotalMinor != 6100 || done.Order.PointsEarned != 61 || *done.Replayed {
			t.Fatalf("%+v", done.Order)
		}
		if n := one(t, db.Store, `SELECT (SELECT count(*) FROM orders) + (SELECT count(*) FROM order_events) + (SELECT count(*) FROM idempotencies)`); n != "0" || s.stock("CUP") != 5 || s.news(s.alice) != "" {
			t.Error("a dry run kept something")
		}
		input.DryRun = nil
		if done, err = s.Place(storetest.As(s.alice), input); err != nil || *done.Replayed {
			t.Error("a dry run used the key up", err)
		}
	})
}

func TestPlaceRefusals(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) { // security K7 K8 K11
		s := newShop(t, db)
		var foreign uuid.UUID
		check(t, db.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error {
			a, err := tx.Address.Create().SetOwnerID(s.bob).SetLines([]string{"x"}).Save(ctx)
			foreign = a.ID
			return err
		}))
		many := make([]any, 0, 2*2001)
		for range 2001 {
			many = append(many, "TEA", 1)
		}
		for name, c := range map[string]struct {
			input order.PlaceOrderInput
			want  *fault.Fault
			path  string
			facts string
		}{
			"empty":           {order.PlaceOrderInput{}, order.ErrOrderEmpty, "input.lines", ""},
			"too many":        {order.PlaceOrderInput{Lines: basket(many...)}, fault.ErrTooLong, "input.lines", `{"limit":2000}`},
			"none of it":      {order.PlaceOrderInput{Lines: basket("TEA", 0)}, fault.ErrOutOfRange, "input.lines.0.quantity", `{"max":1000000,"min":1}`},
			"negative":        {order.PlaceOrderInput{Lines: basket("TEA", 1, "CUP", -1)}, fault.ErrOutOfRange, "input.lines.1.quantity", ""},
			"a billion":       {order.PlaceOrderInput{Lines: basket("CARD", 1_000_000_000)}, fault.ErrOutOfRange, "input.lines.0.quantity", ""},
			"no sku":          {order.PlaceOrderInput{Lines: basket(" ", 1)}, fault.ErrRequired, "input.lines.0.sku", ""},
			"NUL":             {order.PlaceOrderInput{Lines: basket("T\x00A", 1)}, fault.ErrInvalidValue, "input.lines.0.sku", ""},
			"unknown":         {order.PlaceOrderInput{Lines: basket("TEA", 1, "NIX", 1)}, order.ErrProductUnavailable, "input.lines.1.sku", `{"sku":"NIX"}`},
			"discontinued":    {order.PlaceOrderInput{Lines: basket("GONE", 1)}, order.ErrProductUnavailable, "input.lines.0.sku", ""},
			"not yet":         {order.PlaceOrderInput{Lines: basket("SOON", 1)}, order.ErrProductUnavailable, "input.lines.0.sku", ""},
			"two currencies":  {order.PlaceOrderInput{Lines: basket("TEA", 1, "EURO", 1)}, order.ErrCurrencyMismatch, "input.lines.1.sku", ""},
			"too dear":        {order.PlaceOrderInput{Lines: basket("DEAR", 2)}, fault.ErrOutOfRange, "input.lines.0.quantity", ""},
			"beyond 64 bits":  {order.PlaceOrderInput{Lines: basket("DEAR", 1_000_000)}, fault.ErrOutOfRange, "input.lines.0.quantity", ""},
			"sum too dear":    {order.PlaceOrderInput{Lines: basket("DEAR", 1, "CUP", 1)}, fault.ErrOutOfRange, "input.lines.1.quantity", ""},
			"short":           {order.PlaceOrderInput{Lines: basket("TEA", 1, "CUP", 6)}, order.ErrOutOfStock, "input.lines.1.quantity", `{"available":5,"sku":"CUP"}`},
			"short together":  {order.PlaceOrderInput{Lines: basket("CUP", 3, "CUP", 3)}, order.ErrOutOfStock, "input.lines.0.quantity", `{"available":5,"sku":"CUP"}`},
			"foreign address": {order.PlaceOrderInput{Lines: basket("TEA", 1), AddressID: &scalar.ID{Prefix: "adr", UUID: foreign}}, fault.ErrNotFound, "input.addressId", ""},
			"wrong kind":      {order.PlaceOrderInput{Lines: basket("TEA", 1), AddressID: &scalar.ID{Prefix: "usr", UUID: s.alice}}, fault.ErrInvalidID, "input.addressId", ""},
			"long note":       {order.PlaceOrderInput{Lines: basket("TEA", 1), Note: ptr(strings.Repeat("я", 1001))}, fault.ErrTooLong, "input.note", `{"limit":1000}`},
		} {
			c.input.IdempotencyKey = "k" // security K6: a refusal does not use it up
			_, err := s.Place(storetest.As(s.alice), c.input)
			t.Log(name)
			refused(t, err, c.want, c.path, c.facts)
		}
		_, err := s.Place(storetest.As(s.alice), order.PlaceOrderInput{Lines: basket("TEA", 1)})
		refused(t, err, fault.ErrRequired, "input.idempotencyKey", "")
		if n := one(t, db.Store, `SELECT count(*) FROM orders`); n != "0" || s.stock("TEA") != 100 {
			t.Error("a refusal kept something", n)
		}
	})
}

func TestPlaceStockRace(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) { // security K1 K9: never more than there is
		s := newShop(t, db)
		check(t, db.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.Exec(ctx, `UPDATE products SET stock = 10 WHERE sku = 'CUP'`)
			return err
		}))
		var won, short atomic.Int64
		var wg sync.WaitGroup
		for i := range 50 {
			wg.Go(func() {
				items := []any{"TEA", 1, "CUP", 1} // both ways round: no deadlock
				if i%2 == 0 {
					items = []any{"CUP", 1, "TEA", 1}
				}
				_, err := s.Place(storetest.As(s.alice), order.PlaceOrderInput{Lines: basket(items...), IdempotencyKey: s.key()})
				switch {
				case err == nil:
					won.Add(1)
				case errors.Is(err, order.ErrOutOfStock):
					short.Add(1)
				default:
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if won.Load() != 10 || short.Load() != 40 || s.stock("CUP") != 0 || s.stock("TEA") != 90 {
			t.Fatalf("%d won, %d short, %d cups, %d tea", won.Load(), short.Load(), s.stock("CUP"), s.stock("TEA"))
		}
	})
}

func TestPlaceTwins(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) { // security K4: parallel
		s := newShop(t, db)
		var first atomic.Int64
		var wg sync.WaitGroup
		for range 20 {
			wg.Go(func() {
				done, err := s.Place(storetest.As(s.alice), order.PlaceOrderInput{Lines: basket("CUP", 1), IdempotencyKey: "the one"})
				if err != nil {
					t.Error(err)
				} else if !*done.Replayed {
					first.Add(1)
				}
			})
		}
		wg.Wait()
		if first.Load() != 1 || s.stock("CUP") != 4 {
			t.Fatalf("%d orders, %d cups", first.Load(), s.stock("CUP"))
		}
	})
}

func TestPlaceAsksForAnotherNumber(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		s := newShop(t, db)
		n := 0
		s.Number = func(time.Time) string { n++; return []string{"A", "A", "A", "B"}[min(n, 4)-1] }
		if a, b := s.placed(storetest.As(s.alice), "CUP", 1), s.placed(storetest.As(s.bob), "CUP", 1); a.Number != "A" || b.Number != "B" || s.stock("CUP") != 3 {
			t.Fatal(a.Number, b.Number, s.stock("CUP"))
		}
		s.Number = func(time.Time) string { return "A" }
		if _, err := s.Place(storetest.As(s.alice), order.PlaceOrderInput{Lines: basket("CUP", 1), IdempotencyKey: "k"}); err == nil || fault.KindOf(err) != fault.Internal {
			t.Fatal(err)
		}
	})
}

func TestPlaceForCompany(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		s := newShop(t, db)
		o := s.placed(s.forAcme(s.carol, viewer.ReachOwner, viewer.ReachOwner), "TEA", 1)
		if o.OwnerID != s.acme || *o.UserID != s.carol || order.CompanyID(o).UUID != s.acme || order.CompanyID(s.placed(storetest.As(s.carol), "TEA", 1)) != nil {
			t.Fatalf("%+v", o)
		}
		if s.news(s.acme) != "order.placed" || s.news(s.carol) != "order.placed order.placed" {
			t.Error(s.news(s.acme), s.news(s.carol))
		}
		for _, ctx := range []context.Context{ // security F11
			s.forAcme(s.carol, viewer.ReachOwner, viewer.ReachNone),
			viewer.With(context.Background(), viewer.Viewer{UserID: s.staff, OwnerID: viewer.House, Staff: true}),
		} {
			_, err := s.Place(ctx, order.PlaceOrderInput{Lines: basket("TEA", 1), IdempotencyKey: s.key()})
			if fault.KindOf(err) != fault.Forbidden {
				t.Error(err)
			}
		}
		if _, err := s.Place(context.Background(), order.PlaceOrderInput{Lines: basket("TEA", 1), IdempotencyKey: "k"}); fault.KindOf(err) != fault.Unauthenticated {
			t.Error(err)
		}
		if s.stock("TEA") != 98 {
			t.Error(s.stock("TEA"))
		}
	})
}

// A key that was used for oneself is not an order of the company.
func TestPlaceKeyIsOfOneOwner(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		s := newShop(t, db)
		in := order.PlaceOrderInput{Lines: basket("TEA", 1), IdempotencyKey: "one"}
		_, err := s.Place(storetest.As(s.carol), in)
		check(t, err)
		_, err = s.Place(s.forAcme(s.carol, viewer.ReachOwner, viewer.ReachOwner), in)
		refused(t, err, fault.ErrIdempotencyKeyReused, "input.idempotencyKey", "")
	})
}

func TestPlaceIsOneWithItsPoints(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		s := newShop(t, db)
		s.earnOn = "FAILS"
		_, err := s.Place(storetest.As(s.alice), order.PlaceOrderInput{Lines: basket("CUP", 1), IdempotencyKey: "k"})
		if !errors.Is(err, errNoPoints) || s.stock("CUP") != 5 || s.news(s.alice) != "" {
			t.Fatal(err, s.stock("CUP"))
		}
		if n, err := db.Client.Order.Query().Count(storetest.System()); n != 0 || err != nil {
			t.Fatal(n, err)
		}
	})
}
