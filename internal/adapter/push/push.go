// Package push takes messages to browsers by the Web Push protocol: encrypted
// for the one browser (RFC 8291), signed with the key of this server (RFC
// 8292), to whatever push service the browser named (RFC 8030). It knows no
// person and writes no table. Which addresses may be called decides the client
// that it is given.
package push

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	webpush "github.com/SherClockHolmes/webpush-go"
)

// Keys are the key pair by which push services know this server, in base64url.
type Keys struct{ Public, Private string }

// NewKeys makes a pair.
func NewKeys() (Keys, error) {
	private, public, err := webpush.GenerateVAPIDKeys()
	if err != nil {
		return Keys{}, fmt.Errorf("push: %w", err)
	}
	return Keys{Public: public, Private: private}, nil
}

// Sender sends.
type Sender struct {
	Keys    func() Keys
	Contact string       // whom a push service can write to: mailto:… or https://…
	Client  *http.Client // follows nothing, and dials public addresses alone
	Barred  error        // what Client says of an address that may not be called
	Now     func() time.Time
}

// Subscription is the address of a browser, as endpoint.Subscription.
type Subscription struct {
	Endpoint string `json:"endpoint"`
	P256dh   string `json:"p256dh"`
	Auth     string `json:"auth"`
}

// Urgency says what a device on battery is woken for (RFC 8030, 5.3).
type Urgency string

// The urgencies.
const (
	Low    Urgency = "low"
	Normal Urgency = "normal"
	High   Urgency = "high"
)

// Message is what a browser is shown.
type Message struct {
	Title, Body    string
	URL            string // where a click leads; may be empty
	Tag            string // of several with one tag a device shows the last; may be empty
	NotificationID string
	Urgency        Urgency
	ExpiresAt      time.Time // of no use after it; zero: after a day
}

// Payload is what the service worker of a page gets, as JSON.
type Payload struct {
	Title          string `json:"title"`
	Body           string `json:"body"`
	URL            string `json:"url,omitempty"`
	Tag            string `json:"tag,omitempty"`
	NotificationID string `json:"notificationId,omitempty"`
}

// Reply is what a push service said of a message that it took.
type Reply struct {
	Status int
	Ref    string // what it calls the message
}

// Error says why a message was not taken. It holds no address.
type Error struct {
	Status int    // of HTTP; 0 where there was no answer
	Word   string // for programs: GONE TOO_LARGE REFUSED RATE_LIMITED STATUS REDIRECT ADDRESS EXPIRED PAYLOAD TIMEOUT CONNECTION
	// Gone says that nobody is at the address any more, Permanent that this
	// message will never be taken there.
	Gone, Permanent bool
	RetryAfter      time.Duration // as the other side asks, a day at most; 0 where it does not
}

// Error implements error.
func (e *Error) Error() string {
	if e.Status == 0 {
		return "push: " + e.Word
	}
	return "push: " + e.Word + ", status " + strconv.Itoa(e.Status)
}

const (
	largest     = 3 << 10 // bytes of a payload: with what encryption adds it stays below the 4 KiB that all services take
	longestRef  = 200
	usualLife   = 24 * time.Hour
	longestLife = 28 * 24 * time.Hour
	longestAsk  = 24 * time.Hour
	drained     = 4 << 10 // so much of an answer is read, and thrown away
)

