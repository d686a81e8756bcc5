package privacy

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/consent"
	"kabinet/ent/generated/task"
	"kabinet/ent/generated/user"
	"kabinet/internal/locale"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

const (
	soon   = 3 * 24 * time.Hour // before the end the person is told once more
	putOff = 24 * time.Hour     // by which a deletion waits for what stands in its way

	// What the counts of a deletion's task say.
	countReminded = "reminded"
	countPutOff   = "put_off"
	countRound    = "round" // rows touched in this round of the table of erasure
	countRows     = "rows"  // in all
)

// DeletionsDue carries deletions on, by the clock: it tells those whose time
// is near, begins those whose time has come, and goes on where an erasure
// stopped, even if by kill -9. It says how many it moved, limit at most.
func (p *Privacy) DeletionsDue(ctx context.Context, limit int) (int, error) {
	ctx = viewer.AsSystem(ctx, "privacy")
	n, err := p.each(ctx, p.remind, `SELECT u.id FROM users u JOIN tasks t ON t.owner_id = u.id AND t.kind = 'privacy.deletion' AND t.status = 'WAITING'
		WHERE u.delete_at > ? AND u.delete_at <= ? AND u.status <> 'ERASED' AND (t.counts IS NULL OR CAST(t.counts AS text) NOT LIKE '%"reminded"%')
		ORDER BY u.delete_at LIMIT ?`, p.Store.Now(), p.Store.Now().Add(soon), limit)
	if err != nil {
		return n, err
	}
	begun, err := p.each(ctx, p.begin, `SELECT id FROM users WHERE delete_at <= ? AND status <> 'ERASED' ORDER BY delete_at LIMIT ?`, p.Store.Now(), limit)
	n += begun
	if err != nil {
		return n, err
	}
	walked, err := p.each(ctx, p.walk, `SELECT id FROM tasks WHERE status = 'RUNNING' AND kind = ? ORDER BY id LIMIT ?`, taskDeletion, limit)
	return n + walked, err
}

// each does something with the ids of a query and says how many it moved. What
// one of them meets keeps nobody else waiting.
func (p *Privacy) each(ctx context.Context, do func(context.Context, uuid.UUID) (bool, error), query string, args ...any) (moved int, err error) {
	ids, err := p.ids(ctx, query, args...)
	if err != nil {
		return 0, err
	}
	var failed error
	for _, id := range ids {
		if ctx.Err() != nil {
			return moved, errors.Join(failed, ctx.Err())
		}
		did, err := do(ctx, id)
		if err != nil {
			failed = errors.Join(failed, fmt.Errorf("privacy: %s: %w", id, err))
			continue
		}
		if did {
			moved++
		}
	}
	return moved, failed
}

func (p *Privacy) ids(ctx context.Context, query string, args ...any) (ids []uuid.UUID, err error) {
	rows, err := p.Store.Query(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var id uuid.UUID
		if err := rows.Scan(&id); err != nil {
			return nil, store.Translate(err)
		}
		ids = append(ids, id)
	}
	return ids, store.Translate(rows.Err())
}

// held is the person, his row held, and his deletion's task; nil where
// somebody was here first.
func held(ctx context.Context, tx *store.Tx, id uuid.UUID) (*ent.User, *ent.Task, error) {
	u, err := tx.User.Query().Where(user.ID(id), tx.Locking()).Only(ctx)
	if err != nil {
		return nil, nil, err
	}
	if u.DeleteAt == nil || u.Status == user.StatusERASED {
		return nil, nil, nil
	}
	t, err := deletionTask(ctx, tx, id)
	return u, t, err
}

// remind tells a person that his account ends soon, once. Who asked no longer
// ago than that was told just then.
func (p *Privacy) remind(ctx context.Context, id uuid.UUID) (did bool, err error) {
	err = p.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		did = false
		u, t, err := held(ctx, tx, id)
		if err != nil || u == nil || t.Counts[countReminded] > 0 {
			return err
		}
		counts := countsOf(t)
		counts[countReminded], did = 1, true
		if u.DeleteAt.Sub(t.CreatedAt) > soon {
			if err := p.News(ctx, tx, id, newsDeletionSoon, scalar.ID{Prefix: "usr", UUID: id}, map[string]any{"dueAt": u.DeleteAt.Format(time.RFC3339)}); err != nil {
				return err
			}
		}
		return tx.NoteTask(ctx, t.ID, counts)
	})
	return did, err
}

// begin looks once more whether anything stands in the way, and puts the
// deletion off by a day if so; else, in one transaction, the points are
// forfeited, the sessions end, files and cards go, and the person is told at
// the addresses he still has. From there nothing leads back.
func (p *Privacy) begin(ctx context.Context, id uuid.UUID) (did bool, err error) {
	err = p.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		did = false
		// Accounts before the person, as whoever spends points locks them.
		if err := tx.Lock(ctx, "ledger_accounts", "owner_id", id); err != nil {
			return err
		}
		u, t, err := held(ctx, tx, id)
		if err != nil || u == nil || u.DeleteAt.After(tx.Now) {
			return err
		}
		did = true
		all, err := p.blockers(ctx, tx, id)
		if err != nil {
			return err
		}
		if len(all) > 0 {
			return p.wait(ctx, tx, u, t, all)
		}
		if err := tx.LockTask(ctx, t.ID, 0); err != nil {
			return err
		}
		me := scalar.ID{Prefix: "usr", UUID: id}
		for _, step := range []func() error{
			func() error { return p.News(ctx, tx, id, newsDeleted, me, nil) },
			func() error { return p.Forfeit(ctx, tx, id) },
			func() error { return p.Drop(ctx, tx, id) },
			func() error { return p.End(ctx, tx, id) },
			func() error { return tx.User.UpdateOneID(id).SetStatus(user.StatusERASED).Exec(ctx) },
		} {
			if err := step(); err != nil {
				return err
			}
		}
		return tx.AdvanceTask(ctx, t.ID, 1, countsOf(t))
	})
	return did, err
}

