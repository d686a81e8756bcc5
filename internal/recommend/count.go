package recommend

import (
	"context"
	"database/sql"
	"strings"
	"time"

	"github.com/google/uuid"

	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// The bounds of what is counted. A product is counted by its latest orders, so
// that what sells for years costs no more than what sells since yesterday;
// orders of a trader's whole stock say nothing of what belongs together.
const (
	countedFor   = 24 * time.Hour     // then it is counted anew
	pairedFor    = 7 * 24 * time.Hour // its partners, where nobody bought it meanwhile
	mostOrders   = 1_000              // of one product, its latest
	mostLines    = 100                // of one order
	mostPartners = 24                 // kept of one product
	candidates   = 200                // partners of which those are chosen
	fewestOwners = 3                  // customers; fewer would show what one of them buys
	rowsAtOnce   = 1_000
)

// counts are the lines that count: of orders that were placed, but for what was
// cancelled or came back.
const counts = `cancelled + returned < quantity`

// latest are the latest orders of one product. Ids grow with time.
const latest = `(SELECT DISTINCT order_id FROM order_lines WHERE product_id = ? AND ` + counts + ` ORDER BY order_id DESC LIMIT ?) AS l
	JOIN orders AS o ON o.id = l.order_id AND o.status IN ('PLACED', 'COMPLETED')`

// owners counts customers; guests are nobody in particular and count as none.
const owners = `count(DISTINCT CASE WHEN o.owner_id <> ? THEN o.owner_id END)`

// goods is a product that is counted.
type goods struct {
	id             uuid.UUID
	category       sql.NullString
	orders, owners int64
}

// FiguresDue counts the orders of products that were not counted for a day, at
// most limit, and says how many there were. It reads outside of a transaction:
// nobody waits for it. For the system.
func (r *Recommendations) FiguresDue(ctx context.Context, limit int) (int, error) {
	due, err := r.due(ctx, `SELECT p.id, p.category, 0, 0 FROM products AS p LEFT JOIN product_figures AS f ON f.product_id = p.id
		WHERE f.product_id IS NULL OR f.figures_at <= ? ORDER BY p.id LIMIT ?`, countedFor, limit)
	if err != nil || len(due) == 0 {
		return 0, err
	}
	for i := range due {
		g := &due[i]
		if err := r.read(ctx, func(rows *sql.Rows) error { return rows.Scan(&g.orders, &g.owners) },
			`SELECT count(*), `+owners+` FROM `+latest, viewer.House, g.id, mostOrders); err != nil {
			return 0, err
		}
	}
	return len(due), r.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		var args []any
		for _, g := range due {
			var key any
			if k := likeness(g.category.String); k != "" {
				key = k
			}
			args = append(args, g.id, key, g.orders, g.owners, tx.Now)
		}
		// What sells so much that the numbers are at their bounds changes each day.
		_, err := tx.Exec(ctx, `INSERT INTO product_figures (product_id, category_key, orders, owners, figures_at) VALUES `+places(len(due), 5)+`
			ON CONFLICT (product_id) DO UPDATE SET category_key = excluded.category_key, orders = excluded.orders, owners = excluded.owners, figures_at = excluded.figures_at,
				pairs_at = CASE WHEN product_figures.orders = excluded.orders AND product_figures.owners = excluded.owners AND excluded.orders < ? THEN product_figures.pairs_at END`,
			append(args, mostOrders)...)
		return err
	})
}

// likeness is what a category and an interest have in common when they are the
// same in other words: the stems of their words; "" of none.
func likeness(text string) string { return strings.Join(store.SeekWords(text), " ") }

