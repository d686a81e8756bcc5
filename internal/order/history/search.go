package history

import (
	"context"
	"encoding/hex"
	"slices"
	"strings"

	"entgo.io/ent/dialect"
	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	entorder "kabinet/ent/generated/order"
	"kabinet/ent/generated/orderline"
	"kabinet/internal/store"
)

// atOnce is how many orders one statement keeps the words of.
const atOnce = 500

// Index keeps the words of orders that are new, or whose owner is: numbers,
// and skus and titles of their lines, which are in Edges.Lines. It runs in the
// transaction of the order.
func (h *History) Index(ctx context.Context, tx *store.Tx, orders ...*ent.Order) error {
	words := "?"
	if tx.Store().Dialect() == dialect.Postgres {
		words = "array_to_tsvector(string_to_array(?, ' '))"
	}
	for part := range slices.Chunk(orders, atOnce) {
		var query strings.Builder
		query.WriteString(`INSERT INTO search_docs (object_id, kind, owner_id, placed_at, words) VALUES `)
		args := make([]any, 0, 4*len(part))
		for i, o := range part {
			if i > 0 {
				query.WriteString(", ")
			}
			query.WriteString(`(?, 'ORDER', ?, ?, ` + words + `)`)
			args = append(args, o.ID, o.OwnerID, o.PlacedAt, strings.Join(wordsOf(o), " "))
		}
		query.WriteString(` ON CONFLICT (object_id) DO UPDATE SET owner_id = excluded.owner_id, placed_at = excluded.placed_at, words = excluded.words`)
		if _, err := tx.Exec(ctx, query.String(), args...); err != nil {
			return err
		}
	}
	return nil
}

// wordsOf are the words that an order is found by, and one of its owner: both
// databases then narrow to a list by the same index.
func wordsOf(o *ent.Order) []string {
	texts := []string{o.Number}
	for _, l := range o.Edges.Lines {
		texts = append(texts, l.Sku, l.Title)
	}
	return append(store.KeepWords(texts...), ownerWord(o.OwnerID))
}

// ownerWord is longer than any word of a number, and no word of a language.
func ownerWord(id uuid.UUID) string { return "o" + hex.EncodeToString(id[:]) }

// IndexDue keeps the words of orders that were there before their search was,
// at most limit, and says how many there were. Those of somebody who is erased
// were taken away with him.
func (h *History) IndexDue(ctx context.Context, limit int) (n int, err error) {
	err = h.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		ids, err := unindexed(ctx, tx, limit)
		if n = len(ids); err != nil || n == 0 {
			return err
		}
		orders, err := tx.Order.Query().Where(entorder.IDIn(ids...)).Select(entorder.FieldID, entorder.FieldOwnerID, entorder.FieldNumber, entorder.FieldPlacedAt).
			WithLines(func(q *ent.OrderLineQuery) {
				q.Select(orderline.FieldOrderID, orderline.FieldSku, orderline.FieldTitle)
			}).All(ctx)
		if err != nil {
			return err
		}
		return h.Index(ctx, tx, orders...)
	})
	return n, err
}

func unindexed(ctx context.Context, tx *store.Tx, limit int) (ids []uuid.UUID, err error) {
	rows, err := tx.Query(ctx, `SELECT o.id FROM orders o WHERE NOT EXISTS (SELECT 1 FROM search_docs d WHERE d.object_id = o.id)
		AND NOT EXISTS (SELECT 1 FROM users u WHERE u.id = o.owner_id AND u.status = 'ERASED') LIMIT ?`, limit)
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
	return ids, rows.Err()
}
