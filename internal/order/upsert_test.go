package order_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	entorder "kabinet/ent/generated/order"
	"kabinet/ent/generated/payment"
	"kabinet/internal/fault"
	"kabinet/internal/order"
	"kabinet/internal/scalar"
	"kabinet/internal/store/storetest"
	"kabinet/internal/viewer"
)

// erp is an order of the outside system erp, of two lines, 31.50 with shipping.
func erp(id, customer string, more ...func(*order.UpsertOrderInput)) *order.UpsertOrderInput {
	in := &order.UpsertOrderInput{
		External: &scalar.ExternalKey{Source: "erp", ID: id}, SourceUpdatedAt: storetest.Start.Add(-time.Hour), PlacedAt: storetest.Start.Add(-24 * time.Hour),
		Currency: "GBP", Shipping: ptr("2.50"), Lines: []*order.UpsertOrderLineInput{
			{Sku: "TEA", Title: "Tea", Quantity: 2, UnitPrice: "10.00", Discount: ptr("1.00"), Tax: ptr("3.00")},
			{Sku: "ODD", Title: "Something old", Category: ptr("old"), Quantity: 1, UnitPrice: "10"},
		},
	}
	if customer != "" {
		in.Customer = &order.CustomerRef{External: &scalar.ExternalKey{Source: "crm", ID: customer}}
	}
	for _, f := range more {
		f(in)
	}
	return in
}

// upsert wants the batch as a whole to be taken, and gives the outcomes too.
func (s *shop) upsert(items ...*order.UpsertOrderInput) ([]order.UpsertResult, string) {
	s.t.Helper()
	results, err := s.Upsert(s.asStaff(), order.UpsertOrdersInput{Orders: items})
	check(s.t, err)
	var outcomes []string
	for i, r := range results {
		outcome := string(r.Outcome)
		if f, ok := fault.As(r.Err); ok {
			outcome = f.Code + "@" + strings.TrimPrefix(strings.Join(f.Path, "."), fmt.Sprintf("input.orders.%d.", i))
		}
		if (r.Order == nil) != (r.Err != nil) || (r.Err != nil) != (r.Outcome == scalar.UpsertRefused || r.Outcome == scalar.UpsertOutdated) {
			s.t.Errorf("item %d: %+v", i, r)
		}
		outcomes = append(outcomes, outcome)
	}
	return results, strings.Join(outcomes, " ")
}

func (s *shop) wants(want string, items ...*order.UpsertOrderInput) []order.UpsertResult {
	s.t.Helper()
	results, got := s.upsert(items...)
	if got != want {
		s.t.Fatalf("got %s, want %s", got, want)
	}
	return results
}

