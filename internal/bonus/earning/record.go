package earning

import (
	"context"
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/ledgerentry"
	"kabinet/internal/bonus"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// Recorded is what noting an act gives.
type Recorded struct {
	Entries  []bonus.Entry
	Points   *int64
	Replayed *bool
}

// recorded is what is kept of it under its idempotency key.
type recorded struct {
	Entries []uuid.UUID `json:"entries,omitempty"`
}

// RecordVisit notes that the person came by today, on his own calendar: once a
// day. Faults: UNAUTHENTICATED; those of store.Tx.Once.
func (p *Earnings) RecordVisit(ctx context.Context, in RecordVisitInput) (Recorded, error) {
	me := own(ctx)
	if me == uuid.Nil {
		return Recorded{}, fault.ErrUnauthenticated
	}
	return p.record(ctx, "recordVisit", in.IdempotencyKey, isDry(in.DryRun), struct{}{}, func(ctx context.Context, tx *store.Tx) (Act, error) {
		var zone string
		err := tx.QueryRow(ctx, `SELECT time_zone FROM users WHERE id = ?`, me).Scan(&zone)
		return Act{Handle: ActVisit, Owner: me, Key: tx.Now.In(zoneOf(zone)).Format(time.DateOnly), At: tx.Now}, err
	})
}

// RecordAct notes that a customer did something. Staff only; it is put on
// record. Faults: REQUIRED, TOO_LONG and INVALID_VALUE of the inputs, NOT_FOUND
// of the customer, those of store.Tx.Once; UNAUTHENTICATED, FORBIDDEN.
func (p *Earnings) RecordAct(ctx context.Context, in RecordActInput) (Recorded, error) {
	if err := bonus.Staff(ctx, "write"); err != nil {
		return Recorded{}, err
	}
	a, err := checkAct(in, p.Store.Now())
	if err != nil {
		return Recorded{}, err
	}
	kept := struct {
		UserID     scalar.ID
		Handle     string
		Key        string
		Data       map[string]any
		OccurredAt *time.Time
	}{in.UserID, a.Handle, a.Key, in.Data, in.OccurredAt}
	return p.record(ctx, "recordAct", in.IdempotencyKey, isDry(in.DryRun), kept, func(ctx context.Context, tx *store.Tx) (Act, error) {
		if a.Owner, err = bonus.Customer(ctx, tx, in.UserID); err != nil {
			return a, err
		}
		return a, tx.Audit(ctx, "bonus.record_act", a.Owner, in.UserID, map[string]any{"act": a.Handle, "key": a.Key})
	})
}

// record notes an act once per idempotency key.
func (p *Earnings) record(ctx context.Context, operation, key string, dry bool, input any, act func(ctx context.Context, tx *store.Tx) (Act, error)) (Recorded, error) {
	var made []*ent.LedgerEntry
	var kept recorded
	var replayed bool
	err := p.Store.InDryTx(ctx, dry, func(ctx context.Context, tx *store.Tx) (err error) {
		made, kept = nil, recorded{}
		replayed, err = tx.Once(ctx, operation, key, input, &kept, func() error {
			a, err := act(ctx, tx)
			if err != nil {
				return err
			}
			if made, err = p.EarnForAct(ctx, tx, a); err != nil {
				return err
			}
			for _, e := range made {
				kept.Entries = append(kept.Entries, e.ID)
			}
			return nil
		})
		return err
	})
	if err != nil {
		return Recorded{}, err
	}
	if replayed && len(kept.Entries) > 0 {
		ctx := viewer.AsSystem(ctx, "bonus.acts") // a person's own entries, also while he acts for a company
		made, err = p.Store.Client.LedgerEntry.Query().Where(ledgerentry.IDIn(kept.Entries...)).Order(ledgerentry.ByID()).All(ctx)
		if err != nil {
			return Recorded{}, store.Translate(err)
		}
	}
	done := Recorded{Entries: []bonus.Entry{}, Points: new(int64), Replayed: &replayed}
	for _, e := range made {
		done.Entries, *done.Points = append(done.Entries, bonus.ViewEntry(e)), *done.Points+e.Amount
	}
	return done, nil
}

// The bounds of an act.
const (
	maxActKey  = 100
	maxActData = 4000 // bytes
	maxActAge  = 366 * day
)

var actHandles = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,59}$`)

// systemActs are noted by the system alone: it knows when they happen.
var systemActs = []string{ActRegistration, ActProfileCompleted, ActBirthday}

// checkAct is the rule of what staff notes.
func checkAct(in RecordActInput, now time.Time) (Act, error) {
	a := Act{Handle: in.Handle, Key: strings.TrimSpace(in.Key), Data: in.Data, At: now}
	switch {
	case a.Handle == "":
		return a, fault.ErrRequired.At("input", "handle")
	case !actHandles.MatchString(a.Handle) || slices.Contains(systemActs, a.Handle):
		return a, fault.ErrInvalidValue.At("input", "handle")
	case a.Key == "":
		return a, fault.ErrRequired.At("input", "key")
	case utf8.RuneCountInString(a.Key) > maxActKey:
		return a, fault.ErrTooLong.At("input", "key").With("limit", maxActKey)
	case !utf8.ValidString(a.Key) || strings.ContainsFunc(a.Key, unicode.IsControl):
		return a, fault.ErrInvalidValue.At("input", "key")
	}
	if text, err := json.Marshal(in.Data); err != nil || len(text) > maxActData {
		return a, fault.ErrTooLong.At("input", "data").With("limit", maxActData)
	}
	if in.OccurredAt != nil {
		if a.At = *in.OccurredAt; a.At.After(now) || now.Sub(a.At) > maxActAge {
			return a, fault.ErrOutOfRange.At("input", "occurredAt").With("min", now.Add(-maxActAge)).With("max", now)
		}
	}
	return a, nil
}

// zoneOf is a time zone by its IANA name, UTC where there is none.
func zoneOf(name string) *time.Location {
	if l, err := time.LoadLocation(name); err == nil && name != "Local" {
		return l
	}
	return time.UTC
}
