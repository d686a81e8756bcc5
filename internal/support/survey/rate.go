package survey

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/surveyrequest"
	"kabinet/ent/generated/ticket"
	"kabinet/internal/event"
	"kabinet/internal/fault"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// Rate answers what the caller is asked about a ticket, once; saying the same
// again gives the same. Faults: REQUIRED, INVALID_ID, NOT_FOUND; SURVEY_NOT_ASKED
// to who sees the ticket and is not asked; SURVEY_OVER with status; those of
// checkAnswers; TICKET_MERGED; UNAUTHENTICATED, FORBIDDEN.
func (s *Surveys) Rate(ctx context.Context, in RateTicketInput) (*ent.SurveyRequest, *ent.Ticket, error) {
	if !viewer.From(ctx).SignedIn() {
		return nil, nil, fault.ErrUnauthenticated
	}
	request, of, err := which(in)
	if err != nil {
		return nil, nil, err
	}
	var answered *ent.SurveyRequest
	err = s.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		var err error
		if answered, err = s.find(ctx, tx, request, of); err != nil {
			return err
		}
		return s.rate(ctx, tx, answered, in)
	})
	if err != nil {
		return nil, nil, err
	}
	t, err := s.Tickets.ByKey(ctx, answered.TicketID)
	if err != nil {
		return nil, nil, err
	}
	r, err := s.byKey(ctx, answered.ID)
	return r, t, err
}

// which is what the input names: a request, or a ticket.
func which(in RateTicketInput) (request, of *uuid.UUID, err error) {
	switch {
	case in.RequestID == nil && in.TicketID == nil:
		return nil, nil, fault.ErrRequired.At("input", "requestId")
	case in.RequestID != nil && in.TicketID != nil:
		return nil, nil, fault.ErrInvalidValue.At("input", "ticketId")
	case in.RequestID != nil:
		key, err := keyOf(*in.RequestID, requestPrefix, "input", "requestId")
		return &key, nil, err
	}
	key, err := keyOf(*in.TicketID, "tkt", "input", "ticketId")
	return nil, &key, err
}

// find is the request that is answered: the caller's own, also where he may
// read those of others.
func (s *Surveys) find(ctx context.Context, tx *store.Tx, request, of *uuid.UUID) (*ent.SurveyRequest, error) {
	q := tx.SurveyRequest.Query().Where(surveyrequest.UserID(viewer.From(ctx).UserID))
	if request != nil {
		r, err := q.Where(surveyrequest.ID(*request)).Only(ctx)
		if ent.IsNotFound(err) {
			return nil, fault.ErrNotFound.At("input", "requestId")
		}
		return r, err
	}
	seen, err := tx.Ticket.Query().Where(ticket.ID(*of)).Exist(ctx)
	if err != nil {
		return nil, err
	}
	if !seen {
		return nil, fault.ErrNotFound.At("input", "ticketId")
	}
	r, err := q.Where(surveyrequest.TicketID(*of), surveyrequest.StatusNEQ(surveyrequest.StatusCANCELLED)).
		Order(surveyrequest.ByID(sql.OrderDesc())).First(ctx)
	if ent.IsNotFound(err) {
		return nil, ErrNotAsked.At("input", "ticketId")
	}
	return r, err
}

// rate writes what was answered, under the lock of the ticket.
func (s *Surveys) rate(ctx context.Context, tx *store.Tx, r *ent.SurveyRequest, in RateTicketInput) error {
	field := "requestId"
	if in.TicketID != nil {
		field = "ticketId"
	}
	t, err := s.Tickets.LockMineIn(ctx, tx, r.TicketID, "input", field)
	if err != nil {
		return err
	}
	if r, err = tx.SurveyRequest.Query().Where(surveyrequest.ID(r.ID), tx.Locking()).Only(ctx); err != nil {
		return err
	}
	v, err := s.version(ctx, tx.Client, r.SurveyID)
	if err != nil {
		return err
	}
	g, err := checkAnswers(v.Questions, in)
	if err != nil {
		return err
	}
	if r.Status == surveyrequest.StatusANSWERED && g.is(r) {
		return nil
	}
	if over := overOf(r, t, tx); over != "" {
		return ErrSurveyOver.At("input", field).With("status", string(over))
	}
	u := tx.SurveyRequest.UpdateOneID(r.ID).SetStatus(surveyrequest.StatusANSWERED).SetAnsweredAt(tx.Now).
		SetAnswers(g.answers).SetNillableScore(g.score).SetNillableComment(g.comment)
	if r.AskedAt == nil {
		u.SetAskedAt(tx.Now)
	}
	if err := u.Exec(ctx); err != nil {
		return err
	}
	return s.rated(ctx, tx, t, r, g.score)
}

// overOf is how a request stands that cannot be answered any more; empty where
// it can.
func overOf(r *ent.SurveyRequest, t *ent.Ticket, tx *store.Tx) surveyrequest.Status {
	switch r.Status {
	case surveyrequest.StatusPLANNED:
		if t.Status != ticket.StatusCLOSED {
			return surveyrequest.StatusCANCELLED // that is being noted
		}
		return ""
	case surveyrequest.StatusASKED:
		if r.ExpiresAt != nil && !r.ExpiresAt.After(tx.Now) {
			return surveyrequest.StatusEXPIRED
		}
		return ""
	}
	return r.Status
}

// rated keeps the score on the ticket and tells.
func (s *Surveys) rated(ctx context.Context, tx *store.Tx, t *ent.Ticket, r *ent.SurveyRequest, score *int) error {
	if score != nil {
		if err := tx.Ticket.UpdateOneID(t.ID).SetRating(*score).SetRatedAt(tx.Now).Exec(ctx); err != nil {
			return err
		}
		if err := s.Tickets.ChangedIn(ctx, tx, t, true, "rating"); err != nil {
			return err
		}
	}
	tx.Tell(event.TicketRated{TicketID: t.ID, OwnerID: t.OwnerID, UserID: r.UserID, RequestID: r.ID, Number: t.Number, Score: score},
		store.ToUser(r.UserID), store.ToTicket(t.ID, event.ToStaff))
	return nil
}

// is says whether a request was answered so before.
func (g given) is(r *ent.SurveyRequest) bool {
	answers, err := json.Marshal(g.answers)
	kept, keptErr := json.Marshal(r.Answers)
	return errors.Join(err, keptErr) == nil && (len(g.answers)+len(r.Answers) == 0 || bytes.Equal(answers, kept)) && same(g.comment, r.Comment)
}

func same(a, b *string) bool { return (a == nil) == (b == nil) && (a == nil || *a == *b) }
