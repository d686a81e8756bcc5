package bot

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"
	"github.com/riverqueue/river"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/predicate"
	"kabinet/ent/generated/ticket"
	"kabinet/ent/generated/ticketmessage"
	"kabinet/internal/job"
	"kabinet/internal/locale"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/support"
)

// Queue is where questions wait for the bot, apart from letters: one that is
// slow must not keep those.
const Queue = "bot"

// answer is one message of a customer that waits for the bot.
type answer struct {
	Ticket  uuid.UUID `json:"ticket"`
	Message uuid.UUID `json:"message"`
}

// Kind implements river.JobArgs.
func (answer) Kind() string { return "bot_answer" }

// InsertOpts implements river.JobArgsWithInsertOpts.
func (answer) InsertOpts() river.InsertOpts { return river.InsertOpts{Queue: Queue, MaxAttempts: 5} }

// Work registers the jobs of this room.
func (b *Bot) Work(workers *river.Workers) { job.Handle(workers, b.answer) }

// answer asks the bot and writes what it said. What it said and the end of the
// job commit together; where the process dies before that, it is asked again.
func (b *Bot) answer(ctx context.Context, j *river.Job[answer]) error {
	ctx = asSystem(ctx)
	q, t, err := b.question(ctx, j.Args)
	if err != nil {
		return err
	}
	said := Answer{Action: ActionNothing}
	if q != nil {
		if said, err = b.ask(ctx, t, *q); err != nil {
			return err
		}
	}
	return b.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		if q != nil {
			if err := b.settle(ctx, tx, *q, said); err != nil {
				return err
			}
		}
		return job.Complete(ctx, tx, j)
	})
}

// question is what the bot is asked about a message; nil where nobody waits for
// an answer of it any more.
func (b *Bot) question(ctx context.Context, a answer) (*Question, *ent.Ticket, error) {
	t, err := b.Store.Client.Ticket.Query().Where(ticket.ID(a.Ticket)).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, nil, nil // erased since
	}
	if err != nil {
		return nil, nil, store.Translate(err)
	}
	if !answers(t) {
		return nil, nil, nil
	}
	last, err := b.Store.Client.TicketMessage.Query().Where(public(t.ID)...).
		Order(ticketmessage.BySeq(sql.OrderDesc())).Limit(shownToBot).All(ctx)
	if err != nil {
		return nil, nil, store.Translate(err)
	}
	if len(last) == 0 || last[0].ID != a.Message || last[0].AuthorKind != ticketmessage.AuthorKindCUSTOMER {
		return nil, nil, nil // somebody spoke since
	}
	said, err := b.Store.Client.TicketMessage.Query().Where(public(t.ID)...).Where(ticketmessage.AuthorKindEQ(ticketmessage.AuthorKindBOT)).All(ctx)
	if err != nil {
		return nil, nil, store.Translate(err)
	}
	return questionOf(t, last, said), t, nil
}

// questionOf puts a question together: of messages, the newest first, and what
// the bot said before.
func questionOf(t *ent.Ticket, last, said []*ent.TicketMessage) *Question {
	q := &Question{
		TicketID: t.GlobalID(), MessageID: last[0].GlobalID(), Number: t.Number, Kind: string(t.Kind), Subject: t.Subject, Locale: t.Locale,
		Turn: len(said) + 1, TurnsLeft: mostTurns - len(said) - 1,
	}
	if t.OrderID != nil {
		q.OrderID = &scalar.ID{Prefix: "order", UUID: *t.OrderID}
	}
	for _, m := range slices.Backward(last) {
		q.Messages = append(q.Messages, Message{ID: m.GlobalID(), Author: string(m.AuthorKind), Body: m.Body, At: m.CreatedAt})
	}
	for _, m := range said {
		q.Offered = append(q.Offered, offered(m)...)
	}
	return q
}

// answers says whether the bot still answers a ticket.
func answers(t *ent.Ticket) bool {
	return t.BotState == ticket.BotStateANSWERING && t.Status != ticket.StatusCLOSED && t.AssigneeID == nil && t.MergedIntoID == nil
}

// public are the messages of a ticket that everybody sees.
func public(of uuid.UUID) []predicate.TicketMessage {
	return []predicate.TicketMessage{
		ticketmessage.TicketID(of), ticketmessage.KindEQ(ticketmessage.KindMESSAGE),
		ticketmessage.VisibilityEQ(ticketmessage.VisibilityALL), ticketmessage.RemovedAtIsNil(),
	}
}

