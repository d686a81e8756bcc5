package bot_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/ticket"
	"kabinet/ent/generated/ticketmessage"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store/storetest"
	"kabinet/internal/support"
	"kabinet/internal/support/bot"
	"kabinet/internal/viewer"
)

func TestRequestCallback(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		now := w.Clock.Now()
		in := bot.RequestCallbackInput{Phone: "+44 20 7946 0018", At: now.Add(time.Hour), Locale: ptr("ru"), ClientMessageID: ptr("one")}
		var wg sync.WaitGroup
		ids := make([]scalar.ID, 3)
		for i := range ids {
			wg.Go(func() {
				tkt, err := w.bot.RequestCallback(customer(w.alice), in)
				if err != nil {
					t.Error(err)
					return
				}
				ids[i] = tkt.GlobalID()
			})
		}
		wg.Wait()
		if ids[0] != ids[1] || ids[0] != ids[2] {
			t.Fatalf("%v", ids)
		}
		w.settle(t)
		tkt := w.now(t, ids[0].UUID)
		if c := bot.Callback(tkt); c == nil || c.Phone != "+442079460018" || !c.At.Equal(in.At) {
			t.Errorf("%+v", c)
		}
		if tkt.Kind != ticket.KindCALLBACK || tkt.Locale != "ru" || tkt.Subject != "Позвоните мне" || tkt.BotState != ticket.BotStateNONE || bot.Of(tkt) != nil {
			t.Errorf("%+v", tkt)
		}
		m, err := w.Client.TicketMessage.Query().Where(ticketmessage.TicketID(tkt.ID), ticketmessage.KindEQ(ticketmessage.KindMESSAGE)).Only(storetest.System())
		if err != nil || m.AuthorName != "Alice" || strings.Contains(m.Body, "7946") || !strings.Contains(m.Body, "2026") {
			t.Errorf("%+v %v", m, err)
		}
		w.Clock.Add(2 * time.Hour) // a retry, after its time
		if again, err := w.bot.RequestCallback(customer(w.alice), in); err != nil || again.ID != tkt.ID {
			t.Errorf("%v %v", again, err)
		}
		in.Phone = "+442079460019"
		_, err = w.bot.RequestCallback(customer(w.alice), in)
		wantFault(t, err, fault.ErrIdempotencyKeyReused, "input", "clientMessageId")
		for range 4 {
			if _, err := w.bot.RequestCallback(customer(w.alice), bot.RequestCallbackInput{Phone: in.Phone, At: now.Add(24 * time.Hour)}); err != nil {
				t.Fatal(err)
			}
		}
		_, err = w.bot.RequestCallback(customer(w.alice), bot.RequestCallbackInput{Phone: in.Phone, At: now.Add(24 * time.Hour)})
		if f := theFault(t, err, bot.ErrTooManyItems); f.Params["limit"] != 5 {
			t.Errorf("%v", f.Params)
		}
		if _, err := w.tickets.Close(customer(w.alice), support.CloseTicketInput{TicketID: tkt.GlobalID()}); err != nil {
			t.Fatal(err)
		}
		if _, err = w.bot.RequestCallback(customer(w.alice), bot.RequestCallbackInput{Phone: in.Phone, At: now.Add(24 * time.Hour)}); err != nil {
			t.Error(err)
		}
		_, err = w.bot.RequestCallback(context.Background(), in)
		wantFault(t, err, fault.ErrUnauthenticated)
		_, err = w.bot.RequestCallback(member(w.dave, w.acme, viewer.ReachNone), bot.RequestCallbackInput{Phone: in.Phone, At: now.Add(24 * time.Hour)})
		wantFault(t, err, fault.ErrForbidden)
	})
}

