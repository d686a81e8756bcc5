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
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
	"kabinet/internal/support"
	"kabinet/internal/support/bot"
	"kabinet/internal/viewer"
)

func TestConfirm(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		confirm := func(ctx context.Context, id scalar.ID, helped bool) error {
			_, err := w.bot.Confirm(ctx, bot.ConfirmBotAnswerInput{TicketID: id, Helped: helped})
			return err
		}
		tkt := w.open(t, customer(w.alice))
		wantFault(t, confirm(customer(w.alice), tkt.GlobalID(), true), bot.ErrNoBotAnswer, "input", "ticketId")
		w.settle(t)
		wantFault(t, confirm(customer(w.bob), tkt.GlobalID(), true), fault.ErrNotFound, "input", "ticketId")
		wantFault(t, confirm(staff(w.sam), tkt.GlobalID(), true), fault.ErrForbidden)
		wantFault(t, confirm(customer(w.alice), scalar.ID{Prefix: "msg", UUID: tkt.ID}, true), fault.ErrInvalidID, "input", "ticketId")
		for range 2 {
			if err := confirm(customer(w.alice), tkt.GlobalID(), true); err != nil {
				t.Fatal(err)
			}
		}
		w.settle(t)
		w.stands(t, tkt.ID, ticket.StatusCLOSED, ticket.BotStateDONE, ticket.BotOutcomeCONFIRMED)
		_, err := w.bot.RequestOperator(customer(w.alice), bot.RequestOperatorInput{TicketID: tkt.GlobalID()})
		wantFault(t, err, support.ErrTicketClosed)

		// It did not help after all.
		w.reply(t, customer(w.alice), tkt.GlobalID(), "Not at all")
		w.settle(t)
		w.stands(t, tkt.ID, ticket.StatusOPEN, ticket.BotStateDONE, ticket.BotOutcomeROUTED)

		again := w.open(t, customer(w.alice))
		w.settle(t)
		for range 2 {
			if err := confirm(customer(w.alice), again.GlobalID(), false); err != nil {
				t.Fatal(err)
			}
		}
		w.stands(t, again.ID, ticket.StatusOPEN, ticket.BotStateDONE, ticket.BotOutcomeROUTED)
		if f := theFault(t, confirm(customer(w.alice), again.GlobalID(), true), bot.ErrBotDone, "input", "ticketId"); f.Params["outcome"] != "ROUTED" {
			t.Errorf("%v", f.Params)
		}

		never, err := w.tickets.Open(customer(w.alice), support.OpenTicketInput{Subject: "Bad", Body: "Very", Kind: ptr(ticket.KindCOMPLAINT)})
		if err != nil {
			t.Fatal(err)
		}
		wantFault(t, confirm(customer(w.alice), never.GlobalID(), true), bot.ErrNoBotAnswer)
	})
}

