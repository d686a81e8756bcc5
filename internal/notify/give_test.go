package notify_test

import (
	"context"
	"encoding/json"
	"errors"
	"testing"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	entnotification "kabinet/ent/generated/notification"
	"kabinet/ent/schema"
	"kabinet/internal/event"
	"kabinet/internal/fault"
	"kabinet/internal/notify"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
	"kabinet/internal/viewer"
)

func changeOf(t *testing.T, e event.Stored) string {
	t.Helper()
	var f event.NotificationsChanged
	if err := json.Unmarshal(e.Payload, &f); err != nil {
		t.Fatal(err)
	}
	return f.Change
}

// made gives one notification as staff do.
func (w *world) made(t *testing.T, g notify.Given) (id uuid.UUID, made bool) {
	t.Helper()
	w.write(t, func(ctx context.Context, tx *store.Tx) (err error) {
		id, made, err = w.inbox.Give(ctx, tx, g)
		return err
	})
	return id, made
}

func (w *world) offer() notify.Given {
	sender := uuid.Must(uuid.NewV7())
	return notify.Given{
		EventID: uuid.Must(uuid.NewV7()), UserID: w.alice, Type: "promotion.offer", Topic: entnotification.TopicPROMOTION, Title: "Tea", Body: "is cheaper",
		URL: "https://shop.example.com/tea", GroupKey: "tea", Params: map[string]any{"name": "Tea"}, SenderID: &sender,
		Actions: []schema.NotificationAction{{Key: "take", Labels: map[string]string{"en": "Take it", "ru": "Беру"}, Style: "PRIMARY", URL: "https://shop.example.com/take"},
			{Key: "leave", Labels: map[string]string{"en": "Leave it"}, Style: "SECONDARY"}},
	}
}

func TestGive(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		g := w.offer()
		id, made := w.made(t, g)
		if again, anew := w.made(t, g); !made || anew || again != id {
			t.Errorf("%s %v, then %s %v", id, made, again, anew)
		}
		n := w.feed(t, w.alice)
		if len(n) != 1 || n[0].ID != id || n[0].Title != "Tea" || n[0].Severity != entnotification.SeverityINFO || *n[0].URL != g.URL || *n[0].GroupKey != "tea" ||
			len(n[0].Actions) != 2 || n[0].Params["name"] != "Tea" || *n[0].SenderID != *g.SenderID || n[0].SubjectKind != nil || n[0].Data != nil {
			t.Fatalf("%+v", n)
		}
		w.wantUnread(t, w.alice, 1)
		g.EventID, g.UserID = uuid.Must(uuid.NewV7()), uuid.New()
		if id, made := w.made(t, g); made || id != uuid.Nil {
			t.Error("a person who is not there got one")
		}
		g.UserID, g.Say = w.boris, func(lang, zone string) (string, string, map[string]any) {
			return lang, zone, map[string]any{"lang": lang}
		}
		w.made(t, g)
		if n := w.feed(t, w.boris)[0]; n.Title != "ru" || n.Body != "Europe/Moscow" || n.Params["lang"] != "ru" {
			t.Errorf("%+v", n)
		}
	})
}

// What is not wanted in the feed is there for those who look for it, and told
// for the other channels' sake, but neither shown nor counted.
func TestGiveSilently(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		w.inbox.Wants = func(_ context.Context, _ *store.Tx, wish notify.Wish) (bool, error) {
			return wish.Type != "promotion.offer", nil
		}
		w.inbox.Words = func(_ context.Context, _ *store.Tx, g notify.Wording) (string, string) {
			return "The House: " + g.Title, g.Body + " in " + g.Locale
		}
		alice := subscribe(t, storetest.As(w.alice))
		stream, err := w.inbox.Added(alice, nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		w.made(t, w.offer())
		g := w.offer()
		g.Type = "promotion.other"
		w.made(t, g)
		if m := take(t, stream, 1)[0]; m.Notification.Type != "promotion.other" || m.UnreadCount != 1 || m.Notification.Title != "The House: Tea" || m.Notification.Body != "is cheaper in en" {
			t.Errorf("%+v", m)
		}
		quiet(t, stream)
		n := w.feed(t, w.alice)
		if len(n) != 2 || n[0].ArchivedAt == nil || n[1].ArchivedAt != nil {
			t.Errorf("%+v", n)
		}
		w.wantUnread(t, w.alice, 1)
		var f event.NotificationAdded
		if err := json.Unmarshal(w.told(t, w.alice, "notification.added")[0].Payload, &f); err != nil || !f.Silent || f.UnreadCount != 0 {
			t.Errorf("%+v, %v", f, err)
		}
	})
}

