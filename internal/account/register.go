package account

import (
	"context"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/contactpoint"
	"kabinet/ent/generated/identity"
	"kabinet/ent/generated/user"
	"kabinet/internal/credential"
	"kabinet/internal/fault"
	"kabinet/internal/locale"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// forRegistration is the purpose of the challenge of a registration.
const forRegistration = "register"

// WarnReferralCode warns of a referral code that nobody has.
const WarnReferralCode = "REFERRAL_CODE_UNKNOWN"

// registration waits, sealed, in its challenge until the address is proven.
type registration struct {
	Known    bool    `json:"known"` // somebody has this address: its owner is told, the code is nowhere
	ReturnTo *string `json:"returnTo,omitempty"`
}

// Applicant is who asks to be registered, for the check before it.
type Applicant struct {
	Reference, CardNumber, ContractNumber, Email, Phone, GivenName, FamilyName, BirthOn string
}

// Registered is what Register gives.
type Registered struct {
	Challenge *Challenge
	Session   *IssuedSession
	User      *ent.User
	Warnings  []string
}

// applicant is a checked input.
type applicant struct {
	in       RegisterInput
	to       SentTo
	key      string
	address  credential.Email // of an e-mail
	name     string
	returnTo *string
	hash     string
}

// Register makes a provisional person, his session, and a challenge in which
// the address waits, and sends a letter: the code, or, where somebody has
// proven the address already, the news to its owner that somebody tried. The
// caller sees no difference: the same answer after the same hash, statements
// and letter (security A6, A7). It also gives warnings about the password.
//
// Faults: INVALID_EMAIL, INVALID_PHONE, REQUIRED, TOO_LONG and INVALID_VALUE
// at their fields, those of a new password, RETURN_NOT_ALLOWED,
// REGISTRATION_REFUSED, REGISTRATION_CHECK_UNAVAILABLE, CODE_SENT_RECENTLY,
// RATE_LIMITED.
func (p *People) Register(ctx context.Context, in RegisterInput) (*Registered, error) {
	out := &Registered{}
	v := viewer.From(ctx)
	a, err := p.applicant(in, v)
	if err != nil {
		return out, err
	}
	uses := letterUses(forRegistration, sent{Key: a.key}, v)
	if wait, err := p.Store.Blocked(ctx, uses...); err != nil {
		return out, err
	} else if wait > 0 { // before a hash is spent
		return out, retryAfter(ErrCodeSentRecently, wait)
	}
	if err := p.check(ctx, a, v); err != nil {
		return out, err
	}
	if a.hash, err = p.hashes.Hash(ctx, in.Password); err != nil {
		return out, err
	}
	made, referred, err := p.register(ctx, a, out)
	if err != nil {
		out.Challenge = nil
		return out, err
	}
	out.Warnings = credential.Warnings(in.Password, a.address)
	if !referred {
		out.Warnings = append(out.Warnings, WarnReferralCode)
	}
	w, err := p.Welcome(ctx, made)
	if err != nil {
		return out, err
	}
	out.Session, out.User = w.Session, w.User
	return out, nil
}

// applicant judges the input by what is asked for here.
func (p *People) applicant(in RegisterInput, v viewer.Viewer) (a applicant, err error) {
	a.in = in
	if err := p.whereTo(&a); err != nil {
		return a, err
	}
	if err := credential.CheckPassword(in.Password, a.address); err != nil {
		return a, at(err, "input", "password")
	}
	for name, text := range map[string]**string{"displayName": &a.in.DisplayName, "givenName": &a.in.GivenName, "familyName": &a.in.FamilyName, "middleName": &a.in.MiddleName} {
		if *text, err = line(*text, 100, "input", name); err != nil {
			return a, err
		}
	}
	if err := credential.CheckBirth(in.BirthOn, p.Store.Now()); err != nil {
		return a, err
	}
	if err := p.complete(a.in); err != nil {
		return a, err
	}
	switch {
	case a.in.DisplayName != nil:
		a.name = *a.in.DisplayName
	case a.in.GivenName != nil:
		a.name = *a.in.GivenName
	case a.to.Kind == contactpoint.KindEMAIL:
		a.name, _, _ = strings.Cut(a.address.Value, "@")
	default:
		a.name = masked(a.to)
	}
	if in.ReturnTo != nil {
		to, err := p.o.Returns.Allowed(*in.ReturnTo)
		if err != nil {
			return a, at(err, "input", "returnTo")
		}
		a.returnTo = &to
	}
	return a, nil
}

// whereTo finds the address or number: exactly one, of a kind that is asked for.
func (p *People) whereTo(a *applicant) error {
	email, phone := p.asks("email"), p.asks("phone")
	in := a.in
	switch {
	case in.Phone != nil && !phone:
		return fault.ErrInvalidValue.At("input", "phone")
	case in.Email != nil && !email:
		return fault.ErrInvalidValue.At("input", "email")
	case in.Phone == nil && in.Email == nil && !email:
		return fault.ErrRequired.At("input", "phone")
	}
	var err error
	if a.to, a.key, err = p.Reached(in.Email, in.Phone); err == nil && in.Email != nil {
		a.address, _ = credential.ParseEmail(*in.Email)
	}
	return err
}

// Reached is the address or number of an input that takes exactly one of
// both, and the key it is found by.
//
// Faults: REQUIRED and INVALID_EMAIL at email, INVALID_VALUE and INVALID_PHONE
// at phone.
func (p *People) Reached(email, phone *string) (to SentTo, key string, err error) {
	var ok bool
	switch {
	case phone != nil && (email != nil || !p.o.SMS):
		return to, "", fault.ErrInvalidValue.At("input", "phone")
	case phone != nil:
		to.Kind = contactpoint.KindPHONE
		if to.To, key, ok = p.contactKey(to.Kind, *phone); !ok {
			return to, "", ErrInvalidPhone.At("input", "phone")
		}
	case email != nil:
		to.Kind = contactpoint.KindEMAIL
		if to.To, key, ok = p.contactKey(to.Kind, *email); !ok {
			return to, "", ErrInvalidEmail.At("input", "email")
		}
	default:
		return to, "", fault.ErrRequired.At("input", "email")
	}
	return to, key, nil
}

func (p *People) asks(name string) bool {
	return slices.ContainsFunc(p.o.Registration, func(f AskedField) bool { return f.Name == name })
}

// complete refuses what is required and missing, and numbers that nobody asked for.
func (p *People) complete(in RegisterInput) error {
	var card, contract *string
	if in.Precondition != nil {
		card, contract = in.Precondition.CardNumber, in.Precondition.ContractNumber
	}
	given := map[string]*string{"displayName": in.DisplayName, "givenName": in.GivenName, "familyName": in.FamilyName, "middleName": in.MiddleName,
		"birthOn": in.BirthOn, askCard: card, askContract: contract}
	for _, f := range p.o.Registration {
		text, known := given[f.Name]
		if known && f.Required && (text == nil || strings.TrimSpace(*text) == "") {
			return fault.ErrRequired.At(append([]string{"input"}, strings.Split(f.Name, ".")...)...)
		}
	}
	for _, name := range []string{askCard, askContract} {
		text := given[name]
		if text == nil {
			continue
		}
		path := append([]string{"input"}, strings.Split(name, ".")...)
		if !p.asks(name) || strings.ContainsFunc(*text, func(r rune) bool { return r < ' ' || r == 0x7f }) || !utf8.ValidString(*text) {
			return fault.ErrInvalidValue.At(path...)
		}
		if utf8.RuneCountInString(*text) > 64 {
			return fault.ErrTooLong.With("limit", 64).At(path...)
		}
	}
	return nil
}

// check asks the business about a card or contract number, outside any
// transaction. Guessing them is counted by network.
func (p *People) check(ctx context.Context, a applicant, v viewer.Viewer) error {
	if p.o.Check == nil || !p.asks(askCard) && !p.asks(askContract) {
		return nil
	}
	text := func(s *string) string {
		if s == nil {
			return ""
		}
		return strings.TrimSpace(*s)
	}
	ask := Applicant{Reference: uuid.Must(uuid.NewV7()).String(), Phone: text(a.in.Phone), Email: text(a.in.Email),
		GivenName: text(a.in.GivenName), FamilyName: text(a.in.FamilyName), BirthOn: text(a.in.BirthOn)}
	if pre := a.in.Precondition; pre != nil {
		ask.CardNumber, ask.ContractNumber = text(pre.CardNumber), text(pre.ContractNumber)
	}
	err := p.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		wait, err := tx.Reserve(ctx, store.Use{Limit: checkHour, Of: Network(v.IP)}, store.Use{Limit: checkHour, Of: a.key})
		if err == nil && wait > 0 {
			err = retryAfter(ErrTooManyAttempts, wait)
		}
		return err
	})
	if err != nil {
		return err
	}
	return at(p.o.Check(ctx, ask), "input", "precondition")
}

