package broadcast_test

import (
	"context"
	"strings"
	"sync"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	entannouncement "kabinet/ent/generated/announcement"
	"kabinet/internal/notify/broadcast"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
)

// Of a page of broadcasts the segments and the results are read together, and
// each gets its own.
func TestBroadcastsOfAPageAreAskedTogether(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		people := w.people(t, 2)
		var page []*ent.Broadcast
		for _, p := range people {
			f := &broadcast.SegmentFilter{}
			f.UserIDs = append(f.UserIDs, as("usr", p))
			s := ok[*ent.Segment](t)(w.SaveSegment(w.staff(), broadcast.SaveSegmentInput{Name: ptr(p.String()), Filter: f}))
			id := s.GlobalID()
			one := ok[*ent.Broadcast](t)(w.Save(w.staff(), broadcast.SaveBroadcastInput{Name: ptr("n"), Type: ptr("service.news"), Texts: hello, SegmentID: graphql.OmittableOf(&id)}))
			page = append(page, w.begin(t, one, 1))
		}
		for range 18 {
			page = append(page, w.draft(t, nil))
		}
		ok[int](t)(w.Due(context.Background(), 10))
		ctx := graphql.WithOperationContext(w.staff(), &graphql.OperationContext{})
		n, _ := db.Statements(func() {
			var all sync.WaitGroup
			for i, one := range page {
				all.Go(func() {
					results, err := w.Results(ctx, one)
					if begun := i < 2; err != nil || len(results) != 1 || begun != (results[0].Planned == 1) {
						t.Errorf("%d: %+v, %v", i, results, err)
					}
					if s, err := w.SegmentOf(ctx, one); err != nil || (s != nil) != (i < 2) || s != nil && s.ID != *one.SegmentID {
						t.Errorf("%d: segment %v, %v", i, s, err)
					}
				})
			}
			all.Wait()
		})
		if n > 9 { // 3, or where the machine is slow a few of them again
			t.Errorf("%d statements for %d broadcasts", n, len(page))
		}
	})
}

// Whether those who follow are partners is asked for all of them together.
func TestPartnersWhoFollowAreAskedTogether(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		people, company := w.people(t, 60), uuid.Must(uuid.NewV7())
		w.write(t, func(ctx context.Context, tx *store.Tx) error {
			if err := tx.Company.Create().SetID(company).SetKind("COMPANY").SetName("A").Exec(ctx); err != nil {
				return err
			}
			return tx.Membership.Create().SetUserID(people[0]).SetOwnerID(company).SetKind("COMPANY").SetRoleID(uuid.Must(uuid.NewV7())).Exec(ctx)
		})
		var streams []<-chan *broadcast.AnnouncementAdded
		for _, p := range people {
			streams = append(streams, w.follow(t, storetest.As(p), nil, true))
		}
		partners := entannouncement.AudiencePARTNERS
		least := len(people)
		for range 3 { // the least of three: on a slow machine not all are woken together
			_, said := db.Statements(func() {
				w.announce(t, broadcast.SaveAnnouncementInput{Audience: &partners})
				for i, s := range streams {
					if m := take(t, s, 1)[0]; (m.Announcement != nil) != (i == 0) {
						t.Errorf("%d: %+v", i, m)
					}
				}
			})
			asked := 0
			for _, text := range said {
				if strings.Contains(text, "memberships") {
					asked++
				}
			}
			if asked == 0 {
				t.Error("nobody is asked whether he is a partner")
			}
			least = min(least, asked)
		}
		if least > 10 { // 1, or where the machine is slow a few
			t.Errorf("%d statements for %d who follow", least, len(people))
		}
	})
}
