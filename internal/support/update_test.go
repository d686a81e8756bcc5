package support_test

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/auditentry"
	"kabinet/ent/generated/document"
	"kabinet/ent/generated/ticket"
	"kabinet/ent/generated/ticketmessage"
	"kabinet/internal/event"
	"kabinet/internal/fault"
	"kabinet/internal/locale"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
	"kabinet/internal/support"
	"kabinet/internal/viewer"
)

// to is an id that is said, none one that is taken away.
func to(id scalar.ID) graphql.Omittable[*scalar.ID] { return graphql.OmittableOf(&id) }

var none = graphql.OmittableOf[*scalar.ID](nil)

// paper makes a document of an owner.
func (w *world) paper(t *testing.T, owner uuid.UUID, visibility document.Visibility) (id scalar.ID) {
	t.Helper()
	w.write(t, func(ctx context.Context, tx *store.Tx) error {
		d, err := tx.Document.Create().SetOwnerID(owner).SetKind(document.KindACT).SetTitle("Paper").SetVisibility(visibility).Save(ctx)
		if err == nil {
			id = d.GlobalID()
		}
		return err
	})
	return id
}

func TestUpdate(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		var acts []support.Act
		w.tickets.Clock = func(_ context.Context, _ *store.Tx, m support.Moment) error { acts = append(acts, m.Act); return nil }
		alice, sam := storetest.As(w.alice), staff(w.sam)
		order, entry := w.order(t, w.alice)
		line, back := w.about(t, w.alice, order)
		paper := w.paper(t, w.alice, document.VisibilityALL)
		tkt := w.open(t, alice)
		acts = nil
		update := func(in support.UpdateTicketInput) *ent.Ticket {
			t.Helper()
			in.TicketID, in.Revision = tkt.GlobalID(), int(w.fresh(t, tkt).Revision)
			got, err := w.tickets.Update(sam, in)
			if err != nil {
				t.Fatal(err)
			}
			return got
		}
		all := support.UpdateTicketInput{Kind: ptr(ticket.KindCOMPLAINT), Subject: ptr(" Stale tea "), Locale: ptr("ru"), LineID: to(line), ReturnID: to(back),
			EntryID: to(entry), DocumentID: to(paper), BookingKey: graphql.OmittableOf(ptr("B-7"))}
		got := update(all)
		if got.Kind != ticket.KindCOMPLAINT || got.Subject != "Stale tea" || got.Locale != "ru" || got.Revision != tkt.Revision+1 || *got.OrderID != order.UUID ||
			*got.LineID != line.UUID || *got.ReturnID != back.UUID || *got.EntryID != entry.UUID || *got.DocumentID != paper.UUID || *got.BookingKey != "B-7" {
			t.Errorf("after it: %v", got)
		}
		if again := update(all); again.Revision != got.Revision {
			t.Errorf("the same again: revision %d after %d", again.Revision, got.Revision)
		}
		if !slices.Equal(acts, []support.Act{support.ActPriority}) {
			t.Errorf("the clock was told %v", acts)
		}
		if !got.LastActivityAt.Equal(tkt.LastActivityAt) || got.PublicSeq != 0 || got.Seq != tkt.Seq || got.Status != ticket.StatusOPEN {
			t.Errorf("it moved what it should not: %v", got)
		}
		told := w.told(t, w.alice)
		var f event.TicketChanged
		if err := json.Unmarshal(told[len(told)-1].Payload, &f); err != nil || len(told) != 2 || !slices.Equal(f.Changed, []string{"kind", "locale", "subject", "about"}) || !f.ByStaff {
			t.Errorf("alice was told %v: %v, %v", told, f, err)
		}
		// Without a line or a return the order is what is left; null takes it away too.
		if got = update(support.UpdateTicketInput{OrderID: none}); got.OrderID == nil {
			t.Error("of a line there is an order")
		}
		if got = update(support.UpdateTicketInput{LineID: none, ReturnID: none, EntryID: none, DocumentID: none, BookingKey: graphql.OmittableOf[*string](nil)}); got.OrderID == nil || support.AboutOf(got).Kind != support.AboutKindOrder {
			t.Errorf("about %v", support.AboutOf(got))
		}
		if got = update(support.UpdateTicketInput{OrderID: none}); support.AboutOf(got) != nil || got.Kind != ticket.KindCOMPLAINT {
			t.Errorf("about %v", support.AboutOf(got))
		}
		if len(acts) != 1 {
			t.Errorf("the clock was told %v", acts)
		}
		// The level is chosen of a closed one too, and what is closed stays so.
		if _, err := w.tickets.Close(sam, support.CloseTicketInput{TicketID: tkt.GlobalID()}); err != nil {
			t.Fatal(err)
		}
		if got = update(support.UpdateTicketInput{Kind: ptr(ticket.KindFEEDBACK)}); got.Status != ticket.StatusCLOSED || got.Kind != ticket.KindFEEDBACK {
			t.Errorf("closed: %v", got)
		}
		entries := db.Client.AuditEntry.Query().Where(auditentry.Action("ticket.update")).AllX(storetest.System())
		if len(entries) != 4 {
			t.Errorf("%d on record", len(entries))
		}
		for _, e := range entries {
			if strings.Contains(toText(e.Changes), "tea") {
				t.Errorf("on record: %v", e.Changes)
			}
		}
	})
}

