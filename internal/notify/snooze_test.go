package notify_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/internal/fault"
	"kabinet/internal/notify"
	"kabinet/internal/scalar"
	"kabinet/internal/store/storetest"
)

// Whatever is done to one in whatever order, the count is that of the rows, and
// each change is told once.
func TestSnooze(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		alice := storetest.As(w.alice)
		id := w.give(t, w.alice, 3)[1].GlobalID()
		hour := db.Now().Add(time.Hour)
		snooze := func(until time.Time) func() (notify.Marked, error) {
			return func() (notify.Marked, error) {
				return w.inbox.Snooze(alice, notify.SnoozeNotificationInput{ID: id, Until: until})
			}
		}
		unsnooze := func() (notify.Marked, error) {
			return w.inbox.Unsnooze(alice, notify.UnsnoozeNotificationInput{ID: id})
		}
		archive := func() (notify.Marked, error) {
			return w.inbox.Archive(alice, notify.ArchiveNotificationInput{ID: id})
		}
		unarchive := func() (notify.Marked, error) {
			return w.inbox.Unarchive(alice, notify.UnarchiveNotificationInput{ID: id})
		}
		read := func() (notify.Marked, error) {
			return w.inbox.MarkRead(alice, notify.MarkNotificationReadInput{ID: id})
		}
		unread := func() (notify.Marked, error) {
			return w.inbox.MarkUnread(alice, notify.MarkNotificationUnreadInput{ID: id})
		}
		told := 0
		for i, c := range []struct {
			mark    func() (notify.Marked, error)
			changed int
			unread  int64
			is      func(n *ent.Notification) bool
		}{
			{unsnooze, 0, 3, func(n *ent.Notification) bool { return n.SnoozedUntilAt == nil }},
			{unarchive, 0, 3, func(n *ent.Notification) bool { return n.ArchivedAt == nil }},
			{snooze(hour), 1, 2, func(n *ent.Notification) bool { return n.SnoozedUntilAt.Equal(hour) }},
			{snooze(hour), 0, 2, func(n *ent.Notification) bool { return n.SnoozedUntilAt.Equal(hour) }},
			{snooze(hour.Add(time.Hour)), 1, 2, func(n *ent.Notification) bool { return n.SnoozedUntilAt.Equal(hour.Add(time.Hour)) }},
			{read, 1, 2, func(n *ent.Notification) bool { return n.ReadAt != nil }},   // snoozed: not counted
			{unread, 1, 2, func(n *ent.Notification) bool { return n.ReadAt == nil }}, // snoozed: not counted
			{unsnooze, 1, 3, func(n *ent.Notification) bool { return n.SnoozedUntilAt == nil }},
			{snooze(hour), 1, 2, func(n *ent.Notification) bool { return n.SnoozedUntilAt != nil }},
			{archive, 1, 2, func(n *ent.Notification) bool { return n.ArchivedAt != nil && n.SnoozedUntilAt == nil }},
			{archive, 0, 2, func(n *ent.Notification) bool { return n.ArchivedAt != nil }},
			{unarchive, 1, 3, func(n *ent.Notification) bool { return n.ArchivedAt == nil && n.SnoozedUntilAt == nil }},
			{read, 1, 2, func(n *ent.Notification) bool { return n.ReadAt != nil }},
			{snooze(hour), 1, 2, func(n *ent.Notification) bool { return n.SnoozedUntilAt != nil }}, // read: was not counted
			{unsnooze, 1, 2, func(n *ent.Notification) bool { return n.SnoozedUntilAt == nil }},
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

func TestSnoozeRefuses(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		feed := w.give(t, w.alice, 2)
		alice, hour := storetest.As(w.alice), db.Now().Add(time.Hour)
		if _, err := w.inbox.Archive(alice, notify.ArchiveNotificationInput{ID: feed[1].GlobalID()}); err != nil {
			t.Fatal(err)
		}
		for name, c := range map[string]struct {
			ctx   context.Context
			id    scalar.ID
			until time.Time
			want  *fault.Fault
		}{
			"another's":  {storetest.As(w.boris), feed[0].GlobalID(), hour, fault.ErrNotFound}, // security F1
			"nobody":     {context.Background(), feed[0].GlobalID(), hour, fault.ErrUnauthenticated},
			"an order":   {alice, scalar.ID{Prefix: "order", UUID: feed[0].ID}, hour, fault.ErrInvalidID},
			"none":       {alice, scalar.ID{Prefix: "ntf", UUID: uuid.New()}, hour, fault.ErrNotFound},
			"now":        {alice, feed[0].GlobalID(), db.Now(), fault.ErrOutOfRange},
			"over":       {alice, feed[0].GlobalID(), db.Now().Add(366 * 24 * time.Hour), fault.ErrOutOfRange},
			"archived":   {alice, feed[1].GlobalID(), hour, notify.ErrIllegalTransition},
			"long since": {alice, feed[0].GlobalID(), time.Time{}, fault.ErrOutOfRange},
		} {
			_, err := w.inbox.Snooze(c.ctx, notify.SnoozeNotificationInput{ID: c.id, Until: c.until})
			if !errors.Is(err, c.want) {
				t.Errorf("%s: %v, want %s", name, err, c.want.Code)
			}
		}
		w.wantUnread(t, w.alice, 1)
	})
}

