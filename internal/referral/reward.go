package referral

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	entorder "kabinet/ent/generated/order"
	"kabinet/ent/generated/predicate"
	entreferral "kabinet/ent/generated/referral"
	"kabinet/internal/event"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
)

type predicateOf = predicate.Referral

// ordered is the friend's first paid order: both sides are promised their
// points, and get them when the order can no longer come back.
func (r *Referrals) ordered(ctx context.Context, tx *store.Tx, row *ent.Referral, o *ent.Order) error {
	terms, err := inForce(ctx, tx)
	if err != nil || terms == nil || !terms.enough(o) {
		return err
	}
	switch {
	case o.PlacedAt.Before(row.CreatedAt):
		return r.refuse(ctx, tx, row, entreferral.RejectReasonNOT_NEW)
	case !row.ExpiresAt.After(tx.Now):
		return r.expire(ctx, tx, row)
	}
	over, err := overCap(ctx, tx, terms, row)
	if err != nil {
		return err
	}
	if over {
		return r.refuse(ctx, tx, row, entreferral.RejectReasonLIMIT_REACHED)
	}
	u := row.Update().SetStatus(entreferral.StatusORDERED).SetOrderID(o.ID).SetOrderedAt(tx.Now).SetNillableProgramID(terms.Program).
		SetAdvocatePoints(terms.AdvocatePoints).SetFriendPoints(terms.FriendPoints).SetDueAt(tx.Now.AddDate(0, 0, terms.ReturnDays)).AddRevision(1)
	if row.RegisteredAt == nil {
		u.SetRegisteredAt(tx.Now)
	}
	if row, err = u.Save(asSystem(ctx)); err != nil {
		return err
	}
	if terms.ReturnDays == 0 {
		return r.reward(ctx, tx, row)
	}
	r.tell(tx, row)
	return nil
}

// overCap says whether the advocate has had as many friends as are rewarded in
// a period. His code is held, so that two friends are not counted at once.
func overCap(ctx context.Context, tx *store.Tx, terms *ReferralProgram, row *ent.Referral) (bool, error) {
	if terms.CapCount == nil {
		return false, nil
	}
	if err := tx.Lock(ctx, "referral_codes", "user_id", row.UserID); err != nil {
		return false, err
	}
	n, err := tx.Referral.Query().Where(entreferral.UserID(row.UserID), entreferral.StatusIn(entreferral.StatusORDERED, entreferral.StatusREWARDED),
		entreferral.OrderedAtGT(tx.Now.Add(-time.Duration(terms.CapDays)*day))).Count(asSystem(ctx))
	return n >= *terms.CapCount, err
}

// reward gives both sides their points, once for ever: the causes are made of
// the referral's id. The row is held.
func (r *Referrals) reward(ctx context.Context, tx *store.Tx, row *ent.Referral) error {
	gifts := []Gift{
		{Owner: row.UserID, Amount: row.AdvocatePoints, Cause: "referral:" + row.ID.String() + ":" + advocateSide},
		{Owner: row.FriendID, Amount: row.FriendPoints, Cause: "referral:" + row.ID.String() + ":" + friendSide, Order: row.OrderID},
	}
	advocate := 0
	if bytes.Compare(row.UserID[:], row.FriendID[:]) > 0 { // in one order everywhere
		gifts[0], gifts[1], advocate = gifts[1], gifts[0], 1
	}
	u := row.Update().SetStatus(entreferral.StatusREWARDED).SetRewardedAt(tx.Now).ClearDueAt().AddRevision(1)
	for i, g := range gifts {
		if g.Amount == 0 {
			continue
		}
		g.Program = row.ProgramID
		g.Explain = map[string]any{"referralId": scalar.ID{Prefix: "ref", UUID: row.ID}.String()}
		e, err := r.Give(ctx, tx, g)
		if err != nil {
			return err
		}
		switch {
		case e == nil:
		case i == advocate:
			u.SetAdvocateEntryID(e.ID)
		default:
			u.SetFriendEntryID(e.ID)
		}
	}
	row, err := u.Save(asSystem(ctx))
	if err != nil {
		return err
	}
	r.tell(tx, row)
	return nil
}

// tell tells both sides where a referral stands, each his own points.
func (r *Referrals) tell(tx *store.Tx, row *ent.Referral) {
	status := string(row.Status)
	tx.Tell(event.ReferralChanged{ReferralID: row.ID, Side: advocateSide, Status: status, Points: row.AdvocatePoints}, store.ToUser(row.UserID))
	tx.Tell(event.ReferralChanged{ReferralID: row.ID, Side: friendSide, Status: status, Points: row.FriendPoints}, store.ToUser(row.FriendID))
}

// reopen waits for another order: the one that was paid came back in time.
func (r *Referrals) reopen(ctx context.Context, tx *store.Tx, row *ent.Referral) error {
	row, err := row.Update().SetStatus(entreferral.StatusREGISTERED).ClearOrderID().ClearOrderedAt().ClearDueAt().AddRevision(1).Save(asSystem(ctx))
	if err != nil {
		return err
	}
	r.tell(tx, row)
	return nil
}

// refuse ends a referral without a reward. Only the advocate hears of it.
func (r *Referrals) refuse(ctx context.Context, tx *store.Tx, row *ent.Referral, reason entreferral.RejectReason) error {
	err := row.Update().SetStatus(entreferral.StatusREJECTED).SetRejectReason(reason).SetEndedAt(tx.Now).ClearDueAt().AddRevision(1).Exec(asSystem(ctx))
	if err != nil {
		return err
	}
	tx.Tell(event.ReferralChanged{ReferralID: row.ID, Side: advocateSide, Status: string(entreferral.StatusREJECTED)}, store.ToUser(row.UserID))
	return nil
}