// register makes the person, his password, his session and what waits for the
// code; referred is false for a referral code that nobody has.
func (p *People) register(ctx context.Context, a applicant, out *Registered) (made *Entrance, referred bool, err error) {
	err = p.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		id, err := p.provisional(ctx, tx, a)
		if err != nil {
			return err
		}
		if referred, err = p.referred(ctx, tx, id, a.in.ReferralCode); err != nil {
			return err
		}
		known, err := tx.ContactPoint.Query().Where(contactpoint.KindEQ(a.to.Kind),
			contactpoint.ValueKey(a.key), contactpoint.VerifiedAtNotNil()).Exist(asSystem(ctx))
		if err != nil {
			return err
		}
		letter := CodeLetter{Purpose: forRegistration, UserID: &id, Kind: a.to.Kind, To: a.to.To, Key: a.key, Template: LetterCode,
			Locale: p.language(ctx, a.in.Locale), Data: registration{Known: known, ReturnTo: a.returnTo}}
		if known {
			letter.Template = LetterKnown
		}
		if out.Challenge, err = p.SendCode(ctx, tx, letter); err != nil {
			return err
		}
		if made, err = p.Admit(ctx, tx, Proof{UserID: id, Method: MethodRegistration, AAL: 1, Mode: a.in.Mode}); err != nil {
			return err
		}
		if p.Consented != nil { // without any too: some may be required
			return p.Consented(As(ctx, id, made.Session.ID), tx, id, a.in.Consents)
		}
		return nil
	})
	return made, referred, err
}

