package notify

import (
	"context"
	"strconv"
	"strings"
	"unicode/utf8"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	entnotification "kabinet/ent/generated/notification"
	"kabinet/ent/generated/predicate"
	"kabinet/internal/fault"
	"kabinet/internal/store"
)

// Bounds of unreadCounts.
const (
	mostCounts  = 10
	longestName = 50
	mostCounted = 100 // then there are more
)

// Counts are the unread ones of a person by filters, in one statement, so that
// they agree with each other. Faults: TOO_LONG of filters and names, REQUIRED
// of a name, INVALID_VALUE of a name said twice and of a filter for read ones.
func (i *Inbox) Counts(ctx context.Context, user uuid.UUID, filters []*NamedNotificationFilter) ([]*NotificationCount, error) {
	if len(filters) > mostCounts {
		return nil, fault.ErrTooLong.At("filters").With("limit", mostCounts)
	}
	counts := make([]*NotificationCount, 0, len(filters))
	if len(filters) == 0 {
		return counts, nil
	}
	all, named := sql.Dialect(i.Store.Dialect()).Select(), map[string]bool{}
	for n, f := range filters {
		path := []string{"filters", strconv.Itoa(n)}
		if err := checkName(f.Name, named, append(path, "name")); err != nil {
			return nil, err
		}
		if f.Filter != nil && f.Filter.Unread != nil && !*f.Filter.Unread {
			return nil, fault.ErrInvalidValue.At(append(path, "filter", "unread")...)
		}
		where, err := f.Filter.Predicates(append(path, "filter")...)
		if err != nil {
			return nil, err
		}
		rows, err := i.rowsOf(ctx, user, append(where, entnotification.ReadAtIsNil()), "n"+strconv.Itoa(n))
		if err != nil {
			return nil, err
		}
		one := sql.Dialect(i.Store.Dialect()).Select(sql.Count("*")).From(rows.Select(rows.C(entnotification.FieldID)).Limit(mostCounted + 1).As("c" + strconv.Itoa(n)))
		all.AppendSelectExprAs(one, "count_"+strconv.Itoa(n))
		counts = append(counts, &NotificationCount{Name: f.Name})
	}
	into := make([]any, len(counts))
	for n, c := range counts {
		into[n] = &c.Count
	}
	err := i.each(ctx, all, func(scan func(...any) error) error { return scan(into...) })
	for _, c := range counts {
		c.HasMore = c.Count > mostCounted
		c.Count = min(c.Count, mostCounted)
	}
	return counts, err
}

func checkName(name string, named map[string]bool, path []string) error {
	switch {
	case strings.TrimSpace(name) == "":
		return fault.ErrRequired.At(path...)
	case utf8.RuneCountInString(name) > longestName:
		return fault.ErrTooLong.At(path...).With("limit", longestName)
	case named[name]:
		return fault.ErrInvalidValue.At(path...)
	}
	named[name] = true
	return nil
}

// rowsOf are a person's notifications as the caller may see them, for SQL that
// is written by hand.
func (i *Inbox) rowsOf(ctx context.Context, user uuid.UUID, where []predicate.Notification, alias string) (*sql.Selector, error) {
	fence, err := i.Store.Fence(ctx, ent.TypeNotification)
	if err != nil {
		return nil, err
	}
	s := sql.Dialect(i.Store.Dialect()).Select().From(sql.Dialect(i.Store.Dialect()).Table(entnotification.Table).As(alias))
	if fence != nil {
		fence(s)
	}
	s.Where(sql.EQ(s.C(entnotification.FieldUserID), user))
	for _, p := range where {
		p(s)
	}
	return s, nil
}

func (i *Inbox) each(ctx context.Context, q *sql.Selector, row func(scan func(...any) error) error) error {
	text, args := q.Query()
	rows, err := i.Store.Query(ctx, text, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := row(rows.Scan); err != nil {
			return store.Translate(err)
		}
	}
	return store.Translate(rows.Err())
}
