package order_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	entorder "kabinet/ent/generated/order"
	"kabinet/ent/generated/returnrequest"
	"kabinet/ent/schema"
	"kabinet/internal/fault"
	"kabinet/internal/order"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
	"kabinet/internal/viewer"
)

func TestOrderByEachName(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) { // security F1 G13
		s := newShop(t, db)
		o := s.wants("CREATED", erp("7", "alice"))[0].Order
		refs := []order.OrderRef{
			{ID: ptr(o.GlobalID())}, {Number: &o.Number}, {External: &scalar.ExternalKey{Source: "erp", ID: "7"}},
		}
		for _, by := range refs {
			for _, who := range []context.Context{storetest.As(s.alice), s.asStaff()} {
				if got, err := s.Order(who, by); err != nil || got.ID != o.ID {
					t.Error(err)
				}
			}
			for _, who := range []context.Context{storetest.As(s.bob), context.Background(), s.forAcme(s.carol, viewer.ReachOwner, viewer.ReachOwner)} {
				if _, err := s.Order(who, by); !errors.Is(err, fault.ErrNotFound) {
					t.Error(err)
				}
			}
		}
		for _, by := range []order.OrderRef{
			{ID: &scalar.ID{Prefix: "order", UUID: uuid.New()}}, {Number: ptr("nix")}, {Number: ptr("")}, {Number: ptr("a\x00b")},
			{External: &scalar.ExternalKey{Source: "pos", ID: "7"}}, {External: &scalar.ExternalKey{Source: "erp", ID: "\x00"}},
		} {
			if _, err := s.Order(s.asStaff(), by); !errors.Is(err, fault.ErrNotFound) {
				t.Error(err)
			}
		}
		if _, err := s.Order(s.asStaff(), order.OrderRef{ID: &scalar.ID{Prefix: "usr", UUID: o.ID}}); err == nil || !strings.Contains(err.Error(), "wanted order") {
			t.Error(err)
		}
		if _, err := s.Order(s.asStaff(), order.OrderRef{}); !errors.Is(err, fault.ErrInvalidRequest) {
			t.Error(err)
		}
	})
}

// walk reads a list page by page and gives the totals in minor units.
func walk(t *testing.T, size int, page func(order.Page) (*ent.OrderConnection, error)) (totals []int64) {
	t.Helper()
	p := order.Page{First: &size}
	for range 20 {
		c, err := page(p)
		check(t, err)
		for _, e := range c.Edges {
			totals = append(totals, e.Node.TotalMinor)
		}
		if !c.PageInfo.HasNextPage {
			return totals
		}
		p.After = c.PageInfo.EndCursor
	}
	t.Fatal("the list has no end")
	return nil
}

func TestListsSortAndFilter(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		s := newShop(t, db)
		var items []*order.UpsertOrderInput
		for i, shipping := range []string{"5.00", "1.00", "3.00", "3.00", "3.00", "2.00", "4.00"} {
			items = append(items, erp(fmt.Sprint(i), "alice", func(in *order.UpsertOrderInput) {
				in.Shipping, in.PlacedAt = &shipping, storetest.Start.Add(time.Duration(i/2-100)*time.Hour) // two at a time: ties
				if i < 3 {
					in.Channel, in.PaymentStatus = ptr(entorder.ChannelPHONE), ptr(entorder.PaymentStatusPAID)
				}
				if i == 6 {
					in.Status = ptr(entorder.StatusCANCELLED)
				}
				if i == 5 {
					in.FulfillmentStatus = ptr(entorder.FulfillmentStatusSHIPPED)
				}
			}))
		}
		s.upsert(items...)
		s.wants("CREATED", erp("foreign", "bob"))
		ctx := storetest.As(s.alice)
		list := func(f *order.OrderFilter, sort order.OrderSort, size int) []int64 {
			return walk(t, size, func(p order.Page) (*ent.OrderConnection, error) { return s.Of(ctx, s.alice, f, &sort, p) })
		}
		for sort, want := range map[order.OrderSort][]int64{
			order.OrderSortTotalDesc: {3400, 3200, 3200, 3200, 3100, 3000, 0},
			order.OrderSortTotalAsc:  {0, 3000, 3100, 3200, 3200, 3200, 3400},
			order.OrderSortOldest:    {3400, 3000, 3200, 3200, 3200, 3100, 0},
			order.OrderSortNewest:    {0, 3100, 3200, 3200, 3200, 3000, 3400},
		} {
			for _, size := range []int{1, 2, 3, 100} { // each once, whatever the page
				if got := list(nil, sort, size); !slices.Equal(got, want) {
					t.Errorf("%s by %d: %v, want %v", sort, size, got, want)
				}
			}
		}
		from, before := storetest.Start.Add(-99*time.Hour), storetest.Start.Add(-97*time.Hour)
		for name, c := range map[string]struct {
			filter order.OrderFilter
			want   int
		}{
			"status":  {order.OrderFilter{Status: []entorder.Status{entorder.StatusCANCELLED, entorder.StatusCOMPLETED}}, 1},
			"paid":    {order.OrderFilter{PaymentStatus: []entorder.PaymentStatus{entorder.PaymentStatusPAID}}, 3},
			"goods":   {order.OrderFilter{FulfillmentStatus: []entorder.FulfillmentStatus{entorder.FulfillmentStatusSHIPPED}}, 1},
			"channel": {order.OrderFilter{Channel: []entorder.Channel{entorder.ChannelPHONE, entorder.ChannelSTORE}}, 3},
			"from":    {order.OrderFilter{PlacedFrom: &from}, 5},
			"between": {order.OrderFilter{PlacedFrom: &from, PlacedBefore: &before}, 4},
			"both":    {order.OrderFilter{PlacedFrom: &from, PaymentStatus: []entorder.PaymentStatus{entorder.PaymentStatusPAID}}, 1},
			"none of": {order.OrderFilter{Status: []entorder.Status{}}, 0},
		} {
			if got := list(&c.filter, order.OrderSortNewest, 3); len(got) != c.want {
				t.Errorf("%s: %v", name, got)
			}
		}
		all, err := s.All(s.asStaff(), nil, nil, order.Page{})
		check(t, err)
		if len(all.Edges) != 8 {
			t.Errorf("staff see %d", len(all.Edges))
		}
	})
}

