package delivery

import (
	"context"
	"errors"
	"time"
)

// Provider takes messages of a channel to the other side's protocol. Several of
// a channel are asked in the order in which they are given: the next one where
// the one before is of no use just now.
type Provider struct {
	Name    string // on record with each try
	Channel string // EMAIL SMS TELEGRAM WHATSAPP WEB_PUSH MOBILE_PUSH
	Timeout time.Duration
	// Send hands one message over. Its errors wrap ErrPermanent or ErrGone;
	// any other is for the next provider, and for another time. No error holds
	// an address or a word of the message: errors are logged.
	Send func(context.Context, Message) (Reply, error)
}

// Message is one message to one address.
type Message struct {
	ID             string // dly_…, the same on every try: by it a repeat is told from a new one; with a number behind where a provider took it before
	To             string // an address, a number in E.164, or what endpoint.Address.Open gave
	Title          string
	Text           string
	HTML           string // of letters; may be empty
	URL            string // where it leads; may be empty
	Actions        []Action
	UnsubscribeURL string // one click ends such messages; empty where it may not be ended
	Locale         string // BCP 47
	Data           Data
}

// Action is something to choose in a message, its label in the person's language.
type Action struct {
	Key   string `json:"key"`
	Label string `json:"label"`
	URL   string `json:"url,omitempty"`
	Style string `json:"style"` // PRIMARY SECONDARY DANGER
}

// Data says for programs what a message is about.
type Data struct {
	NotificationID string    `json:"notificationId,omitempty"` // of a digest the first
	Type           string    `json:"type"`
	Topic          string    `json:"topic"`
	Severity       string    `json:"severity"`
	SubjectID      string    `json:"subjectId,omitempty"`
	CollapseKey    string    `json:"collapseKey,omitempty"` // what replaces each other on a screen: the same key
	ExpiresAt      time.Time `json:"expiresAt,omitzero"`    // of no use after it; zero: always of use
	Items          int       `json:"items,omitempty"`       // of a digest: how many notifications it tells of
	UnreadCount    int64     `json:"unreadCount"`
	Test           bool      `json:"test,omitempty"`
}

// Reply is what a provider said of a message that it took.
type Reply struct {
	Ref       string // what it calls the message; empty where it says nothing
	Status    int    // of HTTP, or the code of SMTP; 0 where there is none
	Delivered bool   // it arrived already: nothing more will be heard of it
}

// What a provider's error can say, for errors.Is.
var (
	// ErrPermanent says that this message will never be taken.
	ErrPermanent = errors.New("delivery: refused for good")
	// ErrGone says that nobody is at this address any more.
	ErrGone = errors.New("delivery: the address is gone")
)

// RetryAfter is an error with the time for which the other side asks.
type RetryAfter struct {
	After time.Duration
	Err   error
}

// Error implements error.
func (r RetryAfter) Error() string { return r.Err.Error() }

// Unwrap gives the error itself.
func (r RetryAfter) Unwrap() error { return r.Err }

// Failed is an error with the words that go on record of a try.
type Failed struct {
	Status int    // of HTTP, or the code of SMTP; 0 where there is none
	Word   string // for programs, such as TIMEOUT or STATUS
	Err    error
}

// Error implements error.
func (f Failed) Error() string { return f.Err.Error() }

// Unwrap gives the error itself.
func (f Failed) Unwrap() error { return f.Err }
