package send

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"

	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
	"kabinet/internal/viewer"
)

// TestARepeatIsAnsweredAsBefore sends, turns the type off, and sends the same
// again: the answer is the first one. What is new is refused.
func TestARepeatIsAnsweredAsBefore(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		staff := viewer.With(context.Background(), viewer.Viewer{UserID: uuid.Must(uuid.NewV7()), OwnerID: viewer.House, Staff: true,
			Grants: map[viewer.Permission]viewer.Reach{{Resource: "messaging", Operation: "write"}: viewer.ReachAll}})
		in := SendNotificationInput{Type: "service.news", CustomerIds: []scalar.ID{{Prefix: "usr", UUID: w.anna}}, IdempotencyKey: "one",
			Texts: []*NotificationWordsInput{{Locale: "en", Title: "x", Body: "y"}}}
		first, err := w.s.Send(staff, in)
		if err != nil || *first.Sent != 1 || *first.Replayed {
			t.Fatalf("%+v, %v", first, err)
		}
		w.write(t, func(ctx context.Context, tx *store.Tx) error {
			return tx.NotificationSetting.Create().SetType("service.news").SetActive(false).Exec(ctx)
		})
		db.Clock.Add(time.Minute)
		again, err := w.s.Send(staff, in)
		if err != nil || *again.Sent != 1 || !*again.Replayed || *again.Results[0].NotificationID != *first.Results[0].NotificationID {
			t.Errorf("%+v, %v", again, err)
		}
		in.IdempotencyKey = "two"
		if _, err := w.s.Send(staff, in); !errors.Is(err, ErrTypeRefused) {
			t.Errorf("another one: %v", err)
		}
		if n := len(w.notes(t)); n != 1 {
			t.Errorf("%d notifications", n)
		}
	})
}

// TestAForgottenFactIsAFailure asks a rule that waits about a fact that its
// stream keeps no more.
func TestAForgottenFactIsAFailure(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		r := w.rule(t, "true", 3600)
		w.write(t, func(ctx context.Context, tx *store.Tx) error {
			rest, err := w.s.ask(ctx, tx, later{Rule: r.KeyID, Stream: w.anna, Seq: 99})
			if rest != 0 {
				t.Errorf("it waits %s", rest)
			}
			return err
		})
		if now := w.row(t, r); now.Failures != 1 || now.LastError == nil || now.Made != 0 {
			t.Errorf("%+v", now)
		}
	})
}
