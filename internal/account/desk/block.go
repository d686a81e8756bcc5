package desk

import (
	"context"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/identity"
	"kabinet/ent/generated/user"
	"kabinet/internal/account"
	"kabinet/internal/fault"
	"kabinet/internal/locale"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// BlockUser blocks a person: nobody signs in as him any more, and all that
// goes on ends with the commit (security B3). He is told the reason, never the
// note. One who is blocked already stays as he is. It says how many sessions
// ended.
//
// Faults: FORBIDDEN, INVALID_ID, NOT_FOUND, REQUIRED of a note for OTHER,
// TOO_LONG, INVALID_VALUE, USER_NOT_ACTIVE, NOT_ON_ONESELF, STAFF_MEMBER,
// LAST_ADMINISTRATOR.
func (d *Desk) BlockUser(ctx context.Context, in BlockUserInput) (Done, error) {
	v, err := staff(ctx, "write")
	if err != nil {
		return Done{}, err
	}
	note, err := account.Text(in.Note, longestNote, true, "input", "note")
	if err == nil && note == nil && in.Reason == BlockReasonOther {
		err = fault.ErrRequired.At("input", "note")
	}
	if err != nil {
		return Done{}, err
	}
	ended := 0
	err = d.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		ended = 0
		u, err := held(ctx, tx, in.UserID, "input", "userId")
		if err != nil {
			return err
		}
		if u.Status == user.StatusBLOCKED {
			return nil
		}
		if u.Status != user.StatusACTIVE {
			return ErrUserNotActive.At("input", "userId").With("status", string(u.Status))
		}
		if err := spare(ctx, tx, v, u.ID, "input", "userId"); err != nil {
			return err
		}
		if err := d.MayGo(ctx, tx, u.ID); err != nil {
			return err
		}
		err = tx.User.UpdateOneID(u.ID).SetStatus(user.StatusBLOCKED).SetBlockReason(user.BlockReason(in.Reason)).SetNillableBlockedNote(note).
			SetBlockedAt(tx.Now).AddRevision(1).Exec(asSystem(ctx))
		if err != nil {
			return err
		}
		if ended, err = d.cutOff(ctx, tx, u.ID); err != nil {
			return err
		}
		return d.People.News(ctx, tx, u.ID, account.ChangeBlocked, idOf(u.ID), map[string]any{"reason": string(in.Reason)})
	})
	if err != nil {
		return Done{}, err
	}
	return d.with(ctx, Done{EndedSessions: &ended}, in.UserID.UUID)
}

// cutOff ends all that goes on as a person: his sessions, those in which he
// acts for customers, and codes that wait for an answer.
func (d *Desk) cutOff(ctx context.Context, tx *store.Tx, id uuid.UUID) (int, error) {
	ids, err := d.People.EndAll(ctx, tx, id, uuid.Nil)
	if err != nil {
		return 0, err
	}
	return len(ids), tx.DropChallenges(ctx, id)
}

// UnblockUser lets a blocked person in again, with the credentials he had. One
// who is not blocked stays as he is.
//
// Faults: FORBIDDEN, INVALID_ID, NOT_FOUND, TOO_LONG, INVALID_VALUE,
// USER_NOT_ACTIVE, STAFF_MEMBER.
func (d *Desk) UnblockUser(ctx context.Context, in UnblockUserInput) (Done, error) {
	v, err := staff(ctx, "write")
	if err != nil {
		return Done{}, err
	}
	note, err := account.Text(in.Note, longestNote, true, "input", "note")
	if err != nil {
		return Done{}, err
	}
	err = d.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		u, err := held(ctx, tx, in.UserID, "input", "userId")
		if err != nil || u.Status == user.StatusACTIVE {
			return err
		}
		if u.Status != user.StatusBLOCKED {
			return ErrUserNotActive.At("input", "userId").With("status", string(u.Status))
		}
		if err := spare(ctx, tx, v, u.ID, "input", "userId"); err != nil {
			return err
		}
		err = tx.User.UpdateOneID(u.ID).SetStatus(user.StatusACTIVE).ClearBlockReason().ClearBlockedNote().ClearBlockedAt().AddRevision(1).Exec(asSystem(ctx))
		if err != nil {
			return err
		}
		details := map[string]any{}
		if note != nil {
			details["staffNote"] = *note
		}
		return d.People.News(ctx, tx, u.ID, account.ChangeUnblocked, idOf(u.ID), details)
	})
	if err != nil {
		return Done{}, err
	}
	return d.with(ctx, Done{}, in.UserID.UUID)
}

