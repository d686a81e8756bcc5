package desk

import (
	"strings"
	"time"

	"github.com/google/uuid"

	"kabinet/ent/generated/predicate"
	"kabinet/ent/generated/ticket"
	"kabinet/internal/scalar"
	"kabinet/internal/support"
)

// named is a field of a filter that an id is given to.
type named struct {
	name, prefix string
	id           *scalar.ID
	is           func(uuid.UUID) predicate.Ticket
}

func (f *TicketQueueFilter) named() []named {
	return []named{
		{"teamId", teamPrefix, f.TeamID, ticket.TeamID},
		{"assigneeId", personPrefix, f.AssigneeID, ticket.AssigneeID},
		{"customerId", personPrefix, f.CustomerID, ticket.OwnerID},
		{"companyId", "com", f.CompanyID, ticket.OwnerID},
		{"orderId", "order", f.OrderID, ticket.OrderID},
	}
}

// sought are tickets by a text, of which there is no index: where nothing else
// narrows the filter, among those that are not closed, which are few.
func (f *TicketQueueFilter) sought(path []string) (where []predicate.Ticket, err error) {
	if f.Text == nil || strings.TrimSpace(*f.Text) == "" {
		return nil, nil
	}
	text, err := line(*f.Text, longestSought, at(path, "text")...)
	if err != nil {
		return nil, err
	}
	where = append(where, support.Sought(text))
	if len(f.Status) > 0 || f.CustomerID != nil || f.CompanyID != nil || f.OrderID != nil || f.Number != nil || f.CreatedFrom != nil {
		return where, nil
	}
	return append(where, oneOf(ticket.FieldStatus, []ticket.Status{ticket.StatusOPEN, ticket.StatusSNOOZED})), nil
}

// saved is a filter as a view keeps it: what ticketQueue takes as the variable
// of its filter.
func (f *TicketQueueFilter) saved() map[string]any {
	out := map[string]any{}
	for _, c := range f.named() {
		if c.id != nil {
			out[c.name] = c.id.String()
		}
	}
	keep(out, "status", f.Status)
	keep(out, "reason", f.Reason)
	keep(out, "kind", f.Kind)
	keep(out, "priority", f.Priority)
	keep(out, "channel", f.Channel)
	keep(out, "levelStatus", f.LevelStatus)
	keep(out, "locale", f.Locale)
	for name, said := range map[string]*bool{"withoutTeam": f.WithoutTeam, "mine": f.Mine, "unassigned": f.Unassigned, "unread": f.Unread} {
		if said != nil && *said {
			out[name] = true
		}
	}
	if f.WithBot != nil {
		out["withBot"] = *f.WithBot
	}
	for name, at := range map[string]*time.Time{"createdFrom": f.CreatedFrom, "createdBefore": f.CreatedBefore} {
		if at != nil {
			out[name] = at.UTC().Format(time.RFC3339Nano)
		}
	}
	for name, said := range map[string]*string{"number": f.Number, "text": f.Text} {
		if said != nil {
			out[name] = *said
		}
	}
	return out
}

// keep keeps the words of a list, each once.
func keep[T ~string](out map[string]any, name string, values []T) {
	if len(values) == 0 {
		return
	}
	words := make([]string, 0, len(values))
	for _, v := range once(values) {
		words = append(words, string(v))
	}
	out[name] = words
}
