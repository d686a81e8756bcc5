// Package outbox keeps what a demonstration sends and shows it on one page, so
// that nobody needs a mailbox or a telephone to see a letter or a message. It
// sends nothing and knows nobody; without a demonstration there is none.
package outbox

import (
	"strings"
	"sync"
	"time"
)

// Channels, as they are called elsewhere.
const (
	Email    = "EMAIL"
	SMS      = "SMS"
	Telegram = "TELEGRAM"
)

// Message is one letter, text or message of a chat.
type Message struct {
	ID      int64     `json:"id"`
	At      time.Time `json:"at"`
	Channel string    `json:"channel"`
	From    string    `json:"from"`
	To      string    `json:"to"`
	Title   string    `json:"title"`
	Text    string    `json:"text"`
	HTML    string    `json:"html,omitempty"`
	URL     string    `json:"url,omitempty"`   // of its button
	Label   string    `json:"label,omitempty"` // of the button
	Files   []string  `json:"files,omitempty"` // names of what is attached
}

// Way says where messages of a channel go.
type Way struct {
	Channel string
	Setting string // that takes them elsewhere
	Leaves  bool   // it is set, and they do
}

// Name is what the channel is called on the page.
func (w Way) Name() string {
	switch w.Channel {
	case Email:
		return "e-mail"
	case Telegram:
		return "Telegram"
	}
	return w.Channel
}

// Outbox keeps the newest messages.
type Outbox struct {
	Now  func() time.Time
	Ways []Way
	// Say has somebody say something to the bot in a chat of his own; nil where
	// there is no bot here.
	Say func(chat int64, text string) error

	mu   sync.Mutex
	next int64
	size int
	all  []Message // the oldest first
}

// What is kept at most.
const (
	mostMessages = 200
	mostBytes    = 16 << 20
	longestText  = 256 << 10 // bytes of one text; the rest is cut off
)

// Add keeps a message; its id and time are made here.
func (o *Outbox) Add(m Message) {
	for _, text := range []*string{&m.From, &m.To, &m.Title, &m.Text, &m.HTML, &m.URL, &m.Label} {
		*text = cut(*text)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.next++
	m.ID, m.At = o.next, o.Now().UTC()
	o.all = append(o.all, m)
	o.size += m.size()
	for len(o.all) > mostMessages || o.size > mostBytes && len(o.all) > 1 {
		o.size -= o.all[0].size()
		o.all = o.all[1:]
	}
}

func cut(s string) string {
	if len(s) > longestText {
		s = s[:longestText]
	}
	return strings.ToValidUTF8(s, "")
}

func (m Message) size() (n int) {
	for _, text := range m.Files {
		n += len(text)
	}
	return n + len(m.From) + len(m.To) + len(m.Title) + len(m.Text) + len(m.HTML) + len(m.URL) + len(m.Label)
}

// Messages are those that are kept, the newest first.
func (o *Outbox) Messages() []Message {
	o.mu.Lock()
	defer o.mu.Unlock()
	list := make([]Message, 0, len(o.all))
	for i := len(o.all) - 1; i >= 0; i-- {
		list = append(list, o.all[i])
	}
	return list
}

func (o *Outbox) message(id int64) (Message, bool) {
	for _, m := range o.Messages() {
		if m.ID == id {
			return m, true
		}
	}
	return Message{}, false
}
