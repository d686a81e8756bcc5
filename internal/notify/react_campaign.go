package notify

import (
	"context"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/membership"
	entnotification "kabinet/ent/generated/notification"
	"kabinet/ent/generated/role"
	entuser "kabinet/ent/generated/user"
	"kabinet/internal/event"
	"kabinet/internal/locale"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// campaignText is a campaign's name, and the name of one of its prizes, in the
// language of a person; empty where either is not there any more.
func campaignText(ctx context.Context, tx *store.Tx, campaign, user uuid.UUID, prize *int) (name, won string, err error) {
	ctx = viewer.AsSystem(ctx, "notify.hear")
	c, err := tx.Campaign.Get(ctx, campaign)
	if ent.IsNotFound(err) {
		return "", "", nil
	}
	if err != nil {
		return "", "", err
	}
	lang, err := tx.User.Query().Where(entuser.ID(user)).Select(entuser.FieldLocale).String(ctx)
	if err != nil && !ent.IsNotFound(err) {
		return "", "", err
	}
	lang = locale.Match(lang)
	if name = scalar.Pick(c.Texts, scalar.TextName, lang, locale.Default); name == "" {
		name = c.Handle
	}
	if prize != nil && *prize >= 0 && *prize < len(c.Rules.Prizes) {
		won = scalar.Pick(c.Rules.Prizes[*prize].Texts, scalar.TextName, lang, locale.Default)
	}
	return name, won, nil
}

// entryNotes are the states of an entry that its person hears of.
var entryNotes = map[string]note{
	"APPROVED":   {typ: "campaign.approved", severity: entnotification.SeveritySUCCESS},
	"REJECTED":   {typ: "campaign.rejected", severity: entnotification.SeverityWARNING},
	"WINNER":     {typ: "campaign.winner", severity: entnotification.SeveritySUCCESS},
	"PRIZE_SENT": {typ: "campaign.prize_sent", severity: entnotification.SeveritySUCCESS},
}

// OnCampaignEntered says that an entry is being checked; one that counts at
// once needs no word.
func (i *Inbox) OnCampaignEntered(ctx context.Context, tx *store.Tx, e event.Stored, f event.CampaignEntered) error {
	if f.Status != "SUBMITTED" {
		return nil
	}
	name, _, err := campaignText(ctx, tx, f.CampaignID, f.OwnerID, nil)
	if err != nil || name == "" {
		return err
	}
	return i.give(ctx, tx, e, f.OwnerID, note{topic: entnotification.TopicPROMOTION, typ: "campaign.entered", severity: entnotification.SeverityINFO,
		params: map[string]any{"campaign": name}})
}

// OnCampaignEntryChanged tells a person what became of an entry.
func (i *Inbox) OnCampaignEntryChanged(ctx context.Context, tx *store.Tx, e event.Stored, f event.CampaignEntryChanged) error {
	n, told := entryNotes[f.Status]
	if !told {
		return nil
	}
	entry, err := tx.CampaignEntry.Get(viewer.AsSystem(ctx, "notify.hear"), f.EntryID)
	if ent.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return err
	}
	name, won, err := campaignText(ctx, tx, f.CampaignID, f.OwnerID, entry.PrizeIndex)
	if err != nil || name == "" {
		return err
	}
	n.topic, n.params = entnotification.TopicPROMOTION, map[string]any{"campaign": name, "prize": won, "reason": f.Reason}
	return i.give(ctx, tx, e, f.OwnerID, n)
}

// OnAchievementEarned tells a person of his badge.
func (i *Inbox) OnAchievementEarned(ctx context.Context, tx *store.Tx, e event.Stored, f event.AchievementEarned) error {
	name, _, err := campaignText(ctx, tx, f.CampaignID, f.OwnerID, nil)
	if err != nil || name == "" {
		return err
	}
	return i.give(ctx, tx, e, f.OwnerID, note{topic: entnotification.TopicPROMOTION, typ: "achievement.earned", severity: entnotification.SeveritySUCCESS,
		params: map[string]any{"campaign": name}})
}

// OnGoalReached tells a person of a goal of his own.
func (i *Inbox) OnGoalReached(ctx context.Context, tx *store.Tx, e event.Stored, f event.GoalReached) error {
	return i.give(ctx, tx, e, f.UserID, note{topic: entnotification.TopicPROMOTION, typ: "goal.reached", severity: entnotification.SeveritySUCCESS})
}

// OnRaffleDrawDue reminds the staff that may draw it.
func (i *Inbox) OnRaffleDrawDue(ctx context.Context, tx *store.Tx, e event.Stored, f event.RaffleDrawDue) error {
	sys := viewer.AsSystem(ctx, "notify.hear")
	members, err := tx.Membership.Query().Where(membership.OwnerID(viewer.House), membership.StatusEQ(membership.StatusACTIVE),
		membership.Or(membership.ValidUntilAtIsNil(), membership.ValidUntilAtGT(tx.Now))).All(sys)
	if err != nil {
		return err
	}
	roles, err := tx.Role.Query().Where(role.OwnerID(viewer.House), role.RetiredAtIsNil()).All(sys)
	if err != nil {
		return err
	}
	draws := map[uuid.UUID]bool{}
	for _, r := range roles {
		for _, g := range r.Permissions {
			if g.Resource == "marketing" && g.Operation == "write" {
				draws[r.KeyID] = true
			}
		}
	}
	var users []uuid.UUID
	for _, m := range members {
		if draws[m.RoleID] {
			users = append(users, m.UserID)
		}
	}
	name, _, err := campaignText(ctx, tx, f.CampaignID, uuid.Nil, nil)
	if err != nil || name == "" {
		return err
	}
	return i.giveAll(ctx, tx, e, users, note{topic: entnotification.TopicSERVICE, typ: "campaign.draw_due", severity: entnotification.SeverityINFO,
		params: map[string]any{"campaign": name}})
}

// OnPromoCodesAssigned tells the customer that there are codes of his.
func (i *Inbox) OnPromoCodesAssigned(ctx context.Context, tx *store.Tx, e event.Stored, f event.PromoCodesAssigned) error {
	return i.giveOwn(ctx, tx, e, note{topic: entnotification.TopicPROMOTION, typ: "promo_codes.assigned", severity: entnotification.SeveritySUCCESS,
		params: map[string]any{"count": f.Count}})
}
