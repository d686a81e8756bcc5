package promotion

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/promouse"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// taking is one use about to be made.
type taking struct {
	promotion *ent.Promotion
	code      *uuid.UUID
	owner     uuid.UUID
	reference *string    // of a reservation …
	until     *time.Time // … that ends then
	order     *uuid.UUID // of a use
	reduced   int64
	currency  string
}

// Uses are taken, and given back, by ascending promotion and code, and each
// promotion's and code's row is changed before the rows of uses: so two baskets
// with the same codes wait for each other and never stand crosswise.

func byPromotion(a, b taking) int {
	code := func(t taking) (id uuid.UUID) {
		if t.code != nil {
			id = *t.code
		}
		return id
	}
	ca, cb := code(a), code(b)
	return cmp.Or(bytes.Compare(a.promotion.ID[:], b.promotion.ID[:]), bytes.Compare(ca[:], cb[:]))
}

// take makes one use: it counts it where uses are limited, and nobody gets more
// than there are, however many come at once. Faults: PROMO_CODE_USED_UP,
// PROMO_CODE_LIMIT_PER_PERSON.
func (p *Promotions) take(ctx context.Context, tx *store.Tx, t taking) (uuid.UUID, error) {
	if id, err := convert(ctx, tx, t); err != nil || id != uuid.Nil {
		return id, err
	}
	if t.promotion.MaxUses != nil {
		n, err := tx.Exec(ctx, countPromotion, tx.Now, t.promotion.ID)
		if err == nil && n == 0 {
			if n, err = p.again(ctx, tx, t, countPromotion, t.promotion.ID); err == nil && n == 0 {
				err = ErrCodeUsedUp
			}
		}
		if err != nil {
			return uuid.Nil, err
		}
	}
	if t.code != nil {
		if err := p.takeCode(ctx, tx, t); err != nil {
			return uuid.Nil, uncount(ctx, tx, t, nil, err)
		}
	}
	id, err := p.note(ctx, tx, t)
	if err != nil {
		return uuid.Nil, uncount(ctx, tx, t, t.code, err)
	}
	return id, nil
}

// uncount gives back what was counted for a use that was refused: an order
// leaves out what applies by itself and is placed all the same.
func uncount(ctx context.Context, tx *store.Tx, t taking, code *uuid.UUID, refusal error) error {
	if !errors.Is(refusal, ErrCodeUsedUp) && !errors.Is(refusal, ErrCodeLimitPerPerson) {
		return refusal
	}
	var promotion *uuid.UUID
	if t.promotion.MaxUses != nil {
		promotion = &t.promotion.ID
	}
	return cmp.Or(countBack(ctx, tx, promotion, code), refusal)
}

// countBack counts one use less of a promotion, and of a code, where they are
// limited; nil for neither.
func countBack(ctx context.Context, tx *store.Tx, promotion, code *uuid.UUID) error {
	if promotion != nil {
		_, err := tx.Exec(ctx, `UPDATE promotions SET taken = taken - 1, updated_at = ? WHERE id = ? AND max_uses IS NOT NULL AND taken > 0`, tx.Now, *promotion)
		if err != nil {
			return err
		}
	}
	if code == nil {
		return nil
	}
	_, err := tx.Exec(ctx, `UPDATE promo_codes SET uses = uses - 1, status = CASE WHEN status <> 'USED' THEN status WHEN code_key IS NULL THEN 'ACTIVE' ELSE 'ISSUED' END, updated_at = ?
		WHERE id = ? AND max_uses IS NOT NULL AND uses > 0`, tx.Now, *code)
	return err
}

const countPromotion = `UPDATE promotions SET taken = taken + 1, updated_at = ? WHERE id = ? AND max_uses IS NOT NULL AND taken < max_uses AND status = 'ACTIVE'`

// convert makes a reservation of the same code the use of an order.
func convert(ctx context.Context, tx *store.Tx, t taking) (uuid.UUID, error) {
	if t.order == nil || t.code == nil {
		return uuid.Nil, nil
	}
	var id uuid.UUID
	mine, err := tx.PromoUse.Query().Where(promouse.CodeID(*t.code), promouse.OwnerID(t.owner), promouse.StatusEQ(promouse.StatusRESERVED)).
		Order(promouse.ByID()).Limit(1).All(viewer.AsSystem(ctx, "promotion.uses"))
	if err != nil || len(mine) == 0 {
		return id, err
	}
	n, err := tx.Exec(ctx, `UPDATE promo_uses SET status = 'USED', order_id = ?, reduced_minor = ?, currency = ?, points = ?, multiplier_basis_points = ?, updated_at = ?
		WHERE id = ? AND status = 'RESERVED'`, *t.order, t.reduced, t.currency, t.promotion.Effect.Points, t.promotion.Effect.MultiplierBasisPoints, tx.Now, mine[0].ID)
	if err != nil || n == 0 { // its time was over a moment ago
		return uuid.Nil, err
	}
	return mine[0].ID, nil
}

const countCode = `UPDATE promo_codes SET uses = uses + 1, status = CASE WHEN max_uses IS NOT NULL AND uses + 1 >= max_uses THEN 'USED' ELSE status END, updated_at = ?
	WHERE id = ? AND max_uses IS NOT NULL AND uses < max_uses AND status IN ('ISSUED', 'ACTIVE')`

// takeCode counts a use of a code whose uses are limited; others are no hot row.
func (p *Promotions) takeCode(ctx context.Context, tx *store.Tx, t taking) error {
	n, err := tx.Exec(ctx, countCode, tx.Now, *t.code)
	if err != nil || n == 1 {
		return err
	}
	var limited bool
	if err := tx.QueryRow(ctx, `SELECT max_uses IS NOT NULL FROM promo_codes WHERE id = ? AND status <> 'VOID'`, *t.code).Scan(&limited); err != nil || !limited {
		return err
	}
	if n, err = p.again(ctx, tx, t, countCode, *t.code); err == nil && n == 0 {
		err = ErrCodeUsedUp
	}
	return err
}

