package card

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"entgo.io/ent/dialect"
	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/cardsource"
	"kabinet/ent/generated/outsidecard"
	"kabinet/ent/schema"
	"kabinet/internal/store"
)

// keep writes what came: the content of then stays where a source failed. A
// card that is gone by now, with its source or with the person, stays gone: the
// sources are locked before their cards, as by who deletes one, and the rows
// are changed where they stand, so that a deletion that waits for them finds
// them.
func (c *Cards) keep(ctx context.Context, user uuid.UUID, claimed, asked []*ent.CardSource, answers []Answer) error {
	ids, values := make([]uuid.UUID, len(claimed)), make([]any, len(claimed))
	for i, s := range claimed {
		ids[i], values[i] = s.ID, s.ID
	}
	return c.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		if err := tx.Lock(ctx, "card_sources", "id", values...); err != nil {
			return err
		}
		there, err := tx.CardSource.Query().Where(cardsource.IDIn(ids...)).IDs(asSystem(ctx))
		if err != nil {
			return err
		}
		rows, err := tx.OutsideCard.Query().Where(outsidecard.UserID(user), outsidecard.SourceIDIn(ids...), tx.Locking()).Order(outsidecard.ByID()).All(asSystem(ctx))
		if err != nil {
			return err
		}
		var left []uuid.UUID // whose source went before they were claimed
		var changed []*ent.OutsideCard
		for _, o := range rows {
			i := slices.IndexFunc(asked, func(s *ent.CardSource) bool { return s.ID == o.SourceID })
			if i < 0 || !slices.Contains(there, o.SourceID) {
				left = append(left, o.ID)
				continue
			}
			refresh(o, asked[i], answers[i], tx.Now)
			changed = append(changed, o)
		}
		if len(left) > 0 {
			if _, err := tx.OutsideCard.Delete().Where(outsidecard.IDIn(left...)).Exec(asSystem(ctx)); err != nil {
				return err
			}
		}
		return rewrite(ctx, tx, c.Store.Dialect(), changed)
	})
}

// refresh makes a card what it is after its source was asked.
func refresh(o *ent.OutsideCard, s *ent.CardSource, a Answer, now time.Time) {
	t, failure := readAnswer(a)
	if failure != "" {
		o.Error, o.FailedAt = &failure, &now
		return
	}
	o.Title, o.Rows, o.Link, o.Error, o.FailedAt = t.title, t.rows, t.link, nil, nil
	o.FetchedAt, o.ExpiresAt = &now, later(now, time.Duration(s.TTLSeconds)*time.Second)
}

// rewrite writes cards that are there and locked, in one statement, and ends
// the claim on each.
func rewrite(ctx context.Context, tx *store.Tx, of string, cards []*ent.OutsideCard) error {
	if len(cards) == 0 {
		return nil
	}
	one := `(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
	if of == dialect.Postgres {
		one = `(?, ?, ?, ?, ?, ?, CAST(? AS jsonb), ?, ?, ?, ?, ?)`
	}
	var args []any
	for _, o := range cards {
		if o.Rows == nil {
			o.Rows = []schema.CardRow{}
		}
		rows, err := json.Marshal(o.Rows)
		if err != nil {
			return err
		}
		args = append(args, o.ID, o.CreatedAt, tx.Now, o.UserID, o.SourceID, o.Title, string(rows), o.Link, o.FetchedAt, o.ExpiresAt, o.Error, o.FailedAt)
	}
	_, err := tx.Exec(ctx, `INSERT INTO outside_cards (id, created_at, updated_at, user_id, source_id, title, "rows", link, fetched_at, expires_at, error, failed_at) VALUES `+
		strings.TrimSuffix(strings.Repeat(one+`, `, len(cards)), `, `)+` ON CONFLICT (source_id, user_id) DO UPDATE SET updated_at = excluded.updated_at, title = excluded.title, "rows" = excluded."rows",
		link = excluded.link, fetched_at = excluded.fetched_at, expires_at = excluded.expires_at, error = excluded.error, failed_at = excluded.failed_at, fetching_until = NULL`, args...)
	return err
}
