package account

import (
	"bytes"
	"context"
	"slices"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/predicate"
	"kabinet/ent/generated/session"
	"kabinet/internal/credential"
	"kabinet/internal/event"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// mostSessions is how many sessions of one person are kept, ended ones too:
// those used longest ago make room, ended ones first (security B10).
const mostSessions = 100

// begin makes a session for a person who has just proven who he is, ends the
// one that the request came with, and returns the token, which is nowhere else.
func (p *People) begin(ctx context.Context, tx *store.Tx, user uuid.UUID, mode *SessionMode, newDevice bool) (token string, s *ent.Session, err error) {
	v := viewer.From(ctx)
	kind := session.KindTOKEN
	if mode != nil && *mode == SessionModeCookie {
		kind = session.KindBROWSER
	}
	life := p.o.Sessions.Absolute
	staff, err := p.isStaff(ctx, tx, user)
	if err != nil {
		return "", nil, err
	}
	if staff {
		life = p.o.Sessions.StaffAbsolute
	}
	if newDevice { // the first one of all is no news
		if err := tx.QueryRow(ctx, `SELECT EXISTS (SELECT 1 FROM sessions WHERE user_id = ?)`, user).Scan(&newDevice); err != nil {
			return "", nil, err
		}
	}
	token = credential.NewToken()
	c := tx.Session.Create().SetUserID(user).SetOwnerID(user).SetKind(kind).SetTokenHash(credential.TokenHash(token)).
		SetLastUsedAt(tx.Now).SetSteppedUpAt(tx.Now).SetExpiresAt(tx.Now.Add(life))
	if v.UserAgent != "" {
		c.SetUserAgent(v.UserAgent)
	}
	if v.IP != "" {
		c.SetIP(v.IP)
	}
	if s, err = c.Save(asSystem(ctx)); err != nil {
		return "", nil, err
	}
	// A token known before the sign-in is worth nothing after it (security B1).
	if v.SessionID != uuid.Nil {
		if _, err := p.end(ctx, tx, v.UserID, session.ID(v.SessionID)); err != nil {
			return "", nil, err
		}
	}
	_, err = tx.Exec(ctx, `DELETE FROM sessions WHERE id IN (SELECT id FROM sessions WHERE user_id = ?
		ORDER BY CASE WHEN revoked_at IS NULL THEN 0 ELSE 1 END, last_used_at DESC, id DESC LIMIT 1000000 OFFSET ?)`, user, mostSessions)
	if err != nil {
		return "", nil, err
	}
	tx.Tell(event.SignedIn{UserID: user, SessionID: s.ID, NewDevice: newDevice}, store.ToUser(user))
	return token, s, nil
}

// issued is what the caller gets: the token itself, or the cookie set.
func issued(ctx context.Context, token string, s *ent.Session) *IssuedSession {
	out := &IssuedSession{Session: s, ExpiresAt: s.ExpiresAt}
	if s.Kind == session.KindBROWSER {
		viewer.CookiesFrom(ctx).Set(token, s.ExpiresAt)
		return out
	}
	out.Token = &token
	return out
}

// toldSessions bounds how many ids one fact names: its payload has 2 kB.
const toldSessions = 40

// end ends those of a person's sessions that are in force and match, and tells
// it; it says which they were.
func (p *People) end(ctx context.Context, tx *store.Tx, user uuid.UUID, which ...predicate.Session) ([]uuid.UUID, error) {
	which = append(which, session.UserID(user), session.RevokedAtIsNil(), session.ExpiresAtGT(tx.Now))
	ids, err := tx.Session.Query().Where(which...).IDs(asSystem(ctx))
	if err != nil || len(ids) == 0 {
		return nil, err
	}
	slices.SortFunc(ids, func(a, b uuid.UUID) int { return bytes.Compare(a[:], b[:]) })
	n, err := tx.Session.Update().Where(session.IDIn(ids...), session.RevokedAtIsNil()).SetRevokedAt(tx.Now).Save(asSystem(ctx))
	if err != nil || n == 0 { // somebody else has just ended them
		return nil, err
	}
	told := ids
	if len(told) > toldSessions {
		told = told[:toldSessions]
	}
	tx.Tell(event.SessionsEnded{UserID: user, SessionIDs: told}, store.ToUser(user))
	return ids, nil
}

// lifetime is when a session ends if nothing happens: the absolute end and the
// idle one, which are nearer for staff.
func (p *People) lifetime(staff bool, createdAt, lastUsedAt, expiresAt time.Time) time.Time {
	idle := p.o.Sessions.Idle
	if staff {
		idle = p.o.Sessions.StaffIdle
		if end := createdAt.Add(p.o.Sessions.StaffAbsolute); end.Before(expiresAt) {
			expiresAt = end
		}
	}
	if end := lastUsedAt.Add(idle); end.Before(expiresAt) {
		return end
	}
	return expiresAt
}
