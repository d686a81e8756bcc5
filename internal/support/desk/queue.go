package desk

import (
	"context"
	"strings"

	"entgo.io/contrib/entgql"
	"entgo.io/ent/dialect/sql"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/predicate"
	"kabinet/ent/generated/ticket"
	"kabinet/internal/fault"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// orders are how the queue is sorted: each by one column and the id, both in
// one direction, so that a page begins where the one before it ended.
var orders = map[TicketSort]ent.TicketOrder{
	SortLastActive:   {Direction: entgql.OrderDirectionDesc, Field: ent.TicketOrderFieldLastActivityAt},
	SortOldestActive: {Direction: entgql.OrderDirectionAsc, Field: ent.TicketOrderFieldLastActivityAt},
	SortDue:          {Direction: entgql.OrderDirectionAsc, Field: ent.TicketOrderFieldDueAt},
	SortUrgency:      {Direction: entgql.OrderDirectionDesc, Field: ent.TicketOrderFieldUrgency},
	SortNewest:       {Direction: entgql.OrderDirectionDesc, Field: ent.DefaultTicketOrder.Field}, // ids are made in order
}

// List is the queue. Faults: INVALID_ID, TOO_LONG, INVALID_VALUE, REQUIRED for
// a number; FORBIDDEN.
func (q *Queue) List(ctx context.Context, filter *TicketQueueFilter, sort *TicketSort, p Page) (*ent.TicketConnection, error) {
	if err := may(ctx, "ticket", "read"); err != nil {
		return nil, err
	}
	where, err := filter.predicates(viewer.From(ctx), "filter")
	if err != nil {
		return nil, err
	}
	by := SortLastActive
	if sort != nil {
		by = *sort
	}
	order := orders[by]
	at, err := q.Tickets.PositionOf(ctx, store.StaffQueue)
	if err != nil {
		return nil, err
	}
	c, err := q.Tickets.Reading(ctx).Where(where...).Paginate(ctx, p.After, p.First, p.Before, p.Last, ent.WithTicketOrder(&order))
	if err != nil {
		return nil, store.Translate(err)
	}
	c.StreamPosition = at
	return c, nil
}

// predicates are what a filter narrows the queue by. What is not said is not
// in the statement, and words of enums are written into it: a plan that is kept
// for a statement then knows how many rows a state has.
func (f *TicketQueueFilter) predicates(v viewer.Viewer, path ...string) (where []predicate.Ticket, err error) {
	if f == nil {
		return nil, nil
	}
	if len(f.Locale) > mostLocales {
		return nil, fault.ErrTooLong.At(at(path, "locale")...).With("limit", mostLocales)
	}
	where = append(where, f.words()...)
	where = append(where, f.flags(v)...)
	if len(f.Locale) > 0 {
		where = append(where, ticket.LocaleIn(once(f.Locale)...))
	}
	if f.CreatedFrom != nil {
		where = append(where, ticket.CreatedAtGTE(*f.CreatedFrom))
	}
	if f.CreatedBefore != nil {
		where = append(where, ticket.CreatedAtLT(*f.CreatedBefore))
	}
	if f.Number != nil {
		number, err := line(*f.Number, longestName, at(path, "number")...)
		if err != nil {
			return nil, err
		}
		where = append(where, ticket.Number(strings.ToUpper(number)))
	}
	sought, err := f.sought(path)
	if err != nil {
		return nil, err
	}
	ids, err := f.ids(path)
	return append(append(where, sought...), ids...), err
}

// words are the predicates over enums.
func (f *TicketQueueFilter) words() (where []predicate.Ticket) {
	add := func(p predicate.Ticket) {
		if p != nil {
			where = append(where, p)
		}
	}
	add(oneOf(ticket.FieldStatus, f.Status))
	add(oneOf(ticket.FieldStatusReason, f.Reason))
	add(oneOf(ticket.FieldKind, f.Kind))
	add(oneOf(ticket.FieldPriority, f.Priority))
	add(oneOf(ticket.FieldChannel, f.Channel))
	add(oneOf(ticket.FieldLevelStatus, f.LevelStatus))
	return where
}

// oneOf writes values of an enum, which are words of ours, into the statement.
func oneOf[T ~string](column string, values []T) predicate.Ticket {
	if len(values) == 0 {
		return nil
	}
	words := make([]string, 0, len(values))
	for _, v := range once(values) {
		words = append(words, "'"+string(v)+"'")
	}
	return func(s *sql.Selector) {
		s.Where(sql.P(func(b *sql.Builder) {
			b.Ident(s.C(column))
			if len(words) == 1 {
				b.WriteString(" = " + words[0])
				return
			}
			b.WriteString(" IN (" + strings.Join(words, ", ") + ")")
		}))
	}
}

// flags are the predicates that take no value.
func (f *TicketQueueFilter) flags(v viewer.Viewer) (where []predicate.Ticket) {
	said := func(b *bool) bool { return b != nil && *b }
	if said(f.WithoutTeam) {
		where = append(where, ticket.TeamIDIsNil())
	}
	if said(f.Mine) {
		where = append(where, ticket.AssigneeID(v.UserID))
	}
	if said(f.Unassigned) {
		where = append(where, ticket.AssigneeIDIsNil())
	}
	if said(f.Unread) {
		where = append(where, func(s *sql.Selector) {
			s.Where(sql.ColumnsGT(s.C(ticket.FieldStaffSeq), s.C(ticket.FieldStaffReadSeq)))
		})
	}
	if f.WithBot != nil {
		where = append(where, withBot(*f.WithBot))
	}
	return where
}

// withBot are tickets that the bot is answering, or all others; the word is
// written into the statement.
func withBot(answering bool) predicate.Ticket {
	op := map[bool]string{true: " = ", false: " <> "}[answering]
	return func(s *sql.Selector) {
		s.Where(sql.P(func(b *sql.Builder) {
			b.Ident(s.C(ticket.FieldBotState)).WriteString(op + "'" + string(ticket.BotStateANSWERING) + "'")
		}))
	}
}

// ids are the predicates over what an id names.
func (f *TicketQueueFilter) ids(path []string) (where []predicate.Ticket, err error) {
	for _, c := range f.named() {
		key, err := optionalKey(c.id, c.prefix, at(path, c.name)...)
		if err != nil {
			return nil, err
		}
		if key != nil {
			where = append(where, c.is(*key))
		}
	}
	return where, nil
}
