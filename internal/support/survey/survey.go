// Package survey asks customers how it was when a ticket is closed: surveys in
// versions that staff save, one request for each person and closing, and what
// he answered. It writes surveys and survey_requests, and of tickets rating and
// rated_at. It never asks twice, never asks whom it asked lately, and sends
// nothing itself: notify hears.
package survey

import (
	"context"
	"sync"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	entsurvey "kabinet/ent/generated/survey"
	"kabinet/internal/fault"
	"kabinet/internal/gather"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/support"
	"kabinet/internal/viewer"
)

// Surveys is the service of this room.
type Surveys struct {
	Store   *store.Store
	Tickets *support.Tickets

	mine gather.Loader[uuid.UUID, *ent.SurveyRequest]

	mu    sync.Mutex
	known map[uuid.UUID]*ent.Survey // versions never change
}

const (
	mostSurveys   = 50
	mostOpen      = 20 // that a person is shown
	mostQuestions = 10
	leastChoices  = 2
	mostChoices   = 20
	longestName   = 100 // characters, as below
	longestTitle  = 200
	longestThanks = 500
	longestLabel  = 300
	longestText   = 2_000
	mostKnown     = 500 // versions that are kept in memory

	longestDelay  = 30 * 24 * time.Hour
	shortestValid = time.Hour
	longestValid  = 365 * 24 * time.Hour
	lastPosition  = 10_000
	bestScore     = 5

	resource       = "ticket"
	surveyPrefix   = "srv"
	requestPrefix  = "srq"
	settingsOfDesk = "support"
)

var (
	// ErrSurveyOver refuses an answer to what is not asked any more;
	// params.status.
	ErrSurveyOver = fault.New(fault.Refused, "SURVEY_OVER")
	// ErrNotAsked refuses an answer of somebody who is not asked about a ticket.
	ErrNotAsked = fault.New(fault.Refused, "SURVEY_NOT_ASKED")
	// ErrTooManyItems refuses one survey more; params.limit.
	ErrTooManyItems = fault.New(fault.Refused, "TOO_MANY_ITEMS")
	// ErrDuplicateKey refuses a handle, a language or an answer that is there
	// twice.
	ErrDuplicateKey = fault.New(fault.Invalid, "DUPLICATE_KEY")
)

// asSystem reads surveys, which are the House's, for whoever is asked, and does
// what the clock does.
func asSystem(ctx context.Context) context.Context { return viewer.AsSystem(ctx, "support.survey") }

// as sees what a person sees: his own, and what he takes part in.
func as(ctx context.Context, person uuid.UUID) context.Context {
	return viewer.With(ctx, viewer.Viewer{UserID: person, OwnerID: person})
}

// staff wants a member of staff who may do an operation on the settings of
// support.
func staff(ctx context.Context, operation string) error {
	v := viewer.From(ctx)
	switch {
	case v.IsSystem():
		return nil
	case !v.SignedIn():
		return fault.ErrUnauthenticated
	case !v.Staff || v.Reach(settingsOfDesk, operation) != viewer.ReachAll:
		return fault.ErrForbidden
	}
	return nil
}

// know gives versions of surveys by their row's id, all in one statement.
func (s *Surveys) know(ctx context.Context, c *ent.Client, ids ...uuid.UUID) (map[uuid.UUID]*ent.Survey, error) {
	all, missing := map[uuid.UUID]*ent.Survey{}, []uuid.UUID{}
	s.mu.Lock()
	for _, id := range ids {
		if known := s.known[id]; known != nil {
			all[id] = known
		} else {
			missing = append(missing, id)
		}
	}
	s.mu.Unlock()
	if len(missing) == 0 {
		return all, nil
	}
	rows, err := c.Survey.Query().Where(entsurvey.IDIn(missing...)).All(asSystem(ctx))
	if err != nil {
		return nil, store.Translate(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.known == nil || len(s.known)+len(rows) > mostKnown {
		s.known = map[uuid.UUID]*ent.Survey{}
	}
	for _, row := range rows {
		all[row.ID], s.known[row.ID] = row, row
	}
	return all, nil
}

// version is one of know, read by a client: a transaction's inside of one.
func (s *Surveys) version(ctx context.Context, c *ent.Client, id uuid.UUID) (*ent.Survey, error) {
	all, err := s.know(ctx, c, id)
	if err == nil && all[id] == nil {
		err = fault.ErrNotFound
	}
	return all[id], err
}

// keyOf takes the UUID out of an id of the wanted kind; else INVALID_ID.
func keyOf(id scalar.ID, prefix string, path ...string) (uuid.UUID, error) {
	key, err := id.As(prefix)
	if err != nil {
		return key, fault.ErrInvalidID.At(path...)
	}
	return key, nil
}
