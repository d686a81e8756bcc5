package referral

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	entorder "kabinet/ent/generated/order"
	entreferral "kabinet/ent/generated/referral"
	"kabinet/internal/event"
	"kabinet/internal/store"
)

// The sides of a referral in its facts.
const (
	advocateSide = "advocate"
	friendSide   = "friend"
)

// Hearers follow what friends do. They lock referrals and accounts: name them
// before those that lock people. Orders that are there at once paid, such as
// those of an outside system, are found by the clock (Due).
func (r *Referrals) Hearers() []store.Hearer {
	return []store.Hearer{
		{Name: "referral.ContactConfirmed", Kinds: []string{event.ContactConfirmed{}.Kind()}, On: r.OnContactConfirmed},
		{Name: "referral.Order", Kinds: []string{event.OrderStatusChanged{}.Kind(), event.OrderCancelled{}.Kind()}, On: r.OnOrder},
	}
}

// OnContactConfirmed notes that a friend proved his address, and that he is
// nobody else than his advocate where that shows now.
func (r *Referrals) OnContactConfirmed(ctx context.Context, tx *store.Tx, e event.Stored) error {
	var f event.ContactConfirmed
	if err := json.Unmarshal(e.Payload, &f); err != nil {
		return fmt.Errorf("referral: read %s: %w", e.Kind, err)
	}
	if !f.Registered {
		return nil
	}
	row, err := hold(ctx, tx, entreferral.FriendID(f.UserID), entreferral.StatusEQ(entreferral.StatusINVITED))
	if row == nil || err != nil {
		return err
	}
	same, err := onePerson(ctx, tx, row.UserID, row.FriendID)
	if err != nil {
		return err
	}
	if same {
		return r.refuse(ctx, tx, row, entreferral.RejectReasonSELF_REFERRAL)
	}
	suspicions, err := suspicions(ctx, tx, row.UserID, row.FriendID)
	if err != nil {
		return err
	}
	name, err := nameOf(ctx, tx, row.FriendID)
	if err != nil {
		return err
	}
	err = row.Update().SetStatus(entreferral.StatusREGISTERED).SetRegisteredAt(tx.Now).SetSuspicions(suspicions).SetFriendName(name).
		AddRevision(1).Exec(asSystem(ctx))
	if err != nil {
		return err
	}
	tx.Tell(event.ReferralChanged{ReferralID: row.ID, Side: advocateSide, Status: string(entreferral.StatusREGISTERED), Points: row.AdvocatePoints}, store.ToUser(row.UserID))
	return nil
}

// OnOrder looks at an order of a friend that was paid, cancelled or returned.
func (r *Referrals) OnOrder(ctx context.Context, tx *store.Tx, e event.Stored) error {
	var f struct{ OrderID, OwnerID uuid.UUID }
	if err := json.Unmarshal(e.Payload, &f); err != nil {
		return fmt.Errorf("referral: read %s: %w", e.Kind, err)
	}
	return r.look(ctx, tx, f.OwnerID, f.OrderID)
}

// look does what an order of a person, as it stands, means for who brought him.
func (r *Referrals) look(ctx context.Context, tx *store.Tx, friend, order uuid.UUID) error {
	row, err := hold(ctx, tx, entreferral.FriendID(friend),
		entreferral.StatusIn(entreferral.StatusINVITED, entreferral.StatusREGISTERED, entreferral.StatusORDERED, entreferral.StatusREWARDED))
	if row == nil || err != nil {
		return err
	}
	o, err := tx.Order.Query().Where(entorder.ID(order), entorder.OwnerID(friend)).Only(asSystem(ctx))
	if ent.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return err
	}
	its := row.OrderID != nil && *row.OrderID == order
	switch {
	case its && undone(o) && row.Status == entreferral.StatusORDERED:
		return r.reopen(ctx, tx, row)
	case its && undone(o) && row.Status == entreferral.StatusREWARDED:
		return r.takeBack(ctx, tx, row, entreferral.RejectReasonORDER_CANCELLED, nil)
	case row.OrderID == nil && paid(o):
		return r.ordered(ctx, tx, row, o)
	}
	return nil
}

// hold locks a referral and reads it; nil where there is none.
func hold(ctx context.Context, tx *store.Tx, where ...predicateOf) (*ent.Referral, error) {
	row, err := tx.Referral.Query().Where(where...).Where(tx.Locking()).Only(asSystem(ctx))
	if ent.IsNotFound(err) {
		return nil, nil
	}
	return row, err
}
