package store

import (
	"context"

	"github.com/google/uuid"

	"kabinet/internal/scalar"
	"kabinet/internal/viewer"
)

// Audit puts an act on record in the same transaction. owner is whose data it
// was; changes hold no secret. The viewer of ctx is the actor;
// who acts for a customer is himself.
func (tx *Tx) Audit(ctx context.Context, action string, owner uuid.UUID, subject scalar.ID, changes map[string]any) error {
	v := viewer.From(ctx)
	kind, actor := "NOBODY", v.Actor()
	switch {
	case v.ActingStaff != uuid.Nil: // not the customer he acts for (security F14)
		kind, actor = "STAFF", &v.ActingStaff
	case v.IsSystem():
		kind = "SYSTEM:" + v.System
	case v.Staff:
		kind = "STAFF"
	case v.SignedIn():
		kind = "USER"
	}
	c := tx.AuditEntry.Create().SetActorKind(kind).SetAction(action).SetNillableActorID(actor).SetChanges(changes)
	if owner != uuid.Nil {
		c.SetOwnerID(owner)
	}
	if v.SessionID != uuid.Nil {
		c.SetSessionID(v.SessionID)
	}
	if subject.Prefix != "" {
		c.SetSubjectKind(subject.Prefix).SetSubjectID(subject.UUID)
	}
	if v.IP != "" {
		c.SetIP(v.IP)
	}
	if v.UserAgent != "" {
		c.SetUserAgent(v.UserAgent)
	}
	if v.RequestID != "" {
		c.SetRequestID(v.RequestID)
	}
	return c.Exec(viewer.AsSystem(ctx, "audit"))
}