// PairsDue finds what products are bought together with whose figures changed,
// or that were not looked at for a week, at most limit, and says how many there
// were. FiguresDue goes before it. For the system.
func (r *Recommendations) PairsDue(ctx context.Context, limit int) (int, error) {
	due, err := r.due(ctx, `SELECT product_id, category_key, orders, owners FROM product_figures
		WHERE pairs_at IS NULL OR pairs_at <= ? ORDER BY product_id LIMIT ?`, pairedFor, limit)
	if err != nil || len(due) == 0 {
		return 0, err
	}
	var found []pair
	for _, g := range due {
		if g.owners < fewestOwners {
			continue
		}
		partners, err := r.partners(ctx, g)
		if err != nil {
			return 0, err
		}
		found = append(found, best(partners, mostPartners)...)
	}
	return len(due), r.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error { return keep(ctx, tx, due, found) })
}

// partners are the products most often in one order with another.
func (r *Recommendations) partners(ctx context.Context, g goods) (all []pair, err error) {
	err = r.read(ctx, func(rows *sql.Rows) error {
		p := pair{product: g.id}
		var orders int64
		if err := rows.Scan(&p.with, &p.orders, &p.owners, &orders); err != nil {
			return err
		}
		p.score = score(p.orders, g.orders, orders)
		all = append(all, p)
		return nil
	}, `SELECT t.with_id, t.orders, t.owners, f.orders FROM (
			SELECT w.product_id AS with_id, count(DISTINCT o.id) AS orders, `+owners+` AS owners FROM `+latest+`
			JOIN order_lines AS w ON w.order_id = o.id AND w.product_id <> ? AND w.cancelled + w.returned < w.quantity
			WHERE NOT EXISTS (SELECT 1 FROM order_lines AS far WHERE far.order_id = o.id AND far.position > ?)
			GROUP BY w.product_id
		) AS t JOIN product_figures AS f ON f.product_id = t.with_id
		WHERE t.owners >= ? ORDER BY t.orders DESC, t.with_id LIMIT ?`,
		viewer.House, g.id, mostOrders, g.id, mostLines, fewestOwners, candidates)
	return all, err
}

// keep puts the pairs of products in the place of those that were there.
func keep(ctx context.Context, tx *store.Tx, due []goods, found []pair) error {
	ids := make([]any, len(due))
	for i, g := range due {
		ids[i] = g.id
	}
	if _, err := tx.Exec(ctx, `DELETE FROM product_pairs WHERE product_id IN `+places(1, len(ids)), ids...); err != nil {
		return err
	}
	for len(found) > 0 {
		n := min(len(found), rowsAtOnce)
		var args []any
		for _, p := range found[:n] {
			args = append(args, p.product, p.with, p.orders, p.owners, p.score, tx.Now)
		}
		if _, err := tx.Exec(ctx, `INSERT INTO product_pairs (product_id, with_id, orders, owners, score, counted_at) VALUES `+places(n, 6)+`
			ON CONFLICT (product_id, with_id) DO UPDATE SET orders = excluded.orders, owners = excluded.owners, score = excluded.score, counted_at = excluded.counted_at`, args...); err != nil {
			return err
		}
		found = found[n:]
	}
	_, err := tx.Exec(ctx, `UPDATE product_figures SET pairs_at = ? WHERE product_id IN `+places(1, len(ids)), append([]any{tx.Now}, ids...)...)
	return err
}

// due are products that were counted so long ago, by a statement of a time and
// a limit.
func (r *Recommendations) due(ctx context.Context, query string, ago time.Duration, limit int) (all []goods, err error) {
	err = r.read(ctx, func(rows *sql.Rows) error {
		var g goods
		if err := rows.Scan(&g.id, &g.category, &g.orders, &g.owners); err != nil {
			return err
		}
		all = append(all, g)
		return nil
	}, query, r.Store.Now().Add(-ago), limit)
	return all, err
}

// read hands the rows of a statement over, one by one.
func (r *Recommendations) read(ctx context.Context, take func(*sql.Rows) error, query string, args ...any) error {
	rows, err := r.Store.Query(ctx, query, args...)
	if err != nil {
		return store.Translate(err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := take(rows); err != nil {
			return store.Translate(err)
		}
	}
	return store.Translate(rows.Err())
}

// places are n rows of so many values.
func places(n, values int) string {
	row := "(?" + strings.Repeat(", ?", values-1) + ")"
	return row + strings.Repeat(", "+row, n-1)
}
