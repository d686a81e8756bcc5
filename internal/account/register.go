package account

import (
	"context"
	"strings"

	"github.com/google/uuid"

	"kabinet/ent/generated/contactpoint"
	"kabinet/ent/generated/user"
	"kabinet/internal/credential"
	"kabinet/internal/fault"
	"kabinet/internal/locale"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// forRegistration is the purpose of the challenge of a registration.
const forRegistration = "register"

// WarnReferralCode warns of a referral code that nobody has.
const WarnReferralCode = "REFERRAL_CODE_UNKNOWN"

// registration waits, sealed, in its challenge until the address is proven.
type registration struct {
	Email    string `json:"email"`
	Password string `json:"password"` // the hash
	Code     string `json:"code"`
	Known    bool   `json:"known"` // somebody has this address: its owner is told, the code is nowhere
}

// Register makes a provisional person and a challenge in which the address
// waits, and sends a letter: the code, or, where somebody has proven the
// address already, the news to its owner that somebody tried. The caller sees
// no difference: the same answer after the same hash, statements and letter
// (security A6, A7). It also gives warnings about the password.
//
// Faults: INVALID_EMAIL, those of a new password, TOO_LONG and INVALID_VALUE
// at displayName, CODE_SENT_RECENTLY, RATE_LIMITED.
func (p *People) Register(ctx context.Context, in RegisterInput) (*Challenge, []string, error) {
	v := viewer.From(ctx)
	address, ok := credential.ParseEmail(in.Email)
	if !ok {
		return nil, nil, ErrInvalidEmail.At("input", "email")
	}
	if err := credential.CheckPassword(in.Password, address); err != nil {
		return nil, nil, at(err, "input", "password")
	}
	name, err := line(in.DisplayName, 100, "input", "displayName")
	if err != nil {
		return nil, nil, err
	}
	if name == nil {
		local, _, _ := strings.Cut(address.Value, "@")
		name = &local
	}
	uses := letterUses(address, v)
	if wait, err := p.Store.Blocked(ctx, uses...); err != nil {
		return nil, nil, err
	} else if wait > 0 { // before a hash is spent
		return nil, nil, retryAfter(ErrCodeSentRecently, wait)
	}
	hash, err := p.hashes.Hash(ctx, in.Password)
	if err != nil {
		return nil, nil, err
	}
	notes := credential.Warnings(in.Password, address)
	made, referred, err := p.register(ctx, in, *name, address, hash, uses)
	if err == nil && !referred {
		notes = append(notes, WarnReferralCode)
	}
	if err != nil {
		return nil, nil, err
	}
	return made, notes, nil
}

// register makes the person and what waits for the code; referred is false for
// a referral code that nobody has.
func (p *People) register(ctx context.Context, in RegisterInput, name string, address credential.Email, hash string, uses []store.Use) (made *Challenge, referred bool, err error) {
	err = p.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		if err := reserveLetter(ctx, tx, uses); err != nil {
			return err
		}
		id, err := p.provisional(ctx, tx, name, in)
		if err != nil {
			return err
		}
		if referred, err = p.referred(ctx, tx, id, in.ReferralCode); err != nil {
			return err
		}
		known, err := tx.ContactPoint.Query().Where(contactpoint.KindEQ(contactpoint.KindEMAIL),
			contactpoint.ValueKey(address.Key), contactpoint.VerifiedAtNotNil()).Exist(asSystem(ctx))
		if err != nil {
			return err
		}
		made, err = p.challenge(ctx, tx, id, registration{Email: address.Value, Password: hash, Known: known}, p.language(ctx, in.Locale))
		return err
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

// provisional makes a person who cannot sign in yet. He is forgotten unless
// his address is proven (housekeeping).
func (p *People) provisional(ctx context.Context, tx *store.Tx, name string, in RegisterInput) (uuid.UUID, error) {
	zone := p.o.TimeZone
	if in.TimeZone != nil {
		zone = *in.TimeZone
	}
	u, err := tx.User.Create().SetStatus(user.StatusPENDING).SetDisplayName(name).
		SetLocale(p.language(ctx, in.Locale)).SetTimeZone(zone).Save(asSystem(ctx))
	if err != nil {
		return uuid.Nil, err
	}
	return u.ID, nil
}

// challenge makes the challenge with a fresh code, and the letter.
func (p *People) challenge(ctx context.Context, tx *store.Tx, id uuid.UUID, r registration, lang string) (*Challenge, error) {
	r.Code = credential.NewCode()
	c, err := tx.MakeChallenge(ctx, p.o.Sealer, store.NewChallenge{
		Purpose: forRegistration, UserID: &id, Secret: r.Code, Data: r, Tries: p.o.CodeTries, Life: p.o.CodeTTL,
	})
	if err != nil {
		return nil, err
	}
	l := Letter{ChallengeID: c.ID.String(), Template: letterCode, Locale: lang}
	if r.Known {
		l.Template = letterKnown
	}
	if err := p.Mail(ctx, tx, l); err != nil {
		return nil, err
	}
	return &Challenge{ID: scalar.ID{Prefix: "chl", UUID: c.ID}, Kind: ChallengeKindEmailCode, ExpiresAt: c.ExpiresAt}, nil
}

// ResendCode puts a new challenge with a new code in the place of one; the old
// code is dead from then on.
//
// Faults: INVALID_ID, NOT_FOUND, CODE_SENT_RECENTLY.
func (p *People) ResendCode(ctx context.Context, in ResendCodeInput) (*Challenge, error) {
	id, err := in.ChallengeID.As("chl")
	if err != nil {
		return nil, fault.ErrInvalidID.At("input", "challengeId")
	}
	var made *Challenge
	err = p.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		old, err := tx.TakeChallenge(ctx, p.o.Sealer, id, forRegistration)
		if err != nil {
			return at(err, "input", "challengeId")
		}
		var r registration
		if err := old.Read(&r); err != nil {
			return err
		}
		address, _ := credential.ParseEmail(r.Email)
		if err := reserveLetter(ctx, tx, letterUses(address, viewer.From(ctx))); err != nil {
			return err
		}
		u, err := tx.User.Get(asSystem(ctx), *old.UserID)
		if err != nil {
			return err
		}
		made, err = p.challenge(ctx, tx, u.ID, r, u.Locale)
		return err
	})
	return made, err
}
