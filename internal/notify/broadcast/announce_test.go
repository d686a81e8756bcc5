package broadcast_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	entannouncement "kabinet/ent/generated/announcement"
	"kabinet/internal/fault"
	"kabinet/internal/notify/broadcast"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
	"kabinet/internal/viewer"
)

func (w *world) announce(t testing.TB, in broadcast.SaveAnnouncementInput) *ent.Announcement {
	t.Helper()
	if in.Texts == nil {
		in.Texts = []broadcast.BroadcastText{{Locale: "en", Title: "T", Body: "B"}}
	}
	return ok[*ent.Announcement](t)(w.SaveAnnouncement(w.staff(), in))
}

func (w *world) changes(t testing.TB) (all []string) {
	t.Helper()
	for _, e := range w.told(t, store.Announcements, "announcement.changed") {
		for _, change := range []string{"ADDED", "CHANGED", "REMOVED"} {
			if strings.Contains(string(e.Payload), change) {
				all = append(all, change)
			}
		}
	}
	return all
}

// It is told once each that an announcement begins, changes and is over, by
// whoever notices first; one that was never there is not told of.
func TestAnnouncementsAreToldOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		now := db.Clock.Now()
		clock := func() {
			t.Helper()
			for range 3 {
				if _, err := w.AnnouncementsDue(context.Background(), 10); err != nil {
					t.Fatal(err)
				}
			}
		}
		in := broadcast.SaveAnnouncementInput{StartsAt: ptr(now.Add(time.Hour))}
		in.EndsAt = graphql.OmittableOf(ptr(now.Add(2 * time.Hour)))
		a := w.announce(t, in)
		never := w.announce(t, in)
		ok[*ent.Announcement](t)(w.Withdraw(w.staff(), broadcast.WithdrawAnnouncementInput{ID: never.GlobalID()}))
		clock()
		if got := w.changes(t); len(got) != 0 {
			t.Fatalf("told before its time: %v", got)
		}
		db.Clock.Add(time.Hour)
		clock()
		id := a.GlobalID()
		w.announce(t, broadcast.SaveAnnouncementInput{ID: &id, Revision: ptr(1)})
		clock()
		db.Clock.Add(time.Hour)
		clock()
		if got := fmt.Sprint(w.changes(t)); got != "[ADDED CHANGED REMOVED]" {
			t.Fatalf("told %s", got)
		}
		prolong := broadcast.SaveAnnouncementInput{ID: &id, Revision: ptr(2)}
		prolong.EndsAt = graphql.OmittableOf[*time.Time](nil)
		a = w.announce(t, prolong)
		ok[*ent.Announcement](t)(w.Withdraw(w.staff(), broadcast.WithdrawAnnouncementInput{ID: id}))
		ok[*ent.Announcement](t)(w.Withdraw(w.staff(), broadcast.WithdrawAnnouncementInput{ID: id}))
		clock()
		if got := fmt.Sprint(w.changes(t)); got != "[ADDED CHANGED REMOVED ADDED REMOVED]" || a.EndsAt != nil {
			t.Errorf("told %s", got)
		}
		_, err := w.SaveAnnouncement(w.staff(), broadcast.SaveAnnouncementInput{ID: &id, Revision: ptr(4)})
		wantFault(t, err, broadcast.ErrIllegalTransition)
	})
}

// take reads messages until there are n.
func take(t *testing.T, from <-chan *broadcast.AnnouncementAdded, n int) (got []*broadcast.AnnouncementAdded) {
	t.Helper()
	timeout := time.After(10 * time.Second)
	for len(got) < n {
		select {
		case m, open := <-from:
			if !open {
				t.Fatalf("the stream ended after %d of %d", len(got), n)
			}
			got = append(got, m)
		case <-timeout:
			t.Fatalf("%d messages came, not %d", len(got), n)
		}
	}
	return got
}

func (w *world) follow(t *testing.T, ctx context.Context, after *string, progress bool) <-chan *broadcast.AnnouncementAdded {
	t.Helper()
	ctx, cancel := context.WithCancel(ctx)
	t.Cleanup(cancel)
	return ok[<-chan *broadcast.AnnouncementAdded](t)(w.Added(ctx, after, &progress))
}

// Everybody follows one stream and hears what is for him; a row is read once
// for all of them, and so is the stream.
func TestManyFollowersReadOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		const followers = 300
		all := make([]<-chan *broadcast.AnnouncementAdded, followers)
		customer := storetest.As(uuid.Must(uuid.NewV7()))
		for i := range all {
			ctx := context.Background()
			if i%2 == 1 {
				ctx = customer
			}
			all[i] = w.follow(t, ctx, nil, false)
		}
		forAll := entannouncement.AudienceEVERYBODY
		_, statements := db.Statements(func() {
			w.announce(t, broadcast.SaveAnnouncementInput{})
			w.announce(t, broadcast.SaveAnnouncementInput{Audience: &forAll})
			for i, from := range all {
				for _, m := range take(t, from, 1+i%2) {
					if *m.Change != broadcast.ChangeAdded || m.Announcement == nil {
						t.Errorf("%d heard %+v", i, m)
					}
				}
			}
		})
		rows, reads := 0, 0
		for _, s := range statements {
			if strings.Contains(s, `FROM "announcements"`) || strings.Contains(s, "FROM `announcements`") {
				rows++
			}
			if strings.Contains(s, "FROM account_events WHERE stream_id") {
				reads++
			}
		}
		if rows > 10 {
			t.Errorf("%d followers read the rows of 2 announcements %d times", followers, rows)
		}
		// Who is woken once more after his last event finds nothing, by himself.
		if reads > 3*followers {
			t.Errorf("%d followers read their stream %d times", followers, reads)
		}
	})
}

