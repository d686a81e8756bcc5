package referral

import (
	"context"
	"database/sql"
	"errors"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/contactpoint"
	entorder "kabinet/ent/generated/order"
	entreferral "kabinet/ent/generated/referral"
	"kabinet/ent/generated/referralcode"
	entuser "kabinet/ent/generated/user"
	"kabinet/internal/event"
	"kabinet/internal/fault"
	"kabinet/internal/store"
)

// Referred notes, in the transaction of a registration, by whose code a person
// comes, who cannot sign in yet. False: nobody has the code, or friends cannot
// be brought now. Whether the two are one person is asked when the address is
// proven (OnContactConfirmed), and nothing is told before.
func (r *Referrals) Referred(ctx context.Context, tx *store.Tx, friend uuid.UUID, code string) (bool, error) {
	terms, err := inForce(ctx, tx)
	if err != nil || terms == nil {
		return false, err
	}
	advocate, err := advocateOf(ctx, tx, code)
	if err != nil || advocate == uuid.Nil || advocate == friend {
		return false, err
	}
	name, err := nameOf(ctx, tx, friend)
	if err != nil {
		return false, err
	}
	_, err = r.attribute(ctx, tx, terms, advocate, friend, func(c *ent.ReferralCreate) {
		c.SetOrigin(entreferral.OriginREGISTRATION).SetFriendName(name)
	})
	return err == nil, err
}

// advocateOf is whose code it is; uuid.Nil: nobody's who can have friends.
func advocateOf(ctx context.Context, tx *store.Tx, code string) (uuid.UUID, error) {
	key := fold(code)
	if key == "" {
		return uuid.Nil, nil
	}
	c, err := tx.ReferralCode.Query().Where(referralcode.CodeKey(key)).Only(asSystem(ctx))
	if ent.IsNotFound(err) {
		return uuid.Nil, nil
	}
	if err != nil {
		return uuid.Nil, err
	}
	active, err := tx.User.Query().Where(entuser.ID(c.UserID), entuser.StatusEQ(entuser.StatusACTIVE)).Exist(asSystem(ctx))
	if err != nil || !active {
		return uuid.Nil, err
	}
	return c.UserID, nil
}

// nameOf is a person's name, masked.
func nameOf(ctx context.Context, tx *store.Tx, user uuid.UUID) (string, error) {
	u, err := tx.User.Query().Where(entuser.ID(user)).Select(entuser.FieldDisplayName).Only(asSystem(ctx))
	if err != nil {
		return "", err
	}
	return mask(u.DisplayName), nil
}

// attribute writes who brought a friend.
func (r *Referrals) attribute(ctx context.Context, tx *store.Tx, terms *ReferralProgram, advocate, friend uuid.UUID, set func(*ent.ReferralCreate)) (*ent.Referral, error) {
	c := tx.Referral.Create().SetUserID(advocate).SetFriendID(friend).SetExpiresAt(tx.Now.AddDate(0, 0, terms.WindowDays)).
		SetAdvocatePoints(terms.AdvocatePoints).SetFriendPoints(terms.FriendPoints)
	set(c)
	return c.Save(asSystem(ctx))
}

// Claim says by whose code the caller came. Saying it again with the same code
// gives the same answer.
//
// Faults: REFERRAL_CODE_UNKNOWN, REFERRAL_SELF, REFERRAL_CIRCULAR,
// REFERRAL_ALREADY_CLAIMED, REFERRAL_NOT_NEW; RATE_LIMITED after many codes
// that nobody has; UNAUTHENTICATED.
func (r *Referrals) Claim(ctx context.Context, in ClaimReferralInput) (*ReferralInvitation, error) {
	me, err := person(ctx)
	if err != nil {
		return nil, err
	}
	use := store.Use{Limit: guesses, Of: me.String()}
	if wait, err := r.Store.Blocked(ctx, use); err != nil {
		return nil, err
	} else if wait > 0 {
		return nil, fault.ErrRateLimited.After(wait)
	}
	var made *ReferralInvitation
	err = r.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
		made, err = r.claim(ctx, tx, me, in.Code)
		return err
	})
	if errors.Is(err, ErrReferralCodeUnknown) { // counted beside the transaction that was rolled back
		struck := r.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error { return tx.Strike(ctx, use) })
		return nil, errors.Join(err, struck)
	}
	return made, err
}

