package survey_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"kabinet/ent/generated/surveyrequest"
	"kabinet/ent/generated/ticket"
	"kabinet/internal/event"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
	"kabinet/internal/support"
	"kabinet/internal/support/survey"
	"kabinet/internal/viewer"
)

const (
	planned   = surveyrequest.StatusPLANNED
	asked     = surveyrequest.StatusASKED
	answered  = surveyrequest.StatusANSWERED
	expired   = surveyrequest.StatusEXPIRED
	cancelled = surveyrequest.StatusCANCELLED
)

// Who is asked, when, and that it is once for a closing.
func TestPlan(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		early := w.open(t, customer(w.alice))
		w.close(t, early)
		w.stand(t, early.ID) // nothing is asked yet
		in := plain()
		in.Kinds, in.Position = []ticket.Kind{ticket.KindQUESTION}, ptr(1)
		v := w.save(t, in)
		in.Kinds, in.Position = []ticket.Kind{ticket.KindREFUND}, nil
		w.save(t, in)

		tkt := w.open(t, customer(w.alice))
		w.close(t, tkt)
		r := w.stand(t, tkt.ID, planned)[0]
		if r.UserID != w.alice || !r.AskAt.Equal(w.Clock.Now().Add(time.Hour)) || r.Locale != "en" || r.AskedAt != nil {
			t.Errorf("%+v", r)
		}
		if all, err := w.surveys.All(staff(w.sam)); err != nil || len(all) != 2 || all[1].ID != v.ID {
			t.Errorf("%v %v", all, err)
		}
		w.write(t, func(ctx context.Context, tx *store.Tx) error { // heard again
			return w.surveys.OnTicketChanged(ctx, tx, event.TicketChanged{TicketID: tkt.ID, Status: "CLOSED", Changed: []string{"status"}})
		})
		w.stand(t, tkt.ID, planned)

		w.reopen(t, customer(w.alice), tkt)
		w.stand(t, tkt.ID, cancelled)
		w.close(t, tkt)
		w.stand(t, tkt.ID, cancelled, planned)
		if _, _, err := w.tickets.Reply(customer(w.alice), support.ReplyToTicketInput{TicketID: tkt.GlobalID(), Body: "Wait"}); err != nil {
			t.Fatal(err)
		}
		w.hear(t)
		w.stand(t, tkt.ID, cancelled, cancelled)

		for _, reason := range []ticket.StatusReason{ticket.StatusReasonSPAM, ticket.StatusReasonDUPLICATE} {
			other := w.open(t, customer(w.alice))
			_, err := w.tickets.SetStatus(staff(w.sam), support.SetTicketStatusInput{TicketID: other.GlobalID(), Status: ptr(ticket.StatusCLOSED), Reason: &reason})
			if err != nil {
				t.Fatal(err)
			}
			w.hear(t)
			w.stand(t, other.ID)
		}
		left := w.open(t, customer(w.alice))
		w.write(t, func(ctx context.Context, tx *store.Tx) error {
			return tx.Ticket.UpdateOneID(left.ID).SetBotOutcome(ticket.BotOutcomeABANDONED).Exec(ctx)
		})
		w.close(t, left)
		w.stand(t, left.ID)
		served := w.open(t, customer(w.alice)) // people got it after all
		w.write(t, func(ctx context.Context, tx *store.Tx) error {
			return tx.Ticket.UpdateOneID(served.ID).SetBotOutcome(ticket.BotOutcomeABANDONED).SetFirstRepliedAt(tx.Now).Exec(ctx)
		})
		w.close(t, served)
		w.stand(t, served.ID, planned)
	})
}

