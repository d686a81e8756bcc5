package referral

import (
	"context"
	"strings"
	"unicode"
	"unicode/utf8"

	ent "kabinet/ent/generated"
	entreferral "kabinet/ent/generated/referral"
	"kabinet/internal/event"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
)

// maxReason is the longest reason, in characters.
const maxReason = 500

// Reject refuses the reward for a friend; points that were given are taken
// back. A rejected friend stays so.
//
// Faults: INVALID_ID, NOT_FOUND, REQUIRED, TOO_LONG and INVALID_VALUE at
// input.reason, ILLEGAL_TRANSITION; UNAUTHENTICATED, FORBIDDEN.
func (r *Referrals) Reject(ctx context.Context, in RejectReferralInput) (*ent.Referral, error) {
	if err := needStaff(ctx, "write"); err != nil {
		return nil, err
	}
	id, err := in.ID.As("ref")
	if err != nil {
		return nil, fault.ErrInvalidID.At("input", "id")
	}
	reason := strings.TrimSpace(in.Reason)
	switch {
	case reason == "":
		return nil, fault.ErrRequired.At("input", "reason")
	case utf8.RuneCountInString(reason) > maxReason:
		return nil, fault.ErrTooLong.At("input", "reason").With("limit", maxReason)
	case !utf8.ValidString(reason) || strings.ContainsFunc(reason, func(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\t' }):
		return nil, fault.ErrInvalidValue.At("input", "reason")
	}
	err = r.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		row, err := hold(ctx, tx, entreferral.ID(id))
		if err != nil {
			return err
		}
		if row == nil {
			return fault.ErrNotFound.At("input", "id")
		}
		if err := r.reject(ctx, tx, row, reason); err != nil {
			return err
		}
		return tx.Audit(ctx, "referral.reject", row.UserID, scalar.ID{Prefix: "ref", UUID: id}, map[string]any{"reason": reason, "from": string(row.Status)})
	})
	if err != nil {
		return nil, err
	}
	row, err := r.Store.Client.Referral.Get(asSystem(ctx), id)
	return row, store.Translate(err)
}

func (r *Referrals) reject(ctx context.Context, tx *store.Tx, row *ent.Referral, reason string) error {
	switch row.Status {
	case entreferral.StatusREJECTED, entreferral.StatusEXPIRED:
		return ErrIllegalTransition.At("input", "id").With("fromState", string(row.Status)).With("toState", string(entreferral.StatusREJECTED))
	case entreferral.StatusREWARDED:
		return r.takeBack(ctx, tx, row, entreferral.RejectReasonBY_STAFF, &reason)
	}
	err := row.Update().SetStatus(entreferral.StatusREJECTED).SetRejectReason(entreferral.RejectReasonBY_STAFF).SetNote(reason).SetEndedAt(tx.Now).
		ClearDueAt().AddRevision(1).Exec(asSystem(ctx))
	if err != nil {
		return err
	}
	tx.Tell(event.ReferralChanged{ReferralID: row.ID, Side: advocateSide, Status: string(entreferral.StatusREJECTED)}, store.ToUser(row.UserID))
	return nil
}
