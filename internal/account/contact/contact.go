// Package contact owns what a person does with the addresses and numbers at
// which he is reached: adding, removing and preferring them, changing the one
// he signs in with and undoing that, and the way back in for who forgot his
// password. It proves nothing by itself: codes and letters, claims and
// sessions are internal/account's, and so are the tables; of contact_points
// and identities it writes the rows of the person that calls or has proven an
// address.
package contact

import (
	"time"

	ent "kabinet/ent/generated"
	"kabinet/internal/account"
	"kabinet/internal/credential"
	"kabinet/internal/store"
)

// Contacts is the service of this domain.
type Contacts struct {
	Store  *store.Store
	Sealer *store.Sealer
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

// most is how many addresses and numbers a person may keep.
const most = 10

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
}

// Reset is a new password set: a session, or the second factor that is due.
type Reset struct {
	Session   *account.IssuedSession
	Challenge *account.Challenge
	User      *ent.User
	Warnings  []string
}
