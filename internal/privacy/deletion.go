package privacy

import (
	"context"
	"database/sql"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/task"
	"kabinet/ent/generated/user"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// The kinds of this domain's tasks, and the purpose of its challenge.
const (
	taskDeletion = "privacy.deletion"
	taskExport   = "privacy.export"
	forDeletion  = "delete_account"

	maxReason = 500 // characters
)

// asSystem steps past the fence for what this domain reads and writes of a
// person whom it has asked for by his own id, and for the clock.
func asSystem(ctx context.Context) context.Context { return viewer.AsSystem(ctx, "privacy") }

// RequestDeletion says what a deletion would meet and sends the code that
// confirms it. Where the person can be sent none, it is scheduled at once: he
// has just stepped up. Faults: UNAUTHENTICATED, DELETION_BLOCKED,
// DELETION_ALREADY_REQUESTED, TOO_LONG, and those of a code that is sent.
func (p *Privacy) RequestDeletion(ctx context.Context, in *RequestAccountDeletionInput) (*Requested, error) {
	me, err := caller(ctx)
	if err != nil {
		return nil, err
	}
	reason, err := reasonOf(in)
	if err != nil {
		return nil, err
	}
	done := &Requested{}
	err = p.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
		*done = Requested{}
		if err := p.free(ctx, tx, me); err != nil {
			return err
		}
		if done.Review, err = p.review(ctx, tx, me); err != nil {
			return err
		}
		if err := blocked(done.Review.Blockers); err != nil {
			return err
		}
		if done.Challenge, err = p.Ask(ctx, tx, me, forDeletion, reason); err != nil || done.Challenge != nil {
			return err
		}
		done.Deletion, err = p.schedule(ctx, tx, me, reason)
		return err
	})
	return done, err
}

func caller(ctx context.Context) (uuid.UUID, error) {
	v := viewer.From(ctx)
	if !v.SignedIn() {
		return uuid.Nil, fault.ErrUnauthenticated
	}
	return v.UserID, nil
}

func reasonOf(in *RequestAccountDeletionInput) (string, error) {
	if in == nil || in.Reason == nil {
		return "", nil
	}
	text := strings.TrimSpace(*in.Reason)
	if utf8.RuneCountInString(text) > maxReason {
		return "", fault.ErrTooLong.At("input", "reason").With("limit", maxReason)
	}
	return text, nil
}

// free holds the person's row and refuses where a deletion is under way.
func (p *Privacy) free(ctx context.Context, tx *store.Tx, me uuid.UUID) error {
	u, err := tx.User.Query().Where(user.ID(me), tx.Locking()).Only(asSystem(ctx))
	if err != nil {
		return err
	}
	if u.Status != user.StatusACTIVE {
		return fault.ErrForbidden
	}
	if u.DeleteAt != nil {
		return ErrDeletionAlreadyRequested.With("dueAt", u.DeleteAt.Format(time.RFC3339Nano))
	}
	return nil
}

func (p *Privacy) review(ctx context.Context, q store.Reader, me uuid.UUID) (r *DeletionReview, err error) {
	r = &DeletionReview{DueAt: p.Store.Now().Add(p.Delay)}
	if r.Blockers, err = p.blockers(ctx, q, me); err != nil {
		return nil, err
	}
	r.Losses, err = losses(ctx, q, me)
	return r, err
}

// ConfirmDeletion takes the code and sets the day. Faults: UNAUTHENTICATED,
// INVALID_ID, INVALID_CODE, DELETION_BLOCKED, DELETION_ALREADY_REQUESTED.
func (p *Privacy) ConfirmDeletion(ctx context.Context, in ConfirmAccountDeletionInput) (d *AccountDeletion, err error) {
	me, err := caller(ctx)
	if err != nil {
		return nil, err
	}
	id, err := p.Try(ctx, in.ChallengeID, forDeletion, in.Code)
	if err != nil {
		return nil, err
	}
	err = p.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		d = nil
		if err := p.free(ctx, tx, me); err != nil {
			return err
		}
		whose, reason, err := p.Use(ctx, tx, id, forDeletion, in.Code)
		if err != nil {
			return err
		}
		if whose != me {
			return fault.ErrNotFound.At("input", "challengeId")
		}
		all, err := p.blockers(ctx, tx, me)
		if err == nil {
			err = blocked(all)
		}
		if err != nil {
			return err
		}
		d, err = p.schedule(ctx, tx, me, reason)
		return err
	})
	return d, err
}

