// Package desk owns what staff does for people: it makes them, issues
// credentials with a slip to print, blocks, ends sessions, resets second
// factors, acts for customers and notes who represents whom; and it shows a
// person what was done about his account. It is a part of account and writes
// users, identities, contact_points, memberships and, through account,
// sessions. It never opens a session itself, sends no letter past
// account.News, and shows a temporary password once.
package desk

import (
	"errors"
	"log/slog"
	"net/url"
	"time"

	"kabinet/internal/account"
	"kabinet/internal/store"
)

// Desk is the service; New makes it.
type Desk struct {
	Store  *store.Store
	People *account.People

	o Options
}

// Options are what server.go hands to New. Zero values take the documented
// defaults.
type Options struct {
	Store  *store.Store
	People *account.People

	SiteURL     *url.URL      // where people sign in; stands on the slip
	PasswordTTL time.Duration // of a temporary password; 30 days
	Locale      string        // of those who have not chosen one; en
	TimeZone    string        // the same; UTC
	Log         *slog.Logger
}

// New checks the options and makes the service.
func New(o Options) (*Desk, error) {
	if o.Store == nil || o.People == nil || o.SiteURL == nil {
		return nil, errors.New("desk: Store, People and SiteURL are required")
	}
	if o.PasswordTTL == 0 {
		o.PasswordTTL = 30 * 24 * time.Hour
	}
	if o.Locale == "" {
		o.Locale = "en"
	}
	if o.TimeZone == "" {
		o.TimeZone = "UTC"
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	return &Desk{Store: o.Store, People: o.People, o: o}, nil
}
