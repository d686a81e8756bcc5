package endpoint_test

import (
	"context"
	"encoding/json"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"kabinet/ent/generated/membership"
	"kabinet/ent/generated/pushendpoint"
	"kabinet/ent/generated/user"
	"kabinet/internal/event"
	"kabinet/internal/notify/endpoint"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
	"kabinet/internal/viewer"
)

// A browser is sent to while the session goes on in which it was registered,
// asked of the session itself. security B3
func TestEndsWithItsSession(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		elsewhere := w.signIn(t, w.alice)
		first, second := w.register(t, w.alice, browser(t)), w.register(t, elsewhere, browser(t))
		w.reached(t, w.alice.UserID, endpoint.ChannelWebPush, first, second)
		w.reached(t, w.alice.UserID, endpoint.ChannelMobilePush)
		w.reached(t, w.alice.UserID, "EMAIL")
		w.reached(t, w.boris.UserID, endpoint.ChannelWebPush)

		// A sign-out counts before anybody has heard of it …
		w.write(t, func(ctx context.Context, tx *store.Tx) error {
			tx.Tell(event.SessionsEnded{UserID: w.alice.UserID, SessionIDs: []uuid.UUID{w.alice.SessionID}}, store.ToUser(w.alice.UserID))
			return tx.Session.UpdateOneID(w.alice.SessionID).SetRevokedAt(tx.Now).Exec(ctx)
		})
		w.reached(t, w.alice.UserID, endpoint.ChannelWebPush, second)
		if w.status(t, first) != pushendpoint.StatusACTIVE {
			t.Error("nobody has heard of it yet")
		}
		// … and is written down by who hears of it.
		_, err := w.Hear(storetest.System(), 100, w.endpoints.Hearers(), nil)
		check(t, err)
		if w.status(t, first) != pushendpoint.StatusREMOVED || w.status(t, second) != pushendpoint.StatusACTIVE {
			t.Error("the fact was not heard well")
		}
		// Of a session that runs out no fact tells.
		db.Clock.Add(15 * 24 * time.Hour)
		w.reached(t, w.alice.UserID, endpoint.ChannelWebPush)
		if n, err := w.endpoints.TidyDue(storetest.System(), 100); err != nil || n != 1 || w.status(t, second) != pushendpoint.StatusREMOVED {
			t.Errorf("%d, %v", n, err)
		}
		db.Clock.Add(31 * 24 * time.Hour)
		_, err = w.endpoints.TidyDue(storetest.System(), 100)
		check(t, err)
		if n, err := w.Client.PushEndpoint.Query().Count(storetest.System()); err != nil || n != 0 {
			t.Errorf("%d are kept, %v", n, err)
		}
	})
}

// A browser whose push service took nothing twenty times and for a day is gone;
// one message that is taken begins both anew.
func TestTakesNothing(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		id := w.register(t, w.alice, browser(t))
		fails := func(n int) {
			for range n {
				w.write(t, func(ctx context.Context, tx *store.Tx) error { return w.endpoints.Failed(ctx, tx, id) })
			}
		}
		fails(30)
		db.Clock.Add(time.Hour)
		w.write(t, func(ctx context.Context, tx *store.Tx) error { return w.endpoints.Reached(ctx, tx, id) })
		db.Clock.Add(24 * time.Hour)
		fails(19)
		w.reached(t, w.alice.UserID, endpoint.ChannelWebPush, id)
		fails(1)
		if w.reached(t, w.alice.UserID, endpoint.ChannelWebPush); w.status(t, id) != pushendpoint.StatusGONE {
			t.Error(w.status(t, id))
		}
		young := w.register(t, w.alice, browser(t))
		id = young
		fails(30)
		w.reached(t, w.alice.UserID, endpoint.ChannelWebPush, young)
	})
}

func (w *world) status(t *testing.T, id uuid.UUID) pushendpoint.Status {
	t.Helper()
	p, err := w.Client.PushEndpoint.Get(storetest.System(), id)
	check(t, err)
	return p.Status
}

// Staff's sessions are shorter; who is not active is told nothing.
func TestWhoIsToldNothing(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		a, b := w.register(t, w.alice, browser(t)), w.register(t, w.boris, browser(t))
		w.write(t, func(ctx context.Context, tx *store.Tx) error {
			return tx.Membership.Create().SetUserID(w.alice.UserID).SetOwnerID(viewer.House).SetRoleID(uuid.New()).SetKind(membership.KindSTAFF).Exec(ctx)
		})
		w.reached(t, w.alice.UserID, endpoint.ChannelWebPush, a)
		db.Clock.Add(31 * time.Minute)
		w.reached(t, w.alice.UserID, endpoint.ChannelWebPush)
		w.reached(t, w.boris.UserID, endpoint.ChannelWebPush, b)
		w.write(t, func(ctx context.Context, tx *store.Tx) error {
			return tx.User.UpdateOneID(w.boris.UserID).SetStatus(user.StatusBLOCKED).Exec(ctx)
		})
		w.reached(t, w.boris.UserID, endpoint.ChannelWebPush)
	})
}

