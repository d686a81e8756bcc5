package bot_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/riverqueue/river"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/membership"
	"kabinet/ent/generated/ticket"
	"kabinet/ent/generated/ticketmessage"
	"kabinet/internal/event"
	"kabinet/internal/fault"
	"kabinet/internal/job"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
	"kabinet/internal/support"
	"kabinet/internal/support/bot"
	"kabinet/internal/viewer"
)

var quiet = slog.New(slog.NewTextHandler(io.Discard, nil))

// world is a database with a bot that says what a test wants: alice and bob are
// customers, carol and dave work for acme, sam is staff.
type world struct {
	*storetest.DB
	tickets                            *support.Tickets
	bot                                *bot.Bot
	alice, bob, carol, dave, sam, acme uuid.UUID

	mu    sync.Mutex
	asked []bot.Question
	says  func(q bot.Question) (bot.Answer, error)
}

func newWorld(t *testing.T, db *storetest.DB) *world {
	t.Helper()
	w := &world{DB: db, tickets: &support.Tickets{Store: db.Store}, acme: uuid.Must(uuid.NewV7())}
	w.bot = &bot.Bot{Store: db.Store, Tickets: w.tickets, Log: quiet, Ask: w.ask}
	w.bot.Readable = func(_ context.Context, ids []uuid.UUID) ([]uuid.UUID, error) { return ids, nil }
	w.tickets.BotTakes = w.bot.Takes
	db.Hearing(w.bot.Hearers())
	if err := job.Migrate(context.Background(), db.Store); err != nil {
		t.Fatal(err)
	}
	w.write(t, func(ctx context.Context, tx *store.Tx) error {
		for name, id := range map[string]*uuid.UUID{"Alice": &w.alice, "Bob": &w.bob, "Carol": &w.carol, "Dave": &w.dave, "Sam": &w.sam} {
			u, err := tx.User.Create().SetDisplayName(name).Save(ctx)
			if err != nil {
				return err
			}
			*id = u.ID
		}
		return tx.Membership.Create().SetUserID(w.sam).SetOwnerID(viewer.House).SetKind(membership.KindSTAFF).SetRoleID(uuid.New()).Exec(ctx)
	})
	w.work(t)
	return w
}

// work runs the jobs of this room.
func (w *world) work(t *testing.T) {
	t.Helper()
	workers := river.NewWorkers()
	w.bot.Work(workers)
	c, err := job.New(w.Store, job.Options{Workers: workers, Queues: map[string]int{bot.Queue: 4}, Log: quiet})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(context.Background()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := c.Stop(ctx); err != nil {
			t.Errorf("stop: %v", err)
		}
	})
}

func (w *world) ask(_ context.Context, q bot.Question) (bot.Answer, error) {
	w.mu.Lock()
	w.asked = append(w.asked, q)
	says := w.says
	w.mu.Unlock()
	if says == nil {
		return bot.Answer{Action: bot.ActionAnswer, Text: "Look here."}, nil
	}
	return says(q)
}

func (w *world) questions() []bot.Question {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.asked)
}

// hear lets the hearers hear all that was told.
func (w *world) hear(t *testing.T) {
	t.Helper()
	_, err := w.Hear(storetest.System(), 1000, w.bot.Hearers(), func(_ context.Context, _ *store.Tx, hearer string, _ event.Stored, err error) error {
		t.Errorf("%s: %v", hearer, err)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// settle hears, and waits until the bot has nothing to do.
func (w *world) settle(t *testing.T) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		w.hear(t)
		if w.count(t, `SELECT count(*) FROM river_job WHERE state IN ('available', 'running', 'retryable', 'scheduled', 'pending')`)+
			w.count(t, `SELECT count(*) FROM account_events WHERE NOT heard`) == 0 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("the bot does not come to an end")
		}
	}
}