// EndUserSessions ends all sessions of a person and says how many they were.
//
// Faults: FORBIDDEN, INVALID_ID, NOT_FOUND, STAFF_MEMBER, NOT_ON_ONESELF.
func (d *Desk) EndUserSessions(ctx context.Context, in EndUserSessionsInput) (Done, error) {
	v, err := staff(ctx, "write")
	if err != nil {
		return Done{}, err
	}
	ended := 0
	err = d.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		u, err := held(ctx, tx, in.UserID, "input", "userId")
		if err != nil {
			return err
		}
		if err := spare(ctx, tx, v, u.ID, "input", "userId"); err != nil {
			return err
		}
		if ended, err = d.cutOff(ctx, tx, u.ID); err != nil || ended == 0 {
			return err
		}
		return d.People.News(ctx, tx, u.ID, account.ChangeSessionsEnded, idOf(u.ID), map[string]any{"sessions": ended})
	})
	if err != nil {
		return Done{}, err
	}
	return d.with(ctx, Done{EndedSessions: &ended}, in.UserID.UUID)
}

// ResetSecondFactor takes all second factors and passkeys from a person who
// has lost them, and ends his sessions: he signs in with what is left, or
// staff issues credentials. The first factor stays, so that staff alone does
// not get in (security C6).
//
// Faults: FORBIDDEN, INVALID_ID, NOT_FOUND, REQUIRED, TOO_LONG, INVALID_VALUE,
// USER_NOT_ACTIVE, NOT_ON_ONESELF, STAFF_MEMBER.
func (d *Desk) ResetSecondFactor(ctx context.Context, in ResetSecondFactorInput) (Done, error) {
	v, err := staff(ctx, "write")
	if err != nil {
		return Done{}, err
	}
	why, err := reason(in.Reason, longestNote, "input", "reason")
	if err != nil {
		return Done{}, err
	}
	var removed, ended int
	err = d.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		removed, ended = 0, 0
		u, err := active(ctx, tx, in.UserID, "input", "userId")
		if err != nil {
			return err
		}
		if err := spare(ctx, tx, v, u.ID, "input", "userId"); err != nil {
			return err
		}
		removed, err = tx.Identity.Delete().Where(identity.UserID(u.ID),
			identity.KindNotIn(identity.KindPASSWORD, identity.KindOIDC, identity.KindCERTIFICATE)).Exec(asSystem(ctx))
		if err != nil || removed == 0 {
			return err
		}
		if ended, err = d.cutOff(ctx, tx, u.ID); err != nil {
			return err
		}
		return d.People.News(ctx, tx, u.ID, account.ChangeFactorsReset, idOf(u.ID), map[string]any{"staffNote": why, "removed": removed})
	})
	if err != nil {
		return Done{}, err
	}
	return d.with(ctx, Done{Removed: &removed, EndedSessions: &ended}, in.UserID.UUID)
}

// Block is why a person is blocked, for staff who read people; nil where he is
// not, and for everybody else.
func (d *Desk) Block(ctx context.Context, u *ent.User) *UserBlock {
	v := viewer.From(ctx)
	if u.BlockReason == nil || u.BlockedAt == nil || !v.Staff || v.Reach("user", "read") != viewer.ReachAll {
		return nil
	}
	return &UserBlock{Reason: BlockReason(*u.BlockReason), ReasonLabel: locale.Text(v.Locale, "desk.block."+string(*u.BlockReason), nil),
		Note: u.BlockedNote, BlockedAt: *u.BlockedAt}
}
