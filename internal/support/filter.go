package support

import (
	"context"
	"strings"
	"unicode"
	"unicode/utf8"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"kabinet/ent/generated/predicate"
	entticket "kabinet/ent/generated/ticket"
	"kabinet/internal/fault"
	"kabinet/internal/viewer"
)

// maxSought is how long a sought text may be, in characters.
const maxSought = 200

// Personal says whether a filter asks for more than the columns of tickets.
func (f *TicketFilter) Personal() bool {
	return f != nil && (f.Unread != nil || f.TakesPart != nil)
}

// Predicates are what a filter narrows a list by, but for what is Personal.
// Faults: INVALID_ID, TOO_LONG.
func (f *TicketFilter) Predicates() (where []predicate.Ticket, err error) {
	if f == nil {
		return nil, nil
	}
	if len(f.Status) > 0 {
		where = append(where, entticket.StatusIn(f.Status...))
	}
	if len(f.Kind) > 0 {
		where = append(where, entticket.KindIn(f.Kind...))
	}
	order, err := optionalKey(f.OrderID, "order", "filter", "orderId")
	if err != nil {
		return nil, err
	}
	if order != nil {
		where = append(where, entticket.OrderID(*order))
	}
	if f.AboutID != nil {
		about := aboutColumns[f.AboutID.Prefix]
		if about == nil {
			return nil, fault.ErrInvalidID.At("filter", "aboutId")
		}
		where = append(where, about(f.AboutID.UUID))
	}
	if f.BookingKey != nil {
		where = append(where, entticket.BookingKey(*f.BookingKey))
	}
	if f.OpenedFrom != nil {
		where = append(where, entticket.CreatedAtGTE(*f.OpenedFrom))
	}
	if f.OpenedBefore != nil {
		where = append(where, entticket.CreatedAtLT(*f.OpenedBefore))
	}
	if f.Text != nil {
		if utf8.RuneCountInString(*f.Text) > maxSought {
			return nil, fault.ErrTooLong.At("filter", "text").With("limit", maxSought)
		}
		where = append(where, Sought(*f.Text))
	}
	return where, nil
}

// aboutColumns are the columns of what a ticket is about, by the prefix of ids.
var aboutColumns = map[string]func(uuid.UUID) predicate.Ticket{
	"order": entticket.OrderID, "line": entticket.LineID, "ret": entticket.ReturnID, "ent": entticket.EntryID, "doc": entticket.DocumentID,
}

// Sought are tickets whose number begins with a text or whose subject holds
// it. Neither database folds Cyrillic, so the subject is looked at for the
// text as written, in small letters, in capitals and begun with one.
func Sought(text string) predicate.Ticket {
	text = strings.TrimSpace(text)
	small := strings.ToLower(text)
	ways := []predicate.Ticket{
		entticket.NumberHasPrefix(strings.ToUpper(text)), entticket.SubjectContains(text), entticket.SubjectContains(small),
		entticket.SubjectContains(strings.ToUpper(text)),
	}
	if first, size := utf8.DecodeRuneInString(small); size > 0 {
		ways = append(ways, entticket.SubjectContains(string(unicode.ToUpper(first))+small[size:]))
	}
	return entticket.Or(ways...)
}

// personal narrows a list of an owner's tickets by the reader's marks and by
// who takes part; whose says whose tickets they are then.
func (f *TicketFilter) personal(ctx context.Context, owner, person uuid.UUID) (whose predicate.Ticket, where []predicate.Ticket) {
	whose = entticket.OwnerID(owner)
	if f == nil {
		return whose, nil
	}
	if f.TakesPart != nil && *f.TakesPart {
		if owner == person {
			whose = takenBy(person)
		} else {
			where = append(where, takenBy(person))
		}
	}
	if f.Unread != nil {
		unread := unreadBy(viewer.From(ctx), owner)
		if !*f.Unread {
			unread = entticket.Not(unread)
		}
		where = append(where, unread)
	}
	return whose, where
}

// takenBy are the tickets in which somebody takes part, by the index of his
// participations.
func takenBy(person uuid.UUID) predicate.Ticket {
	return func(s *sql.Selector) {
		s.Where(sql.P(func(b *sql.Builder) {
			b.Ident(s.C("id")).WriteString(" IN (SELECT tk.ticket_id FROM ticket_participants AS tk WHERE tk.user_id = ").Arg(person).
				WriteString(" AND tk.left_at IS NULL)")
		}))
	}
}

// unreadBy are the tickets with messages of the other side that the viewer's
// has not read. Staff who read somebody's list stand on the other side of it.
func unreadBy(v viewer.Viewer, owner uuid.UUID) predicate.Ticket {
	staff := v.Staff && v.Reach(resource, "read") == viewer.ReachAll && owner != v.UserID && owner != v.OwnerID
	return func(s *sql.Selector) {
		if staff {
			s.Where(sql.ColumnsGT(s.C("staff_seq"), s.C("staff_read_seq")))
			return
		}
		s.Where(sql.P(func(b *sql.Builder) {
			b.Ident(s.C("public_seq")).WriteString(" > coalesce((SELECT tr.read_seq FROM ticket_participants AS tr WHERE tr.ticket_id = ").
				Ident(s.C("id")).WriteString(" AND tr.user_id = ").Arg(v.UserID).WriteString("), 0)")
		}))
	}
}
