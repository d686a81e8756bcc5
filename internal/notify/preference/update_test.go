package preference_test

import (
	"context"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"

	"kabinet/ent/generated/consent"
	"kabinet/ent/generated/consentdocument"
	entnotification "kabinet/ent/generated/notification"
	"kabinet/internal/fault"
	"kabinet/internal/notify/preference"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
	"kabinet/internal/viewer"
)

func choice(typ, channel string, wanted *bool) *preference.NotificationChoiceInput {
	return &preference.NotificationChoiceInput{Type: &typ, Channel: preference.NotificationChannel(channel), Wanted: wanted}
}

func ptr[T any](v T) *T { return &v }

// Devices that change different things at once do not undo each other, and each
// change is told once; what changes nothing is not told.
func TestUpdateAtOnce(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		me := storetest.As(w.alice)
		types := []string{"order.placed", "order.paid", "order.shipped", "order.delivered", "order.cancelled", "return.approved"}
		var wg sync.WaitGroup
		for _, typ := range types {
			for _, channel := range []string{preference.Email, preference.SMS} {
				wg.Go(func() {
					_, err := w.preferences.Update(me, preference.UpdateNotificationPreferencesInput{Choices: []*preference.NotificationChoiceInput{choice(typ, channel, ptr(channel == preference.SMS))}})
					if err != nil {
						t.Error(err)
					}
				})
			}
		}
		wg.Wait()
		kept := w.user(t, w.alice).Notify
		if kept == nil || len(kept.Choices) != 2*len(types) || w.told(t, w.alice) != 2*len(types) {
			t.Fatalf("%+v, told %d times", kept, w.told(t, w.alice))
		}
		p, err := w.preferences.Update(me, preference.UpdateNotificationPreferencesInput{Choices: []*preference.NotificationChoiceInput{choice("order.paid", preference.Email, ptr(false))}})
		check(t, err)
		if got := one(t, p, "order.paid", preference.Email); got.Wanted || got.Source != preference.SourceType || got.Chosen == nil || *got.Chosen {
			t.Errorf("%+v", got)
		}
		if n := w.told(t, w.alice); n != 2*len(types) {
			t.Errorf("nothing was changed, and told: %d", n)
		}
		var back []*preference.NotificationChoiceInput
		for _, typ := range types {
			back = append(back, choice(typ, preference.Email, nil), choice(typ, preference.SMS, nil))
		}
		_, err = w.preferences.Update(me, preference.UpdateNotificationPreferencesInput{Choices: back})
		check(t, err)
		if u := w.user(t, w.alice); u.Notify != nil {
			t.Errorf("all is taken back, and %+v is left", u.Notify)
		}
	})
}

// Advertising needs the person's word, and goes no more when he takes it back.
func TestConsent(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		me := storetest.As(w.alice)
		source := func() preference.NotificationPreferenceSource {
			t.Helper()
			p, err := w.preferences.Of(me, w.user(t, w.alice))
			check(t, err)
			o := one(t, p, "promotion.news", preference.Email)
			if o.Wanted != (o.Source == preference.SourceHouse) {
				t.Errorf("%+v", o)
			}
			var agreed map[string]bool
			w.write(t, func(ctx context.Context, tx *store.Tx) (err error) {
				agreed, err = w.preferences.Agreed(ctx, tx, w.alice)
				return err
			})
			if agreed[preference.Email] != o.Wanted || agreed[preference.SMS] || agreed[preference.Telegram] {
				t.Errorf("agreed %v, %+v", agreed, o)
			}
			return o.Source
		}
		if s := source(); s != preference.SourceNoConsent {
			t.Errorf("no document: %s", s)
		}
		w.agree(t, w.boris, consentdocument.PurposeEMAIL_MARKETING, consent.DecisionGIVEN)
		if s := source(); s != preference.SourceNoConsent {
			t.Errorf("another agreed: %s", s)
		}
		w.agree(t, w.alice, consentdocument.PurposeEMAIL_MARKETING, consent.DecisionGIVEN)
		if s := source(); s != preference.SourceHouse {
			t.Errorf("agreed: %s", s)
		}
		w.agree(t, w.alice, consentdocument.PurposeEMAIL_MARKETING, consent.DecisionWITHDRAWN)
		if s := source(); s != preference.SourceNoConsent {
			t.Errorf("taken back: %s", s)
		}
	})
}

// The page is read by its person and by staff that reads people, in a number of
// statements that what was chosen does not raise.
func TestPage(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		if p, err := w.preferences.Of(storetest.As(w.boris), w.user(t, w.alice)); err != nil || p != nil {
			t.Errorf("another reads %+v %v", p, err)
		}
		u := w.user(t, w.alice)
		n, log := db.Statements(func() {
			_, err := w.preferences.Of(storetest.As(w.alice), u)
			check(t, err)
		})
		if n > 6 {
			t.Errorf("%d statements:\n%s", n, strings.Join(log, "\n"))
		}
	})
}

