package hook

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// ErrGone says that nobody is at the address any more: no message will ever
// reach it.
var ErrGone = errors.New("hook: the address is gone")

// Answered is an error with what the other side said.
type Answered struct {
	Status     int           // of HTTP
	RetryAfter time.Duration // as it asks; at most a day
	Err        error
}

// Error implements error.
func (a Answered) Error() string { return a.Err.Error() }

// Unwrap gives the error itself.
func (a Answered) Unwrap() error { return a.Err }

// Notice is a message to a person by a channel whose protocol the other side
// speaks, such as WhatsApp or push to an app.
type Notice struct {
	ID      string         `json:"id"`
	Channel string         `json:"channel"`
	To      any            `json:"to"` // a number in E.164, or the address of a device
	Title   string         `json:"title"`
	Text    string         `json:"text"`
	URL     string         `json:"url,omitempty"`
	Actions []NoticeAction `json:"actions,omitempty"`
	Locale  string         `json:"locale"`
	Data    any            `json:"data"`
}

// NoticeAction is something to choose in a message.
type NoticeAction struct {
	Key   string `json:"key"`
	Label string `json:"label"`
	URL   string `json:"url,omitempty"`
	Style string `json:"style"`
}

// Taken is what the other side said of a message that it took.
type Taken struct {
	Status int
	Ref    string // what it calls the message; empty where it says nothing
}

// longestRef is how many bytes of the other side's name for a message are taken.
const longestRef = 200

// Notify hands one message over; n.ID is the same on every try. ErrRefused is
// for this message, ErrGone for its address; any other error may pass.
func (e *Endpoint) Notify(ctx context.Context, n Notice) (Taken, error) {
	status, answer, err := e.exchange(ctx, n.ID, struct {
		Type string `json:"type"`
		Data Notice `json:"data"`
	}{"message.send", n})
	t := Taken{Status: status}
	if err != nil {
		return t, err
	}
	var said struct {
		ID string `json:"id"`
	}
	if json.Unmarshal(answer, &said) == nil && len(said.ID) <= longestRef {
		t.Ref = said.ID
	}
	return t, nil
}

// TextMessage is SMS that gives what the other side calls the text.
func (e *Endpoint) TextMessage(ctx context.Context, to, text, id string) (Taken, error) {
	type data struct {
		ID   string `json:"id"`
		To   string `json:"to"`
		Text string `json:"text"`
	}
	status, answer, err := e.exchange(ctx, "sms_"+id, struct {
		Type string `json:"type"`
		Data data   `json:"data"`
	}{"sms.send", data{id, to, text}})
	t := Taken{Status: status}
	var said struct {
		ID string `json:"id"`
	}
	if err == nil && json.Unmarshal(answer, &said) == nil && len(said.ID) <= longestRef {
		t.Ref = said.ID
	}
	return t, err
}

// said makes the error of an answer that is no yes.
func said(status int, after time.Duration, kind error) error {
	if kind == nil {
		kind = fmt.Errorf("hook: the answer is %d", status)
	}
	return Answered{Status: status, RetryAfter: after, Err: kind}
}
