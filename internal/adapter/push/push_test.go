package push_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"kabinet/internal/adapter/hook"
	"kabinet/internal/adapter/push"
	"kabinet/internal/adapter/push/pushtest"
)

func sender(t *testing.T, allow ...netip.Prefix) *push.Sender {
	t.Helper()
	keys, err := push.NewKeys()
	if err != nil {
		t.Fatal(err)
	}
	guard := &hook.Guard{Allow: allow}
	return &push.Sender{Keys: func() push.Keys { return keys }, Contact: "mailto:ops@example.com", Client: guard.Client(2*time.Second, nil), Barred: hook.ErrAddress, Now: time.Now}
}

func loopback() netip.Prefix { return netip.MustParsePrefix("127.0.0.0/8") }

func to(b *pushtest.Browser) push.Subscription {
	return push.Subscription{Endpoint: b.Endpoint, P256dh: b.P256dh, Auth: b.Auth}
}

// A browser opens what it is sent, and nobody on the way reads it.
func TestBrowserOpens(t *testing.T) {
	t.Parallel()
	service, s := pushtest.New(t, time.Now), sender(t, loopback())
	b, other := service.Subscribe(t), service.Subscribe(t)
	m := push.Message{Title: "Заказ <b>1</b>", Body: "В пути", URL: "https://shop.example/o/1", Tag: "order:1", NotificationID: "ntf_1", Urgency: push.High, ExpiresAt: time.Now().Add(90 * time.Second)}
	for range 2 {
		said, err := s.Send(t.Context(), to(b), m)
		if err != nil || said.Status != 201 || !strings.Contains(said.Ref, "/message/") {
			t.Fatalf("%+v, %v", said, err)
		}
	}
	got := service.Got(b)
	if len(got) != 2 || len(service.Got(other)) != 0 {
		t.Fatalf("%d came", len(got))
	}
	want := push.Payload{Title: m.Title, Body: m.Body, URL: m.URL, Tag: m.Tag, NotificationID: m.NotificationID}
	var payload push.Payload
	if err := json.Unmarshal(got[0].Payload, &payload); err != nil || payload != want {
		t.Errorf("%s, %v", got[0].Payload, err)
	}
	h := got[0].Header
	if h.Get("Urgency") != "high" || len(h.Get("Topic")) != 32 || h.Get("Topic") != got[1].Header.Get("Topic") || h.Get("Topic") == "order:1" || h.Get("Ttl") != "89" && h.Get("Ttl") != "90" {
		t.Errorf("headers %v", h)
	}
	if got[0].Subject != "mailto:ops@example.com" {
		t.Errorf("signed for %s", got[0].Subject)
	}
	if _, err := other.Open(got[0].Payload); err == nil {
		t.Error("another browser opens it")
	}
	if _, err := s.Send(t.Context(), push.Subscription{Endpoint: b.Endpoint, P256dh: other.P256dh, Auth: b.Auth}, m); err == nil || len(service.Got(b)) != 2 {
		t.Errorf("encrypted for another: %v", err)
	}
}

// A payload has at most 3 KiB, whatever is to be said.
func TestPayloadIsCut(t *testing.T) {
	t.Parallel()
	service, s := pushtest.New(t, time.Now), sender(t, loopback())
	b := service.Subscribe(t)
	for name, m := range map[string]push.Message{
		"body":   {Title: "a", Body: strings.Repeat("ж", 5000), URL: "https://shop.example/o", NotificationID: "ntf_1"},
		"quotes": {Title: "a", Body: strings.Repeat("\"<\n", 5000), NotificationID: "ntf_1"},
		"title":  {Title: strings.Repeat("😀", 5000), Body: "b", NotificationID: "ntf_1"},
		"url":    {Title: "a", Body: "b", URL: "https://shop.example/" + strings.Repeat("o", 4000), NotificationID: "ntf_1"},
		"all":    {Title: strings.Repeat("t", 4000), Body: strings.Repeat("b", 4000), URL: strings.Repeat("u", 4000), Tag: strings.Repeat("g", 4000), NotificationID: "ntf_1"},
	} {
		if _, err := s.Send(t.Context(), to(b), m); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		all := service.Got(b)
		g := all[len(all)-1]
		if len(g.Payload) > 3<<10 || g.Size > 4096 || g.Fields["notificationId"] != "ntf_1" || g.Fields["title"] == "" || strings.ContainsRune(g.Fields["title"]+g.Fields["body"], '\uFFFD') {
			t.Errorf("%s: %d bytes, %.100q", name, len(g.Payload), g.Fields)
		}
		if u := g.Fields["url"]; u != "" && u != m.URL {
			t.Errorf("%s: half an address: %s", name, u)
		}
		if name == "body" && (len(g.Payload) < 3000 || g.Fields["url"] != m.URL || !strings.HasSuffix(g.Fields["body"], "ж…")) {
			t.Errorf("too much is cut: %d bytes, %s", len(g.Payload), g.Fields["url"])
		}
	}
}

