// Package account owns people: how they register, sign in and are known, their
// addresses, preferences and sessions, memberships and roles, and the letters
// that prove an address. It alone writes users, identities, contact_points,
// sessions, addresses, companies, roles and memberships; through store also
// challenges and rate_limits. It never opens an SMTP connection itself and
// knows nothing of HTTP: server.go hands it a func to send by, and turns
// requests into Callers.
package account

import (
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"runtime"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/identity"
	"kabinet/ent/generated/session"
	"kabinet/internal/credential"
	"kabinet/internal/live"
	"kabinet/internal/store"
)

// Mailer hands a letter to the queue in the caller's transaction.
type Mailer func(ctx context.Context, tx *store.Tx, letter Letter) error

// People is the service of this domain; New makes it.
type People struct {
	Store   *store.Store
	Streams *live.Streams
	Mail    Mailer

	// FamilyCards are the balances of a family's shared card, which the caller
	// may see; bonus knows them. server.go fills it.
	FamilyCards func(ctx context.Context, family uuid.UUID) ([]*FamilyCard, error)

	// Referred notes by whose referral code a person comes, who registers in
	// this moment; false where nobody has it. nil: codes are not known here.
	Referred func(ctx context.Context, tx *store.Tx, user uuid.UUID, code string) (bool, error)

	// Consented notes the consents that a person gives while he registers, in
	// the same transaction; privacy knows them. server.go fills it.
	Consented func(ctx context.Context, tx *store.Tx, user uuid.UUID, consents []*RegistrationConsentInput) error

	// Forgotten is told, in the same transaction, which registrations were
	// forgotten. server.go fills it; nil: nobody needs to know.
	Forgotten func(ctx context.Context, tx *store.Tx, users []uuid.UUID) error

	// Factors are the second factors that a person has; empty: none is due. nil
	// where there are none at all. internal/account/factor fills it.
	Factors func(ctx context.Context, tx *store.Tx, user uuid.UUID) ([]Factor, error)
	// SecondFactor makes the challenge of a second factor, of the purpose
	// ForSecondFactor and with half as its data, and sends the code where the
	// factor is one. session is the one to step up, nil for a sign-in.
	SecondFactor func(ctx context.Context, tx *store.Tx, user uuid.UUID, session *uuid.UUID, half Half) (*Challenge, error)
	// Offered says whether a provider of an issuer signs people in here; nil:
	// none does. internal/account/social fills it.
	Offered func(issuer string) bool
	// CheckPasskey proves that whoever calls has a passkey of the person. It
	// uses the challenge up in a transaction of its own; aal is 2 where the
	// passkey asked for finger or PIN. The fault is INVALID_CREDENTIALS.
	CheckPasskey func(ctx context.Context, user uuid.UUID, answer PasskeyAnswer) (aal int, identity uuid.UUID, err error)

	o      Options
	hashes *credential.Hasher
	roles  roleCache
	seats  gather[*ent.Membership]
	actors gather[string]
}

// Options are what server.go hands to New. Zero numbers take the documented
// defaults.
type Options struct {
	Store   *store.Store
	Streams *live.Streams
	Mail    Mailer
	Sealer  *store.Sealer // of challenges

	Sessions  Lifetimes
	CodeTTL   time.Duration // of a code sent by mail; 10 minutes
	CodeTries int           // wrong tries until it is dead; 5
	Hashes    int           // passwords checked at a time, 19 MiB each; one a core

	// Registration says what is asked for; e-mail alone when empty.
	Registration []AskedField
	// Check asks whether who registers may, before an account is made; nil: everybody.
	Check func(ctx context.Context, a Applicant) error
	// Returns are where a person may be led back to; nil: nowhere.
	Returns credential.Returns
	Country string        // ISO 3166-1 alpha-2, of phone numbers without +; empty: all need it
	SMS     bool          // whether codes can go to a phone
	LinkTTL time.Duration // of a link to a new password; 30 minutes
	UndoTTL time.Duration // of a link that undoes a change of the login; 7 days

	Locale   string // of those who have not chosen one; en
	TimeZone string // the same; UTC
	Log      *slog.Logger
}

// Lifetimes say how long a sign-in lasts.
type Lifetimes struct {
	Idle, Absolute           time.Duration // 14 days, 90 days
	StaffIdle, StaffAbsolute time.Duration // 30 minutes, 12 hours
	StepUp                   time.Duration // how long a fresh proof counts; 10 minutes
	Lock                     time.Duration // without use, until it must be unlocked; 0 is never
	Access                   time.Duration // of a token beside a refresh token; 15 minutes
	Grace                    time.Duration // a refresh token is taken once more; 10 seconds
}