// The link of a letter stops these letters for its person alone, for a year, and
// only by POST.
func TestUnsubscribe(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		nobody := context.Background()
		link := w.preferences.UnsubscribeURL(w.boris, "order.shipped")
		token, ok := strings.CutPrefix(link, "https://shop.example"+preference.UnsubscribePath)
		if !ok || len(link) > 500 || strings.Contains(link, w.boris.String()) {
			t.Fatal(link)
		}
		html, err := w.preferences.UnsubscribePage(nobody, token)
		check(t, err)
		if !strings.Contains(string(html), "Заказ отправлен") || strings.Contains(string(html), "Борис") || !strings.Contains(string(html), `method="post"`) {
			t.Errorf("%s", html)
		}
		click := url.Values{preference.OneClickField: {preference.OneClickValue}}
		for name, form := range map[string]url.Values{"nothing": nil, "something else": {preference.OneClickField: {"no"}}} {
			if _, err := w.preferences.Unsubscribe(nobody, token, form); fault.KindOf(err) != fault.Invalid {
				t.Errorf("%s: %v", name, err)
			}
		}
		if w.user(t, w.boris).Notify != nil {
			t.Fatal("he is unsubscribed already")
		}
		for range 2 { // again changes nothing
			html, err = w.preferences.Unsubscribe(nobody, token, click)
			check(t, err)
		}
		if c := w.user(t, w.boris).Notify; c == nil || len(c.Choices) != 1 || c.Choices[0].Wanted || c.Choices[0].Type != "order.shipped" || c.Choices[0].Channel != preference.Email {
			t.Errorf("%+v", c)
		}
		if w.told(t, w.boris) != 1 || w.user(t, w.alice).Notify != nil || !strings.Contains(string(html), preference.PreferencesPath) {
			t.Errorf("told %d times: %s", w.told(t, w.boris), html)
		}
		w.badLinks(t, token, click)
	})
}

