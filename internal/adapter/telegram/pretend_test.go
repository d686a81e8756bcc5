package telegram_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"kabinet/internal/adapter/telegram"
)

// What a bot sends is shown as Telegram shows it: what it escaped is text again.
func TestShown(t *testing.T) {
	t.Parallel()
	var took []telegram.Sent
	srv := httptest.NewServer(telegram.NewPretend("1:a_token_of_tests", "bot", func(s telegram.Sent) { took = append(took, s) }))
	t.Cleanup(srv.Close)
	bot, err := telegram.New(telegram.Options{Token: "1:a_token_of_tests", URL: srv.URL})
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range []telegram.Message{{Title: "</b><script>", Text: "a & <b>b</b>\n&amp;"}, {Text: "no title"}, {Title: "no text"}} {
		if _, err := bot.Send(t.Context(), "7", m); err != nil {
			t.Fatal(err)
		}
		if title, text := took[len(took)-1].Shown(); title != m.Title || text != m.Text {
			t.Errorf("%+v is shown as %q, %q", m, title, text)
		}
	}
	if title, text := (telegram.Sent{Text: "<b>&lt;</b>"}).Shown(); title != "" || text != "<b>&lt;</b>" {
		t.Errorf("without markup: %q %q", title, text)
	}
}

// What is no request of the bot's is refused, and nothing is taken.
func TestPretendRefuses(t *testing.T) {
	t.Parallel()
	srv := httptest.NewServer(telegram.NewPretend("1:a_token_of_tests", "bot", func(s telegram.Sent) { t.Errorf("took %+v", s) }))
	t.Cleanup(srv.Close)
	for _, c := range []struct {
		path string
		form url.Values
		want int
	}{
		{"/bot2:another/sendMessage", url.Values{"chat_id": {"7"}, "text": {"x"}}, http.StatusUnauthorized},
		{"/bot1:a_token_of_tests/dance", nil, http.StatusNotFound},
		{"/bot1:a_token_of_tests/sendMessage", url.Values{"chat_id": {"x"}, "text": {"x"}}, http.StatusBadRequest},
		{"/bot1:a_token_of_tests/sendMessage", url.Values{"chat_id": {"7"}}, http.StatusBadRequest},
		{"/bot1:a_token_of_tests/sendMessage", url.Values{"chat_id": {"7"}, "text": {strings.Repeat("x", 20_001)}}, http.StatusBadRequest},
		{"/bot1:a_token_of_tests/sendMessage", url.Values{"chat_id": {"7"}, "text": {"x"}, "reply_markup": {"{"}}, http.StatusBadRequest},
	} {
		resp, err := http.PostForm(srv.URL+c.path, c.form)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if resp.StatusCode != c.want {
			t.Errorf("%s %.60v: %d, want %d", c.path, c.form, resp.StatusCode, c.want)
		}
	}
}
