package account

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/session"
	"kabinet/internal/credential"
	"kabinet/internal/fault"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// RefreshSession exchanges a refresh token for a new token and a new refresh
// token. Within the grace the one before is taken again, and gives the very
// same answer: two who ask at once, or one whose answer was lost, stay signed
// in. After it an old one means that somebody has a copy: the session ends,
// whoever of the two asks, and the person is told (security B2).
//
// Faults: UNAUTHENTICATED.
func (p *People) RefreshSession(ctx context.Context, in RefreshSessionInput) (*Welcome, error) {
	family, ours := credential.ReadRefresh(in.RefreshToken, p.o.Sealer.MAC)
	if len(in.RefreshToken) > 128 {
		return nil, fault.ErrUnauthenticated
	}
	var e *Entrance
	err := p.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		e = nil // what is refused here stays written: it ends sessions
		s, err := p.refreshable(ctx, tx, in.RefreshToken, family, ours)
		if err != nil || s == nil {
			return err
		}
		live, err := p.maySignOn(ctx, tx, s)
		if err != nil || !live {
			return err
		}
		e, err = p.renew(ctx, tx, s, in.RefreshToken)
		return err
	})
	if err == nil && e == nil {
		err = fault.ErrUnauthenticated
	}
	if err != nil {
		return nil, err
	}
	return p.Welcome(ctx, e)
}

// refreshable holds the session of a refresh token, in force or old; nil where
// there is none.
func (p *People) refreshable(ctx context.Context, tx *store.Tx, token string, family uuid.UUID, ours bool) (*ent.Session, error) {
	hash := credential.TokenHash(token)
	which := session.Or(session.RefreshHash(hash), session.RefreshPrevHash(hash))
	if ours { // by its id: the same row, and found also by the oldest of the family
		which = session.ID(family)
	}
	s, err := tx.Session.Query().Where(which, session.KindEQ(session.KindREFRESHABLE), session.RevokedAtIsNil(), tx.Locking()).Only(asSystem(ctx))
	if ent.IsNotFound(err) {
		return nil, nil
	}
	return s, err
}

// maySignOn says whether session and person are still what they were.
func (p *People) maySignOn(ctx context.Context, tx *store.Tx, s *ent.Session) (bool, error) {
	var status string
	err := tx.QueryRow(ctx, `SELECT status FROM users WHERE id = ?`, s.UserID).Scan(&status)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	staff, err := p.isStaff(ctx, tx, s.UserID)
	if err != nil {
		return false, err
	}
	if !p.lifetime(staff, s.CreatedAt, s.LastUsedAt, s.ExpiresAt).After(tx.Now) {
		// Written down, so that no clock set back brings it to life (security B4).
		return false, tx.Session.UpdateOneID(s.ID).SetRevokedAt(tx.Now).Exec(asSystem(ctx))
	}
	return status == "ACTIVE" || status == "PENDING", nil
}

// renew answers the refresh token in force with the next one, the one before
// with the same again, and ends the family of any other.
func (p *People) renew(ctx context.Context, tx *store.Tx, s *ent.Session, token string) (*Entrance, error) {
	hash := credential.TokenHash(token)
	e := &Entrance{UserID: s.UserID, Session: s}
	e.refresh, e.token = credential.NextRefresh(s.ID, token, p.o.Sealer.MAC)
	next := credential.TokenHash(e.refresh)
	if s.RefreshHash != nil && bytes.Equal(hash, *s.RefreshHash) {
		v := viewer.From(ctx)
		c := s.Update().SetTokenHash(credential.TokenHash(e.token)).SetRefreshPrevHash(hash).SetRefreshHash(next).
			SetRotatedAt(tx.Now).SetAccessExpiresAt(tx.Now.Add(p.o.Sessions.Access)).SetLastUsedAt(tx.Now)
		if v.IP != "" {
			c.SetIP(v.IP)
		}
		if v.Place != "" {
			c.SetPlace(v.Place)
		}
		var err error
		e.Session, err = c.Save(asSystem(ctx))
		return e, err
	}
	if p.inGrace(s, hash, tx.Now) {
		if !bytes.Equal(next, *s.RefreshHash) { // a new token was given by other means meanwhile: no theft
			return nil, nil
		}
		return e, nil
	}
	ctx = As(ctx, s.UserID, s.ID)
	if _, err := p.end(ctx, tx, s.UserID, session.ID(s.ID)); err != nil {
		return nil, err
	}
	if err := p.endActing(ctx, tx, s.UserID); err != nil { // the thief may have opened them
		return nil, err
	}
	return nil, p.News(ctx, tx, s.UserID, ChangeRefreshReused, s.GlobalID(), nil)
}

func (p *People) inGrace(s *ent.Session, hash []byte, now time.Time) bool {
	return s.RefreshPrevHash != nil && bytes.Equal(hash, *s.RefreshPrevHash) && s.RotatedAt != nil && now.Sub(*s.RotatedAt) <= p.o.Sessions.Grace
}
