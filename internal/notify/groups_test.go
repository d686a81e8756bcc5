package notify_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	entnotification "kabinet/ent/generated/notification"
	"kabinet/internal/fault"
	"kabinet/internal/notify"
	"kabinet/internal/scalar"
	"kabinet/internal/store/storetest"
)

// keyed gives one notification with a group key each; none for an empty one.
func (w *world) keyed(t *testing.T, user uuid.UUID, keys ...string) {
	t.Helper()
	for _, key := range keys {
		g := w.offer()
		g.UserID, g.GroupKey = user, key
		w.made(t, g)
	}
}

func TestFilters(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		alice := storetest.As(w.alice)
		w.keyed(t, w.alice, "tea") // 0
		db.Clock.Add(time.Hour)
		subject := w.offer()
		subject.Type, subject.Severity, subject.SubjectKind, subject.SubjectID = "order.placed", entnotification.SeverityWARNING, "order", uuid.Must(uuid.NewV7())
		w.made(t, subject)          // 1
		w.keyed(t, w.alice, "", "") // 2 archived, 3 snoozed
		w.keyed(t, w.boris, "tea")  // nobody else's
		feed, now := w.feed(t, w.alice), db.Now()
		for _, err := range []error{
			second(w.inbox.Archive(alice, notify.ArchiveNotificationInput{ID: feed[2].GlobalID()})),
			second(w.inbox.Snooze(alice, notify.SnoozeNotificationInput{ID: feed[3].GlobalID(), Until: now.Add(time.Hour)})),
			second(w.inbox.MarkSeen(alice, notify.MarkNotificationsSeenInput{UpTo: feed[0].GlobalID()})),
		} {
			if err != nil {
				t.Fatal(err)
			}
		}
		yes, no, only, include, exclude := true, false, notify.Only, notify.Include, notify.Exclude
		order := scalar.ID{Prefix: "order", UUID: subject.SubjectID}
		ticket := scalar.ID{Prefix: "tkt", UUID: subject.SubjectID}
		for name, c := range map[string]struct {
			filter notify.NotificationFilter
			want   string
		}{
			"nothing said":      {notify.NotificationFilter{}, "10"},
			"a type":            {notify.NotificationFilter{Types: []string{"order.placed", "none"}}, "1"},
			"a severity":        {notify.NotificationFilter{Severities: []entnotification.Severity{entnotification.SeverityINFO}}, "0"},
			"seen":              {notify.NotificationFilter{Seen: &yes}, "0"},
			"not seen":          {notify.NotificationFilter{Seen: &no}, "1"},
			"archived":          {notify.NotificationFilter{Archived: &yes}, "2"},
			"archive only":      {notify.NotificationFilter{Archive: &only}, "2"},
			"archive too":       {notify.NotificationFilter{Archive: &include}, "210"},
			"archive goes over": {notify.NotificationFilter{Archived: &yes, Archive: &exclude}, "10"},
			"snoozed":           {notify.NotificationFilter{Snoozed: &only}, "3"},
			"snoozed too":       {notify.NotificationFilter{Snoozed: &include}, "310"},
			"all":               {notify.NotificationFilter{Snoozed: &include, Archive: &include}, "3210"},
			"both at once":      {notify.NotificationFilter{Snoozed: &only, Archive: &only}, ""},
			"a group":           {notify.NotificationFilter{GroupKey: ptr("tea")}, "10"},
			"no such group":     {notify.NotificationFilter{GroupKey: ptr("' OR 1=1")}, ""},
			"about an order":    {notify.NotificationFilter{SubjectID: &order}, "1"},
			"about a ticket":    {notify.NotificationFilter{SubjectID: &ticket}, ""},
			"from":              {notify.NotificationFilter{CreatedFrom: &now}, "1"},
			"to":                {notify.NotificationFilter{CreatedTo: &now}, "0"},
		} {
			page, err := w.inbox.Of(alice, w.alice, &c.filter, notify.Page{})
			if err != nil {
				t.Fatal(name, err)
			}
			got := ""
			for _, e := range page.Edges {
				for i, n := range feed {
					if n.ID == e.Node.ID {
						got += string(rune('0' + i))
					}
				}
			}
			if got != c.want {
				t.Errorf("%s: %q, want %q", name, got, c.want)
			}
		}
		for name, f := range map[string]notify.NotificationFilter{
			"types": {Types: make([]string, 101)}, "a type": {Types: []string{strings.Repeat("ы", 101)}}, "a group": {GroupKey: ptr(strings.Repeat("g", 201))},
		} {
			if _, err := w.inbox.Of(alice, w.alice, &f, notify.Page{}); !errors.Is(err, fault.ErrTooLong) {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

func second[T any](_ T, err error) error { return err }

// Groups are paged by their latest, and what stands alone is a group of one.
func TestGroups(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		alice := storetest.As(w.alice)
		w.keyed(t, w.alice, "a", "b", "", "a", "c", "", "b", "a")
		w.keyed(t, w.boris, "a", "d")
		if _, err := w.inbox.MarkRead(alice, notify.MarkNotificationReadInput{ID: w.feed(t, w.alice)[0].GlobalID()}); err != nil {
			t.Fatal(err)
		}
		list := func(ctx context.Context, f *notify.NotificationFilter, p notify.Page) (got string, last *notify.NotificationGroupEdge, next bool) {
			t.Helper()
			page, err := w.inbox.Groups(ctx, w.alice, f, p)
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range page.Edges {
				key := "-"
				if e.Node.Key != nil {
					key = *e.Node.Key
				}
				got += fmt.Sprintf("%s%d/%d ", key, e.Node.UnreadCount, e.Node.Count)
				last = e
			}
			return got, last, page.PageInfo.HasNextPage
		}
		if got, _, next := list(alice, nil, notify.Page{}); got != "a2/3 b2/2 -1/1 c1/1 -1/1 " || next {
			t.Error(got, next)
		}
		first := 2
		got, last, next := list(alice, nil, notify.Page{First: &first})
		if got != "a2/3 b2/2 " || !next {
			t.Error(got, next)
		}
		if got, _, next := list(alice, nil, notify.Page{First: &first, After: &last.Cursor}); got != "-1/1 c1/1 " || !next {
			t.Error(got, next)
		}
		if got, _, _ := list(alice, &notify.NotificationFilter{Unread: ptr(true)}, notify.Page{}); got != "a2/2 b2/2 -1/1 c1/1 -1/1 " {
			t.Error(got)
		}
		for _, ctx := range []context.Context{storetest.As(w.boris), context.Background()} { // security F1
			if got, _, _ := list(ctx, nil, notify.Page{}); got != "" {
				t.Error(got)
			}
		}
	})
}

func TestCounts(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		alice := storetest.As(w.alice)
		w.keyed(t, w.alice, "a", "b")
		w.give(t, w.alice, 1)
		for range 101 {
			w.keyed(t, w.boris, "x")
		}
		first := w.feed(t, w.alice)[0].GlobalID()
		if _, err := w.inbox.Snooze(alice, notify.SnoozeNotificationInput{ID: first, Until: db.Now().Add(time.Hour)}); err != nil {
			t.Fatal(err)
		}
		counts := func(ctx context.Context, user uuid.UUID, filters ...*notify.NamedNotificationFilter) (got string) {
			t.Helper()
			all, err := w.inbox.Counts(ctx, user, filters)
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range all {
				got += fmt.Sprintf("%s %d %v,", c.Name, c.Count, c.HasMore)
			}
			return got
		}
		all := &notify.NamedNotificationFilter{Name: "all"}
		only := notify.Only
		if got := counts(alice, w.alice, all,
			&notify.NamedNotificationFilter{Name: "offers", Filter: &notify.NotificationFilter{Types: []string{"promotion.offer"}}},
			&notify.NamedNotificationFilter{Name: "safety", Filter: &notify.NotificationFilter{Topics: []entnotification.Topic{entnotification.TopicSECURITY}}},
			&notify.NamedNotificationFilter{Name: "later", Filter: &notify.NotificationFilter{Snoozed: &only}}); got != "all 2 false,offers 1 false,safety 1 false,later 1 false," {
			t.Error(got)
		}
		if got := counts(storetest.As(w.boris), w.boris, all); got != "all 100 true," {
			t.Error(got)
		}
		for _, ctx := range []context.Context{storetest.As(w.boris), context.Background()} { // security F1
			if got := counts(ctx, w.alice, all); got != "all 0 false," {
				t.Error(got)
			}
		}
		if got := counts(alice, w.alice); got != "" {
			t.Error(got)
		}
		n := func(name string) *notify.NamedNotificationFilter { return &notify.NamedNotificationFilter{Name: name} }
		for name, c := range map[string]struct {
			filters []*notify.NamedNotificationFilter
			want    *fault.Fault
		}{
			"no name":   {[]*notify.NamedNotificationFilter{n(" ")}, fault.ErrRequired},
			"long name": {[]*notify.NamedNotificationFilter{n(strings.Repeat("n", 51))}, fault.ErrTooLong},
			"twice":     {[]*notify.NamedNotificationFilter{n("a"), n("a")}, fault.ErrInvalidValue},
			"read ones": {[]*notify.NamedNotificationFilter{{Name: "a", Filter: &notify.NotificationFilter{Unread: ptr(false)}}}, fault.ErrInvalidValue},
			"many":      {make([]*notify.NamedNotificationFilter, 11), fault.ErrTooLong},
		} {
			if _, err := w.inbox.Counts(alice, w.alice, c.filters); !errors.Is(err, c.want) {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

// Every change is told to whoever follows, with the count after it.
func TestChanged(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		alice := subscribe(t, storetest.As(w.alice))
		w.made(t, w.offer())
		w.give(t, w.alice, 2)
		feed := w.feed(t, w.alice)
		position, err := w.inbox.StreamPosition(alice, &ent.User{ID: w.alice})
		if err != nil {
			t.Fatal(err)
		}
		id := feed[0].GlobalID()
		for _, err := range []error{
			second(w.inbox.MarkSeen(alice, notify.MarkNotificationsSeenInput{UpTo: id})),
			second(w.inbox.Snooze(alice, notify.SnoozeNotificationInput{ID: id, Until: db.Now().Add(time.Hour)})),
			second(w.inbox.Unsnooze(alice, notify.UnsnoozeNotificationInput{ID: id})),
			second(w.inbox.CompleteAction(alice, notify.CompleteNotificationActionInput{ID: id, Action: "take"})),
			second(w.inbox.RevertAction(alice, notify.RevertNotificationActionInput{ID: id})),
			second(w.inbox.MarkUnread(alice, notify.MarkNotificationUnreadInput{ID: id})),
			second(w.inbox.ArchiveMany(alice, notify.ArchiveNotificationsInput{Ids: []scalar.ID{feed[2].GlobalID(), id}})),
			second(w.inbox.Unarchive(alice, notify.UnarchiveNotificationInput{ID: id})),
			second(w.inbox.MarkAllRead(alice, notify.MarkAllNotificationsReadInput{Topics: []entnotification.Topic{entnotification.TopicSECURITY}})),
			second(w.inbox.ArchiveRead(alice, notify.ArchiveReadNotificationsInput{})),
		} {
			if err != nil {
				t.Fatal(err)
			}
		}
		stream, err := w.inbox.Changed(alice, &position, nil)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		for _, m := range take(t, stream, 13) {
			got += fmt.Sprintf("%s %d", *m.Change, m.UnreadCount)
			if (m.NotificationID == nil) == (m.UpToID == nil) || (m.NotificationID == nil) != (m.Notification == nil) {
				t.Errorf("%+v", m)
			}
			if m.Action != nil {
				got += " " + *m.Action
			}
			for _, topic := range m.Topics {
				got += " " + string(topic)
			}
			got += ", "
		}
		if want := "SEEN 3, SNOOZED 2, RETURNED 3, READ 2, INTERACTED 2, COMPLETED 2 take, REVERTED 2 take, UNREAD 3, ARCHIVED 2, ARCHIVED 1, UNARCHIVED 2, ALL_READ 1 SECURITY, READ_ARCHIVED 1, "; got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
		quiet(t, stream)
		w.wantUnread(t, w.alice, 1)
		other, err := w.inbox.Changed(subscribe(t, storetest.As(w.boris)), nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		quiet(t, other)
		if _, err := w.inbox.Changed(context.Background(), nil, nil); !errors.Is(err, fault.ErrUnauthenticated) {
			t.Error(err)
		}
	})
}

func TestArchiveMany(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		alice := storetest.As(w.alice)
		hers, his := w.give(t, w.alice, 4), w.give(t, w.boris, 1)
		if _, err := w.inbox.MarkRead(alice, notify.MarkNotificationReadInput{ID: hers[0].GlobalID()}); err != nil {
			t.Fatal(err)
		}
		some := func(ctx context.Context, all ...*ent.Notification) (notify.Marked, error) {
			in := notify.ArchiveNotificationsInput{}
			for _, n := range all {
				in.Ids = append(in.Ids, n.GlobalID())
			}
			return w.inbox.ArchiveMany(ctx, in)
		}
		for name, c := range map[string]struct {
			ctx  context.Context
			all  []*ent.Notification
			want *fault.Fault
		}{
			"one of another": {alice, []*ent.Notification{hers[0], his[0]}, fault.ErrNotFound}, // security F1
			"none":           {alice, nil, fault.ErrRequired},
			"nobody":         {context.Background(), hers, fault.ErrUnauthenticated},
		} {
			if _, err := some(c.ctx, c.all...); !errors.Is(err, c.want) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if _, err := w.inbox.ArchiveMany(alice, notify.ArchiveNotificationsInput{Ids: make([]scalar.ID, 101)}); !errors.Is(err, fault.ErrTooLong) {
			t.Error(err)
		}
		w.wantUnread(t, w.alice, 3)
		for _, want := range []int{2, 0} {
			if got, err := some(alice, hers[0], hers[1], hers[1]); err != nil || *got.Changed != want || *got.UnreadCount != 2 {
				t.Errorf("%v, %v", got, err)
			}
		}
		if got, err := w.inbox.ArchiveRead(alice, notify.ArchiveReadNotificationsInput{}); err != nil || *got.Changed != 0 {
			t.Errorf("%v, %v", got, err)
		}
		w.wantUnread(t, w.alice, 2)
	})
}
