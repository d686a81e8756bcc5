package notify

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/membership"
	entnotification "kabinet/ent/generated/notification"
	entticket "kabinet/ent/generated/ticket"
	"kabinet/ent/generated/ticketparticipant"
	"kabinet/internal/event"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// Hearers are the facts that become notifications. They lock people, which
// comes last in the order of locks: name them after the hearers that lock
// anything else. Of a fact on a person's own stream it is that person.
func (i *Inbox) Hearers() []store.Hearer {
	return []store.Hearer{
		on("notify.OrderPlaced", i.OnOrderPlaced),
		on("notify.OrderStatusChanged", i.OnOrderStatusChanged),
		on("notify.OrderCancelled", i.OnOrderCancelled),
		on("notify.ReturnChanged", i.OnReturnChanged),
		on("notify.InvoiceIssued", i.OnInvoiceIssued),
		on("notify.InvoicePaid", i.OnInvoicePaid),
		on("notify.InvoiceOverdue", i.OnInvoiceOverdue),
		on("notify.PointsAccrued", i.OnPointsAccrued),
		on("notify.PointsRedeemed", i.OnPointsRedeemed),
		on("notify.PointsExpired", i.OnPointsExpired),
		on("notify.PointsReversed", i.OnPointsReversed),
		on("notify.PointsAdjusted", i.OnPointsAdjusted),
		on("notify.PointsTransferred", i.OnPointsTransferred),
		on("notify.PointsExpiring", i.OnPointsExpiring),
		on("notify.TierChanged", i.OnTierChanged),
		on("notify.TierWillDowngrade", i.OnTierWillDowngrade),
		on("notify.FamilyInvited", i.OnFamilyInvited),
		on("notify.FamilyJoined", i.OnFamilyJoined),
		on("notify.FamilyRoleChanged", i.OnFamilyRoleChanged),
		on("notify.FamilyLeft", i.OnFamilyLeft),
		on("notify.RewardExchanged", i.OnRewardExchanged),
		on("notify.RewardRedemptionChanged", i.OnRewardRedemptionChanged),
		on("notify.ReferralChanged", i.OnReferralChanged),
		on("notify.CampaignEntered", i.OnCampaignEntered),
		on("notify.CampaignEntryChanged", i.OnCampaignEntryChanged),
		on("notify.AchievementEarned", i.OnAchievementEarned),
		on("notify.GoalReached", i.OnGoalReached),
		on("notify.RaffleDrawDue", i.OnRaffleDrawDue),
		on("notify.WalletChanged", i.OnWalletChanged),
		on("notify.PromoCodesAssigned", i.OnPromoCodesAssigned),
		on("notify.WishPriceDropped", i.OnWishPriceDropped),
		on("notify.WishBackInStock", i.OnWishBackInStock),
		on("notify.ReviewModerated", i.OnReviewModerated),
		on("notify.FileReady", i.OnFileReady),
		on("notify.ManagerChanged", i.OnManagerChanged),
		on("notify.SurveyAsked", i.OnSurveyAsked),
		on("notify.TicketReplied", i.OnTicketReplied),
		on("notify.TicketChanged", i.OnTicketChanged),
		on("notify.TicketMerged", i.OnTicketMerged),
		on("notify.TicketOverdue", i.OnTicketOverdue),
		on("notify.SecurityChanged", i.OnSecurityChanged),
		on("notify.ContactConfirmed", i.OnContactConfirmed),
	}
}

// on reads the fact for a hearer.
func on[F event.Fact](name string, hear func(context.Context, *store.Tx, event.Stored, F) error) store.Hearer {
	var zero F
	return store.Hearer{Name: name, Kinds: []string{zero.Kind()}, Own: true, On: func(ctx context.Context, tx *store.Tx, e event.Stored) error {
		var f F
		if err := json.Unmarshal(e.Payload, &f); err != nil {
			return fmt.Errorf("%s: read %s: %w", name, e.Kind, err)
		}
		return hear(ctx, tx, e, f)
	}}
}

// giveBuyer is give for the person who ordered, for himself or for a company
// while he is a member of it. Nobody hears of a guest's order.
func (i *Inbox) giveBuyer(ctx context.Context, tx *store.Tx, e event.Stored, owner uuid.UUID, user *uuid.UUID, n note) error {
	if user == nil || owner == viewer.House {
		return nil
	}
	if owner != *user {
		member, err := tx.Membership.Query().Where(membership.UserID(*user), membership.OwnerID(owner),
			membership.StatusEQ(membership.StatusACTIVE),
			membership.Or(membership.ValidUntilAtIsNil(), membership.ValidUntilAtGT(tx.Now))).Exist(viewer.AsSystem(ctx, "notify.hear"))
		if err != nil || !member {
			return err
		}
	}
	n.topic = entnotification.TopicORDER
	return i.give(ctx, tx, e, *user, n)
}