func TestUpdateRefused(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		alice, sam := storetest.As(w.alice), staff(w.sam)
		order, _ := w.order(t, w.alice)
		other, _ := w.order(t, w.alice)
		bobs, bobsEntry := w.order(t, w.bob)
		line, back := w.about(t, w.alice, order)
		bobsLine, bobsReturn := w.about(t, w.bob, bobs)
		bobsPaper, secret := w.paper(t, w.bob, document.VisibilityALL), w.paper(t, w.alice, document.VisibilitySTAFF)
		tkt := w.open(t, alice)
		update := func(ctx context.Context, of *ent.Ticket, in support.UpdateTicketInput) error {
			in.TicketID = of.GlobalID()
			if in.Revision == 0 {
				in.Revision = 1
			}
			_, err := w.tickets.Update(ctx, in)
			return err
		}
		for name, c := range map[string]struct {
			in    support.UpdateTicketInput
			want  *fault.Fault
			field string
		}{
			"a revision of before":         {support.UpdateTicketInput{Revision: 7}, fault.ErrStaleObject, "revision"},
			"no subject":                   {support.UpdateTicketInput{Subject: ptr(" ")}, fault.ErrRequired, "subject"},
			"a long one":                   {support.UpdateTicketInput{Subject: ptr(strings.Repeat("x", 201))}, fault.ErrTooLong, "subject"},
			"a NUL":                        {support.UpdateTicketInput{Subject: ptr("a\x00b")}, fault.ErrInvalidValue, "subject"},
			"a language we do not speak":   {support.UpdateTicketInput{Locale: ptr("de")}, fault.ErrInvalidValue, "locale"},
			"no booking":                   {support.UpdateTicketInput{BookingKey: graphql.OmittableOf(ptr(""))}, fault.ErrRequired, "bookingKey"},
			"what is no order":             {support.UpdateTicketInput{OrderID: to(line)}, fault.ErrInvalidID, "orderId"},
			"another's order":              {support.UpdateTicketInput{OrderID: to(bobs)}, fault.ErrNotFound, "orderId"},
			"another's line":               {support.UpdateTicketInput{LineID: to(bobsLine)}, fault.ErrNotFound, "lineId"},
			"another's return":             {support.UpdateTicketInput{ReturnID: to(bobsReturn)}, fault.ErrNotFound, "returnId"},
			"another's points":             {support.UpdateTicketInput{EntryID: to(bobsEntry)}, fault.ErrNotFound, "entryId"},
			"another's paper":              {support.UpdateTicketInput{DocumentID: to(bobsPaper)}, fault.ErrNotFound, "documentId"},
			"a paper that staff alone see": {support.UpdateTicketInput{DocumentID: to(secret)}, fault.ErrNotFound, "documentId"},
			"a line of another order":      {support.UpdateTicketInput{OrderID: to(other), LineID: to(line)}, fault.ErrInvalidValue, "lineId"},
			"a return of another order":    {support.UpdateTicketInput{OrderID: to(other), ReturnID: to(back)}, fault.ErrInvalidValue, "returnId"},
			"an unknown order":             {support.UpdateTicketInput{OrderID: to(scalar.ID{Prefix: "order", UUID: uuid.New()})}, fault.ErrNotFound, "orderId"},
		} {
			c.in.Kind = ptr(ticket.KindREFUND)
			t.Log(name)
			wantFault(t, update(sam, tkt, c.in), c.want, "input", c.field)
		}
		err := update(sam, tkt, support.UpdateTicketInput{Revision: 7})
		if f, ok := fault.As(err); !ok || f.Params["revision"] != int64(1) {
			t.Errorf("stale: %v", err)
		}
		if f, ok := fault.As(update(sam, tkt, support.UpdateTicketInput{Locale: ptr("de")})); !ok || !slices.Equal(f.Params["allowed"].([]string), locale.Supported()) {
			t.Errorf("a language: %v", f)
		}
		for _, who := range []context.Context{alice, storetest.As(w.bob), context.Background()} {
			wantFault(t, update(who, tkt, support.UpdateTicketInput{Kind: ptr(ticket.KindREFUND)}), fault.ErrForbidden)
		}
		wantFault(t, update(sam, &ent.Ticket{ID: uuid.New()}, support.UpdateTicketInput{}), fault.ErrNotFound, "input", "ticketId")
		if got := w.fresh(t, tkt); got.Revision != 1 || got.Kind != ticket.KindQUESTION || got.OrderID != nil {
			t.Errorf("it has changed: %v", got)
		}
		// Nobody says what his own is about (security F8).
		sues := w.open(t, staff(w.sue))
		wantFault(t, update(staff(w.sue), sues, support.UpdateTicketInput{Kind: ptr(ticket.KindREFUND)}), fault.ErrForbidden)
		into := w.open(t, alice)
		w.merge(t, tkt, into)
		wantFault(t, update(sam, tkt, support.UpdateTicketInput{Revision: 2, Kind: ptr(ticket.KindREFUND)}), support.ErrTicketMerged, "input", "ticketId")
	})
}