func (r *Referrals) claim(ctx context.Context, tx *store.Tx, me uuid.UUID, code string) (*ReferralInvitation, error) {
	terms, advocate, err := claimable(ctx, tx, me, code)
	if err != nil {
		return nil, err
	}
	// Both are held, lower id first: two who claim each other at once go one
	// after the other.
	if err := tx.Lock(ctx, "users", "id", advocate, me); err != nil {
		return nil, err
	}
	before, err := tx.Referral.Query().Where(entreferral.FriendID(me)).Only(asSystem(ctx))
	switch {
	case err == nil && before.UserID == advocate:
		return invitation(ctx, tx, before)
	case err == nil:
		return nil, ErrReferralAlreadyClaimed.At("input", "code")
	case !ent.IsNotFound(err):
		return nil, err
	}
	if err := r.mayClaim(ctx, tx, terms, advocate, me); err != nil {
		return nil, err
	}
	name, err := nameOf(ctx, tx, me)
	if err != nil {
		return nil, err
	}
	suspicions, err := suspicions(ctx, tx, advocate, me)
	if err != nil {
		return nil, err
	}
	f, err := r.attribute(ctx, tx, terms, advocate, me, func(c *ent.ReferralCreate) {
		c.SetOrigin(entreferral.OriginCLAIM).SetFriendName(name).SetSuspicions(suspicions).
			SetStatus(entreferral.StatusREGISTERED).SetRegisteredAt(tx.Now)
	})
	if err != nil {
		return nil, err
	}
	tx.Tell(event.ReferralChanged{ReferralID: f.ID, Side: advocateSide, Status: string(f.Status), Points: f.AdvocatePoints}, store.ToUser(advocate))
	return invitation(ctx, tx, f)
}

// claimable are the terms in force and whose code it is.
func claimable(ctx context.Context, tx *store.Tx, me uuid.UUID, code string) (*ReferralProgram, uuid.UUID, error) {
	terms, err := inForce(ctx, tx)
	if err != nil {
		return nil, uuid.Nil, err
	}
	if terms == nil {
		return nil, uuid.Nil, ErrReferralCodeUnknown.At("input", "code")
	}
	advocate, err := advocateOf(ctx, tx, code)
	switch {
	case err != nil:
		return nil, uuid.Nil, err
	case advocate == uuid.Nil:
		return nil, uuid.Nil, ErrReferralCodeUnknown.At("input", "code")
	case advocate == me:
		return nil, uuid.Nil, ErrReferralSelf.At("input", "code")
	}
	return terms, advocate, nil
}

// mayClaim is whether the caller is a new customer and somebody else than his
// advocate, whom he has not brought himself.
func (r *Referrals) mayClaim(ctx context.Context, tx *store.Tx, terms *ReferralProgram, advocate, me uuid.UUID) error {
	brought, err := above(ctx, tx, advocate, me)
	if err != nil {
		return err
	}
	if brought {
		return ErrReferralCircular.At("input", "code")
	}
	same, err := onePerson(ctx, tx, advocate, me)
	if err != nil {
		return err
	}
	if same {
		return ErrReferralSelf.At("input", "code")
	}
	u, err := tx.User.Query().Where(entuser.ID(me)).Select(entuser.FieldCreatedAt).Only(asSystem(ctx))
	if err != nil {
		return err
	}
	bought, err := tx.Order.Query().Where(entorder.OwnerID(me), entorder.StatusNEQ(entorder.StatusDRAFT)).Exist(asSystem(ctx))
	if err != nil {
		return err
	}
	if bought || u.CreatedAt.AddDate(0, 0, terms.ClaimDays).Before(tx.Now) {
		return ErrReferralNotNew.At("input", "code").With("days", terms.ClaimDays)
	}
	return nil
}

// above says whether who is among those who brought user, at any distance.
func above(ctx context.Context, tx *store.Tx, user, who uuid.UUID) (there bool, err error) {
	// UNION and not UNION ALL: it ends on a circle too.
	err = tx.QueryRow(ctx, `WITH RECURSIVE up (id) AS (
			SELECT user_id FROM referrals WHERE friend_id = ?
			UNION SELECT r.user_id FROM referrals r JOIN up ON r.friend_id = up.id)
		SELECT EXISTS (SELECT 1 FROM up WHERE id = ?)`, user, who).Scan(&there)
	return there, err
}

// onePerson says whether two accounts can be written to at one mailbox or
// called at one number that both proved.
func onePerson(ctx context.Context, tx *store.Tx, a, b uuid.UUID) (bool, error) {
	points, err := tx.ContactPoint.Query().Where(contactpoint.UserIDIn(a, b), contactpoint.VerifiedAtNotNil()).All(asSystem(ctx))
	if err != nil {
		return false, err
	}
	whose := map[string]uuid.UUID{}
	for _, p := range points {
		key := string(p.Kind) + ":" + p.ValueKey
		if p.Kind == contactpoint.KindEMAIL {
			key = "mail:" + mailbox(p.Value)
		}
		if other, there := whose[key]; there && other != p.UserID {
			return true, nil
		}
		whose[key] = p.UserID
	}
	return false, nil
}

// suspicions are what staff should look at: a family shares a network, so it is
// no proof.
func suspicions(ctx context.Context, tx *store.Tx, a, b uuid.UUID) ([]string, error) {
	var one int
	err := tx.QueryRow(ctx, `SELECT 1 FROM sessions x JOIN sessions y ON y.ip = x.ip AND y.user_agent = x.user_agent
		WHERE x.user_id = ? AND y.user_id = ? LIMIT 1`, a, b).Scan(&one)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return []string{string(ReferralSuspicionSameDevice)}, nil
}