// A no is heard after the bot was done, whatever it took for an answer: the
// ticket is open again, once, and people get it. A yes comes too late.
func TestNoAfterTheEnd(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		confirm := func(tkt *ent.Ticket, helped bool) error {
			_, err := w.bot.Confirm(customer(w.alice), bot.ConfirmBotAnswerInput{TicketID: tkt.GlobalID(), Helped: helped})
			return err
		}
		shut := func(tkt *ent.Ticket) {
			t.Helper()
			if _, err := w.tickets.Close(customer(w.alice), support.CloseTicketInput{TicketID: tkt.GlobalID()}); err != nil {
				t.Fatal(err)
			}
		}
		early := w.open(t, customer(w.alice))
		shut(early)
		confirmed, assumed, unread, left := w.open(t, customer(w.alice)), w.open(t, customer(w.alice)), w.open(t, customer(w.alice)), w.open(t, customer(w.alice))
		w.settle(t)
		wantFault(t, confirm(early, false), bot.ErrNoBotAnswer, "input", "ticketId")
		if err := confirm(confirmed, true); err != nil {
			t.Fatal(err)
		}
		if _, err := w.tickets.MarkRead(customer(w.alice), support.MarkTicketReadInput{TicketID: assumed.GlobalID()}); err != nil {
			t.Fatal(err)
		}
		shut(left)
		w.settle(t)
		w.Clock.Add(24 * time.Hour)
		w.due(t)
		w.settle(t)
		w.stands(t, unread.ID, ticket.StatusOPEN, ticket.BotStateDONE, ticket.BotOutcomeABANDONED)
		w.stands(t, left.ID, ticket.StatusCLOSED, ticket.BotStateDONE, ticket.BotOutcomeABANDONED)
		for tkt, outcome := range map[*ent.Ticket]ticket.BotOutcome{assumed: ticket.BotOutcomeASSUMED, unread: ticket.BotOutcomeABANDONED, left: ticket.BotOutcomeABANDONED} {
			if f := theFault(t, confirm(tkt, true), bot.ErrBotDone, "input", "ticketId"); f.Params["outcome"] != string(outcome) {
				t.Errorf("%v", f.Params)
			}
		}
		for tkt, reopened := range map[*ent.Ticket]int{confirmed: 1, assumed: 1, unread: 0, left: 1} {
			var wg sync.WaitGroup
			for range 3 {
				wg.Go(func() {
					if err := confirm(tkt, false); err != nil {
						t.Error(err)
					}
				})
			}
			wg.Wait()
			w.settle(t)
			w.stands(t, tkt.ID, ticket.StatusOPEN, ticket.BotStateDONE, ticket.BotOutcomeROUTED)
			if now := w.now(t, tkt.ID); now.Reopened != reopened || (now.StatusReason == ticket.StatusReasonREOPENED) != (reopened == 1) {
				t.Errorf("%s, reopened %d times", now.StatusReason, now.Reopened)
			}
			wantFault(t, confirm(tkt, true), bot.ErrBotDone)
		}
	})
}

// Of a company's ticket those may judge who may write in it.
func TestJudgeOfCompany(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		tkt := w.open(t, member(w.carol, w.acme, viewer.ReachOwner))
		w.settle(t)
		ask := func(ctx context.Context) error {
			_, err := w.bot.RequestOperator(ctx, bot.RequestOperatorInput{TicketID: tkt.GlobalID()})
			return err
		}
		wantFault(t, ask(member(w.dave, w.acme, viewer.ReachNone)), fault.ErrForbidden)
		wantFault(t, ask(customer(w.dave)), fault.ErrNotFound)
		wantFault(t, ask(staff(w.sam)), fault.ErrForbidden)
		revision := w.now(t, tkt.ID).Revision
		for range 2 {
			if err := ask(member(w.dave, w.acme, viewer.ReachOwner)); err != nil {
				t.Fatal(err)
			}
		}
		w.stands(t, tkt.ID, ticket.StatusOPEN, ticket.BotStateDONE, ticket.BotOutcomeROUTED)
		if now := w.now(t, tkt.ID); now.Revision != revision+1 {
			t.Errorf("revision %d after %d", now.Revision, revision)
		}
		events, err := w.Client.TicketMessage.Query().Where(ticketmessage.TicketID(tkt.ID), ticketmessage.KindEQ(ticketmessage.KindEVENT)).All(storetest.System())
		if err != nil || len(events) != 1 || events[0].Body != "A member of our staff will answer." {
			t.Errorf("%v %v", events, err)
		}
	})
}

