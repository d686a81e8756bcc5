// Package desk is where operators work: the queue with its saved views, teams
// and who is in them, who is given which ticket, canned replies and macros. It
// writes support_teams, operators, ticket_views, canned_replies and macros, and
// of tickets who they are given to, by way of support.
//
// A ticket is given by turn under the lock of its team's operators: what each
// has is counted under it, so that two instances never give somebody more than
// he has room for. A ticket is always locked before an operator; where the
// operator comes first, tickets that are locked are passed over.
package desk

import (
	"context"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/internal/fault"
	"kabinet/internal/gather"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/support"
	"kabinet/internal/viewer"
)

// Queue is the service of this room.
type Queue struct {
	Store   *store.Store
	Tickets *support.Tickets

	people gather.Loader[uuid.UUID, *ent.User]
	teams  gather.Loader[uuid.UUID, *ent.SupportTeam]
	loads  gather.Loader[uuid.UUID, int]
}

// The bounds of what staff saves.
const (
	mostTeams     = 100
	mostOperators = 1_000
	mostReplies   = 500
	mostMacros    = 200
	mostViews     = 50 // of one person
	mostShown     = 500
	mostActs      = 10
	mostSkills    = 50
	mostLocales   = 50
	mostAtOnce    = 100 // tickets of updateTickets
	longestName   = 100
	longestSought = 200
	longestSkill  = 50
	longestText   = 10_000
	longestSnooze = 8_760 // hours
	mostCapacity  = 1_000
	mostPosition  = 10_000
)

var (
	// ErrTooManyItems refuses one more of what there are enough of; limit.
	ErrTooManyItems = fault.New(fault.Refused, "TOO_MANY_ITEMS")
	// ErrAlreadyTaken refuses a name that another one has.
	ErrAlreadyTaken = fault.New(fault.Refused, "ALREADY_TAKEN")
	// ErrHandleTaken refuses a handle that another one has.
	ErrHandleTaken = fault.New(fault.Refused, "HANDLE_TAKEN")
	// ErrDuplicateKey refuses a language that comes twice.
	ErrDuplicateKey = fault.New(fault.Invalid, "DUPLICATE_KEY")
	// ErrUnknownVariable refuses a text with a variable that does not exist;
	// variable, line and column.
	ErrUnknownVariable = fault.New(fault.Invalid, "UNKNOWN_VARIABLE")
	// ErrVariableEmpty refuses to send a text whose variable has no value in
	// the ticket; variable.
	ErrVariableEmpty = fault.New(fault.Refused, "VARIABLE_EMPTY")
	// ErrOwnTicket refuses one's own ticket among many that are changed at once.
	ErrOwnTicket = fault.New(fault.Refused, "OWN_TICKET")
)

// The kinds of ids.
const (
	ticketPrefix = "tkt"
	personPrefix = "usr"
	teamPrefix   = "team"
	viewPrefix   = "view"
	replyPrefix  = "can"
	macroPrefix  = "mac"
)

// may is nil for members of staff whose role has the permission.
func may(ctx context.Context, resource, operation string) error {
	v := viewer.From(ctx)
	switch {
	case v.IsSystem(), v.Staff && v.Reach(resource, operation) == viewer.ReachAll:
		return nil
	case !v.SignedIn():
		return fault.ErrUnauthenticated
	}
	return fault.ErrForbidden
}

// asSystem is for what is done without a person, and for what the desk looks up
// that an agent's role may not reach.
func asSystem(ctx context.Context) context.Context { return viewer.AsSystem(ctx, "support.desk") }

func idOf(prefix string, key uuid.UUID) scalar.ID { return scalar.ID{Prefix: prefix, UUID: key} }

func idOrNil(prefix string, key *uuid.UUID) *scalar.ID {
	if key == nil {
		return nil
	}
	id := idOf(prefix, *key)
	return &id
}

// written is the id of a team as the audit log keeps it; nil for none.
func written(team *uuid.UUID) any {
	if team == nil {
		return nil
	}
	return idOf(teamPrefix, *team).String()
}

// keyOf takes the UUID out of an id of the wanted kind; else INVALID_ID.
func keyOf(id scalar.ID, prefix string, path ...string) (uuid.UUID, error) {
	if id.Prefix != prefix {
		return uuid.Nil, fault.ErrInvalidID.At(path...)
	}
	return id.UUID, nil
}

// optionalKey is keyOf for a value that may be absent.
func optionalKey(id *scalar.ID, prefix string, path ...string) (*uuid.UUID, error) {
	if id == nil {
		return nil, nil
	}
	key, err := keyOf(*id, prefix, path...)
	return &key, err
}

// line checks a text of one line, 1 to limit characters.
func line(s string, limit int, path ...string) (string, error) {
	s = strings.TrimSpace(s)
	return s, checkText(s, limit, "", path...)
}

// text checks a text of several lines, 1 to 10,000 characters.
func text(s string, path ...string) (string, error) {
	s = strings.TrimSpace(strings.ReplaceAll(s, "\r\n", "\n"))
	return s, checkText(s, longestText, "\n\t", path...)
}

func checkText(s string, limit int, controls string, path ...string) error {
	switch n := utf8.RuneCountInString(s); {
	case n == 0:
		return fault.ErrRequired.At(path...)
	case n > limit:
		return fault.ErrTooLong.At(path...).With("limit", limit)
	}
	odd := strings.ContainsFunc(s, func(r rune) bool { return unicode.IsControl(r) && !strings.ContainsRune(controls, r) })
	if odd || !utf8.ValidString(s) {
		return fault.ErrInvalidValue.At(path...)
	}
	return nil
}

// number checks a whole number where there is one.
func number(n *int, least, most int, field string) error {
	if n != nil && (*n < least || *n > most) {
		return fault.ErrOutOfRange.At("input", field).With("min", least).With("max", most)
	}
	return nil
}

// locales checks languages, each once.
func locales(list []string, path ...string) ([]string, error) {
	if len(list) > mostLocales {
		return nil, fault.ErrTooLong.At(path...).With("limit", mostLocales)
	}
	return once(list), nil
}

// once is a list with each value where it comes first.
func once[T comparable](list []T) []T {
	has, out := make(map[T]bool, len(list)), make([]T, 0, len(list))
	for _, v := range list {
		if !has[v] {
			has[v], out = true, append(out, v)
		}
	}
	return out
}

func at(path []string, more ...any) []string {
	out := append([]string(nil), path...)
	for _, m := range more {
		switch m := m.(type) {
		case string:
			out = append(out, m)
		case int:
			out = append(out, strconv.Itoa(m))
		}
	}
	return out
}

// checkRevision refuses a stale write.
func checkRevision(now int64, read *int, name string) error {
	if read != nil && int64(*read) != now {
		return fault.ErrStaleObject.At("input", name).With(name, now)
	}
	return nil
}

// needRevision is checkRevision for what changes only by the one that was read.
func needRevision(now int64, read *int, name string) error {
	if read == nil {
		return fault.ErrRequired.At("input", name)
	}
	return checkRevision(now, read, name)
}
