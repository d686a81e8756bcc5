package post_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"kabinet/ent/generated/contactpoint"
	"kabinet/ent/generated/letter"
	"kabinet/ent/generated/ticket"
	"kabinet/ent/generated/ticketparticipant"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
	"kabinet/internal/support"
	"kabinet/internal/support/post"
	"kabinet/internal/viewer"
)

// want compares the timeline of a ticket.
func (w *world) want(t testing.TB, tkt scalar.ID, want ...string) {
	t.Helper()
	if got := w.timeline(t, tkt.UUID); !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// A letter to the signed address, from an address of that person, is his
// message; the same from anybody else, or one that the relay says is forged, is
// a note for staff.
func TestJoin(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		alice := storetest.As(w.alice)
		tkt := w.open(t, alice)
		to := w.replyAddress(t, alice, tkt)
		if local, _, ok := strings.Cut(to, "@"); !ok || len(local) > 64 || strings.ToLower(to) != to {
			t.Errorf("%s is no address", to)
		}
		l := w.take(t, w.letter("Alice@Example.com", strings.ToUpper(to), "In Elm Street."))
		if l.Outcome != letter.OutcomeJOINED || l.Reason != "" || *l.TicketID != tkt.ID || *l.Sender != "alice@example.com" {
			t.Fatalf("%+v", l)
		}
		w.want(t, tkt.GlobalID(), "ALL alice: I am waiting.", "ALL alice: In Elm Street.")
		before := w.ticket(t, tkt.ID)
		forged := w.letter("alice@example.com", to, "Send it to me.")
		forged.Verdict = post.Failed
		for _, in := range []post.Incoming{w.letter("bob@example.com", to, "I am Alice."), w.letter("eve@evil.example", to, "<b>Me</b>"), forged} {
			if l := w.take(t, in); l.Outcome != letter.OutcomeJOINED || l.Reason != "NOT_PROVEN" || l.Edges.Message.Visibility != "STAFF" || l.Edges.Message.AuthorID != nil {
				t.Errorf("%s: %+v", in.From, l)
			}
		}
		after := w.ticket(t, tkt.ID)
		if got := w.timeline(t, tkt.ID); len(got) != 5 || !strings.HasPrefix(got[2], "STAFF SYSTEM: A letter came") || !strings.Contains(got[3], "eve@evil.example") || !strings.HasSuffix(got[3], "<b>Me</b>") {
			t.Errorf("%q", got)
		}
		if after.Revision != before.Revision || !after.LastActivityAt.Equal(before.LastActivityAt) || after.StaffSeq != before.StaffSeq {
			t.Errorf("notes moved the ticket: %+v, %+v", before, after)
		}
		if sent := w.leave(t); len(sent) != 0 {
			t.Errorf("a stranger was told %+v", sent)
		}
		guess := strings.Replace(to, "-", "-a", 2)
		if l := w.take(t, w.letter("eve@evil.example", guess, "Hello")); l.Outcome != letter.OutcomeOPENED || *l.TicketID == tkt.ID {
			t.Errorf("a guess: %+v", l)
		}
	})
}

// A letter is taken once: again, twenty at once, and after a crash between.
func TestOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		alice := storetest.As(w.alice)
		tkt := w.open(t, alice)
		in := w.letter("alice@example.com", w.replyAddress(t, alice, tkt), "Once.")
		opens := w.letter("new@example.org", here, "Hello")
		var wg sync.WaitGroup
		for range 20 {
			for _, in := range []post.Incoming{in, opens} {
				wg.Go(func() {
					if err := w.post.Take(context.Background(), in); err != nil && fault.KindOf(err) != fault.TooMany {
						t.Error(err)
					}
				})
			}
		}
		wg.Wait()
		check(t, w.post.Take(context.Background(), in))
		w.want(t, tkt.GlobalID(), "ALL alice: I am waiting.", "ALL alice: Once.")
		if n := w.Client.Ticket.Query().Where(ticket.ContactEmail("new@example.org")).CountX(storetest.System()); n != 1 {
			t.Errorf("%d tickets", n)
		}
		if n := w.Client.Letter.Query().CountX(storetest.System()); n != 2 {
			t.Errorf("%d letters", n)
		}
	})
}

