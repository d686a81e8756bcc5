package account

import (
	"context"
	"database/sql"
	"strings"
	"time"

	"github.com/google/uuid"

	"kabinet/ent/generated/session"
	"kabinet/internal/credential"
	"kabinet/internal/fault"
	"kabinet/internal/locale"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// Caller is what one request presents; field by field web.Credentials.
type Caller struct {
	Token      string // without "Bearer "; empty for nobody
	FromCookie bool
	Passive    bool   // asked for a stream: does not count as use of the session
	Company    string // acted for, com_… or the usr_… of who is represented; empty for oneself
	Locale     string // Accept-Language
	IP         string
	UserAgent  string
	Device     string // what the device calls itself by; empty for one not met
	Place      string // from where, as a proxy says
	RequestID  string
}

// asSystem steps past the fence where this domain looks for a person who is
// not signed in yet, or keeps sessions and credentials, which people see but
// do not write. The audit log still shows the person: it is given the caller's
// own context.
func asSystem(ctx context.Context) context.Context { return viewer.AsSystem(ctx, "account") }

// Viewer says who presents a token, in one read. Nobody when there is none.
//
// Faults: UNAUTHENTICATED for a token that is not in force, or of a person who
// is not active, with whose session it is where only the token has expired;
// SESSION_LOCKED, with whose session it is, for one that has idled; INVALID_ID
// or FORBIDDEN for a company or person that cannot be acted for.
func (p *People) Viewer(ctx context.Context, c Caller) (viewer.Viewer, error) {
	v := viewer.Viewer{Locale: locale.Match(c.Locale, p.o.Locale), TimeZone: p.o.TimeZone, RequestID: c.RequestID, IP: c.IP, UserAgent: c.UserAgent, Device: c.Device, Place: c.Place}
	if c.Token == "" {
		return v, nil
	}
	if len(c.Token) > 128 {
		return v, fault.ErrUnauthenticated
	}
	owner, err := ownerID(c.Company)
	if err != nil {
		return v, err
	}
	k, err := p.known(ctx, c.Token)
	if err != nil {
		return v, err
	}
	now := p.Store.Now()
	if k.inForce() && k.accessExpiresAt != nil && !k.accessExpiresAt.After(now) {
		v.SessionID = k.session
		return v, fault.ErrUnauthenticated
	}
	if may, err := p.mayStand(ctx, k, now); err != nil {
		return v, err
	} else if !may {
		return v, fault.ErrUnauthenticated
	}
	staff := k.staff(now)
	if !p.lifetime(staff != nil, k.createdAt, k.lastUsedAt, k.expiresAt).After(now) {
		// Written down, so that no clock set back brings it to life (security B4).
		return v, p.expire(ctx, k.session)
	}
	v.UserID, v.OwnerID, v.SessionID, v.TokenHash = k.user, k.user, k.session, credential.TokenHash(c.Token)
	v.Locale, v.TimeZone, v.AAL, v.Pending = locale.Match(k.locale, v.Locale), k.timeZone, k.aal, k.status == "PENDING"
	if p.isLocked(k.kind, k.lastUsedAt, now) {
		return v, errLocked
	}
	if err := p.touch(ctx, k, c, now); err != nil {
		return v, err
	}
	if k.accessExpiresAt != nil {
		v.TokenUntil = *k.accessExpiresAt
	}
	v.SteppedUp = k.steppedUpAt != nil && now.Sub(*k.steppedUpAt) < p.o.Sessions.StepUp
	if k.acting != nil {
		v.ActingStaff = *k.acting
	}
	return v, p.grant(ctx, &v, k, staff, owner, now)
}

// mayStand says whether a session is in force, and if staff act by it for a
// customer, whether they still may.
func (p *People) mayStand(ctx context.Context, k *known, now time.Time) (bool, error) {
	if !k.inForce() || k.acting == nil {
		return k.inForce(), nil
	}
	return p.mayAct(ctx, k, now)
}

// errLocked is what a session answers that has idled for too long.
var errLocked = fault.New(fault.Locked, "SESSION_LOCKED")

// ownerID reads X-Kabinet-Company.
func ownerID(text string) (uuid.UUID, error) {
	if text == "" {
		return uuid.Nil, nil
	}
	id, err := scalar.ParseID(strings.TrimSpace(text))
	if err != nil || id.Prefix != "com" && id.Prefix != "usr" {
		return uuid.Nil, fault.ErrInvalidID
	}
	return id.UUID, nil
}

// known is a session with its person and his memberships; of a session in
// which staff act for him, also theirs.
type known struct {
	session, user            uuid.UUID
	kind                     session.Kind
	aal                      int
	createdAt, lastUsedAt    time.Time
	expiresAt                time.Time
	revokedAt, steppedUpAt   *time.Time
	accessExpiresAt          *time.Time
	status, locale, timeZone string
	acting                   *uuid.UUID // who of the business acts for him
	actingStatus             sql.NullString
	memberships              []seat
}

// inForce says whether the row still lets its holder in, lifetimes apart.
func (k *known) inForce() bool {
	return k.user != uuid.Nil && k.revokedAt == nil && (k.status == "ACTIVE" || k.status == "PENDING") && (k.acting == nil || k.actingStatus.String == "ACTIVE")
}

// seat is one active membership.
type seat struct {
	user, owner, role uuid.UUID
	kind              string
	validUntilAt      *time.Time
	ownerStatus       sql.NullString
}

// staff is the seat in the House of whoever is at the keyboard; nil for none,
// and in a session in which staff act for a customer, who has no more rights
// then than the customer.
func (k *known) staff(now time.Time) *seat {
	if k.acting != nil {
		return nil
	}
	return k.seatOfStaff(k.user, now)
}

func (k *known) seatOfStaff(user uuid.UUID, now time.Time) *seat {
	for i, m := range k.memberships {
		if m.user == user && m.owner == viewer.House && m.kind == "STAFF" && m.inForce(now) {
			return &k.memberships[i]
		}
	}
	return nil
}

func (m seat) inForce(now time.Time) bool { return m.validUntilAt == nil || m.validUntilAt.After(now) }

// known reads a session by the hash of its token. A join gives a row for each
// membership; most people have none.
func (p *People) known(ctx context.Context, token string) (*known, error) {
	rows, err := p.Store.Query(ctx, `SELECT s.id, s.user_id, s.kind, s.aal, s.created_at, s.last_used_at, s.expires_at, s.revoked_at, s.stepped_up_at, s.access_expires_at,
			s.acting_staff_id, a.status, u.status, u.locale, u.time_zone, m.user_id, m.owner_id, m.role_id, m.kind, m.valid_until_at, coalesce(c.status, o.status)
		FROM sessions s JOIN users u ON u.id = s.user_id
		LEFT JOIN users a ON a.id = s.acting_staff_id
		LEFT JOIN memberships m ON m.user_id IN (s.user_id, s.acting_staff_id) AND m.status = 'ACTIVE'
		LEFT JOIN companies c ON c.id = m.owner_id
		LEFT JOIN users o ON o.id = m.owner_id
		WHERE s.token_hash = ?`, credential.TokenHash(token))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	k := &known{}
	for rows.Next() {
		var user, owner, role uuid.NullUUID
		var kind sql.NullString
		var m seat
		err := rows.Scan(&k.session, &k.user, &k.kind, &k.aal, &k.createdAt, &k.lastUsedAt, &k.expiresAt, &k.revokedAt, &k.steppedUpAt, &k.accessExpiresAt,
			&k.acting, &k.actingStatus, &k.status, &k.locale, &k.timeZone, &user, &owner, &role, &kind, &m.validUntilAt, &m.ownerStatus)
		if err != nil {
			return nil, store.Translate(err)
		}
		if owner.Valid {
			m.user, m.owner, m.role, m.kind = user.UUID, owner.UUID, role.UUID, kind.String
			k.memberships = append(k.memberships, m)
		}
	}
	return k, store.Translate(rows.Err())
}

// mayAct says whether whoever acts for the person still has the right to: it
// is gone with his role, at the next request (security B3, F14).
func (p *People) mayAct(ctx context.Context, k *known, now time.Time) (bool, error) {
	m := k.seatOfStaff(*k.acting, now)
	if m == nil {
		return false, nil
	}
	var v viewer.Viewer
	err := p.roles.grant(ctx, p.Store, &v, *m)
	return v.Reach("user", "act") == viewer.ReachAll, err
}

// grant gives the viewer what his roles grant: of the House for staff, and of
// the company or person he acts for. One that is unknown and one that is
// somebody else's are the same answer.
func (p *People) grant(ctx context.Context, v *viewer.Viewer, k *known, staff *seat, owner uuid.UUID, now time.Time) error {
	if staff != nil {
		v.Staff = true
		if err := p.roles.grant(ctx, p.Store, v, *staff); err != nil {
			return err
		}
	}
	if owner == uuid.Nil || owner == k.user {
		return nil
	}
	for _, m := range k.memberships {
		if m.user == k.user && m.owner == owner && m.kind != "STAFF" && m.inForce(now) && m.ownerStatus.String == "ACTIVE" {
			v.OwnerID, v.Represents = owner, m.kind == "REPRESENTATIVE"
			return p.roles.grant(ctx, p.Store, v, m)
		}
	}
	return fault.ErrForbidden
}

// expire writes down that a session has ended by itself.
func (p *People) expire(ctx context.Context, id uuid.UUID) error {
	err := p.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE sessions SET revoked_at = ?, updated_at = ? WHERE id = ? AND revoked_at IS NULL`, tx.Now, tx.Now, id)
		return err
	})
	if err != nil {
		return err
	}
	return fault.ErrUnauthenticated
}

// touch notes the use of a session, once a minute at most.
func (p *People) touch(ctx context.Context, k *known, c Caller, now time.Time) error {
	const apart = time.Minute
	if c.Passive || now.Sub(k.lastUsedAt) < apart {
		return nil
	}
	if k.acting != nil { // from where staff works is not the person's to see
		c.IP, c.Place = "", ""
	}
	return p.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE sessions SET last_used_at = ?, updated_at = ?, ip = coalesce(?, ip), place = coalesce(?, place) WHERE id = ? AND last_used_at <= ?`,
			now, now, sql.NullString{String: c.IP, Valid: c.IP != ""}, sql.NullString{String: c.Place, Valid: c.Place != ""}, k.session, now.Add(-apart))
		return err
	})
}

