package main

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	entorder "kabinet/ent/generated/order"
	"kabinet/internal/compiled"
	"kabinet/internal/live"
	"kabinet/internal/store/storetest"
)

// A list and the place in the stream that is asked for beside it leave no gap,
// on whichever way they are read: what is committed while they are, just before
// the place is read or just after it, is in the list or comes by the stream.
func TestNoGapBetweenListAndStream(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorldWith(t, db, compiled.Ordinary)
		streams := w.app.inbox.Streams
		heads := streams.Heads
		const list = `streamPosition orders(first: 100) { nodes { id } }`
		for i, ask := range []struct {
			who         step
			query, path string
		}{
			{step{as: "alice"}, `{ me { ` + list + ` } }`, "data.me"},
			{step{as: "carol", company: "acme"}, `{ me { ` + list + ` } }`, "data.me"},
			{step{as: "alice"}, `{ node(id: "` + w.vars["alice"] + `") { ... on User { ` + list + ` } } }`, "data.node"},
			{step{as: "alice"}, `mutation { updateProfile(input: {nickname: "A"}) { user { ` + list + ` } } }`, "data.updateProfile.user"},
			{step{}, `mutation { signIn(input: {login: "bob@example.com", password: "` + password + `"}) { user { ` + list + ` } } }`, "data.signIn.user"},
		} {
			name := map[bool]string{false: ask.who.as, true: "bob"}[ask.who.as == ""]
			id := w.uuid(t, name)
			for _, before := range []bool{true, false} {
				var once sync.Once
				buy := func() { once.Do(func() { w.buys(t, name, fmt.Sprint(i, before)) }) }
				streams.Heads = func(ctx context.Context, ids []uuid.UUID) (map[uuid.UUID]int64, error) {
					if before { // a list beside it would be read by now
						time.Sleep(300 * time.Millisecond)
						buy()
					}
					at, err := heads(ctx, ids)
					buy()
					return at, err
				}
				answer := w.send(t, ask.who, ask.query)
				streams.Heads = heads
				position, _ := dig(answer, ask.path+".streamPosition")
				shown, ok := dig(answer, ask.path+".orders.nodes")
				if !ok || position == nil {
					t.Fatalf("%s: %v", ask.query, answer)
				}
				at, err := live.DecodeCursor(fmt.Sprint(position))
				check(t, err)
				of := storetest.As(id)
				all := w.app.store.Client.Order.Query().Where(entorder.OwnerID(id)).CountX(of)
				last := w.app.store.Client.User.GetX(of, id).StreamSeq
				if n := len(shown.([]any)); n < all && at.Seqs[id] >= last {
					t.Errorf("%s, bought before the place is read: %v: %d of %d orders are shown, and the stream goes on after %d of %d",
						ask.query, before, n, all, at.Seqs[id], last)
				}
			}
		}
	})
}
