package campaign

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/internal/event"
	"kabinet/internal/store"
)

// Hearers are the facts that are counted, and those that give what an entry has
// earned. They lock achievements and entries, then accounts: name them before
// the hearers that lock people.
func (s *Campaigns) Hearers() []store.Hearer {
	return []store.Hearer{
		on("campaign.OrderPlaced", s.OnOrderPlaced),
		on("campaign.OrderStatusChanged", s.OnOrderStatusChanged),
		on("campaign.PointsAccrued", s.OnPointsAccrued),
		on("campaign.ActNoted", s.OnActNoted),
		on("campaign.CampaignEntered", s.OnCampaignEntered),
		on("campaign.CampaignEntryChanged", s.OnCampaignEntryChanged),
	}
}

// on reads the fact for a hearer.
func on[F event.Fact](name string, hear func(context.Context, *store.Tx, event.Stored, F) error) store.Hearer {
	var zero F
	return store.Hearer{Name: name, Kinds: []string{zero.Kind()}, On: func(ctx context.Context, tx *store.Tx, e event.Stored) error {
		var f F
		if err := json.Unmarshal(e.Payload, &f); err != nil {
			return fmt.Errorf("%s: read %s: %w", name, e.Kind, err)
		}
		return hear(ctx, tx, e, f)
	}}
}

// OnOrderPlaced counts towards goals.
func (s *Campaigns) OnOrderPlaced(ctx context.Context, tx *store.Tx, e event.Stored, f event.OrderPlaced) error {
	if f.UserID == nil || *f.UserID != f.OwnerID {
		return nil
	}
	return s.reachGoals(ctx, tx, f.OwnerID, e.CreatedAt)
}

// OnOrderStatusChanged counts an order that is completed, in the period in
// which it was placed.
func (s *Campaigns) OnOrderStatusChanged(ctx context.Context, tx *store.Tx, e event.Stored, f event.OrderStatusChanged) error {
	if f.UserID == nil || *f.UserID != f.OwnerID || f.Status != "COMPLETED" || !slices.Contains(f.Changed, "status") {
		return nil
	}
	o, err := tx.Order.Get(sys(ctx), f.OrderID)
	if ent.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return err
	}
	return s.evaluate(ctx, tx, f.OwnerID, o.PlacedAt)
}

// OnPointsAccrued counts points earned, not those that become active.
func (s *Campaigns) OnPointsAccrued(ctx context.Context, tx *store.Tx, e event.Stored, f event.PointsAccrued) error {
	return s.person(ctx, tx, f.OwnerID, e.CreatedAt)
}

// OnActNoted counts an act.
func (s *Campaigns) OnActNoted(ctx context.Context, tx *store.Tx, e event.Stored, f event.ActNoted) error {
	return s.person(ctx, tx, f.OwnerID, e.CreatedAt)
}

// person counts for a person; a company has no achievements.
func (s *Campaigns) person(ctx context.Context, tx *store.Tx, owner uuid.UUID, at time.Time) error {
	var is bool
	if err := tx.QueryRow(ctx, `SELECT EXISTS (SELECT 1 FROM users WHERE id = ?)`, owner).Scan(&is); err != nil || !is {
		return err
	}
	if err := s.evaluate(ctx, tx, owner, at); err != nil {
		return err
	}
	return s.reachGoals(ctx, tx, owner, at)
}

// OnCampaignEntered gives the points of an entry that counts at once.
func (s *Campaigns) OnCampaignEntered(ctx context.Context, tx *store.Tx, _ event.Stored, f event.CampaignEntered) error {
	if f.Status != string(EntryApproved) {
		return nil
	}
	return s.reward(ctx, tx, f.EntryID)
}

// OnCampaignEntryChanged gives the points of an entry approved, and of a prize.
func (s *Campaigns) OnCampaignEntryChanged(ctx context.Context, tx *store.Tx, _ event.Stored, f event.CampaignEntryChanged) error {
	if f.Status != string(EntryApproved) && f.Status != string(EntryWinner) {
		return nil
	}
	return s.reward(ctx, tx, f.EntryID)
}
