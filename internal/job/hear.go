package job

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"

	"entgo.io/ent/dialect"
	"github.com/google/uuid"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverdatabasesql"
	"github.com/riverqueue/river/riverdriver/riversqlite"

	"kabinet/internal/event"
	"kabinet/internal/fault"
	"kabinet/internal/store"
)

var (
	errUnknownChore  = errors.New("job: no such chore in this version")
	errUnknownHearer = errors.New("job: no such hearer in this version")
	errGone          = errors.New("job: the event was trimmed before it could be heard")
)

// HearAgain lets one hearer hear one event that it failed on.
type HearAgain struct {
	Hearer string    `json:"hearer"`
	Stream uuid.UUID `json:"stream"`
	Seq    int64     `json:"seq"`
}

// Kind implements river.JobArgs.
func (HearAgain) Kind() string { return "hear_again" }

// HearFailed has the shape that store.Hear wants for a hearer that failed: the
// event counts as heard, and the job is its second chance, in the same
// transaction.
func HearFailed(log *slog.Logger) func(ctx context.Context, tx *store.Tx, hearer string, e event.Stored, err error) error {
	return func(ctx context.Context, tx *store.Tx, hearer string, e event.Stored, err error) error {
		log.WarnContext(ctx, "a hearer failed, it will be tried again", "hearer", hearer, "event", e.EventID, "kind", e.Kind, "error", err)
		return Enqueue(ctx, tx, HearAgain{Hearer: hearer, Stream: e.StreamID, Seq: e.Seq}, nil)
	}
}

// HandleHearAgain registers the second chance of hearers. The hearer's rows
// and the end of the job commit together, so it happens once.
func HandleHearAgain(w *river.Workers, s *store.Store, hearers []store.Hearer) {
	byName := map[string]store.Hearer{}
	for _, h := range hearers {
		byName[h.Name] = h
	}
	Handle(w, func(ctx context.Context, j *river.Job[HearAgain]) error {
		h, known := byName[j.Args.Hearer]
		if !known {
			return Discard(fmt.Errorf("%w: %s", errUnknownHearer, j.Args.Hearer))
		}
		events, err := s.ReadStream(ctx, j.Args.Stream, j.Args.Seq-1, 1)
		if errors.Is(err, fault.ErrCursorExpired) || err == nil && (len(events) == 0 || events[0].Seq != j.Args.Seq) {
			return Discard(errGone)
		}
		if err != nil {
			return err
		}
		return s.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
			if err := h.On(ctx, tx, events[0]); err != nil {
				return err
			}
			return Complete(ctx, tx, j)
		})
	})
}

// Complete ends a job in the transaction that holds its effects, so that they
// happen exactly once. The job's func then returns nil.
func Complete[T river.JobArgs](ctx context.Context, tx *store.Tx, j *river.Job[T]) (err error) {
	if tx.Store().Dialect() == dialect.Postgres {
		_, err = river.JobCompleteTx[*riverdatabasesql.Driver, *sql.Tx](ctx, tx.SQL(), j)
	} else {
		_, err = river.JobCompleteTx[*riversqlite.Driver, *sql.Tx](ctx, tx.SQL(), j)
	}
	if err != nil {
		return fmt.Errorf("job: complete %s: %w", j.Kind, err)
	}
	return nil
}