// What is snoozed comes back at its time, in however many lots, counted if it is
// unread and told to all devices; not before, and not twice.
func TestWakeDue(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		hers, his := w.give(t, w.alice, 3), w.give(t, w.boris, 1)
		until := db.Now().Add(time.Hour)
		for _, n := range hers {
			if _, err := w.inbox.Snooze(storetest.As(w.alice), notify.SnoozeNotificationInput{ID: n.GlobalID(), Until: until}); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := w.inbox.MarkRead(storetest.As(w.alice), notify.MarkNotificationReadInput{ID: hers[0].GlobalID()}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.inbox.Snooze(storetest.As(w.boris), notify.SnoozeNotificationInput{ID: his[0].GlobalID(), Until: until.Add(time.Hour)}); err != nil {
			t.Fatal(err)
		}
		wake := func(want int) {
			t.Helper()
			if n, err := w.inbox.WakeDue(context.Background(), 2); err != nil || n != want {
				t.Errorf("woke %d, want %d: %v", n, want, err)
			}
		}
		wake(0)
		w.wantUnread(t, w.alice, 0)
		db.Clock.Add(time.Hour)
		wake(2)
		wake(1)
		wake(0)
		w.wantUnread(t, w.alice, 2)
		w.wantUnread(t, w.boris, 0)
		for _, n := range w.feed(t, w.alice) {
			if n.SnoozedUntilAt != nil || n.SeenAt != nil {
				t.Errorf("left: %v", n)
			}
		}
		back := 0
		for _, e := range w.told(t, w.alice, "notification.changed") {
			if changeOf(t, e) == "returned" {
				back++
			}
		}
		if back != 3 {
			t.Errorf("told of %d that came back", back)
		}
	})
}

// Old ones go in lots, the count with them, and everybody hears how far his
// feed was cut; what is snoozed stays.
func TestTrimDue(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		if n, err := w.inbox.TrimDue(context.Background(), 10); err != nil || n != 0 {
			t.Errorf("without a bound: %d, %v", n, err)
		}
		w.inbox.Retention = 24 * time.Hour
		old := w.give(t, w.alice, 4)
		w.give(t, w.boris, 1)
		alice := storetest.As(w.alice)
		if _, err := w.inbox.MarkRead(alice, notify.MarkNotificationReadInput{ID: old[0].GlobalID()}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.inbox.Snooze(alice, notify.SnoozeNotificationInput{ID: old[1].GlobalID(), Until: db.Now().Add(72 * time.Hour)}); err != nil {
			t.Fatal(err)
		}
		db.Clock.Add(24*time.Hour + time.Minute)
		w.give(t, w.alice, 1)
		left := 0
		for _, want := range []int{2, 2, 0} {
			n, err := w.inbox.TrimDue(context.Background(), 2)
			if err != nil || n != want {
				t.Errorf("trimmed %d, want %d: %v", n, want, err)
			}
			left += n
		}
		feed := w.feed(t, w.alice)
		if left != 4 || len(feed) != 2 || feed[0].ID != old[1].ID || len(w.feed(t, w.boris)) != 0 {
			t.Errorf("%d gone, left %v", left, feed)
		}
		w.wantUnread(t, w.alice, 1)
		w.wantUnread(t, w.boris, 0)
		events := w.told(t, w.alice, "notification.changed")
		last := events[len(events)-1]
		if changeOf(t, last) != "withdrawn" || last.SubjectID != old[3].ID {
			t.Errorf("told %s of %s", last.Payload, last.SubjectID)
		}
	})
}