func TestUpsertCreates(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		s := newShop(t, db)
		results := s.wants("CREATED CREATED CREATED CREATED",
			erp("1", "alice"),
			erp("2", "", func(in *order.UpsertOrderInput) { in.Channel = ptr(entorder.ChannelSTORE) }),
			erp("3", "bob", func(in *order.UpsertOrderInput) {
				in.Number, in.Status = ptr("R-3"), ptr(entorder.StatusCOMPLETED)
				in.PaymentStatus, in.FulfillmentStatus = ptr(entorder.PaymentStatusREFUNDED), ptr(entorder.FulfillmentStatusRETURNED)
				in.Metadata = map[string]any{"till": "7", "count": int64(3)}
			}),
			erp("4", "bob", func(in *order.UpsertOrderInput) {
				in.Status, in.PaymentStatus = ptr(entorder.StatusCANCELLED), ptr(entorder.PaymentStatusPAID)
			}))
		o := s.now(results[0].Order)
		if o.Number != "erp-1" || o.OwnerID != s.alice || o.TotalMinor != 3150 || o.SubtotalMinor != 3000 || o.DiscountMinor != 100 || o.TaxMinor != 300 || o.ShippingMinor != 250 {
			t.Errorf("%+v", o)
		}
		lines, err := order.Lines(storetest.System(), o)
		check(t, err)
		if lines[0].ProductID == nil || lines[1].ProductID != nil || lines[0].TotalMinor != 1900 || s.stock("TEA") != 100 {
			t.Errorf("%v", lines)
		}
		if guest := s.now(results[1].Order); guest.OwnerID != viewer.House || guest.UserID != nil || guest.Channel != entorder.ChannelSTORE {
			t.Errorf("%+v", guest)
		}
		returned := s.now(results[2].Order)
		if got := book(returned); got != "1 PLACED 3150, 2 PAYMENT_CONFIRMED 0, 3 REFUNDED 0, 4 RETURNED -2900, 5 COMPLETED 0" {
			t.Error(got)
		}
		if returned.Number != "R-3" || returned.PaidMinor != 3150 || returned.RefundedMinor != 3150 || returned.Edges.Lines[0].Returned != returned.Edges.Lines[0].Quantity || returned.Metadata["till"] != "7" || returned.PointsEarned != 0 {
			t.Errorf("%+v", returned)
		}
		if c := s.now(results[3].Order); c.TotalMinor != 0 || c.PaidMinor != 3150 || c.CancelledAt == nil || book(c) != "1 PLACED 3150, 2 PAYMENT_CONFIRMED 0, 3 CANCELLED -3150" {
			t.Errorf("%+v %s", c, book(c))
		}
		if s.news(s.alice) != "order.placed" || s.news(viewer.House) != "order.placed" || s.news(s.bob) != "order.placed order.cancelled" && s.news(s.bob) != "order.cancelled order.placed" {
			t.Error(s.news(s.alice), s.news(viewer.House), s.news(s.bob))
		}
		if n := one(t, db.Store, `SELECT count(*) FROM audit_entries WHERE action = 'order.upsert'`); n != "1" {
			t.Error(n)
		}
	})
}

func TestUpsertChanges(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		s := newShop(t, db)
		id := s.wants("CREATED", erp("1", "alice"))[0].Order
		at := func(minutes int, more ...func(*order.UpsertOrderInput)) *order.UpsertOrderInput {
			return erp("1", "alice", append(more, func(in *order.UpsertOrderInput) {
				in.SourceUpdatedAt = storetest.Start.Add(time.Duration(minutes-60) * time.Minute)
			})...)
		}
		ship := func(in *order.UpsertOrderInput) {
			in.PaymentStatus, in.FulfillmentStatus = ptr(entorder.PaymentStatusPAID), ptr(entorder.FulfillmentStatusSHIPPED)
		}
		s.wants("UNCHANGED", at(0))
		s.wants("UNCHANGED", at(10))
		s.wants("OUTDATED@sourceUpdatedAt", at(5, ship)) // older than what was told last, though nothing changed then
		if o := s.now(id); o.Revision != 1 || s.news(s.alice) != "order.placed" || one(t, db.Store, `SELECT count(*) FROM audit_entries`) != "1" {
			t.Errorf("%+v %s", o, s.news(s.alice))
		}
		s.wants("UPDATED", at(20, ship, func(in *order.UpsertOrderInput) { in.Shipping, in.Metadata = ptr("3.00"), map[string]any{"a": 1.5} }))
		o := s.now(id)
		if o.TotalMinor != 3200 || o.PaidMinor != 3200 || o.Revision != 2 || len(o.Edges.Shipments) != 1 || o.Edges.Lines[0].Shipped != o.Edges.Lines[0].Quantity {
			t.Errorf("%+v", o)
		}
		if got := book(o); got != "1 PLACED 3150, 2 EDITED 50, 3 PAYMENT_CONFIRMED 0, 4 SHIPPED 0" {
			t.Error(got)
		}
		s.wants("UPDATED", at(30, ship, func(in *order.UpsertOrderInput) { in.Shipping = ptr("4.00") }))
		if o = s.now(id); o.PaidMinor != 3300 || len(o.Edges.Payments) != 2 || o.Metadata["a"] != 1.5 {
			t.Errorf("%+v", o)
		}
		s.wants("UPDATED", at(40, ship, func(in *order.UpsertOrderInput) {
			in.Shipping, in.FulfillmentStatus, in.PaymentStatus = ptr("4.00"), ptr(entorder.FulfillmentStatusDELIVERED), ptr(entorder.PaymentStatusREFUNDED)
		}))
		o = s.now(id)
		if o.PointsEarned != 29 || s.earned.Load() != 1 || o.RefundedMinor != 3300 || len(o.Edges.Payments) != 4 || o.Edges.Payments[3].Status != payment.StatusSUCCEEDED {
			t.Errorf("%+v", o)
		}
		if got := s.news(s.alice); got != "order.placed order.edited order.status_changed order.edited order.status_changed" {
			t.Error(got)
		}
		s.wants("ILLEGAL_TRANSITION@paymentStatus", at(50))
		s.wants("UPDATED", erp("1", "alice", ship, func(in *order.UpsertOrderInput) {
			in.SourceUpdatedAt, in.Shipping, in.Status = storetest.Start, ptr("4.00"), ptr(entorder.StatusCANCELLED)
			in.FulfillmentStatus, in.PaymentStatus = ptr(entorder.FulfillmentStatusDELIVERED), ptr(entorder.PaymentStatusREFUNDED)
		}))
		if o = s.now(id); o.TotalMinor != 0 || o.PointsEarned != 0 || s.unearned.Load() != 1 || !strings.HasSuffix(s.news(s.alice), "order.cancelled") {
			t.Errorf("%+v", o)
		}
	})
}

