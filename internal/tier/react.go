package tier

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/google/uuid"

	enttier "kabinet/ent/generated/tier"
	"kabinet/internal/event"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// Hearers are the facts after which a tier may rise, or be lost to a return.
func (t *Tiers) Hearers() []store.Hearer {
	return []store.Hearer{
		on("tier.PointsAccrued", t.OnPointsAccrued),
		on("tier.PointsReversed", t.OnPointsReversed),
		on("tier.OrderStatusChanged", t.OnOrderStatusChanged),
	}
}

// on reads the fact for a hearer.
func on[F event.Fact](name string, hear func(context.Context, *store.Tx, F) error) store.Hearer {
	var zero F
	return store.Hearer{Name: name, Kinds: []string{zero.Kind()}, On: func(ctx context.Context, tx *store.Tx, e event.Stored) error {
		var f F
		if err := json.Unmarshal(e.Payload, &f); err != nil {
			return fmt.Errorf("%s: read %s: %w", name, e.Kind, err)
		}
		return hear(viewer.AsSystem(ctx, "tier.hear"), tx, f)
	}}
}

// OnPointsAccrued looks at the account that got points.
func (t *Tiers) OnPointsAccrued(ctx context.Context, tx *store.Tx, f event.PointsAccrued) error {
	return t.Review(ctx, tx, f.AccountID)
}

// OnPointsReversed looks at the account that lost points to a return.
func (t *Tiers) OnPointsReversed(ctx context.Context, tx *store.Tx, f event.PointsReversed) error {
	return t.Review(ctx, tx, f.AccountID)
}

// OnOrderStatusChanged looks at the accounts for which an order counts when it
// is completed, or money is given back: those of its owner in programmes that
// count money, and those into which it earned.
func (t *Tiers) OnOrderStatusChanged(ctx context.Context, tx *store.Tx, f event.OrderStatusChanged) error {
	if f.Status != "COMPLETED" || f.OwnerID == viewer.House || !slices.Contains(f.Changed, "status") && !slices.Contains(f.Changed, "paymentStatus") {
		return nil
	}
	var programs []uuid.UUID
	err := tx.Tier.Query().Where(enttier.RetiredAtIsNil(), enttier.BasisNEQ(enttier.BasisEARNED)).
		Unique(true).Select(enttier.FieldProgramID).Scan(ctx, &programs)
	if err != nil || len(programs) == 0 {
		return err
	}
	accounts, err := tx.Query(ctx, `SELECT DISTINCT account_id FROM ledger_entries WHERE order_id = ? AND kind = 'ACCRUAL'`, f.OrderID)
	if err != nil {
		return err
	}
	defer accounts.Close()
	var ids []uuid.UUID
	for accounts.Next() {
		var id uuid.UUID
		if err := accounts.Scan(&id); err != nil {
			return err
		}
		ids = append(ids, id)
	}
	if err := accounts.Err(); err != nil {
		return err
	}
	accounts.Close()
	for _, p := range programs {
		id, err := t.Account(ctx, tx, f.OwnerID, &p)
		if err != nil {
			return err
		}
		ids = append(ids, id)
	}
	slices.SortFunc(ids, func(a, b uuid.UUID) int { return slices.Compare(a[:], b[:]) })
	for _, id := range slices.Compact(ids) {
		if err := t.Review(ctx, tx, id); err != nil {
			return err
		}
	}
	return nil
}
