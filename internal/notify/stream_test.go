package notify_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/internal/event"
	"kabinet/internal/fault"
	"kabinet/internal/notify"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
	"kabinet/internal/viewer"
)

// From the fact to the listener: each notification once, in order, with the
// count after it, across reconnects by cursor, while facts come from many.
func TestAddedIsExactlyOnceInOrder(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		ctx, stop := context.WithCancel(storetest.As(w.alice))
		stream, err := w.inbox.Added(ctx, nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		const writers, each = 4, 15
		var wg sync.WaitGroup
		for range writers {
			wg.Go(func() {
				for range each {
					w.tell(t, event.SecurityChanged{UserID: w.alice, Change: "change_password"}, store.ToUser(w.alice))
					w.tell(t, event.SecurityChanged{UserID: w.boris, Change: "change_password"}, store.ToUser(w.boris))
				}
			})
		}
		const total = writers * each
		wg.Go(func() {
			for len(w.told(t, w.alice, "notification.added")) < total {
				w.hear(t)
			}
		})
		var got []*notify.NotificationAdded
		for len(got) < total { // come back with the cursor, again and again
			got = append(got, take(t, stream, min(7, total-len(got)))...)
			stop()
			ctx, stop = context.WithCancel(storetest.As(w.alice))
			if stream, err = w.inbox.Added(ctx, &got[len(got)-1].Cursor, nil); err != nil {
				t.Fatal(err)
			}
		}
		wg.Wait()
		defer stop()
		quiet(t, stream)
		for i, n := range w.feed(t, w.alice) {
			if got[i].Notification == nil || got[i].Notification.ID != n.ID || got[i].UnreadCount != i+1 {
				t.Fatalf("%d: %+v, want %s", i, got[i], n.ID)
			}
		}
	})
}

func TestAddedProgress(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		alice := subscribe(t, storetest.As(w.alice))
		position, err := w.inbox.StreamPosition(alice, &ent.User{ID: w.alice})
		if err != nil {
			t.Fatal(err)
		}
		feed := w.give(t, w.alice, 2) // fact, fact, added, added
		if _, err := w.inbox.MarkRead(alice, notify.MarkNotificationReadInput{ID: feed[0].GlobalID()}); err != nil {
			t.Fatal(err)
		}
		w.write(t, func(ctx context.Context, tx *store.Tx) error {
			return tx.Notification.DeleteOneID(feed[0].ID).Exec(ctx)
		})
		stream, err := w.inbox.Added(alice, &position, ptr(true))
		if err != nil {
			t.Fatal(err)
		}
		got := take(t, stream, 5)
		cursors := map[string]bool{}
		for i, m := range got {
			cursors[m.Cursor] = true
			if (m.Notification != nil) != (i == 3) { // the third is gone since
				t.Errorf("%d: %+v", i, m)
			}
		}
		if len(cursors) != 5 || got[2].UnreadCount != 1 || got[3].UnreadCount != 2 || got[4].UnreadCount != 1 {
			t.Errorf("counts %d, %d, %d; %d cursors", got[2].UnreadCount, got[3].UnreadCount, got[4].UnreadCount, len(cursors))
		}
		plain, err := w.inbox.Added(alice, &position, nil)
		if err != nil {
			t.Fatal(err)
		}
		if n := take(t, plain, 1)[0].Notification; n == nil || n.ID != feed[1].ID {
			t.Errorf("without progress: %v", n)
		}
		quiet(t, plain)
	})
}