func TestActions(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		w.made(t, w.offer())
		id := w.feed(t, w.alice)[0].GlobalID()
		alice, boris := storetest.As(w.alice), storetest.As(w.boris)
		complete := func(ctx context.Context, action string) (notify.Marked, error) {
			return w.inbox.CompleteAction(ctx, notify.CompleteNotificationActionInput{ID: id, Action: action})
		}
		revert := func(ctx context.Context) (notify.Marked, error) {
			return w.inbox.RevertAction(ctx, notify.RevertNotificationActionInput{ID: id})
		}
		for name, c := range map[string]struct {
			got  func() (notify.Marked, error)
			want *fault.Fault
		}{
			"no such action":   {func() (notify.Marked, error) { return complete(alice, "eat") }, fault.ErrInvalidValue},
			"another's":        {func() (notify.Marked, error) { return complete(boris, "take") }, fault.ErrNotFound}, // security F1
			"nobody":           {func() (notify.Marked, error) { return complete(context.Background(), "take") }, fault.ErrUnauthenticated},
			"another's revert": {func() (notify.Marked, error) { return revert(boris) }, fault.ErrNotFound}, // security F1
		} {
			if _, err := c.got(); !errors.Is(err, c.want) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if got, err := revert(alice); err != nil || *got.Changed != 0 {
			t.Errorf("nothing to revert: %v, %v", got, err)
		}
		got, err := complete(alice, "take")
		n := got.Notification
		if err != nil || *got.Changed != 1 || *got.UnreadCount != 0 || *n.CompletedAction != "take" || n.CompletedAt == nil || n.ReadAt == nil || n.InteractedAt == nil {
			t.Errorf("%v, %v", got, err)
		}
		if got, err := complete(alice, "take"); err != nil || *got.Changed != 0 {
			t.Errorf("again: %v, %v", got, err)
		}
		if _, err := complete(alice, "leave"); !errors.Is(err, notify.ErrIllegalTransition) {
			t.Errorf("another one: %v", err)
		}
		labels := func(ctx context.Context, n *ent.Notification) (all string) {
			for _, a := range w.inbox.Actions(ctx, n) {
				all += a.Label + ","
				if a.IsCompleted != (n.CompletedAction != nil && a.Key == "take") {
					t.Errorf("%s is completed: %v", a.Key, a.IsCompleted)
				}
			}
			return all
		}
		if got := labels(alice, n); got != "Take it,Leave it," {
			t.Error(got)
		}
		russian := viewer.With(context.Background(), viewer.Viewer{UserID: w.alice, OwnerID: w.alice, Locale: "ru"})
		if got := labels(russian, n); got != "Беру,Leave it," {
			t.Error(got)
		}
		if got, err := revert(alice); err != nil || *got.Changed != 1 || got.Notification.CompletedAction != nil || got.Notification.CompletedAt != nil {
			t.Errorf("%v, %v", got, err)
		}
		if got, err := complete(alice, "leave"); err != nil || *got.Notification.CompletedAction != "leave" {
			t.Errorf("%v, %v", got, err)
		}
		w.wantUnread(t, w.alice, 0)
	})
}

// The House's words may name the person, and of a type that was turned off none
// is made, neither of one nor of many.
func TestGiveNamesAndLeavesOut(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		w.inbox.Words = func(_ context.Context, _ *store.Tx, g notify.Wording) (string, string) {
			return "Dear " + g.Name, g.Body
		}
		w.inbox.Off = func(_ context.Context, _ *store.Tx, typ string) (bool, error) { return typ == "promotion.other", nil }
		many := func(typ string) (made int) {
			one, two := w.offer(), w.offer()
			one.Type, two.Type, two.UserID = typ, typ, w.boris
			w.write(t, func(ctx context.Context, tx *store.Tx) (err error) {
				made, err = w.inbox.GiveMany(ctx, tx, []notify.Given{one, two})
				return err
			})
			return made
		}
		if n := many("promotion.offer"); n != 2 {
			t.Errorf("%d were made", n)
		}
		w.made(t, w.offer())
		titles := []string{w.feed(t, w.alice)[0].Title, w.feed(t, w.alice)[1].Title, w.feed(t, w.boris)[0].Title}
		if titles[0] != "Dear Alice" || titles[1] != "Dear Alice" || titles[2] != "Dear Борис" {
			t.Errorf("%q", titles)
		}
		off := w.offer()
		off.Type = "promotion.other"
		id, made := w.made(t, off)
		if n := many("promotion.other"); id != uuid.Nil || made || n != 0 {
			t.Errorf("of a type that is off: %s %v, %d", id, made, n)
		}
		if n := len(w.told(t, w.alice, "notification.added")); n != 2 || len(w.feed(t, w.alice)) != 2 {
			t.Errorf("%d were told", n)
		}
	})
}
