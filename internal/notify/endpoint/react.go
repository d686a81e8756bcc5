package endpoint

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/google/uuid"

	"kabinet/internal/event"
	"kabinet/internal/store"
)

// Hearers says which facts this room reacts to.
func (e *Endpoints) Hearers() []store.Hearer {
	return []store.Hearer{{
		Name: "endpoint", Kinds: []string{event.SessionsEnded{}.Kind()}, Own: true,
		On: e.OnSessionsEnded,
	}}
}

// OnSessionsEnded ends what was registered in sessions that are over. The fact
// does not name all of them, so the sessions themselves are asked.
func (e *Endpoints) OnSessionsEnded(ctx context.Context, tx *store.Tx, ev event.Stored) error {
	var f event.SessionsEnded
	if err := json.Unmarshal(ev.Payload, &f); err != nil {
		return fmt.Errorf("endpoint: read %s: %w", ev.Kind, err)
	}
	return e.endDead(ctx, tx, f.UserID)
}

// endDead ends a person's browsers and devices whose session is over.
func (e *Endpoints) endDead(ctx context.Context, tx *store.Tx, user uuid.UUID) error {
	args := append([]any{tx.Now, tx.Now, user}, e.going(tx.Now)...)
	_, err := tx.Exec(ctx, `UPDATE push_endpoints SET status = 'REMOVED', ended_at = ?, updated_at = ? WHERE user_id = ? AND status = 'ACTIVE'
		AND NOT EXISTS (SELECT 1 FROM sessions s WHERE s.id = push_endpoints.session_id AND s.user_id = push_endpoints.user_id AND `+going+`)`, args...)
	return err
}

// TidyDue ends up to limit browsers and devices whose session ran out by
// itself, of which no fact tells, and codes of messengers that nobody said. What
// ended a month ago is deleted.
func (e *Endpoints) TidyDue(ctx context.Context, limit int) (n int, err error) {
	err = e.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		args := append(append([]any{tx.Now, tx.Now}, e.going(tx.Now)...), limit)
		dead, err := tx.Exec(ctx, `UPDATE push_endpoints SET status = 'REMOVED', ended_at = ?, updated_at = ? WHERE id IN (
			SELECT p.id FROM push_endpoints p WHERE p.status = 'ACTIVE' AND NOT EXISTS (SELECT 1 FROM sessions s
				WHERE s.id = p.session_id AND s.user_id = p.user_id AND `+going+`) ORDER BY p.id LIMIT ?)`, args...)
		if err != nil {
			return err
		}
		unsaid, err := tx.Exec(ctx, `UPDATE messenger_links SET status = 'ENDED', end_reason = 'EXPIRED', ended_at = ?, updated_at = ?, code_key = NULL WHERE id IN (
			SELECT id FROM messenger_links WHERE status = 'WAITING' AND expires_at <= ? ORDER BY expires_at LIMIT ?)`, tx.Now, tx.Now, tx.Now, limit)
		n = int(max(dead, unsaid))
		return err
	})
	if err != nil || n == limit {
		return n, err
	}
	old := e.Store.Now().Add(-keepEnded)
	if err := e.Store.Sweep(ctx, "push_endpoints", "id", `status <> 'ACTIVE' AND ended_at < ?`, old); err != nil {
		return n, err
	}
	return n, e.Store.Sweep(ctx, "messenger_links", "id", `status = 'ENDED' AND ended_at < ?`, old)
}
