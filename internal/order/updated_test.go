package order_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	entorder "kabinet/ent/generated/order"
	"kabinet/internal/fault"
	"kabinet/internal/live"
	"kabinet/internal/order"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
	"kabinet/internal/viewer"
)

// live gives the shop its streams, woken by the safety net alone.
func (s *shop) live() {
	hub := live.NewHub(live.HubOptions{Heads: s.db.Heads, ResyncEvery: 10 * time.Millisecond})
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { hub.Watch(ctx); close(done) }()
	s.t.Cleanup(func() { stop(); hub.Close(); <-done })
	s.Streams = &live.Streams{Hub: hub, Read: s.db.ReadStream, Heads: s.db.Heads, Epoch: func(context.Context) (string, error) { return "e", nil }}
}

// follow opens the subscription of a viewer; it ends with the test.
func (s *shop) follow(ctx context.Context, o *ent.Order, after *string) <-chan *order.Update {
	s.t.Helper()
	ctx, stop := context.WithCancel(ctx)
	s.t.Cleanup(stop)
	updates, err := s.Updated(ctx, o.GlobalID(), after)
	check(s.t, err)
	return updates
}

func (s *shop) next(updates <-chan *order.Update) *order.Update {
	s.t.Helper()
	select {
	case u, open := <-updates:
		if open {
			return u
		}
		s.t.Fatal("the stream ended")
	case <-time.After(20 * time.Second):
		s.t.Fatal("no message came")
	}
	return nil
}

func (s *shop) quiet(updates <-chan *order.Update) {
	s.t.Helper()
	select {
	case u := <-updates:
		s.t.Errorf("a message too many: %+v", u)
	case <-time.After(60 * time.Millisecond):
	}
}

func TestUpdatedFollowsOneOrder(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		s := newShop(t, db)
		s.live()
		ctx := storetest.As(s.alice)
		o, other := s.placed(ctx, "CARD", 1), s.placed(ctx, "CARD", 2)
		mine, staffs := s.follow(ctx, o, nil), s.follow(s.asStaff(), o, nil)
		check(t, s.set(other, order.SetOrderStatusInput{FulfillmentStatus: ptr(entorder.FulfillmentStatusSHIPPED)}))
		check(t, s.set(o, order.SetOrderStatusInput{FulfillmentStatus: ptr(entorder.FulfillmentStatusASSEMBLING)}))
		first := s.next(mine)
		if first.Kind != "order.status_changed" || first.Order.ID != o.ID || first.Order.FulfillmentStatus != entorder.FulfillmentStatusASSEMBLING {
			t.Errorf("%+v", first)
		}
		if u := s.next(staffs); u.Order.ID != o.ID {
			t.Errorf("%+v", u)
		}
		check(t, s.cancel(ctx, o))
		if u := s.next(mine); u.Kind != "order.cancelled" || u.Order.Status != entorder.StatusCANCELLED {
			t.Errorf("%+v", u)
		}
		resumed := s.follow(ctx, o, &first.Cursor)
		if u := s.next(resumed); u.Kind != "order.cancelled" {
			t.Errorf("%+v", u)
		}
		s.quiet(mine)
		s.quiet(resumed)
	})
}

// A company's order is told on two streams, and comes once.
func TestUpdatedOfACompany(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		s := newShop(t, db)
		s.live()
		ctx := s.forAcme(s.carol, viewer.ReachOwner, viewer.ReachOwner)
		o := s.placed(ctx, "CARD", 1)
		own := s.placed(storetest.As(s.carol), "CARD", 1)
		guests := s.wants("CREATED", erp("1", ""))[0].Order
		carol, bob, house, herself := s.follow(ctx, o, nil), s.follow(s.forAcme(s.bob, viewer.ReachOwner, viewer.ReachNone), o, nil), s.follow(s.asStaff(), guests, nil), s.follow(ctx, own, nil)
		for _, which := range []*ent.Order{o, guests, own} {
			check(t, s.set(which, order.SetOrderStatusInput{FulfillmentStatus: ptr(entorder.FulfillmentStatusASSEMBLING)}))
		}
		for _, updates := range []<-chan *order.Update{carol, bob, house, herself} {
			if u := s.next(updates); u.Kind != "order.status_changed" {
				t.Errorf("%+v", u)
			}
			s.quiet(updates)
		}
	})
}

func TestUpdatedRefusals(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) { // security F5
		s := newShop(t, db)
		s.live()
		o := s.placed(storetest.As(s.alice), "CARD", 1)
		for _, who := range []context.Context{storetest.As(s.bob), context.Background(), s.forAcme(s.carol, viewer.ReachOwner, viewer.ReachOwner)} {
			if _, err := s.Updated(who, o.GlobalID(), nil); !errors.Is(err, fault.ErrNotFound) {
				t.Error(err)
			}
		}
		ctx := storetest.As(s.alice)
		if _, err := s.Updated(ctx, scalar.ID{Prefix: "order", UUID: uuid.New()}, nil); !errors.Is(err, fault.ErrNotFound) {
			t.Error(err)
		}
		if _, err := s.Updated(ctx, scalar.ID{Prefix: "usr", UUID: s.alice}, nil); err == nil {
			t.Error("a user was followed as an order")
		}
		if _, err := s.Updated(ctx, o.GlobalID(), ptr("*.>")); !errors.Is(err, fault.ErrInvalidCursor) {
			t.Error(err)
		}
		old := live.EncodeCursor(live.Cursor{Epoch: "before the restore", Seqs: map[uuid.UUID]int64{s.alice: 0}})
		if _, err := s.Updated(ctx, o.GlobalID(), &old); !errors.Is(err, fault.ErrCursorExpired) {
			t.Error(err)
		}
	})
}

// An order that is taken from its follower is told of without it, once. What
// becomes of it afterwards he is not told (security F5, F6).
func TestUpdatedOfAnOrderTakenAway(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		s := newShop(t, db)
		s.live()
		ctx, ended := viewer.WithStream(s.forAcme(s.bob, viewer.ReachOwn, viewer.ReachOwn))
		o := s.placed(ctx, "CARD", 1)
		updates := s.follow(ctx, o, nil)
		check(t, db.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.Exec(ctx, `UPDATE orders SET user_id = ? WHERE id = ?`, s.carol, o.ID)
			return err
		}))
		check(t, s.set(o, order.SetOrderStatusInput{FulfillmentStatus: ptr(entorder.FulfillmentStatusASSEMBLING)}))
		if u := s.next(updates); u.Order != nil || u.Cursor == "" {
			t.Errorf("%+v", u)
		}
		check(t, s.set(o, order.SetOrderStatusInput{FulfillmentStatus: ptr(entorder.FulfillmentStatusSHIPPED)}))
		select {
		case u, open := <-updates:
			if err := ended(); open || !errors.Is(err, fault.ErrNotFound) {
				t.Errorf("%+v, %v", u, err)
			}
		case <-time.After(20 * time.Second):
			t.Error("the stream goes on")
		}
	})
}