// referred notes who brought the person, whether the address is known or not;
// false for a code that nobody has.
func (p *People) referred(ctx context.Context, tx *store.Tx, id uuid.UUID, code *string) (bool, error) {
	if code == nil || strings.TrimSpace(*code) == "" {
		return true, nil
	}
	if p.Referred == nil {
		return false, nil
	}
	return p.Referred(ctx, tx, id, *code)
}

// reserveLetter counts a letter, or says how long to wait.
func reserveLetter(ctx context.Context, tx *store.Tx, uses []store.Use) error {
	wait, err := tx.Reserve(ctx, uses...)
	if err == nil && wait > 0 {
		err = retryAfter(ErrCodeSentRecently, wait)
	}
	return err
}

// language is what letters are written in.
func (p *People) language(ctx context.Context, wish *string) string {
	chosen := ""
	if wish != nil {
		chosen = *wish
	}
	return locale.Match(chosen, viewer.From(ctx).Locale, p.o.Locale)
}

// provisional makes a person who has proven nothing yet, with the password
// that unlocks his session. He is forgotten unless he proves his address
// (housekeeping); nobody finds him by it until then.
func (p *People) provisional(ctx context.Context, tx *store.Tx, a applicant) (uuid.UUID, error) {
	zone := p.o.TimeZone
	if a.in.TimeZone != nil {
		zone = *a.in.TimeZone
	}
	u, err := tx.User.Create().SetStatus(user.StatusPENDING).SetDisplayName(a.name).
		SetNillableGivenName(a.in.GivenName).SetNillableFamilyName(a.in.FamilyName).SetNillableMiddleName(a.in.MiddleName).SetNillableBirthOn(a.in.BirthOn).
		SetLocale(p.language(ctx, a.in.Locale)).SetTimeZone(zone).Save(asSystem(ctx))
	if err != nil {
		return uuid.Nil, err
	}
	return u.ID, tx.Identity.Create().SetUserID(u.ID).SetKind(identity.KindPASSWORD).SetSubject(u.ID.String()).
		SetSecret([]byte(a.hash)).SetLastUsedAt(tx.Now).Exec(asSystem(ctx))
}