// A member who acts for a company gets its events with his own, each once,
// those alone that his role reaches, and one cursor for both.
func TestEventsOfACompany(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		acme := uuid.Must(uuid.NewV7())
		order := func(number string, user uuid.UUID) event.Fact {
			return event.OrderPlaced{OrderID: uuid.Must(uuid.NewV7()), OwnerID: acme, UserID: &user, Number: number, Currency: "EUR"}
		}
		listen := func(ctx context.Context, after *string) <-chan *notify.AccountEvent {
			stream, err := w.inbox.Events(subscribe(t, ctx), after, nil, nil)
			if err != nil {
				t.Fatal(err)
			}
			return stream
		}
		buyer, none, own := member(w.alice, acme, viewer.ReachOwner), member(w.alice, acme, viewer.ReachNone), member(w.alice, acme, viewer.ReachOwn)
		wide, narrow, blind, private := listen(buyer, nil), listen(own, nil), listen(none, nil), listen(storetest.As(w.alice), nil)
		w.tell(t, order("mine", w.alice), store.ToCompany(acme), store.ToUser(w.alice))
		w.tell(t, order("his", w.boris), store.ToCompany(acme), store.ToUser(w.boris))
		w.tell(t, order("to the company alone", w.alice), store.ToCompany(acme))
		w.tell(t, event.ProfileUpdated{UserID: w.boris}, store.ToCompany(acme)) // of no kind that a company shows
		w.tell(t, event.ProfileUpdated{UserID: w.alice}, store.ToUser(w.alice))
		numbers := func(from <-chan *notify.AccountEvent, n int) map[string]int {
			got := map[string]int{}
			for _, e := range take(t, from, n) {
				number, _ := e.Payload["number"].(string)
				got[number]++
			}
			quiet(t, from)
			return got
		}
		for name, c := range map[string]struct {
			got  map[string]int
			want string
		}{
			"owner":   {numbers(wide, 4), "map[:1 his:1 mine:1 to the company alone:1]"},
			"own":     {numbers(narrow, 3), "map[:1 mine:1 to the company alone:1]"},
			"none":    {numbers(blind, 2), "map[:1 mine:1]"},
			"private": {numbers(private, 2), "map[:1 mine:1]"},
		} {
			if fmt.Sprint(c.got) != c.want {
				t.Errorf("%s: %v, want %s", name, c.got, c.want)
			}
		}
		// One cursor is good for all subscriptions of the account.
		position, err := w.inbox.StreamPosition(buyer, &ent.User{ID: w.alice})
		if err != nil {
			t.Fatal(err)
		}
		w.tell(t, order("later", w.boris), store.ToCompany(acme))
		added, err := w.inbox.Added(subscribe(t, buyer), &position, ptr(true))
		if err != nil {
			t.Fatal(err)
		}
		after := take(t, added, 1)[0].Cursor
		w.tell(t, order("last", w.boris), store.ToCompany(acme))
		if got := take(t, listen(buyer, &after), 1)[0].Payload["number"]; got != "last" {
			t.Errorf("resumed with %v", got)
		}
		if got := take(t, listen(buyer, &position), 2); got[0].Payload["number"] != "later" {
			t.Errorf("resumed with %v", got[0].Payload)
		}
	})
}

func TestEvents(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		alice := subscribe(t, storetest.As(w.alice))
		only, err := w.inbox.Events(alice, nil, []string{"notification.added"}, nil)
		if err != nil {
			t.Fatal(err)
		}
		progress, err := w.inbox.Events(alice, nil, []string{"notification.added"}, ptr(true))
		if err != nil {
			t.Fatal(err)
		}
		all, err := w.inbox.Events(alice, nil, nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		n := w.give(t, w.alice, 1)[0]
		e := take(t, only, 1)[0]
		if *e.Kind != "notification.added" || *e.SubjectID != n.GlobalID() || e.UnreadCount == nil || *e.UnreadCount != 1 ||
			!e.OccurredAt.Equal(db.Clock.Now()) || e.Payload["notificationId"] != n.GlobalID().String() {
			t.Errorf("event %+v", e)
		}
		quiet(t, only)
		p := take(t, progress, 2)
		if p[0].Kind != nil || p[0].Payload != nil || p[0].Cursor == "" || p[0].Cursor == p[1].Cursor || p[1].Cursor != e.Cursor {
			t.Errorf("progress %+v, %+v", p[0], p[1])
		}
		fact := take(t, all, 2)[0]
		user := scalar.ID{Prefix: "usr", UUID: w.alice}
		if *fact.Kind != "account.security_changed" || fact.Payload["userId"] != user.String() || fact.UnreadCount != nil || strings.Contains(fmt.Sprint(fact.Payload), w.alice.String()) {
			t.Errorf("fact %+v", fact)
		}
	})
}

// security F5: streams come from the caller, never from what he sends.
func TestStreamsRefused(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		alice, boris := storetest.As(w.alice), storetest.As(w.boris)
		for _, kind := range []string{"*", ">", "order.*", "ticket_queue.changed", "", "Order.Placed"} {
			_, err := w.inbox.Events(alice, nil, []string{kind}, nil)
			wantFault(t, err, fault.ErrInvalidValue)
		}
		_, err := w.inbox.Events(alice, nil, make([]string, 101), nil)
		wantFault(t, err, fault.ErrTooLong)
		_, err = w.inbox.Events(context.Background(), nil, nil, nil)
		wantFault(t, err, fault.ErrUnauthenticated)
		_, err = w.inbox.Added(context.Background(), nil, nil)
		wantFault(t, err, fault.ErrUnauthenticated)
		_, err = w.inbox.StreamPosition(alice, &ent.User{ID: w.boris})
		wantFault(t, err, fault.ErrForbidden)
		his, err := w.inbox.StreamPosition(boris, &ent.User{ID: w.boris})
		if err != nil {
			t.Fatal(err)
		}
		for _, cursor := range []string{his, "*", ">", "a.b", "", w.boris.String()} {
			_, err = w.inbox.Added(alice, &cursor, nil)
			wantFault(t, err, fault.ErrInvalidCursor)
			_, err = w.inbox.Events(alice, &cursor, nil, nil)
			wantFault(t, err, fault.ErrInvalidCursor)
		}
	})
}

