package social

import (
	"context"
	"strings"
	"unicode"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/contactpoint"
	"kabinet/ent/generated/identity"
	"kabinet/ent/generated/user"
	"kabinet/internal/account"
	"kabinet/internal/credential"
	"kabinet/internal/event"
	"kabinet/internal/locale"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// Entered is what became of a sign-in by a provider.
type Entered struct {
	Session    *account.IssuedSession
	Challenge  *account.Challenge
	User       *ent.User
	Registered *bool
}

// StartProviderSignIn begins a sign-in through a provider.
//
// Faults: NOT_FOUND, RETURN_NOT_ALLOWED, PROVIDER_UNAVAILABLE, RATE_LIMITED.
func (s *Social) StartProviderSignIn(ctx context.Context, in StartProviderSignInInput) (*Begun, error) {
	return s.begin(ctx, store.NewChallenge{Purpose: forSignIn}, in.Provider, in.ReturnTo, in.Mode)
}

// FinishProviderSignIn signs in the person whom the provider names, by issuer
// and subject and by nothing else (security E3). Of somebody whom it does not
// know it looks at the address: proven and somebody's, the account is asked
// for a proof before it is linked; not proven, a code goes there first, whoever
// has it (security E1); else a new person is made.
//
// Faults: INVALID_ID, PROVIDER_SIGN_IN_FAILED, PROVIDER_UNAVAILABLE,
// CODE_SENT_RECENTLY, REGISTRATION_REFUSED, those of account.Admit.
func (s *Social) FinishProviderSignIn(ctx context.Context, in FinishProviderSignInInput) (*Entered, error) {
	w, p, c, err := s.walk(ctx, forSignIn, answer{in.ChallengeID, in.Binding, in.Code, in.State, in.Issuer}, anybody)
	if err != nil {
		return nil, err
	}
	return s.enter(ctx, who{Claims: c, Provider: p.Name, Mode: w.Mode, Binding: hashOf(in.Binding)})
}

// who is somebody at a provider who wants to come in. It waits, sealed, in the
// challenges of confirmIdentityLink.
type who struct {
	Claims
	Provider string               `json:"provider"`
	Mode     *account.SessionMode `json:"mode,omitempty"`
	Binding  []byte               `json:"binding"` // a hash of it
	ByCode   bool                 `json:"-"`       // the address was proven by a code
}

// outcome is what a transaction of enter has made.
type outcome struct {
	entrance   *account.Entrance
	challenge  *account.Challenge
	registered bool
}

// enter lets somebody in, or says what to prove before. Of twins at the same
// moment the second one finds what the first has made.
func (s *Social) enter(ctx context.Context, w who) (*Entered, error) {
	var o outcome
	enter := func() error {
		return s.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
			o, err = s.resolve(ctx, tx, w)
			return err
		})
	}
	err := enter()
	if store.IsUnique(err) {
		err = enter()
	}
	if err != nil {
		return nil, err
	}
	return s.show(ctx, o)
}

// show gives the payload after the commit.
func (s *Social) show(ctx context.Context, o outcome) (*Entered, error) {
	if o.entrance == nil {
		return &Entered{Challenge: o.challenge}, nil
	}
	w, err := s.People.Welcome(ctx, o.entrance)
	if err != nil {
		return nil, err
	}
	return &Entered{Session: w.Session, Challenge: w.Challenge, User: w.User, Registered: &o.registered}, nil
}

// resolve decides who somebody at a provider is here.
func (s *Social) resolve(ctx context.Context, tx *store.Tx, w who) (o outcome, err error) {
	known, err := s.known(ctx, tx, w)
	if err != nil {
		return o, err
	}
	if known != nil {
		o.entrance, err = s.admit(ctx, tx, known.UserID, known.ID, w)
		return o, err
	}
	address, ok := credential.ParseEmail(w.Email)
	switch {
	case !ok:
		return s.newcomer(ctx, tx, w, credential.Email{})
	case !w.EmailVerified && !w.ByCode:
		o.challenge, err = s.askForCode(ctx, tx, w, address)
		return o, err
	}
	owner, err := tx.ContactPoint.Query().Where(contactpoint.KindEQ(contactpoint.KindEMAIL), contactpoint.ValueKey(address.Key),
		contactpoint.VerifiedAtNotNil()).Only(asSystem(ctx))
	if ent.IsNotFound(err) {
		return s.newcomer(ctx, tx, w, address)
	}
	if err != nil {
		return o, err
	}
	// The same person in another window may have become known between the reads.
	if known, err = s.known(ctx, tx, w); err != nil {
		return o, err
	}
	if known != nil {
		o.entrance, err = s.admit(ctx, tx, known.UserID, known.ID, w)
		return o, err
	}
	return s.acquaintance(ctx, tx, w, address, owner.UserID)
}

// known is the link to somebody at a provider; nil where there is none.
func (s *Social) known(ctx context.Context, tx *store.Tx, w who) (*ent.Identity, error) {
	known, err := tx.Identity.Query().Where(identity.KindEQ(identity.KindOIDC), identity.Issuer(w.Issuer), identity.Subject(w.Subject)).
		Select(identity.FieldID, identity.FieldUserID).Only(asSystem(ctx))
	if ent.IsNotFound(err) {
		return nil, nil
	}
	return known, err
}

