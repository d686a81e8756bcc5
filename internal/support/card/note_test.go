package card_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"

	ent "kabinet/ent/generated"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
	"kabinet/internal/support/card"
)

type ticketCreate = ent.TicketCreate

func (w *world) note(ctx context.Context, body string) *ent.CustomerNote {
	w.t.Helper()
	n, err := w.SaveNote(ctx, card.SaveCustomerNoteInput{UserID: ptr(usr(w.alice)), Body: &body})
	w.must(err)
	return n
}

func (w *world) notes() (bodies string) {
	w.t.Helper()
	c, err := w.Of(agent(w.victor), usr(w.alice))
	w.must(err)
	all, err := c.Notes(agent(w.victor))
	w.must(err)
	for _, n := range all {
		bodies += n.Body + " "
	}
	return strings.TrimSpace(bodies)
}

func TestNotes(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		sue, victor := agent(w.sue), agent(w.victor)
		a, b := w.note(sue, "one"), w.note(sue, " two\r\nlines ")
		if a.AuthorName != "Sue" || b.Body != "two\nlines" || !card.IsMine(sue, a) || card.IsMine(victor, a) {
			t.Errorf("%+v %+v", a, b)
		}
		// A colleague pins and edits.
		pinned, err := w.SaveNote(victor, card.SaveCustomerNoteInput{ID: ptr(a.GlobalID()), Revision: ptr(1), Pinned: ptr(true), Body: ptr("first")})
		w.must(err)
		if pinned.Revision != 2 || pinned.AuthorName != "Sue" || w.notes() != "first two\nlines" {
			t.Errorf("%+v, %q", pinned, w.notes())
		}
		same, err := w.SaveNote(victor, card.SaveCustomerNoteInput{ID: ptr(a.GlobalID()), Revision: ptr(2), Pinned: ptr(true)})
		if w.must(err); same.Revision != 2 {
			t.Error("nothing was changed, and yet", same.Revision)
		}
		_, err = w.SaveNote(sue, card.SaveCustomerNoteInput{ID: ptr(a.GlobalID()), Revision: ptr(1), Body: ptr("late")})
		w.wants(err, fault.ErrStaleObject, "input", "revision")
		w.param(err, "revision", 2)
		// Once with a client's own id.
		in := card.SaveCustomerNoteInput{UserID: ptr(usr(w.alice)), Body: ptr("three"), ClientID: ptr("c1")}
		var both [2]*ent.CustomerNote
		var wait sync.WaitGroup
		for i := range both {
			wait.Go(func() {
				n, err := w.SaveNote(sue, in)
				if err == nil {
					both[i] = n
				}
			})
		}
		wait.Wait()
		if both[0] == nil || both[1] == nil || both[0].ID != both[1].ID {
			t.Errorf("%v %v", both[0], both[1])
		}
		gone, err := w.DeleteNote(victor, card.DeleteCustomerNoteInput{ID: b.GlobalID()})
		if w.must(err); *gone != b.GlobalID() || w.notes() != "first three" {
			t.Errorf("%v %q", gone, w.notes())
		}
		_, err = w.DeleteNote(victor, card.DeleteCustomerNoteInput{ID: b.GlobalID()})
		w.wants(err, fault.ErrNotFound, "input", "id")
		_, err = w.SaveNote(victor, card.SaveCustomerNoteInput{ID: ptr(b.GlobalID()), Revision: ptr(1), Body: ptr("again")})
		w.wants(err, fault.ErrNotFound, "input", "id")
		// On record with the House, never among what a customer reads of himself.
		if n := w.count(`SELECT count(*) FROM audit_entries WHERE action LIKE 'customer_note.%'`); n != 5 {
			t.Error("on record:", n)
		}
		if n := w.count(`SELECT count(*) FROM audit_entries WHERE owner_id = ?`, w.alice); n != 0 {
			t.Error("the customer could read of it:", n)
		}
	})
}

