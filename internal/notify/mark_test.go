package notify_test

import (
	"context"
	"encoding/json"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	entnotification "kabinet/ent/generated/notification"
	"kabinet/internal/event"
	"kabinet/internal/fault"
	"kabinet/internal/notify"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
)

func TestMarks(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		alice := storetest.As(w.alice)
		feed := w.give(t, w.alice, 3)
		id := feed[1].GlobalID()
		read := func() (notify.Marked, error) {
			return w.inbox.MarkRead(alice, notify.MarkNotificationReadInput{ID: id})
		}
		unread := func() (notify.Marked, error) {
			return w.inbox.MarkUnread(alice, notify.MarkNotificationUnreadInput{ID: id})
		}
		archive := func() (notify.Marked, error) {
			return w.inbox.Archive(alice, notify.ArchiveNotificationInput{ID: id})
		}
		told := 0
		for i, c := range []struct {
			mark    func() (notify.Marked, error)
			changed int
			unread  int64
			is      func(n *ent.Notification) bool
		}{
			{unread, 0, 3, func(n *ent.Notification) bool { return n.ReadAt == nil && n.SeenAt == nil }},
			{read, 1, 2, func(n *ent.Notification) bool { return n.ReadAt != nil && n.SeenAt != nil }},
			{read, 0, 2, func(n *ent.Notification) bool { return n.ReadAt != nil }},
			{unread, 1, 3, func(n *ent.Notification) bool { return n.ReadAt == nil && n.SeenAt != nil }},
			{archive, 1, 2, func(n *ent.Notification) bool { return n.ArchivedAt != nil && n.ReadAt == nil }},
			{archive, 0, 2, func(n *ent.Notification) bool { return n.ArchivedAt != nil }},
			{read, 1, 2, func(n *ent.Notification) bool { return n.ReadAt != nil }},   // archived: not counted
			{unread, 1, 2, func(n *ent.Notification) bool { return n.ReadAt == nil }}, // archived: not counted
		} {
			got, err := c.mark()
			if err != nil {
				t.Fatal(i, err)
			}
			told += c.changed
			if *got.Changed != c.changed || int64(*got.UnreadCount) != c.unread || !c.is(got.Notification) {
				t.Errorf("%d: changed %d, unread %d, %v", i, *got.Changed, *got.UnreadCount, got.Notification)
			}
			w.wantUnread(t, w.alice, c.unread)
			if n := len(w.told(t, w.alice, "notification.changed")); n != told {
				t.Errorf("%d: told %d times, want %d", i, n, told)
			}
		}
	})
}

func TestMarkMany(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		alice := storetest.As(w.alice)
		if got, err := w.inbox.MarkAllRead(alice, notify.MarkAllNotificationsReadInput{}); err != nil || *got.Changed != 0 || *got.UnreadCount != 0 {
			t.Errorf("an empty feed: %v, %v", got, err)
		}
		feed := w.give(t, w.alice, 5)
		upTo := feed[2].GlobalID()
		for want := 3; want >= 0; want -= 3 { // then again: nothing
			got, err := w.inbox.MarkSeen(alice, notify.MarkNotificationsSeenInput{UpTo: upTo})
			if err != nil || *got.Changed != want || *got.UnreadCount != 5 {
				t.Errorf("seen %v, %v", got, err)
			}
		}
		for want := 3; want >= 0; want -= 3 {
			got, err := w.inbox.MarkAllRead(alice, notify.MarkAllNotificationsReadInput{UpTo: &upTo})
			if err != nil || *got.Changed != want || *got.UnreadCount != 2 {
				t.Errorf("read %v, %v", got, err)
			}
		}
		if n := len(w.told(t, w.alice, "notification.changed")); n != 2 {
			t.Errorf("told %d times", n)
		}
		got, err := w.inbox.MarkAllRead(alice, notify.MarkAllNotificationsReadInput{})
		if err != nil || *got.Changed != 2 || *got.UnreadCount != 0 {
			t.Errorf("all %v, %v", got, err)
		}
		for _, n := range w.feed(t, w.alice) {
			if n.ReadAt == nil || n.SeenAt == nil {
				t.Errorf("left: %v", n)
			}
		}
		w.wantUnread(t, w.alice, 0)
	})
}

func TestMarksOfOthersAreRefused(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		n := w.give(t, w.alice, 1)[0]
		for _, c := range []struct {
			ctx  context.Context
			id   scalar.ID
			want *fault.Fault
		}{
			{storetest.As(w.boris), n.GlobalID(), fault.ErrNotFound}, // security F1
			{context.Background(), n.GlobalID(), fault.ErrUnauthenticated},
			{storetest.As(w.alice), scalar.ID{Prefix: "order", UUID: n.ID}, fault.ErrInvalidID},
			{storetest.As(w.alice), scalar.ID{Prefix: "ntf", UUID: uuid.New()}, fault.ErrNotFound},
		} {
			_, err := w.inbox.MarkRead(c.ctx, notify.MarkNotificationReadInput{ID: c.id})
			wantFault(t, err, c.want)
			_, err = w.inbox.MarkUnread(c.ctx, notify.MarkNotificationUnreadInput{ID: c.id})
			wantFault(t, err, c.want)
			_, err = w.inbox.Archive(c.ctx, notify.ArchiveNotificationInput{ID: c.id})
			wantFault(t, err, c.want)
			_, err = w.inbox.MarkSeen(c.ctx, notify.MarkNotificationsSeenInput{UpTo: c.id})
			wantFault(t, err, c.want)
			_, err = w.inbox.MarkAllRead(c.ctx, notify.MarkAllNotificationsReadInput{UpTo: &c.id})
			wantFault(t, err, c.want)
		}
		w.wantUnread(t, w.alice, 1)
		if n := w.feed(t, w.alice)[0]; n.SeenAt != nil || n.ReadAt != nil || n.ArchivedAt != nil {
			t.Errorf("changed %v", n)
		}
	})
}