func (w *world) count(t *testing.T, query string) (n int) {
	t.Helper()
	rows, err := w.Query(context.Background(), query)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := rows.Scan(&n); err != nil {
			t.Fatal(err)
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return n
}

func (w *world) write(t *testing.T, f func(ctx context.Context, tx *store.Tx) error) {
	t.Helper()
	if err := w.InTx(storetest.System(), f); err != nil {
		t.Fatal(err)
	}
}

// customer acts for himself.
func customer(id uuid.UUID) context.Context {
	return viewer.With(context.Background(), viewer.Viewer{UserID: id, OwnerID: id, Locale: "en"})
}

func staff(id uuid.UUID) context.Context {
	return viewer.With(context.Background(), viewer.Viewer{UserID: id, OwnerID: id, Staff: true, Locale: "en", Grants: map[viewer.Permission]viewer.Reach{
		{Resource: "ticket", Operation: "read"}: viewer.ReachAll, {Resource: "ticket", Operation: "write"}: viewer.ReachAll,
	}})
}

func member(id, company uuid.UUID, write viewer.Reach) context.Context {
	return viewer.With(context.Background(), viewer.Viewer{UserID: id, OwnerID: company, Locale: "en", Grants: map[viewer.Permission]viewer.Reach{
		{Resource: "ticket", Operation: "read"}: viewer.ReachOwner, {Resource: "ticket", Operation: "write"}: write,
	}})
}

func (w *world) open(t *testing.T, ctx context.Context) *ent.Ticket {
	t.Helper()
	tkt, err := w.tickets.Open(ctx, support.OpenTicketInput{Subject: "Where is it?", Body: "I am waiting."})
	if err != nil {
		t.Fatal(err)
	}
	return tkt
}

func (w *world) reply(t *testing.T, ctx context.Context, id scalar.ID, body string) {
	t.Helper()
	if _, _, err := w.tickets.Reply(ctx, support.ReplyToTicketInput{TicketID: id, Body: body}); err != nil {
		t.Fatal(err)
	}
}

// now is a ticket as it stands.
func (w *world) now(t *testing.T, id uuid.UUID) *ent.Ticket {
	t.Helper()
	tkt, err := w.Client.Ticket.Get(storetest.System(), id)
	if err != nil {
		t.Fatal(err)
	}
	return tkt
}

// stands wants the bot's state and outcome.
func (w *world) stands(t *testing.T, id uuid.UUID, status ticket.Status, state ticket.BotState, outcome ticket.BotOutcome) {
	t.Helper()
	tkt := w.now(t, id)
	got := ticket.BotOutcome("")
	if tkt.BotOutcome != nil {
		got = *tkt.BotOutcome
	}
	if tkt.Status != status || tkt.BotState != state || got != outcome {
		t.Errorf("%s %s %s, want %s %s %s", tkt.Status, tkt.BotState, got, status, state, outcome)
	}
	if (state == ticket.BotStateDONE) != (tkt.BotDueAt == nil) {
		t.Errorf("%s is due at %v", state, tkt.BotDueAt)
	}
}

// said are the bot's messages of a ticket.
func (w *world) said(t *testing.T, id uuid.UUID) []*ent.TicketMessage {
	t.Helper()
	all, err := w.Client.TicketMessage.Query().Where(ticketmessage.TicketID(id), ticketmessage.AuthorKindEQ(ticketmessage.AuthorKindBOT)).
		Order(ticketmessage.BySeq()).All(storetest.System())
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func wantFault(t *testing.T, err error, want *fault.Fault, path ...string) {
	t.Helper()
	_ = theFault(t, err, want, path...)
}

// theFault is wantFault that gives the fault, for its params.
func theFault(t *testing.T, err error, want *fault.Fault, path ...string) *fault.Fault {
	t.Helper()
	f, ok := fault.As(err)
	if !errors.Is(err, want) || !ok {
		t.Fatalf("got %v, want %s", err, want.Code)
	}
	got, _ := json.Marshal(f.Path)
	if expect, _ := json.Marshal(path); len(path) > 0 && string(got) != string(expect) {
		t.Fatalf("%s at %s, want %s", f.Code, got, expect)
	}
	return f
}

func ptr[T any](v T) *T { return &v }
