package bonus

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/internal/event"
	"kabinet/internal/ledger"
	"kabinet/internal/store"
)

// reminderTask is the kind of the task that keeps how far reminders came: its
// position is the last day, counted from 1970, for which all were said.
const reminderTask = "bonus.remind"

// maxMissedDays is how many days that were missed, as by a long standstill, are
// made up for.
const maxMissedDays = 31

// RemindExpiring tells owners of points that will expire in so many days as
// their programme says, once for each account, date and number of days, and
// says how many it told; after the day on which it told limit it stops. Days
// count by UTC. Each account is a transaction of its own; several instances
// share the work, and one that is cut off goes on with the day where it was. It
// is called by the clock.
func (p *Points) RemindExpiring(ctx context.Context, limit int) (int, error) {
	progs, err := p.Programs(ctx)
	if err != nil {
		return 0, err
	}
	today := dayOf(p.Store.Now())
	task, done, err := p.reminders(ctx, today)
	if err != nil {
		return 0, err
	}
	told := 0
	for d := max(done+1, dayNumber(today)-maxMissedDays); d <= dayNumber(today); d++ {
		for _, prog := range progs {
			for _, days := range Reminders(prog) {
				date := dayTime(d + int64(days))
				if date.Before(today) { // missed: they are gone
					continue
				}
				n, err := p.remindOf(ctx, prog, days, date)
				told += n
				if err != nil {
					return told, err
				}
			}
		}
		if err := p.remindedTo(ctx, task, done, d); err != nil {
			return told, err
		}
		if done = d; told >= limit {
			break
		}
	}
	return told, nil
}

func dayNumber(t time.Time) int64 { return t.Unix() / 86400 }

func dayTime(n int64) time.Time { return time.Unix(n*86400, 0).UTC() }

// reminders is the task and how far it came; a new one begins yesterday.
func (p *Points) reminders(ctx context.Context, today time.Time) (*ent.Task, int64, error) {
	t, err := p.Store.FindTask(ctx, reminderTask)
	if err == nil && t == nil {
		err = p.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
			if t, err = tx.BeginTask(ctx, reminderTask, reminderTask, struct{}{}); err != nil {
				return err
			}
			return tx.AdvanceTask(ctx, t.ID, dayNumber(today)-1, nil)
		})
		if err == nil || store.IsUnique(err) { // or another instance made it
			t, err = p.Store.FindTask(ctx, reminderTask)
		}
	}
	if err != nil {
		return nil, 0, err
	}
	done, err := store.TaskPosition(t)
	return t, done, err
}

// remindedTo notes that a day is done, unless another instance did.
func (p *Points) remindedTo(ctx context.Context, t *ent.Task, from, to int64) error {
	if from == to {
		return nil
	}
	err := p.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		if err := tx.LockTask(ctx, t.ID, from); err != nil {
			return err
		}
		return tx.AdvanceTask(ctx, t.ID, to, nil)
	})
	if errors.Is(err, store.ErrTaskMoved) {
		return nil
	}
	return err
}

// remindOf tells the owners whose points of a programme expire on a date. It is
// not stopped by how many it told: who asked again would begin the date anew.
func (p *Points) remindOf(ctx context.Context, prog *ent.BonusProgram, days int, date time.Time) (told int, err error) {
	last := uuid.Nil
	for {
		ids, err := p.expiringOn(ctx, prog, date, last)
		if err != nil || len(ids) == 0 {
			return told, err
		}
		for _, id := range ids {
			if err := ctx.Err(); err != nil {
				return told, err
			}
			last = id
			fresh, err := p.remind(ctx, id, days, date)
			if err != nil {
				return told, fmt.Errorf("remind account %s: %w", id, err)
			}
			if fresh {
				told++
			}
		}
	}
}

// expiringOn reads accounts on after last that may lose points on a date,
// without locks.
func (p *Points) expiringOn(ctx context.Context, prog *ent.BonusProgram, date time.Time, last uuid.UUID) (ids []uuid.UUID, err error) {
	const some = 500
	rows, err := p.Store.Query(ctx, `SELECT a.id FROM ledger_accounts a WHERE a.program_id = ? AND a.kind = 'BONUS' AND a.next_due_at < ? AND a.id > ?
		AND EXISTS (SELECT 1 FROM ledger_lots l WHERE l.account_id = a.id AND l.bucket = 'ACTIVE' AND l.remaining > 0 AND l.due_at >= ? AND l.due_at < ?)
		ORDER BY a.id LIMIT ?`, prog.KeyID, date.AddDate(0, 0, 1), last, date, date.AddDate(0, 0, 1), some)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var id uuid.UUID
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	return ids, store.Translate(rows.Err())
}

// remind tells of one account's points once. The key outlives the day on which
// it can be asked for.
func (p *Points) remind(ctx context.Context, account uuid.UUID, days int, date time.Time) (told bool, err error) {
	err = p.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		key := fmt.Sprintf("remind:%s:%s:%d", account, date.Format(time.DateOnly), days)
		replayed, err := tx.Once(ctx, "remindExpiring", key, nil, &struct{}{}, func() error {
			m := event.PointsExpiring{AccountID: account, Days: days}
			var due *time.Time
			var user *uuid.UUID
			err := tx.QueryRow(ctx, `SELECT a.owner_id, a.user_id, a.unit, CAST(coalesce(sum(l.remaining), 0) AS bigint), min(l.due_at) FROM ledger_accounts a
				JOIN ledger_lots l ON l.account_id = a.id AND l.bucket = 'ACTIVE' AND l.remaining > 0 AND l.due_at >= ? AND l.due_at < ?
				WHERE a.id = ? GROUP BY a.id, a.owner_id, a.user_id, a.unit`, date, date.AddDate(0, 0, 1), account).
				Scan(&m.OwnerID, &user, &m.Unit, &m.Amount, ledger.TimeOrNull(&due))
			if err != nil || due == nil {
				return err
			}
			m.DueAt = *due
			to := store.ToUser(m.OwnerID)
			if user == nil {
				to = store.ToCompany(m.OwnerID)
			}
			tx.Tell(m, to)
			return nil
		})
		told = err == nil && !replayed
		return err
	})
	if errors.Is(err, sql.ErrNoRows) { // spent meanwhile
		return false, nil
	}
	return told, err
}
