package survey_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/membership"
	"kabinet/internal/event"
	"kabinet/internal/fault"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
	"kabinet/internal/support"
	"kabinet/internal/support/survey"
)

// Whose membership has ended is not asked about the company's ticket, nor
// reminded, nor may he answer.
func TestWhoHasGoneIsNotAsked(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		in := plain()
		in.RemindSeconds = ptr(86400)
		w.save(t, in)
		var of uuid.UUID
		w.write(t, func(ctx context.Context, tx *store.Tx) error {
			m, err := tx.Membership.Create().SetUserID(w.carol).SetOwnerID(w.acme).SetKind(membership.KindCOMPANY).SetRoleID(uuid.New()).Save(ctx)
			if err == nil {
				of = m.ID
			}
			return err
		})
		becomes := func(s membership.Status) {
			w.write(t, func(ctx context.Context, tx *store.Tx) error {
				return tx.Membership.UpdateOneID(of).SetStatus(s).Exec(ctx)
			})
		}
		one, two := w.open(t, member(w.carol, w.acme)), w.open(t, member(w.carol, w.acme))
		w.close(t, one)
		w.Clock.Add(time.Hour)
		w.due(t)
		r := w.stand(t, one.ID, asked)[0]
		w.close(t, two)
		becomes(membership.StatusENDED)
		w.Clock.Add(25 * time.Hour)
		w.due(t)
		w.stand(t, two.ID, cancelled)
		if n := w.told(t, w.carol, event.SurveyAsked{}.Kind()); n != 1 {
			t.Errorf("told %d times", n)
		}
		if mine, err := w.surveys.Mine(customer(w.carol), w.carol); err != nil || len(mine) != 0 {
			t.Errorf("%v %v", mine, err)
		}
		_, _, err := w.surveys.Rate(customer(w.carol), survey.RateTicketInput{RequestID: ptr(r.GlobalID()), Score: ptr(1)})
		wantFault(t, err, fault.ErrNotFound, "input", "requestId")
		_, _, err = w.surveys.Rate(customer(w.carol), survey.RateTicketInput{TicketID: ptr(one.GlobalID()), Score: ptr(1)})
		wantFault(t, err, fault.ErrNotFound, "input", "ticketId")
		becomes(membership.StatusACTIVE)
		if _, _, err = w.surveys.Rate(customer(w.carol), survey.RateTicketInput{RequestID: ptr(r.GlobalID()), Score: ptr(1)}); err != nil {
			t.Error(err)
		}
	})
}

// Nobody is reminded of what was answered, of a ticket that is open again, or
// of a survey that is out of use.
func TestNotReminded(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		in := plain()
		in.RemindSeconds, in.DelaySeconds = ptr(86400), ptr(0)
		v := w.save(t, in)
		rated, open, kept := w.open(t, customer(w.alice)), w.open(t, customer(w.bob)), w.open(t, customer(w.dave))
		for _, tkt := range []*ent.Ticket{rated, open, kept} {
			w.close(t, tkt)
		}
		w.due(t)
		if _, _, err := w.surveys.Rate(customer(w.alice), survey.RateTicketInput{TicketID: ptr(rated.GlobalID()), Score: ptr(3)}); err != nil {
			t.Fatal(err)
		}
		w.reopen(t, customer(w.bob), open)
		if _, err := w.surveys.Delete(staff(w.sam), survey.DeleteSurveyInput{ID: v.ID}); err != nil {
			t.Fatal(err)
		}
		w.Clock.Add(25 * time.Hour)
		w.due(t)
		w.due(t)
		for name, id := range map[string]uuid.UUID{"who answered": w.alice, "whose ticket is open": w.bob, "of what is out of use": w.dave} {
			if n := w.told(t, id, event.SurveyAsked{}.Kind()); n != 1 {
				t.Errorf("%s: told %d times", name, n)
			}
		}
		// It was asked, so it may be answered all the same; also of an open ticket.
		for id, tkt := range map[uuid.UUID]*ent.Ticket{w.bob: open, w.dave: kept} {
			if _, _, err := w.surveys.Rate(customer(id), survey.RateTicketInput{TicketID: ptr(tkt.GlobalID()), Score: ptr(2)}); err != nil {
				t.Error(err)
			}
		}
		if now := w.now(t, open.ID); now.Rating == nil || *now.Rating != 2 || now.Status == "CLOSED" {
			t.Errorf("%+v", now)
		}
	})
}

