package bot_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"kabinet/ent/generated/ticket"
	"kabinet/ent/generated/ticketmessage"
	"kabinet/internal/event"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
	"kabinet/internal/support"
	"kabinet/internal/support/bot"
)

// The bot answers the first message, once, however often it is told of it.
func TestAnswerOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		one, other := uuid.Must(uuid.NewV7()), uuid.Must(uuid.NewV7())
		w.says = func(bot.Question) (bot.Answer, error) {
			return bot.Answer{Action: bot.ActionAnswer, Text: " It is <b>on</b> its way.\r\nSoon. ", Articles: []uuid.UUID{one, other}}, nil
		}
		w.bot.Readable = func(_ context.Context, ids []uuid.UUID) ([]uuid.UUID, error) { return ids[:1], nil }
		tkt := w.open(t, customer(w.alice))
		w.settle(t)
		w.stands(t, tkt.ID, ticket.StatusOPEN, ticket.BotStateANSWERING, "")
		said := w.said(t, tkt.ID)
		if len(said) != 1 || said[0].Body != "It is <b>on</b> its way.\nSoon." || said[0].AuthorName != "Assistant" || said[0].AuthorID != nil {
			t.Fatalf("said %+v", said)
		}
		if ids := bot.Suggested(said[0]); len(ids) != 1 || *ids[0] != (scalar.ID{Prefix: "art", UUID: one}) {
			t.Errorf("offers %v", ids)
		}
		now := w.now(t, tkt.ID)
		if now.PublicSeq != 1 || *now.LastMessageID != said[0].ID || !now.BotDueAt.Equal(w.Clock.Now().Add(24*time.Hour)) {
			t.Errorf("after it: %+v", now)
		}
		// It is told again, twice at once.
		for range 2 {
			w.write(t, func(ctx context.Context, tx *store.Tx) error {
				return w.bot.OnTicketOpened(ctx, tx, event.TicketOpened{TicketID: tkt.ID, MessageID: first(t, w, tkt.ID)})
			})
		}
		w.settle(t)
		if said := w.said(t, tkt.ID); len(said) != 1 {
			t.Errorf("said it %d times", len(said))
		}
	})
}

func first(t *testing.T, w *world, id uuid.UUID) uuid.UUID {
	t.Helper()
	key, err := w.Client.TicketMessage.Query().Where(ticketmessage.TicketID(id), ticketmessage.Seq(1)).OnlyID(storetest.System())
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// What the bot is shown: what everybody sees, the last 20, and of nobody a name.
func TestQuestion(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		tkt := w.open(t, customer(w.alice))
		if _, err := w.tickets.AddNote(staff(w.sam), support.AddInternalNoteInput{TicketID: tkt.GlobalID(), Body: "a secret"}); err != nil {
			t.Fatal(err)
		}
		for i := range 24 {
			w.reply(t, customer(w.alice), tkt.GlobalID(), fmt.Sprintf("more %d", i))
		}
		w.settle(t)
		asked := w.questions()
		if len(asked) != 1 {
			t.Fatalf("asked %d times of one that waits", len(asked))
		}
		q := asked[0]
		if n := len(q.Messages); n != 20 || q.Messages[19].Body != "more 23" || q.Messages[0].Body != "more 4" || q.MessageID != q.Messages[19].ID {
			t.Errorf("shown %d: %+v", n, q)
		}
		for _, m := range q.Messages {
			if m.Author != "CUSTOMER" || strings.Contains(m.Body, "secret") {
				t.Errorf("shown %+v", m)
			}
		}
		if q.TicketID != tkt.GlobalID() || q.Subject != "Where is it?" || q.Kind != "QUESTION" || q.Locale != "en" || q.Turn != 1 || q.TurnsLeft != 4 || q.OrderID != nil {
			t.Errorf("%+v", q)
		}
	})
}

