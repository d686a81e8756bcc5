package outbox

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"html/template"
	"net/http"
	"strconv"
	"strings"
)

// Path is where the page is.
const Path = "/demo/outbox"

// Chat is the customer's chat with the bot.
const Chat = "1001"

//go:embed page.html
var pageText string

//go:embed page.css
var pageStyle string

var page = template.Must(template.New("page").Parse(pageText))

// pagePolicy allows the page its one style and its one form.
var pagePolicy = func() string {
	sum := sha256.Sum256([]byte(pageStyle))
	return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
}()

// letterPolicy lets a letter's own HTML be looked at and do nothing: what it
// styles is its own page, and its links open another one.
const letterPolicy = "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

const (
	longestForm = 16 << 10 // bytes
	longestSaid = 4096     // characters, as in Telegram
	again       = "5"      // seconds between two looks
)

// Routes are the page and what belongs to it, by pattern of http.ServeMux.
func (o *Outbox) Routes() map[string]http.Handler {
	return map[string]http.Handler{
		"GET " + Path:           http.HandlerFunc(o.show),
		"POST " + Path:          http.NewCrossOriginProtection().Handler(http.HandlerFunc(o.say)),
		"GET " + Path + ".json": http.HandlerFunc(o.list),
		"GET " + Path + "/{id}": http.HandlerFunc(o.letter),
	}
}

// shown is what the page is made of.
type shown struct {
	Style    template.CSS
	Again    string // seconds; empty: it stands still
	Bot      bool
	Chat     string
	Most     int
	Leaving  []Way
	Kept     string
	Messages []Message
}

func (o *Outbox) show(w http.ResponseWriter, r *http.Request) {
	s := shown{Style: template.CSS(pageStyle), Bot: o.Say != nil, Chat: Chat, Most: mostMessages, Messages: o.Messages()}
	if r.URL.Query().Has("again") {
		s.Again = again
	}
	var kept []string
	for _, way := range o.Ways {
		if way.Leaves {
			s.Leaving = append(s.Leaving, way)
		} else {
			kept = append(kept, way.Name())
		}
	}
	s.Kept = strings.Join(kept, ", ")
	var b bytes.Buffer
	if err := page.Execute(&b, s); err != nil {
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", pagePolicy)
	_, _ = w.Write(b.Bytes())
}

func (o *Outbox) list(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{"messages": o.Messages()})
}

// letter is the HTML of a letter, as a mail program shows it.
func (o *Outbox) letter(w http.ResponseWriter, r *http.Request) {
	id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	m, found := o.message(id)
	if err != nil || !found || m.HTML == "" {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", letterPolicy)
	_, _ = w.Write([]byte(m.HTML))
}

// say is somebody saying something to the bot.
func (o *Outbox) say(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, longestForm)
	if o.Say == nil {
		http.NotFound(w, r)
		return
	}
	text := strings.TrimSpace(r.PostFormValue("text"))
	chat, err := strconv.ParseInt(strings.TrimSpace(r.PostFormValue("chat")), 10, 52)
	if err != nil || chat <= 0 || text == "" || len([]rune(text)) > longestSaid {
		http.Error(w, "A chat is a number above 0, and something must be said.", http.StatusBadRequest)
		return
	}
	o.Add(Message{Channel: Telegram, From: strconv.FormatInt(chat, 10), To: "the bot", Text: text})
	if err := o.Say(chat, text); err != nil {
		http.Error(w, "The bot does not hear.", http.StatusBadGateway)
		return
	}
	http.Redirect(w, r, Path, http.StatusSeeOther)
}
