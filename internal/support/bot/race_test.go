package bot_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/ticket"
	"kabinet/ent/generated/ticketmessage"
	"kabinet/internal/event"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
	"kabinet/internal/support"
	"kabinet/internal/support/bot"
)

// Two jobs ask about one message at the same moment: one answer is written.
func TestTwoJobsAnswerOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		tkt := w.open(t, customer(w.alice))
		var both sync.WaitGroup
		both.Add(2)
		w.mu.Lock()
		w.says = func(bot.Question) (bot.Answer, error) {
			both.Done()
			both.Wait() // both are asked before either writes
			return bot.Answer{Action: bot.ActionAnswer, Text: "Once."}, nil
		}
		w.mu.Unlock()
		w.hear(t)
		w.write(t, func(ctx context.Context, tx *store.Tx) error {
			return w.bot.OnTicketOpened(ctx, tx, event.TicketOpened{TicketID: tkt.ID, MessageID: first(t, w, tkt.ID)})
		})
		w.settle(t)
		if asked, said := len(w.questions()), w.said(t, tkt.ID); asked != 2 || len(said) != 1 || said[0].Body != "Once." {
			t.Errorf("asked %d times, said %d", asked, len(said))
		}
		w.stands(t, tkt.ID, ticket.StatusOPEN, ticket.BotStateANSWERING, "")
		if now := w.now(t, tkt.ID); now.PublicSeq != 1 || !now.BotDueAt.Equal(w.Clock.Now().Add(24*time.Hour)) {
			t.Errorf("%+v", now)
		}
	})
}

// Whoever hears of a message again that was answered does not close the ticket
// after ten minutes.
func TestHeardAgain(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		w.says = func(bot.Question) (bot.Answer, error) {
			one := uuid.Must(uuid.NewV7())
			return bot.Answer{Action: bot.ActionAnswer, Text: "Twice the same.", Articles: []uuid.UUID{one, one, one}}, nil
		}
		tkt := w.open(t, customer(w.alice))
		w.settle(t)
		w.write(t, func(ctx context.Context, tx *store.Tx) error {
			return w.bot.OnTicketOpened(ctx, tx, event.TicketOpened{TicketID: tkt.ID, MessageID: first(t, w, tkt.ID)})
		})
		w.settle(t)
		if now := w.now(t, tkt.ID); len(w.questions()) != 1 || !now.BotDueAt.Equal(w.Clock.Now().Add(24*time.Hour)) {
			t.Errorf("asked %d times, due at %v", len(w.questions()), now.BotDueAt)
		}
		if said := w.said(t, tkt.ID); len(said) != 1 || len(bot.Suggested(said[0])) != 1 {
			t.Errorf("%+v", said)
		}
		w.Clock.Add(11 * time.Minute)
		w.due(t)
		w.stands(t, tkt.ID, ticket.StatusOPEN, ticket.BotStateANSWERING, "")
	})
}

// What a person does to a ticket ends the bot's work on it, whatever it is; a
// note does not.
func TestStaffMoves(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		for name, c := range map[string]struct {
			act    func(t *ent.Ticket) error
			status ticket.Status
			state  ticket.BotState
		}{
			"snoozed": {func(tkt *ent.Ticket) error {
				_, err := w.tickets.SetStatus(staff(w.sam), support.SetTicketStatusInput{TicketID: tkt.GlobalID(), Status: ptr(ticket.StatusSNOOZED)})
				return err
			}, ticket.StatusSNOOZED, ticket.BotStateDONE},
			"begun": {func(tkt *ent.Ticket) error {
				_, err := w.tickets.SetStatus(staff(w.sam), support.SetTicketStatusInput{TicketID: tkt.GlobalID(), Reason: ptr(ticket.StatusReasonIN_PROGRESS)})
				return err
			}, ticket.StatusOPEN, ticket.BotStateDONE},
			"made urgent": {func(tkt *ent.Ticket) error {
				_, err := w.tickets.SetStatus(staff(w.sam), support.SetTicketStatusInput{TicketID: tkt.GlobalID(), Priority: ptr(ticket.PriorityURGENT)})
				return err
			}, ticket.StatusOPEN, ticket.BotStateANSWERING},
			"noted": {func(tkt *ent.Ticket) error {
				_, err := w.tickets.AddNote(staff(w.sam), support.AddInternalNoteInput{TicketID: tkt.GlobalID(), Body: "hm"})
				return err
			}, ticket.StatusOPEN, ticket.BotStateANSWERING},
		} {
			tkt := w.open(t, customer(w.alice))
			w.settle(t)
			if err := c.act(tkt); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			w.settle(t)
			outcome := ticket.BotOutcome("")
			if c.state == ticket.BotStateDONE {
				outcome = ticket.BotOutcomeROUTED
			}
			if w.stands(t, tkt.ID, c.status, c.state, outcome); t.Failed() {
				t.Fatal(name)
			}
		}
	})
}