// again counts once more after the reservations whose time is over are gone.
func (p *Promotions) again(ctx context.Context, tx *store.Tx, t taking, count string, id uuid.UUID) (int64, error) {
	where := promouse.PromotionID(t.promotion.ID)
	if t.code != nil && id == *t.code {
		where = promouse.CodeID(*t.code)
	}
	overdue, err := tx.PromoUse.Query().Where(where, promouse.StatusEQ(promouse.StatusRESERVED), promouse.ReservedUntilAtLTE(tx.Now)).
		Order(promouse.ByID()).Limit(1).All(viewer.AsSystem(ctx, "promotion.uses"))
	if err != nil || len(overdue) == 0 {
		return 0, err
	}
	if _, err := releaseOverdue(ctx, tx, overdue[0]); err != nil {
		return 0, err
	}
	return tx.Exec(ctx, count, tx.Now, id)
}

// note writes the row of a use. Where there is a limit per owner, the row takes
// one of his slots, which are unique: two baskets at once cannot have the same.
func (p *Promotions) note(ctx context.Context, tx *store.Tx, t taking) (uuid.UUID, error) {
	slots, err := freeSlots(ctx, tx, t)
	if err != nil {
		return uuid.Nil, err
	}
	status := promouse.StatusUSED
	if t.order == nil {
		status = promouse.StatusRESERVED
	}
	for _, slot := range slots {
		id := uuid.Must(uuid.NewV7())
		n, err := tx.Exec(ctx, `INSERT INTO promo_uses (id, created_at, updated_at, owner_id, user_id, promotion_id, code_id, status, slot, reference, order_id, reduced_minor, currency, points, multiplier_basis_points, reserved_until_at)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
			id, tx.Now, tx.Now, t.owner, viewer.From(ctx).Actor(), t.promotion.ID, t.code, string(status), slot, t.reference, t.order,
			t.reduced, t.currency, t.promotion.Effect.Points, t.promotion.Effect.MultiplierBasisPoints, t.until)
		if err != nil || n == 1 {
			return id, err
		}
	}
	return uuid.Nil, ErrCodeLimitPerPerson.With("limit", limit(t.promotion))
}

func limit(p *ent.Promotion) int {
	if p.PerOwner == nil {
		return 1
	}
	return *p.PerOwner
}

// freeSlots are the owner's free slots; one that is none where he has no limit.
func freeSlots(ctx context.Context, tx *store.Tx, t taking) (free []*int, err error) {
	if t.promotion.PerOwner == nil {
		return []*int{nil}, nil
	}
	uses, err := tx.PromoUse.Query().Where(promouse.PromotionID(t.promotion.ID), promouse.OwnerID(t.owner), promouse.SlotNotNil()).
		All(viewer.AsSystem(ctx, "promotion.uses"))
	if err != nil {
		return nil, err
	}
	taken := map[int]bool{}
	for _, u := range uses {
		if u.Status == promouse.StatusRESERVED && over(u.ReservedUntilAt, tx.Now) {
			if _, err := releaseOverdue(ctx, tx, u); err != nil {
				return nil, err
			}
			continue // prolonged meanwhile, its slot is taken: the row is refused
		}
		taken[*u.Slot] = true
	}
	for slot := 1; slot <= *t.promotion.PerOwner && len(free) < 8; slot++ {
		if !taken[slot] {
			free = append(free, new(slot))
		}
	}
	return free, nil
}

// release gives a use back: what is RESERVED, or USED by an order that is
// cancelled. It says whether it was still to be given back.
func release(ctx context.Context, tx *store.Tx, u *ent.PromoUse) (bool, error) {
	return releaseWhere(ctx, tx, u, "")
}

// releaseOverdue is release of a reservation that was read without a lock: one
// that was asked for again meanwhile has more time and stays.
func releaseOverdue(ctx context.Context, tx *store.Tx, u *ent.PromoUse) (bool, error) {
	return releaseWhere(ctx, tx, u, ` AND reserved_until_at <= ?`, tx.Now)
}

func releaseWhere(ctx context.Context, tx *store.Tx, u *ent.PromoUse, also string, args ...any) (bool, error) {
	if err := tx.Lock(ctx, "promotions", "id", u.PromotionID); err != nil {
		return false, err
	}
	if u.CodeID != nil {
		if err := tx.Lock(ctx, "promo_codes", "id", *u.CodeID); err != nil {
			return false, err
		}
	}
	n, err := tx.Exec(ctx, `UPDATE promo_uses SET status = 'RELEASED', slot = NULL, updated_at = ? WHERE id = ? AND status = ?`+also, append([]any{tx.Now, u.ID, string(u.Status)}, args...)...)
	if err != nil || n == 0 {
		return false, err
	}
	return true, countBack(ctx, tx, &u.PromotionID, u.CodeID)
}

// releaseAll gives uses back, in the order in which they are taken.
func releaseAll(ctx context.Context, tx *store.Tx, uses []*ent.PromoUse) error {
	slices.SortFunc(uses, func(a, b *ent.PromoUse) int {
		return cmp.Or(bytes.Compare(a.PromotionID[:], b.PromotionID[:]), bytes.Compare(a.ID[:], b.ID[:]))
	})
	for _, u := range uses {
		if _, err := release(ctx, tx, u); err != nil {
			return err
		}
	}
	return nil
}