func TestUpsertTakesTheGoodOnes(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) { // security K12: a hundred with bad ones among them
		s := newShop(t, db)
		s.wants("CREATED CREATED", erp("fixed", "alice", func(in *order.UpsertOrderInput) { in.Number = ptr("N-1") }),
			erp("gone", "alice", func(in *order.UpsertOrderInput) { in.Status = ptr(entorder.StatusCANCELLED) }))
		mine := s.placed(storetest.As(s.bob), "TEA", 1)
		bad := map[int]struct {
			change func(*order.UpsertOrderInput)
			want   string
		}{
			3:  {func(in *order.UpsertOrderInput) { in.External.ID = "0" }, "DUPLICATE_KEY@external"},
			5:  {func(in *order.UpsertOrderInput) { in.External.ID = " " }, "REQUIRED@external.id"},
			7:  {func(in *order.UpsertOrderInput) { in.Lines = nil }, "ORDER_EMPTY@lines"},
			9:  {func(in *order.UpsertOrderInput) { in.Lines[1].Quantity = 0 }, "OUT_OF_RANGE@lines.1.quantity"},
			11: {func(in *order.UpsertOrderInput) { in.Lines[0].UnitPrice = "1.005" }, "INVALID_VALUE@lines.0.unitPrice"},
			13: {func(in *order.UpsertOrderInput) { in.Lines[0].UnitPrice = "-1" }, "OUT_OF_RANGE@lines.0.unitPrice"},
			15: {func(in *order.UpsertOrderInput) { in.Lines[0].Discount = ptr("20.01") }, "OUT_OF_RANGE@lines.0.discount"},
			17: {func(in *order.UpsertOrderInput) { in.Lines[0].Tax = ptr("19.01") }, "OUT_OF_RANGE@lines.0.tax"},
			19: {func(in *order.UpsertOrderInput) {
				in.Lines[0].UnitPrice, in.Lines[0].Quantity = "90000000000000", 1_000_000
			}, "OUT_OF_RANGE@lines.0.quantity"},
			21: {func(in *order.UpsertOrderInput) { in.PlacedAt = storetest.Start.Add(2 * time.Hour) }, "OUT_OF_RANGE@placedAt"},
			23: {func(in *order.UpsertOrderInput) { in.SourceUpdatedAt = storetest.Start.Add(2 * time.Hour) }, "OUT_OF_RANGE@sourceUpdatedAt"},
			25: {func(in *order.UpsertOrderInput) { in.Status = ptr(entorder.StatusDRAFT) }, "INVALID_VALUE@status"},
			27: {func(in *order.UpsertOrderInput) { in.Customer.External.ID = "zoe" }, "NOT_FOUND@customer"},
			29: {func(in *order.UpsertOrderInput) { in.Number = ptr("N-1") }, "INVALID_VALUE@number"},
			31: {func(in *order.UpsertOrderInput) { in.Number = &mine.Number }, "INVALID_VALUE@number"},
			33: {func(in *order.UpsertOrderInput) { in.External.ID, in.Number = "fixed", ptr("N-2") }, "INVALID_VALUE@number"},
			35: {func(in *order.UpsertOrderInput) { in.External.ID, in.Status = "gone", ptr(entorder.StatusPLACED) }, "ILLEGAL_TRANSITION@status"},
			37: {func(in *order.UpsertOrderInput) { in.Metadata = map[string]any{"a": "\x00"} }, "INVALID_VALUE@metadata"},
			41: {func(in *order.UpsertOrderInput) { in.PlacedAt = time.Time{} }, "OUT_OF_RANGE@placedAt"},
			39: {func(in *order.UpsertOrderInput) { in.Customer = &order.CustomerRef{ID: ptr(mine.GlobalID())} }, "NOT_FOUND@customer"},
		}
		var items []*order.UpsertOrderInput
		var want []string
		for i := range 100 {
			in, outcome := erp(fmt.Sprint(i), "alice"), "CREATED"
			if b, ok := bad[i]; ok {
				b.change(in)
				outcome = b.want
			}
			items, want = append(items, in), append(want, outcome)
		}
		s.wants(strings.Join(want, " "), items...)
		if n := one(t, db.Store, `SELECT count(*) FROM orders`); n != fmt.Sprint(3+100-len(bad)) {
			t.Errorf("%s orders", n)
		}
		for field, change := range map[string]func(*order.UpsertOrderInput){
			"currency": func(in *order.UpsertOrderInput) { in.Currency = "EUR" },
			"lines":    func(in *order.UpsertOrderInput) { in.Lines[1].Title = "Something else" },
			"customer": func(in *order.UpsertOrderInput) { in.Customer.External.ID = "bob" },
		} {
			s.wants("INVALID_VALUE@"+field, erp("fixed", "alice", change))
		}
		s.wants("INVALID_VALUE@customer", erp("fixed", ""))
	})
}