// Send hands one message over to the push service of one browser, once. Its
// errors are *Error.
func (s *Sender) Send(ctx context.Context, to Subscription, m Message) (Reply, error) {
	now := s.Now()
	life := usualLife
	if !m.ExpiresAt.IsZero() {
		life = min(m.ExpiresAt.Sub(now), longestLife)
	}
	if life < time.Second {
		return Reply{}, &Error{Word: "EXPIRED", Permanent: true}
	}
	body, err := encode(m)
	if err != nil {
		return Reply{}, &Error{Word: "PAYLOAD", Permanent: true}
	}
	keys := s.Keys()
	// The library signs for 12 hours by the clock of the machine.
	resp, err := webpush.SendNotificationWithContext(ctx, body, &webpush.Subscription{Endpoint: to.Endpoint, Keys: webpush.Keys{Auth: to.Auth, P256dh: to.P256dh}}, &webpush.Options{
		HTTPClient: s.Client, Subscriber: strings.TrimPrefix(s.Contact, "mailto:"), TTL: int(life.Seconds()), Topic: topic(m.Tag), Urgency: webpush.Urgency(urgency(m.Urgency)),
		VAPIDPublicKey: keys.Public, VAPIDPrivateKey: keys.Private,
	})
	if err != nil { // its text may hold the address
		if s.Barred != nil && errors.Is(err, s.Barred) {
			return Reply{}, &Error{Word: "ADDRESS", Permanent: true}
		}
		return Reply{}, &Error{Word: word(ctx, err)}
	}
	_, _ = io.CopyN(io.Discard, resp.Body, drained)
	_ = resp.Body.Close()
	if e := judge(resp.StatusCode); e != nil {
		e.RetryAfter = asked(resp.Header.Get("Retry-After"), now)
		return Reply{}, e
	}
	ref := resp.Header.Get("Location")
	return Reply{Status: resp.StatusCode, Ref: strings.ToValidUTF8(ref[:min(len(ref), longestRef)], "")}, nil
}

// judge says what a status means; nil where the message was taken.
func judge(status int) *Error {
	e := &Error{Status: status}
	switch {
	case status >= 200 && status <= 299:
		return nil
	case status == http.StatusNotFound || status == http.StatusGone:
		e.Word, e.Gone = "GONE", true
	case status == http.StatusRequestEntityTooLarge:
		e.Word, e.Permanent = "TOO_LARGE", true
	case status == http.StatusTooManyRequests:
		e.Word = "RATE_LIMITED"
	case status >= 300 && status <= 399:
		e.Word, e.Permanent = "REDIRECT", true
	case status == http.StatusRequestTimeout, status >= 500:
		e.Word = "STATUS"
	default: // it will never like what it does not like: our key, our form
		e.Word, e.Permanent = "REFUSED", true
	}
	return e
}

// word is the word for an error before there was an answer.
func word(ctx context.Context, err error) string {
	var timeout interface{ Timeout() bool }
	if ctx.Err() != nil || errors.As(err, &timeout) && timeout.Timeout() {
		return "TIMEOUT"
	}
	return "CONNECTION"
}

// asked reads Retry-After: seconds, or a time.
func asked(text string, now time.Time) time.Duration {
	var d time.Duration
	if seconds, err := strconv.ParseUint(text, 10, 31); err == nil {
		d = time.Duration(seconds) * time.Second
	} else if at, err := http.ParseTime(text); err == nil {
		d = at.Sub(now)
	}
	return min(max(d, 0), longestAsk)
}

// topic is by what a push service replaces a message that waits with a later
// one: 32 characters of base64url, which tell it nothing.
func topic(tag string) string {
	if tag == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(tag))
	return base64.RawURLEncoding.EncodeToString(sum[:])[:32]
}

func urgency(u Urgency) Urgency {
	if u == "" {
		return Normal
	}
	return u
}

// encode writes a payload of at most 3 KiB: first the body gives way, then what
// stands behind it, then the title.
func encode(m Message) ([]byte, error) {
	p := Payload{Title: m.Title, Body: m.Body, URL: m.URL, Tag: m.Tag, NotificationID: m.NotificationID}
	b, err := json.Marshal(p)
	for _, text := range []*string{&p.Body, &p.Tag, &p.URL, &p.Title} {
		for err == nil && len(b) > largest && *text != "" {
			if text == &p.URL || text == &p.Tag { // half an address leads nowhere
				*text = ""
			} else {
				// A byte of text is at least one of JSON: never too much is cut
				// at once, and each round cuts something.
				*text = shorter(*text, max(len(b)-largest, 1))
			}
			b, err = json.Marshal(p)
		}
	}
	return b, err
}

// shorter takes at least so many bytes away at the end, whole characters, and
// says so by a dot, dot, dot.
func shorter(text string, by int) string {
	const more = "…"
	end := len(text) - by - len(more)
	for end > 0 && !utf8.RuneStart(text[end]) {
		end--
	}
	if end <= 0 {
		return ""
	}
	return text[:end] + more
}
