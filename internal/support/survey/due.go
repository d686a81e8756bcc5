package survey

import (
	"context"
	"errors"

	"entgo.io/ent/dialect/sql"

	ent "kabinet/ent/generated"
	entsurvey "kabinet/ent/generated/survey"
	"kabinet/ent/generated/surveyrequest"
	"kabinet/ent/generated/ticket"
	entuser "kabinet/ent/generated/user"
	"kabinet/internal/event"
	"kabinet/internal/store"
)

// Due asks, reminds and lets expire what is due, the longest due first, at most
// so many of each, and says how many of the most frequent it looked at. It is
// for a periodic job; several may run at once: each person is asked once.
func (s *Surveys) Due(ctx context.Context, limit int) (int, error) {
	ctx = asSystem(ctx)
	expired, err := s.expire(ctx, limit)
	if err != nil {
		return 0, err
	}
	now := s.Store.Now()
	asked, failed := s.each(ctx, s.Store.Client.SurveyRequest.Query().
		Where(surveyrequest.StatusEQ(surveyrequest.StatusPLANNED), surveyrequest.AskAtLTE(now)).
		Order(surveyrequest.ByAskAt(), surveyrequest.ByID()).Limit(limit), s.ask)
	reminded, err := s.each(ctx, s.Store.Client.SurveyRequest.Query().
		Where(surveyrequest.StatusEQ(surveyrequest.StatusASKED), surveyrequest.RemindedAtIsNil(), surveyrequest.RemindAtLTE(now)).
		Order(surveyrequest.ByRemindAt(), surveyrequest.ByID()).Limit(limit), s.remind)
	return max(expired, asked, reminded), errors.Join(failed, err)
}

// each does one thing to each request, in a transaction of its own and under
// its lock; the others need not wait for one that fails.
func (s *Surveys) each(ctx context.Context, due *ent.SurveyRequestQuery, do func(context.Context, *store.Tx, *ent.SurveyRequest) error) (int, error) {
	ids, err := due.IDs(ctx)
	if err != nil {
		return 0, store.Translate(err)
	}
	var failed error
	for _, id := range ids {
		failed = errors.Join(failed, s.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
			r, err := tx.SurveyRequest.Query().Where(surveyrequest.ID(id), tx.Locking()).Only(ctx)
			if ent.IsNotFound(err) {
				return nil
			}
			if err != nil {
				return err
			}
			return do(ctx, tx, r)
		}))
	}
	return len(ids), failed
}

// ask asks a person, unless his ticket is open again, the survey is out of use,
// or he was asked lately.
func (s *Surveys) ask(ctx context.Context, tx *store.Tx, r *ent.SurveyRequest) error {
	if r.Status != surveyrequest.StatusPLANNED || r.AskAt.After(tx.Now) {
		return nil // another instance
	}
	v, err := s.version(ctx, tx.Client, r.SurveyID)
	if err != nil {
		return err
	}
	t, err := askable(ctx, tx, r, v)
	if err != nil {
		return err
	}
	u := tx.SurveyRequest.UpdateOneID(r.ID)
	if t == nil {
		return u.SetStatus(surveyrequest.StatusCANCELLED).Exec(ctx)
	}
	// What was asked about it before and not answered is asked anew.
	err = tx.SurveyRequest.Update().Where(surveyrequest.TicketID(r.TicketID), surveyrequest.UserID(r.UserID), surveyrequest.StatusEQ(surveyrequest.StatusASKED)).
		SetStatus(surveyrequest.StatusEXPIRED).Exec(ctx)
	if err != nil {
		return err
	}
	u.SetStatus(surveyrequest.StatusASKED).SetAskedAt(tx.Now).SetExpiresAt(tx.Now.Add(seconds(v.ValidSeconds)))
	if v.RemindSeconds != nil {
		u.SetRemindAt(tx.Now.Add(seconds(*v.RemindSeconds)))
	}
	tx.Tell(event.SurveyAsked{TicketID: t.ID, UserID: r.UserID, RequestID: r.ID, Number: t.Number}, store.ToUser(r.UserID))
	return u.Exec(ctx)
}