func TestUpsertAsAWhole(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) { // security F2
		s := newShop(t, db)
		_, err := s.Upsert(s.asStaff(), order.UpsertOrdersInput{})
		refused(t, err, fault.ErrRequired, "input.orders", "")
		_, err = s.Upsert(s.asStaff(), order.UpsertOrdersInput{Orders: make([]*order.UpsertOrderInput, 1_001)})
		refused(t, err, fault.ErrTooLong, "input.orders", `{"limit":1000}`)
		for _, who := range []context.Context{storetest.As(s.alice), context.Background(), s.forAcme(s.carol, viewer.ReachOwner, viewer.ReachOwner)} {
			if _, err := s.Upsert(who, order.UpsertOrdersInput{Orders: []*order.UpsertOrderInput{erp("1", "")}}); fault.KindOf(err) != fault.Forbidden {
				t.Error(err)
			}
		}
		s.earnOn = "FAILS"
		if _, err = s.Upsert(s.asStaff(), order.UpsertOrdersInput{Orders: []*order.UpsertOrderInput{erp("1", "alice")}}); !errors.Is(err, errNoPoints) {
			t.Error(err)
		}
		if n := one(t, db.Store, `SELECT count(*) FROM orders`); n != "0" {
			t.Error("half a batch was kept")
		}
	})
}

// The key of one source never finds another source's order.
func TestUpsertKeepsSourcesApart(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		s := newShop(t, db)
		other := func(in *order.UpsertOrderInput) { in.External.Source, in.Shipping = "pos", ptr("9.00") }
		first := s.wants("CREATED CREATED", erp("1", "alice"), erp("1", "bob", other))
		s.wants("UPDATED UNCHANGED", erp("1", "alice", func(in *order.UpsertOrderInput) { in.Shipping = ptr("3.00") }), erp("1", "bob", other))
		if a, b := s.now(first[0].Order), s.now(first[1].Order); a.OwnerID != s.alice || b.OwnerID != s.bob || b.ShippingMinor != 900 || a.ShippingMinor != 300 {
			t.Errorf("%+v %+v", a, b)
		}
	})
}