func (r *Referrals) expire(ctx context.Context, tx *store.Tx, row *ent.Referral) error {
	err := row.Update().SetStatus(entreferral.StatusEXPIRED).SetEndedAt(tx.Now).AddRevision(1).Exec(asSystem(ctx))
	if err != nil {
		return err
	}
	tx.Tell(event.ReferralChanged{ReferralID: row.ID, Side: advocateSide, Status: string(entreferral.StatusEXPIRED)}, store.ToUser(row.UserID))
	return nil
}

// takeBack ends a referral whose points were given: they are taken back, as far
// as the programme takes points back.
func (r *Referrals) takeBack(ctx context.Context, tx *store.Tx, row *ent.Referral, reason entreferral.RejectReason, note *string) error {
	for _, entry := range []*uuid.UUID{row.AdvocateEntryID, row.FriendEntryID} {
		if entry == nil {
			continue
		}
		if err := r.TakeBack(ctx, tx, *entry, "referral:"+row.ID.String()+":back"); err != nil {
			return err
		}
	}
	row, err := row.Update().SetStatus(entreferral.StatusREJECTED).SetRejectReason(reason).SetNillableNote(note).SetEndedAt(tx.Now).
		AddRevision(1).Save(asSystem(ctx))
	if err != nil {
		return err
	}
	r.tell(tx, row)
	return nil
}

// Due does up to limit things whose time has come, each in a transaction of
// its own, and says how many: it rewards friends whose return window has
// passed, notes paid orders that nobody told of, and ends what has expired. Two
// instances at once do each of them once. One that fails does not hold up the
// others.
func (r *Referrals) Due(ctx context.Context, limit int) (int, error) {
	now := r.Store.Now()
	due, err := r.Store.Client.Referral.Query().Where(entreferral.Or(
		entreferral.And(entreferral.StatusEQ(entreferral.StatusORDERED), entreferral.DueAtLTE(now)),
		entreferral.And(entreferral.StatusIn(entreferral.StatusINVITED, entreferral.StatusREGISTERED), entreferral.ExpiresAtLTE(now)),
	)).Order(entreferral.ByID()).Limit(limit).IDs(asSystem(ctx))
	if err != nil {
		return 0, store.Translate(err)
	}
	done := 0
	var failed error
	for _, id := range due {
		if err := ctx.Err(); err != nil {
			return done, errors.Join(failed, err)
		}
		if err := r.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error { return r.fallDue(ctx, tx, id) }); err != nil {
			failed = errors.Join(failed, fmt.Errorf("referral: due %s: %w", id, err))
			continue
		}
		done++
	}
	if failed == nil && done < limit {
		var n int
		n, failed = r.noteUntold(ctx, limit-done)
		done += n
	}
	return done, failed
}

func (r *Referrals) fallDue(ctx context.Context, tx *store.Tx, id uuid.UUID) error {
	row, err := hold(ctx, tx, entreferral.ID(id))
	if row == nil || err != nil {
		return err
	}
	switch {
	case row.Status == entreferral.StatusORDERED && row.DueAt != nil && !row.DueAt.After(tx.Now):
		o, err := tx.Order.Query().Where(entorder.ID(*row.OrderID)).Only(asSystem(ctx))
		if err != nil && !ent.IsNotFound(err) {
			return err
		}
		if o == nil || undone(o) {
			return r.reopen(ctx, tx, row)
		}
		return r.reward(ctx, tx, row)
	case (row.Status == entreferral.StatusINVITED || row.Status == entreferral.StatusREGISTERED) && !row.ExpiresAt.After(tx.Now):
		return r.expire(ctx, tx, row)
	}
	return nil // another instance was here
}

// noteUntold finds friends whose order is paid and of which nobody told, such
// as those that an outside system brought so.
func (r *Referrals) noteUntold(ctx context.Context, limit int) (done int, err error) {
	terms, err := r.Program(ctx)
	if err != nil || terms == nil || !terms.IsActive {
		return 0, err
	}
	rows, err := r.Store.Query(ctx, `SELECT r.friend_id, o.id FROM referrals r JOIN orders o ON o.owner_id = r.friend_id
		WHERE r.status IN ('INVITED', 'REGISTERED') AND o.payment_status IN ('PAID', 'PARTIALLY_REFUNDED') AND o.status <> 'CANCELLED'
			AND o.fulfillment_status <> 'RETURNED' AND o.placed_at >= r.created_at AND (? = 0 OR (o.currency = ? AND o.total_minor - o.refunded_minor >= ?))
		ORDER BY o.placed_at LIMIT ?`, terms.MinimumMinor, terms.Currency, terms.MinimumMinor, limit)
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	var found [][2]uuid.UUID
	for rows.Next() {
		var f [2]uuid.UUID
		if err = rows.Scan(&f[0], &f[1]); err != nil {
			break
		}
		found = append(found, f)
	}
	if err = errors.Join(err, rows.Err()); err != nil {
		return 0, err
	}
	for _, f := range found {
		if err := r.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error { return r.look(ctx, tx, f[0], f[1]) }); err != nil {
			return done, err
		}
		done++
	}
	return done, nil
}
