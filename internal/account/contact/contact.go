// Package contact owns what a person does with the addresses and numbers at
// which he is reached: adding, removing and preferring them, changing the one
// he signs in with and undoing that, and the way back in for who forgot his
// password. It proves nothing by itself: codes and letters, claims and
// sessions are internal/account's, and so are the tables; of contact_points
// and identities it writes the rows of the person that calls or has proven an
// address.
package contact

import (
	"context"
	"math"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/contactpoint"
	"kabinet/internal/account"
	"kabinet/internal/credential"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// Contacts is the service of this domain.
type Contacts struct {
	Store  *store.Store
	People *account.People

	// Returns are where a link in a letter may lead, besides Page.
	Returns credential.Returns
	// Page takes a new password and undoes a change of the login; links in
	// letters lead there.
	Page    string
	Country string        // ISO 3166-1 alpha-2, of numbers without +
	LinkTTL time.Duration // of a link to a new password; 30 minutes
	UndoTTL time.Duration // of a link that undoes; 7 days
}

// The purposes of this domain's challenges.
const (
	forLogin     = "login_change"
	forUndo      = "login_undo"
	forReset     = "reset"
	forResetLink = "reset_link"
)

// Changed is a change of the login, or another address preferred.
type Changed struct {
	Session *account.IssuedSession
	Contact *ent.ContactPoint
	User    *ent.User
	Removed *scalar.ID
}

// Reset is a new password set: a session, or the second factor that is due.
type Reset struct {
	Session   *account.IssuedSession
	Challenge *account.Challenge
	User      *ent.User
	Warnings  []string
}

// asSystem is for what a person does before he is signed in, or to rows which
// he sees but does not write. The audit log still shows the person.
func asSystem(ctx context.Context) context.Context { return viewer.AsSystem(ctx, "contact") }

// me is the person who calls.
func me(ctx context.Context) (viewer.Viewer, error) {
	v := viewer.From(ctx)
	if !v.SignedIn() {
		return v, fault.ErrUnauthenticated
	}
	return v, nil
}

// own is one of the caller's contact points.
func own(ctx context.Context, tx *store.Tx, user uuid.UUID, id scalar.ID, field string) (*ent.ContactPoint, error) {
	key, err := id.As("cpt")
	if err != nil {
		return nil, fault.ErrInvalidID.At("input", field)
	}
	row, err := tx.ContactPoint.Query().Where(contactpoint.ID(key), contactpoint.UserID(user)).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, fault.ErrNotFound.At("input", field)
	}
	return row, err
}

func idOf(c *ent.ContactPoint) scalar.ID { return scalar.ID{Prefix: "cpt", UUID: c.ID} }

func sentTo(c *ent.ContactPoint) account.SentTo { return account.SentTo{Kind: c.Kind, To: c.Value} }

// held says who has proven an address or number: nobody, the caller, or somebody else.
func held(ctx context.Context, tx *store.Tx, user uuid.UUID, to account.SentTo, key string) (mine, known bool, err error) {
	row, err := tx.ContactPoint.Query().Where(contactpoint.KindEQ(to.Kind), contactpoint.ValueKey(key), contactpoint.VerifiedAtNotNil()).Only(asSystem(ctx))
	if ent.IsNotFound(err) {
		return false, false, nil
	}
	return err == nil && row.UserID == user, err == nil, err
}

// field is where an input of exactly one of email and phone holds it.
func field(to account.SentTo) string {
	if to.Kind == contactpoint.KindPHONE {
		return "phone"
	}
	return "email"
}

// dueAfter counts something a person may do so often.
func dueAfter(ctx context.Context, tx *store.Tx, use store.Use) error {
	wait, err := tx.Reserve(ctx, use)
	if err == nil && wait > 0 {
		err = account.ErrTooManyAttempts.With("retryAfter", int(math.Ceil(wait.Seconds())))
	}
	return err
}
