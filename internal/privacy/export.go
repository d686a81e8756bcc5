package privacy

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/document"
	"kabinet/ent/generated/task"
	"kabinet/ent/generated/user"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

const (
	exportAgain = 24 * time.Hour     // between two exports
	exportKept  = 7 * 24 * time.Hour // the file
	exportTurn  = time.Minute        // after which no further one is begun in one go
	exportTries = 3                  // of which each was cut off
	exportsSeen = 20

	// ExportTime is how long the clock's job may take: in one go exports are
	// begun for a turn, and the last one has the rest. What is RUNNING without a
	// word for longer lost its maker and is begun again.
	ExportTime  = 15 * time.Minute
	exportStuck = ExportTime + time.Minute

	// What the counts of an export's task say.
	countDone  = "done"
	countOf    = "of"
	countTries = "tries"
)

// RequestExport asks for a file of the caller's own data, or finds the one
// that is being made. Faults: UNAUTHENTICATED, EXPORT_TOO_SOON.
func (p *Privacy) RequestExport(ctx context.Context) (made *DataExport, err error) {
	me, err := caller(ctx)
	if err != nil {
		return nil, err
	}
	err = p.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		if err := tx.Lock(ctx, "users", "id", me); err != nil { // one at a time
			return err
		}
		last, err := tx.Task.Query().Where(task.OwnerID(me), task.Kind(taskExport), task.StatusNEQ(task.StatusFAILED)).
			Order(ent.Desc(task.FieldID)).First(asSystem(ctx))
		if err != nil && !ent.IsNotFound(err) {
			return err
		}
		if last != nil {
			if last.Status != task.StatusDONE {
				made = exportOf(last, nil, tx.Now)
				return nil
			}
			if again := last.CreatedAt.Add(exportAgain); again.After(tx.Now) {
				return ErrExportTooSoon.With("availableAt", again.Format(time.RFC3339Nano))
			}
		}
		t, err := tx.AskTask(ctx, taskExport, me, nil)
		if err != nil {
			return err
		}
		made = exportOf(t, nil, tx.Now)
		return p.News(ctx, tx, me, newsExportRequested, made.ID, nil)
	})
	return made, err
}

// Exports are the caller's own exports, newest first; none for anybody else.
func (p *Privacy) Exports(ctx context.Context, of uuid.UUID) ([]*DataExport, error) {
	all := []*DataExport{}
	if viewer.From(ctx).UserID != of {
		return all, nil
	}
	tasks, err := p.Store.Client.Task.Query().Where(task.OwnerID(of), task.Kind(taskExport)).Order(ent.Desc(task.FieldID)).Limit(exportsSeen).All(ctx)
	if err != nil || len(tasks) == 0 {
		return all, err
	}
	ids := make([]uuid.UUID, len(tasks))
	for i, t := range tasks {
		ids[i] = t.ID
	}
	files, err := p.Store.Client.Document.Query().Where(document.OwnerID(of), document.SubjectIDIn(ids...), document.KindEQ(document.KindEXPORT)).All(ctx)
	if err != nil {
		return nil, err
	}
	by := map[uuid.UUID]*ent.Document{}
	for _, f := range files {
		by[*f.SubjectID] = f
	}
	for _, t := range tasks {
		all = append(all, exportOf(t, by[t.ID], p.Store.Now()))
	}
	return all, nil
}

// exportOf shows a task as an export.
func exportOf(t *ent.Task, file *ent.Document, now time.Time) *DataExport {
	e := &DataExport{ID: scalar.ID{Prefix: "task", UUID: t.ID}, RequestedAt: t.CreatedAt, ReadyAt: t.FinishedAt,
		Progress: &scalar.Progress{Current: t.Counts[countDone], Target: max(1, t.Counts[countOf]), Unit: "steps"}}
	switch t.Status {
	case task.StatusWAITING:
		e.Status = ExportWaiting
	case task.StatusRUNNING:
		e.Status = ExportRunning
	case task.StatusDONE:
		e.Status = ExportExpired
		if file != nil && (file.ExpiresAt == nil || file.ExpiresAt.After(now)) {
			e.Status, e.Document, e.ExpiresAt = ExportReady, file, file.ExpiresAt
		}
	default:
		e.Status, e.ReadyAt = ExportFailed, nil
	}
	return e
}