// A list under somebody else's person or company is empty, whoever leads there.
func TestListsUnderOthers(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) { // security F3 F11
		s := newShop(t, db)
		s.placed(storetest.As(s.alice), "TEA", 1)
		carols := s.placed(s.forAcme(s.carol, viewer.ReachOwner, viewer.ReachOwner), "TEA", 1)
		s.placed(s.forAcme(s.bob, viewer.ReachOwner, viewer.ReachOwner), "TEA", 1)
		check(t, db.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error {
			return tx.ReturnRequest.Create().SetOwnerID(s.alice).SetUserID(s.alice).SetNumber("R1").SetCurrency("GBP").SetAmountMinor(350).
				SetRequestedAt(tx.Now).SetStatus(returnrequest.StatusREFUNDED).
				SetLines([]schema.ReturnLine{{SKU: "TEA", Title: "Tea", Quantity: 1, AmountMinor: 350}}).Exec(ctx)
		}))
		staffOfOthers := viewer.With(context.Background(), viewer.Viewer{UserID: s.staff, OwnerID: s.staff, Staff: true})
		for name, c := range map[string]struct {
			ctx                  context.Context
			alice, acme, returns int
		}{
			"nobody":             {context.Background(), 0, 0, 0},
			"alice":              {storetest.As(s.alice), 1, 0, 1},
			"bob":                {storetest.As(s.bob), 0, 0, 0},
			"carol for herself":  {storetest.As(s.carol), 0, 0, 0},
			"carol for acme":     {s.forAcme(s.carol, viewer.ReachOwner, viewer.ReachNone), 0, 2, 0},
			"carol, own only":    {s.forAcme(s.carol, viewer.ReachOwn, viewer.ReachOwn), 0, 1, 0},
			"carol, no reach":    {s.forAcme(s.carol, viewer.ReachNone, viewer.ReachOwner), 0, 0, 0},
			"staff":              {s.asStaff(), 1, 2, 1},
			"staff without them": {staffOfOthers, 0, 0, 0},
		} {
			alice, err := s.Of(c.ctx, s.alice, nil, nil, order.Page{})
			check(t, err)
			acme, err := s.Of(c.ctx, s.acme, nil, nil, order.Page{})
			check(t, err)
			returns, err := s.ReturnsOf(c.ctx, s.alice, order.Page{})
			check(t, err)
			if len(alice.Edges) != c.alice || len(acme.Edges) != c.acme || len(returns.Edges) != c.returns {
				t.Errorf("%s: %d of alice, %d of acme, %d returns", name, len(alice.Edges), len(acme.Edges), len(returns.Edges))
			}
			lines, err := db.Client.OrderLine.Query().Count(c.ctx)
			check(t, err)
			events, err := db.Client.OrderEvent.Query().Count(c.ctx)
			check(t, err)
			if want := c.alice + c.acme; lines != want || events != want {
				t.Errorf("%s: %d lines, %d events", name, lines, events)
			}
		}
		r, err := s.ReturnsOf(storetest.As(s.alice), s.alice, order.Page{})
		check(t, err)
		if l := order.ReturnLines(r.Edges[0].Node); len(l) != 1 || l[0].Amount.Amount() != "3.50" || l[0].OrderLineID != nil || order.ReturnedOrderID(r.Edges[0].Node) != nil {
			t.Errorf("%+v", l)
		}
		actions := func(ctx context.Context) string { return fmt.Sprint(s.Actions(ctx, carols)) }
		for want, ctx := range map[string]context.Context{
			"[CANCEL OPEN_TICKET REPEAT PAY CHANGE_ADDRESS]": viewer.With(context.Background(), viewer.Viewer{UserID: s.carol, OwnerID: s.acme, Grants: map[viewer.Permission]viewer.Reach{
				{Resource: "order", Operation: "write"}: viewer.ReachOwn, {Resource: "ticket", Operation: "write"}: viewer.ReachOwn,
			}}),
			"[]":                      s.forAcme(s.bob, viewer.ReachOwner, viewer.ReachOwn),
			"[CANCEL CHANGE_ADDRESS]": s.asStaff(),
		} {
			if got := actions(ctx); got != want {
				t.Errorf("%s, want %s", got, want)
			}
		}
	})
}

