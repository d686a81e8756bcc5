package bot_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

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
		if f := theFault(t, confirm(customer(w.alice), tkt.GlobalID(), false), bot.ErrBotDone, "input", "ticketId"); f.Params["outcome"] != "CONFIRMED" {
			t.Errorf("%v", f.Params)
		}
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
		wantFault(t, confirm(customer(w.alice), again.GlobalID(), true), bot.ErrBotDone)

		never, err := w.tickets.Open(customer(w.alice), support.OpenTicketInput{Subject: "Bad", Body: "Very", Kind: ptr(ticket.KindCOMPLAINT)})
		if err != nil {
			t.Fatal(err)
		}
		wantFault(t, confirm(customer(w.alice), never.GlobalID(), true), bot.ErrNoBotAnswer)
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

// By the clock: what was seen helped, what was not seen was left, and who waits
// for the bot in vain gets a person; once, of two instances.
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
		w.stands(t, unseen.ID, ticket.StatusCLOSED, ticket.BotStateDONE, ticket.BotOutcomeABANDONED)
		w.stands(t, silent.ID, ticket.StatusOPEN, ticket.BotStateANSWERING, "")
		w.Clock.Add(10 * time.Minute)
		w.due(t)
		w.stands(t, silent.ID, ticket.StatusOPEN, ticket.BotStateDONE, ticket.BotOutcomeROUTED)
		for id, want := range map[*scalar.ID]int{ptr(seen.GlobalID()): 2, ptr(unseen.GlobalID()): 2, ptr(silent.GlobalID()): 1} {
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