// OnOrderPlaced tells the buyer.
func (i *Inbox) OnOrderPlaced(ctx context.Context, tx *store.Tx, e event.Stored, f event.OrderPlaced) error {
	return i.giveBuyer(ctx, tx, e, f.OwnerID, f.UserID, note{
		typ: "order.placed", severity: entnotification.SeveritySUCCESS,
		params: map[string]any{"number": f.Number, "total": money{f.TotalMinor, f.Currency}},
	})
}

// steps are the moves of an order that a buyer wants to hear of.
var steps = []struct {
	axis, to, typ string
	severity      entnotification.Severity
}{
	{"paymentStatus", "PAID", "order.paid", entnotification.SeveritySUCCESS},
	{"fulfillmentStatus", "SHIPPED", "order.shipped", entnotification.SeverityINFO},
	{"fulfillmentStatus", "AT_PICKUP_POINT", "order.at_pickup_point", entnotification.SeverityINFO},
	{"fulfillmentStatus", "DELIVERED", "order.delivered", entnotification.SeveritySUCCESS},
}

// OnOrderStatusChanged tells the buyer of the moves in steps.
func (i *Inbox) OnOrderStatusChanged(ctx context.Context, tx *store.Tx, e event.Stored, f event.OrderStatusChanged) error {
	stands := map[string]string{"paymentStatus": f.PaymentStatus, "fulfillmentStatus": f.FulfillmentStatus}
	for _, s := range steps {
		if stands[s.axis] != s.to || !slices.Contains(f.Changed, s.axis) {
			continue
		}
		n := note{typ: s.typ, severity: s.severity, params: map[string]any{"number": f.Number}}
		if err := i.giveBuyer(ctx, tx, e, f.OwnerID, f.UserID, n); err != nil {
			return err
		}
	}
	return nil
}

// OnOrderCancelled tells the buyer, more gravely when it was not he.
func (i *Inbox) OnOrderCancelled(ctx context.Context, tx *store.Tx, e event.Stored, f event.OrderCancelled) error {
	n := note{typ: "order.cancelled", severity: entnotification.SeverityINFO, params: map[string]any{"number": f.Number}}
	if f.ByStaff {
		n.text, n.severity = "order.cancelled_by_staff", entnotification.SeverityWARNING
	}
	return i.giveBuyer(ctx, tx, e, f.OwnerID, f.UserID, n)
}

// givePoints tells the owner of an account; a company's account is nobody's.
func (i *Inbox) givePoints(ctx context.Context, tx *store.Tx, e event.Stored, m event.PointsMove, n note) error {
	if m.Quiet {
		return nil
	}
	if m.Net != 0 {
		m.Amount = m.Net
	}
	n.topic = entnotification.TopicBONUS
	n.params = map[string]any{"count": max(m.Amount, -m.Amount), "balance": m.Balance, "pending": m.Pending}
	return i.give(ctx, tx, e, m.OwnerID, n)
}

// OnPointsAccrued tells of points received, and of those that will be.
func (i *Inbox) OnPointsAccrued(ctx context.Context, tx *store.Tx, e event.Stored, f event.PointsAccrued) error {
	n := note{typ: "points.accrued", severity: entnotification.SeveritySUCCESS}
	if f.Bucket == "PENDING" {
		n = note{typ: "points.pending", severity: entnotification.SeverityINFO}
	}
	return i.givePoints(ctx, tx, e, f.PointsMove, n)
}

// OnPointsRedeemed tells of points spent, also by the person himself: points
// are worth money, and a thief would spend them.
func (i *Inbox) OnPointsRedeemed(ctx context.Context, tx *store.Tx, e event.Stored, f event.PointsRedeemed) error {
	return i.givePoints(ctx, tx, e, f.PointsMove, note{typ: "points.redeemed", severity: entnotification.SeverityINFO})
}

// OnPointsExpired tells of points lost to time.
func (i *Inbox) OnPointsExpired(ctx context.Context, tx *store.Tx, e event.Stored, f event.PointsExpired) error {
	return i.givePoints(ctx, tx, e, f.PointsMove, note{typ: "points.expired", severity: entnotification.SeverityWARNING})
}

