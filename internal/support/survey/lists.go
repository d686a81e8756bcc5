package survey

import (
	"context"
	"slices"

	"entgo.io/contrib/entgql"
	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	entsurvey "kabinet/ent/generated/survey"
	"kabinet/ent/generated/surveyrequest"
	"kabinet/ent/generated/ticket"
	"kabinet/internal/fault"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// All are the surveys in force, in the order in which they are tried. Faults:
// UNAUTHENTICATED, FORBIDDEN.
func (s *Surveys) All(ctx context.Context) ([]*Survey, error) {
	if err := staff(ctx, "read"); err != nil {
		return nil, err
	}
	rows, err := s.Store.Client.Survey.Query().Where(entsurvey.RetiredAtIsNil()).Order(entsurvey.ByPosition(), entsurvey.ByKeyID()).Limit(mostSurveys).All(ctx)
	if err != nil {
		return nil, store.Translate(err)
	}
	all := make([]*Survey, len(rows))
	for i, row := range rows {
		all[i] = view(ctx, row)
	}
	return all, nil
}

// Mine are what the caller is asked and has not answered, last asked first;
// none of another person. A ticket that he may not see any more is not asked
// about.
func (s *Surveys) Mine(ctx context.Context, user uuid.UUID) ([]*ent.SurveyRequest, error) {
	if viewer.From(ctx).UserID != user {
		return []*ent.SurveyRequest{}, nil
	}
	q, err := s.Store.Client.SurveyRequest.Query().Where(surveyrequest.UserID(user), surveyrequest.StatusEQ(surveyrequest.StatusASKED), surveyrequest.ExpiresAtGT(s.Store.Now())).
		Order(surveyrequest.ByAskedAt(sql.OrderDesc()), surveyrequest.ByID(sql.OrderDesc())).Limit(mostOpen).CollectFields(ctx)
	if err != nil {
		return nil, err
	}
	q.Select(surveyrequest.FieldTicketID, surveyrequest.FieldSurveyID) // asked below, whatever is selected
	all, err := q.All(ctx)
	if err != nil {
		return nil, store.Translate(err)
	}
	tickets, surveys := make([]uuid.UUID, len(all)), make([]uuid.UUID, len(all))
	for i, r := range all {
		tickets[i], surveys[i] = r.TicketID, r.SurveyID
	}
	seen, err := s.Store.Client.Ticket.Query().Where(ticket.IDIn(tickets...)).IDs(ctx)
	if err != nil {
		return nil, store.Translate(err)
	}
	if _, err := s.know(ctx, s.Store.Client, surveys...); err != nil {
		return nil, err
	}
	return slices.DeleteFunc(all, func(r *ent.SurveyRequest) bool { return !slices.Contains(seen, r.TicketID) }), nil
}

// OfTicket is the last survey that the caller is asked about a ticket; nil for
// none. For a whole list it is read together.
func (s *Surveys) OfTicket(ctx context.Context, t *ent.Ticket) (*ent.SurveyRequest, error) {
	return s.mine.Load(ctx, t.ID, func(ctx context.Context, tickets []uuid.UUID) (map[uuid.UUID]*ent.SurveyRequest, error) {
		me := viewer.From(ctx).UserID
		q, err := s.Store.Client.SurveyRequest.Query().Where(surveyrequest.UserID(me), surveyrequest.TicketIDIn(tickets...), surveyrequest.StatusNEQ(surveyrequest.StatusCANCELLED)).
			Order(surveyrequest.ByID()).CollectFields(ctx)
		if err != nil {
			return nil, err
		}
		q.Select(surveyrequest.FieldTicketID, surveyrequest.FieldSurveyID) // asked below, whatever is selected
		rows, err := q.All(ctx)
		if err != nil {
			return nil, store.Translate(err)
		}
		last, surveys := map[uuid.UUID]*ent.SurveyRequest{}, make([]uuid.UUID, len(rows))
		for i, r := range rows {
			last[r.TicketID], surveys[i] = r, r.SurveyID
		}
		_, err = s.know(ctx, s.Store.Client, surveys...)
		return last, err
	})
}

// byKey re-reads a request after it was answered.
func (s *Surveys) byKey(ctx context.Context, key uuid.UUID) (*ent.SurveyRequest, error) {
	q, err := s.Store.Client.SurveyRequest.Query().Where(surveyrequest.ID(key)).CollectUnder(ctx, "survey")
	if err != nil {
		return nil, err
	}
	r, err := q.Only(ctx)
	return r, store.Translate(err)
}

// Ratings are what customers answered, last answered first. Faults: INVALID_ID,
// OUT_OF_RANGE for a period that ends before it begins; UNAUTHENTICATED,
// FORBIDDEN.
func (s *Surveys) Ratings(ctx context.Context, f *TicketRatingFilter, p Page) (*ent.SurveyRequestConnection, error) {
	if v := viewer.From(ctx); !v.SignedIn() {
		return nil, fault.ErrUnauthenticated
	} else if !v.Staff || v.Reach(resource, "read") != viewer.ReachAll {
		return nil, fault.ErrForbidden
	}
	q := s.Store.Client.SurveyRequest.Query().Where(surveyrequest.AnsweredAtNotNil())
	if f != nil {
		if err := f.narrow(q); err != nil {
			return nil, err
		}
	}
	c, err := q.Paginate(ctx, p.After, p.First, p.Before, p.Last,
		ent.WithSurveyRequestOrder(&ent.SurveyRequestOrder{Direction: entgql.OrderDirectionDesc, Field: ent.SurveyRequestOrderFieldAnsweredAt}))
	if err != nil {
		return nil, store.Translate(err)
	}
	surveys := []uuid.UUID{}
	for _, e := range c.Edges {
		if e.Node.SurveyID != uuid.Nil { // else nothing of it is selected
			surveys = append(surveys, e.Node.SurveyID)
		}
	}
	_, err = s.know(ctx, s.Store.Client, surveys...)
	return c, err
}

func (f *TicketRatingFilter) narrow(q *ent.SurveyRequestQuery) error {
	if f.From != nil && f.To != nil && f.To.Before(*f.From) {
		return fault.ErrOutOfRange.At("filter", "to").With("min", *f.From)
	}
	if f.From != nil {
		q.Where(surveyrequest.AnsweredAtGTE(f.From.UTC()))
	}
	if f.To != nil {
		q.Where(surveyrequest.AnsweredAtLT(f.To.UTC()))
	}
	if f.OperatorID != nil {
		key, err := keyOf(*f.OperatorID, "usr", "filter", "operatorId")
		if err != nil {
			return err
		}
		q.Where(surveyrequest.OperatorID(key))
	}
	if f.TicketID != nil {
		key, err := keyOf(*f.TicketID, "tkt", "filter", "ticketId")
		if err != nil {
			return err
		}
		q.Where(surveyrequest.TicketID(key))
	}
	if f.MinScore != nil {
		q.Where(surveyrequest.ScoreGTE(*f.MinScore))
	}
	if f.MaxScore != nil {
		q.Where(surveyrequest.ScoreLTE(*f.MaxScore))
	}
	return nil
}

// Ticket is the one that a request is about; nil where the caller may not see it.
func Ticket(ctx context.Context, r *ent.SurveyRequest) (*ent.Ticket, error) {
	t, err := r.Ticket(ctx)
	return t, store.Translate(ent.MaskNotFound(err))
}

// Customer is who answered; nil to who may not see people.
func Customer(ctx context.Context, r *ent.SurveyRequest) (*ent.User, error) {
	u, err := r.Customer(ctx)
	return u, store.Translate(ent.MaskNotFound(err))
}

// Operator is who had the ticket when it was closed; nil for nobody, and to who
// may not see people.
func Operator(ctx context.Context, r *ent.SurveyRequest) (*ent.User, error) {
	u, err := r.Operator(ctx)
	return u, store.Translate(ent.MaskNotFound(err))
}