// A ticket that is merged away is none of the bot's; what it says then is
// thrown away, and whoever judges it is told where to go.
func TestMerged(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		into, err := w.tickets.Open(customer(w.alice), support.OpenTicketInput{Subject: "Bad", Body: "Very", Kind: ptr(ticket.KindCOMPLAINT)})
		if err != nil {
			t.Fatal(err)
		}
		w.says = func(q bot.Question) (bot.Answer, error) {
			_, _, err := w.tickets.Merge(staff(w.sam), support.MergeTicketsInput{TicketID: q.TicketID, IntoID: into.GlobalID()})
			return bot.Answer{Action: bot.ActionAnswer, Text: "Too late."}, err
		}
		tkt := w.open(t, customer(w.alice))
		w.settle(t)
		w.stands(t, tkt.ID, ticket.StatusCLOSED, ticket.BotStateDONE, ticket.BotOutcomeROUTED)
		for _, id := range []uuid.UUID{tkt.ID, into.ID} {
			if said := w.said(t, id); len(said) != 0 {
				t.Errorf("said %+v", said)
			}
		}
		_, err = w.bot.RequestOperator(customer(w.alice), bot.RequestOperatorInput{TicketID: tkt.GlobalID()})
		if f := theFault(t, err, support.ErrTicketMerged, "input", "ticketId"); f.Params["ticketId"] != into.GlobalID().String() {
			t.Errorf("%v", f.Params)
		}
		for _, helped := range []bool{true, false} {
			_, err = w.bot.Confirm(customer(w.alice), bot.ConfirmBotAnswerInput{TicketID: tkt.GlobalID(), Helped: helped})
			wantFault(t, err, support.ErrTicketMerged, "input", "ticketId")
		}
	})
}

// The customer confirms and asks for a person at the same moment: one of both
// holds, and nothing between them.
func TestJudgedTwice(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		tkt := w.open(t, customer(w.alice))
		w.settle(t)
		var wg sync.WaitGroup
		var confirmed, requested error
		wg.Go(func() {
			_, confirmed = w.bot.Confirm(customer(w.alice), bot.ConfirmBotAnswerInput{TicketID: tkt.GlobalID(), Helped: true})
		})
		wg.Go(func() {
			_, requested = w.bot.RequestOperator(customer(w.alice), bot.RequestOperatorInput{TicketID: tkt.GlobalID()})
		})
		wg.Wait()
		w.settle(t)
		if confirmed == nil {
			wantFault(t, requested, support.ErrTicketClosed)
			w.stands(t, tkt.ID, ticket.StatusCLOSED, ticket.BotStateDONE, ticket.BotOutcomeCONFIRMED)
			return
		}
		wantFault(t, confirmed, bot.ErrBotDone)
		if requested != nil {
			t.Error(requested)
		}
		w.stands(t, tkt.ID, ticket.StatusOPEN, ticket.BotStateDONE, ticket.BotOutcomeROUTED)
	})
}