// Ended tells which of the sessions are over or locked. Only those that are
// locked can be brought back by the client itself.
func (p *People) Ended(ctx context.Context, sessions []uuid.UUID) (map[uuid.UUID]bool, error) {
	ended := make(map[uuid.UUID]bool, len(sessions))
	for _, id := range sessions {
		ended[id] = false
	}
	const batch = 500
	for rest := sessions; len(rest) > 0; {
		n := min(batch, len(rest))
		if err := p.goingOn(ctx, rest[:n], ended); err != nil {
			return nil, err
		}
		rest = rest[n:]
	}
	return ended, nil
}

// goingOn takes the sessions that are in force out of ended, and marks those
// that are locked.
func (p *People) goingOn(ctx context.Context, sessions []uuid.UUID, ended map[uuid.UUID]bool) error {
	now := p.Store.Now()
	args := []any{viewer.House, now}
	for _, id := range sessions {
		args = append(args, id)
	}
	rows, err := p.Store.Query(ctx, `SELECT s.id, s.kind, s.created_at, s.last_used_at, s.expires_at, s.acting_staff_id, m.id
		FROM sessions s JOIN users u ON u.id = s.user_id JOIN users w ON w.id = coalesce(s.acting_staff_id, s.user_id)
		LEFT JOIN memberships m ON m.user_id = w.id AND m.owner_id = ? AND m.kind = 'STAFF' AND m.status = 'ACTIVE'
			AND (m.valid_until_at IS NULL OR m.valid_until_at > ?)
		WHERE s.revoked_at IS NULL AND u.status IN ('ACTIVE', 'PENDING') AND w.status IN ('ACTIVE', 'PENDING')
			AND s.id IN (?`+strings.Repeat(",?", len(sessions)-1)+`)`, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var k known
		var staff uuid.NullUUID
		if err := rows.Scan(&k.session, &k.kind, &k.createdAt, &k.lastUsedAt, &k.expiresAt, &k.acting, &staff); err != nil {
			return store.Translate(err)
		}
		switch {
		case k.acting != nil && !staff.Valid, !p.lifetime(staff.Valid && k.acting == nil, k.createdAt, k.lastUsedAt, k.expiresAt).After(now):
		case p.isLocked(k.kind, k.lastUsedAt, now):
			ended[k.session] = true
		default:
			delete(ended, k.session)
		}
	}
	return store.Translate(rows.Err())
}
