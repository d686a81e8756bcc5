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

// Groups lists a person's feed by group, the one with the latest item first:
// its latest, how many there are, and how many of them are unread, each as the
// filter lets through. What has no group stands alone. Faults: TOO_LONG at a
// filter.
func (i *Inbox) Groups(ctx context.Context, user uuid.UUID, filter *NotificationFilter, p Page) (*NotificationGroupConnection, error) {
	where, err := filter.Predicates("filter")
	if err != nil {
		return nil, err
	}
	latest := func(s *sql.Selector) {
		table := sql.Dialect(s.Dialect()).Table(entnotification.Table).As("later")
		later := sql.Dialect(s.Dialect()).Select(table.C(entnotification.FieldID)).From(table)
		later.Where(sql.And(
			sql.ColumnsEQ(later.C(entnotification.FieldUserID), s.C(entnotification.FieldUserID)),
			sql.ColumnsEQ(later.C(entnotification.FieldGroupKey), s.C(entnotification.FieldGroupKey)),
			sql.ColumnsGT(later.C(entnotification.FieldID), s.C(entnotification.FieldID)),
		))
		for _, p := range where {
			p(later)
		}
		s.Where(sql.Or(sql.IsNull(s.C(entnotification.FieldGroupKey)), sql.NotExists(later)))
	}
	c, err := i.Store.Client.Notification.Query().Where(entnotification.UserID(user), latest).Where(where...).
		Paginate(ctx, p.After, p.First, p.Before, p.Last, newestFirst)
	if err != nil {
		return nil, store.Translate(err)
	}
	groups := &NotificationGroupConnection{PageInfo: c.PageInfo, TotalCount: c.TotalCount,
		Edges: make([]*NotificationGroupEdge, len(c.Edges)), Nodes: make([]*NotificationGroup, len(c.Edges))}
	for n, e := range c.Edges {
		groups.Nodes[n] = groupOf(e.Node)
		groups.Edges[n] = &NotificationGroupEdge{Node: groups.Nodes[n], Cursor: e.Cursor}
	}
	return groups, i.countGroups(ctx, user, where, groups.Nodes)
}

// groupOf is a group as far as its latest says it.
func groupOf(n *ent.Notification) *NotificationGroup {
	g := &NotificationGroup{Key: n.GroupKey, Count: 1, Latest: n}
	if n.ReadAt == nil {
		g.UnreadCount = 1
	}
	return g
}

// countGroups fills in the counts of a page of groups, in one statement.
func (i *Inbox) countGroups(ctx context.Context, user uuid.UUID, where []predicate.Notification, groups []*NotificationGroup) error {
	byKey, keys := map[string]*NotificationGroup{}, []any{}
	for _, g := range groups {
		if g.Key != nil {
			byKey[*g.Key], keys = g, append(keys, *g.Key)
		}
	}
	if len(keys) == 0 {
		return nil
	}
	rows, err := i.rowsOf(ctx, user, where, "n")
	if err != nil {
		return err
	}
	key := rows.C(entnotification.FieldGroupKey)
	rows.Where(sql.In(key, keys...)).GroupBy(key).
		Select(key, sql.Count("*"), "sum(CASE WHEN "+rows.C(entnotification.FieldReadAt)+" IS NULL THEN 1 ELSE 0 END)")
	return i.each(ctx, rows, func(scan func(...any) error) error {
		var name string
		var count, unread int
		if err := scan(&name, &count, &unread); err != nil {
			return err
		}
		if g := byKey[name]; g != nil {
			g.Count, g.UnreadCount = count, unread
		}
		return nil
	})
}

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