// Who writes first: a customer whom the relay has proven, one whom it has not,
// and a stranger.
func TestOpen(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		proven := w.letter("alice@example.com", here, "Where is my tea?")
		proven.Verdict = post.Passed
		a := w.take(t, proven)
		if tkt := w.ticket(t, *a.TicketID); a.Outcome != letter.OutcomeOPENED || a.Reason != "" || tkt.OwnerID != w.alice || tkt.Channel != ticket.ChannelEMAIL || tkt.ContactEmail != nil || tkt.Subject != "Where is it?" {
			t.Errorf("%+v %+v", a, tkt)
		}
		w.want(t, scalar.ID{UUID: *a.TicketID}, "ALL alice: Where is my tea?")
		not := w.take(t, w.letter("alice@example.com", here, "Где мой чай?"))
		if tkt := w.ticket(t, *not.TicketID); not.Reason != "NOT_PROVEN" || tkt.OwnerID != viewer.House || tkt.UserID != nil || *tkt.ContactEmail != "alice@example.com" || tkt.Locale != "ru" {
			t.Errorf("%+v %+v", not, tkt)
		}
		w.want(t, scalar.ID{UUID: *not.TicketID}, "ALL CUSTOMER: Где мой чай?")
		if n := w.Client.Ticket.Query().CountX(storetest.As(w.alice)); n != 1 {
			t.Errorf("alice sees %d tickets", n)
		}
		sent := w.leave(t)
		if len(sent) != 2 || sent[0].To != "alice@example.com" || !sent[0].Automatic || strings.Contains(sent[0].Text+sent[0].Subject, "tea") || !strings.HasPrefix(sent[1].Subject, "Мы получили") {
			t.Fatalf("%+v", sent)
		}
		odd := w.letter("new@example.org", here, "")
		odd.Subject, odd.Silent = "", true
		odd.Files = []post.File{{"a.txt", []byte("a")}, {"virus.exe", []byte("MZ")}}
		odd.Left = []string{"broken.png"}
		l := w.take(t, odd)
		if tkt := w.ticket(t, *l.TicketID); tkt.Subject != "A letter without a subject" {
			t.Errorf("%+v", tkt)
		}
		w.want(t, scalar.ID{UUID: *l.TicketID}, "ALL CUSTOMER: (The letter has no text.)\n\nFiles that were not kept:\n- broken.png: it is empty or broken\n- virus.exe: files of this type are not taken")
		if n := w.Client.TicketAttachment.Query().CountX(storetest.System()); n != 1 {
			t.Errorf("%d files", n)
		}
		if sent := w.leave(t); len(sent) != 0 {
			t.Errorf("who wants no automatic answer got %+v", sent)
		}
	})
}

// What no person wrote is kept on record and never answered.
func TestIgnored(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		alice := storetest.As(w.alice)
		tkt := w.open(t, alice)
		to := w.replyAddress(t, alice, tkt)
		with := func(change func(*post.Incoming)) post.Incoming {
			in := w.letter("alice@example.com", to, "I am away.")
			change(&in)
			return in
		}
		for want, in := range map[string]post.Incoming{
			"IGNORED AUTO_REPLY": with(func(in *post.Incoming) { in.Why = "AUTO_REPLY" }),
			"IGNORED LIST":       with(func(in *post.Incoming) { in.Why = "LIST" }),
			"IGNORED BOUNCE":     with(func(in *post.Incoming) { in.NullPath = true }),
			"IGNORED LOOP":       with(func(in *post.Incoming) { in.Loops = []string{here} }),
		} {
			if l := w.take(t, in); string(l.Outcome)+" "+l.Reason != want || l.TicketID != nil {
				t.Errorf("%s: %+v", want, l)
			}
		}
		for _, in := range []post.Incoming{
			with(func(in *post.Incoming) { in.MessageID = "kabinet.ticket.x@shop.example" }), with(func(in *post.Incoming) { in.From = "Account@shop.example" }), with(func(in *post.Incoming) { in.From = to }),
		} {
			if l := w.take(t, in); l.Reason != "LOOP" {
				t.Errorf("%s %s: %+v", in.From, in.MessageID, l)
			}
		}
		w.want(t, tkt.GlobalID(), "ALL alice: I am waiting.")
		if sent := w.leave(t); len(sent) != 0 {
			t.Errorf("%+v", sent)
		}
	})
}

func TestTooMany(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		for range 30 {
			w.take(t, w.letter("eve@evil.example", here, "Hello"))
		}
		last := w.letter("eve@evil.example", here, "Hello")
		if err := w.post.Take(context.Background(), last); !errors.Is(err, fault.ErrRateLimited) {
			t.Errorf("%v", err)
		}
		w.take(t, w.letter("new@example.org", here, "Hello"))
		if sent := w.leave(t); len(sent) != 4 { // three for eve
			t.Errorf("%d letters say that one came", len(sent))
		}
		w.Clock.Add(61 * time.Minute)
		w.take(t, last)
	})
}