// ExportsDue makes the exports that wait, by the clock, and those whose maker
// died. It says how many it made.
func (p *Privacy) ExportsDue(ctx context.Context, limit int) (int, error) {
	ctx = viewer.AsSystem(ctx, "privacy")
	begun := time.Now()
	one := func(ctx context.Context, id uuid.UUID) (bool, error) {
		if time.Since(begun) > exportTurn {
			return false, nil
		}
		return p.export(ctx, id)
	}
	return p.each(ctx, one, `SELECT id FROM tasks WHERE kind = ? AND status IN ('WAITING', 'RUNNING') AND (status = 'WAITING' OR updated_at < ?) ORDER BY id LIMIT ?`,
		taskExport, p.Store.Now().Add(-exportStuck), limit)
}

// export makes one. What fails is FAILED and may be asked for again at once;
// what was cut off, by the end of the job's time or of the process, waits to be
// begun again, a few times.
func (p *Privacy) export(ctx context.Context, id uuid.UUID) (did bool, err error) {
	t, u, err := p.take(ctx, id)
	if errors.Is(err, store.ErrTaskMoved) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if u.Status == user.StatusERASED || t.Counts[countTries] > exportTries {
		return true, p.Store.FailTask(ctx, id)
	}
	err = p.make(ctx, t, u)
	if err == nil || errors.Is(err, store.ErrTaskMoved) {
		return err == nil, nil
	}
	err = fmt.Errorf("export: %w", err)
	alive, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	if ctx.Err() != nil && t.Counts[countTries] < exportTries {
		return false, errors.Join(err, p.putBack(alive, t))
	}
	return false, errors.Join(err, p.Store.FailTask(alive, id))
}

// make writes the file beside the database and then keeps it.
func (p *Privacy) make(ctx context.Context, t *ent.Task, u *ent.User) error {
	file, err := os.CreateTemp("", "kabinet-export-*")
	if err != nil {
		return err
	}
	defer func() {
		_ = file.Close()
		_ = os.Remove(file.Name())
	}()
	if err := p.pack(ctx, t, u, file); err != nil {
		return err
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	kept, err := p.Write(ctx, file)
	if err != nil {
		return err
	}
	return p.finish(ctx, t, kept)
}

// putBack lets a task that was cut off wait for its turn again.
func (p *Privacy) putBack(ctx context.Context, t *ent.Task) error {
	at, err := store.TaskPosition(t)
	if err != nil {
		return err
	}
	return p.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		if err := tx.LockTask(ctx, t.ID, at); err != nil {
			return err
		}
		return tx.PutBackTask(ctx, t.ID)
	})
}

// take marks a task as being made.
func (p *Privacy) take(ctx context.Context, id uuid.UUID) (t *ent.Task, u *ent.User, err error) {
	err = p.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		if t, err = tx.Task.Query().Where(task.ID(id)).Only(ctx); err != nil {
			return err
		}
		at, err := store.TaskPosition(t)
		if err != nil {
			return err
		}
		if err := tx.LockTask(ctx, id, at); err != nil {
			return err
		}
		if u, err = tx.User.Get(ctx, t.OwnerID); err != nil {
			return err
		}
		return tx.AdvanceTask(ctx, id, at+1, map[string]int64{countDone: 0, countOf: steps(), countTries: t.Counts[countTries] + 1})
	})
	if err == nil {
		t, err = p.Store.Client.Task.Get(ctx, id)
	}
	return t, u, err
}

// finish makes the file the person's and tells the person. Who was erased meanwhile gets none.
func (p *Privacy) finish(ctx context.Context, t *ent.Task, kept Kept) error {
	at, err := store.TaskPosition(t)
	if err != nil {
		return err
	}
	return p.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		u, err := tx.User.Query().Where(user.ID(t.OwnerID), tx.Locking()).Only(ctx)
		if err != nil {
			return err
		}
		if u.Status == user.StatusERASED {
			return fault.ErrNotFound
		}
		if err := tx.LockTask(ctx, t.ID, at); err != nil {
			return err
		}
		about := scalar.ID{Prefix: "task", UUID: t.ID}
		if err := kept(ctx, tx, t.OwnerID, "kabinet-"+tx.Now.Format("2006-01-02")+".zip", about, tx.Now.Add(exportKept)); err != nil {
			return err
		}
		if err := p.News(ctx, tx, t.OwnerID, newsExportReady, about, nil); err != nil {
			return err
		}
		return tx.FinishTask(ctx, t.ID, at+1, map[string]int64{countDone: steps(), countOf: steps()})
	})
}