// By the clock: what was read helped; what was not read, and who waits for the
// bot in vain, gets a person; once, of two instances.
func TestDue(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		seen, unseen := w.open(t, customer(w.alice)), w.open(t, customer(w.alice))
		w.settle(t)
		if _, err := w.tickets.MarkRead(customer(w.alice), support.MarkTicketReadInput{TicketID: seen.GlobalID()}); err != nil {
			t.Fatal(err)
		}
		w.settle(t)
		w.Clock.Add(24*time.Hour - time.Second)
		silent := w.open(t, customer(w.bob))
		w.hear(t) // the job is there, and its answer is lost
		w.settle(t)
		w.write(t, forget(silent.ID))
		w.due(t)
		w.stands(t, seen.ID, ticket.StatusOPEN, ticket.BotStateANSWERING, "")
		w.Clock.Add(time.Second)
		w.due(t)
		w.stands(t, seen.ID, ticket.StatusCLOSED, ticket.BotStateDONE, ticket.BotOutcomeASSUMED)
		w.stands(t, unseen.ID, ticket.StatusOPEN, ticket.BotStateDONE, ticket.BotOutcomeABANDONED)
		w.stands(t, silent.ID, ticket.StatusOPEN, ticket.BotStateANSWERING, "")
		w.Clock.Add(10 * time.Minute)
		w.due(t)
		w.stands(t, silent.ID, ticket.StatusOPEN, ticket.BotStateDONE, ticket.BotOutcomeROUTED)
		for id, want := range map[*scalar.ID]int{ptr(seen.GlobalID()): 2, ptr(unseen.GlobalID()): 1, ptr(silent.GlobalID()): 1} {
			n, err := w.Client.TicketMessage.Query().Where(ticketmessage.TicketID(id.UUID), ticketmessage.KindEQ(ticketmessage.KindEVENT)).Count(storetest.System())
			if err != nil || n != want {
				t.Errorf("%d events, want %d: %v", n, want, err)
			}
		}
		if n, err := w.bot.Due(context.Background(), 100); n != 0 || err != nil {
			t.Errorf("%d still due, %v", n, err)
		}
		w.settle(t)
		w.reply(t, customer(w.alice), seen.GlobalID(), "I am back")
		w.settle(t)
		w.stands(t, seen.ID, ticket.StatusOPEN, ticket.BotStateDONE, ticket.BotOutcomeROUTED)

		// That people work on it does not change what became of the answer; that
		// the customer is back does.
		w.write(t, func(ctx context.Context, tx *store.Tx) error {
			tkt, err := w.tickets.LockIn(ctx, tx, unseen.ID)
			if err != nil {
				return err
			}
			return w.tickets.AssignIn(ctx, tx, tkt, &w.sam)
		})
		w.reply(t, staff(w.sam), unseen.GlobalID(), "Have you seen it?")
		w.settle(t)
		w.stands(t, unseen.ID, ticket.StatusSNOOZED, ticket.BotStateDONE, ticket.BotOutcomeABANDONED)
		w.reply(t, customer(w.alice), unseen.GlobalID(), "Now I have")
		w.settle(t)
		w.stands(t, unseen.ID, ticket.StatusOPEN, ticket.BotStateDONE, ticket.BotOutcomeROUTED)
	})
}

// forget makes as if the bot had never been heard in a ticket.
func forget(id uuid.UUID) func(ctx context.Context, tx *store.Tx) error {
	return func(ctx context.Context, tx *store.Tx) error {
		if _, err := tx.Exec(ctx, `DELETE FROM ticket_messages WHERE ticket_id = ? AND author_kind = 'BOT'`, id); err != nil {
			return err
		}
		return tx.Ticket.UpdateOneID(id).SetBotDueAt(tx.Now.Add(10 * time.Minute)).Exec(ctx)
	}
}

// due is the clock of two instances at once, a ticket at a time.
func (w *world) due(t *testing.T) {
	t.Helper()
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			for range 5 {
				if _, err := w.bot.Due(context.Background(), 2); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
}

// A ticket that staff close, or that is merged, is none of the bot's.
func TestClosedByStaff(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		tkt := w.open(t, customer(w.alice))
		w.settle(t)
		if _, err := w.tickets.Close(staff(w.sam), support.CloseTicketInput{TicketID: tkt.GlobalID()}); err != nil {
			t.Fatal(err)
		}
		w.settle(t)
		w.stands(t, tkt.ID, ticket.StatusCLOSED, ticket.BotStateDONE, ticket.BotOutcomeROUTED)
	})
}
