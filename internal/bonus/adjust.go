package bonus

import (
	"context"
	"encoding/json"
	"fmt"

	"entgo.io/contrib/entgql"
	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/ledgerentry"
	"kabinet/ent/generated/task"
	"kabinet/internal/fault"
	"kabinet/internal/ledger"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

var (
	// ErrSelfApproval says that nobody approves what he asked for himself, nor gives
	// points to himself as staff.
	ErrSelfApproval = fault.New(fault.Refused, "SELF_APPROVAL")
	// ErrIllegalTransition carries params.fromState, params.toState.
	ErrIllegalTransition = fault.New(fault.Refused, "ILLEGAL_TRANSITION")
)

// adjustmentTask is the kind of tasks that are corrections.
const adjustmentTask = "bonus.adjustment"

// Adjusted is what the verbs about corrections give.
type Adjusted struct {
	Done
	Pending *PendingAdjustment // it waits, or was decided
}

// correction is what a task keeps of a correction that waits.
type correction struct {
	UserID    uuid.UUID `json:"userId"`
	Amount    int64     `json:"amount"`
	ProgramID uuid.UUID `json:"programId"`
	Reason    string    `json:"reason"`
}

// Adjust corrects a balance either way, at most by what is available. Staff
// only; it is put on record. One above the programme's limit waits until
// another member of staff approves it. Faults: as of Accrue; TOO_FEW_POINTS.
func (p *Points) Adjust(ctx context.Context, in AdjustPointsInput) (Adjusted, error) {
	if err := checkDelta(in.Amount); err != nil {
		return Adjusted{}, err
	}
	g := grant{in.UserID, in.Amount, in.ProgramID, in.Reason, nil}
	if err := p.checkGrant(ctx, &g); err != nil {
		return Adjusted{}, err
	}
	var kept struct {
		Task *uuid.UUID `json:"task,omitempty"`
	}
	var out Adjusted
	var replayed bool
	err := p.Store.InDryTx(ctx, isDry(in.DryRun), func(ctx context.Context, tx *store.Tx) (err error) {
		replayed, err = tx.Once(ctx, "adjustPoints", in.IdempotencyKey, g, &kept, func() error {
			out, kept.Task = Adjusted{}, nil
			large, err := p.isLarge(ctx, tx, g)
			if err != nil {
				return err
			}
			if large {
				t, err := p.askFor(ctx, tx, g)
				if err != nil {
					return err
				}
				kept.Task, out.Pending = &t.ID, viewAdjustment(t)
				return nil
			}
			b, e, err := p.give(ctx, tx, "adjustPoints", in.IdempotencyKey, g)
			if err != nil {
				return err
			}
			out.Done = Done{Account: ViewAccount(b.Account()), Entry: ViewEntry(e)}
			return nil
		})
		return err
	})
	switch {
	case err != nil:
		return Adjusted{}, err
	case replayed && kept.Task != nil:
		out.Pending, err = p.adjustment(ctx, *kept.Task)
	case replayed:
		out.Done, err = p.replay(ctx, in.UserID.UUID, mutationCause(ctx, in.IdempotencyKey))
	}
	out.Replayed = &replayed
	return out, err
}

func (p *Points) isLarge(ctx context.Context, tx *store.Tx, g grant) (bool, error) {
	prog, err := p.ProgramIn(ctx, tx.Client, g.ProgramID)
	if err != nil {
		return false, err
	}
	return needsTwo(prog, g.Amount), nil
}

// askFor makes the task that waits for another member of staff.
func (p *Points) askFor(ctx context.Context, tx *store.Tx, g grant) (*ent.Task, error) {
	owner, err := Customer(ctx, tx, g.UserID)
	if err != nil {
		return nil, err
	}
	prog, err := p.ProgramIn(ctx, tx.Client, g.ProgramID)
	if err != nil {
		return nil, err
	}
	t, err := tx.AskDecision(ctx, adjustmentTask, correction{owner, g.Amount, prog.KeyID, g.Reason})
	if err != nil {
		return nil, err
	}
	return t, tx.Audit(ctx, "bonus.ask_adjustment", owner, t.GlobalID(), map[string]any{"amount": g.Amount, "unit": prog.Unit, "reason": g.Reason})
}

// Approve books a correction that waits, once. Not by who asked for it.
// Faults: INVALID_ID, NOT_FOUND, SELF_APPROVAL, ILLEGAL_TRANSITION,
// TOO_FEW_POINTS, PROGRAM_NOT_FOUND, those of store.Tx.Once; UNAUTHENTICATED,
// FORBIDDEN.
func (p *Points) Approve(ctx context.Context, in ApproveAdjustmentInput) (Adjusted, error) {
	if err := Staff(ctx, "approve"); err != nil {
		return Adjusted{}, err
	}
	if in.ID.Prefix != "task" {
		return Adjusted{}, fault.ErrInvalidID.At("input", "id")
	}
	var out Adjusted
	var kept struct {
		Owner uuid.UUID `json:"owner"`
	}
	var replayed bool
	err := p.Store.InDryTx(ctx, isDry(in.DryRun), func(ctx context.Context, tx *store.Tx) (err error) {
		replayed, err = tx.Once(ctx, "approveAdjustment", in.IdempotencyKey, in.ID, &kept, func() error {
			t, err := decidable(ctx, tx, in.ID, PendingAdjustmentStatusApproved)
			if err != nil {
				return err
			}
			if actor := viewer.From(ctx).Actor(); t.UserID != nil && actor != nil && *t.UserID == *actor {
				return ErrSelfApproval.At("input", "id")
			}
			out, err = p.approve(ctx, tx, t)
			if out.Pending != nil {
				kept.Owner = out.Pending.UserID.UUID
			}
			return err
		})
		return err
	})
	if err != nil {
		return Adjusted{}, err
	}
	if replayed {
		if out.Done, err = p.replay(ctx, kept.Owner, adjustmentCause(in.ID.UUID)); err != nil {
			return Adjusted{}, err
		}
		if out.Pending, err = p.adjustment(ctx, in.ID.UUID); err != nil {
			return Adjusted{}, err
		}
	}
	out.Replayed = &replayed
	return out, nil
}

func adjustmentCause(task uuid.UUID) string { return "adjustment:" + task.String() }

// decidable holds a correction that waits still.
func decidable(ctx context.Context, tx *store.Tx, id scalar.ID, to PendingAdjustmentStatus) (*ent.Task, error) {
	t, err := tx.HoldTask(ctx, adjustmentTask, id.UUID)
	if err != nil {
		return nil, at(err, "input", "id")
	}
	if t.Status != task.StatusWAITING {
		return nil, ErrIllegalTransition.At("input", "id").With("fromState", string(adjustmentStatus(t.Status))).With("toState", string(to))
	}
	return t, nil
}

func (p *Points) approve(ctx context.Context, tx *store.Tx, t *ent.Task) (Adjusted, error) {
	c, err := readCorrection(t)
	if err != nil {
		return Adjusted{}, err
	}
	prog, err := p.ProgramIn(ctx, tx.Client, &scalar.ID{Prefix: "prog", UUID: c.ProgramID})
	if err != nil {
		return Adjusted{}, at(err, "input", "id")
	}
	b, err := p.Books().Open(ctx, tx, AccountOf(c.UserID, prog), viewer.From(ctx).Actor())
	if err != nil {
		return Adjusted{}, err
	}
	explain := Decision(prog)
	if t.UserID != nil {
		explain["requestedById"] = scalar.ID{Prefix: "usr", UUID: *t.UserID}.String()
	}
	e, err := correct(ctx, b, ledger.Posting{
		Kind: ledgerentry.KindADJUSTMENT, Contra: ledger.Adjusted, Amount: c.Amount, Note: &c.Reason, Cause: adjustmentCause(t.ID), Explain: explain,
	}, Expires(prog, tx.Now))
	if err != nil {
		return Adjusted{}, at(err, "input", "id")
	}
	if t, err = tx.DecideTask(ctx, t, task.StatusDONE, nil); err != nil {
		return Adjusted{}, err
	}
	err = tx.Audit(ctx, "bonus.approve_adjustment", c.UserID, t.GlobalID(), map[string]any{"amount": c.Amount, "unit": prog.Unit, "reason": c.Reason, "entryId": e.GlobalID().String()})
	if err != nil {
		return Adjusted{}, err
	}
	done := Done{Account: ViewAccount(b.Account()), Entry: ViewEntry(e)}
	return Adjusted{Done: done, Pending: viewAdjustment(t)}, b.Close(ctx)
}

// Reject ends a correction that waits: by staff who may approve, or by who
// asked for it. Faults: INVALID_ID, NOT_FOUND, ILLEGAL_TRANSITION, REQUIRED,
// TOO_LONG and INVALID_VALUE of the reason; UNAUTHENTICATED, FORBIDDEN.
func (p *Points) Reject(ctx context.Context, in RejectAdjustmentInput) (*PendingAdjustment, error) {
	if err := Staff(ctx, "read"); err != nil {
		return nil, err
	}
	reason, err := checkReason(in.Reason)
	if err != nil {
		return nil, err
	}
	if in.ID.Prefix != "task" {
		return nil, fault.ErrInvalidID.At("input", "id")
	}
	var t *ent.Task
	err = p.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		if t, err = decidable(ctx, tx, in.ID, PendingAdjustmentStatusRejected); err != nil {
			return err
		}
		actor := viewer.From(ctx).Actor()
		if own := t.UserID != nil && actor != nil && *t.UserID == *actor; !own {
			if err := Staff(ctx, "approve"); err != nil {
				return err
			}
		}
		c, err := readCorrection(t)
		if err != nil {
			return err
		}
		if t, err = tx.DecideTask(ctx, t, task.StatusCANCELLED, &reason); err != nil {
			return err
		}
		return tx.Audit(ctx, "bonus.reject_adjustment", c.UserID, t.GlobalID(), map[string]any{"amount": c.Amount, "reason": reason})
	})
	if err != nil {
		return nil, err
	}
	return viewAdjustment(t), nil
}