// Asked, reminded and let go by the clock, once, of two instances.
func TestDue(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		in := plain()
		in.RemindSeconds, in.ValidSeconds = ptr(86400), ptr(3*86400)
		w.save(t, in)
		tkt := w.open(t, customer(w.alice))
		w.close(t, tkt)
		both := func() {
			var wg sync.WaitGroup
			for range 2 {
				wg.Go(func() {
					if _, err := w.surveys.Due(context.Background(), 10); err != nil {
						t.Error(err)
					}
				})
			}
			wg.Wait()
		}
		asks := event.SurveyAsked{}.Kind()
		w.Clock.Add(time.Hour - time.Second)
		both()
		w.stand(t, tkt.ID, planned)
		w.Clock.Add(time.Second)
		both()
		r := w.stand(t, tkt.ID, asked)[0]
		if now := w.Clock.Now(); !r.AskedAt.Equal(now) || !r.ExpiresAt.Equal(now.Add(72*time.Hour)) || !r.RemindAt.Equal(now.Add(24*time.Hour)) {
			t.Errorf("%+v", r)
		}
		if mine, err := w.surveys.Mine(customer(w.alice), w.alice); err != nil || len(mine) != 1 {
			t.Errorf("%v %v", mine, err)
		}
		if theirs, err := w.surveys.Mine(staff(w.sam), w.alice); err != nil || len(theirs) != 0 {
			t.Errorf("%v %v", theirs, err)
		}
		if n := w.told(t, w.alice, asks); n != 1 {
			t.Errorf("asked %d times", n)
		}
		w.Clock.Add(24 * time.Hour)
		both()
		both()
		if n := w.told(t, w.alice, asks); n != 2 {
			t.Errorf("asked %d times with the reminder", n)
		}
		w.Clock.Add(48 * time.Hour)
		both()
		w.stand(t, tkt.ID, expired)
		_, _, err := w.surveys.Rate(customer(w.alice), survey.RateTicketInput{TicketID: ptr(tkt.GlobalID()), Score: ptr(5)})
		if f := theFault(t, err, survey.ErrSurveyOver, "input", "ticketId"); f.Params["status"] != "EXPIRED" {
			t.Errorf("%v", f.Params)
		}
		if n := w.told(t, w.alice, asks); n != 2 {
			t.Errorf("asked %d times in the end", n)
		}
	})
}

// What is asked is asked as often as the survey says, and of nobody when it is
// out of use.
func TestEvery(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		in := plain()
		in.EverySeconds, in.DelaySeconds = ptr(30*86400), ptr(0)
		v := w.save(t, in)
		one, two, bobs := w.open(t, customer(w.alice)), w.open(t, customer(w.alice)), w.open(t, customer(w.bob))
		w.close(t, one)
		w.close(t, two)
		w.close(t, bobs)
		w.due(t)
		w.stand(t, bobs.ID, asked)
		states := map[surveyrequest.Status]int{}
		for _, tkt := range []scalar.ID{one.GlobalID(), two.GlobalID()} {
			states[w.requests(t, tkt.UUID)[0].Status]++
		}
		if states[asked] != 1 || states[cancelled] != 1 {
			t.Errorf("%v", states)
		}
		w.Clock.Add(31 * 24 * time.Hour)
		three := w.open(t, customer(w.alice))
		w.close(t, three)
		in.ID, in.Version, in.Name = &v.ID, &v.Version, "Newer"
		newer := w.save(t, in)
		w.due(t)
		if r := w.stand(t, three.ID, asked)[0]; r.SurveyID == newer.ID.UUID {
			t.Error("the version of then is asked")
		}
		four := w.open(t, customer(w.bob))
		w.close(t, four)
		for range 2 {
			if _, err := w.surveys.Delete(staff(w.sam), survey.DeleteSurveyInput{ID: v.ID}); err != nil {
				t.Fatal(err)
			}
		}
		w.due(t)
		w.stand(t, four.ID, cancelled)
		if _, _, err := w.surveys.Rate(customer(w.alice), survey.RateTicketInput{TicketID: ptr(three.GlobalID()), Score: ptr(4)}); err != nil {
			t.Errorf("who was asked may answer: %v", err)
		}
	})
}

