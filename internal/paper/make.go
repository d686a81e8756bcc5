package paper

import (
	"context"
	"encoding/json"
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
	"kabinet/internal/event"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

const (
	// TableTime is how long the clock's job may take: in one go files are begun
	// for a turn, and the last one has the rest.
	TableTime  = 15 * time.Minute
	tableTurn  = time.Minute
	tableStuck = 5 * time.Minute // without a word: its maker is gone
	tableTries = 3
	atOnce     = 500  // rows that are read in one go
	noted      = 2000 // rows after which it is noted how many there are
)

// errRightsLost ends a file whose asker may not read any more what it is of.
var errRightsLost = errors.New("the right to read it was lost")

// TablesDue makes the files that wait, by the clock, and those whose maker
// died. It says how many it made.
func (p *Papers) TablesDue(ctx context.Context, limit int) (n int, err error) {
	ctx = viewer.AsSystem(ctx, "paper")
	ids, err := p.Store.Client.Task.Query().Where(task.Kind(taskTable), task.Or(task.StatusEQ(task.StatusWAITING),
		task.And(task.StatusEQ(task.StatusRUNNING), task.UpdatedAtLT(p.Store.Now().Add(-tableStuck))))).Order(ent.Asc(task.FieldID)).Limit(limit).IDs(ctx)
	if err != nil {
		return 0, store.Translate(err)
	}
	var errs []error
	begun := time.Now()
	for _, id := range ids {
		if ctx.Err() != nil || time.Since(begun) > tableTurn {
			return 0, errors.Join(errs...)
		}
		if err := p.table(ctx, id); err != nil {
			errs = append(errs, fmt.Errorf("table %s: %w", id, err))
			continue
		}
		n++
	}
	return n, errors.Join(errs...)
}

// table makes one file. What fails is FAILED; what was cut off waits to be
// begun again, a few times.
func (p *Papers) table(ctx context.Context, id uuid.UUID) error {
	t, w, err := p.takeTable(ctx, id)
	if errors.Is(err, store.ErrTaskMoved) {
		return nil
	}
	if err != nil {
		return err
	}
	if t.Counts[countTries] > tableTries {
		return p.Store.FailTask(ctx, id)
	}
	err = p.makeTable(ctx, t, w)
	if err == nil || errors.Is(err, store.ErrTaskMoved) {
		return nil
	}
	alive, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	switch {
	case errors.Is(err, errRightsLost):
		return p.Store.FailTask(alive, id)
	case ctx.Err() != nil && t.Counts[countTries] < tableTries:
		return errors.Join(err, p.putBack(alive, t))
	}
	return errors.Join(err, p.Store.FailTask(alive, id))
}

func (p *Papers) putBack(ctx context.Context, t *ent.Task) error {
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

// takeTable marks a task as being made.
func (p *Papers) takeTable(ctx context.Context, id uuid.UUID) (t *ent.Task, w *tableWanted, err error) {
	err = p.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		t, err := tx.Task.Get(ctx, id)
		if err != nil {
			return err
		}
		at, err := store.TaskPosition(t)
		if err != nil {
			return err
		}
		if err := tx.LockTask(ctx, id, at); err != nil {
			return err
		}
		return tx.AdvanceTask(ctx, id, at+1, map[string]int64{countDone: 0, countOf: 0, countRows: 0, countTries: t.Counts[countTries] + 1})
	})
	if err != nil {
		return nil, nil, err
	}
	if t, err = p.Store.Client.Task.Get(ctx, id); err != nil {
		return nil, nil, err
	}
	w = &tableWanted{}
	return t, w, json.Unmarshal(t.Input, w)
}