// Questions that change between asking and answering stay those that were
// asked, in words and in what may be answered.
func TestQuestionsOfThen(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		in := plain()
		in.DelaySeconds = ptr(0)
		v := w.save(t, in)
		tkt := w.open(t, customer(w.alice))
		w.close(t, tkt)
		w.due(t)
		en := func(text string) []*survey.SurveyQuestionTextInput {
			return []*survey.SurveyQuestionTextInput{{Locale: "en", Text: text}}
		}
		in.ID, in.Version = &v.ID, &v.Version
		in.Questions = []*survey.SurveyQuestionInput{
			{Handle: "speed", Kind: survey.KindScore, Required: ptr(true), Texts: en("How fast?")},
			{Handle: "overall", Kind: survey.KindYesNo, Texts: en("All well?")},
		}
		w.save(t, in)
		rate := func(a ...*survey.SurveyAnswerInput) error {
			_, _, err := w.surveys.Rate(customer(w.alice), survey.RateTicketInput{TicketID: ptr(tkt.GlobalID()), Answers: a})
			return err
		}
		wantFault(t, rate(&survey.SurveyAnswerInput{Handle: "speed", Score: ptr(5)}), fault.ErrInvalidValue, "input", "answers", "0", "handle")
		wantFault(t, rate(&survey.SurveyAnswerInput{Handle: "overall", Yes: ptr(true)}), fault.ErrRequired, "input", "answers", "0", "score")
		if err := rate(&survey.SurveyAnswerInput{Handle: "overall", Score: ptr(5)}); err != nil {
			t.Fatal(err)
		}
		r := w.stand(t, tkt.ID, answered)[0]
		all, err := w.surveys.Answers(customer(w.alice), r)
		if err != nil || len(all) != 1 || all[0].Question != "In all?" || *all[0].Score != 5 {
			t.Errorf("%+v %v", all, err)
		}
		questions, err := w.surveys.Questions(staff(w.sam), r)
		if err != nil || len(questions) != 2 || questions[0].Handle != "overall" {
			t.Errorf("%+v %v", questions, err)
		}
	})
}

// In the ticket's language where there are words in it, else in the first that
// has some, each text for itself.
func TestLanguages(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		in := plain()
		in.DelaySeconds = ptr(0)
		in.Texts = in.Texts[:1] // no title in Russian
		w.save(t, in)
		tkt, err := w.tickets.Open(customer(w.alice), support.OpenTicketInput{Subject: "Где?", Body: "Жду."})
		if err != nil {
			t.Fatal(err)
		}
		w.write(t, func(ctx context.Context, tx *store.Tx) error {
			return tx.Ticket.UpdateOneID(tkt.ID).SetLocale("ru").Exec(ctx)
		})
		w.close(t, tkt)
		w.due(t)
		r := w.stand(t, tkt.ID, asked)[0]
		title, err := w.surveys.Title(customer(w.alice), r)
		lang, err2 := w.surveys.Language(customer(w.alice), r)
		thanks, err3 := w.surveys.Thanks(customer(w.alice), r)
		if err != nil || err2 != nil || err3 != nil || title != "How was it?" || lang != "en" || *thanks != "Thank you!" {
			t.Errorf("%s %s %v", title, lang, thanks)
		}
		questions, err := w.surveys.Questions(customer(w.alice), r)
		if err != nil || questions[0].Text != "В целом?" || questions[1].Text != "Почему?" {
			t.Errorf("%+v %v", questions, err)
		}
	})
}