// What a push service answers is told apart: gone, never, later.
func TestAnswers(t *testing.T) {
	t.Parallel()
	service, s := pushtest.New(t, time.Now), sender(t, loopback())
	b := service.Subscribe(t)
	m := push.Message{Title: "a", NotificationID: "ntf_1"}
	later := time.Now().Add(time.Hour).UTC().Format(http.TimeFormat)
	for _, c := range []struct {
		status                int
		retry, word           string
		gone, permanent, asks bool
	}{
		{404, "", "GONE", true, false, false},
		{410, "", "GONE", true, false, false},
		{413, "", "TOO_LARGE", false, true, false},
		{429, "7", "RATE_LIMITED", false, false, true},
		{429, later, "RATE_LIMITED", false, false, true},
		{429, "-1", "RATE_LIMITED", false, false, false},
		{503, "7", "STATUS", false, false, true},
		{500, "", "STATUS", false, false, false},
		{400, "", "REFUSED", false, true, false},
		{403, "", "REFUSED", false, true, false},
		{307, "", "REDIRECT", false, true, false},
	} {
		service.Say(func(w http.ResponseWriter, r *http.Request) bool {
			if c.retry != "" {
				w.Header().Set("Retry-After", c.retry)
			}
			w.Header().Set("Location", "http://127.0.0.1:1/")
			w.WriteHeader(c.status)
			_, _ = w.Write([]byte("canary"))
			return true
		})
		_, err := s.Send(t.Context(), to(b), m)
		var e *push.Error
		if !errors.As(err, &e) || e.Status != c.status || e.Word != c.word || e.Gone != c.gone || e.Permanent != c.permanent || (e.RetryAfter > 0) != c.asks {
			t.Errorf("%d: %+v", c.status, e)
		}
		if strings.Contains(err.Error(), "canary") || strings.Contains(err.Error(), "127.0.0.1") {
			t.Errorf("it says too much: %v", err)
		}
	}
	for _, status := range []int{200, 201, 202, 204} {
		service.Say(func(w http.ResponseWriter, r *http.Request) bool { w.WriteHeader(status); return true })
		if said, err := s.Send(t.Context(), to(b), m); err != nil || said.Status != status {
			t.Errorf("%d: %v", status, err)
		}
	}
	m.ExpiresAt = time.Now().Add(-time.Second)
	if _, err := s.Send(t.Context(), to(b), m); err == nil || err.Error() != "push: EXPIRED" {
		t.Errorf("of no use any more: %v", err)
	}
}

// security I2: an address that leads inside is not dialled, also one that was
// public when it was saved; one that does not answer is given up.
func TestAddressesInside(t *testing.T) {
	t.Parallel()
	service := pushtest.New(t, time.Now)
	b := service.Subscribe(t)
	var e *push.Error
	if _, err := sender(t).Send(t.Context(), to(b), push.Message{Title: "a"}); !errors.As(err, &e) || e.Word != "ADDRESS" || !e.Permanent || len(service.Got(b)) != 0 {
		t.Errorf("inside: %v", err)
	}
	service.Say(func(w http.ResponseWriter, r *http.Request) bool { time.Sleep(300 * time.Millisecond); return false })
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := sender(t, loopback()).Send(ctx, to(b), push.Message{Title: "a"}); !errors.As(err, &e) || e.Word != "TIMEOUT" || e.Permanent || e.Gone {
		t.Errorf("silent: %v", err)
	}
	if strings.Contains(e.Error(), b.Endpoint) {
		t.Errorf("it names the address: %v", e)
	}
}