// PendingAdjustments is a page of the corrections that wait, oldest first.
// Staff only. Faults: UNAUTHENTICATED, FORBIDDEN.
func (p *Points) PendingAdjustments(ctx context.Context, after *ent.Cursor, first *int, before *ent.Cursor, last *int) (*PendingAdjustmentConnection, error) {
	if err := Staff(ctx, "read"); err != nil {
		return nil, err
	}
	oldest := &ent.TaskOrder{Direction: entgql.OrderDirectionAsc, Field: ent.DefaultTaskOrder.Field}
	page, err := p.Store.Client.Task.Query().Where(task.Kind(adjustmentTask), task.StatusEQ(task.StatusWAITING)).
		Paginate(viewer.AsSystem(ctx, "bonus.adjustments"), after, first, before, last, ent.WithTaskOrder(oldest))
	if err != nil {
		return nil, store.Translate(err)
	}
	c := &PendingAdjustmentConnection{Edges: make([]*PendingAdjustmentEdge, len(page.Edges)), PageInfo: page.PageInfo, TotalCount: page.TotalCount}
	for i, e := range page.Edges {
		c.Edges[i] = &PendingAdjustmentEdge{Node: viewAdjustment(e.Node), Cursor: e.Cursor}
	}
	return c, nil
}

// AdjustmentProgram is the programme of a correction as it is now.
func (p *Points) AdjustmentProgram(ctx context.Context, a *PendingAdjustment) (*ent.BonusProgram, error) {
	return p.ProgramVersion(ctx, p.Store.Client, a.program, 0)
}