// What cannot be proven complete is CURSOR_EXPIRED, at the start and in the
// middle, never a part.
func TestCursorExpires(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		alice := subscribe(t, storetest.As(w.alice))
		position, err := w.inbox.StreamPosition(alice, &ent.User{ID: w.alice})
		if err != nil {
			t.Fatal(err)
		}
		w.give(t, w.alice, 1)
		w.epoch = "two"
		_, err = w.inbox.Events(alice, &position, nil, nil)
		wantFault(t, err, fault.ErrCursorExpired)
		w.epoch = "one"
		w.write(t, func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.Exec(ctx, `UPDATE account_events SET relayed = ?, heard = ?`, true, true)
			return err
		})
		ctx, ended := viewer.WithStream(alice)
		open, err := w.inbox.Events(ctx, &position, nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		take(t, open, 2)
		db.Clock.Add(31 * 24 * time.Hour)
		if err := db.Trim(context.Background(), 30*24*time.Hour); err != nil {
			t.Fatal(err)
		}
		_, err = w.inbox.Added(alice, &position, nil)
		wantFault(t, err, fault.ErrCursorExpired)
		quiet(t, open)                                             // it had all of them: a trim takes nothing from it
		w.write(t, func(ctx context.Context, tx *store.Tx) error { // a restore to before that
			_, err := tx.Exec(ctx, `UPDATE users SET stream_seq = 0, stream_oldest = 0 WHERE id = ?`, w.alice)
			return err
		})
		if e, more := <-open; more {
			t.Errorf("went on with %+v", e)
		}
		wantFault(t, ended(), fault.ErrCursorExpired)
	})
}

// Ids of a feed rise in the order in which its items appear, also when several
// processes make them at once.
func TestFeedOrderIsStreamOrder(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		for range 40 {
			w.tell(t, event.SecurityChanged{UserID: w.alice, Change: "change_password"}, store.ToHouse())
		}
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() { w.hear(t) })
		}
		wg.Wait()
		feed, added := w.feed(t, w.alice), w.told(t, w.alice, "notification.added")
		if len(feed) != 40 || len(added) != 40 {
			t.Fatalf("%d made, %d told", len(feed), len(added))
		}
		for i, e := range added {
			var f event.NotificationAdded
			if err := json.Unmarshal(e.Payload, &f); err != nil {
				t.Fatal(err)
			}
			if f.NotificationID != feed[i].ID {
				t.Fatalf("%d: told %s, listed %s", i, f.NotificationID, feed[i].ID)
			}
		}
		w.wantUnread(t, w.alice, 40)
	})
}

// Movements of money come to those alone whom wallets are shown: not to a
// member of a family who may know its points, and not to staff who act for the
// customer (security F14), neither as events nor in the feed.
func TestMoneyMovesForThoseAloneWhoSeeWallets(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		family := uuid.Must(uuid.NewV7())
		moved := func(owner uuid.UUID) event.Fact {
			return event.WalletChanged{AccountID: uuid.Must(uuid.NewV7()), OwnerID: owner, Currency: "EUR", Cause: "TOPUP", Amount: 1000, Balance: 1000, Available: 1000}
		}
		relative := func(reach viewer.Reach) context.Context {
			return viewer.With(context.Background(), viewer.Viewer{UserID: w.alice, OwnerID: family, Grants: map[viewer.Permission]viewer.Reach{
				{Resource: "bonus", Operation: "read"}: viewer.ReachOwner, {Resource: "wallet", Operation: "read"}: reach,
			}})
		}
		acting := viewer.With(context.Background(), viewer.Viewer{UserID: w.alice, OwnerID: w.alice, ActingStaff: w.boris})
		listen := func(ctx context.Context) <-chan *notify.AccountEvent {
			stream, err := w.inbox.Events(subscribe(t, ctx), nil, []string{"wallet.changed"}, nil)
			if err != nil {
				t.Fatal(err)
			}
			return stream
		}
		member, holder, agent, herself := listen(relative(viewer.ReachNone)), listen(relative(viewer.ReachOwner)), listen(acting), listen(storetest.As(w.alice))
		w.tell(t, moved(family), store.ToCompany(family))
		w.tell(t, moved(w.alice), store.ToUser(w.alice))
		w.hear(t)
		take(t, holder, 2) // of both
		take(t, member, 1) // her own
		take(t, herself, 1)
		for _, from := range []<-chan *notify.AccountEvent{member, herself, holder, agent} {
			quiet(t, from)
		}
		w.give(t, w.alice, 1) // of another kind
		for name, c := range map[string]struct {
			who  context.Context
			want int
		}{"herself": {storetest.As(w.alice), 2}, "acting": {acting, 1}} {
			page, err := w.inbox.Of(c.who, w.alice, nil, notify.Page{})
			if err != nil || len(page.Edges) != c.want {
				t.Errorf("%s: %d in the feed, want %d (%v)", name, len(page.Edges), c.want, err)
			}
		}
	})
}
