package notify

import (
	"context"

	ent "kabinet/ent/generated"
	entnotification "kabinet/ent/generated/notification"
	"kabinet/ent/generated/rewardredemption"
	"kabinet/internal/event"
	"kabinet/internal/store"
	"kabinet/internal/viewer"

	"github.com/google/uuid"
)

// OnRewardExchanged tells who exchanged points, also by himself: points are
// worth money, and a thief would exchange them.
func (i *Inbox) OnRewardExchanged(ctx context.Context, tx *store.Tx, e event.Stored, f event.RewardExchanged) error {
	return i.giveReward(ctx, tx, e, f.RedemptionID, note{
		typ: "reward.exchanged", severity: entnotification.SeveritySUCCESS, params: map[string]any{"count": f.Points, "quantity": f.Quantity},
	})
}

// OnRewardRedemptionChanged tells what became of an exchanged reward.
func (i *Inbox) OnRewardRedemptionChanged(ctx context.Context, tx *store.Tx, e event.Stored, f event.RewardRedemptionChanged) error {
	n := note{severity: entnotification.SeverityINFO, params: map[string]any{"count": f.PointsBack}}
	switch f.Status {
	case string(rewardredemption.StatusFULFILLED):
		n.typ, n.severity = "reward.fulfilled", entnotification.SeveritySUCCESS
	case string(rewardredemption.StatusCANCELLED):
		n.typ = "reward.cancelled"
		if f.ByStaff {
			n.text, n.severity = "reward.cancelled_by_staff", entnotification.SeverityWARNING
		}
	case string(rewardredemption.StatusEXPIRED):
		n.typ, n.severity = "reward.expired", entnotification.SeverityWARNING
	default:
		return nil
	}
	return i.giveReward(ctx, tx, e, f.RedemptionID, n)
}

// giveReward tells the person on whose stream the fact stands, by the name that
// the reward had.
func (i *Inbox) giveReward(ctx context.Context, tx *store.Tx, e event.Stored, redemption uuid.UUID, n note) error {
	d, err := tx.RewardRedemption.Query().Where(rewardredemption.ID(redemption)).Select(rewardredemption.FieldTexts).
		Only(viewer.AsSystem(ctx, "notify.hear"))
	if ent.IsNotFound(err) {
		return nil // erased since
	}
	if err != nil {
		return err
	}
	n.topic = entnotification.TopicBONUS
	n.params["reward"] = byLanguage{d.Texts, "name"}
	return i.give(ctx, tx, e, e.StreamID, n)
}