// Fifty marks at once, of all kinds, while new ones arrive: the count is exact,
// and the last that was told is the one that is stored.
func TestCountIsExactUnderConcurrency(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		alice := storetest.As(w.alice)
		feed := w.give(t, w.alice, 10)
		marks := []func(id scalar.ID) error{
			func(id scalar.ID) error {
				_, err := w.inbox.MarkRead(alice, notify.MarkNotificationReadInput{ID: id})
				return err
			},
			func(id scalar.ID) error {
				_, err := w.inbox.MarkUnread(alice, notify.MarkNotificationUnreadInput{ID: id})
				return err
			},
			func(id scalar.ID) error {
				_, err := w.inbox.MarkAllRead(alice, notify.MarkAllNotificationsReadInput{UpTo: &id})
				return err
			},
			func(id scalar.ID) error {
				_, err := w.inbox.Archive(alice, notify.ArchiveNotificationInput{ID: id})
				return err
			},
			func(id scalar.ID) error {
				_, err := w.inbox.MarkSeen(alice, notify.MarkNotificationsSeenInput{UpTo: id})
				return err
			},
		}
		var wg sync.WaitGroup
		for i := range 50 {
			wg.Go(func() {
				// Three of each five fall on the same few rows.
				if err := marks[i%len(marks)](feed[(i*i)%4+(i%2)*3].GlobalID()); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Go(func() { w.give(t, w.alice, 5) })
		wg.Wait()
		drifts, err := w.inbox.CheckCounts(context.Background())
		if err != nil || len(drifts) > 0 {
			t.Fatalf("drift %+v, %v", drifts, err)
		}
		rows := db.Client.Notification.Query().Where(entnotification.UserID(w.alice), entnotification.ReadAtIsNil(), entnotification.ArchivedAtIsNil()).CountX(alice)
		w.wantUnread(t, w.alice, int64(rows))
		// Whoever follows the stream ends with the same number.
		all, err := db.ReadStream(context.Background(), w.alice, 0, 10_000)
		if err != nil {
			t.Fatal(err)
		}
		var last struct{ UnreadCount *int }
		for _, e := range all {
			if err := json.Unmarshal(e.Payload, &last); err != nil {
				t.Fatal(err)
			}
		}
		if last.UnreadCount == nil || *last.UnreadCount != rows {
			t.Errorf("last told %v, stored %d", last.UnreadCount, rows)
		}
	})
}

// What CheckCounts is there to see.
func TestCheckCountsSeesDrift(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		w.give(t, w.alice, 2)
		w.write(t, func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.Exec(ctx, `UPDATE users SET unread_count = 7 WHERE id = ?`, w.alice)
			return err
		})
		drifts, err := w.inbox.CheckCounts(context.Background())
		if err != nil || len(drifts) != 1 || drifts[0] != (notify.Drift{UserID: w.alice, Stored: 7, Counted: 2}) {
			t.Errorf("%+v, %v", drifts, err)
		}
	})
}

func TestFeed(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		alice := storetest.As(w.alice)
		feed := w.give(t, w.alice, 3)
		db.Clock.Add(time.Minute)
		w.tell(t, event.ContactConfirmed{UserID: w.alice, Registered: true}, store.ToUser(w.alice))
		feed = append(feed, w.give(t, w.alice, 0)[3])
		if _, err := w.inbox.MarkRead(alice, notify.MarkNotificationReadInput{ID: feed[0].GlobalID()}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.inbox.Archive(alice, notify.ArchiveNotificationInput{ID: feed[1].GlobalID()}); err != nil {
			t.Fatal(err)
		}
		list := func(ctx context.Context, f *notify.NotificationFilter, p notify.Page) string {
			c, err := w.inbox.Of(ctx, w.alice, f, p)
			if err != nil {
				t.Fatal(err)
			}
			got := ""
			for _, e := range c.Edges {
				for i, n := range feed {
					if n.ID == e.Node.ID {
						got += string(rune('0' + i))
					}
				}
			}
			return got
		}
		for name, c := range map[string]struct {
			ctx    context.Context
			filter *notify.NotificationFilter
			page   notify.Page
			want   string
		}{
			"all":       {alice, nil, notify.Page{}, "320"},
			"unread":    {alice, &notify.NotificationFilter{Unread: ptr(true)}, notify.Page{}, "32"},
			"read":      {alice, &notify.NotificationFilter{Unread: ptr(false)}, notify.Page{}, "0"},
			"archived":  {alice, &notify.NotificationFilter{Archived: ptr(true)}, notify.Page{}, "1"},
			"a topic":   {alice, &notify.NotificationFilter{Topics: []entnotification.Topic{entnotification.TopicSERVICE}}, notify.Page{}, "3"},
			"a page":    {alice, nil, notify.Page{First: ptr(2)}, "32"},
			"the last":  {alice, nil, notify.Page{Last: ptr(1)}, "0"},
			"a cursor":  {alice, nil, notify.Page{After: &scalar.Cursor{ID: feed[3].ID}}, "20"},
			"of others": {storetest.As(w.boris), nil, notify.Page{}, ""}, // security F1
			"of nobody": {context.Background(), nil, notify.Page{}, ""},
		} {
			if got := list(c.ctx, c.filter, c.page); got != c.want {
				t.Errorf("%s: %q, want %q", name, got, c.want)
			}
		}
	})
}
