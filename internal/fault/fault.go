// Package fault owns the taxonomy of everything that can go wrong in a way a
// caller should hear about. Domains return *Fault values; graph/errors.go is
// the one place that maps them to userErrors or top-level errors. It never
// talks to a database and writes no table.
package fault

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"
)

// Kind says how a fault is shown at the edge. The zero Kind is Internal, so a
// fault nobody classified hides its text.
type Kind uint8

// The kinds, in the order of the table in ARCHITECTURE.md.
const (
	Internal        Kind = iota // anything unexpected: text hidden, logged once
	Invalid                     // the input is malformed; Path says where
	Refused                     // a rule of the business says no
	Conflict                    // somebody else was first, or the object changed
	NotFound                    // does not exist, or is not yours: the same answer
	Unauthenticated             // nobody is signed in
	Locked                      // the session is locked or needs a step-up
	Forbidden                   // signed in, but not allowed
	TooMany                     // a rate limit; RetryAfter says how long
	Unavailable                 // a part we need is down; try again
)

// Fault is one refusal with the facts a front end needs to explain it.
type Fault struct {
	Kind       Kind
	Code       string         // a value of the SDL's ErrorCode, or extensions.code
	Path       []string       // of the input field at fault, from the argument's root
	Params     map[string]any // facts: available, limit, fromState …
	RetryAfter time.Duration  // of TooMany
	cause      error
}

// New declares a fault; a package keeps one variable for each.
func New(kind Kind, code string) *Fault { return &Fault{Kind: kind, Code: code} }

// Error is for logs; people read the translated message of the Code.
func (f *Fault) Error() string {
	s := f.Code
	if len(f.Path) > 0 {
		s += fmt.Sprintf(" at %v", f.Path)
	}
	if len(f.Params) > 0 {
		s += fmt.Sprintf(" %v", f.Params)
	}
	if f.cause != nil {
		s += ": " + f.cause.Error()
	}
	return s
}

// Unwrap gives the inner error, which is logged and never shown.
func (f *Fault) Unwrap() error { return f.cause }

// Is matches by code, so errors.Is(err, ErrTooFewPoints) holds for every copy
// made by With, At and Because.
func (f *Fault) Is(target error) bool {
	t, ok := target.(*Fault)
	return ok && t.Code == f.Code
}

func (f *Fault) copy() *Fault {
	c := *f
	c.Params = maps.Clone(f.Params)
	c.Path = slices.Clone(f.Path)
	return &c
}

// With returns a copy that carries one more fact.
func (f *Fault) With(key string, value any) *Fault {
	c := f.copy()
	if c.Params == nil {
		c.Params = map[string]any{}
	}
	c.Params[key] = value
	return c
}

// At returns a copy that names the input field, such as At("input", "amount").
func (f *Fault) At(path ...string) *Fault {
	c := f.copy()
	c.Path = path
	return c
}

// Because returns a copy that keeps err for the log.
func (f *Fault) Because(err error) *Fault {
	c := f.copy()
	c.cause = err
	return c
}

// After returns a copy that says when to try again.
func (f *Fault) After(d time.Duration) *Fault {
	c := f.copy()
	c.RetryAfter = d
	return c
}

// As finds the fault inside err.
func As(err error) (*Fault, bool) {
	var f *Fault
	ok := errors.As(err, &f)
	return f, ok
}

// KindOf is Internal for every error that is not a fault.
func KindOf(err error) Kind {
	if f, ok := As(err); ok {
		return f.Kind
	}
	return Internal
}

// The faults that no single domain owns.
var (
	ErrUnauthenticated = New(Unauthenticated, "UNAUTHENTICATED")
	ErrForbidden       = New(Forbidden, "FORBIDDEN")
	ErrNotFound        = New(NotFound, "NOT_FOUND")
	ErrInvalidID       = New(Invalid, "INVALID_ID")
	ErrInvalidCursor   = New(Invalid, "INVALID_CURSOR")
	ErrCursorExpired   = New(Refused, "CURSOR_EXPIRED")
	ErrInvalidRequest  = New(Invalid, "INVALID_REQUEST")
	ErrTooComplex      = New(Refused, "TOO_COMPLEX")
	ErrRateLimited     = New(TooMany, "RATE_LIMITED")
	ErrUnavailable     = New(Unavailable, "UNAVAILABLE")
	ErrInternal        = New(Internal, "INTERNAL")

	ErrStaleObject          = New(Conflict, "STALE_OBJECT")
	ErrConflict             = New(Conflict, "CONFLICT")
	ErrIdempotencyKeyReused = New(Conflict, "IDEMPOTENCY_KEY_REUSED")
	ErrRequired             = New(Invalid, "REQUIRED")
	ErrTooLong              = New(Invalid, "TOO_LONG")
	ErrInvalidValue         = New(Invalid, "INVALID_VALUE")
	ErrOutOfRange           = New(Invalid, "OUT_OF_RANGE")
)
