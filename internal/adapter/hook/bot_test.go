package hook_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"kabinet/internal/adapter/hook"
	"kabinet/internal/adapter/payment"
)

func question() hook.BotQuestion {
	return hook.BotQuestion{
		TicketID: "tkt_1", MessageID: "msg_1", Number: "T1", Kind: "QUESTION", Subject: "<b>Where</b>", Locale: "ru", Turn: 2, TurnsLeft: 3,
		Messages: []hook.BotMessage{{ID: "msg_1", Author: "CUSTOMER", Body: "Где?\n\"Тут\"", At: now}},
	}
}

// The bot is asked as docs/hooks.md says: signed, by the same id for the same
// message, without a field that it does not name.
func TestAskBot(t *testing.T) {
	t.Parallel()
	former := []byte("abcdefghijklmnopqrstuvwxyzabcdef")
	ids := map[string]int{}
	address := "http://" + listen(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		for _, s := range [][]byte{secret, former} {
			if _, err := payment.Verify(r.Header, [][]byte{s}, now, body); err != nil {
				t.Errorf("not signed: %v", err)
			}
		}
		if id := r.Header.Get("webhook-id"); r.Method != http.MethodPost || r.Header.Get("Content-Type") != "application/json" || r.Header.Get("Idempotency-Key") != id {
			t.Errorf("%s %v", r.Method, r.Header)
		} else {
			ids[id]++
		}
		var m struct {
			Type string
			Data map[string]any
		}
		if err := json.Unmarshal(body, &m); err != nil || m.Type != "bot.answer" || len(m.Data) != 9 || m.Data["subject"] != "<b>Where</b>" || m.Data["turnsLeft"] != 3.0 {
			t.Errorf("%s", body)
		}
		_, _ = io.WriteString(w, `{"action": "ANSWER", "text": "<i>Here</i>", "articleIds": ["art_1", "usr_2", "x"], "more": {"a": [1]}}`)
	}))
	for range 2 {
		a, err := outgoing(loopback(), nil).AskBot(t.Context(), address, [][]byte{secret, former}, question())
		if err != nil || a.Action != "ANSWER" || a.Text != "<i>Here</i>" || len(a.ArticleIDs) != 3 {
			t.Errorf("%+v %v", a, err)
		}
	}
	if len(ids) != 1 || ids["bot_msg_1"] != 2 {
		t.Errorf("asked by %v", ids)
	}
}

// Whatever is at the address, there is an answer or an
// error, and the error never repeats what was said.
func TestAskBotHostile(t *testing.T) {
	t.Parallel()
	const leak = "canary"
	says := func(status int, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			_, _ = io.WriteString(w, body)
		}
	}
	good := `{"action": "ANSWER", "text": "` + leak + `"}`
	for name, h := range map[string]http.HandlerFunc{
		"10 MB":        says(200, `{"action": "ANSWER", "text": "`+strings.Repeat(leak, 10<<20/len(leak))+`"}`),
		"a byte more":  says(200, good+strings.Repeat(" ", 64<<10+1-len(good))),
		"HTML":         says(200, "<!doctype html><h1>"+leak+"</h1>"),
		"nothing":      says(200, ""),
		"no content":   says(204, ""),
		"null":         says(200, "null"),
		"a list":       says(200, "["+good+"]"),
		"two":          says(200, good+good),
		"cut":          says(200, good[:len(good)-1]),
		"no action":    says(200, `{"text": "`+leak+`"}`),
		"empty action": says(200, `{"action": "", "text": "`+leak+`"}`),
		"a number":     says(200, `{"action": 7}`),
		"odd articles": says(200, `{"action": "ANSWER", "text": "x", "articleIds": "`+leak+`"}`),
		"deep":         says(200, strings.Repeat(`{"a":`, 12_000)),
		"refused":      says(401, good),
		"broken":       says(500, good),
		"moved":        says(302, good),
		"gone":         func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"packed": func(w http.ResponseWriter, _ *http.Request) {
			var b bytes.Buffer
			z := gzip.NewWriter(&b)
			_, _ = z.Write([]byte(good))
			_ = z.Close()
			w.Header().Set("Content-Encoding", "gzip")
			_, _ = w.Write(b.Bytes())
		},
		"never ends": func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			for r.Context().Err() == nil {
				if _, err := io.WriteString(w, " "); err != nil {
					return
				}
				w.(http.Flusher).Flush()
				time.Sleep(10 * time.Millisecond)
			}
		},
		"silent": func(_ http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body) // or the server does not see that nobody waits any more
			<-r.Context().Done()
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
			defer cancel()
			began := time.Now()
			a, err := outgoing(loopback(), nil).AskBot(ctx, "http://"+listen(t, h), [][]byte{secret}, question())
			if err == nil || strings.Contains(err.Error(), leak) {
				t.Errorf("%+v, %v", a, err)
			}
			if took := time.Since(began); took > 5*time.Second {
				t.Errorf("it took %s", took)
			}
		})
	}
	inside := listen(t, says(200, good))
	if a, err := outgoing(&hook.Guard{}, nil).AskBot(t.Context(), "http://"+inside, [][]byte{secret}, question()); err == nil {
		t.Errorf("inside: %+v", a)
	}
	exact := good + strings.Repeat(" ", 64<<10-len(good))
	if a, err := outgoing(loopback(), nil).AskBot(t.Context(), "http://"+listen(t, says(200, exact)), [][]byte{secret}, question()); err != nil || a.Text != leak {
		t.Errorf("64 KiB: %v", err)
	}
}
