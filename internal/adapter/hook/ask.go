package hook

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"time"
)

// Heard is what the other side said to a question.
type Heard struct {
	Status  int
	Failure string // as of Reply, and ANSWER_TOO_LARGE; empty where it answered 200 to 299
	Body    []byte
	Took    time.Duration
}

// FailureTooLarge is the word for an answer of more bytes than are read.
const FailureTooLarge = "ANSWER_TOO_LARGE"

// Ask is Send of a question whose answer is read, up to so many bytes: for
// addresses of the business that tell something. It is tried once; the context
// says how long it may take, within the sender's own patience. The answer is of
// a stranger: whoever shows it bounds it first (security I7).
func (o *Outgoing) Ask(ctx context.Context, m Message, most int64) Heard {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, m.URL, bytes.NewReader(m.Body))
	if err != nil {
		return Heard{Failure: FailureAddress}
	}
	req.GetBody = nil // a try is one try
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", "Kabinet")
	req.Header.Set("Idempotency-Key", m.ID)
	o.signAll(req.Header, m)
	began := time.Now()
	resp, err := o.client.Do(req)
	if err != nil {
		return Heard{Failure: failure(err), Took: time.Since(began)}
	}
	defer resp.Body.Close()
	h := Heard{Status: resp.StatusCode}
	switch {
	case h.Status >= 300 && h.Status <= 399:
		h.Failure = FailureRedirect
	case h.Status < 200 || h.Status > 299:
		h.Failure = FailureStatus
	}
	if h.Failure != "" {
		h.Took = time.Since(began)
		return h
	}
	h.Body, err = io.ReadAll(io.LimitReader(resp.Body, most+1))
	h.Took = time.Since(began)
	switch {
	case err != nil:
		h.Body, h.Failure = nil, failure(err)
	case int64(len(h.Body)) > most:
		h.Body, h.Failure = nil, FailureTooLarge
	}
	return h
}
