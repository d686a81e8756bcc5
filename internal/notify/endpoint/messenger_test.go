package endpoint_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"kabinet/ent/generated/messengerlink"
	"kabinet/internal/locale"
	"kabinet/internal/notify/endpoint"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
	"kabinet/internal/viewer"
)

func (w *world) say(t *testing.T, chat, text string) string {
	t.Helper()
	answer, err := w.endpoints.OnSaid(context.Background(), endpoint.Said{Chat: chat, Text: text, Name: "Vera", Language: "en"})
	check(t, err)
	return answer
}

func (w *world) code(t *testing.T, v viewer.Viewer) string {
	t.Helper()
	l, err := w.endpoints.Link(as(v), endpoint.LinkMessengerInput{Messenger: endpoint.Telegram})
	check(t, err)
	if *l.URL != "https://t.me/shop_bot?start="+*l.Code || l.Link.CodeKey == nil || strings.Contains(*l.Link.CodeKey, *l.Code) {
		t.Errorf("%s %s", *l.URL, *l.Link.CodeKey)
	}
	return *l.Code
}

func says(t *testing.T, got, lang, text string) {
	t.Helper()
	if want := locale.Text(lang, "messenger."+text, nil); got != want || strings.HasPrefix(want, "messenger.") {
		t.Errorf("the bot says %q, want %q", got, want)
	}
}

// A code links one chat, once, within its time, and the person is told in his
// language.
func TestCodeLinksOnce(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		says(t, w.say(t, "7", "hello"), "en", "not_linked")
		says(t, w.say(t, "7", "/start"), "en", "not_linked")
		says(t, w.say(t, "7", "/stop"), "en", "not_linked")
		former := w.code(t, w.boris)
		code := w.code(t, w.boris)
		says(t, w.say(t, "7", "/start "+former), "en", "bad_code")

		// Of many who say it at once, one has it.
		var wg sync.WaitGroup
		answers := make([]string, 5)
		for i := range answers {
			wg.Go(func() {
				answers[i], _ = w.endpoints.OnSaid(context.Background(), endpoint.Said{Chat: fmt.Sprint(100 + i), Text: "/start@shop_bot  " + strings.ToUpper(code), Name: "\u202eVera\n\tO."})
			})
		}
		wg.Wait()
		linked := slices.Index(answers, locale.Text("ru", "messenger.linked", nil))
		if n := len(slices.DeleteFunc(slices.Clone(answers), func(a string) bool { return a != locale.Text("en", "messenger.bad_code", nil) })); linked < 0 || n != 4 {
			t.Fatalf("%q", answers)
		}
		chat := fmt.Sprint(100 + linked)
		_, open := w.addresses(t, w.boris.UserID, endpoint.ChannelTelegram)
		if !slices.Equal(open, []string{chat}) || !slices.Equal(w.news, []string{endpoint.ChangeLinked}) {
			t.Errorf("linked %v, told %v", open, w.news)
		}
		links, err := w.endpoints.Links(as(w.boris), w.boris.UserID)
		check(t, err)
		if len(links) != 1 || *links[0].Label != "Vera O." || links[0].CodeKey != nil || len(*links[0].ChatKey) != 64 {
			t.Errorf("%+v", links)
		}
		says(t, w.say(t, chat, "hello"), "ru", "help")

		// Another chat of his takes its place; the first one hears nothing more.
		says(t, w.say(t, "8", "/start "+w.code(t, w.boris)), "ru", "linked")
		_, open = w.addresses(t, w.boris.UserID, endpoint.ChannelTelegram)
		if !slices.Equal(open, []string{"8"}) {
			t.Errorf("linked %v", open)
		}
		says(t, w.say(t, "8", "/start "+w.code(t, w.boris)), "ru", "linked_already")
		db.Clock.Add(time.Hour)
		late := w.code(t, w.alice)
		db.Clock.Add(11 * time.Minute)
		says(t, w.say(t, "9", "/start "+late), "en", "bad_code")
		if n, err := w.endpoints.TidyDue(storetest.System(), 100); err != nil || n != 1 {
			t.Errorf("%d ran out, %v", n, err)
		}
	})
}