// wait puts a deletion off; the person is told the first time.
func (p *Privacy) wait(ctx context.Context, tx *store.Tx, u *ent.User, t *ent.Task, all []*DeletionBlocker) error {
	next := tx.Now.Add(putOff)
	if err := tx.User.UpdateOneID(u.ID).SetDeleteAt(next).Exec(ctx); err != nil {
		return err
	}
	counts := countsOf(t)
	counts[countPutOff]++
	if counts[countPutOff] == 1 {
		err := p.News(ctx, tx, u.ID, newsDeletionPutOff, scalar.ID{Prefix: "usr", UUID: u.ID}, map[string]any{"dueAt": next.Format(time.RFC3339), "reasons": reasons(all)})
		if err != nil {
			return err
		}
	}
	return tx.NoteTask(ctx, t.ID, counts)
}

func countsOf(t *ent.Task) map[string]int64 {
	counts := map[string]int64{}
	for k, n := range t.Counts {
		counts[k] = n
	}
	return counts
}

// walk goes over the table of erasure, a batch of rows a transaction, until a
// whole round finds nothing and everything told before was heard.
func (p *Privacy) walk(ctx context.Context, id uuid.UUID) (did bool, err error) {
	for done := false; !done; {
		moved := false
		err = p.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
			moved, done, err = p.step(ctx, tx, id)
			return err
		})
		if errors.Is(err, store.ErrTaskMoved) { // another instance is at it
			return did, nil
		}
		if err != nil || !moved {
			return did, err
		}
		did = true
	}
	return did, nil
}

// step is one transaction of a walk. moved is false where facts are still to be heard.
func (p *Privacy) step(ctx context.Context, tx *store.Tx, id uuid.UUID) (moved, done bool, err error) {
	t, err := tx.Task.Query().Where(task.ID(id)).Only(ctx)
	if err != nil {
		return false, false, err
	}
	at, err := store.TaskPosition(t)
	if err != nil {
		return false, false, err
	}
	if err := tx.LockTask(ctx, id, at); err != nil {
		return false, false, err
	}
	counts, steps := countsOf(t), int64(len(store.Erasures))
	if at > 1 && (at-1)%steps == 0 { // a round is over
		if counts[countRound] == 0 {
			return p.end(ctx, tx, t, at)
		}
		counts[countRound] = 0
	}
	for n := int64(0); n < store.ErasureBatch; {
		e := store.Erasures[(at-1)%steps]
		touched, err := tx.EraseRows(ctx, e, t.OwnerID, Nobody())
		if err != nil {
			return false, false, fmt.Errorf("%s: %w", e.Table, err)
		}
		n += touched
		counts[countRound] += touched
		counts[countRows] += touched
		if touched == store.ErasureBatch {
			break // of this table more is left
		}
		if at++; (at-1)%steps == 0 {
			break
		}
	}
	return true, false, tx.AdvanceTask(ctx, id, at, counts)
}

// end finishes a deletion of which nothing is left; where facts of the person
// are not heard yet it waits, since hearers write.
func (p *Privacy) end(ctx context.Context, tx *store.Tx, t *ent.Task, at int64) (moved, done bool, err error) {
	var one int
	err = tx.QueryRow(ctx, `SELECT 1 FROM account_events WHERE stream_id = ? LIMIT 1`, t.OwnerID).Scan(&one)
	if err == nil {
		// The next look begins a round, which deletes what was heard by then.
		if unheard, err := p.unheard(ctx, tx, t.OwnerID); err != nil || unheard {
			return false, false, err
		}
		counts := countsOf(t)
		counts[countRound] = 1
		return true, false, tx.AdvanceTask(ctx, t.ID, 1, counts)
	}
	if !errors.Is(err, sql.ErrNoRows) {
		return false, false, err
	}
	if err := tx.Audit(ctx, "privacy.erased", t.OwnerID, scalar.ID{Prefix: "usr", UUID: t.OwnerID}, nil); err != nil {
		return false, false, err
	}
	counts := countsOf(t)
	delete(counts, countRound)
	return true, true, tx.FinishTask(ctx, t.ID, at, counts)
}

func (p *Privacy) unheard(ctx context.Context, tx *store.Tx, id uuid.UUID) (bool, error) {
	var one int
	err := tx.QueryRow(ctx, `SELECT 1 FROM account_events WHERE stream_id = ? AND NOT (heard AND relayed) LIMIT 1`, id).Scan(&one)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}

// Nobody is what an erased person is called.
func Nobody() string { return locale.Text(locale.English, "privacy.nobody", nil) }

// ForgetStrangers blanks from where those agreed who registered, confirmed
// nothing and are forgotten in this transaction: nobody is left whose consent
// it would prove.
func (p *Privacy) ForgetStrangers(ctx context.Context, tx *store.Tx, users []uuid.UUID) error {
	return tx.Consent.Update().Where(consent.UserIDIn(users...)).ClearIP().ClearUserAgent().Exec(asSystem(ctx))
}
