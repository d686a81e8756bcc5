package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/gorilla/websocket"

	"kabinet/internal/demo/outbox"
	"kabinet/internal/store/storetest"
)

// signs is somebody of the demonstration signing in.
func (s *server) signs(t *testing.T, who string) string {
	t.Helper()
	answer := s.post(t, "", fmt.Sprintf(`mutation { signIn(input: {login: "%s@example.com", password: "kabinet-demo"}) { session { token } userErrors { code } } }`, who))
	token, ok := dig(answer, "data.signIn.session.token")
	if !ok {
		t.Fatalf("%s cannot sign in: %v", who, answer)
	}
	return fmt.Sprint(token)
}

// asks wants neither errors nor userErrors, and gives a value of the answer.
func (s *server) asks(t *testing.T, token, query, path string) string {
	t.Helper()
	answer := s.post(t, token, query)
	if text := fmt.Sprint(answer); answer["errors"] != nil || strings.Contains(text, "userErrors:[map") {
		t.Fatalf("%s: %s", query, text)
	}
	v, ok := dig(answer["data"], path)
	if !ok {
		t.Fatalf("no %s in %v", path, answer)
	}
	return fmt.Sprint(v)
}

// opens is a page that somebody keeps open: a live subscription, from here on.
func (s *server) opens(t *testing.T, token string) *listener {
	t.Helper()
	from := s.asks(t, token, `{ me { streamPosition } }`, "me.streamPosition")
	conn, resp, err := (&websocket.Dialer{Subprotocols: []string{"graphql-transport-ws"}}).Dial(strings.Replace(s.url, "http", "ws", 1)+"/graphql", nil)
	check(t, err)
	_ = resp.Body.Close()
	t.Cleanup(func() { _ = conn.Close() })
	check(t, conn.WriteJSON(map[string]any{"type": "connection_init", "payload": map[string]string{"authorization": "Bearer " + token}}))
	var ack frame
	check(t, conn.ReadJSON(&ack))
	check(t, conn.WriteJSON(map[string]any{"id": "1", "type": "subscribe", "payload": map[string]any{
		"query":     `subscription($after: StreamCursor) { notificationAdded(after: $after) { cursor unreadCount notification { title } } }`,
		"variables": map[string]string{"after": from}}}))
	l := &listener{conn: conn, end: make(chan struct{})}
	go l.read()
	return l
}

// titles are of the notifications that an open page was told.
func (l *listener) titles() (all []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, one := range l.got {
		title, _ := dig(one, "data.notificationAdded.notification.title")
		all = append(all, fmt.Sprint(title))
	}
	return all
}

// outbox is what left, the newest first.
func (s *server) outbox(t *testing.T) []outbox.Message {
	t.Helper()
	status, text := s.get(t, outbox.Path+".json")
	var list struct{ Messages []outbox.Message }
	if err := json.Unmarshal([]byte(text), &list); err != nil || status != http.StatusOK {
		t.Fatal(status, err)
	}
	return list.Messages
}

// left are the channels by which a title went to the customer or his chat.
func (s *server) left(t *testing.T, title string) (channels []string) {
	t.Helper()
	for _, m := range s.outbox(t) {
		if m.Title == title && (m.To == "customer@example.com" || m.To == outbox.Chat) {
			channels = append(channels, m.Channel)
		}
	}
	slices.Sort(channels)
	return channels
}

