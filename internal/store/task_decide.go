package store

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/task"
	"kabinet/internal/fault"
	"kabinet/internal/viewer"
)

// AskDecision makes a task of the House that waits until somebody decides: it
// names who asked.
func (tx *Tx) AskDecision(ctx context.Context, kind string, input any) (*ent.Task, error) {
	in, err := json.Marshal(input)
	if err != nil {
		return nil, fmt.Errorf("task: input: %w", err)
	}
	return tx.Task.Create().SetOwnerID(viewer.House).SetNillableUserID(viewer.From(ctx).Actor()).SetKind(kind).SetStatus(task.StatusWAITING).
		SetInput(in).Save(viewer.AsSystem(ctx, "task"))
}

// HoldTask reads a task of a kind and holds it to the end of the transaction:
// of two who decide one is second. Fault: NOT_FOUND.
func (tx *Tx) HoldTask(ctx context.Context, kind string, id uuid.UUID) (*ent.Task, error) {
	t, err := tx.Task.Query().Where(task.ID(id), task.Kind(kind), tx.Locking()).Only(viewer.AsSystem(ctx, "task"))
	if ent.IsNotFound(err) {
		return nil, fault.ErrNotFound
	}
	return t, err
}

// DecideTask notes what was decided of a held task that waited, by whom and why.
func (tx *Tx) DecideTask(ctx context.Context, t *ent.Task, to task.Status, note *string) (*ent.Task, error) {
	return tx.Task.UpdateOne(t).SetStatus(to).SetNillableApproverID(viewer.From(ctx).Actor()).SetNillableNote(note).SetFinishedAt(tx.Now).
		Save(viewer.AsSystem(ctx, "task"))
}
