package desk

import (
	"context"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/session"
	"kabinet/internal/account"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// ActFor opens a session in which the caller acts for a customer, for an hour
// at most (security F14). It stands beside the caller's own session. What may
// be done in it, @access(acting: true) says; the record names the caller.
//
// Faults: FORBIDDEN, STEP_UP_REQUIRED, INVALID_ID, NOT_FOUND, REQUIRED,
// TOO_LONG, INVALID_VALUE, OUT_OF_RANGE, USER_NOT_ACTIVE, NOT_ON_ONESELF,
// STAFF_MEMBER.
func (d *Desk) ActFor(ctx context.Context, in ActForCustomerInput) (Done, error) {
	v, err := staff(ctx, "act")
	if err != nil {
		return Done{}, err
	}
	if err := d.People.NeedStepUp(ctx); err != nil {
		return Done{}, err
	}
	why, life, err := in.check()
	if err != nil {
		return Done{}, err
	}
	var entered *account.Entrance
	err = d.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		u, err := active(ctx, tx, in.UserID, "input", "userId")
		if err != nil {
			return err
		}
		if u.ID == v.UserID {
			return ErrNotOnOneself.At("input", "userId")
		}
		grants, err := grantsOfStaff(ctx, tx, u.ID)
		if err != nil {
			return err
		}
		if grants != nil { // nobody comes to more rights than his own
			return ErrStaffMember.At("input", "userId")
		}
		entered, err = d.People.Admit(ctx, tx, account.Proof{UserID: u.ID, Method: account.MethodActing, Staff: v.UserID, Reason: why, Life: life})
		if err != nil {
			return err
		}
		return d.People.News(ctx, tx, u.ID, account.ChangeActedFor, scalar.ID{Prefix: "ses", UUID: entered.Session.ID},
			map[string]any{"reason": why, "until": entered.Session.ExpiresAt})
	})
	if err != nil {
		return Done{}, err
	}
	w, err := d.People.Welcome(ctx, entered)
	if err != nil {
		return Done{}, err
	}
	return d.with(ctx, Done{Session: w.Session}, in.UserID.UUID)
}

// check reads why and for how long.
func (in ActForCustomerInput) check() (why string, life time.Duration, err error) {
	if why, err = reason(in.Reason, longestReason, "input", "reason"); err != nil {
		return "", 0, err
	}
	minutes := usualActingMinutes
	if in.Minutes != nil {
		minutes = *in.Minutes
	}
	if minutes < 1 || minutes > mostActingMinutes {
		return "", 0, fault.ErrOutOfRange.At("input", "minutes").With("min", 1).With("max", mostActingMinutes)
	}
	return why, time.Duration(minutes) * time.Minute, nil
}

// StopActing ends the acting session of the call.
//
// Faults: FORBIDDEN where the session of the call is no such one.
func (d *Desk) StopActing(ctx context.Context) (Done, error) {
	v := viewer.From(ctx)
	if v.ActingStaff == uuid.Nil {
		return Done{}, fault.ErrForbidden
	}
	ended := 0
	err := d.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		ids, err := d.People.End(ctx, tx, v.UserID, session.ID(v.SessionID))
		if err != nil {
			return err
		}
		ended = len(ids)
		return tx.Audit(ctx, "account.stop_acting", v.UserID, scalar.ID{Prefix: "ses", UUID: v.SessionID}, nil)
	})
	if err != nil {
		return Done{}, err
	}
	return Done{EndedSessions: &ended}, nil
}

// ActingStaff is who acts for the person in this call; nil where nobody does.
func (d *Desk) ActingStaff(ctx context.Context, u *ent.User) (*account.ActingStaff, error) {
	v := viewer.From(ctx)
	if v.ActingStaff == uuid.Nil || v.UserID != u.ID {
		return nil, nil
	}
	s, err := d.Store.Client.Session.Query().Where(session.ID(v.SessionID)).
		Select(session.FieldID, session.FieldActingStaffID, session.FieldActingReason, session.FieldExpiresAt).Only(asSystem(ctx))
	if err != nil {
		return nil, store.Translate(err)
	}
	return d.People.ActingIn(ctx, s)
}