func TestUpsertClaimsGuestOrders(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		s := newShop(t, db)
		done := func(in *order.UpsertOrderInput) {
			in.PaymentStatus, in.FulfillmentStatus = ptr(entorder.PaymentStatusPAID), ptr(entorder.FulfillmentStatusDELIVERED)
		}
		id := s.wants("CREATED", erp("1", "", done))[0].Order
		if s.earned.Load() != 0 {
			t.Error("a guest earned points")
		}
		s.wants("UPDATED", erp("1", "alice", done))
		o := s.now(id)
		if o.OwnerID != s.alice || *o.UserID != s.alice || o.PointsEarned != 29 || s.news(s.alice) != "order.edited" {
			t.Errorf("%+v %s", o, s.news(s.alice))
		}
		seen, err := db.Client.Order.Query().WithLines().WithEvents().WithPayments().WithShipments().Only(storetest.As(s.alice))
		check(t, err)
		if e := seen.Edges; len(e.Lines) != 2 || len(e.Events) != 3 || len(e.Payments) != 1 || len(e.Shipments) != 1 {
			t.Errorf("%+v", e)
		}
		s.wants("UNCHANGED", erp("1", "alice", done))
	})
}

func TestUpsertAtTheSameTime(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		s := newShop(t, db)
		var wg sync.WaitGroup
		for i := range 8 {
			wg.Go(func() {
				var items []*order.UpsertOrderInput
				for n := range 10 {
					items = append(items, erp(fmt.Sprint((n+i)%10), "alice", func(in *order.UpsertOrderInput) {
						in.SourceUpdatedAt = storetest.Start.Add(time.Duration(i-100) * time.Minute)
						in.Metadata = map[string]any{"writer": float64(i)}
					}))
				}
				if _, err := s.Upsert(s.asStaff(), order.UpsertOrdersInput{Orders: items}); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		orders, err := db.Client.Order.Query().All(storetest.System())
		check(t, err)
		if len(orders) != 10 {
			t.Fatalf("%d orders", len(orders))
		}
		for _, o := range orders { // the newest stands, whoever came last
			if o.Metadata["writer"] != 7.0 {
				t.Errorf("%s is of writer %v", o.Number, o.Metadata)
			}
		}
	})
}

// What a batch costs does not grow with its items, but for what must be each
// one's own: its points, its place on the stream.
func TestUpsertStatements(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		s := newShop(t, db)
		s.earnOn = ""
		batch := func(from, n int) int {
			var items []*order.UpsertOrderInput
			for i := range n {
				items = append(items, erp(fmt.Sprint(from+i), "", func(in *order.UpsertOrderInput) {
					in.PaymentStatus, in.FulfillmentStatus = ptr(entorder.PaymentStatusPAID), ptr(entorder.FulfillmentStatusDELIVERED)
				}))
			}
			count, _ := db.Statements(func() { s.upsert(items...) })
			return count - n // a fact each
		}
		small, large := batch(0, 2), batch(100, 60)
		if large > small {
			t.Errorf("%d statements for 2 orders, %d for 60", small, large)
		}
		if again := batch(100, 60) + 60; again > 8 {
			t.Errorf("%d statements to find 60 unchanged", again)
		}
	})
}

// Who is told of many orders of a company is asked for once.
func TestUpsertTellsCompanies(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		s := newShop(t, db)
		pays := func(n int) int {
			var items []*order.UpsertPaymentInput
			for range n {
				o := s.placed(s.forAcme(s.carol, viewer.ReachOwner, viewer.ReachOwner), "TEA", 1)
				in := received(o.Number, "", "3.50", payment.StatusSUCCEEDED, 0)
				in.Order = &order.OrderRef{Number: &o.Number}
				items = append(items, in)
			}
			count, _ := db.Statements(func() { s.receives(strings.TrimSpace(strings.Repeat("CREATED ", n)), items...) })
			return count - 2*n // a fact each for the company and for her
		}
		if small, large := pays(2), pays(20); large > small {
			t.Errorf("%d statements for 2 orders, %d for 20", small, large)
		}
		for _, stream := range []uuid.UUID{s.acme, s.carol} {
			if got := strings.Count(s.news(stream), "order.status_changed"); got != 22 {
				t.Errorf("%d of 22 were told", got)
			}
		}
	})
}