// makeTable writes the file beside the database and then keeps it.
func (p *Papers) makeTable(ctx context.Context, t *ent.Task, w *tableWanted) error {
	if err := p.mayStill(ctx, t.OwnerID, w); err != nil {
		return err
	}
	file, err := os.CreateTemp("", "kabinet-table-*")
	if err != nil {
		return err
	}
	defer func() {
		_ = file.Close()
		_ = os.Remove(file.Name())
	}()
	run := &tableRun{Papers: p, task: t, wanted: w}
	if err := run.write(ctx, file); err != nil {
		return err
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	kept, err := p.Keep(ctx, mimes[w.Format], file)
	if err != nil {
		return err
	}
	if err := run.finish(ctx, kept); err != nil {
		return errors.Join(err, kept.Drop(context.WithoutCancel(ctx)))
	}
	return nil
}

var mimes = map[TableFormat]string{CSV: "text/csv", XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}

// mayStill asks again whether the person may read what the file is of.
func (p *Papers) mayStill(ctx context.Context, me uuid.UUID, w *tableWanted) error {
	if w.As == asSelf || p.Reach == nil {
		return nil
	}
	owner, least := viewer.House, viewer.ReachAll
	if w.As == asMember {
		owner, least = *w.Owner, viewer.ReachOwner
		if w.Made {
			least = viewer.ReachOwn
		}
	}
	reach, err := p.Reach(ctx, me, owner, w.Resource)
	if err == nil && reach < least {
		err = errRightsLost
	}
	return err
}

// MayOpen asks, when a file of rows is fetched, whether the person whose it is
// may still read what it is of: a role can end while the file is kept. Other
// documents it lets pass. Fault: NOT_FOUND.
func (p *Papers) MayOpen(ctx context.Context, d *ent.Document) error {
	if d.Kind != document.KindEXPORT || d.SubjectID == nil {
		return nil
	}
	t, err := p.Store.Client.Task.Query().Where(task.ID(*d.SubjectID)).Only(viewer.AsSystem(ctx, "paper"))
	if ent.IsNotFound(err) {
		return fault.ErrNotFound
	}
	if err != nil || t.Kind != taskTable {
		return store.Translate(err)
	}
	var w tableWanted
	if err := json.Unmarshal(t.Input, &w); err != nil {
		return err
	}
	if err = p.mayStill(ctx, t.OwnerID, &w); errors.Is(err, errRightsLost) {
		return fault.ErrNotFound
	}
	return err
}

// tableRun is one file while it is made.
type tableRun struct {
	*Papers
	task       *ent.Task
	wanted     *tableWanted
	out        Table
	done, rows int64 // orders or entries; rows of the file
	of         int64
	said       int64 // rows when it was noted last
}

func (r *tableRun) write(ctx context.Context, to io.Writer) (err error) {
	lang := r.wanted.Locale
	name, heads := say(lang, "export.orders"), orderHeads(lang, r.wanted.Columns)
	each := r.orders
	if r.wanted.Subject == OfEntries {
		name, heads, each = say(lang, "export.entries"), entryHeads(lang), r.entries
	}
	if r.out, err = r.Table(to, r.wanted.Format, name, heads); err != nil {
		return err
	}
	if err := each(ctx); err != nil {
		return errors.Join(err, r.out.Close()) // its temporary file goes
	}
	return r.out.Close()
}

// row writes one row.
func (r *tableRun) row(cells []any) error {
	r.rows++
	return r.out.Row(cells)
}

// note says how far it is, from time to time.
func (r *tableRun) note(ctx context.Context) error {
	if r.said > 0 && r.rows-r.said < noted {
		return nil
	}
	r.said = max(r.rows, 1)
	return r.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error { return tx.NoteTask(ctx, r.task.ID, r.counts()) })
}

func (r *tableRun) counts() map[string]int64 {
	return map[string]int64{countDone: r.done, countOf: max(r.of, r.done), countRows: r.rows, countTries: r.task.Counts[countTries]}
}

// finish makes the file the person's and tells the person. Who was erased meanwhile gets none.
func (r *tableRun) finish(ctx context.Context, kept Kept) error {
	at, err := store.TaskPosition(r.task)
	if err != nil {
		return err
	}
	return r.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		u, err := tx.User.Query().Where(user.ID(r.task.OwnerID), tx.Locking()).Only(ctx)
		if err != nil {
			return err
		}
		if u.Status == user.StatusERASED {
			return fault.ErrNotFound
		}
		if err := tx.LockTask(ctx, r.task.ID, at); err != nil {
			return err
		}
		id := "export.name.orders"
		if r.wanted.Subject == OfEntries {
			id = "export.name.entries"
		}
		name := say(r.wanted.Locale, id, "date", tx.Now.In(r.zone()).Format(day)) + map[TableFormat]string{CSV: ".csv", XLSX: ".xlsx"}[r.wanted.Format]
		about := scalar.ID{Prefix: "task", UUID: r.task.ID}
		if err := kept.File(ctx, tx, r.task.OwnerID, name, about, tx.Now.Add(tableKept)); err != nil {
			return err
		}
		tx.Tell(event.FileReady{TaskID: r.task.ID, UserID: r.task.OwnerID, Title: name}, store.ToUser(r.task.OwnerID))
		r.of = r.done
		return tx.FinishTask(ctx, r.task.ID, at+1, r.counts())
	})
}
