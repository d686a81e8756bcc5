package account

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"

	"kabinet/ent/schema"
	"kabinet/internal/store"
	"kabinet/internal/viewer"

	ent "kabinet/ent/generated"
)

var errLater = errors.New("account: being written")

type hasher struct{}

func newHasher(int) *hasher { return &hasher{} }

type roleCache struct{}

// Letter is what a mail is rendered from; it holds ids, never a code: the
// job opens the sealed challenge itself.
type Letter struct {
	ChallengeID string `json:"challengeId"`
	Template    string `json:"template"`
	Locale      string `json:"locale"`
}

// Kind implements river.JobArgs.
func (Letter) Kind() string { return "letter" }

// Send hands one rendered letter to an adapter.
type Send func(ctx context.Context, to, subject, text, html, id string) error

// SendLetter is the job of a Letter.
func (p *People) SendLetter(send Send, permanent func(error) bool) func(ctx context.Context, l Letter) error {
	return func(context.Context, Letter) error { return errLater }
}

// Caller is what one request presents; field by field web.Credentials.
type Caller struct {
	Token      string
	FromCookie bool
	Passive    bool
	Company    string
	Locale     string
	IP         string
	UserAgent  string
	RequestID  string
}

// Welcome is a session just made and whose it is.
type Welcome struct {
	Session *IssuedSession
	User    *ent.User
}

// CreateUser describes a person made by a command.
type CreateUser struct {
	Email, Name, Password string
	Verified              bool
	Staff                 bool   // a membership in the House …
	Role                  string // … in this role; Administrator when empty
	AnyPassword           bool   // skips the rules; for --demo alone
	Locale, TimeZone      string
}

// CreateCompany describes a company.
type CreateCompany struct{ Name, LegalName, TaxID, Source, ExternalID string }

// CustomerRef names a person: exactly one field is set.
type CustomerRef struct {
	ID             *uuid.UUID
	Email          string // verified
	Source, Extern string
}

// NewCustomer is how an import names the people it makes.
type NewCustomer func(externalID string) (displayName, email string)

func (p *People) Viewer(ctx context.Context, c Caller) (viewer.Viewer, error) {
	return viewer.Viewer{}, errLater
}
func (p *People) Ended(ctx context.Context, sessions []uuid.UUID) (map[uuid.UUID]bool, error) {
	return nil, errLater
}
func (p *People) Register(ctx context.Context, in RegisterInput) (*Challenge, []string, error) {
	return nil, nil, errLater
}
func (p *People) ConfirmContact(ctx context.Context, in ConfirmContactInput) (*Welcome, error) {
	return nil, errLater
}
func (p *People) ResendCode(ctx context.Context, in ResendCodeInput) (*Challenge, error) {
	return nil, errLater
}
func (p *People) SignIn(ctx context.Context, in SignInInput) (*Welcome, error) { return nil, errLater }
func (p *People) SignOut(ctx context.Context) (int, error)                     { return 0, errLater }
func (p *People) SignOutEverywhere(ctx context.Context, in *SignOutEverywhereInput) (int, error) {
	return 0, errLater
}
func (p *People) RevokeSession(ctx context.Context, in RevokeSessionInput) (*ent.Session, error) {
	return nil, errLater
}
func (p *People) ChangePassword(ctx context.Context, in ChangePasswordInput) (*ent.User, []string, error) {
	return nil, nil, errLater
}

// EnsureHouse makes the House and its roles where they are not there yet.
func (p *People) EnsureHouse(ctx context.Context) error { return errLater }
func (p *People) CreateUser(ctx context.Context, in CreateUser) (uuid.UUID, error) {
	return uuid.Nil, errLater
}
func (p *People) CreateCompany(ctx context.Context, in CreateCompany) (uuid.UUID, error) {
	return uuid.Nil, errLater
}

// AddMember makes a person a member of a company, in a role by its name:
// Owner, Buyer or Accountant.
func (p *People) AddMember(ctx context.Context, company, user uuid.UUID, role string) error {
	return errLater
}

// SaveRole makes or replaces a role of an owner.
func (p *People) SaveRole(ctx context.Context, owner uuid.UUID, name, audience string, grants []schema.Grant) (uuid.UUID, error) {
	return uuid.Nil, errLater
}
func (p *People) Customer(ctx context.Context, tx *store.Tx, ref CustomerRef) (uuid.UUID, error) {
	return uuid.Nil, errLater
}
func (p *People) Customers(ctx context.Context, tx *store.Tx, source string, externalIDs []string, name NewCustomer) (map[string]uuid.UUID, error) {
	return nil, errLater
}

// Housekeeping forgets expired challenges, rate limits, ended sessions and
// registrations that were never confirmed.
func (p *People) Housekeeping(ctx context.Context) error { return errLater }

var _ = time.Now
