package factor

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/identity"
	"kabinet/internal/account"
	"kabinet/internal/credential"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// proof is an answer to a challenge, judged as far as reading can; do makes it
// true in the transaction of the sign-in, or fails with INVALID_CODE.
type proof struct {
	uses []store.Use
	do   func(ctx context.Context, tx *store.Tx) error
	path string
}

// Complete gives the second factor: the sign-in ends at the gate of account.
// Wrong, used, expired, tried too often, of another person or session: the
// same answer (security C7).
//
// Faults: INVALID_ID, REQUIRED, INVALID_VALUE where there is more than one
// answer, INVALID_CODE, TOO_MANY_ATTEMPTS, those of account.Finish.
func (f *Factors) Complete(ctx context.Context, in CompleteSecondFactorInput) (*account.Welcome, error) {
	if err := oneAnswer(in); err != nil {
		return &account.Welcome{}, err
	}
	c, h, err := f.waiting(ctx, in.ChallengeID)
	p := proof{path: pathOf(in)}
	if fault.KindOf(err) == fault.NotFound {
		return &account.Welcome{}, errInvalidCode.At("input", p.path)
	}
	if err != nil {
		return &account.Welcome{}, err
	}
	p.uses = usesOf(in, *c.UserID)
	if err := f.count(ctx, c, p); err != nil {
		return &account.Welcome{}, err
	}
	if p.do, err = f.judge(ctx, in, c, h); err != nil {
		return &account.Welcome{}, f.failed(ctx, c, p, err)
	}
	var e *account.Entrance
	err = f.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		if err := p.do(ctx, tx); err != nil {
			return err
		}
		if err := tx.Refund(ctx, p.uses...); err != nil {
			return err
		}
		e, err = f.People.Finish(ctx, tx, c)
		return err
	})
	if err != nil {
		return &account.Welcome{}, f.failed(ctx, c, p, err)
	}
	return f.People.Welcome(ctx, e)
}

func oneAnswer(in CompleteSecondFactorInput) error {
	n := 0
	for _, given := range []bool{in.Totp != nil, in.Code != nil, in.RecoveryCode != nil, in.Passkey != nil} {
		if given {
			n++
		}
	}
	switch n {
	case 0:
		return fault.ErrRequired.At("input", "totp")
	case 1:
		return nil
	}
	return fault.ErrInvalidValue.At("input")
}

func pathOf(in CompleteSecondFactorInput) string {
	switch {
	case in.Totp != nil:
		return "totp"
	case in.Code != nil:
		return "code"
	case in.RecoveryCode != nil:
		return "recoveryCode"
	}
	return "passkey"
}

// usesOf are what an answer counts against. A signature cannot be guessed.
func usesOf(in CompleteSecondFactorInput, user uuid.UUID) []store.Use {
	switch {
	case in.RecoveryCode != nil:
		return []store.Use{{Limit: recoveryHour, Of: user.String()}}
	case in.Passkey != nil:
		return nil
	}
	return []store.Use{{Limit: digitsHour, Of: user.String()}}
}

// count takes one of the tries of the challenge and of the person's, in
// transactions of their own, before anything is looked at: what fails stays
// counted, and twins cannot pass together (security S7, C2).
func (f *Factors) count(ctx context.Context, c store.Challenge, p proof) error {
	left, err := f.Store.CountTry(ctx, c.ID, account.ForSecondFactor)
	if err != nil {
		return err
	}
	if !left {
		return errInvalidCode.At("input", p.path)
	}
	return f.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		wait, err := tx.Reserve(ctx, p.uses...)
		if err == nil && wait > 0 {
			err = retryAfter(errTooManyAttempts, wait)
		}
		return err
	})
}

// failed puts a wrong answer on record and names its field.
func (f *Factors) failed(ctx context.Context, c store.Challenge, p proof, err error) error {
	if !errors.Is(err, errInvalidCode) {
		return err
	}
	user := *c.UserID
	recorded := f.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		return tx.Audit(ctx, "account.second_factor_failed", user, scalar.ID{Prefix: "usr", UUID: user}, map[string]any{"by": p.path})
	})
	if recorded != nil {
		return recorded
	}
	return errInvalidCode.At("input", p.path)
}

// judge looks at an answer. Only what the challenge names is one, as the
// person stands now (security C6).
func (f *Factors) judge(ctx context.Context, in CompleteSecondFactorInput, c store.Challenge, h half) (func(context.Context, *store.Tx) error, error) {
	s, err := stand(asSystem(ctx), f.Store.Client.Identity.Query(), *c.UserID)
	if err != nil {
		return nil, err
	}
	asked := f.answers(s, h.Half)
	switch {
	case in.Code != nil:
		return f.byCode(*in.Code, c, asked), nil
	case in.Totp != nil && slices.Contains(asked, account.ChallengeKindTotp):
		return f.byTotp(ctx, *in.Totp, c, s)
	case in.RecoveryCode != nil && slices.Contains(asked, account.ChallengeKindRecoveryCode):
		return f.byRecovery(*in.RecoveryCode, c), nil
	case in.Passkey != nil && slices.Contains(asked, account.ChallengeKindPasskey):
		return f.byPasskey(ctx, in.Passkey, c, h)
	}
	return nil, errInvalidCode
}