// Of a company's ticket it is the company's, or that of who opened it; of
// nobody's there is nothing. Of twins that read the same one is stale.
func TestUpdateWhose(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		sam, address := staff(w.sam), "x@example.com"
		acmes, _ := w.order(t, w.acme)
		carols, _ := w.order(t, w.carol)
		daves, _ := w.order(t, w.dave)
		houses, _ := w.order(t, viewer.House)
		tkt := w.open(t, member(w.carol, w.acme, viewer.ReachOwner, viewer.ReachOwner))
		update := func(of *ent.Ticket, order scalar.ID) error {
			_, err := w.tickets.Update(sam, support.UpdateTicketInput{TicketID: of.GlobalID(), Revision: int(w.fresh(t, of).Revision), OrderID: to(order)})
			return err
		}
		for _, order := range []scalar.ID{acmes, carols} {
			if err := update(tkt, order); err != nil {
				t.Error(err)
			}
		}
		wantFault(t, update(tkt, daves), fault.ErrNotFound, "input", "orderId")
		var mailed *ent.Ticket
		w.write(t, func(ctx context.Context, tx *store.Tx) (err error) {
			mailed, _, err = w.tickets.OpenIn(ctx, tx, support.Opening{OwnerID: viewer.House, Subject: "s", ContactEmail: &address,
				First: support.Said{Author: ticketmessage.AuthorKindCUSTOMER, AuthorName: address, Body: "b", Channel: ticketmessage.ChannelEMAIL}})
			return err
		})
		for _, order := range []scalar.ID{houses, acmes} {
			wantFault(t, update(mailed, order), fault.ErrNotFound, "input", "orderId")
		}
		if got := w.tickets.ContactEmail(sam, w.fresh(t, mailed)); got == nil || *got != address {
			t.Errorf("staff read %v", got)
		}
		if got := w.tickets.ContactEmail(storetest.As(w.alice), w.fresh(t, mailed)); got != nil {
			t.Errorf("a customer reads %v", *got)
		}
		revision := int(w.fresh(t, mailed).Revision)
		var wg sync.WaitGroup
		errs := make([]error, 2)
		for i, kind := range []ticket.Kind{ticket.KindRETURN, ticket.KindREFUND} {
			wg.Go(func() {
				_, errs[i] = w.tickets.Update(sam, support.UpdateTicketInput{TicketID: mailed.GlobalID(), Revision: revision, Kind: &kind})
			})
		}
		wg.Wait()
		if (errs[0] == nil) == (errs[1] == nil) || !errors.Is(errors.Join(errs...), fault.ErrStaleObject) {
			t.Errorf("twins: %v", errs)
		}
	})
}
