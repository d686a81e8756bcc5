package account

import (
	"bytes"
	"context"
	"crypto/rand"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/predicate"
	"kabinet/ent/generated/session"
	"kabinet/ent/generated/user"
	"kabinet/internal/credential"
	"kabinet/internal/event"
	"kabinet/internal/fault"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// mostSessions is how many sessions of one person are kept, ended ones too:
// those used longest ago make room, ended ones first (security B10).
const mostSessions = 100

// open makes a session for a person who has proven all that is asked of him,
// and ends the one that the request came with.
func (p *People) open(ctx context.Context, tx *store.Tx, f Proof) (*Entrance, error) {
	v := viewer.From(ctx)
	e := &Entrance{UserID: f.UserID}
	newDevice, err := p.isNew(ctx, tx, f.UserID, v)
	if err != nil {
		return nil, err
	}
	if err := p.make(ctx, tx, f, v, e); err != nil {
		return nil, err
	}
	if f.Method != MethodActing {
		if err := p.leave(ctx, tx, v); err != nil {
			return nil, err
		}
	}
	_, err = tx.Exec(ctx, `DELETE FROM sessions WHERE id IN (SELECT id FROM sessions WHERE user_id = ?
		ORDER BY CASE WHEN revoked_at IS NULL THEN 0 ELSE 1 END, last_used_at DESC, id DESC LIMIT 1000000 OFFSET ?)`, f.UserID, mostSessions)
	if err != nil {
		return nil, err
	}
	if f.Identity != nil {
		if _, err := tx.Exec(ctx, `UPDATE identities SET last_used_at = ? WHERE id = ? AND user_id = ?`, tx.Now, *f.Identity, f.UserID); err != nil {
			return nil, err
		}
	}
	if f.Method == MethodActing { // desk says it in its own words
		return e, nil
	}
	return e, p.tellSignIn(As(ctx, f.UserID, e.Session.ID), tx, f, e.Session, newDevice)
}

// tellSignIn puts a sign-in on record; of a device that is new the person hears.
func (p *People) tellSignIn(ctx context.Context, tx *store.Tx, f Proof, s *ent.Session, newDevice bool) error {
	tx.Tell(event.SignedIn{UserID: f.UserID, SessionID: s.ID, NewDevice: newDevice}, store.ToUser(f.UserID))
	err := tx.Audit(ctx, "account.sign_in", f.UserID, s.GlobalID(), map[string]any{"kind": s.Kind, "method": f.Method, "aal": s.Aal, "newDevice": newDevice})
	if err != nil || !newDevice {
		return err
	}
	return p.News(ctx, tx, f.UserID, ChangeNewDevice, s.GlobalID(), nil)
}

// leave ends the session that a request came with, locked or not: a token
// known before the sign-in is worth nothing after it (security B1).
func (p *People) leave(ctx context.Context, tx *store.Tx, v viewer.Viewer) error {
	user, id := v.UserID, v.SessionID
	if locked := viewer.LockedFrom(ctx); locked != nil {
		user, id = locked.UserID, locked.SessionID
	}
	if id == uuid.Nil {
		return nil
	}
	_, err := p.end(ctx, tx, user, session.ID(id))
	return err
}

// make writes the row and puts the tokens into e.
func (p *People) make(ctx context.Context, tx *store.Tx, f Proof, v viewer.Viewer, e *Entrance) (err error) {
	life := p.o.Sessions.Absolute
	staff, err := p.isStaff(ctx, tx, f.UserID)
	if err != nil {
		return err
	}
	if staff {
		life = p.o.Sessions.StaffAbsolute
	}
	e.token = credential.NewToken()
	id := uuid.Must(uuid.NewV7())
	c := tx.Session.Create().SetID(id).SetUserID(f.UserID).SetOwnerID(f.UserID).SetKind(kindOf(f)).SetMethod(f.Method).SetAal(max(f.AAL, 1)).
		SetTokenHash(credential.TokenHash(e.token)).SetLastUsedAt(tx.Now)
	if f.Method == MethodActing {
		life = f.Life
		c.SetActingStaffID(f.Staff).SetActingReason(f.Reason)
	} else {
		c.SetSteppedUpAt(tx.Now)
	}
	if kindOf(f) == session.KindREFRESHABLE {
		e.refresh = credential.NewRefresh(id, p.o.Sealer.MAC)
		c.SetRefreshHash(credential.TokenHash(e.refresh)).SetAccessExpiresAt(tx.Now.Add(p.o.Sessions.Access)).SetRotatedAt(tx.Now)
	}
	device := v.Device
	if kindOf(f) == session.KindBROWSER && device == "" {
		device = strings.ToLower(rand.Text())
		e.device = device
	}
	if device != "" && f.Method != MethodActing {
		c.SetDeviceHash(credential.TokenHash(device))
	}
	if f.Method == MethodActing { // from where staff works is nobody's business; the audit log knows
		v.UserAgent, v.IP, v.Place = "", "", ""
	}
	if v.UserAgent != "" {
		c.SetUserAgent(v.UserAgent)
	}
	if v.IP != "" {
		c.SetIP(v.IP)
	}
	if v.Place != "" {
		c.SetPlace(v.Place)
	}
	e.Session, err = c.SetExpiresAt(tx.Now.Add(life)).Save(asSystem(ctx))
	return err
}

func kindOf(f Proof) session.Kind {
	switch {
	case f.Method == MethodActing:
		return session.KindACTING
	case f.Mode != nil && *f.Mode == SessionModeCookie:
		return session.KindBROWSER
	case f.Mode != nil && *f.Mode == SessionModeRefreshable:
		return session.KindREFRESHABLE
	}
	return session.KindTOKEN
}

// knownDevice is a condition on sessions s: of a device that was signed in
// before, by its own name for itself, or by address and program where it has
// none. Never by both: who tries names from a known address stays a stranger.
func knownDevice(v viewer.Viewer) (where string, args []any) {
	if v.Device != "" {
		return `s.kind <> 'ACTING' AND s.device_hash = ?`, []any{credential.TokenHash(v.Device)}
	}
	return `s.kind <> 'ACTING' AND s.ip = ? AND s.user_agent = ?`, []any{v.IP, v.UserAgent}
}

// isNew says whether a device was not met before; the first one of all is no news.
func (p *People) isNew(ctx context.Context, tx *store.Tx, user uuid.UUID, v viewer.Viewer) (is bool, err error) {
	known, args := knownDevice(v)
	err = tx.QueryRow(ctx, `SELECT EXISTS (SELECT 1 FROM sessions WHERE user_id = ? AND kind <> 'ACTING')
		AND NOT EXISTS (SELECT 1 FROM sessions s WHERE s.user_id = ? AND `+known+`)`, append([]any{user, user}, args...)...).Scan(&is)
	return is, err
}

// issued is what the caller gets: the tokens themselves, or the cookie set.
func issued(ctx context.Context, e *Entrance) *IssuedSession {
	s := e.Session
	out := &IssuedSession{Session: s, ExpiresAt: s.ExpiresAt}
	switch s.Kind {
	case session.KindBROWSER:
		jar := viewer.CookiesFrom(ctx)
		jar.Set(e.token, s.ExpiresAt)
		if e.device != "" {
			jar.Device(e.device)
		}
		return out
	case session.KindREFRESHABLE:
		out.RefreshToken, out.AccessExpiresAt = &e.refresh, s.AccessExpiresAt
	}
	out.Token = &e.token
	return out
}

// rotation says what a new token comes with.
type rotation struct {
	aal     int    // proven anew, at this level; 0 for not
	unlocks bool   // counts as use
	held    []byte // the hash of the token that it takes the place of; nil for any
}

// rotate gives a session that is in force a new token and, of its kind, a new
// refresh token; the old ones are dead. A parallel refresh by the old one is
// refused and no theft, for as long as the grace lasts.
func (p *People) rotate(ctx context.Context, tx *store.Tx, user, id uuid.UUID, turn rotation) (*Entrance, error) {
	which := []predicate.Session{session.ID(id), session.UserID(user), session.RevokedAtIsNil(), session.ExpiresAtGT(tx.Now)}
	if turn.held != nil { // of twins with one token the second is refused: the first one's is in force
		which = append(which, session.TokenHash(turn.held))
	}
	s, err := tx.Session.Query().Where(append(which, tx.Locking())...).
		Select(shown...).Only(asSystem(ctx))
	if ent.IsNotFound(err) {
		return nil, fault.ErrUnauthenticated
	}
	if err != nil {
		return nil, err
	}
	e := &Entrance{UserID: user, token: credential.NewToken(), Session: s}
	s.RotatedAt = &tx.Now
	c := tx.Session.Update().Where(session.ID(id)).SetTokenHash(credential.TokenHash(e.token)).SetRotatedAt(tx.Now)
	if s.Kind == session.KindREFRESHABLE {
		if _, err := tx.Exec(ctx, `UPDATE sessions SET refresh_prev_hash = refresh_hash WHERE id = ?`, id); err != nil {
			return nil, err
		}
		until := tx.Now.Add(p.o.Sessions.Access)
		s.AccessExpiresAt, e.refresh = &until, credential.NewRefresh(id, p.o.Sealer.MAC)
		c.SetRefreshHash(credential.TokenHash(e.refresh)).SetAccessExpiresAt(until)
	}
	if turn.aal > 0 {
		s.SteppedUpAt, s.Aal = &tx.Now, max(s.Aal, turn.aal)
		c.SetSteppedUpAt(tx.Now).SetAal(s.Aal)
	}
	if turn.unlocks {
		s.LastUsedAt = tx.Now
		c.SetLastUsedAt(tx.Now)
	}
	if err := c.Exec(asSystem(ctx)); err != nil || turn.aal < 2 {
		return e, err
	}
	return e, p.DropStepUps(ctx, tx, user, id)
}

// DropStepUps takes from a person's sessions but one what was proven by one
// factor: two are asked for now (security C5).
func (p *People) DropStepUps(ctx context.Context, tx *store.Tx, user, but uuid.UUID) error {
	_, err := tx.Exec(ctx, `UPDATE sessions SET stepped_up_at = NULL WHERE user_id = ? AND id <> ? AND aal < 2 AND stepped_up_at IS NOT NULL`, user, but)
	return err
}

// shown are the columns of a session without its secrets, which nobody needs
// to give it others.
var shown = slices.DeleteFunc(slices.Clone(session.Columns), func(column string) bool { return strings.HasSuffix(column, "_hash") })

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

// EndAll ends all of a person's sessions but one, uuid.Nil for none, and those
// in which he acts for customers (security B3); it says which of his own they were.
func (p *People) EndAll(ctx context.Context, tx *store.Tx, user, but uuid.UUID) ([]uuid.UUID, error) {
	ids, err := p.end(ctx, tx, user, session.IDNEQ(but))
	if err != nil {
		return nil, err
	}
	return ids, p.endActing(ctx, tx, user)
}

// endActing ends the sessions in which somebody acts for customers.
func (p *People) endActing(ctx context.Context, tx *store.Tx, staff uuid.UUID) error {
	acting, err := tx.Session.Query().Where(session.ActingStaffID(staff), session.RevokedAtIsNil(), session.ExpiresAtGT(tx.Now)).
		Select(session.FieldID, session.FieldUserID).All(asSystem(ctx))
	if err != nil {
		return err
	}
	for _, s := range acting {
		if _, err := p.end(ctx, tx, s.UserID, session.ID(s.ID)); err != nil {
			return err
		}
	}
	return nil
}

// Locked says whether a session must be unlocked before it is used.
func (p *People) Locked(s *ent.Session) bool { return p.isLocked(s.Kind, s.LastUsedAt, p.Store.Now()) }

// ActingIn is who of the business acts for the person in a session; nil for
// the person himself.
func (p *People) ActingIn(ctx context.Context, s *ent.Session) (*ActingStaff, error) {
	if s.ActingStaffID == nil {
		return nil, nil
	}
	names, err := p.actors.load(ctx, *s.ActingStaffID)
	if err != nil || len(names) == 0 {
		return nil, err
	}
	out := &ActingStaff{DisplayName: names[0], EndsAt: s.ExpiresAt}
	if s.ActingReason != nil {
		out.Reason = *s.ActingReason
	}
	return out, nil
}

// namesOf reads how people are addressed, whom the caller need not see.
func (p *People) namesOf(ctx context.Context, of []uuid.UUID) (map[uuid.UUID][]string, error) {
	list, err := p.Store.Client.User.Query().Where(user.IDIn(of...)).Select(user.FieldDisplayName).All(asSystem(ctx))
	if err != nil {
		return nil, store.Translate(err)
	}
	names := make(map[uuid.UUID][]string, len(list))
	for _, u := range list {
		names[u.ID] = []string{u.DisplayName}
	}
	return names, nil
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

// isLocked says whether a session has idled for so long that its holder must
// prove himself again. A token that is renewed every quarter of an hour, one
// of staff who act for the person, and a key do not idle.
func (p *People) isLocked(kind session.Kind, lastUsedAt, now time.Time) bool {
	return p.o.Sessions.Lock > 0 && (kind == session.KindBROWSER || kind == session.KindTOKEN) && now.Sub(lastUsedAt) >= p.o.Sessions.Lock
}