func (p *Points) adjustment(ctx context.Context, id uuid.UUID) (*PendingAdjustment, error) {
	t, err := p.Store.Client.Task.Get(viewer.AsSystem(ctx, "bonus.adjustments"), id)
	if err != nil {
		return nil, store.Translate(err)
	}
	return viewAdjustment(t), nil
}

func readCorrection(t *ent.Task) (c correction, err error) {
	if err = json.Unmarshal(t.Input, &c); err != nil {
		err = fmt.Errorf("bonus: read task %s: %w", t.ID, err)
	}
	return c, err
}

func adjustmentStatus(s task.Status) PendingAdjustmentStatus {
	switch s {
	case task.StatusDONE:
		return PendingAdjustmentStatusApproved
	case task.StatusCANCELLED:
		return PendingAdjustmentStatusRejected
	}
	return PendingAdjustmentStatusWaiting
}

func viewAdjustment(t *ent.Task) *PendingAdjustment {
	c, _ := readCorrection(t) // what does not read shows as nothing: it was written by askFor
	person := func(id *uuid.UUID) *scalar.ID {
		if id == nil {
			return nil
		}
		return &scalar.ID{Prefix: "usr", UUID: *id}
	}
	return &PendingAdjustment{
		ID: t.GlobalID(), UserID: scalar.ID{Prefix: "usr", UUID: c.UserID}, Amount: c.Amount, Reason: c.Reason, Status: adjustmentStatus(t.Status),
		RequestedByID: person(t.UserID), RequestedAt: t.CreatedAt, DecidedByID: person(t.ApproverID), DecidedAt: t.FinishedAt,
		DecisionReason: t.Note, program: c.ProgramID,
	}
}