// In a demonstration staff changes an order, and the customer's open page, the
// mail catcher and the chat hear of it, each if he wants it there.
func TestDemoTells(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		s := start(t, t.TempDir(), []string{"KABINET_DATABASE_URL=" + db.URL}, "serve", "--demo")
		customer, staff := s.signs(t, "customer"), s.signs(t, "staff")
		page := s.opens(t, customer)
		var told []string
		want := map[string][]string{}
		for i, c := range []struct {
			choices string
			page    bool
			left    []string
		}{
			{"", true, []string{outbox.Email, outbox.Telegram}},
			{`{type: "order.shipped", channel: EMAIL, wanted: false}`, true, []string{outbox.Telegram}},
			{`{topic: ORDER, channel: TELEGRAM, wanted: false}, {type: "order.shipped", channel: EMAIL, wanted: true}`, true, []string{outbox.Email}},
			{`{type: "order.shipped", channel: EMAIL, wanted: false}`, true, nil},
			{`{type: "order.shipped", channel: IN_APP, wanted: false}, {type: "order.shipped", channel: EMAIL, wanted: true}, {topic: ORDER, channel: TELEGRAM, wanted: true}`, false, []string{outbox.Email, outbox.Telegram}},
		} {
			if c.choices != "" {
				s.asks(t, customer, `mutation { updateNotificationPreferences(input: {choices: [`+c.choices+`]}) { userErrors { code } } }`, "updateNotificationPreferences")
			}
			title := s.ships(t, customer, staff, i)
			if c.page {
				told = append(told, title)
			}
			want[title] = c.left
			heard(t, db)
		}
		for title, channels := range want {
			if got := s.left(t, title); !slices.Equal(got, channels) {
				t.Errorf("%q left by %v, want %v", title, got, channels)
			}
		}
		shipped := func() (all []string) {
			for _, title := range page.titles() {
				if strings.HasSuffix(title, "is on its way") {
					all = append(all, title)
				}
			}
			return all
		}
		soon(t, "the open page is told", func() bool { return len(shipped()) >= len(told) })
		if got := shipped(); !slices.Equal(got, told) {
			t.Errorf("the open page was told %q, want %q", got, told)
		}
		if code := s.stop(t); code != 0 {
			t.Errorf("left with %d: %s", code, s.stderr)
		}
	})
}

// ships is the customer ordering and staff changing the order, by the mutations
// that anybody would use; it gives the title of what is told.
func (s *server) ships(t *testing.T, customer, staff string, n int) (title string) {
	t.Helper()
	order := s.post(t, customer, fmt.Sprintf(`mutation { placeOrder(input: {lines: [{sku: "85123A", quantity: 1}], idempotencyKey: "tells-%d"}) { order { id number } userErrors { code } } }`, n))
	id, _ := dig(order, "data.placeOrder.order.id")
	number, ok := dig(order, "data.placeOrder.order.number")
	if !ok {
		t.Fatal(order)
	}
	s.asks(t, staff, fmt.Sprintf(`mutation { setOrderStatus(input: {orderId: "%s", fulfillmentStatus: SHIPPED, idempotencyKey: "ships-%d"}) { order { id } userErrors { code } } }`, id, n), "setOrderStatus.order.id")
	return fmt.Sprintf("Order %s is on its way", number)
}

// heard waits until all that was told is heard, and all messages have left: what
// is wanted where is asked when they leave.
func heard(t *testing.T, db *storetest.DB) {
	t.Helper()
	const waiting = `SELECT (SELECT count(*) FROM account_events WHERE NOT relayed OR NOT heard) + (SELECT count(*) FROM river_job WHERE queue LIKE 'delivery%' AND state IN ('available', 'running', 'retryable'))`
	soon(t, "all is heard and has left", func() bool { return (&world{db: db}).count(t, waiting) == 0 })
}