// OnPointsReversed tells of points taken back, or given back.
func (i *Inbox) OnPointsReversed(ctx context.Context, tx *store.Tx, e event.Stored, f event.PointsReversed) error {
	n := note{typ: "points.taken_back", severity: entnotification.SeverityINFO}
	if f.Amount > 0 {
		n.typ = "points.given_back"
	}
	return i.givePoints(ctx, tx, e, f.PointsMove, n)
}

// OnPointsAdjusted tells of a correction by staff.
func (i *Inbox) OnPointsAdjusted(ctx context.Context, tx *store.Tx, e event.Stored, f event.PointsAdjusted) error {
	n := note{typ: "points.adjusted", text: "points.adjusted_up", severity: entnotification.SeverityINFO}
	if f.Amount < 0 {
		n.text = "points.adjusted_down"
	}
	return i.givePoints(ctx, tx, e, f.PointsMove, n)
}

// OnTicketReplied tells those who take part of an answer of staff or of the bot;
// never of a note, and never the one who wrote it.
func (i *Inbox) OnTicketReplied(ctx context.Context, tx *store.Tx, e event.Stored, f event.TicketReplied) error {
	if f.Note || f.AuthorKind != "STAFF" && f.AuthorKind != "BOT" {
		return nil
	}
	return i.giveParticipants(ctx, tx, e, f.TicketID, "ticket.replied", map[string]any{"number": f.Number})
}

// OnTicketChanged tells those who take part that staff have closed a ticket,
// who was asked to take part that he was, and who was given it that he has it.
// Of one that was merged OnTicketMerged tells.
func (i *Inbox) OnTicketChanged(ctx context.Context, tx *store.Tx, e event.Stored, f event.TicketChanged) error {
	params := map[string]any{"number": f.Number}
	switch {
	case f.JoinedID != nil:
		return i.giveParticipants(ctx, tx, e, f.TicketID, "ticket.joined", params, *f.JoinedID)
	case f.AssigneeID != nil:
		return i.giveAssignee(ctx, tx, e, f)
	case !f.ByStaff, f.Status != string(entticket.StatusCLOSED), !slices.Contains(f.Changed, "status"), slices.Contains(f.Changed, "mergedInto"):
		return nil
	}
	return i.giveParticipants(ctx, tx, e, f.TicketID, "ticket.closed", params)
}

// OnTicketMerged tells those who take part where the talk goes on.
func (i *Inbox) OnTicketMerged(ctx context.Context, tx *store.Tx, e event.Stored, f event.TicketMerged) error {
	return i.giveParticipants(ctx, tx, e, f.TicketID, "ticket.merged", map[string]any{"number": f.Number, "into": f.IntoNumber})
}

// stillThere are participants whose membership of the ticket's owner, where
// they had one, has not ended: as the fence sees them.
func stillThere(s *sql.Selector) {
	s.Where(sql.P(func(b *sql.Builder) {
		b.WriteString("NOT EXISTS (SELECT 1 FROM memberships AS tm WHERE tm.user_id = ").Ident(s.C(ticketparticipant.FieldUserID)).
			WriteString(" AND tm.owner_id = ").Ident(s.C(ticketparticipant.FieldOwnerID)).WriteString(" AND tm.status <> 'ACTIVE')")
	}))
}

// giveParticipants is give for those who take part in a ticket, or for some of
// them; never for the one who did it.
func (i *Inbox) giveParticipants(ctx context.Context, tx *store.Tx, e event.Stored, ticket uuid.UUID, typ string, params map[string]any, only ...uuid.UUID) error {
	sys := viewer.AsSystem(ctx, "notify.hear")
	subject, err := tx.Ticket.Query().Where(entticket.ID(ticket)).Select(entticket.FieldSubject).String(sys)
	if ent.IsNotFound(err) {
		return nil // erased since
	}
	if err != nil {
		return err
	}
	q := tx.TicketParticipant.Query().Where(ticketparticipant.TicketID(ticket), ticketparticipant.LeftAtIsNil(), stillThere)
	if len(only) > 0 {
		q.Where(ticketparticipant.UserIDIn(only...))
	}
	part, err := q.All(sys)
	if err != nil {
		return err
	}
	var users []uuid.UUID
	for _, p := range part {
		if e.ActorID == nil || p.UserID != *e.ActorID {
			users = append(users, p.UserID)
		}
	}
	params["subject"] = subject
	return i.giveAll(ctx, tx, e, users, note{topic: entnotification.TopicSUPPORT, typ: typ, severity: entnotification.SeverityINFO, params: params})
}
