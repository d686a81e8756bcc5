package support_test

import (
	"context"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"

	"kabinet/ent/generated/ticket"
	"kabinet/ent/generated/ticketparticipant"
	"kabinet/internal/event"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store/storetest"
	"kabinet/internal/support"
	"kabinet/internal/viewer"
)

func TestOpen(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		order, entry := w.order(t, w.alice)
		ctx := storetest.As(w.alice)
		tkt, err := w.tickets.Open(ctx, support.OpenTicketInput{
			Subject: " Where is it? ", Body: "One.\r\nTwo.", Kind: ptr(ticket.KindCOMPLAINT), OrderID: &order, EntryID: &entry,
		})
		if err != nil {
			t.Fatal(err)
		}
		if !regexp.MustCompile(`^T261121-[0-9A-HJKMNP-TV-Z]{6}$`).MatchString(tkt.Number) {
			t.Errorf("number %q", tkt.Number)
		}
		if tkt.Subject != "Where is it?" || tkt.Kind != ticket.KindCOMPLAINT || tkt.Status != ticket.StatusOPEN || tkt.StatusReason != ticket.StatusReasonNEW {
			t.Errorf("ticket %v", tkt)
		}
		m, err := tkt.LastMessage(ctx)
		if err != nil || m == nil || m.Body != "One.\nTwo." || m.AuthorName != "Alice" || !w.tickets.IsMine(ctx, m) {
			t.Errorf("first message %v, %v", m, err)
		}
		if got := w.tickets.EntryID(tkt); got == nil || *got != entry {
			t.Errorf("entry %v, want %v", got, entry)
		}
		p, err := tkt.QueryParticipants().Only(ctx)
		if err != nil || p.UserID != w.alice || p.Role != ticketparticipant.RoleREQUESTER || p.LeftAt != nil {
			t.Errorf("participant %v, %v", p, err)
		}
		for _, stream := range []uuid.UUID{w.alice, tkt.ID} {
			if told := w.told(t, stream); len(told) != 1 || told[0].Kind != "ticket.opened" || told[0].Visibility != event.ToAll {
				t.Errorf("told to %s: %v", stream, told)
			}
		}
	})
}

// A retry, also of many at once, gives the same ticket.
func TestOpenRetried(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		in := support.OpenTicketInput{Subject: "Hello", Body: "There", ClientMessageID: ptr("c-1")}
		var mu sync.Mutex
		seen := map[uuid.UUID]bool{}
		var wg sync.WaitGroup
		for range 20 {
			wg.Go(func() {
				tkt, err := w.tickets.Open(storetest.As(w.alice), in)
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				defer mu.Unlock()
				seen[tkt.ID] = true
			})
		}
		wg.Wait()
		if n := db.Client.Ticket.Query().CountX(storetest.System()); len(seen) != 1 || n != 1 {
			t.Fatalf("%d answers, %d tickets", len(seen), n)
		}
		bobs, err := w.tickets.Open(storetest.As(w.bob), in)
		if err != nil || seen[bobs.ID] {
			t.Errorf("another person's id is another: %v, %v", bobs, err)
		}
		in.Body = "Something else"
		_, err = w.tickets.Open(storetest.As(w.alice), in)
		wantFault(t, err, fault.ErrIdempotencyKeyReused, "input", "clientMessageId")
	})
}