// Only who was asked answers, once; the score stays when the ticket opens.
func TestRate(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		in := plain()
		in.DelaySeconds = ptr(0)
		w.save(t, in)
		tkt := w.open(t, member(w.carol, w.acme))
		w.close(t, tkt)
		w.due(t)
		r := w.stand(t, tkt.ID, asked)[0]
		rate := func(ctx context.Context, in survey.RateTicketInput) error {
			_, _, err := w.surveys.Rate(ctx, in)
			return err
		}
		byTicket, byRequest := survey.RateTicketInput{TicketID: ptr(tkt.GlobalID()), Score: ptr(4)}, survey.RateTicketInput{RequestID: ptr(r.GlobalID()), Score: ptr(4)}
		wantFault(t, rate(member(w.dave, w.acme), byTicket), survey.ErrNotAsked, "input", "ticketId")
		wantFault(t, rate(member(w.dave, w.acme), byRequest), fault.ErrNotFound, "input", "requestId")
		wantFault(t, rate(customer(w.bob), byTicket), fault.ErrNotFound, "input", "ticketId")
		wantFault(t, rate(staff(w.sam), byTicket), survey.ErrNotAsked)
		wantFault(t, rate(staff(w.sam), byRequest), fault.ErrNotFound)
		wantFault(t, rate(context.Background(), byTicket), fault.ErrUnauthenticated)
		wantFault(t, rate(customer(w.carol), survey.RateTicketInput{Score: ptr(4)}), fault.ErrRequired, "input", "requestId")
		wantFault(t, rate(customer(w.carol), survey.RateTicketInput{RequestID: byRequest.RequestID, TicketID: byTicket.TicketID}), fault.ErrInvalidValue, "input", "ticketId")
		wantFault(t, rate(customer(w.carol), survey.RateTicketInput{RequestID: byTicket.TicketID}), fault.ErrInvalidID, "input", "requestId")
		wantFault(t, rate(member(w.carol, w.acme), survey.RateTicketInput{TicketID: byTicket.TicketID}), fault.ErrRequired, "input", "answers")

		byTicket.Answers = []*survey.SurveyAnswerInput{{Handle: "why", Text: ptr(" <b>slow</b> ")}}
		byTicket.Comment = ptr("Thanks\r\nall the same")
		byTicket.Comment = ptr("Thanks\nall the same")
		for range 2 {
			if err := rate(member(w.carol, w.acme), byTicket); err != nil {
				t.Fatal(err)
			}
		}
		wantFault(t, rate(member(w.carol, w.acme), byRequest), survey.ErrSurveyOver, "input", "requestId")
		r = w.stand(t, tkt.ID, answered)[0]
		if r.Answers["why"] != "<b>slow</b>" || r.Answers["overall"] != 4.0 || *r.Score != 4 || *r.Comment != "Thanks\nall the same" {
			t.Errorf("%+v", r)
		}
		if now := w.now(t, tkt.ID); now.Rating == nil || *now.Rating != 4 || now.RatedAt == nil {
			t.Errorf("%+v", now)
		}
		if n := w.told(t, w.carol, event.TicketRated{}.Kind()); n != 1 {
			t.Errorf("told %d times", n)
		}

		w.Clock.Add(time.Minute)
		w.reopen(t, member(w.carol, w.acme), tkt)
		if now := w.now(t, tkt.ID); now.Rating == nil || *now.Rating != 4 {
			t.Error("the score is lost")
		}
		w.Clock.Add(time.Minute)
		w.close(t, tkt)
		w.due(t)
		w.stand(t, tkt.ID, answered, asked)
		if now := w.now(t, tkt.ID); now.Rating == nil || *now.Rating != 4 {
			t.Error("the score is lost when it is asked again")
		}
		w.Clock.Add(time.Minute)
		w.reopen(t, member(w.carol, w.acme), tkt)
		w.close(t, tkt)
		w.stand(t, tkt.ID, answered, asked, planned)
		w.due(t)
		w.stand(t, tkt.ID, answered, expired, asked)
		byTicket.Score = ptr(2)
		if err := rate(member(w.carol, w.acme), byTicket); err != nil {
			t.Fatal(err)
		}
		if now := w.now(t, tkt.ID); *now.Rating != 2 {
			t.Errorf("rated %d", *now.Rating)
		}
		w.stand(t, tkt.ID, answered, expired, answered)
	})
}

