package delivery

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/riverqueue/river"

	entdelivery "kabinet/ent/generated/delivery"
	"kabinet/internal/job"
	"kabinet/internal/store"
)

// forgotten is after how long a message that waits for its job is given another
// one: the queue gives up jobs that failed too often by our own fault.
const forgotten = time.Hour

// Due queues what was held or failed and has its time now, at most limit of
// them, and says how many. Of what goes in one message it queues one, which
// gathers the others.
func (d *Deliveries) Due(ctx context.Context, limit int) (n int, err error) {
	err = d.Store.InTx(asSystem(ctx), func(ctx context.Context, tx *store.Tx) error {
		ids, err := due(ctx, tx, limit)
		if n = len(ids); err != nil || n == 0 {
			return err
		}
		rows, err := tx.Delivery.Query().Where(entdelivery.IDIn(ids...), entdelivery.StatusIn(entdelivery.StatusHELD, entdelivery.StatusFAILED, entdelivery.StatusQUEUED), tx.Locking()).
			Order(entdelivery.ByID()).All(ctx)
		if err != nil {
			return err
		}
		jobs := make([]river.InsertManyParams, 0, len(rows))
		queued := make([]uuid.UUID, 0, len(rows))
		for _, r := range rows {
			if r.DueAt.After(tx.Now) {
				continue // moved meanwhile
			}
			queued = append(queued, r.ID)
			jobs = append(jobs, river.InsertManyParams{Args: deliverOf(r, r.Round)})
		}
		if err := tx.Delivery.Update().Where(entdelivery.IDIn(queued...)).SetStatus(entdelivery.StatusQUEUED).ClearStatusReason().SetDueAt(tx.Now).Exec(ctx); err != nil {
			return err
		}
		return job.EnqueueAll(ctx, tx, jobs)
	})
	return n, err
}

// dueQuery finds them, the longest due first: what waits for nothing has no time.
const dueQuery = `SELECT d.id FROM deliveries d WHERE d.sent_with_id IS NULL AND d.due_at <= ? AND (d.status <> 'QUEUED' OR d.due_at <= ?)
		AND (d.digest_key IS NULL OR d.status <> 'HELD' OR NOT EXISTS (SELECT 1 FROM deliveries o WHERE o.user_id = d.user_id AND o.digest_key = d.digest_key
			AND (o.status = 'QUEUED' OR o.status = 'HELD' AND o.sent_with_id IS NULL AND o.due_at <= ? AND o.id < d.id)))
		ORDER BY d.due_at LIMIT ?`

func due(ctx context.Context, tx *store.Tx, limit int) ([]uuid.UUID, error) {
	rows, err := tx.Query(ctx, dueQuery, tx.Now, tx.Now.Add(-forgotten), tx.Now, limit)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var ids []uuid.UUID
	for rows.Next() {
		var id uuid.UUID
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	return ids, rows.Err()
}

// TrimDue deletes what was made more than 90 days ago, at most limit of them,
// and says how many.
func (d *Deliveries) TrimDue(ctx context.Context, limit int) (n int, err error) {
	err = d.Store.InTx(asSystem(ctx), func(ctx context.Context, tx *store.Tx) error {
		ids, err := tx.Delivery.Query().Where(entdelivery.CreatedAtLT(tx.Now.AddDate(0, 0, -keptDays))).Order(entdelivery.ByCreatedAt()).Limit(limit).IDs(ctx)
		if err != nil || len(ids) == 0 {
			n = 0
			return err
		}
		n, err = tx.Delivery.Delete().Where(entdelivery.IDIn(ids...)).Exec(ctx)
		return err
	})
	return n, err
}