// The same browser is one row; whose session it was last, his it is. A gone one
// is gone.
func TestBrowserChangesHands(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		in := browser(t)
		first := w.register(t, w.alice, in)
		if again := w.register(t, w.signIn(t, w.alice), in); again != first {
			t.Error("the same browser came in twice")
		}
		var wg sync.WaitGroup
		for range 4 { // a page that calls at each of its starts
			wg.Go(func() { w.register(t, w.boris, in) })
		}
		wg.Wait()
		w.reached(t, w.alice.UserID, endpoint.ChannelWebPush)
		ids, open := w.addresses(t, w.boris.UserID, endpoint.ChannelWebPush)
		if len(ids) != 1 || ids[0] == first || w.status(t, first) != pushendpoint.StatusREMOVED {
			t.Fatalf("it did not change hands once: %v", ids)
		}
		var s endpoint.Subscription
		if err := json.Unmarshal([]byte(open[0]), &s); err != nil || s.Endpoint != in.Web.Endpoint || s.P256dh != in.Web.P256dh || s.Auth != in.Web.Auth {
			t.Errorf("%s, %v", open, err)
		}
		w.write(t, func(ctx context.Context, tx *store.Tx) error { return w.endpoints.Reached(ctx, tx, ids[0]) })
		w.write(t, func(ctx context.Context, tx *store.Tx) error { return w.endpoints.Gone(ctx, tx, ids[0]) })
		w.write(t, func(ctx context.Context, tx *store.Tx) error { return w.endpoints.Gone(ctx, tx, first) })
		w.reached(t, w.boris.UserID, endpoint.ChannelWebPush)
		if w.status(t, ids[0]) != pushendpoint.StatusGONE || w.status(t, first) != pushendpoint.StatusREMOVED {
			t.Error("what ended stays as it ended")
		}
		if p, err := w.Client.PushEndpoint.Get(storetest.System(), ids[0]); err != nil || p.LastOkAt == nil || strings.Contains(string(p.Sealed), "push.example") {
			t.Errorf("%+v, %v", p, err)
		}
		if back := w.register(t, w.boris, in); back == ids[0] {
			t.Error("a row that was gone came back")
		}
	})
}

// 20 are kept at most, also when they come at once; an hour bounds the tries.
func TestAtMostTwenty(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		var wg sync.WaitGroup
		ctx, in := as(w.alice), make([]endpoint.RegisterPushEndpointInput, 24)
		for i := range in {
			in[i] = browser(t)
		}
		errs := make([]error, len(in))
		for i := range in {
			wg.Go(func() { _, errs[i] = w.endpoints.Register(ctx, in[i]) })
		}
		wg.Wait()
		no := 0
		for _, err := range errs {
			if err != nil {
				no++
				if f := refused(t, err, "TOO_MANY_ITEMS"); f.Params["limit"] != 20 {
					t.Errorf("%v", f.Params)
				}
			}
		}
		if ids, _ := w.addresses(t, w.alice.UserID, endpoint.ChannelWebPush); no != 4 || len(ids) != 20 {
			t.Errorf("%d refused, %d kept", no, len(ids))
		}
		var err error
		for range 60 {
			if _, err = w.endpoints.Register(ctx, in[0]); err != nil && !strings.Contains(err.Error(), "TOO_MANY_ITEMS") {
				break
			}
		}
		if f := refused(t, err, "TOO_MANY_ATTEMPTS"); f.Params["retryAfter"] == nil {
			t.Errorf("%v", f.Params)
		}
	})
}

// Whoever acts for a customer neither sees nor changes where he is told.
// security F14
func TestActing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, storetest.Open(t))
	id := w.register(t, w.alice, browser(t))
	acting := w.alice
	acting.ActingStaff = w.boris.UserID
	for name, v := range map[string]viewer.Viewer{"acting": acting, "nobody": {}} {
		if list, err := w.endpoints.OfUser(as(v), w.alice.UserID); err != nil || len(list) != 0 {
			t.Errorf("%s: %v, %v", name, list, err)
		}
		if list, err := w.endpoints.Links(as(v), w.alice.UserID); err != nil || len(list) != 0 {
			t.Errorf("%s: %v, %v", name, list, err)
		}
		if _, err := w.endpoints.Register(as(v), browser(t)); err == nil {
			t.Errorf("%s registers", name)
		}
		if _, err := w.endpoints.Remove(as(v), endpoint.RemovePushEndpointInput{PushEndpointID: scalar.ID{Prefix: "pep", UUID: id}}); err == nil {
			t.Errorf("%s removes", name)
		}
		if _, err := w.endpoints.Link(as(v), endpoint.LinkMessengerInput{Messenger: endpoint.Telegram}); err == nil {
			t.Errorf("%s links", name)
		}
	}
	w.reached(t, w.alice.UserID, endpoint.ChannelWebPush, id)
}
