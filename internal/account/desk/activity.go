package desk

import (
	"context"
	"strings"

	"entgo.io/contrib/entgql"
	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/auditentry"
	"kabinet/ent/generated/session"
	"kabinet/internal/account"
	"kabinet/internal/locale"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// RecentActivity is what was done about a person's account and its safety,
// newest first: to himself, and to staff who may read the audit log. Others
// find nothing.
func (d *Desk) RecentActivity(ctx context.Context, u *ent.User, page account.Page) (*SecurityActivityConnection, error) {
	if !seesActivity(ctx, u.ID) {
		return &SecurityActivityConnection{}, nil
	}
	rows, err := d.activityOf(u.ID).Paginate(asSystem(ctx), page.After, page.First, page.Before, page.Last,
		ent.WithAuditEntryOrder(&ent.AuditEntryOrder{Direction: entgql.OrderDirectionDesc, Field: ent.DefaultAuditEntryOrder.Field}))
	if err != nil {
		return nil, store.Translate(err)
	}
	c := &SecurityActivityConnection{Edges: make([]*SecurityActivityEdge, len(rows.Edges)), PageInfo: rows.PageInfo, TotalCount: rows.TotalCount}
	entries := make([]*ent.AuditEntry, len(rows.Edges))
	for i, e := range rows.Edges {
		entries[i] = e.Node
	}
	shown, err := d.showActivity(ctx, u.ID, entries)
	if err != nil {
		return nil, err
	}
	for i, e := range rows.Edges {
		c.Edges[i] = &SecurityActivityEdge{Node: shown[i], Cursor: e.Cursor}
	}
	return c, nil
}

// LastActivity are the newest of RecentActivity as a bare list, so many of
// them: what a page reads goes by the fields of a connection, which a list has
// not.
func (d *Desk) LastActivity(ctx context.Context, user uuid.UUID, most int) ([]*SecurityActivity, error) {
	if !seesActivity(ctx, user) {
		return []*SecurityActivity{}, nil
	}
	q, err := d.activityOf(user).Order(auditentry.ByID(sql.OrderDesc())).Limit(most).CollectFields(ctx)
	if err != nil {
		return nil, err
	}
	rows, err := q.All(asSystem(ctx))
	if err != nil {
		return nil, store.Translate(err)
	}
	return d.showActivity(ctx, user, rows)
}

func (d *Desk) activityOf(user uuid.UUID) *ent.AuditEntryQuery {
	return d.Store.Client.AuditEntry.Query().Where(auditentry.OwnerID(user), auditentry.ActionHasPrefix("account."))
}

// seesActivity says whether the caller sees what was done about a person.
func seesActivity(ctx context.Context, user uuid.UUID) bool {
	v := viewer.From(ctx)
	return v.UserID == user || v.Staff && v.Reach("audit_entry", "read") == viewer.ReachAll
}

// showActivity are rows as the person sees them.
func (d *Desk) showActivity(ctx context.Context, of uuid.UUID, rows []*ent.AuditEntry) ([]*SecurityActivity, error) {
	staff, places, err := d.about(ctx, rows)
	if err != nil {
		return nil, err
	}
	all := make([]*SecurityActivity, len(rows))
	for i, e := range rows {
		a := activity(viewer.From(ctx).Locale, of, e)
		if a.By == ActivityActorStaff && e.ActorID != nil && staff[*e.ActorID] != nil {
			a.StaffName = &staff[*e.ActorID].DisplayName
		}
		if e.SessionID != nil && a.By != ActivityActorStaff {
			a.Place = places[*e.SessionID]
		}
		all[i] = a
	}
	return all, nil
}

// activity is one row as the person sees it. From where staff works is
// nobody's business.
func activity(lang string, of uuid.UUID, e *ent.AuditEntry) *SecurityActivity {
	a := &SecurityActivity{ID: scalar.ID{Prefix: "aud", UUID: e.ID}, At: e.CreatedAt, Action: e.Action, Label: label(lang, e.Action), By: ActivityActorNobody}
	switch {
	case e.ActorKind == "STAFF" && (e.ActorID == nil || *e.ActorID != of):
		a.By = ActivityActorStaff
		return a
	case strings.HasPrefix(e.ActorKind, "SYSTEM"):
		a.By = ActivityActorSystem
		return a
	case e.ActorID != nil && *e.ActorID == of, e.ActorID == nil && proven(e.Action):
		a.By = ActivityActorYou
	}
	a.Device, a.IP = account.DeviceName(e.UserAgent), e.IP
	return a
}

// proven says whether an act of somebody who was not signed in yet was done
// with a proof of being the person, as signing in is.
func proven(action string) bool {
	return !strings.HasSuffix(action, "_failed") && !strings.HasSuffix(action, "_requested") && action != "account.first_factor"
}

// label is what was done, in words: a change that is told has them already.
func label(lang, action string) string {
	name := strings.TrimPrefix(action, "account.")
	for _, id := range []string{"desk.activity." + name, "security." + name + ".title"} {
		if locale.Has(id) {
			return locale.Text(lang, id, nil)
		}
	}
	return locale.Text(lang, "desk.activity.other", nil)
}

// about reads what a page of acts tells of others: the names of staff, and the
// places of sessions, a statement each where anything of it is asked for.
func (d *Desk) about(ctx context.Context, rows []*ent.AuditEntry) (map[uuid.UUID]*PersonName, map[uuid.UUID]*string, error) {
	var people, sessions []uuid.UUID
	for _, e := range rows {
		if e.ActorKind == "STAFF" && e.ActorID != nil {
			people = append(people, *e.ActorID)
		}
		if e.SessionID != nil {
			sessions = append(sessions, *e.SessionID)
		}
	}
	staff, places := map[uuid.UUID]*PersonName{}, map[uuid.UUID]*string{}
	var err error
	if len(people) > 0 {
		if staff, err = d.names(ctx, people); err != nil {
			return nil, nil, err
		}
	}
	if len(sessions) > 0 {
		list, err := d.Store.Client.Session.Query().Where(session.IDIn(sessions...)).Select(session.FieldID, session.FieldPlace).All(asSystem(ctx))
		if err != nil {
			return nil, nil, store.Translate(err)
		}
		for _, s := range list {
			places[s.ID] = s.Place
		}
	}
	return staff, places, nil
}