func (w *world) badLinks(t *testing.T, token string, click url.Values) {
	t.Helper()
	nobody := context.Background()
	_, all, _ := strings.Cut(w.preferences.PreferencesURL(w.boris), preference.PreferencesPath)
	flipped := []byte(token)
	flipped[40] ^= 1
	for name, bad := range map[string]string{"none": "", "half": token[:len(token)/2], "changed": string(flipped), "too long": strings.Repeat("a", 600), "no base64": "!!", "of all": all} {
		if _, err := w.preferences.Unsubscribe(nobody, bad, click); fault.KindOf(err) != fault.NotFound {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, required, _ := strings.Cut(w.preferences.UnsubscribeURL(w.boris, "security.blocked"), preference.UnsubscribePath)
	if _, err := w.preferences.Unsubscribe(nobody, required, click); fault.KindOf(err) != fault.Refused {
		t.Errorf("required: %v", err)
	}
	var last error
	for range 70 {
		if _, last = w.preferences.Unsubscribe(nobody, token, click); last != nil {
			break
		}
	}
	if fault.KindOf(last) != fault.TooMany {
		t.Errorf("70 times: %v", last)
	}
	w.Clock.Add(364 * 24 * time.Hour)
	if _, err := w.preferences.UnsubscribePage(nobody, token); err != nil {
		t.Errorf("after 364 days: %v", err)
	}
	w.Clock.Add(24 * time.Hour)
	if _, err := w.preferences.UnsubscribePage(nobody, token); fault.KindOf(err) != fault.NotFound {
		t.Errorf("after a year: %v", err)
	}
	_, anew, _ := strings.Cut(w.preferences.UnsubscribeURL(w.boris, "order.shipped"), preference.UnsubscribePath)
	w.write(t, func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE users SET status = 'ERASED' WHERE id = ?`, w.boris)
		return err
	})
	if _, err := w.preferences.Unsubscribe(nobody, anew, click); fault.KindOf(err) != fault.NotFound {
		t.Errorf("of somebody erased: %v", err)
	}
}

// The page by a link keeps what was changed on it and nothing else.
func TestSavePage(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		nobody := context.Background()
		_, token, _ := strings.Cut(w.preferences.PreferencesURL(w.alice), preference.PreferencesPath)
		html, err := w.preferences.PreferencesPage(nobody, token)
		check(t, err)
		text := string(html)
		if strings.Contains(text, "Alice") || strings.Contains(text, "@") || strings.Contains(text, `was:order.paid/SMS`) || strings.Contains(text, "ticket.overdue") || !strings.Contains(text, `name="was:order.paid/EMAIL" value="1"`) || strings.Contains(text, "was:security.blocked/EMAIL") {
			t.Errorf("%s", text)
		}
		// Another device turns order.placed off meanwhile.
		_, err = w.preferences.Update(storetest.As(w.alice), preference.UpdateNotificationPreferencesInput{Choices: []*preference.NotificationChoiceInput{choice("order.placed", preference.Email, ptr(false))}})
		check(t, err)
		_, err = w.preferences.SavePage(nobody, token, url.Values{
			"was:order.paid/EMAIL": {"1"}, "was:order.placed/EMAIL": {"1"}, "is:order.placed/EMAIL": {"1"}, "was:points.pending/EMAIL": {"0"}, "is:points.pending/EMAIL": {"1"},
			"was:security.blocked/EMAIL": {"1"}, "was:made.up/EMAIL": {"1"},
		})
		check(t, err)
		got := map[string]bool{}
		for _, c := range w.user(t, w.alice).Notify.Choices {
			got[c.Type+"/"+c.Channel] = c.Wanted
		}
		if wanted, said := got["points.pending/EMAIL"]; len(got) != 3 || !wanted || !said || got["order.paid/EMAIL"] || got["order.placed/EMAIL"] {
			t.Errorf("%v", got)
		}
		_, err = w.preferences.SavePage(nobody, token, url.Values{"off": {preference.Email}})
		check(t, err)
		p, err := w.preferences.Of(storetest.As(w.alice), w.user(t, w.alice))
		check(t, err)
		if one(t, p, "points.pending", preference.Email).Wanted || one(t, p, "tier.changed", preference.Email).Wanted || !one(t, p, "security.blocked", preference.Email).Wanted || !one(t, p, "tier.changed", preference.InApp).Wanted {
			t.Error("letters are not turned off, or more than letters")
		}
	})
}

// Of two who change a type at once with the same revision one is refused, and
// who reads it then sees the change.
func TestTypeAtOnce(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		staff := w.staff()
		var wg sync.WaitGroup
		var done, stale atomic.Int64
		for i := range 6 {
			wg.Go(func() {
				in := preference.UpdateNotificationTypeInput{Type: "order.paid", ExpiresIn: graphql.OmittableOf(ptr(600 + i))}
				switch _, err := w.preferences.UpdateType(staff, in); {
				case err == nil:
					done.Add(1)
				case fault.KindOf(err) == fault.Conflict:
					stale.Add(1)
				default:
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if done.Load() != 1 || stale.Load() != 5 {
			t.Errorf("%d changed it, %d were late", done.Load(), stale.Load())
		}
		s, found, err := w.preferences.Settings.Of(context.Background(), w.Client, "order.paid")
		if check(t, err); !found || s.Revision != 1 || s.Expires < 600*time.Second {
			t.Errorf("%+v", s)
		}
		if _, err := w.preferences.UpdateType(storetest.As(w.alice), preference.UpdateNotificationTypeInput{Type: "order.paid"}); fault.KindOf(err) != fault.Forbidden {
			t.Errorf("a customer changes a type: %v", err)
		}
	})
}

// staff is boris, who may change how people are told.
func (w *world) staff() context.Context {
	return viewer.With(context.Background(), viewer.Viewer{UserID: w.boris, OwnerID: w.boris, Staff: true, Grants: map[viewer.Permission]viewer.Reach{
		{Resource: "messaging", Operation: "read"}: viewer.ReachAll, {Resource: "messaging", Operation: "write"}: viewer.ReachAll}})
}

// A type that a rule in force makes stays.
func TestTypeInUse(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		_, err := w.preferences.CreateType(w.staff(), preference.CreateNotificationTypeInput{
			Type: "store.opening", Topic: entnotification.TopicSERVICE, Translations: []*scalar.Translation{{Locale: "en", Name: "Stores"}}})
		check(t, err)
		w.write(t, func(ctx context.Context, tx *store.Tx) error {
			return tx.NotificationRule.Create().SetName("Stores").SetEvent("order.placed").SetType("store.opening").SetTexts(map[string]map[string]string{"en": {"title": "A", "body": "B"}}).Exec(ctx)
		})
		remove := func() error {
			_, err := w.preferences.DeleteType(w.staff(), preference.DeleteNotificationTypeInput{Type: "store.opening"})
			return err
		}
		f, ok := fault.As(remove())
		if !ok || f.Code != "NOTIFICATION_TYPE_IN_USE" || f.Params["rules"] != 1 || f.Params["broadcasts"] != 0 {
			t.Fatalf("%v", f)
		}
		w.write(t, func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.Exec(ctx, `UPDATE notification_rules SET retired_at = ?`, tx.Now)
			return err
		})
		check(t, remove())
		if _, found, err := w.preferences.Settings.Of(context.Background(), w.Client, "store.opening"); err != nil || found {
			t.Errorf("it is there still: %v", err)
		}
	})
}
