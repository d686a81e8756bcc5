// Package live owns the fan-out of the event log to those who listen to it:
// the doorbell bus, the hub of subscriptions, the cursor a client comes back
// with, and the loops that relay new events. It writes no table and knows
// none: rows are read through a Reader, heads through Heads, work is claimed
// through Claim and Hear, all of them handed in.
//
// The promise: whoever holds a position of a stream receives every later
// event of it exactly once and in order. The log is the truth, a doorbell is
// only a hint: it may be lost, doubled or late, and nothing breaks. What
// cannot be proven complete ends in ErrExpired, never in a partial replay.
//
// Beside it, and without any promise, go signals (signal.go): that somebody
// types. They have no row and no cursor and end by themselves.
package live

import (
	"context"
	"errors"

	"github.com/google/uuid"

	"kabinet/internal/event"
	"kabinet/internal/fault"
)

// MaxStreams bounds the streams of one subscription and of one cursor.
const MaxStreams = 16

var (
	// ErrExpired says that the log cannot be continued from a position: it was
	// trimmed beyond it, or restored to before it. The listener must read his
	// lists again.
	ErrExpired = fault.ErrCursorExpired
	// ErrClosed says that the subscription, its hub or the bus was closed: the
	// listener comes back with his cursor.
	ErrClosed = errors.New("live: closed")
	// ErrTooManyStreams says that more than MaxStreams streams were asked for.
	ErrTooManyStreams = errors.New("live: too many streams")
	// ErrBadCursor says that a string is no cursor of ours.
	ErrBadCursor = fault.ErrInvalidCursor
)

// Reader reads at most limit events of the stream with a seq above after, in
// seq order and with none left out: what a listener may not see he leaves out
// himself. It answers an error that wraps ErrExpired when the log no longer
// reaches back to after. It is called from one goroutine at a time.
type Reader func(ctx context.Context, stream uuid.UUID, after int64, limit int) ([]event.Stored, error)

// Heads tells the highest committed seq of each stream; streams it does not
// know are left out. The slice can be long (one entry for each stream listened
// to in this process) and is only valid during the call.
type Heads func(ctx context.Context, streams []uuid.UUID) (map[uuid.UUID]int64, error)