// Follow-ups go to the bot, as often as it may answer; then people get them.
func TestTurns(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		tkt := w.open(t, customer(w.alice))
		for turn := 1; turn <= 5; turn++ {
			w.settle(t)
			w.stands(t, tkt.ID, ticket.StatusOPEN, ticket.BotStateANSWERING, "")
			if said := w.said(t, tkt.ID); len(said) != turn {
				t.Fatalf("%d answers after %d messages", len(said), turn)
			}
			w.reply(t, customer(w.alice), tkt.GlobalID(), "And now?")
		}
		w.settle(t)
		w.stands(t, tkt.ID, ticket.StatusOPEN, ticket.BotStateDONE, ticket.BotOutcomeROUTED)
		if asked := w.questions(); len(asked) != 5 || asked[4].TurnsLeft != 0 || asked[4].Turn != 5 {
			t.Errorf("asked %d times", len(asked))
		}
		w.reply(t, customer(w.alice), tkt.GlobalID(), "Hello?")
		w.settle(t)
		if len(w.questions()) != 5 {
			t.Error("it was asked after it was done")
		}
	})
}

// Whatever goes wrong with the bot, people get the ticket.
func TestHandOff(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		for name, c := range map[string]struct {
			answer bot.Answer
			err    error
			says   string
		}{
			"error":          {err: errors.New("no route")},
			"hand-off":       {answer: bot.Answer{Action: bot.ActionHandOff}},
			"with a word":    {answer: bot.Answer{Action: bot.ActionHandOff, Text: "A colleague knows."}, says: "A colleague knows."},
			"nothing":        {answer: bot.Answer{Action: bot.ActionNothing, Text: "ignored"}},
			"empty":          {answer: bot.Answer{Action: bot.ActionAnswer, Text: " \n "}},
			"no action":      {answer: bot.Answer{Text: "x"}},
			"unknown action": {answer: bot.Answer{Action: "EXPLODE", Text: "x"}},
			"too long":       {answer: bot.Answer{Action: bot.ActionAnswer, Text: strings.Repeat("ы", 4001)}},
			"control":        {answer: bot.Answer{Action: bot.ActionAnswer, Text: "a\x00b"}},
			"not UTF-8":      {answer: bot.Answer{Action: bot.ActionAnswer, Text: "a\xffb"}},
			"many articles":  {answer: bot.Answer{Action: bot.ActionAnswer, Text: "x", Articles: make([]uuid.UUID, 6)}},
		} {
			w.mu.Lock()
			w.says = func(bot.Question) (bot.Answer, error) { return c.answer, c.err }
			w.mu.Unlock()
			tkt := w.open(t, customer(w.alice))
			w.settle(t)
			said := w.said(t, tkt.ID)
			if c.says == "" && len(said) > 0 || c.says != "" && (len(said) != 1 || said[0].Body != c.says) {
				t.Errorf("%s: said %v", name, said)
			}
			w.stands(t, tkt.ID, ticket.StatusOPEN, ticket.BotStateDONE, ticket.BotOutcomeROUTED)
			if t.Failed() {
				t.Fatal(name)
			}
		}
	})
}

// Whoever speaks while the bot thinks wins: what it says then is thrown away.
func TestMeanwhile(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		for name, c := range map[string]struct {
			act     func(id scalar.ID) error
			outcome ticket.BotOutcome
			status  ticket.Status
			says    int
		}{
			"an operator answers": {act: func(id scalar.ID) error {
				_, _, err := w.tickets.Reply(staff(w.sam), support.ReplyToTicketInput{TicketID: id, Body: "Here I am."})
				return err
			}, outcome: ticket.BotOutcomeROUTED, status: ticket.StatusSNOOZED},
			"an operator takes it": {act: func(id scalar.ID) error {
				return w.InTx(staff(w.sam), func(ctx context.Context, tx *store.Tx) error {
					tkt, err := w.tickets.LockIn(ctx, tx, id.UUID)
					if err != nil {
						return err
					}
					return w.tickets.AssignIn(ctx, tx, tkt, &w.sam)
				})
			}, outcome: ticket.BotOutcomeROUTED, status: ticket.StatusOPEN},
			"the customer asks for a person": {act: func(id scalar.ID) error {
				_, err := w.bot.RequestOperator(customer(w.alice), bot.RequestOperatorInput{TicketID: id})
				return err
			}, outcome: ticket.BotOutcomeROUTED, status: ticket.StatusOPEN},
			"the customer closes it": {act: func(id scalar.ID) error {
				_, err := w.tickets.Close(customer(w.alice), support.CloseTicketInput{TicketID: id})
				return err
			}, outcome: ticket.BotOutcomeABANDONED, status: ticket.StatusCLOSED},
			"the customer writes more": {act: func(id scalar.ID) error {
				w.mu.Lock()
				w.says = nil
				w.mu.Unlock()
				_, _, err := w.tickets.Reply(customer(w.alice), support.ReplyToTicketInput{TicketID: id, Body: "Moreover"})
				return err
			}, status: ticket.StatusOPEN, says: 1},
		} {
			w.mu.Lock()
			w.says = func(q bot.Question) (bot.Answer, error) {
				if err := c.act(q.TicketID); err != nil {
					t.Errorf("%s: %v", name, err)
				}
				return bot.Answer{Action: bot.ActionAnswer, Text: "Too late."}, nil
			}
			w.mu.Unlock()
			tkt := w.open(t, customer(w.alice))
			w.settle(t)
			said := w.said(t, tkt.ID)
			if len(said) != c.says || c.says == 1 && said[0].Body != "Look here." {
				t.Errorf("%s: said %d", name, len(said))
			}
			state := ticket.BotStateDONE
			if c.outcome == "" {
				state = ticket.BotStateANSWERING
			}
			w.stands(t, tkt.ID, c.status, state, c.outcome)
			if t.Failed() {
				t.Fatal(name)
			}
		}
	})
}