// The chat of another is linked by a code said on the page; what is said and
// answered stands there, and whatever it is, it is text.
func TestDemoOutbox(t *testing.T) {
	t.Parallel()
	s := start(t, t.TempDir(), nil, "serve", "--demo")
	soon(t, "it says where the page is", func() bool { return strings.Contains(s.stdout.String(), s.url+outbox.Path+"\n") })
	partner := s.signs(t, "partner")
	code := s.asks(t, partner, `mutation { linkMessenger(input: {messenger: TELEGRAM}) { startCode userErrors { code } } }`, "linkMessenger.startCode")
	say := func(text string) {
		resp, err := http.PostForm(s.url+outbox.Path, url.Values{"chat": {"2002"}, "text": {text}})
		check(t, err)
		_ = resp.Body.Close()
		if resp.StatusCode != http.StatusOK { // of the page, to which it leads back
			t.Fatal(resp.Status)
		}
	}
	answers := func(n int) func() bool {
		return func() bool {
			return len(slices.DeleteFunc(s.outbox(t), func(m outbox.Message) bool { return m.Channel != outbox.Telegram || m.To != "2002" })) == n
		}
	}
	say("<script>alert(1)</script>")
	soon(t, "the bot answers a stranger", answers(1))
	say("/start " + code)
	soon(t, "the bot answers a code", answers(2))
	if got := s.asks(t, partner, `{ me { messengerLinks { status } } }`, "me.messengerLinks.0.status"); got != "ACTIVE" {
		t.Error(got)
	}
	resp, err := http.Get(s.url + outbox.Path)
	check(t, err)
	_ = resp.Body.Close()
	if policy := resp.Header.Get("Content-Security-Policy"); !strings.HasPrefix(policy, "default-src 'none'; style-src 'sha256-") {
		t.Error(policy)
	}
	if _, text := s.get(t, outbox.Path); strings.Contains(text, "<script") || !strings.Contains(text, "&lt;script&gt;alert(1)") {
		t.Error(text)
	}
	all := s.outbox(t)
	letter := all[slices.IndexFunc(all, func(m outbox.Message) bool { return m.HTML != "" })]
	if status, text := s.get(t, fmt.Sprintf("%s/%d", outbox.Path, letter.ID)); status != http.StatusOK || text != letter.HTML {
		t.Error(status, text)
	}
}

// Who made the first administrator by a command can serve afterwards: what a
// command would seal is not there in its way. In his database a demonstration
// makes nothing, and shows nobody's letters.
func TestUserCreateThenServe(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		dir, env := t.TempDir(), []string{"KABINET_DATABASE_URL=" + db.URL}
		out, err := command(t, dir, append(env, "KABINET_PASSWORD="+password), "user", "create", "--admin", "--email", "root@example.com", "--name", "Root").CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		s := start(t, dir, env, "serve")
		key := s.asks(t, "", `{ vapidPublicKey }`, "vapidPublicKey")
		s.asks(t, "", fmt.Sprintf(`mutation { signIn(input: {login: "root@example.com", password: "%s"}) { session { token } userErrors { code } } }`, password), "signIn.session.token")
		if code := s.stop(t); code != 0 || len(key) < 80 {
			t.Fatalf("left with %d, the key is %q: %s", code, key, s.stderr)
		}
		s = start(t, dir, env, "serve", "--demo")
		if again := s.asks(t, "", `{ vapidPublicKey }`, "vapidPublicKey"); again != key {
			t.Errorf("the key was %s and is %s", key, again)
		}
		soon(t, "it says that nothing was made", func() bool { return strings.Contains(s.stdout.String(), "people have accounts in this database") })
		for _, path := range []string{outbox.Path, outbox.Path + ".json", outbox.Path + "/1"} {
			if status, _ := s.get(t, path); status != http.StatusNotFound {
				t.Errorf("%s answers %d", path, status)
			}
		}
		if answer := s.post(t, "", `mutation { signIn(input: {login: "customer@example.com", password: "kabinet-demo"}) { session { token } userErrors { code } } }`); strings.Contains(fmt.Sprint(answer), "token:") {
			t.Errorf("%v", answer)
		}
	})
}

// Without --demo there is no such page, in development neither.
func TestNoOutboxInDevelopment(t *testing.T) {
	t.Parallel()
	s := start(t, t.TempDir(), []string{"KABINET_MODE=development"}, "serve")
	for _, path := range []string{outbox.Path, outbox.Path + ".json", outbox.Path + "/1"} {
		if status, _ := s.get(t, path); status != http.StatusNotFound {
			t.Errorf("%s answers %d", path, status)
		}
	}
}
