package factor

import (
	"context"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/contactpoint"
	"kabinet/ent/generated/identity"
	"kabinet/internal/account"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// me is the person who calls.
func me(ctx context.Context) (viewer.Viewer, error) {
	v := viewer.From(ctx)
	if !v.SignedIn() {
		return v, fault.ErrUnauthenticated
	}
	return v, nil
}

// changing is a change on its way.
type changing struct {
	Change
	raise bool // the caller has proven the new factor: the session gets a new token, at level 2
}

// change does a change of the caller's factors in one transaction and says how
// they stand then.
func (f *Factors) change(ctx context.Context, do func(context.Context, *store.Tx, *changing) error) (*Change, error) {
	v := viewer.From(ctx)
	var out changing
	var e *account.Entrance
	err := f.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		out, e = changing{}, nil
		out.RecoveryCodes = []string{}
		if err := do(ctx, tx, &out); err != nil {
			return err
		}
		s, err := stand(asSystem(ctx), tx.Identity.Query(), v.UserID)
		if err != nil {
			return err
		}
		out.TwoFactor = s.view()
		if out.raise {
			e, err = f.People.RotateTo(ctx, tx, 2)
		}
		return err
	})
	if err != nil {
		return noChange(), err
	}
	if e != nil {
		w, err := f.People.Welcome(ctx, e)
		if err != nil {
			return noChange(), err
		}
		out.Session = w.Session
	}
	return &out.Change, nil
}

// RegenerateRecoveryCodes makes ten new recovery codes; the old ones are dead
// (security C4).
//
// Faults: UNAUTHENTICATED, STEP_UP_REQUIRED, FACTOR_NOT_ON.
func (f *Factors) RegenerateRecoveryCodes(ctx context.Context) (*Change, error) {
	return f.change(ctx, func(ctx context.Context, tx *store.Tx, out *changing) error {
		v, s, err := f.fresh(ctx, tx)
		if err != nil {
			return err
		}
		if !s.due() {
			return ErrNotOn
		}
		if out.RecoveryCodes, err = f.newCodes(ctx, tx, v.UserID); err != nil {
			return err
		}
		return f.People.News(ctx, tx, v.UserID, account.ChangeRecoveryCodesNew, scalar.ID{Prefix: "usr", UUID: v.UserID}, nil)
	})
}

// EnableCode makes codes sent to the first proven address or number a second
// factor.
//
// Faults: UNAUTHENTICATED, STEP_UP_REQUIRED, FACTOR_ALREADY_ON,
// FACTOR_NOT_AVAILABLE.
func (f *Factors) EnableCode(ctx context.Context, in CodeFactorInput) (*Change, error) {
	return f.change(ctx, func(ctx context.Context, tx *store.Tx, out *changing) error {
		v, was, err := f.fresh(ctx, tx)
		if err != nil {
			return err
		}
		if was.codeBy(in.Kind) != nil {
			return ErrAlreadyOn
		}
		to, err := f.way(ctx, tx, was, in.Kind)
		if err != nil {
			return err
		}
		if to == nil {
			return ErrNotAvailable.At("input", "kind")
		}
		i, err := tx.Identity.Create().SetUserID(v.UserID).SetKind(identity.KindCODE).SetSubject(codeSubject(v.UserID, in.Kind)).Save(asSystem(ctx))
		if store.IsUnique(err) {
			return ErrAlreadyOn
		}
		if err != nil {
			return err
		}
		if out.RecoveryCodes, err = f.firstCodes(ctx, tx, was); err != nil {
			return err
		}
		if err := f.People.DropStepUps(ctx, tx, v.UserID, v.SessionID); err != nil {
			return err
		}
		return f.People.News(ctx, tx, v.UserID, account.ChangeFactorAdded, i.GlobalID(), map[string]any{"kind": kindOfCode(in.Kind)})
	})
}

// way is where a code of a kind goes now; nil where it cannot.
func (f *Factors) way(ctx context.Context, tx *store.Tx, s standing, kind contactpoint.Kind) (*account.SentTo, error) {
	ways, err := f.People.CodeWays(ctx, tx, s.user)
	if err != nil {
		return nil, err
	}
	for _, w := range ways {
		if w.Kind == kind {
			return &w, nil
		}
	}
	return nil, nil
}

// DisableCode takes codes by e-mail or SMS off the account.
//
// Faults: UNAUTHENTICATED, STEP_UP_REQUIRED, FACTOR_NOT_ON.
func (f *Factors) DisableCode(ctx context.Context, in CodeFactorInput) (*TwoFactor, error) {
	return f.takeOff(ctx, func(s standing) *ent.Identity { return s.codeBy(in.Kind) })
}

// noChange is what goes with a refusal.
func noChange() *Change { return &Change{RecoveryCodes: []string{}} }