// CANCEL is offered exactly where cancelOrder works.
func TestActionsAreTrue(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		s := newShop(t, db)
		ctx := storetest.As(s.alice)
		for _, goods := range []entorder.FulfillmentStatus{"NEW", "ASSEMBLING", "SHIPPED", "AT_PICKUP_POINT", "DELIVERED"} {
			o := s.placed(ctx, "CARD", 1)
			check(t, s.set(o, order.SetOrderStatusInput{FulfillmentStatus: &goods}))
			o = s.now(o)
			_, err := s.Cancel(ctx, order.CancelOrderInput{OrderID: o.GlobalID(), Reason: entorder.CancelReasonOTHER, IdempotencyKey: s.key(), DryRun: ptr(true)})
			if offered := slices.Contains(s.Actions(ctx, o), order.OrderActionCancel); offered != (err == nil) {
				t.Errorf("%s: offered %v, %v", goods, offered, err)
			}
			if slices.Contains(s.Actions(storetest.As(s.bob), o), order.OrderActionCancel) {
				t.Error("offered to somebody else")
			}
			s.NoCancel = true
			_, err = s.Cancel(s.asStaff(), order.CancelOrderInput{OrderID: o.GlobalID(), Reason: entorder.CancelReasonOTHER, IdempotencyKey: s.key(), DryRun: ptr(true)})
			if offered := slices.Contains(s.Actions(s.asStaff(), o), order.OrderActionCancel); offered != (err == nil) {
				t.Errorf("%s: offered to staff %v, %v", goods, offered, err)
			}
			if slices.Contains(s.Actions(ctx, o), order.OrderActionCancel) {
				t.Error("offered although it is off")
			}
			s.NoCancel = false
		}
	})
}

func TestLabels(t *testing.T) {
	t.Parallel()
	for _, status := range []entorder.Status{"DRAFT", "QUOTED", "AWAITING_APPROVAL", "PLACED", "COMPLETED", "CANCELLED"} {
		for _, goods := range []entorder.FulfillmentStatus{"NEW", "ASSEMBLING", "SHIPPED", "AT_PICKUP_POINT", "DELIVERED", "PARTIALLY_RETURNED", "RETURNED"} {
			o := &ent.Order{Status: status, FulfillmentStatus: goods, PaymentStatus: entorder.PaymentStatusPAID}
			en, ru := order.Label("en", o), order.Label("ru-RU", o)
			if strings.Contains(en+ru, "order.") || en == ru {
				t.Errorf("%s %s: %q %q", status, goods, en, ru)
			}
		}
	}
	if got := order.Label("ru", &ent.Order{Status: "PLACED", FulfillmentStatus: "SHIPPED"}); got != "В пути" {
		t.Error(got)
	}
}

func TestCheckTotalsFindsWhatIsWrong(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) { // security K16
		s := newShop(t, db)
		o := s.placed(storetest.As(s.alice), "TEA", 2)
		check(t, s.set(o, order.SetOrderStatusInput{PaymentStatus: ptr(entorder.PaymentStatusPAID)}))
		for _, harm := range []struct{ do, undo string }{
			{`UPDATE orders SET total_minor = total_minor + 1`, `UPDATE orders SET total_minor = total_minor - 1`},
			{`UPDATE orders SET event_seq = 9`, `UPDATE orders SET event_seq = 2`},
			{`UPDATE order_lines SET total_minor = 1`, `UPDATE order_lines SET total_minor = 700`},
			{`UPDATE orders SET paid_minor = paid_minor + 1`, `UPDATE orders SET paid_minor = paid_minor - 1`},
			{`UPDATE orders SET refunded_minor = 1`, `UPDATE orders SET refunded_minor = 0`},
			{`UPDATE payments SET owner_id = order_id`, `UPDATE payments SET owner_id = (SELECT owner_id FROM orders)`},
		} {
			s.exec(harm.do)
			if wrong, err := order.CheckTotals(context.Background(), db.Store); err != nil || len(wrong) == 0 {
				t.Errorf("%s is not found: %v", harm.do, err)
			}
			s.exec(harm.undo)
		}
		err := db.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.Exec(ctx, `UPDATE order_events SET amount_minor = 0`)
			return err
		})
		if err == nil {
			t.Error("the book was rewritten")
		}
	})
}

// The books of imported history hold too.
func TestCheckTotalsOfAnImport(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		take(t, db, excerpt(t), order.ImportOptions{})
		wrong, err := order.CheckTotals(context.Background(), db.Store)
		if err != nil || len(wrong) > 0 {
			t.Errorf("%d wrong, such as %v; %v", len(wrong), wrong[:min(len(wrong), 5)], err)
		}
		if one(t, db.Store, `SELECT count(*) FROM orders`) == "0" {
			t.Error("nothing was imported")
		}
	})
}
