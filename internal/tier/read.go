package tier

import (
	"context"
	"sync/atomic"
	"time"

	"entgo.io/contrib/entgql"
	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/bonusprogram"
	"kabinet/ent/generated/ledgeraccount"
	"kabinet/ent/generated/tierchange"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// life is how long the rows of tiers are believed by reads: a change made by
// another instance is seen this much later. What decides reads them anew.
const life = 5 * time.Second

// cache holds all rows of tiers, the retired ones too: they are few.
type cache struct{ held atomic.Pointer[cached] }

type cached struct {
	rows []*ent.Tier
	at   time.Time
}

func (t *Tiers) all(ctx context.Context) ([]*ent.Tier, error) {
	now := t.Store.Now()
	if h := t.cache.held.Load(); h != nil && !now.Before(h.at) && now.Sub(h.at) < life {
		return h.rows, nil
	}
	rows, err := t.Store.Client.Tier.Query().All(ctx)
	if err != nil {
		return nil, store.Translate(err)
	}
	t.cache.held.Store(&cached{rows, now})
	return rows, nil
}

// InForce are the tiers of a programme, the default one for nil, the lowest
// first; nil where the programme is not known. Faults: INVALID_ID.
func (t *Tiers) InForce(ctx context.Context, programID *scalar.ID) ([]*ent.Tier, error) {
	p, err := t.program(ctx, t.Store.Client, programID)
	if fault.KindOf(err) == fault.NotFound {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	all, err := t.all(ctx)
	if err != nil {
		return nil, err
	}
	tiers := ofProgram(all, p.KeyID)
	if tiers == nil {
		tiers = []*ent.Tier{}
	}
	return tiers, nil
}

// program is the programme in force that id names, the default one for nil.
func (t *Tiers) program(ctx context.Context, client *ent.Client, id *scalar.ID) (*ent.BonusProgram, error) {
	q := client.BonusProgram.Query().Where(bonusprogram.RetiredAtIsNil())
	if id == nil {
		q.Where(bonusprogram.IsDefault(true))
	} else {
		key, err := id.As("prog")
		if err != nil {
			return nil, fault.ErrInvalidID.At("input", "programId")
		}
		q.Where(bonusprogram.KeyID(key))
	}
	p, err := q.Only(ctx)
	if ent.IsNotFound(err) {
		return nil, ErrProgramNotFound.At("input", "programId")
	}
	return p, store.Translate(err)
}

// ProgramOf is the programme of a tier; nil where it has ended.
func (t *Tiers) ProgramOf(ctx context.Context, of *ent.Tier) (*ent.BonusProgram, error) {
	p, err := t.program(ctx, t.Store.Client, &scalar.ID{Prefix: "prog", UUID: of.ProgramID})
	if fault.KindOf(err) == fault.NotFound {
		return nil, nil
	}
	return p, err
}

// Version is a tier as it was in a version; nil for no key.
func (t *Tiers) Version(ctx context.Context, key *uuid.UUID, version *int64) (*ent.Tier, error) {
	if key == nil {
		return nil, nil
	}
	all, err := t.all(ctx)
	if err != nil {
		return nil, err
	}
	for _, r := range all {
		if r.KeyID == *key && version != nil && r.Version == *version {
			return r, nil
		}
	}
	return inForce(all, key), nil
}

// Of is the tier of an account that was read by the caller, brought up to date
// where a look is due; nil where its programme has none.
func (t *Tiers) Of(ctx context.Context, a *ent.LedgerAccount) (*ent.Tier, error) {
	key := a.TierID
	if due(a.TierReviewAt, t.Store.Now()) {
		fresh, err := t.fresh(ctx, a.ID)
		if err != nil {
			return nil, err
		}
		key = fresh.tier
	}
	all, err := t.all(ctx)
	if err != nil || a.ProgramID == nil {
		return nil, err
	}
	tiers := ofProgram(all, *a.ProgramID)
	if key != nil || len(tiers) == 0 {
		return inForce(all, key), nil
	}
	p, err := t.ProgressOf(ctx, a.ID) // nobody has looked at it yet
	if err != nil || p == nil {
		return nil, err
	}
	return p.current, nil
}

// view is an account as it was read.
func view(a *ent.LedgerAccount) account {
	acc := account{id: a.ID, owner: a.OwnerID, person: a.UserID != nil, tier: a.TierID, until: a.TierUntilAt, review: a.TierReviewAt}
	if a.ProgramID != nil {
		acc.program = *a.ProgramID
	}
	return acc
}

// first is the tier that everybody has; nil where none is.
func first(tiers []*ent.Tier) (t *ent.Tier) {
	for _, u := range tiers {
		if everybody(u) {
			t = u
		}
	}
	return t
}

func due(at *time.Time, now time.Time) bool { return at != nil && !at.After(now) }

// OfPerson is a person's tier in the default programme; nil where it has none,
// or the person is not the caller's to see.
func (t *Tiers) OfPerson(ctx context.Context, user uuid.UUID) (*ent.Tier, error) {
	v := viewer.From(ctx)
	if user != v.UserID && v.Reach("bonus", "read") != viewer.ReachAll {
		return nil, nil
	}
	p, err := t.program(ctx, t.Store.Client, nil)
	if fault.KindOf(err) == fault.NotFound {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	a, err := t.find(ctx, user, p)
	if err != nil {
		return nil, err
	}
	if a == nil {
		all, err := t.all(ctx)
		return first(ofProgram(all, p.KeyID)), err
	}
	return t.Of(ctx, a)
}

func (t *Tiers) find(ctx context.Context, owner uuid.UUID, p *ent.BonusProgram) (*ent.LedgerAccount, error) {
	a, err := t.Store.Client.LedgerAccount.Query().Where(ledgeraccount.OwnerID(owner), ledgeraccount.Unit(p.Unit),
		ledgeraccount.KindEQ(ledgeraccount.KindBONUS), ledgeraccount.Name("")).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, nil
	}
	return a, store.Translate(err)
}

// ProgressOf is where an account stands that the caller may see, brought up to
// date where a look is due; nil where its programme has no tiers.
func (t *Tiers) ProgressOf(ctx context.Context, id uuid.UUID) (*TierProgress, error) {
	a, err := t.Store.Client.LedgerAccount.Query().Where(ledgeraccount.ID(id), ledgeraccount.KindEQ(ledgeraccount.KindBONUS)).Only(ctx)
	if ent.IsNotFound(err) || err == nil && a.ProgramID == nil {
		return nil, nil
	}
	if err != nil {
		return nil, store.Translate(err)
	}
	acc := view(a)
	if due(a.TierReviewAt, t.Store.Now()) {
		if acc, err = t.fresh(ctx, id); err != nil {
			return nil, err
		}
	}
	all, err := t.all(ctx)
	if err != nil {
		return nil, err
	}
	p, err := progress(ctx, t.Store, all, acc, t.Store.Now())
	return p, store.Translate(err)
}

// fresh looks at an account whose look is due, as the clock would.
func (t *Tiers) fresh(ctx context.Context, id uuid.UUID) (a account, err error) {
	err = t.Store.InTx(viewer.AsSystem(ctx, "tier.review"), func(ctx context.Context, tx *store.Tx) error {
		if err := t.Review(ctx, tx, id); err != nil {
			return err
		}
		a, _, err = lock(ctx, tx, id, false)
		return err
	})
	return a, err
}

// CustomerTier is where a customer stands in a programme, the default one for
// nil. Staff only. Faults: INVALID_ID, PROGRAM_NOT_FOUND, NOT_FOUND of the
// customer; UNAUTHENTICATED, FORBIDDEN.
func (t *Tiers) CustomerTier(ctx context.Context, userID scalar.ID, programID *scalar.ID) (*TierProgress, error) {
	if err := staff(ctx, "read"); err != nil {
		return nil, err
	}
	user, err := userID.As("usr")
	if err != nil {
		return nil, fault.ErrInvalidID.At("userId")
	}
	p, err := t.program(ctx, t.Store.Client, programID)
	if err != nil {
		return nil, err
	}
	a, err := t.find(ctx, user, p)
	if err != nil {
		return nil, err
	}
	if a != nil {
		return t.ProgressOf(ctx, a.ID)
	}
	if _, err := t.Store.Client.User.Get(viewer.AsSystem(ctx, "tier.customer"), user); err != nil {
		return nil, store.Translate(err)
	}
	all, err := t.all(ctx)
	if err != nil {
		return nil, err
	}
	pr, err := progress(ctx, t.Store, all, account{owner: user, person: true, program: p.KeyID}, t.Store.Now())
	return pr, store.Translate(err)
}

// Page is where a page of a list begins and how long it is.
type Page struct {
	After  *ent.Cursor
	First  *int
	Before *ent.Cursor
	Last   *int
}

// Changes are those of an account's tier, newest first.
func (t *Tiers) Changes(ctx context.Context, accountID uuid.UUID, page Page) (*ent.TierChangeConnection, error) {
	c, err := t.Store.Client.TierChange.Query().Where(tierchange.AccountID(accountID)).Paginate(ctx, page.After, page.First, page.Before, page.Last,
		ent.WithTierChangeOrder(&ent.TierChangeOrder{Direction: entgql.OrderDirectionDesc, Field: ent.DefaultTierChangeOrder.Field}))
	return c, store.Translate(err)
}

// staff refuses whoever may not do an operation on everybody's points.
func staff(ctx context.Context, operation string) error {
	v := viewer.From(ctx)
	switch {
	case v.IsSystem() || v.Staff && v.Reach("bonus", operation) == viewer.ReachAll:
		return nil
	case v.SignedIn():
		return fault.ErrForbidden
	}
	return fault.ErrUnauthenticated
}