func TestOpenRefused(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		bobsOrder, bobsEntry := w.order(t, w.bob)
		good := support.OpenTicketInput{Subject: "s", Body: "b"}
		for name, c := range map[string]struct {
			change func(*support.OpenTicketInput)
			want   *fault.Fault
			field  string
		}{
			"empty subject":      {func(in *support.OpenTicketInput) { in.Subject = " \t" }, fault.ErrRequired, "subject"},
			"long subject":       {func(in *support.OpenTicketInput) { in.Subject = strings.Repeat("ж", 201) }, fault.ErrTooLong, "subject"},
			"two lines":          {func(in *support.OpenTicketInput) { in.Subject = "a\nb" }, fault.ErrInvalidValue, "subject"},
			"empty body":         {func(in *support.OpenTicketInput) { in.Body = "\n" }, fault.ErrRequired, "body"},
			"long body":          {func(in *support.OpenTicketInput) { in.Body = strings.Repeat("ж", 10_001) }, fault.ErrTooLong, "body"},
			"a NUL":              {func(in *support.OpenTicketInput) { in.Body = "a\x00b" }, fault.ErrInvalidValue, "body"},
			"empty client id":    {func(in *support.OpenTicketInput) { in.ClientMessageID = ptr("") }, fault.ErrRequired, "clientMessageId"},
			"long client id":     {func(in *support.OpenTicketInput) { in.ClientMessageID = ptr(strings.Repeat("x", 101)) }, fault.ErrTooLong, "clientMessageId"},
			"an order of Bob's":  {func(in *support.OpenTicketInput) { in.OrderID = &bobsOrder }, fault.ErrNotFound, "orderId"}, // security F8
			"an entry of Bob's":  {func(in *support.OpenTicketInput) { in.EntryID = &bobsEntry }, fault.ErrNotFound, "entryId"}, // security F8
			"no order at all":    {func(in *support.OpenTicketInput) { in.OrderID = &scalar.ID{Prefix: "order", UUID: uuid.New()} }, fault.ErrNotFound, "orderId"},
			"an id of a kind":    {func(in *support.OpenTicketInput) { in.OrderID = &bobsEntry }, fault.ErrInvalidID, "orderId"},
			"an entry of a kind": {func(in *support.OpenTicketInput) { in.EntryID = &bobsOrder }, fault.ErrInvalidID, "entryId"},
		} {
			in := good
			c.change(&in)
			_, err := w.tickets.Open(storetest.As(w.alice), in)
			t.Log(name)
			wantFault(t, err, c.want, "input", c.field)
		}
		for limit, in := range map[string]support.OpenTicketInput{"body": {Subject: "s", Body: strings.Repeat("ж", 10_000)}, "subject": {Subject: strings.Repeat("ж", 200), Body: "b"}} {
			if _, err := w.tickets.Open(storetest.As(w.alice), in); err != nil {
				t.Errorf("%s at its limit: %v", limit, err)
			}
		}
		_, err := w.tickets.Open(context.Background(), good)
		wantFault(t, err, fault.ErrUnauthenticated)
		_, err = w.tickets.Open(member(w.carol, w.acme, viewer.ReachOwner, viewer.ReachNone), good)
		wantFault(t, err, fault.ErrForbidden)
		if n := db.Client.Ticket.Query().CountX(storetest.System()); n != 2 {
			t.Errorf("%d tickets, want the 2 at the limits", n)
		}
	})
}

// A company's ticket is seen by colleagues as far as their role reaches.
func TestCompany(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		carol := member(w.carol, w.acme, viewer.ReachOwner, viewer.ReachOwner)
		tkt := w.open(t, carol)
		if tkt.OwnerID != w.acme || tkt.UserID == nil || *tkt.UserID != w.carol {
			t.Fatalf("owner %s, by %v", tkt.OwnerID, tkt.UserID)
		}
		for _, stream := range []uuid.UUID{w.carol, w.acme, tkt.ID} {
			if told := w.told(t, stream); len(told) != 1 {
				t.Errorf("told to %s: %v", stream, told)
			}
		}
		dave := member(w.dave, w.acme, viewer.ReachOwner, viewer.ReachOwner)
		w.reply(t, staff(w.sam), tkt, "We look into it.")
		if n := w.unread(t, dave, tkt.GlobalID()); n != 1 {
			t.Errorf("dave has %d unread", n)
		}
		if _, err := w.tickets.MarkRead(dave, support.MarkTicketReadInput{TicketID: tkt.GlobalID()}); err != nil {
			t.Fatal(err)
		}
		if d, c := w.unread(t, dave, tkt.GlobalID()), w.unread(t, carol, tkt.GlobalID()); d != 0 || c != 1 {
			t.Errorf("dave has %d unread, carol %d", d, c)
		}
		// A read mark is no right: out of the company, Dave sees nothing.
		_, err := w.tickets.Find(storetest.As(w.dave), tkt.GlobalID())
		wantFault(t, err, fault.ErrNotFound)

		reader := member(w.dave, w.acme, viewer.ReachOwner, viewer.ReachNone)
		_, _, err = w.tickets.Reply(reader, support.ReplyToTicketInput{TicketID: tkt.GlobalID(), Body: "x"})
		wantFault(t, err, fault.ErrForbidden)
		if got, err := w.tickets.AvailableActions(reader, tkt); err != nil || len(got) != 0 {
			t.Errorf("a reader may %v: %v", got, err)
		}
		narrow := member(w.dave, w.acme, viewer.ReachOwn, viewer.ReachOwn)
		_, _, err = w.tickets.Reply(narrow, support.ReplyToTicketInput{TicketID: tkt.GlobalID(), Body: "x"})
		wantFault(t, err, fault.ErrNotFound)

		w.reply(t, dave, tkt, "Thank you.")
		p, err := db.Client.TicketParticipant.Query().Where(ticketparticipant.UserID(w.dave)).Only(storetest.System())
		if err != nil || p.LeftAt != nil || p.Role != ticketparticipant.RoleFOLLOWER || p.ReadSeq != 1 {
			t.Errorf("who writes takes part: %v, %v", p, err)
		}
		// The requester writes also when he acts for himself.
		w.reply(t, storetest.As(w.carol), tkt, "And I say so too.")
		_, err = w.tickets.OfCompany(member(w.dave, w.acme, viewer.ReachNone, viewer.ReachNone), w.acme, nil, support.Page{})
		wantFault(t, err, fault.ErrForbidden)
	})
}
