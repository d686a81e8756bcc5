package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"time"

	"entgo.io/ent/dialect"
	"github.com/google/uuid"
	sqlite3 "modernc.org/sqlite/lib"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/task"
	"kabinet/internal/fault"
	"kabinet/internal/viewer"
)

// ErrHeld says that somebody else does this work on this database right now.
var ErrHeld = errors.New("somebody else is at it")

// ErrTaskMoved says that somebody else carried the task on in the meantime;
// nothing of the transaction that hears it may stay.
var ErrTaskMoved = errors.New("the task was carried on by somebody else")

// taskCursor is what tasks.cursor holds.
type taskCursor struct {
	Position int64 `json:"position"`
}

// TaskPosition is how far a task came, in its own units; 0 at its beginning.
func TaskPosition(t *ent.Task) (int64, error) {
	var c taskCursor
	if len(t.Cursor) == 0 {
		return 0, nil
	}
	err := json.Unmarshal(t.Cursor, &c)
	return c.Position, err
}

// FindTask gives the task of a key, nil when there is none.
func (s *Store) FindTask(ctx context.Context, dedupKey string) (*ent.Task, error) {
	t, err := s.Client.Task.Query().Where(task.DedupKey(dedupKey)).Only(viewer.AsSystem(ctx, "task"))
	if ent.IsNotFound(err) {
		return nil, nil
	}
	return t, translate(err)
}

// BeginTask makes the task of a key, the House's, RUNNING at position 0; a
// second one of the key is a unique violation.
func (tx *Tx) BeginTask(ctx context.Context, kind, dedupKey string, input any) (*ent.Task, error) {
	in, err := json.Marshal(input)
	if err != nil {
		return nil, fmt.Errorf("task: input: %w", err)
	}
	return tx.Task.Create().SetOwnerID(viewer.House).SetKind(kind).SetDedupKey(dedupKey).SetStatus(task.StatusRUNNING).
		SetInput(in).SetCursor(json.RawMessage(`{"position":0}`)).Save(viewer.AsSystem(ctx, "task"))
}

// LockTask holds the task's row to the end of the transaction and proves that
// it stands at position still: else ErrTaskMoved. It is the first statement of
// a step, so that of two who carry a task on one step counts.
func (tx *Tx) LockTask(ctx context.Context, id uuid.UUID, position int64) error {
	query := `SELECT cursor, status FROM tasks WHERE id = ?`
	if tx.store.Dialect() == dialect.Postgres {
		query += ` FOR UPDATE`
	}
	var cursor []byte
	var status task.Status
	if err := tx.QueryRow(ctx, query, id).Scan(&cursor, &status); err != nil {
		return err
	}
	var c taskCursor
	if err := json.Unmarshal(cursor, &c); err != nil {
		return fmt.Errorf("task: cursor: %w", err)
	}
	if c.Position != position || status == task.StatusDONE {
		return fmt.Errorf("at %d %s instead of %d: %w", c.Position, status, position, ErrTaskMoved)
	}
	return nil
}

// AdvanceTask notes how far a locked task is now, in the transaction that did
// the work.
func (tx *Tx) AdvanceTask(ctx context.Context, id uuid.UUID, position int64, counts map[string]int64) error {
	cursor, err := json.Marshal(taskCursor{position})
	if err != nil {
		return err
	}
	return tx.Task.UpdateOneID(id).SetStatus(task.StatusRUNNING).SetCursor(cursor).SetCounts(counts).Exec(viewer.AsSystem(ctx, "task"))
}

// FinishTask marks a locked task DONE; total is its last position.
func (tx *Tx) FinishTask(ctx context.Context, id uuid.UUID, total int64, counts map[string]int64) error {
	return tx.Task.UpdateOneID(id).SetStatus(task.StatusDONE).SetCounts(counts).SetTotal(total).SetFinishedAt(tx.Now).
		Exec(viewer.AsSystem(ctx, "task"))
}

// FailTask marks a task that is not DONE as FAILED; it can be carried on.
func (s *Store) FailTask(ctx context.Context, id uuid.UUID) error {
	return s.InTx(ctx, func(ctx context.Context, tx *Tx) error {
		return tx.Task.Update().Where(task.ID(id), task.StatusNEQ(task.StatusDONE)).SetStatus(task.StatusFAILED).
			Exec(viewer.AsSystem(ctx, "task"))
	})
}

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

// Exclusive takes the lock of a name for this whole database and holds it, at
// once or not at all (ErrHeld), outside any transaction. It ends with release
// or with the process, however that dies; a host that vanished is given up
// after a minute. Steps still call LockTask: a lock whose connection broke is
// lost without its holder hearing of it.
func (s *Store) Exclusive(ctx context.Context, name string) (release func(), err error) {
	if s.Dialect() == dialect.Postgres {
		return s.exclusivePostgres(ctx, name)
	}
	// As for migrations: the exclusive lock of a small database beside the
	// file, which nobody else opens.
	db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: SQLitePath(s.url) + "." + name}).EscapedPath()+"?_pragma=busy_timeout(0)")
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	if _, err := db.ExecContext(ctx, `BEGIN EXCLUSIVE`); err != nil {
		_ = db.Close()
		if sqliteCode(err)&0xff == sqlite3.SQLITE_BUSY {
			return nil, fmt.Errorf("%s: %w", name, ErrHeld)
		}
		return nil, fmt.Errorf("lock %s: %w", name, err)
	}
	return func() { _ = db.Close() }, nil
}

func (s *Store) exclusivePostgres(ctx context.Context, name string) (release func(), err error) {
	conn, err := s.drv.write.Conn(ctx)
	if err != nil {
		return nil, translate(err)
	}
	drop := func() { // the session's settings go with it
		_ = conn.Raw(func(any) error { return driver.ErrBadConn })
		_ = conn.Close()
	}
	// On a socket of the same machine these settings are ignored.
	if _, err := conn.ExecContext(ctx, `SET tcp_keepalives_idle = 30; SET tcp_keepalives_interval = 10; SET tcp_keepalives_count = 3`); err != nil {
		drop()
		return nil, translate(err)
	}
	var got bool
	if err := conn.QueryRowContext(ctx, `SELECT pg_try_advisory_lock(hashtextextended($1, 0))`, "kabinet."+name).Scan(&got); err != nil {
		drop()
		return nil, translate(err)
	}
	if !got {
		drop()
		return nil, fmt.Errorf("%s: %w", name, ErrHeld)
	}
	return func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		_, _ = conn.ExecContext(ctx, `SELECT pg_advisory_unlock_all()`) // before the server has noticed that we left
		drop()
	}, nil
}

// Hush forgets the facts told in this transaction so far: history that is
// imported reaches no stream and no hearer.
func (tx *Tx) Hush() { tx.tales = nil }
