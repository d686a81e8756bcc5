package promotion

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	entorder "kabinet/ent/generated/order"
	"kabinet/ent/generated/promouse"
	"kabinet/internal/event"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// Hearers give the points that promotions promised with an order.
func (p *Promotions) Hearers() []store.Hearer {
	return []store.Hearer{{Name: "promotion.OrderStatusChanged", Kinds: []string{event.OrderStatusChanged{}.Kind()}, On: p.OnOrderStatusChanged}}
}

// OnOrderStatusChanged gives the points of an order that was delivered, once
// for ever: by then it cannot be cancelled any more.
func (p *Promotions) OnOrderStatusChanged(ctx context.Context, tx *store.Tx, e event.Stored) error {
	var f event.OrderStatusChanged
	if err := json.Unmarshal(e.Payload, &f); err != nil {
		return fmt.Errorf("promotion: read %s: %w", e.Kind, err)
	}
	if p.Give == nil || f.FulfillmentStatus != "DELIVERED" || !slices.Contains(f.Changed, "fulfillmentStatus") || f.OwnerID == viewer.House {
		return nil
	}
	uses, err := tx.PromoUse.Query().Where(promouse.OrderID(f.OrderID), promouse.StatusEQ(promouse.StatusUSED),
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
		points := u.Points
		if u.MultiplierBasisPoints > 10_000 {
			points += share(o.PointsEarned, u.MultiplierBasisPoints-10_000)
		}
		if points == 0 {
			continue
		}
		explain := map[string]any{"promotionId": promotionID(u.PromotionID).String(), "number": o.Number, "points": u.Points, "multiplierBasisPoints": u.MultiplierBasisPoints, "pointsOfOrder": o.PointsEarned}
		if err := p.Give(ctx, tx, u.OwnerID, points, "promotion:"+u.ID.String(), explain, &o.ID); err != nil {
			return err
		}
	}
	return nil
}
