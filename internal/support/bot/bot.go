// Package bot lets a machine answer questions before people do: the built-in
// one, which looks for articles, or one of the business's own, asked by a hook.
// What is asked of it and what it says is decided here; it is asked by a job,
// never in a transaction, and says nothing twice. Whoever asks for a person
// gets one, and so does everybody whom the bot fails. It writes bot_* of
// tickets, and callback_* through support.Opening; what it says it says through
// support.Tickets. It never calls an address itself and never sees a note, a
// name or an address of anybody.
package bot

import (
	"context"
	"log/slog"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/ticket"
	"kabinet/ent/generated/ticketmessage"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/support"
	"kabinet/internal/viewer"
)

// Bot is the service of this room.
type Bot struct {
	Store   *store.Store
	Tickets *support.Tickets
	// Ask asks the bot, as the customer: ctx reads what he may read. Its error
	// means that there is no answer. Nil: there is no bot.
	Ask func(ctx context.Context, q Question) (Answer, error)
	// Readable are those of some articles that the viewer of ctx may read, in
	// the same order. Nil: none.
	Readable func(ctx context.Context, ids []uuid.UUID) ([]uuid.UUID, error)
	Log      *slog.Logger // slog.Default() when nil
}

const (
	mostTurns    = 5                // answers in one ticket; then people get it
	shownToBot   = 20               // the last messages
	mostArticles = 5                // of one answer
	longestText  = 4_000            // characters of one answer
	askTime      = 25 * time.Second // of one question, whoever answers
	waitForBot   = 10 * time.Minute // for an answer; then people get it
	silence      = 24 * time.Hour   // after an answer
)

var (
	// ErrBotDone refuses to judge an answer when the bot is done already;
	// params.outcome.
	ErrBotDone = fault.New(fault.Refused, "BOT_DONE")
	// ErrNoBotAnswer refuses to judge an answer that was not given.
	ErrNoBotAnswer = fault.New(fault.Refused, "NO_BOT_ANSWER")
)

// Question is what the bot is asked.
type Question struct {
	TicketID  scalar.ID
	MessageID scalar.ID // the customer's message that waits for an answer
	Number    string
	Kind      string
	Subject   string
	Locale    string
	OrderID   *scalar.ID
	Turn      int         // from 1
	TurnsLeft int         // after this one
	Messages  []Message   // the last ones, oldest first
	Offered   []uuid.UUID // articles that it offered already
}

// Message is one message that everybody sees, without a name.
type Message struct {
	ID     scalar.ID
	Author string // CUSTOMER, STAFF, BOT or SYSTEM
	Body   string
	At     time.Time
}

// Action is what the bot does.
type Action string

// The actions.
const (
	ActionAnswer  Action = "ANSWER"
	ActionHandOff Action = "HANDOFF" // to people, with or without a word
	ActionNothing Action = "NOTHING" // it knows none: to people
)

// Answer is what it says.
type Answer struct {
	Action   Action
	Text     string
	Articles []uuid.UUID
}

// TicketBot is what the bot does with a ticket.
type TicketBot struct {
	State   ticket.BotState
	Outcome *ticket.BotOutcome
	DueAt   *time.Time
}

// TicketCallback is a call that was asked for.
type TicketCallback struct {
	Phone string
	At    time.Time
}

// Of is what the bot does with a ticket; nil where it never had it.
func Of(t *ent.Ticket) *TicketBot {
	if t.BotState == ticket.BotStateNONE || t.BotState == "" {
		return nil
	}
	return &TicketBot{State: t.BotState, Outcome: t.BotOutcome, DueAt: t.BotDueAt}
}

// Callback is the call that a ticket asks for; nil for none.
func Callback(t *ent.Ticket) *TicketCallback {
	if t.CallbackPhone == nil || t.CallbackAt == nil {
		return nil
	}
	return &TicketCallback{Phone: *t.CallbackPhone, At: *t.CallbackAt}
}

// The prefix of articles' ids, and where a message keeps them.
const (
	articlePrefix = "art"
	articlesKey   = "articleIds"
)

// Suggested are the articles that a message offers.
func Suggested(m *ent.TicketMessage) []*scalar.ID {
	ids := []*scalar.ID{}
	for _, key := range offered(m) {
		ids = append(ids, &scalar.ID{Prefix: articlePrefix, UUID: key})
	}
	return ids
}

func offered(m *ent.TicketMessage) (keys []uuid.UUID) {
	all, _ := m.Data[articlesKey].([]any)
	for _, one := range all {
		text, _ := one.(string)
		if id, err := scalar.ParseID(text); err == nil && id.Prefix == articlePrefix {
			keys = append(keys, id.UUID)
		}
	}
	return keys
}

// Takes says whether a new ticket is the bot's first: a question that a
// customer asks where he reads the answer.
func (b *Bot) Takes(_ context.Context, o support.Opening) bool {
	kind, channel := o.Kind, o.Channel
	if kind == "" {
		kind = ticket.DefaultKind
	}
	if channel == "" {
		channel = ticket.DefaultChannel
	}
	return b.Ask != nil && o.UserID != nil && (o.First.Author == "" || o.First.Author == ticketmessage.AuthorKindCUSTOMER) &&
		(kind == ticket.KindQUESTION || kind == ticket.KindCONSULTATION) && (channel == ticket.ChannelACCOUNT || channel == ticket.ChannelCHAT)
}

// The bot acts past the fence: it is nobody's colleague.
func asSystem(ctx context.Context) context.Context { return viewer.AsSystem(ctx, "support.bot") }

// asCustomer reads what the customer may read: his own, and what is for the
// company that he wrote for.
func asCustomer(ctx context.Context, t *ent.Ticket) context.Context {
	return viewer.With(ctx, viewer.Viewer{UserID: *t.UserID, OwnerID: t.OwnerID, Locale: t.Locale})
}

func (b *Bot) log() *slog.Logger {
	if b.Log == nil {
		return slog.Default()
	}
	return b.Log
}