// acquaintance is somebody whose proven address a person here has. Who has
// several factors proves them before anything is linked (security C5).
func (s *Social) acquaintance(ctx context.Context, tx *store.Tx, w who, address credential.Email, owner uuid.UUID) (o outcome, err error) {
	second, err := s.secondFactors(ctx, tx, owner)
	if err != nil {
		return o, err
	}
	password, err := tx.Identity.Query().Where(identity.UserID(owner), identity.KindEQ(identity.KindPASSWORD)).Exist(asSystem(ctx))
	if err != nil {
		return o, err
	}
	p, err := s.provider(w.Provider)
	if err != nil {
		return o, ErrProviderSignInFailed
	}
	switch trusted := p.TrustEmail && w.EmailVerified; {
	case !second && (trusted || w.ByCode && !password):
		id, err := s.link(ctx, tx, owner, w)
		if err != nil {
			return o, err
		}
		o.entrance, err = s.admit(ctx, tx, owner, id, w)
		return o, err
	case !second && !password:
		o.challenge, err = s.askForCode(ctx, tx, w, address)
	default:
		o.challenge, err = s.askForProof(ctx, tx, w, owner)
	}
	return o, err
}

func (s *Social) secondFactors(ctx context.Context, tx *store.Tx, user uuid.UUID) (bool, error) {
	if s.People.Factors == nil {
		return false, nil
	}
	list, err := s.People.Factors(ctx, tx, user)
	return len(list) > 0, err
}

// newcomer makes a person of somebody whom nobody knows. An address that
// somebody else wrote down here and never proved becomes his, and the other
// loses what he could lie in wait with (security E2).
func (s *Social) newcomer(ctx context.Context, tx *store.Tx, w who, address credential.Email) (o outcome, err error) {
	// Where a number of a card or contract is asked for, it is asked for of
	// everybody: who registers with it links the provider afterwards.
	if s.People.RegistrationForm(ctx).Checked {
		return o, account.ErrRegistrationRefused
	}
	v := viewer.From(ctx)
	c := tx.User.Create().SetStatus(user.StatusACTIVE).SetDisplayName(s.nameOf(w, address)).
		SetLocale(locale.Match(v.Locale, w.Locale)).SetTimeZone(v.TimeZone)
	if given := tidy(w.GivenName); given != "" {
		c.SetGivenName(given)
	}
	if family := tidy(w.FamilyName); family != "" {
		c.SetFamilyName(family)
	}
	u, err := c.Save(asSystem(ctx))
	if err != nil {
		return o, err
	}
	if address.Key != "" {
		point, err := s.People.Claim(ctx, tx, u.ID, contactpoint.KindEMAIL, address.Value)
		if err != nil {
			return o, err
		}
		tx.Tell(event.ContactConfirmed{UserID: u.ID, ContactPointID: point, Registered: true}, store.ToUser(u.ID))
	}
	id, err := s.keep(ctx, tx, u.ID, w)
	if err != nil {
		return o, err
	}
	if err := tx.Audit(account.As(ctx, u.ID, uuid.Nil), "account.register", u.ID, userID(u.ID), map[string]any{"provider": w.Provider}); err != nil {
		return o, err
	}
	o.registered = true
	o.entrance, err = s.admit(ctx, tx, u.ID, id, w)
	return o, err
}

// admit goes through the one door, whatever was found (security C6).
func (s *Social) admit(ctx context.Context, tx *store.Tx, person, id uuid.UUID, w who) (*account.Entrance, error) {
	return s.People.Admit(ctx, tx, account.Proof{UserID: person, Method: account.MethodOIDC + w.Provider, AAL: 1, Mode: w.Mode, Identity: &id})
}

// keep writes the identity down.
func (s *Social) keep(ctx context.Context, tx *store.Tx, person uuid.UUID, w who) (uuid.UUID, error) {
	c := tx.Identity.Create().SetUserID(person).SetKind(identity.KindOIDC).SetIssuer(w.Issuer).SetSubject(w.Subject).SetLastUsedAt(tx.Now)
	if label := tidy(w.Email); label != "" {
		c.SetLabel(label)
	}
	id, err := c.Save(asSystem(ctx))
	if err != nil {
		return uuid.Nil, err
	}
	return id.ID, nil
}

// nameOf is how somebody new is addressed.
func (s *Social) nameOf(w who, address credential.Email) string {
	for _, name := range []string{w.Name, w.GivenName + " " + w.FamilyName} {
		if name = tidy(name); name != "" {
			return name
		}
	}
	if before, _, ok := strings.Cut(address.Value, "@"); ok {
		return tidy(before)
	}
	if p, err := s.provider(w.Provider); err == nil {
		return p.Label
	}
	return w.Provider
}

// tidy makes one line of at most 100 characters of what a provider says.
func tidy(text string) string {
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == unicode.ReplacementChar {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, ""))
	runes := []rune(strings.Join(strings.Fields(text), " "))
	const most = 100
	return strings.TrimSpace(string(runes[:min(len(runes), most)]))
}
