package post_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/contactpoint"
	"kabinet/ent/generated/letter"
	"kabinet/ent/generated/ticket"
	"kabinet/ent/generated/ticketmessage"
	"kabinet/internal/event"
	"kabinet/internal/fault"
	"kabinet/internal/job"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
	"kabinet/internal/support"
	"kabinet/internal/support/post"
	"kabinet/internal/viewer"
)

// world has alice and bob, who have proven addresses, carol of acme, and sam of
// staff; letters that leave are caught.
type world struct {
	*storetest.DB
	post                         *post.Post
	tickets                      *support.Tickets
	alice, bob, carol, sam, acme uuid.UUID
	member                       viewer.Reach // of carol in acme
	n                            int
	mu                           sync.Mutex
	sent                         []post.Outgoing
}

const here = "support@shop.example"

var errBad = fault.New(fault.Invalid, "FILE_TYPE_REFUSED")

func newWorld(t *testing.T, db *storetest.DB) *world {
	t.Helper()
	check(t, job.Migrate(context.Background(), db.Store))
	w := &world{DB: db, acme: uuid.Must(uuid.NewV7()), member: viewer.ReachOwner}
	w.tickets = &support.Tickets{Store: db.Store, Attach: w.attach}
	sealer, err := store.NewSealer([]byte(strings.Repeat("s", 32)))
	check(t, err)
	w.post = &post.Post{
		Store: db.Store, Sealer: sealer, Tickets: w.tickets, Address: here, Own: []string{"account@shop.example"}, Locale: "en",
		Send: func(_ context.Context, o post.Outgoing) error {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.sent = append(w.sent, o)
			return nil
		},
		Keep: w.keep, Give: func(context.Context, *store.Tx, []uuid.UUID, uuid.UUID) error { return nil },
		Member: func(_ context.Context, user, company uuid.UUID) (viewer.Viewer, error) {
			if user != w.carol || company != w.acme || w.member == viewer.ReachNone {
				return viewer.Viewer{}, nil
			}
			return viewer.Viewer{UserID: user, OwnerID: company, Grants: grants(w.member)}, nil
		},
	}
	w.write(t, func(ctx context.Context, tx *store.Tx) error {
		for name, id := range map[string]*uuid.UUID{"Alice": &w.alice, "Bob": &w.bob, "Carol": &w.carol, "Sam": &w.sam} {
			u, err := tx.User.Create().SetDisplayName(name).SetStatus("ACTIVE").Save(ctx)
			if err != nil {
				return err
			}
			*id = u.ID
			if name == "Sam" {
				continue
			}
			if err := w.address(ctx, tx, u.ID, strings.ToLower(name)+"@example.com"); err != nil {
				return err
			}
		}
		return nil
	})
	return w
}

func (w *world) address(ctx context.Context, tx *store.Tx, user uuid.UUID, to string) error {
	return tx.ContactPoint.Create().SetUserID(user).SetKind(contactpoint.KindEMAIL).SetValue(to).SetValueKey(to).SetVerifiedAt(tx.Now).SetIsPrimary(true).Exec(ctx)
}

func grants(reach viewer.Reach) map[viewer.Permission]viewer.Reach {
	return map[viewer.Permission]viewer.Reach{{Resource: "ticket", Operation: "read"}: reach, {Resource: "ticket", Operation: "write"}: reach}
}

func (w *world) keep(_ context.Context, r io.Reader) (post.Kept, error) {
	b, err := io.ReadAll(r)
	switch {
	case err != nil:
		return post.Kept{}, err
	case strings.HasPrefix(string(b), "MZ"):
		return post.Kept{}, errBad
	}
	return post.Kept{Put: func(ctx context.Context, tx *store.Tx, owner uuid.UUID, user *uuid.UUID, title string) (uuid.UUID, error) {
		d, err := tx.Document.Create().SetOwnerID(owner).SetNillableUserID(user).SetKind("UPLOAD").SetStatus("READY").SetTitle(title).
			SetMime("text/plain").SetSize(int64(len(b))).SetBlobKey(uuid.NewString()).Save(ctx)
		if err != nil {
			return uuid.Nil, err
		}
		return d.ID, nil
	}}, nil
}

