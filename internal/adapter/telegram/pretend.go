package telegram

import (
	"bytes"
	"encoding/json"
	"errors"
	"html"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Pretend is the Bot API of Telegram for demonstrations and tests: chats that a
// bot sends to, and people who say things to it, by long polling and by webhook.
// It keeps to the protocol, so that a Bot is what it is elsewhere; what is sent
// it hands on and does not keep.
type Pretend struct {
	token, name string
	took        func(Sent)

	mu      sync.Mutex
	changed chan struct{} // closed and made anew at every change
	next    int64
	sent    int
	updates []map[string]any
	hook    struct{ url, secret string }
}

// Sent is a message of the bot, as it came.
type Sent struct {
	Chat    string
	Text    string
	Button  string // the address of its button
	Label   string
	Mode    string
	Preview bool
}

// Speaker is who says something to the bot.
type Speaker struct {
	Chat     int64
	Name     string // without @; what the messenger calls him
	Language string
}

const (
	mostUpdates   = 1000    // that wait for a bot which does not ask
	longestAsk    = 1 << 20 // bytes of a request
	longestMarkup = 20_000  // characters of a text with its markup
)

// NewPretend makes one for one bot; took is given each message that it takes.
func NewPretend(token, name string, took func(Sent)) *Pretend {
	return &Pretend{token: token, name: name, took: took, changed: make(chan struct{}), next: 1}
}

// wake tells those who wait; under mu.
func (p *Pretend) wake() { close(p.changed); p.changed = make(chan struct{}) }

// Say has a person say something to the bot in a chat of his own.
func (p *Pretend) Say(who Speaker, text string) error {
	return p.Update(map[string]any{"message": map[string]any{"message_id": 1, "date": 1, "text": text,
		"chat": map[string]any{"id": who.Chat, "type": "private"}, "from": who.User()}})
}

// User is the person as Telegram describes him.
func (s Speaker) User() map[string]any {
	return map[string]any{"id": s.Chat, "is_bot": false, "first_name": s.Name, "username": s.Name, "language_code": s.Language}
}

// Update puts an update into the queue, or calls the webhook where one is set.
func (p *Pretend) Update(u map[string]any) error {
	p.mu.Lock()
	u["update_id"] = p.next
	p.next++
	url, secret := p.hook.url, p.hook.secret
	if url == "" {
		p.updates = append(p.updates, u)
		p.updates = p.updates[max(0, len(p.updates)-mostUpdates):]
	}
	p.wake()
	p.mu.Unlock()
	if url == "" {
		return nil
	}
	body, err := json.Marshal(u)
	if err != nil {
		return err
	}
	req, err := http.NewRequest(http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set(secretHeader, secret)
	resp, err := (&http.Client{Timeout: patience}).Do(req)
	if err != nil {
		return err
	}
	_ = resp.Body.Close()
	if resp.StatusCode/100 != 2 {
		return errors.New("the webhook answered " + resp.Status)
	}
	return nil
}

// Hook is where the bot wants to be called.
func (p *Pretend) Hook() (url, secret string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.hook.url, p.hook.secret
}

// Method is the method that a request calls; false: with another bot's token.
func (p *Pretend) Method(r *http.Request) (string, bool) {
	return strings.CutPrefix(r.URL.Path, "/bot"+p.token+"/")
}

// ServeHTTP implements http.Handler.
func (p *Pretend) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	method, ok := p.Method(r)
	if !ok {
		refuse(w, http.StatusUnauthorized, "Unauthorized")
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, longestAsk)
	_ = r.ParseMultipartForm(longestAsk) // what cannot be read is not there
	switch method {
	case "getMe":
		give(w, map[string]any{"id": 123456789, "is_bot": true, "first_name": "Kabinet", "username": p.name})
	case "setWebhook":
		p.setHook(r.FormValue("url"), r.FormValue("secret_token"))
		give(w, true)
	case "deleteWebhook":
		p.setHook("", "")
		give(w, true)
	case "getUpdates":
		p.getUpdates(w, r)
	case "sendMessage":
		p.sendMessage(w, r)
	default:
		refuse(w, http.StatusNotFound, "Not Found: method not found")
	}
}

func (p *Pretend) setHook(url, secret string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.hook.url, p.hook.secret = url, secret
	p.wake()
}

func (p *Pretend) getUpdates(w http.ResponseWriter, r *http.Request) {
	offset, _ := strconv.ParseInt(r.FormValue("offset"), 10, 64)
	seconds, _ := strconv.Atoi(r.FormValue("timeout"))
	end := time.After(time.Duration(seconds) * time.Second)
	for {
		list, changed := p.since(offset)
		if len(list) > 0 {
			give(w, list)
			return
		}
		select {
		case <-changed:
		case <-end:
			give(w, []any{})
			return
		case <-r.Context().Done():
			return
		}
	}
}

// since is what came from an offset on, and what tells of more. All before was
// taken, and goes.
func (p *Pretend) since(offset int64) (list []map[string]any, changed chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, u := range p.updates {
		if id, _ := u["update_id"].(int64); id >= offset {
			list = append(list, u)
		}
	}
	p.updates = list
	return list, p.changed
}

func (p *Pretend) sendMessage(w http.ResponseWriter, r *http.Request) {
	s := Sent{Chat: r.FormValue("chat_id"), Text: r.FormValue("text"), Mode: r.FormValue("parse_mode"), Preview: !strings.Contains(r.FormValue("link_preview_options"), `"is_disabled":true`)}
	var markup struct {
		Keyboard [][]struct{ Text, URL string } `json:"inline_keyboard"`
	}
	if raw := r.FormValue("reply_markup"); raw != "" {
		if err := json.Unmarshal([]byte(raw), &markup); err != nil {
			refuse(w, http.StatusBadRequest, "Bad Request: can't parse reply keyboard markup")
			return
		}
	}
	for _, row := range markup.Keyboard {
		for _, b := range row {
			s.Button, s.Label = b.URL, b.Text
		}
	}
	chat, err := strconv.ParseInt(s.Chat, 10, 64)
	switch {
	case err != nil:
		refuse(w, http.StatusBadRequest, "Bad Request: chat not found")
		return
	case s.Text == "":
		refuse(w, http.StatusBadRequest, "Bad Request: message text is empty")
		return
	case len([]rune(s.Text)) > longestMarkup:
		refuse(w, http.StatusBadRequest, "Bad Request: message is too long")
		return
	}
	p.took(s)
	p.mu.Lock()
	p.sent++
	n := p.sent
	p.mu.Unlock()
	give(w, map[string]any{"message_id": n, "date": 1, "chat": map[string]any{"id": chat, "type": "private"}, "text": s.Text})
}

func give(w http.ResponseWriter, result any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{"ok": true, "result": result})
}

func refuse(w http.ResponseWriter, code int, text string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(map[string]any{"ok": false, "error_code": code, "description": text})
}

// Shown is a message of a Bot as the chat shows it: its title in bold, which may
// be empty, and its text.
func (s Sent) Shown() (title, text string) {
	text = s.Text
	if s.Mode == "HTML" {
		if bold, ok := strings.CutPrefix(text, "<b>"); ok {
			title, text, _ = strings.Cut(bold, "</b>")
		}
		title, text = html.UnescapeString(title), html.UnescapeString(text)
	}
	return title, strings.TrimSpace(text)
}