// schedule sets the day of a deletion and tells the person. Why he goes stands
// in the audit log, for staff, until he is erased.
func (p *Privacy) schedule(ctx context.Context, tx *store.Tx, me uuid.UUID, reason string) (*AccountDeletion, error) {
	due := tx.Now.Add(p.Delay).UTC().Truncate(time.Microsecond)
	t, err := tx.AskTask(ctx, taskDeletion, me, nil)
	if err != nil {
		return nil, err
	}
	if err := tx.User.UpdateOneID(me).SetDeleteAt(due).Exec(asSystem(ctx)); err != nil {
		return nil, err
	}
	details := map[string]any{"dueAt": due.Format(time.RFC3339)}
	if reason != "" {
		details["reason"] = reason
	}
	if err := p.News(ctx, tx, me, newsDeletionRequested, scalar.ID{Prefix: "usr", UUID: me}, details); err != nil {
		return nil, err
	}
	return p.underWay(ctx, tx, me, t, due)
}

func (p *Privacy) underWay(ctx context.Context, tx *store.Tx, me uuid.UUID, t *ent.Task, due time.Time) (*AccountDeletion, error) {
	r, err := p.review(ctx, tx, me)
	if err != nil {
		return nil, err
	}
	return &AccountDeletion{RequestedAt: t.CreatedAt, DueAt: due, Blockers: r.Blockers, Losses: r.Losses}, nil
}

// CancelDeletion takes a deletion back that has not begun. Faults:
// UNAUTHENTICATED, DELETION_NOT_REQUESTED.
func (p *Privacy) CancelDeletion(ctx context.Context) error {
	me, err := caller(ctx)
	if err != nil {
		return err
	}
	return p.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		u, err := tx.User.Query().Where(user.ID(me), tx.Locking()).Only(asSystem(ctx))
		if err != nil {
			return err
		}
		if u.DeleteAt == nil || u.Status != user.StatusACTIVE {
			return ErrDeletionNotRequested
		}
		t, err := deletionTask(ctx, tx, me)
		if err != nil {
			return err
		}
		if err := tx.CancelTask(ctx, t.ID); err != nil {
			return err
		}
		if err := tx.User.UpdateOneID(me).ClearDeleteAt().Exec(asSystem(ctx)); err != nil {
			return err
		}
		return p.News(ctx, tx, me, newsDeletionCancelled, scalar.ID{Prefix: "usr", UUID: me}, nil)
	})
}

// deletionTask is the task of the deletion that is under way.
func deletionTask(ctx context.Context, tx *store.Tx, me uuid.UUID) (*ent.Task, error) {
	return tx.Task.Query().Where(task.OwnerID(me), task.Kind(taskDeletion), task.StatusIn(task.StatusWAITING, task.StatusRUNNING, task.StatusFAILED)).
		Order(ent.Desc(task.FieldID)).First(asSystem(ctx))
}

// may says whether the caller may see what becomes of a person: he himself,
// who acts for him, and staff that reads people.
func may(ctx context.Context, of uuid.UUID) bool {
	v := viewer.From(ctx)
	return v.SignedIn() && (v.UserID == of || v.OwnerID == of || v.Staff && v.Reach("user", "read") == viewer.ReachAll)
}

// Deletion is the deletion of an account that is under way, nil where none is
// or the account is nothing to the caller.
func (p *Privacy) Deletion(ctx context.Context, of uuid.UUID) (d *AccountDeletion, err error) {
	if !may(ctx, of) {
		return nil, nil
	}
	err = p.Store.InSnapshot(ctx, func(ctx context.Context, s *store.Snapshot) error {
		rows, err := s.Query(ctx, `SELECT u.delete_at, t.created_at FROM users u JOIN tasks t ON t.owner_id = u.id
			WHERE u.id = ? AND u.delete_at IS NOT NULL AND t.kind = ? AND t.status IN ('WAITING', 'RUNNING') ORDER BY t.id DESC LIMIT 1`, of, taskDeletion)
		if err != nil {
			return err
		}
		var due, asked *time.Time
		if err := one(rows, &due, &asked); err != nil || due == nil {
			return err
		}
		r, err := p.review(ctx, s, of)
		if err == nil {
			d = &AccountDeletion{RequestedAt: asked.UTC(), DueAt: due.UTC(), Blockers: r.Blockers, Losses: r.Losses}
		}
		return err
	})
	return d, err
}

// one reads the one row of a query, or none.
func one(rows *sql.Rows, into ...any) error {
	defer rows.Close()
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return err
		}
	}
	return rows.Err()
}

// Review is what a deletion of an account would meet now. Fault: FORBIDDEN
// where it is nothing to the caller.
func (p *Privacy) Review(ctx context.Context, of uuid.UUID) (r *DeletionReview, err error) {
	if !may(ctx, of) {
		return nil, fault.ErrForbidden
	}
	err = p.Store.InSnapshot(ctx, func(ctx context.Context, s *store.Snapshot) error {
		r, err = p.review(ctx, s, of)
		return err
	})
	return r, err
}
