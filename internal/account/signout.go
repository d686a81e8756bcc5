package account

import (
	"context"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/session"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// me is the person who calls.
func me(ctx context.Context) (viewer.Viewer, error) {
	v := viewer.From(ctx)
	if !v.SignedIn() {
		return v, fault.ErrUnauthenticated
	}
	return v, nil
}

// SignOut ends the session of the call, locked or not, and says how many ended.
// The sessions in which the caller acts for customers end with it (security B3).
//
// Faults: UNAUTHENTICATED.
func (p *People) SignOut(ctx context.Context) (int, error) {
	if locked := viewer.LockedFrom(ctx); locked != nil {
		ctx = As(ctx, locked.UserID, locked.SessionID)
	}
	v, err := me(ctx)
	if err != nil {
		return 0, err
	}
	n, err := p.signOut(ctx, v, "account.sign_out", func(ctx context.Context, tx *store.Tx) ([]uuid.UUID, error) {
		ids, err := p.end(ctx, tx, v.UserID, session.ID(v.SessionID))
		if err != nil {
			return nil, err
		}
		return ids, p.endActing(ctx, tx, v.UserID)
	})
	if err == nil {
		viewer.CookiesFrom(ctx).Clear()
	}
	return n, err
}

// SignOutEverywhere ends all sessions of the person, this one too unless kept,
// and those in which he acts for customers.
//
// Faults: UNAUTHENTICATED.
func (p *People) SignOutEverywhere(ctx context.Context, in *SignOutEverywhereInput) (int, error) {
	v, err := me(ctx)
	if err != nil {
		return 0, err
	}
	but := uuid.Nil
	if in != nil && in.KeepCurrent != nil && *in.KeepCurrent {
		but = v.SessionID
	}
	n, err := p.signOut(ctx, v, "account.sign_out_everywhere", func(ctx context.Context, tx *store.Tx) ([]uuid.UUID, error) {
		return p.EndAll(ctx, tx, v.UserID, but)
	})
	if err == nil && but == uuid.Nil {
		viewer.CookiesFrom(ctx).Clear()
	}
	return n, err
}

func (p *People) signOut(ctx context.Context, v viewer.Viewer, action string, end func(context.Context, *store.Tx) ([]uuid.UUID, error)) (n int, err error) {
	err = p.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		ids, err := end(ctx, tx)
		if err != nil {
			return err
		}
		n = len(ids)
		return tx.Audit(ctx, action, v.UserID, scalar.ID{Prefix: "usr", UUID: v.UserID}, map[string]any{"sessions": n})
	})
	return n, err
}

// RevokeSession ends one of the person's sessions, and those in which he acts
// for customers: they may have been opened from it. One that is over and one of
// somebody else are the same answer (security B9).
//
// Faults: UNAUTHENTICATED, INVALID_ID, NOT_FOUND.
func (p *People) RevokeSession(ctx context.Context, in RevokeSessionInput) (*ent.Session, error) {
	v, err := me(ctx)
	if err != nil {
		return nil, err
	}
	id, err := in.SessionID.As("ses", "key")
	if err != nil {
		return nil, fault.ErrInvalidID.At("input", "sessionId")
	}
	var s *ent.Session
	err = p.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		ids, err := p.end(ctx, tx, v.UserID, session.ID(id))
		if err != nil {
			return err
		}
		if len(ids) == 0 {
			return fault.ErrNotFound.At("input", "sessionId")
		}
		if err := p.endActing(ctx, tx, v.UserID); err != nil {
			return err
		}
		q, err := tx.Session.Query().Where(session.ID(id)).CollectUnder(ctx, "session")
		if err != nil {
			return err
		}
		if s, err = q.Only(ctx); err != nil {
			return err
		}
		return tx.Audit(ctx, "account.revoke_session", v.UserID, s.GlobalID(), nil)
	})
	if err != nil {
		return nil, err
	}
	if id == v.SessionID {
		viewer.CookiesFrom(ctx).Clear()
	}
	return s.Unwrap(), nil
}

// Current says whether a session is the one of the call.
func Current(ctx context.Context, id uuid.UUID) bool { return viewer.From(ctx).SessionID == id }
