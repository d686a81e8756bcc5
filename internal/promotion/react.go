package promotion

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	entorder "kabinet/ent/generated/order"
	"kabinet/ent/generated/promouse"
	"kabinet/internal/event"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// Hearers give the points that promotions promised with an order, and take them
// back with it.
func (p *Promotions) Hearers() []store.Hearer {
	return []store.Hearer{{Name: "promotion.OrderStatusChanged", Kinds: []string{event.OrderStatusChanged{}.Kind()}, On: p.OnOrderStatusChanged}}
}

// OnOrderStatusChanged gives the points of an order that was delivered, once
// for ever, and takes them back when all of it came back. What counts is how
// the order stands now: facts may be told late.
func (p *Promotions) OnOrderStatusChanged(ctx context.Context, tx *store.Tx, e event.Stored) error {
	var f event.OrderStatusChanged
	if err := json.Unmarshal(e.Payload, &f); err != nil {
		return fmt.Errorf("promotion: read %s: %w", e.Kind, err)
	}
	came := slices.Contains(f.Changed, "fulfillmentStatus") && (f.FulfillmentStatus == "DELIVERED" || f.FulfillmentStatus == "RETURNED")
	cancelled := slices.Contains(f.Changed, "status") && f.Status == "CANCELLED"
	if !came && !cancelled || f.OwnerID == viewer.House {
		return nil
	}
	uses, err := tx.PromoUse.Query().Where(promouse.OrderID(f.OrderID), promouse.StatusNEQ(promouse.StatusRESERVED),
		promouse.Or(promouse.PointsGT(0), promouse.MultiplierBasisPointsGT(0))).Order(promouse.ByID()).All(ctx)
	if err != nil || len(uses) == 0 {
		return err
	}
	if err := tx.Lock(ctx, "orders", "id", f.OrderID); err != nil {
		return err
	}
	o, err := tx.Order.Query().Where(entorder.ID(f.OrderID)).Only(ctx)
	if err != nil {
		return err
	}
	for _, u := range uses {
		switch {
		case o.Status == entorder.StatusCANCELLED || o.FulfillmentStatus == entorder.FulfillmentStatusRETURNED:
			err = p.takeBack(ctx, tx, u)
		case came && u.Status == promouse.StatusUSED:
			err = p.give(ctx, tx, u, o)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// causeOf is what the points of a use are given for.
func causeOf(u *ent.PromoUse) string { return "promotion:" + u.ID.String() }

func (p *Promotions) give(ctx context.Context, tx *store.Tx, u *ent.PromoUse, o *ent.Order) error {
	points := u.Points
	if u.MultiplierBasisPoints > 10_000 {
		points += share(o.PointsEarned, u.MultiplierBasisPoints-10_000)
	}
	if points == 0 || p.Give == nil {
		return nil
	}
	explain := map[string]any{"promotionId": promotionID(u.PromotionID).String(), "number": o.Number, "points": u.Points, "multiplierBasisPoints": u.MultiplierBasisPoints, "pointsOfOrder": o.PointsEarned}
	return p.Give(ctx, tx, u.OwnerID, points, causeOf(u), explain, &o.ID)
}

// takeBack takes back what a use gave, if it gave anything.
func (p *Promotions) takeBack(ctx context.Context, tx *store.Tx, u *ent.PromoUse) error {
	if p.TakeBack == nil {
		return nil
	}
	var entry uuid.UUID
	err := tx.QueryRow(ctx, `SELECT e.id FROM ledger_accounts a JOIN ledger_entries e ON e.account_id = a.id
		WHERE a.owner_id = ? AND a.kind = 'BONUS' AND e.cause_key = ? AND e.kind = 'ACCRUAL'`, u.OwnerID, causeOf(u)).Scan(&entry)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	return p.TakeBack(ctx, tx, entry, causeOf(u)+":back")
}
