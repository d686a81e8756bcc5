package promotion

import (
	"context"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	entpromotion "kabinet/ent/generated/promotion"
	"kabinet/internal/fault"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// moves are the ways of a promotion; to where it stands it is no move.
var moves = map[entpromotion.Status][]entpromotion.Status{
	entpromotion.StatusDRAFT:  {entpromotion.StatusACTIVE, entpromotion.StatusENDED},
	entpromotion.StatusACTIVE: {entpromotion.StatusPAUSED, entpromotion.StatusENDED},
	entpromotion.StatusPAUSED: {entpromotion.StatusACTIVE, entpromotion.StatusENDED},
}

// SetStatus starts, pauses or ends a promotion. Faults: ILLEGAL_TRANSITION,
// TOO_MANY_ITEMS, NOT_FOUND, INVALID_ID.
func (p *Promotions) SetStatus(ctx context.Context, input SetPromotionStatusInput) (*Promotion, error) {
	if err := staff(ctx, "write"); err != nil {
		return nil, err
	}
	id, err := input.ID.As("prm")
	if err != nil {
		return nil, fault.ErrInvalidID.At("input", "id")
	}
	defer p.promotions.forget()
	err = p.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		row, err := held(ctx, tx, id)
		if err != nil {
			return err
		}
		from := row.Status
		if from == entpromotion.Status(input.Status) {
			return nil
		}
		if err := move(ctx, tx, row, entpromotion.Status(input.Status)); err != nil {
			return err
		}
		if err := tx.Promotion.UpdateOneID(id).AddRevision(1).SetStatus(row.Status).Exec(ctx); err != nil {
			return err
		}
		return tx.Audit(ctx, "promotion.status", viewer.House, row.GlobalID(), map[string]any{"from": from, "to": row.Status})
	})
	if err != nil {
		return nil, err
	}
	return p.find(ctx, id)
}

// move sets the status of a promotion in memory. Faults: ILLEGAL_TRANSITION,
// TOO_MANY_ITEMS.
func move(ctx context.Context, tx *store.Tx, row *ent.Promotion, to entpromotion.Status) error {
	for _, way := range moves[row.Status] {
		if way != to {
			continue
		}
		row.Status = to
		if to != entpromotion.StatusACTIVE {
			return nil
		}
		return roomFor(ctx, tx, row)
	}
	return ErrTransition.With("fromState", string(row.Status)).With("toState", string(to)).At("input", "status")
}

// roomFor holds the number of what applies by itself, and of offers, to what
// one order can weigh.
func roomFor(ctx context.Context, tx *store.Tx, row *ent.Promotion) error {
	kinds := []entpromotion.Kind{entpromotion.KindDISCOUNT, entpromotion.KindPERSONAL_PRICE}
	switch row.Kind {
	case entpromotion.KindCODE:
		return nil
	case entpromotion.KindOFFER:
		kinds = []entpromotion.Kind{entpromotion.KindOFFER}
	}
	n, err := tx.Promotion.Query().Where(entpromotion.KindIn(kinds...), entpromotion.StatusEQ(entpromotion.StatusACTIVE), entpromotion.IDNEQ(row.ID)).Count(ctx)
	if err == nil && n >= maxInForce {
		return ErrTooMany.With("limit", maxInForce).At("input", "status")
	}
	return err
}

// find shows a promotion to staff. Fault: NOT_FOUND.
func (p *Promotions) find(ctx context.Context, id uuid.UUID) (*Promotion, error) {
	row, err := p.Store.Client.Promotion.Query().Where(entpromotion.ID(id)).Only(ctx)
	if err != nil {
		return nil, store.Translate(err)
	}
	stats, err := p.statistics(ctx, []*ent.Promotion{row})
	if err != nil {
		return nil, err
	}
	return show(ctx, row, stats[id]), nil
}