// A chat of somebody else's stays his until he says so.
func TestChatOfAnother(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		says(t, w.say(t, "7", "/start "+w.code(t, w.alice)), "en", "linked")
		code := w.code(t, w.boris)
		says(t, w.say(t, "7", "/start "+code), "en", "taken")
		ids, _ := w.addresses(t, w.alice.UserID, endpoint.ChannelTelegram)
		if len(ids) != 1 {
			t.Fatal("it was taken from her")
		}
		w.reached(t, w.boris.UserID, endpoint.ChannelTelegram)
		says(t, w.say(t, "7", " /stop "), "en", "unlinked")
		says(t, w.say(t, "7", "/start "+code), "ru", "linked")
		w.reached(t, w.alice.UserID, endpoint.ChannelTelegram)
		if want := []string{endpoint.ChangeLinked, endpoint.ChangeUnlinked, endpoint.ChangeLinked}; !slices.Equal(w.news, want) {
			t.Errorf("told %v", w.news)
		}
		_, err := w.endpoints.OnSaid(context.Background(), endpoint.Said{Chat: "7", Blocked: true})
		check(t, err)
		w.reached(t, w.boris.UserID, endpoint.ChannelTelegram)
		if n, err := w.Client.MessengerLink.Query().Where(messengerlink.EndReasonEQ(messengerlink.EndReasonBLOCKED_BOT)).Count(storetest.System()); err != nil || n != 1 {
			t.Errorf("%d, %v", n, err)
		}
		says(t, w.say(t, "7", "/start "+w.code(t, w.alice)), "en", "linked")
		ids, _ = w.addresses(t, w.alice.UserID, endpoint.ChannelTelegram)
		w.write(t, func(ctx context.Context, tx *store.Tx) error { return w.endpoints.Gone(ctx, tx, ids[0]) })
		w.reached(t, w.alice.UserID, endpoint.ChannelTelegram)
	})
}

// A chat is answered 20 times an hour: so often can a code be guessed there.
func TestChatIsBounded(t *testing.T) {
	t.Parallel()
	w := newWorld(t, storetest.Open(t))
	answered := 0
	for range 30 {
		if w.say(t, "7", "/start "+strings.Repeat("a", 26)) != "" {
			answered++
		}
	}
	code := w.code(t, w.alice)
	if answered != 20 || w.say(t, "7", "/start "+code) != "" {
		t.Errorf("answered %d times", answered)
	}
	says(t, w.say(t, "8", "/start "+code), "en", "linked")
	for range 25 { // who has talked too much can end it all the same
		w.say(t, "8", "hello")
	}
	if answer := w.say(t, "8", "/stop"); answer != "" {
		t.Errorf("past the bound: %s", answer)
	}
	w.reached(t, w.alice.UserID, endpoint.ChannelTelegram)
	for range 19 {
		w.code(t, w.boris)
	}
	w.code(t, w.boris)
	_, err := w.endpoints.Link(as(w.boris), endpoint.LinkMessengerInput{Messenger: endpoint.Telegram})
	_ = refused(t, err, "TOO_MANY_ATTEMPTS")
}

// A bot that is out of reach, or none, is said so.
func TestNoBot(t *testing.T) {
	t.Parallel()
	w := newWorld(t, storetest.Open(t))
	in := endpoint.LinkMessengerInput{Messenger: endpoint.Telegram}
	w.endpoints.BotName = func(context.Context) (string, error) { return "", context.DeadlineExceeded }
	_, err := w.endpoints.Link(as(w.alice), in)
	if f := refused(t, err, "MESSENGER_UNAVAILABLE"); f.Params["messenger"] != "TELEGRAM" {
		t.Errorf("%v", f.Params)
	}
	w.endpoints.BotName = nil
	_, err = w.endpoints.Link(as(w.alice), in)
	_ = refused(t, err, "MESSENGER_UNAVAILABLE")
	if len(w.endpoints.Messengers()) != 0 {
		t.Error("a messenger is offered")
	}
}