// Whoever comes back with his cursor hears what he missed, in order and once,
// as it is now; what he may not see moves his cursor alone.
func TestAnnouncementsAreResumed(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		at := *ok[*string](t)(w.Position(context.Background()))
		forAll, staff := entannouncement.AudienceEVERYBODY, entannouncement.AudienceSTAFF
		a := w.announce(t, broadcast.SaveAnnouncementInput{Audience: &forAll})
		w.announce(t, broadcast.SaveAnnouncementInput{Audience: &staff})
		b := w.announce(t, broadcast.SaveAnnouncementInput{Audience: &forAll})
		ok[*ent.Announcement](t)(w.Withdraw(w.staff(), broadcast.WithdrawAnnouncementInput{ID: a.GlobalID()}))
		got := take(t, w.follow(t, context.Background(), &at, true), 4)
		for i, want := range []string{"REMOVED", "", "ADDED", "REMOVED"} { // of a, nobody's, b, a
			change := ""
			if got[i].Change != nil {
				change = string(*got[i].Change)
			}
			if change != want || (got[i].Announcement != nil) != (want == "ADDED") {
				t.Errorf("%d: %s, want %s", i, change, want)
			}
		}
		if got[2].Announcement.ID != b.ID {
			t.Error("another announcement came")
		}
		rest := take(t, w.follow(t, context.Background(), &got[1].Cursor, false), 2)
		if *rest[0].AnnouncementID != b.GlobalID() || rest[1].Cursor != got[3].Cursor {
			t.Errorf("%+v", rest)
		}
	})
}

// Partners are those who are members of a company in the moment it is told.
func TestPartnersAreAskedInTheMoment(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		p := w.people(t, 2)
		company := uuid.Must(uuid.NewV7())
		w.write(t, func(ctx context.Context, tx *store.Tx) error {
			if err := tx.Company.Create().SetID(company).SetKind("COMPANY").SetName("A").Exec(ctx); err != nil {
				return err
			}
			return tx.Membership.Create().SetUserID(p[0]).SetOwnerID(company).SetKind("COMPANY").SetRoleID(uuid.Must(uuid.NewV7())).Exec(ctx)
		})
		partner, other := w.follow(t, storetest.As(p[0]), nil, true), w.follow(t, storetest.As(p[1]), nil, true)
		partners := entannouncement.AudiencePARTNERS
		a := w.announce(t, broadcast.SaveAnnouncementInput{Audience: &partners})
		if m := take(t, partner, 1)[0]; m.Announcement == nil {
			t.Error("a partner does not hear of it")
		}
		if m := take(t, other, 1)[0]; m.Change != nil || m.AnnouncementID != nil {
			t.Error("somebody else hears of it")
		}
		if _, err := w.MarkRead(storetest.As(p[1]), broadcast.MarkAnnouncementReadInput{ID: a.GlobalID()}); err == nil {
			t.Error("somebody else marks it")
		}
		w.write(t, func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.Exec(ctx, `UPDATE memberships SET status = 'ENDED'`)
			return err
		})
		w.announce(t, broadcast.SaveAnnouncementInput{Audience: &partners})
		if m := take(t, partner, 1)[0]; m.Change != nil {
			t.Error("who is no partner any more hears of it")
		}
	})
}

// Marks are each person's own, change nothing twice, and his devices are told.
func TestMarksOnAnnouncements(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		p := w.people(t, 2)
		stays := w.announce(t, broadcast.SaveAnnouncementInput{Dismissible: ptr(false)})
		goes := w.announce(t, broadcast.SaveAnnouncementInput{})
		me := storetest.As(p[0])
		unread := func(ctx context.Context) int { return *ok[*int](t)(w.Unread(ctx)) }
		for range 2 {
			done := ok[broadcast.Marked](t)(w.MarkRead(me, broadcast.MarkAnnouncementReadInput{ID: stays.GlobalID()}))
			if *done.Unread != 1 {
				t.Errorf("%d unread", *done.Unread)
			}
		}
		_, err := w.Dismiss(me, broadcast.DismissAnnouncementInput{ID: stays.GlobalID()})
		wantFault(t, err, broadcast.ErrNotDismissible, "input", "id")
		for range 2 {
			ok[broadcast.Marked](t)(w.Dismiss(me, broadcast.DismissAnnouncementInput{ID: goes.GlobalID()}))
		}
		if unread(me) != 0 || unread(storetest.As(p[1])) != 2 {
			t.Errorf("%d and %d unread", unread(me), unread(storetest.As(p[1])))
		}
		if n := len(w.told(t, p[0], "announcement.marked")); n != 2 {
			t.Errorf("%d marks were told", n)
		}
		if c := ok[*ent.AnnouncementConnection](t)(w.Announcements(me, nil, broadcast.Page{})); len(c.Edges) != 1 || c.Edges[0].Node.ID != stays.ID {
			t.Errorf("%d are shown", len(c.Edges))
		}
		for _, ctx := range []context.Context{context.Background(), viewer.With(context.Background(), viewer.Viewer{})} {
			_, err := w.MarkRead(ctx, broadcast.MarkAnnouncementReadInput{ID: goes.GlobalID()})
			wantFault(t, err, fault.ErrUnauthenticated)
		}
	})
}
