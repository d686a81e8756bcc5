package hook_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"kabinet/internal/adapter/hook"
)

var notice = hook.Notice{ID: "dly_1", Channel: "WHATSAPP", To: "+442079460018", Title: "Hello", Text: "Your secret is out", Locale: "en", Data: map[string]any{"type": "order.shipped"},
	Actions: []hook.NoticeAction{{Key: "track", Label: "Track", Style: "PRIMARY"}}}

func TestNotify(t *testing.T) {
	t.Parallel()
	e, got := serve(t, say(202, `{"id": "theirs-7"}`))
	taken, err := e.Notify(context.Background(), notice)
	if err != nil || taken != (hook.Taken{Status: 202, Ref: "theirs-7"}) {
		t.Fatalf("%+v %v", taken, err)
	}
	m := (*got)[0]
	data, _ := m["data"].(map[string]any)
	if m["type"] != "message.send" || m["webhook-id"] != "dly_1" || m["key"] != "dly_1" || data["to"] != "+442079460018" || data["text"] != "Your secret is out" || data["channel"] != "WHATSAPP" {
		t.Errorf("%v", m)
	}
	for _, text := range []string{``, `<html>`, `{"id": 7}`, `{"id": "` + strings.Repeat("x", 201) + `"}`} { // it was taken all the same
		e, _ := serve(t, say(200, text))
		if taken, err := e.Notify(context.Background(), notice); err != nil || taken.Ref != "" {
			t.Errorf("%.20s: %+v %v", text, taken, err)
		}
	}
}

// What the other side says, for good or for a while, and never a word of ours.
func TestNotifyRefused(t *testing.T) {
	t.Parallel()
	for status, c := range map[int]struct {
		kind  error
		after string
		want  time.Duration
	}{
		400: {hook.ErrRefused, "", 0}, 422: {hook.ErrRefused, "", 0}, 410: {hook.ErrGone, "", 0}, 404: {nil, "", 0}, 302: {nil, "", 0}, 500: {nil, "", 0},
		429: {nil, "90", 90 * time.Second}, 503: {nil, now.Add(time.Minute).Format(http.TimeFormat), time.Minute}, 502: {nil, "9999999", 24 * time.Hour}, 504: {nil, "-3", 0},
	} {
		e, _ := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", c.after)
			w.WriteHeader(status)
		})
		_, err := e.Notify(context.Background(), notice)
		var said hook.Answered
		if !errors.As(err, &said) || said.Status != status || said.RetryAfter != c.want || c.kind != nil && !errors.Is(err, c.kind) ||
			c.kind == nil && (errors.Is(err, hook.ErrRefused) || errors.Is(err, hook.ErrGone)) {
			t.Errorf("%d: %+v", status, err)
			continue
		}
		if strings.Contains(err.Error(), "+44") || strings.Contains(err.Error(), "secret") { // security J9
			t.Errorf("%d: the error tells: %v", status, err)
		}
	}
}