// A call waits for its time: nobody is to answer before, and it is opened then,
// once, of two instances. What is wished for at once is open at once.
func TestCallWaitsForItsTime(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		start := w.Clock.Now()
		call := func(who context.Context, in time.Duration) *ent.Ticket {
			t.Helper()
			tkt, err := w.bot.RequestCallback(who, bot.RequestCallbackInput{Phone: "+442079460018", At: start.Add(in)})
			if err != nil {
				t.Fatal(err)
			}
			return tkt
		}
		is := func(name string, tkt *ent.Ticket, status ticket.Status, reason ticket.StatusReason, until *time.Time) {
			t.Helper()
			now := w.now(t, tkt.ID)
			if now.Status != status || now.StatusReason != reason || (now.SnoozedUntilAt == nil) != (until == nil) || until != nil && !now.SnoozedUntilAt.Equal(*until) {
				t.Errorf("%s: %s %s until %v", name, now.Status, now.StatusReason, now.SnoozedUntilAt)
			}
		}
		wished := start.Add(72 * time.Hour)
		soon := call(customer(w.bob), time.Minute)
		is("at once", soon, ticket.StatusOPEN, ticket.StatusReasonNEW, nil)
		is("nearly", call(customer(w.bob), time.Minute+time.Second), ticket.StatusSNOOZED, ticket.StatusReasonWAITING_FOR_DATE, ptr(start.Add(61*time.Second)))
		silent, answered, written := call(customer(w.alice), 72*time.Hour), call(customer(w.alice), 72*time.Hour), call(member(w.carol, w.acme, viewer.ReachOwner), 72*time.Hour)
		if silent.Channel != ticket.ChannelPHONE || silent.Status != ticket.StatusSNOOZED {
			t.Errorf("%+v", silent)
		}
		w.reply(t, staff(w.sam), answered.GlobalID(), "We shall.")
		is("answered", answered, ticket.StatusSNOOZED, ticket.StatusReasonWAITING_FOR_DATE, &wished)
		w.reply(t, member(w.carol, w.acme, viewer.ReachOwner), written.GlobalID(), "Have the papers ready.")
		is("written", written, ticket.StatusOPEN, ticket.StatusReasonNEW_REPLY, nil)
		w.reply(t, staff(w.sam), written.GlobalID(), "They are.")
		is("answered", written, ticket.StatusSNOOZED, ticket.StatusReasonWAITING_FOR_DATE, &wished)

		w.Clock.Add(72*time.Hour - time.Second)
		w.wake(t)
		is("a second before", silent, ticket.StatusSNOOZED, ticket.StatusReasonWAITING_FOR_DATE, &wished)
		w.Clock.Add(time.Second)
		w.wake(t)
		for _, tkt := range []*ent.Ticket{silent, answered, written} {
			is("at its time", tkt, ticket.StatusOPEN, ticket.StatusReasonREOPENED, nil)
		}
		events, err := w.Client.TicketMessage.Query().Where(ticketmessage.TicketID(silent.ID), ticketmessage.KindEQ(ticketmessage.KindEVENT)).
			Order(ticketmessage.BySeq()).All(storetest.System())
		if err != nil || len(events) != 2 || events[0].AuthorName != "Alice" || !strings.HasPrefix(events[0].Body, "Put off until ") || events[1].Body != "New status: Opened again." {
			t.Errorf("%v %v", events, err)
		}
		w.reply(t, staff(w.sam), silent.GlobalID(), "Nobody was there.")
		is("after the call", silent, ticket.StatusSNOOZED, ticket.StatusReasonWAITING_FOR_CUSTOMER, nil)
	})
}

// wake is the clock of two instances at once.
func (w *world) wake(t *testing.T) {
	t.Helper()
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			if _, err := w.tickets.WakeSnoozed(context.Background(), 100); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}

func TestRequestCallbackRules(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		now := w.Clock.Now()
		good := func() bot.RequestCallbackInput {
			return bot.RequestCallbackInput{Phone: "+442079460018", At: now.Add(time.Hour)}
		}
		for name, c := range map[string]struct {
			change func(in *bot.RequestCallbackInput)
			want   *fault.Fault
			path   []string
		}{
			"no country":    {func(in *bot.RequestCallbackInput) { in.Phone = "020 7946 0018" }, fault.ErrInvalidValue, []string{"input", "phone"}},
			"words":         {func(in *bot.RequestCallbackInput) { in.Phone = "+44CALLME" }, fault.ErrInvalidValue, []string{"input", "phone"}},
			"empty":         {func(in *bot.RequestCallbackInput) { in.Phone = "" }, fault.ErrInvalidValue, []string{"input", "phone"}},
			"now":           {func(in *bot.RequestCallbackInput) { in.At = now }, fault.ErrOutOfRange, []string{"input", "at"}},
			"past":          {func(in *bot.RequestCallbackInput) { in.At = now.Add(-time.Hour) }, fault.ErrOutOfRange, []string{"input", "at"}},
			"too far":       {func(in *bot.RequestCallbackInput) { in.At = now.Add(90*24*time.Hour + time.Second) }, fault.ErrOutOfRange, []string{"input", "at"}},
			"blank subject": {func(in *bot.RequestCallbackInput) { in.Subject = ptr(" ") }, fault.ErrRequired, []string{"input", "subject"}},
			"long subject":  {func(in *bot.RequestCallbackInput) { in.Subject = ptr(strings.Repeat("x", 201)) }, fault.ErrTooLong, []string{"input", "subject"}},
			"odd subject":   {func(in *bot.RequestCallbackInput) { in.Subject = ptr("a\x00b") }, fault.ErrInvalidValue, []string{"input", "subject"}},
			"long body":     {func(in *bot.RequestCallbackInput) { in.Body = ptr(strings.Repeat("x", 10001)) }, fault.ErrTooLong, []string{"input", "body"}},
			"client id":     {func(in *bot.RequestCallbackInput) { in.ClientMessageID = ptr("") }, fault.ErrRequired, []string{"input", "clientMessageId"}},
			"long id":       {func(in *bot.RequestCallbackInput) { in.ClientMessageID = ptr(strings.Repeat("x", 101)) }, fault.ErrTooLong, []string{"input", "clientMessageId"}},
			"order id":      {func(in *bot.RequestCallbackInput) { in.OrderID = &scalar.ID{Prefix: "usr", UUID: w.alice} }, fault.ErrInvalidID, []string{"input", "orderId"}},
			"order":         {func(in *bot.RequestCallbackInput) { in.OrderID = &scalar.ID{Prefix: "order", UUID: w.alice} }, fault.ErrNotFound, []string{"input", "orderId"}},
		} {
			in := good()
			c.change(&in)
			_, err := w.bot.RequestCallback(customer(w.alice), in)
			t.Run(name, func(t *testing.T) {
				if f := theFault(t, err, c.want, c.path...); c.want == fault.ErrOutOfRange && (f.Params["min"] == nil || f.Params["max"] == nil) {
					t.Errorf("%v", f.Params)
				}
			})
		}
		last := good()
		last.At = now.Add(90 * 24 * time.Hour)
		if _, err := w.bot.RequestCallback(customer(w.alice), last); err != nil {
			t.Error(err)
		}
	})
}
