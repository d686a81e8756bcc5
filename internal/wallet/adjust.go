package wallet

import (
	"context"
	"encoding/json"
	"fmt"

	"entgo.io/contrib/entgql"
	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/ledgeraccount"
	"kabinet/ent/generated/ledgerentry"
	"kabinet/ent/generated/task"
	"kabinet/internal/fault"
	"kabinet/internal/ledger"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// adjustmentTask is the kind of tasks that are corrections of wallets.
const adjustmentTask = "wallet.adjustment"

// correction is what a task keeps of one that waits.
type correction struct {
	WalletID uuid.UUID `json:"walletId"`
	OwnerID  uuid.UUID `json:"ownerId"`
	Amount   int64     `json:"amount"`
	Currency string    `json:"currency"`
	Reason   string    `json:"reason"`
}

// Adjusted is what the verbs about corrections give.
type Adjusted struct {
	Done
	Pending *PendingWalletAdjustment // it waits, or was decided
}

// Adjust corrects a wallet either way, at most by what is available. Staff
// only; it is put on record. A large one waits for another member of staff.
// Faults: INVALID_ID, NOT_FOUND, WRONG_CURRENCY, INVALID_VALUE,
// INSUFFICIENT_FUNDS, those of texts and of store.Tx.Once; UNAUTHENTICATED,
// FORBIDDEN.
func (s *Wallets) Adjust(ctx context.Context, in AdjustWalletInput) (Adjusted, error) {
	if err := staff(ctx, "write"); err != nil {
		return Adjusted{}, err
	}
	reason, err := text(in.Reason, 500, "input", "reason")
	if err != nil {
		return Adjusted{}, err
	}
	in.Reason = reason
	input := in
	input.IdempotencyKey, input.DryRun = "", nil
	var out Adjusted
	done, object, err := s.once(ctx, "adjustWallet", in.IdempotencyKey, in.DryRun, input, func(ctx context.Context, tx *store.Tx) (Done, uuid.UUID, error) {
		out = Adjusted{}
		a, err := byID(ctx, tx.Client, in.WalletID, "input", "walletId")
		if err != nil {
			return Done{}, uuid.Nil, err
		}
		minor, err := amount(in.Amount, a.Unit, "input", "amount")
		if err == nil && minor == 0 {
			err = fault.ErrInvalidValue.At("input", "amount")
		}
		if err != nil {
			return Done{}, uuid.Nil, err
		}
		c := correction{a.ID, a.OwnerID, minor, a.Unit, reason}
		if max(minor, -minor) <= s.alone(a.Unit) {
			done, err := s.correct(ctx, tx, c, cause(ctx, in.IdempotencyKey), "wallet.adjust", in.WalletID)
			return done, uuid.Nil, err
		}
		t, err := tx.AskDecision(ctx, adjustmentTask, c)
		if err != nil {
			return Done{}, uuid.Nil, err
		}
		if out.Pending, err = viewAdjustment(t, a); err != nil {
			return Done{}, uuid.Nil, err
		}
		err = tx.Audit(ctx, "wallet.ask_adjustment", a.OwnerID, t.GlobalID(), c.changes())
		return Done{Wallet: ViewAccount(a)}, t.ID, err
	})
	if err != nil {
		return Adjusted{}, err
	}
	out.Done = done
	if *done.Replayed && object != uuid.Nil {
		out.Pending, err = s.adjustment(ctx, object)
	}
	return out, err
}

// alone is how much one member of staff corrects without another one.
func (s *Wallets) alone(unit string) int64 {
	if s.ApproveAbove != nil {
		return s.ApproveAbove(unit)
	}
	most := int64(1000)
	for range scalar.Digits(unit) {
		most *= 10
	}
	return most
}

func (c correction) changes() map[string]any {
	return map[string]any{"amount": scalar.Money{Minor: c.Amount, Currency: c.Currency}.Amount(), "currency": c.Currency, "reason": c.Reason}
}

// correct books a correction and puts it on record.
func (s *Wallets) correct(ctx context.Context, tx *store.Tx, c correction, why, act string, subject scalar.ID) (Done, error) {
	b, err := s.Books.Lock(ctx, tx, c.WalletID, viewer.From(ctx).Actor())
	if err != nil {
		return Done{}, err
	}
	p := ledger.Posting{Kind: ledgerentry.KindADJUSTMENT, Contra: ledger.Adjusted, Amount: c.Amount, Note: &c.Reason, Cause: why}
	var e *ent.LedgerEntry
	if c.Amount > 0 {
		e, err = b.Give(ctx, p, nil)
	} else {
		e, err = b.Take(ctx, p)
	}
	if err != nil {
		return Done{}, err
	}
	changes := c.changes()
	changes["entryId"] = e.GlobalID().String()
	if err := tx.Audit(ctx, act, c.OwnerID, subject, changes); err != nil {
		return Done{}, err
	}
	return closed(ctx, tx, b, e)
}

// Approve books a correction that waits, once. Not by who asked for it. Faults:
// INVALID_ID, NOT_FOUND, SELF_APPROVAL, ILLEGAL_TRANSITION, INSUFFICIENT_FUNDS,
// those of store.Tx.Once; UNAUTHENTICATED, FORBIDDEN.
func (s *Wallets) Approve(ctx context.Context, in ApproveWalletAdjustmentInput) (Adjusted, error) {
	if err := staff(ctx, "write"); err != nil {
		return Adjusted{}, err
	}
	var out Adjusted
	done, _, err := s.once(ctx, "approveWalletAdjustment", in.IdempotencyKey, in.DryRun, in.ID, func(ctx context.Context, tx *store.Tx) (Done, uuid.UUID, error) {
		t, c, err := decidable(ctx, tx, in.ID, AdjustmentApproved)
		if err != nil {
			return Done{}, uuid.Nil, err
		}
		if isMine(ctx, t) {
			return Done{}, uuid.Nil, ErrSelfApproval.At("input", "id")
		}
		done, err := s.correct(ctx, tx, c, "adjustment:"+t.ID.String(), "wallet.approve_adjustment", t.GlobalID())
		if f, ok := fault.As(err); ok && f.Kind == fault.Refused {
			err = f.At("input", "id")
		}
		if err != nil {
			return Done{}, uuid.Nil, err
		}
		if t, err = tx.DecideTask(ctx, t, task.StatusDONE, nil); err != nil {
			return Done{}, uuid.Nil, err
		}
		out.Pending, err = viewAdjustment(t, done.Wallet.LedgerAccount)
		return done, t.ID, err
	})
	if err != nil {
		return Adjusted{}, err
	}
	out.Done = done
	if *done.Replayed {
		out.Pending, err = s.adjustment(ctx, in.ID.UUID)
	}
	return out, err
}

// Reject ends a correction that waits. Faults: INVALID_ID, NOT_FOUND,
// ILLEGAL_TRANSITION, those of texts; UNAUTHENTICATED, FORBIDDEN.
func (s *Wallets) Reject(ctx context.Context, in RejectWalletAdjustmentInput) (*PendingWalletAdjustment, error) {
	if err := staff(ctx, "write"); err != nil {
		return nil, err
	}
	reason, err := text(in.Reason, 500, "input", "reason")
	if err != nil {
		return nil, err
	}
	var out *PendingWalletAdjustment
	err = s.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		t, c, err := decidable(ctx, tx, in.ID, AdjustmentRejected)
		if err != nil {
			return err
		}
		if t, err = tx.DecideTask(ctx, t, task.StatusCANCELLED, &reason); err != nil {
			return err
		}
		a, err := byID(ctx, tx.Client, scalar.ID{Prefix: "acc", UUID: c.WalletID})
		if err != nil {
			return err
		}
		if out, err = viewAdjustment(t, a); err != nil {
			return err
		}
		changes := c.changes()
		changes["decision"] = reason
		return tx.Audit(ctx, "wallet.reject_adjustment", c.OwnerID, t.GlobalID(), changes)
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// decidable holds a correction that waits still.
func decidable(ctx context.Context, tx *store.Tx, id scalar.ID, to WalletAdjustmentStatus) (*ent.Task, correction, error) {
	if id.Prefix != "task" {
		return nil, correction{}, fault.ErrInvalidID.At("input", "id")
	}
	t, err := tx.HoldTask(ctx, adjustmentTask, id.UUID)
	if f, ok := fault.As(err); ok {
		err = f.At("input", "id")
	}
	if err != nil {
		return nil, correction{}, err
	}
	if t.Status != task.StatusWAITING {
		return nil, correction{}, ErrIllegalTransition.At("input", "id").With("fromState", string(adjustmentStatus(t.Status))).With("toState", string(to))
	}
	c, err := readCorrection(t)
	return t, c, err
}

func isMine(ctx context.Context, t *ent.Task) bool {
	actor := viewer.From(ctx).Actor()
	return t.UserID != nil && actor != nil && *t.UserID == *actor
}

func readCorrection(t *ent.Task) (c correction, err error) {
	if err := json.Unmarshal(t.Input, &c); err != nil {
		return c, fmt.Errorf("wallet: read correction %s: %w", t.ID, err)
	}
	return c, nil
}

func adjustmentStatus(s task.Status) WalletAdjustmentStatus {
	switch s {
	case task.StatusDONE:
		return AdjustmentApproved
	case task.StatusWAITING:
		return AdjustmentWaiting
	}
	return AdjustmentRejected
}

func viewAdjustment(t *ent.Task, a *ent.LedgerAccount) (*PendingWalletAdjustment, error) {
	c, err := readCorrection(t)
	if err != nil {
		return nil, err
	}
	v := &PendingWalletAdjustment{
		ID: t.GlobalID(), Amount: scalar.Money{Minor: c.Amount, Currency: c.Currency}, Reason: c.Reason, Status: adjustmentStatus(t.Status),
		RequestedByID: userID(t.UserID), RequestedAt: t.CreatedAt, DecidedByID: userID(t.ApproverID), DecidedAt: t.FinishedAt, DecisionReason: t.Note,
	}
	if a != nil {
		v.Wallet = ViewAccount(a)
	}
	return v, nil
}

func userID(id *uuid.UUID) *scalar.ID {
	if id == nil {
		return nil
	}
	return &scalar.ID{Prefix: "usr", UUID: *id}
}

// adjustment reads one again.
func (s *Wallets) adjustment(ctx context.Context, id uuid.UUID) (*PendingWalletAdjustment, error) {
	t, err := s.Store.Client.Task.Query().Where(task.ID(id)).Only(system(ctx))
	if err != nil {
		return nil, store.Translate(err)
	}
	all, err := s.viewAdjustments(ctx, t)
	if err != nil {
		return nil, err
	}
	return all[0], nil
}

// viewAdjustments reads the wallets of all of them at once.
func (s *Wallets) viewAdjustments(ctx context.Context, tasks ...*ent.Task) ([]*PendingWalletAdjustment, error) {
	ids := make([]uuid.UUID, len(tasks))
	for i, t := range tasks {
		c, err := readCorrection(t)
		if err != nil {
			return nil, err
		}
		ids[i] = c.WalletID
	}
	accounts, err := s.Store.Client.LedgerAccount.Query().Where(ledgeraccount.IDIn(ids...)).All(system(ctx))
	if err != nil {
		return nil, store.Translate(err)
	}
	by := map[uuid.UUID]*ent.LedgerAccount{}
	for _, a := range accounts {
		by[a.ID] = a
	}
	views := make([]*PendingWalletAdjustment, len(tasks))
	for i, t := range tasks {
		if views[i], err = viewAdjustment(t, by[ids[i]]); err != nil {
			return nil, err
		}
	}
	return views, nil
}

// PendingAdjustments is a page of the corrections that wait, oldest first.
// Staff only. Faults: UNAUTHENTICATED, FORBIDDEN.
func (s *Wallets) PendingAdjustments(ctx context.Context, page Page) (*PendingWalletAdjustmentConnection, error) {
	if err := staff(ctx, "read"); err != nil {
		return nil, err
	}
	found, err := s.Store.Client.Task.Query().Where(task.Kind(adjustmentTask), task.StatusEQ(task.StatusWAITING)).
		Paginate(system(ctx), page.After, page.First, page.Before, page.Last,
			ent.WithTaskOrder(&ent.TaskOrder{Direction: entgql.OrderDirectionAsc, Field: ent.DefaultTaskOrder.Field}))
	if err != nil {
		return nil, store.Translate(err)
	}
	tasks := make([]*ent.Task, len(found.Edges))
	for i, e := range found.Edges {
		tasks[i] = e.Node
	}
	views, err := s.viewAdjustments(ctx, tasks...)
	if err != nil {
		return nil, err
	}
	c := &PendingWalletAdjustmentConnection{Edges: make([]*PendingWalletAdjustmentEdge, len(views)), PageInfo: found.PageInfo, TotalCount: found.TotalCount}
	for i, e := range found.Edges {
		c.Edges[i] = &PendingWalletAdjustmentEdge{Node: views[i], Cursor: e.Cursor}
	}
	return c, nil
}