// byCode takes the code that was sent for the challenge, by a way that may
// answer it.
func (f *Factors) byCode(code string, c store.Challenge, asked []account.ChallengeKind) func(context.Context, *store.Tx) error {
	return func(ctx context.Context, tx *store.Tx) error {
		_, to, err := f.People.UseCode(ctx, tx, c.ID, account.ForSecondFactor, code, nil)
		if err == nil && (to.To == "" || !slices.Contains(asked, kindOfCode(to.Kind))) {
			err = errInvalidCode
		}
		return err
	}
}

// byTotp takes a code of the authenticator app. The step that it is of is
// written down by a condition, so that of twins one succeeds (security C3).
func (f *Factors) byTotp(ctx context.Context, code string, c store.Challenge, s standing) (func(context.Context, *store.Tx) error, error) {
	i, err := f.Store.Client.Identity.Query().Where(identity.ID(s.totp.ID)).Select(identity.FieldID, identity.FieldSecret).Only(asSystem(ctx))
	if ent.IsNotFound(err) {
		return nil, errInvalidCode
	}
	if err != nil {
		return nil, store.Translate(err)
	}
	secret, err := f.sealer.Open(i.Secret, totpPlace(s.user))
	if err != nil {
		return nil, err
	}
	step, fits := credential.MatchTOTP(string(secret), code, s.totp.Counter, f.Store.Now())
	if !fits {
		return nil, errInvalidCode
	}
	return func(ctx context.Context, tx *store.Tx) error {
		if err := f.spend(ctx, tx, c); err != nil {
			return err
		}
		n, err := tx.Identity.Update().Where(identity.ID(s.totp.ID), identity.CounterLT(step)).SetCounter(step).SetLastUsedAt(tx.Now).Save(asSystem(ctx))
		if err == nil && n == 0 {
			err = errInvalidCode
		}
		return err
	}, nil
}

// byRecovery takes a recovery code, which is used up by a condition (security C4).
func (f *Factors) byRecovery(code string, c store.Challenge) func(context.Context, *store.Tx) error {
	user := *c.UserID
	hash := credential.RecoveryHash(strings.TrimSpace(code), user.String())
	return func(ctx context.Context, tx *store.Tx) error {
		if err := f.spend(ctx, tx, c); err != nil {
			return err
		}
		n, err := tx.Identity.Update().Where(identity.UserID(user), identity.KindEQ(identity.KindRECOVERY_CODE), identity.Secret(hash), identity.UsedAtIsNil()).
			SetUsedAt(tx.Now).SetLastUsedAt(tx.Now).Save(asSystem(ctx))
		if err != nil {
			return err
		}
		if n == 0 {
			return errInvalidCode
		}
		return f.People.News(account.As(ctx, user, viewer.From(ctx).SessionID), tx, user, account.ChangeRecoveryCodeUsed, scalar.ID{Prefix: "usr", UUID: user}, nil)
	}
}

// byPasskey takes what one of the person's passkeys has signed.
func (f *Factors) byPasskey(ctx context.Context, answer map[string]any, c store.Challenge, h half) (func(context.Context, *store.Tx) error, error) {
	if h.Passkey == nil {
		return nil, errInvalidCode
	}
	known, err := f.holder(ctx, *c.UserID)
	if err != nil {
		return nil, err
	}
	p, err := f.check(ctx, *h.Passkey, answer, known)
	if err != nil {
		if err := f.refused(ctx, p, err); !errors.Is(err, errInvalidPasskey) {
			return nil, err
		}
		return nil, errInvalidCode
	}
	return func(ctx context.Context, tx *store.Tx) error {
		if err := f.spend(ctx, tx, c); err != nil {
			return err
		}
		if err := f.use(ctx, tx, p); err != nil {
			if errors.Is(err, errInvalidPasskey) {
				err = errInvalidCode
			}
			return err
		}
		return nil
	}, nil
}

// spend consumes the challenge; of twins one succeeds.
func (f *Factors) spend(ctx context.Context, tx *store.Tx, c store.Challenge) error {
	_, err := tx.SpendChallenge(ctx, f.sealer, c.ID, account.ForSecondFactor)
	if fault.KindOf(err) == fault.NotFound {
		err = errInvalidCode
	}
	return err
}