// New checks the options and makes the service.
func New(o Options) (*People, error) {
	if o.Store == nil || o.Sealer == nil || o.Mail == nil {
		return nil, errors.New("account: Store, Sealer and Mail are required")
	}
	fill(&o.Sessions.Idle, 14*24*time.Hour)
	fill(&o.Sessions.Absolute, 90*24*time.Hour)
	fill(&o.Sessions.StaffIdle, 30*time.Minute)
	fill(&o.Sessions.StaffAbsolute, 12*time.Hour)
	fill(&o.Sessions.StepUp, 10*time.Minute)
	fill(&o.Sessions.Access, 15*time.Minute)
	fill(&o.Sessions.Grace, 10*time.Second)
	fill(&o.CodeTTL, 10*time.Minute)
	fill(&o.CodeTries, 5)
	if len(o.Registration) == 0 {
		o.Registration = []AskedField{{Name: "email", Required: true}, {Name: "displayName"}}
	}
	fill(&o.LinkTTL, 30*time.Minute)
	fill(&o.UndoTTL, 7*24*time.Hour)
	fill(&o.Hashes, runtime.GOMAXPROCS(0))
	fill(&o.Locale, "en")
	fill(&o.TimeZone, "UTC")
	if o.Log == nil {
		o.Log = slog.Default()
	}
	p := &People{Store: o.Store, Streams: o.Streams, Mail: o.Mail, o: o, hashes: credential.NewHasher(o.Hashes)}
	p.seats.fetch, p.actors.fetch = p.membershipsOf, p.namesOf
	return p, nil
}

func fill[T comparable](v *T, def T) {
	var zero T
	if *v == zero {
		*v = def
	}
}

// Ended sessions are kept for a while: a device is known by them.
const keepEnded = 90 * 24 * time.Hour

// Housekeeping forgets challenges and counts that are over, sessions that
// ended long ago, and registrations that were never confirmed.
func (p *People) Housekeeping(ctx context.Context) error {
	if err := p.Store.ForgetChallenges(ctx); err != nil {
		return err
	}
	if err := p.Store.ForgetLimits(ctx); err != nil {
		return err
	}
	now := p.Store.Now()
	ended := now.Add(-keepEnded)
	if err := p.Store.Sweep(ctx, "sessions", "id", `expires_at < ? OR revoked_at < ?`, ended, ended); err != nil {
		return err
	}
	for {
		n, err := p.forgetUnconfirmed(ctx, now.Add(-48*time.Hour))
		if err != nil || n < unconfirmedAtOnce {
			return err
		}
	}
}

const unconfirmedAtOnce = 200

// forgetUnconfirmed forgets registrations that nobody can confirm any more, for
// want of a challenge, with what they registered with: they own nothing else.
// It says how many; fewer than unconfirmedAtOnce are the last.
func (p *People) forgetUnconfirmed(ctx context.Context, before time.Time) (n int, err error) {
	err = p.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		const over = `status = 'PENDING' AND created_at < ?
			AND NOT EXISTS (SELECT 1 FROM challenges c WHERE c.user_id = users.id)
			AND NOT EXISTS (SELECT 1 FROM contact_points p WHERE p.user_id = users.id)`
		ids, err := gone(tx.Query(ctx, `DELETE FROM users WHERE id IN (SELECT id FROM users WHERE `+over+` LIMIT ?) AND `+over+` RETURNING id`,
			before, unconfirmedAtOnce, before))
		if n = len(ids); err != nil || n == 0 {
			return err
		}
		if _, err := tx.Session.Delete().Where(session.UserIDIn(ids...)).Exec(asSystem(ctx)); err != nil {
			return err
		}
		if _, err := tx.Identity.Delete().Where(identity.UserIDIn(ids...)).Exec(asSystem(ctx)); err != nil {
			return err
		}
		if p.Forgotten == nil {
			return nil
		}
		return p.Forgotten(ctx, tx, ids)
	})
	return n, err
}

// gone are the ids that a statement returns.
func gone(rows *sql.Rows, err error) (ids []uuid.UUID, _ error) {
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var id uuid.UUID
		if err := rows.Scan(&id); err != nil {
			return nil, store.Translate(err)
		}
		ids = append(ids, id)
	}
	return ids, store.Translate(rows.Err())
}
