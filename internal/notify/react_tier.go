package notify

import (
	"context"
	"time"

	entnotification "kabinet/ent/generated/notification"
	"kabinet/internal/event"
	"kabinet/internal/locale"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
)

// byLanguage is a word that came with a fact in each language.
type byLanguage struct {
	names map[string]map[string]string
	which string
}

func (b byLanguage) words(lang, _ string) string {
	return scalar.Pick(b.names, b.which, locale.Match(lang), locale.Default)
}

// day is a moment in a text, of which only the day is said.
type day time.Time

func (d day) words(lang, zone string) string { return locale.Date(lang, time.Time(d), zone) }

// tierNote is a note about tiers, whose names the text says.
func tierNote(m event.TierMove, n note) note {
	n.topic = entnotification.TopicBONUS
	if n.params == nil {
		n.params = map[string]any{}
	}
	n.params["fromName"], n.params["toName"] = byLanguage{m.Names, "from"}, byLanguage{m.Names, "to"}
	return n
}

// OnTierChanged tells the owner of an account of his tier; a family's account
// is nobody's alone.
func (i *Inbox) OnTierChanged(ctx context.Context, tx *store.Tx, e event.Stored, f event.TierChanged) error {
	n := note{typ: "tier.changed", severity: entnotification.SeveritySUCCESS}
	if f.Change == "JOINED" && f.Free {
		return nil // everybody has it
	}
	switch f.Change {
	case "JOINED", "UPGRADED":
		n.text = "tier.upgraded"
	case "PROLONGED":
		n.text = "tier.prolonged"
	case "DOWNGRADED":
		n.text, n.severity = "tier.downgraded", entnotification.SeverityWARNING
	default:
		n.text, n.severity = "tier.set", entnotification.SeverityINFO
	}
	if f.To == "" {
		n.text = "tier.lost"
	}
	n.params = map[string]any{}
	if f.UntilAt != nil {
		n.params["until"] = day(*f.UntilAt)
	}
	return i.give(ctx, tx, e, f.OwnerID, tierNote(f.TierMove, n))
}

// OnTierWillDowngrade warns of a fall.
func (i *Inbox) OnTierWillDowngrade(ctx context.Context, tx *store.Tx, e event.Stored, f event.TierWillDowngrade) error {
	n := note{typ: "tier.will_downgrade", severity: entnotification.SeverityWARNING, params: map[string]any{"at": day(f.At), "count": f.Days}}
	return i.give(ctx, tx, e, f.OwnerID, tierNote(f.TierMove, n))
}

// OnFamilyInvited tells whoever is invited.
func (i *Inbox) OnFamilyInvited(ctx context.Context, tx *store.Tx, e event.Stored, f event.FamilyInvited) error {
	return i.giveOwn(ctx, tx, e, note{topic: entnotification.TopicBONUS, typ: "family.invited", severity: entnotification.SeverityINFO,
		params: map[string]any{"family": f.Name, "inviter": f.Inviter}})
}

// OnFamilyJoined tells whoever invited the new member.
func (i *Inbox) OnFamilyJoined(ctx context.Context, tx *store.Tx, e event.Stored, f event.FamilyJoined) error {
	return i.giveOwn(ctx, tx, e, note{topic: entnotification.TopicBONUS, typ: "family.joined", severity: entnotification.SeveritySUCCESS,
		params: map[string]any{"family": f.Name, "member": f.Member}})
}

// OnFamilyRoleChanged tells the member who got another role.
func (i *Inbox) OnFamilyRoleChanged(ctx context.Context, tx *store.Tx, e event.Stored, f event.FamilyRoleChanged) error {
	return i.give(ctx, tx, e, f.UserID, note{topic: entnotification.TopicBONUS, typ: "family.role_changed", text: "family.role_" + f.Role,
		severity: entnotification.SeverityINFO, params: map[string]any{"family": f.Name}})
}

// OnFamilyLeft tells a member who was removed.
func (i *Inbox) OnFamilyLeft(ctx context.Context, tx *store.Tx, e event.Stored, f event.FamilyLeft) error {
	if !f.Removed {
		return nil
	}
	return i.give(ctx, tx, e, f.UserID, note{topic: entnotification.TopicBONUS, typ: "family.removed", severity: entnotification.SeverityWARNING,
		params: map[string]any{"family": f.Name}})
}