func TestNotesRefused(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		sue := agent(w.sue)
		n := w.note(sue, "one")
		about := ptr(usr(w.alice))
		for name, c := range map[string]struct {
			in   card.SaveCustomerNoteInput
			want *fault.Fault
			path string
		}{
			"nobody":     {card.SaveCustomerNoteInput{Body: ptr("x")}, fault.ErrRequired, "userId"},
			"no text":    {card.SaveCustomerNoteInput{UserID: about}, fault.ErrRequired, "body"},
			"empty":      {card.SaveCustomerNoteInput{UserID: about, Body: ptr(" \n ")}, fault.ErrRequired, "body"},
			"too long":   {card.SaveCustomerNoteInput{UserID: about, Body: ptr(strings.Repeat("я", 4001))}, fault.ErrTooLong, "body"},
			"controls":   {card.SaveCustomerNoteInput{UserID: about, Body: ptr("a\x00b")}, fault.ErrInvalidValue, "body"},
			"stranger":   {card.SaveCustomerNoteInput{UserID: ptr(usr(scalar.ID{}.UUID)), Body: ptr("x")}, fault.ErrNotFound, "userId"},
			"kind of id": {card.SaveCustomerNoteInput{UserID: &scalar.ID{Prefix: "com", UUID: w.alice}, Body: ptr("x")}, fault.ErrInvalidID, "userId"},
			"oneself":    {card.SaveCustomerNoteInput{UserID: ptr(usr(w.sue)), Body: ptr("x")}, card.ErrNotOnOneself, "userId"},
			"unread":     {card.SaveCustomerNoteInput{ID: ptr(n.GlobalID()), Body: ptr("x")}, fault.ErrRequired, "revision"},
			"of another": {card.SaveCustomerNoteInput{ID: ptr(n.GlobalID()), Revision: ptr(1), UserID: ptr(usr(w.bob))}, fault.ErrInvalidValue, "userId"},
			"client id":  {card.SaveCustomerNoteInput{UserID: about, Body: ptr("x"), ClientID: ptr("")}, fault.ErrRequired, "clientId"},
		} {
			_, err := w.SaveNote(sue, c.in)
			if f, _ := fault.As(err); f == nil || !errors.Is(err, c.want) || strings.Join(f.Path, ".") != "input."+c.path {
				t.Errorf("%s: %v", name, err)
			}
		}
		for name, ctx := range map[string]context.Context{"a customer": storetest.As(w.bob), "who reads": as(w.sue, may("ticket", "read")), "others of staff": as(w.sue, may("order", "write"))} {
			if _, err := w.SaveNote(ctx, card.SaveCustomerNoteInput{UserID: about, Body: ptr("x")}); !errors.Is(err, fault.ErrForbidden) {
				t.Errorf("%s: %v", name, err)
			}
			if _, err := w.DeleteNote(ctx, card.DeleteCustomerNoteInput{ID: n.GlobalID()}); !errors.Is(err, fault.ErrForbidden) {
				t.Errorf("%s: %v", name, err)
			}
		}
		// What is noted about a member of staff is nothing that he changes.
		victor := agent(w.victor)
		about2, err := w.SaveNote(sue, card.SaveCustomerNoteInput{UserID: ptr(usr(w.victor)), Body: ptr("he is a customer too")})
		w.must(err)
		_, err = w.DeleteNote(victor, card.DeleteCustomerNoteInput{ID: about2.GlobalID()})
		w.wants(err, fault.ErrNotFound, "input", "id")
		_, err = w.Of(victor, usr(w.victor))
		w.wants(err, fault.ErrNotFound)
		// A hundred, and no more.
		w.write(func(ctx context.Context, tx *store.Tx) error {
			var rows []*ent.CustomerNoteCreate
			for range 99 {
				rows = append(rows, tx.CustomerNote.Create().SetUserID(w.alice).SetAuthorID(w.sue).SetAuthorName("Sue").SetBody("x"))
			}
			return tx.CustomerNote.CreateBulk(rows...).Exec(ctx)
		})
		_, err = w.SaveNote(sue, card.SaveCustomerNoteInput{UserID: about, Body: ptr("x")})
		w.wants(err, card.ErrTooManyItems)
		w.param(err, "limit", 100)
	})
}
