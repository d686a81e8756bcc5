package promotion

import (
	"context"
	"time"

	"github.com/google/uuid"

	"kabinet/ent/generated/promocode"
	"kabinet/ent/generated/promouse"
	"kabinet/internal/fault"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// Applied is what Apply gives: all nil when it was refused.
type Applied struct {
	Check         *PromoCodeCheck
	ReservedUntil *time.Time
	Replayed      *bool
}

// said is what an idempotency key stands for: the same for another owner is
// something else.
type said struct {
	Owner uuid.UUID
	Input any
}

// Apply reserves a code for a basket of the caller, or of the company he acts
// for, for ReservedFor; again, for as long once more. With lines it says what
// the code does for them, and refuses one that does nothing. Faults:
// PROMO_CODE_…, TOO_MANY_ATTEMPTS, those of the basket and of idempotency keys.
func (p *Promotions) Apply(ctx context.Context, input ApplyPromoCodeInput) (Applied, error) {
	me, err := p.buyer(ctx)
	if err != nil {
		return Applied{}, err
	}
	if err := checkReference(input.Reference); err != nil {
		return Applied{}, err
	}
	if len(input.With) > maxCodes {
		return Applied{}, fault.ErrTooLong.With("limit", maxCodes).At("input", "with")
	}
	var done Applied
	if len(input.Lines) > 0 {
		basket, currency, err := basketOf(ctx, p.Store.Client, input.Lines)
		if err != nil {
			return Applied{}, err
		}
		if done.Check, err = p.check(ctx, input.Code, input.With, basket, currency); err != nil {
			return Applied{}, err
		}
	}
	bare := input
	bare.IdempotencyKey, bare.DryRun = "", nil
	var kept struct{ Until time.Time }
	var replayed bool
	err = p.Try(ctx, func() error {
		return p.Store.InDryTx(ctx, input.DryRun != nil && *input.DryRun, func(ctx context.Context, tx *store.Tx) (err error) {
			replayed, err = tx.Once(ctx, "applyPromoCode", input.IdempotencyKey, said{me, bare}, &kept, func() error {
				if done.Check != nil && done.Check.No != nil {
					return done.Check.No
				}
				kept.Until = tx.Now.Add(ReservedFor)
				return p.reserve(ctx, tx, me, input, kept.Until)
			})
			return err
		})
	})
	if err != nil {
		return Applied{}, err
	}
	if done.Check != nil && done.Check.No != nil { // the code was used up since it was reserved
		done.Check = nil
	}
	done.ReservedUntil, done.Replayed = &kept.Until, &replayed
	return done, nil
}

func (p *Promotions) reserve(ctx context.Context, tx *store.Tx, me uuid.UUID, input ApplyPromoCodeInput, until time.Time) error {
	a := askingIn(tx, me)
	entered, err := a.entries(ctx, []string{input.Code}, func(int) []string { return []string{"input", "code"} })
	if err != nil {
		return err
	}
	e := entered[0]
	if err := a.judge(ctx, e); err != nil {
		return err
	}
	n, err := tx.Exec(ctx, `UPDATE promo_uses SET reserved_until_at = ?, updated_at = ? WHERE code_id = ? AND owner_id = ? AND reference = ? AND status = 'RESERVED'`,
		until, tx.Now, e.code.ID, me, input.Reference)
	if err != nil || n == 1 {
		return err
	}
	_, err = p.take(ctx, tx, taking{promotion: e.promotion, code: &e.code.ID, owner: me, reference: &input.Reference, until: &until})
	if err == nil {
		err = notTooMany(ctx, tx, e.code.ID, me)
	}
	if f, ok := fault.As(err); ok {
		return f.At("input", "code")
	}
	return err
}

// maxReserved is for how many baskets at once a customer may hold one code.
const maxReserved = 3

// notTooMany refuses the last reservation of a customer who holds a code for
// other baskets already. What is limited was counted, its row is held: of two
// at once the second sees the first.
func notTooMany(ctx context.Context, tx *store.Tx, code, me uuid.UUID) error {
	n, err := tx.PromoUse.Query().Where(promouse.CodeID(code), promouse.OwnerID(me), promouse.StatusEQ(promouse.StatusRESERVED),
		promouse.ReservedUntilAtGT(tx.Now)).Count(viewer.AsSystem(ctx, "promotion.uses"))
	if err == nil && n > maxReserved {
		err = ErrCodeLimitPerPerson.With("limit", maxReserved)
	}
	return err
}

// Released is what Release gives.
type Released struct {
	Released *bool
	Replayed *bool
}

// Release gives up the reservation of a code for a basket; where there is none
// it says so. Faults: those of idempotency keys.
func (p *Promotions) Release(ctx context.Context, input ReleasePromoCodeInput) (Released, error) {
	me, err := p.buyer(ctx)
	if err != nil {
		return Released{}, err
	}
	if err := checkReference(input.Reference); err != nil {
		return Released{}, err
	}
	bare := input
	bare.IdempotencyKey, bare.DryRun = "", nil
	var kept struct{ Released bool }
	var replayed bool
	err = p.Store.InDryTx(ctx, input.DryRun != nil && *input.DryRun, func(ctx context.Context, tx *store.Tx) (err error) {
		replayed, err = tx.Once(ctx, "releasePromoCode", input.IdempotencyKey, said{me, bare}, &kept, func() error {
			system := viewer.AsSystem(ctx, "promotion.uses")
			if len(input.Code) > maxCode || checkWord(input.Code) != nil {
				return nil
			}
			code, err := tx.PromoCode.Query().Where(promocode.CodeKey(key(input.Code))).All(system)
			if err != nil || len(code) == 0 {
				return err
			}
			uses, err := tx.PromoUse.Query().Where(promouse.CodeID(code[0].ID), promouse.OwnerID(me), promouse.Reference(input.Reference),
				promouse.StatusEQ(promouse.StatusRESERVED)).All(system)
			if err != nil || len(uses) == 0 {
				return err
			}
			kept.Released, err = release(ctx, tx, uses[0])
			return err
		})
		return err
	})
	if err != nil {
		return Released{}, err
	}
	return Released{&kept.Released, &replayed}, nil
}

// ReleaseDue gives back at most limit reservations whose time is over, each in
// a transaction of its own. Safe beside others that do the same.
func (p *Promotions) ReleaseDue(ctx context.Context, limit int) (int, error) {
	due, err := p.Store.Client.PromoUse.Query().Where(promouse.StatusEQ(promouse.StatusRESERVED), promouse.ReservedUntilAtLTE(p.Store.Now())).
		Order(promouse.ByReservedUntilAt(), promouse.ByID()).Limit(limit).All(viewer.AsSystem(ctx, "promotion.due"))
	if err != nil {
		return 0, store.Translate(err)
	}
	for _, u := range due {
		err := p.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
			if err := tx.Lock(ctx, "promotions", "id", u.PromotionID); err != nil {
				return err
			}
			if u.CodeID != nil {
				if err := tx.Lock(ctx, "promo_codes", "id", *u.CodeID); err != nil {
					return err
				}
			}
			// Asked for again meanwhile, it has more time.
			still, err := tx.PromoUse.Query().Where(promouse.ID(u.ID), promouse.StatusEQ(promouse.StatusRESERVED), promouse.ReservedUntilAtLTE(tx.Now)).
				Where(tx.Locking()).All(viewer.AsSystem(ctx, "promotion.due"))
			if err != nil || len(still) == 0 {
				return err
			}
			_, err = release(ctx, tx, still[0])
			return err
		})
		if err != nil {
			return 0, err
		}
	}
	return len(due), nil
}
