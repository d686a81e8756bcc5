package notify

import (
	"context"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	entnotification "kabinet/ent/generated/notification"
	"kabinet/ent/generated/predicate"
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