// A flood of calls: at once no more than five wait, and closing them makes room
// for twenty in a day.
func TestFloodOfCalls(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		in := bot.RequestCallbackInput{Phone: "+442079460018", At: w.Clock.Now().Add(time.Hour)}
		var wg sync.WaitGroup
		ids, errs := make([]scalar.ID, 8), make([]error, 8)
		for i := range ids {
			wg.Go(func() {
				tkt, err := w.bot.RequestCallback(customer(w.alice), in)
				if errs[i] = err; err == nil {
					ids[i] = tkt.GlobalID()
				}
			})
		}
		wg.Wait()
		opened := 0
		for i, err := range errs {
			if err != nil {
				wantFault(t, err, bot.ErrTooManyItems)
				continue
			}
			opened++
			if _, err := w.tickets.Close(customer(w.alice), support.CloseTicketInput{TicketID: ids[i]}); err != nil {
				t.Fatal(err)
			}
		}
		if opened != 5 {
			t.Errorf("%d calls wait", opened)
		}
		// Also for a company: it is the same person.
		for range 15 {
			tkt, err := w.bot.RequestCallback(customer(w.alice), in)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := w.tickets.Close(customer(w.alice), support.CloseTicketInput{TicketID: tkt.GlobalID()}); err != nil {
				t.Fatal(err)
			}
		}
		_, err := w.bot.RequestCallback(customer(w.alice), in)
		if f := theFault(t, err, bot.ErrTooManyItems); f.Params["limit"] != 20 {
			t.Errorf("%v", f.Params)
		}
		if _, err := w.bot.RequestCallback(customer(w.bob), in); err != nil {
			t.Error(err)
		}
		w.Clock.Add(24 * time.Hour)
		in.At = w.Clock.Now().Add(time.Hour)
		if _, err := w.bot.RequestCallback(customer(w.alice), in); err != nil {
			t.Error(err)
		}
	})
}

// Times and languages that are none.
func TestOddCalls(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		w.Clock.Add(700 * time.Millisecond)
		now := w.Clock.Now()
		for _, at := range []time.Time{{}, time.Date(9999, 12, 31, 23, 59, 59, 0, time.FixedZone("", -12*3600)), now} {
			_, err := w.bot.RequestCallback(customer(w.alice), bot.RequestCallbackInput{Phone: "+442079460018", At: at, ClientMessageID: ptr(at.String())})
			f := theFault(t, err, fault.ErrOutOfRange, "input", "at")
			for _, bound := range []string{"min", "max"} { // what it says may be asked for
				said, _ := time.Parse(time.RFC3339, f.Params[bound].(string))
				if _, err := w.bot.RequestCallback(customer(w.alice), bot.RequestCallbackInput{Phone: "+442079460018", At: said}); err != nil && !isFull(err) {
					t.Errorf("%s %s: %v", bound, said, err)
				}
			}
		}
		for _, lang := range []string{"de", "en_US", "x", "", "русский"} {
			_, err := w.bot.RequestCallback(customer(w.bob), bot.RequestCallbackInput{Phone: "+442079460018", At: now.Add(time.Hour), Locale: &lang})
			wantFault(t, err, fault.ErrInvalidValue, "input", "locale")
		}
		tkt, err := w.bot.RequestCallback(customer(w.bob), bot.RequestCallbackInput{Phone: "+442079460018", At: now.Add(time.Hour), Locale: ptr("ru-RU")})
		if err != nil || tkt.Locale != "ru" || tkt.Subject != "Позвоните мне" {
			t.Errorf("%+v %v", tkt, err)
		}
		n, err := w.Client.TicketMessage.Query().Where(ticketmessage.TicketID(tkt.ID), ticketmessage.KindEQ(ticketmessage.KindMESSAGE)).Count(storetest.System())
		if err != nil || n != 1 {
			t.Errorf("%d messages, %v", n, err)
		}
	})
}

func isFull(err error) bool {
	f, ok := fault.As(err)
	return ok && f.Code == bot.ErrTooManyItems.Code
}