// A reply to a merged ticket joins the one it went to, one to a closed ticket
// reopens it, and who takes no part any more writes nothing.
func TestMovedTickets(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		alice := storetest.As(w.alice)
		first, second := w.open(t, alice), w.open(t, alice)
		to := w.replyAddress(t, alice, first)
		w.write(t, func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.Exec(ctx, `UPDATE tickets SET merged_into_id = ?, status = 'CLOSED', status_reason = 'DUPLICATE' WHERE id = ?`, second.ID, first.ID)
			return err
		})
		_, err := w.tickets.Close(staff(w.sam), support.CloseTicketInput{TicketID: second.GlobalID()})
		check(t, err)
		if l := w.take(t, w.letter("alice@example.com", to, "Not yet.")); *l.TicketID != second.ID || l.Reason != "" {
			t.Errorf("%+v", l)
		}
		if tkt := w.ticket(t, second.ID); tkt.Status != ticket.StatusOPEN || tkt.StatusReason != ticket.StatusReasonREOPENED {
			t.Errorf("%+v", tkt)
		}

		carol := viewer.With(context.Background(), viewer.Viewer{UserID: w.carol, OwnerID: w.acme, Locale: "en", Grants: grants(viewer.ReachOwner)})
		of := w.open(t, carol)
		to = w.replyAddress(t, carol, of)
		if l := w.take(t, w.letter("carol@example.com", to, "For acme.")); l.Reason != "" {
			t.Errorf("%+v", l)
		}
		w.member = viewer.ReachNone // her membership ended
		if l := w.take(t, w.letter("carol@example.com", to, "Still me.")); l.Reason != "NOT_PROVEN" {
			t.Errorf("%+v", l)
		}
		if sent := w.reply(t, of, "Hello"); len(sent) != 0 {
			t.Errorf("who left the company hears %+v", sent)
		}
		_, err = w.Client.TicketParticipant.Query().Where(ticketparticipant.TicketID(of.ID)).Only(storetest.System())
		check(t, err)
	})
}

const failed = "550 no such user"

// A letter that did not arrive is noted on the address that its signature names.
func TestBounce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		alice := storetest.As(w.alice)
		tkt := w.open(t, alice)
		to := w.replyAddress(t, alice, tkt)
		bounce := func(to string, f post.Failure) post.Incoming {
			in := w.letter("MAILER-DAEMON@mx.example.com", to, failed)
			in.Report, in.NullPath = &post.Report{Recipients: []post.Failure{f}}, true
			return in
		}
		gone := func(about string) post.Failure { return post.Failure{Address: about, Final: true, Gone: true} }
		bounced := func(who string) bool {
			return w.Client.ContactPoint.Query().Where(contactpoint.ValueKey(who), contactpoint.BouncedAtNotNil()).ExistX(storetest.System())
		}
		if l := w.take(t, bounce(here, gone("alice@example.com"))); l.Reason != "UNKNOWN" || bounced("alice@example.com") {
			t.Errorf("anybody can speak for a mailbox: %+v", l)
		}
		if l := w.take(t, bounce(to, post.Failure{Address: "alice@example.com"})); l.Reason != "DELAYED" || bounced("alice@example.com") {
			t.Errorf("%+v", l)
		}
		if l := w.take(t, bounce(to, post.Failure{Address: "alice@example.com", Final: true})); l.Outcome != letter.OutcomeBOUNCE || l.Reason != "" || bounced("alice@example.com") {
			t.Errorf("a full mailbox counts as none: %+v", l)
		}
		if sent := w.reply(t, tkt, "Are you there?"); len(sent) != 1 {
			t.Errorf("a mailbox that was full hears %+v", sent)
		}
		if l := w.take(t, bounce(to, gone("bob@example.com"))); l.Outcome != letter.OutcomeBOUNCE || !bounced("alice@example.com") || bounced("bob@example.com") {
			t.Errorf("%+v", l)
		}
		if sent := w.reply(t, tkt, "Hello"); len(sent) != 0 {
			t.Errorf("it goes on: %+v", sent)
		}
		if got := w.timeline(t, tkt.ID); len(got) != 5 || !strings.HasPrefix(got[1], "STAFF SYSTEM: Our answer by mail did not arrive: the mail server") || !strings.HasPrefix(got[3], "STAFF SYSTEM: Our answer by mail did not arrive: the address does not take it") {
			t.Errorf("%q", got)
		}
		w.take(t, w.letter("alice@example.com", to, "I am here."))
		if bounced("alice@example.com") {
			t.Error("she writes from it, and it still counts as dead")
		}
		if sent := w.reply(t, tkt, "Hello again"); len(sent) != 1 {
			t.Errorf("%+v", sent)
		}
	})
}