// ask asks the bot. Where it fails people get the ticket, which is no error:
// asking again would only make the customer wait. An error is ours.
func (b *Bot) ask(ctx context.Context, t *ent.Ticket, q Question) (Answer, error) {
	if b.Ask == nil || q.TurnsLeft < 0 || t.UserID == nil {
		return Answer{Action: ActionHandOff}, nil
	}
	within, cancel := context.WithTimeout(asCustomer(ctx, t), askTime)
	defer cancel()
	a, err := b.Ask(within, q)
	if ctx.Err() != nil {
		return a, ctx.Err() // we stop: it is asked again by whoever starts next
	}
	if err == nil {
		a, err = checkAnswer(a)
	}
	if err != nil {
		b.log().WarnContext(ctx, "the bot did not answer, people do", "ticket", q.TicketID.String(), "error", err.Error())
		return Answer{Action: ActionHandOff}, nil
	}
	if len(a.Articles) == 0 || b.Readable == nil {
		a.Articles = nil
		return a, nil
	}
	a.Articles, err = b.Readable(within, once(a.Articles))
	return a, err
}

// once are articles without those that are there already.
func once(keys []uuid.UUID) (some []uuid.UUID) {
	for _, key := range keys {
		if !slices.Contains(some, key) {
			some = append(some, key)
		}
	}
	return some
}

var errNoAnswer = errors.New("bot: it is no answer")

// checkAnswer takes what the bot said as text of a stranger.
func checkAnswer(a Answer) (Answer, error) {
	a.Text = strings.TrimSpace(strings.ReplaceAll(a.Text, "\r\n", "\n"))
	odd := strings.ContainsFunc(a.Text, func(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\t' })
	switch {
	case odd, !utf8.ValidString(a.Text), utf8.RuneCountInString(a.Text) > longestText, len(a.Articles) > mostArticles:
		return a, errNoAnswer
	case a.Action == ActionAnswer && a.Text == "":
		return a, errNoAnswer
	case a.Action != ActionAnswer && a.Action != ActionHandOff && a.Action != ActionNothing:
		return a, errNoAnswer
	}
	return a, nil
}

// settle writes what the bot said, unless somebody spoke or took the ticket
// meanwhile.
func (b *Bot) settle(ctx context.Context, tx *store.Tx, q Question, said Answer) error {
	t, err := b.hold(ctx, tx, q.TicketID.UUID)
	if t == nil || err != nil || !answers(t) {
		return err
	}
	newest, err := lastSaid(ctx, tx, t.ID)
	if err != nil || newest == nil || newest.ID != q.MessageID.UUID {
		return err
	}
	if said.Action != ActionNothing && said.Text != "" {
		if err := b.say(ctx, tx, t, q, said); err != nil {
			return err
		}
	}
	if said.Action == ActionAnswer {
		return b.wait(ctx, tx, t, silence)
	}
	return b.route(ctx, tx, t)
}

// lastSaid is the last message that everybody sees; nil for none.
func lastSaid(ctx context.Context, tx *store.Tx, of uuid.UUID) (*ent.TicketMessage, error) {
	m, err := tx.TicketMessage.Query().Where(public(of)...).Order(ticketmessage.BySeq(sql.OrderDesc())).First(ctx)
	if ent.IsNotFound(err) {
		return nil, nil
	}
	return m, err
}

// say writes the bot's message: once for a message of the customer.
func (b *Bot) say(ctx context.Context, tx *store.Tx, t *ent.Ticket, q Question, a Answer) error {
	ids := make([]any, len(a.Articles))
	for i, key := range a.Articles {
		ids[i] = scalar.ID{Prefix: articlePrefix, UUID: key}.String()
	}
	_, err := b.Tickets.SayIn(ctx, tx, t, support.Said{
		Author: ticketmessage.AuthorKindBOT, AuthorName: locale.Text(t.Locale, "support.bot.name", nil), Body: a.Text,
		Channel: ticketmessage.Channel(t.Channel), Data: map[string]any{articlesKey: ids}, Source: "bot", ExternalID: q.MessageID.String(),
	})
	return err
}

// wait notes until when the bot's turn lasts if nobody says anything.
func (b *Bot) wait(ctx context.Context, tx *store.Tx, t *ent.Ticket, long time.Duration) error {
	until := tx.Now.Add(long)
	t.BotDueAt = &until
	return tx.Ticket.UpdateOneID(t.ID).SetBotDueAt(until).Exec(ctx)
}
