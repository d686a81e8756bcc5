package survey

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	entsurvey "kabinet/ent/generated/survey"
	"kabinet/ent/generated/surveyrequest"
	"kabinet/ent/generated/ticket"
	entuser "kabinet/ent/generated/user"
	"kabinet/internal/event"
	"kabinet/internal/store"
)

// Hearers plan what is asked when a ticket is closed, and give it up when the
// ticket opens again before. They lock tickets.
func (s *Surveys) Hearers() []store.Hearer {
	return []store.Hearer{
		on("support.survey.TicketChanged", s.OnTicketChanged),
		on("support.survey.TicketReplied", s.OnTicketReplied),
	}
}

// on reads the fact for a hearer.
func on[F event.Fact](name string, hear func(context.Context, *store.Tx, F) error) store.Hearer {
	var zero F
	return store.Hearer{Name: name, Kinds: []string{zero.Kind()}, On: func(ctx context.Context, tx *store.Tx, e event.Stored) error {
		var f F
		if err := json.Unmarshal(e.Payload, &f); err != nil {
			return fmt.Errorf("%s: read %s: %w", name, e.Kind, err)
		}
		return hear(asSystem(ctx), tx, f)
	}}
}

// OnTicketChanged plans or gives up.
func (s *Surveys) OnTicketChanged(ctx context.Context, tx *store.Tx, f event.TicketChanged) error {
	switch {
	case !slices.Contains(f.Changed, "status"):
		return nil
	case f.Status == string(ticket.StatusCLOSED):
		return s.plan(ctx, tx, f.TicketID)
	}
	return giveUp(ctx, tx, f.TicketID)
}

// OnTicketReplied gives up: a customer's message opens a closed ticket.
func (s *Surveys) OnTicketReplied(ctx context.Context, tx *store.Tx, f event.TicketReplied) error {
	if f.Note || f.AuthorKind != "CUSTOMER" || f.Status == string(ticket.StatusCLOSED) {
		return nil
	}
	return giveUp(ctx, tx, f.TicketID)
}

// giveUp cancels what was not asked yet, unless the ticket is closed again.
func giveUp(ctx context.Context, tx *store.Tx, id uuid.UUID) error {
	t, err := tx.Ticket.Query().Where(ticket.ID(id), tx.Locking()).Only(ctx)
	if ent.IsNotFound(err) {
		return nil
	}
	if err != nil || t.Status == ticket.StatusCLOSED {
		return err
	}
	return tx.SurveyRequest.Update().Where(surveyrequest.TicketID(id), surveyrequest.StatusEQ(surveyrequest.StatusPLANNED)).
		SetStatus(surveyrequest.StatusCANCELLED).Exec(ctx)
}

// asks says whether the customer of a ticket is asked about it; not who left
// before he had read any answer.
func asks(t *ent.Ticket) bool {
	return t.Status == ticket.StatusCLOSED && t.ClosedAt != nil && t.UserID != nil && t.MergedIntoID == nil &&
		t.StatusReason != ticket.StatusReasonSPAM && t.StatusReason != ticket.StatusReasonDUPLICATE &&
		(t.BotOutcome == nil || *t.BotOutcome != ticket.BotOutcomeABANDONED || t.FirstRepliedAt != nil)
}

// plan notes that a ticket's customer will be asked: once for a closing,
// whoever hears of it again.
func (s *Surveys) plan(ctx context.Context, tx *store.Tx, id uuid.UUID) error {
	t, err := tx.Ticket.Query().Where(ticket.ID(id), tx.Locking()).Only(ctx)
	if ent.IsNotFound(err) {
		return nil // erased since
	}
	if err != nil || !asks(t) {
		return err
	}
	is, err := tx.User.Query().Where(entuser.ID(*t.UserID), entuser.StatusNEQ(entuser.StatusERASED)).Exist(ctx)
	if err != nil || !is {
		return err
	}
	planned, err := tx.SurveyRequest.Query().Where(surveyrequest.TicketID(t.ID), surveyrequest.StatusNEQ(surveyrequest.StatusCANCELLED),
		surveyrequest.Or(surveyrequest.StatusEQ(surveyrequest.StatusPLANNED), surveyrequest.CreatedAtGTE(*t.ClosedAt))).Exist(ctx)
	if err != nil || planned {
		return err
	}
	v, err := fitting(ctx, tx, t.Kind)
	if v == nil || err != nil {
		return err
	}
	return tx.SurveyRequest.Create().SetUserID(*t.UserID).SetTicketID(t.ID).SetSurveyID(v.ID).SetLocale(t.Locale).
		SetNillableOperatorID(t.AssigneeID).SetAskAt(t.ClosedAt.Add(seconds(v.DelaySeconds))).Exec(ctx)
}

// fitting is the first survey in force for a kind of tickets; nil for none.
func fitting(ctx context.Context, tx *store.Tx, kind ticket.Kind) (*ent.Survey, error) {
	all, err := tx.Survey.Query().Where(entsurvey.RetiredAtIsNil()).Order(entsurvey.ByPosition(), entsurvey.ByKeyID()).Limit(mostSurveys).All(ctx)
	if err != nil {
		return nil, err
	}
	for _, v := range all {
		if len(v.Kinds) == 0 || slices.Contains(v.Kinds, string(kind)) {
			return v, nil
		}
	}
	return nil, nil
}

func seconds(n int) time.Duration { return time.Duration(n) * time.Second }
