package store

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/task"
	"kabinet/internal/viewer"
)

// AskTask makes a task of somebody's own that waits for its time, at position 0.
func (tx *Tx) AskTask(ctx context.Context, kind string, owner uuid.UUID, input any) (*ent.Task, error) {
	in, err := json.Marshal(input)
	if err != nil {
		return nil, fmt.Errorf("task: input: %w", err)
	}
	return tx.Task.Create().SetOwnerID(owner).SetUserID(owner).SetKind(kind).SetStatus(task.StatusWAITING).
		SetInput(in).SetCursor(json.RawMessage(`{"position":0}`)).Save(viewer.AsSystem(ctx, "task"))
}

// NoteTask writes the counts of a task, and nothing else of it.
func (tx *Tx) NoteTask(ctx context.Context, id uuid.UUID, counts map[string]int64) error {
	return tx.Task.UpdateOneID(id).SetCounts(counts).Exec(viewer.AsSystem(ctx, "task"))
}

// PutBackTask lets a locked task that is RUNNING wait for its turn again.
func (tx *Tx) PutBackTask(ctx context.Context, id uuid.UUID) error {
	return tx.Task.Update().Where(task.ID(id), task.StatusEQ(task.StatusRUNNING)).SetStatus(task.StatusWAITING).
		Exec(viewer.AsSystem(ctx, "task"))
}

// CancelTask marks a task that has not begun as CANCELLED.
func (tx *Tx) CancelTask(ctx context.Context, id uuid.UUID) error {
	return tx.Task.Update().Where(task.ID(id), task.StatusEQ(task.StatusWAITING)).SetStatus(task.StatusCANCELLED).SetFinishedAt(tx.Now).
		Exec(viewer.AsSystem(ctx, "task"))
}