// What is planned may be answered before it is asked; two answers at once are one.
func TestRateEarly(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		w.save(t, plain())
		tkt := w.open(t, customer(w.alice))
		w.close(t, tkt)
		var wg sync.WaitGroup
		errs := make([]error, 2)
		for i := range errs {
			wg.Go(func() {
				_, _, errs[i] = w.surveys.Rate(customer(w.alice), survey.RateTicketInput{TicketID: ptr(tkt.GlobalID()), Score: ptr(i + 1)})
			})
		}
		wg.Wait()
		if (errs[0] == nil) == (errs[1] == nil) {
			t.Errorf("%v, %v", errs[0], errs[1])
		}
		w.stand(t, tkt.ID, answered)
		w.Clock.Add(2 * time.Hour)
		w.due(t)
		w.stand(t, tkt.ID, answered)
		if n := w.told(t, w.alice, event.SurveyAsked{}.Kind()); n != 0 {
			t.Errorf("asked %d times after he answered", n)
		}

		other := w.open(t, customer(w.alice))
		w.close(t, other)
		if _, err := w.tickets.Reopen(customer(w.alice), support.ReopenTicketInput{TicketID: other.GlobalID()}); err != nil {
			t.Fatal(err)
		}
		_, _, err := w.surveys.Rate(customer(w.alice), survey.RateTicketInput{TicketID: ptr(other.GlobalID()), Score: ptr(1)})
		if f := theFault(t, err, survey.ErrSurveyOver); f.Params["status"] != "CANCELLED" {
			t.Errorf("%v", f.Params)
		}
	})
}

// What staff reads of it.
func TestRatings(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		w.save(t, plain())
		began := w.Clock.Now()
		var last *scalar.ID
		for score := 1; score <= 5; score++ {
			tkt := w.open(t, customer(w.alice))
			w.close(t, tkt)
			w.Clock.Add(time.Minute)
			if _, _, err := w.surveys.Rate(customer(w.alice), survey.RateTicketInput{TicketID: ptr(tkt.GlobalID()), Score: &score}); err != nil {
				t.Fatal(err)
			}
			last = ptr(tkt.GlobalID())
		}
		for name, c := range map[string]struct {
			f    survey.TicketRatingFilter
			want int
		}{
			"all": {survey.TicketRatingFilter{}, 5}, "good": {survey.TicketRatingFilter{MinScore: ptr(4)}, 2}, "bad": {survey.TicketRatingFilter{MaxScore: ptr(2)}, 2},
			"one ticket": {survey.TicketRatingFilter{TicketID: last}, 1}, "operator": {survey.TicketRatingFilter{OperatorID: &scalar.ID{Prefix: "usr", UUID: w.sam}}, 0},
			"period": {survey.TicketRatingFilter{From: ptr(began.Add(2 * time.Minute)), To: ptr(began.Add(4 * time.Minute))}, 2},
		} {
			page, err := w.surveys.Ratings(staff(w.sam), &c.f, survey.Page{First: ptr(3)})
			if err != nil || page.TotalCount != c.want || len(page.Edges) != min(c.want, 3) {
				t.Errorf("%s: %+v %v", name, page, err)
			}
		}
		page, err := w.surveys.Ratings(staff(w.sam), nil, survey.Page{First: ptr(3)})
		if err != nil || *page.Edges[0].Node.Score != 5 {
			t.Fatal(err)
		}
		_, _, after, err := scalar.DecodeCursor(scalar.EncodeCursor("ratings", "", *page.PageInfo.EndCursor)) // as a client gives it back
		if err != nil {
			t.Fatal(err)
		}
		next, err := w.surveys.Ratings(staff(w.sam), nil, survey.Page{First: ptr(3), After: &after})
		if err != nil || len(next.Edges) != 2 || *next.Edges[0].Node.Score != 2 {
			t.Errorf("%+v %v", next, err)
		}
		_, err = w.surveys.Ratings(staff(w.sam), &survey.TicketRatingFilter{TicketID: &scalar.ID{Prefix: "usr"}}, survey.Page{})
		wantFault(t, err, fault.ErrInvalidID, "filter", "ticketId")
		_, err = w.surveys.Ratings(staff(w.sam), &survey.TicketRatingFilter{From: ptr(began), To: ptr(began.Add(-1))}, survey.Page{})
		wantFault(t, err, fault.ErrOutOfRange, "filter", "to")
		_, err = w.surveys.Ratings(customer(w.alice), nil, survey.Page{})
		wantFault(t, err, fault.ErrForbidden)
		_, err = w.surveys.Ratings(viewer.With(context.Background(), viewer.Viewer{}), nil, survey.Page{})
		wantFault(t, err, fault.ErrUnauthenticated)
	})
}