// about is the ticket of a request that a person may still be asked about; nil
// where it is open again, or not his to see any more, or the survey out of use.
func about(ctx context.Context, tx *store.Tx, r *ent.SurveyRequest, v *ent.Survey) (*ent.Ticket, error) {
	t, err := tx.Ticket.Query().Where(ticket.ID(r.TicketID)).Only(as(ctx, r.UserID))
	if ent.IsNotFound(err) {
		return nil, nil
	}
	if err != nil || !asks(t) || *t.UserID != r.UserID {
		return nil, err
	}
	if used, err := tx.Survey.Query().Where(entsurvey.KeyID(v.KeyID), entsurvey.RetiredAtIsNil()).Exist(ctx); err != nil || !used {
		return nil, err
	}
	return t, nil
}

// askable is the ticket that a person is asked about now; nil where he is not.
func askable(ctx context.Context, tx *store.Tx, r *ent.SurveyRequest, v *ent.Survey) (*ent.Ticket, error) {
	t, err := about(ctx, tx, r, v)
	if t == nil || err != nil {
		return nil, err
	}
	// Two requests of one person are weighed one after the other.
	is, err := tx.User.Query().Where(entuser.ID(r.UserID), entuser.StatusNEQ(entuser.StatusERASED), tx.Locking()).Select(entuser.FieldID).All(ctx)
	if err != nil || len(is) == 0 {
		return nil, err
	}
	if v.EverySeconds == 0 {
		return t, nil
	}
	lately, err := tx.SurveyRequest.Query().Where(surveyrequest.UserID(r.UserID), surveyrequest.IDNEQ(r.ID),
		surveyrequest.AskedAtGT(tx.Now.Add(-seconds(v.EverySeconds)))).Exist(ctx)
	if err != nil || lately {
		return nil, err
	}
	return t, nil
}

// remind asks a person again who was asked and said nothing; once, and not
// where he would not be asked now.
func (s *Surveys) remind(ctx context.Context, tx *store.Tx, r *ent.SurveyRequest) error {
	if r.Status != surveyrequest.StatusASKED || r.RemindedAt != nil || r.RemindAt == nil || r.RemindAt.After(tx.Now) {
		return nil // another instance, or answered
	}
	v, err := s.version(ctx, tx.Client, r.SurveyID)
	if err != nil {
		return err
	}
	t, err := about(ctx, tx, r, v)
	if err != nil {
		return err
	}
	if t != nil && r.ExpiresAt.After(tx.Now) {
		tx.Tell(event.SurveyAsked{TicketID: t.ID, UserID: r.UserID, RequestID: r.ID, Number: t.Number, Reminder: true}, store.ToUser(r.UserID))
	}
	return tx.SurveyRequest.UpdateOneID(r.ID).SetRemindedAt(tx.Now).Exec(ctx)
}

// expire closes what nobody answered in time.
func (s *Surveys) expire(ctx context.Context, limit int) (n int, err error) {
	due, err := s.Store.Client.SurveyRequest.Query().
		Where(surveyrequest.StatusEQ(surveyrequest.StatusASKED), surveyrequest.ExpiresAtLTE(s.Store.Now())).
		Order(surveyrequest.ByExpiresAt(sql.OrderAsc()), surveyrequest.ByID()).Limit(limit).IDs(ctx)
	if err != nil || len(due) == 0 {
		return 0, store.Translate(err)
	}
	err = s.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		return tx.SurveyRequest.Update().Where(surveyrequest.IDIn(due...), surveyrequest.StatusEQ(surveyrequest.StatusASKED)).
			SetStatus(surveyrequest.StatusEXPIRED).Exec(ctx)
	})
	return len(due), err
}