// The built-in bot offers what fits and was not offered, and else people get it.
func TestFromArticles(t *testing.T) {
	t.Parallel()
	one, two := bot.Found{ID: uuid.New(), Title: "Delivery", Summary: "How  we\nsend."}, bot.Found{ID: uuid.New(), Title: strings.Repeat("я", 300)}
	var looked string
	answer := bot.FromArticles(func(_ context.Context, text, lang string, limit int) ([]bot.Found, error) {
		looked = fmt.Sprintf("%s|%s|%d", text, lang, limit)
		return []bot.Found{one, two}, nil
	})
	q := bot.Question{Subject: "Parcel", Locale: "ru", Turn: 1, Messages: []bot.Message{{Body: "Where?"}}}
	a, err := answer(t.Context(), q)
	if err != nil || looked != "Parcel\nWhere?|ru|3" || a.Action != bot.ActionAnswer || len(a.Articles) != 2 ||
		!strings.Contains(a.Text, "статьи:\n\nDelivery\nHow we send.\n\nяя") || strings.Count(a.Text, "я") > 220 || !strings.Contains(a.Text, "Помогло?") {
		t.Errorf("%v %q %+v", err, looked, a)
	}
	q.Turn, q.Messages, q.Offered = 2, append(q.Messages, bot.Message{Body: "But when?"}), []uuid.UUID{one.ID}
	if a, err = answer(t.Context(), q); err != nil || looked != "But when?|ru|4" || len(a.Articles) != 1 || a.Articles[0] != two.ID {
		t.Errorf("%v %q %+v", err, looked, a)
	}
	q.Offered = append(q.Offered, two.ID)
	if a, err = answer(t.Context(), q); err != nil || a.Action != bot.ActionNothing {
		t.Errorf("%v %+v", err, a)
	}
}

func TestTakes(t *testing.T) {
	t.Parallel()
	b := &bot.Bot{Ask: func(context.Context, bot.Question) (bot.Answer, error) { return bot.Answer{}, nil }}
	id := uuid.New()
	for _, c := range []struct {
		o    support.Opening
		want bool
	}{
		{support.Opening{UserID: &id}, true},
		{support.Opening{UserID: &id, Kind: ticket.KindCONSULTATION, Channel: ticket.ChannelCHAT, First: support.Said{Author: ticketmessage.AuthorKindCUSTOMER}}, true},
		{support.Opening{UserID: &id, Kind: ticket.KindCOMPLAINT}, false},
		{support.Opening{UserID: &id, Kind: ticket.KindCALLBACK}, false},
		{support.Opening{UserID: &id, Channel: ticket.ChannelEMAIL}, false},
		{support.Opening{UserID: &id, Channel: ticket.ChannelPHONE}, false},
		{support.Opening{UserID: &id, First: support.Said{Author: ticketmessage.AuthorKindSTAFF}}, false},
		{support.Opening{}, false},
	} {
		if got := b.Takes(t.Context(), c.o); got != c.want {
			t.Errorf("%+v: %v", c.o, got)
		}
	}
	if (&bot.Bot{}).Takes(t.Context(), support.Opening{UserID: &id}) {
		t.Error("without a bot it takes")
	}
}
