package desk

import (
	"context"
	"strings"

	"entgo.io/contrib/entgql"
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
	v := viewer.From(ctx)
	if v.UserID != u.ID && (!v.Staff || v.Reach("audit_entry", "read") != viewer.ReachAll) {
		return &SecurityActivityConnection{}, nil
	}
	rows, err := d.Store.Client.AuditEntry.Query().Where(auditentry.OwnerID(u.ID), auditentry.ActionHasPrefix("account.")).
		Paginate(asSystem(ctx), page.After, page.First, page.Before, page.Last,
			ent.WithAuditEntryOrder(&ent.AuditEntryOrder{Direction: entgql.OrderDirectionDesc, Field: ent.DefaultAuditEntryOrder.Field}))
	if err != nil {
		return nil, store.Translate(err)
	}
	c := &SecurityActivityConnection{Edges: make([]*SecurityActivityEdge, len(rows.Edges)), PageInfo: rows.PageInfo, TotalCount: rows.TotalCount}
	staff, places, err := d.about(ctx, rows.Edges)
	if err != nil {
		return nil, err
	}
	for i, e := range rows.Edges {
		a := activity(v.Locale, u.ID, e.Node)
		if a.By == ActivityActorStaff && e.Node.ActorID != nil && staff[*e.Node.ActorID] != nil {
			a.StaffName = &staff[*e.Node.ActorID].DisplayName
		}
		if e.Node.SessionID != nil && a.By != ActivityActorStaff {
			a.Place = places[*e.Node.SessionID]
		}
		c.Edges[i] = &SecurityActivityEdge{Node: a, Cursor: e.Cursor}
	}
	return c, nil
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
func (d *Desk) about(ctx context.Context, rows []*ent.AuditEntryEdge) (map[uuid.UUID]*PersonName, map[uuid.UUID]*string, error) {
	var people, sessions []uuid.UUID
	for _, e := range rows {
		if e.Node.ActorKind == "STAFF" && e.Node.ActorID != nil {
			people = append(people, *e.Node.ActorID)
		}
		if e.Node.SessionID != nil {
			sessions = append(sessions, *e.Node.SessionID)
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