func (w *world) attach(ctx context.Context, tx *store.Tx, ids []uuid.UUID, _ *ent.Ticket) (all []support.Attachment, err error) {
	for _, id := range ids {
		d, err := tx.Document.Get(ctx, id)
		if err != nil {
			return nil, err
		}
		all = append(all, support.Attachment{DocumentID: id, Title: d.Title, Mime: *d.Mime, Size: *d.Size})
	}
	return all, nil
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (w *world) write(t testing.TB, f func(ctx context.Context, tx *store.Tx) error) {
	t.Helper()
	check(t, w.InTx(storetest.System(), f))
}

func staff(id uuid.UUID) context.Context {
	return viewer.With(context.Background(), viewer.Viewer{UserID: id, OwnerID: id, Staff: true, Locale: "en", Grants: grants(viewer.ReachAll)})
}

// letter is one of its own Message-ID.
func (w *world) letter(from, to, text string) post.Incoming {
	w.n++
	return post.Incoming{Key: fmt.Sprintf("%064d", w.n), To: []string{to}, From: from, Subject: "Where is it?", MessageID: fmt.Sprintf("m%d@example.com", w.n), Text: text, Size: 100}
}

// take takes a letter and gives what is kept of it.
func (w *world) take(t testing.TB, in post.Incoming) *ent.Letter {
	t.Helper()
	check(t, w.post.Take(context.Background(), in))
	return w.kept(t, in.Key)
}

func (w *world) kept(t testing.TB, key string) *ent.Letter {
	t.Helper()
	l, err := w.Client.Letter.Query().Where(letter.MessageKey(key)).WithTicket().WithMessage().Only(storetest.System())
	check(t, err)
	return l
}

// open opens a ticket of somebody in his account.
func (w *world) open(t testing.TB, ctx context.Context) *ent.Ticket {
	t.Helper()
	tkt, err := w.tickets.Open(ctx, support.OpenTicketInput{Subject: "Where is it?", Body: "I am waiting."})
	check(t, err)
	return tkt
}

func (w *world) replyAddress(t testing.TB, ctx context.Context, tkt *ent.Ticket) string {
	t.Helper()
	to := w.post.ReplyAddress(ctx, tkt)
	if to == nil {
		t.Fatal("there is no address")
	}
	return *to
}

// reply answers as staff and gives the letters that leave for it.
func (w *world) reply(t testing.TB, tkt *ent.Ticket, body string) []post.Outgoing {
	t.Helper()
	_, _, err := w.tickets.Reply(staff(w.sam), support.ReplyToTicketInput{TicketID: tkt.GlobalID(), Body: body})
	check(t, err)
	return w.leave(t)
}

// leave has everything heard and every letter of it sent.
func (w *world) leave(t testing.TB) []post.Outgoing {
	t.Helper()
	before := len(w.sent)
	_, err := w.Hear(storetest.System(), 1000, w.post.Hearers(), func(_ context.Context, _ *store.Tx, h string, e event.Stored, err error) error {
		return errors.Join(errors.New(h+" failed on "+e.Kind), err)
	})
	check(t, err)
	w.work(t)
	return w.sent[before:]
}

// work does the jobs of letters.
func (w *world) work(t testing.TB) {
	t.Helper()
	rows, err := w.Query(context.Background(), `SELECT kind, args FROM river_job WHERE kind IN ('ticket-answer', 'ticket-receipt') ORDER BY id`)
	check(t, err)
	defer rows.Close()
	var jobs [][2]string
	for rows.Next() {
		var j [2]string
		check(t, rows.Scan(&j[0], &j[1]))
		jobs = append(jobs, j)
	}
	check(t, errors.Join(rows.Err(), rows.Close()))
	w.write(t, func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.Exec(ctx, `DELETE FROM river_job WHERE kind IN ('ticket-answer', 'ticket-receipt')`)
		return err
	})
	for _, j := range jobs {
		if strings.Contains(j[1], "@") { // security J9
			t.Errorf("a job holds %s", j[1])
		}
		if j[0] == "ticket-answer" {
			var a post.AnswerLetter
			check(t, json.Unmarshal([]byte(j[1]), &a))
			check(t, w.post.SendAnswer(storetest.System(), a))
			continue
		}
		var r post.ReceiptLetter
		check(t, json.Unmarshal([]byte(j[1]), &r))
		check(t, w.post.SendReceipt(storetest.System(), r, true))
	}
}

func (w *world) timeline(t testing.TB, id uuid.UUID) (all []string) {
	t.Helper()
	list, err := w.Client.TicketMessage.Query().Where(ticketmessage.TicketID(id), ticketmessage.KindNEQ(ticketmessage.KindEVENT)).Order(ticketmessage.BySeq()).All(storetest.System())
	check(t, err)
	for _, m := range list {
		who := string(m.AuthorKind)
		if m.AuthorID != nil {
			who = map[uuid.UUID]string{w.alice: "alice", w.bob: "bob", w.carol: "carol", w.sam: "sam"}[*m.AuthorID]
		}
		all = append(all, fmt.Sprintf("%s %s: %s", m.Visibility, who, m.Body))
	}
	return all
}

func (w *world) ticket(t testing.TB, id uuid.UUID) *ent.Ticket {
	t.Helper()
	tkt, err := w.Client.Ticket.Query().Where(ticket.ID(id)).Only(storetest.System())
	check(t, err)
	return tkt
}
