package limit

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/google/uuid"
	"github.com/lib/pq"
)

// statements are those of the writes. What each screen needs and not one more:
// no idempotency, no audit, no stream told but the person's own.
type statements struct {
	basket, order, lines, balance, entry, notification, event *sql.Stmt
	spender, spend, lot, move                                 *sql.Stmt
	buyers, orders, ordersLines, ordersEvents, ordersTold     *sql.Stmt
}

func (s *server) prepare(ctx context.Context) error {
	w := &s.write
	for to, text := range map[**sql.Stmt]string{
		&w.basket: `SELECT u.id, p.id, p.sku, p.title, p.price_minor, p.currency FROM products p, LATERAL (SELECT u.id` + me + `) u WHERE p.sku = ANY($2)`,
		&w.order: `INSERT INTO orders (id, created_at, updated_at, owner_id, user_id, number, currency, subtotal_minor, total_minor, placed_at, event_seq)
			VALUES ($1, $2, $2, $3, $3, $4, $5, $6, $6, $2, 1)`,
		&w.lines: `INSERT INTO order_lines (id, created_at, updated_at, owner_id, position, sku, title, quantity, currency, unit_price_minor, total_minor, order_id, product_id)
			SELECT l.id, $1, $1, $2, l.n, l.sku, l.title, l.quantity, $3, l.price, l.price * l.quantity, $4, l.product
			FROM unnest($5::uuid[], $6::text[], $7::text[], $8::bigint[], $9::bigint[], $10::uuid[]) WITH ORDINALITY AS l(id, sku, title, quantity, price, product, n)`,
		&w.balance: `UPDATE ledger_accounts SET active = active + $1, seq = seq + 1, updated_at = $2 WHERE owner_id = $3 AND unit = 'PTS:points' AND kind = 'BONUS' AND name = ''
			RETURNING id, seq, active + held, head_hash`,
		&w.entry: `INSERT INTO ledger_entries (id, created_at, owner_id, account_id, seq, kind, amount, bucket, contra_id, contra_bucket, unit, balance_after, order_id, cause_key, hash)
			VALUES ($1, $2, $3, $4, $5, $6, $7, 'ACTIVE', $8, 'ACTIVE', 'PTS:points', $9, $10, $11, $12)`,
		&w.notification: `INSERT INTO notifications (id, created_at, updated_at, user_id, event_id, topic, type, title, body, data, subject_kind, subject_id)
			VALUES ($1, $2, $2, $3, $4, 'ORDER', 'order.placed', $5, $6, '{}', 'order', $7)`,
		&w.event: told,
		&w.spend: `UPDATE ledger_accounts SET active = active - $1, seq = seq + 1, updated_at = now() WHERE owner_id = (SELECT u.id FROM sessions s JOIN users u ON u.id = s.user_id
			WHERE s.token_hash = $2 AND s.revoked_at IS NULL AND (s.expires_at > now()) IS TRUE AND u.status = 'ACTIVE') AND unit = 'PTS:points' AND kind = 'BONUS' AND name = '' AND active >= $1
			RETURNING id, owner_id, seq, active + held, head_hash`,
		&w.lot: `UPDATE ledger_lots SET remaining = remaining - $1, updated_at = now() WHERE id = (SELECT id FROM ledger_lots WHERE account_id = $2 AND bucket = 'ACTIVE'
			AND remaining >= $1 ORDER BY due_at, id LIMIT 1) RETURNING id`,
		&w.move:   `INSERT INTO ledger_lot_moves (entry_id, lot_id, amount) VALUES ($1, $2, $3)`,
		&w.buyers: `SELECT id FROM users WHERE id = ANY($1::uuid[]) ORDER BY id FOR UPDATE`,
		&w.orders: `INSERT INTO orders (id, created_at, updated_at, owner_id, user_id, source, external_id, source_updated_at, number, currency, subtotal_minor, total_minor, placed_at, event_seq)
			SELECT o.id, now(), now(), o.owner, o.owner, 'bench', o.key, $1, o.key, 'GBP', o.total, o.total, $1, 1
			FROM unnest($2::uuid[], $3::uuid[], $4::text[], $5::bigint[]) AS o(id, owner, key, total)
			ON CONFLICT (source, external_id) DO UPDATE SET source_updated_at = excluded.source_updated_at, updated_at = excluded.updated_at, revision = orders.revision + 1`,
		&w.ordersLines: `INSERT INTO order_lines (id, created_at, updated_at, owner_id, position, sku, title, quantity, currency, unit_price_minor, total_minor, order_id, product_id)
			SELECT l.id, now(), now(), l.owner, l.n, l.sku, l.title, l.quantity, 'GBP', l.price, l.price * l.quantity, l.ord, p.id
			FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::bigint[], $5::text[], $6::text[], $7::bigint[], $8::bigint[]) AS l(id, owner, ord, n, sku, title, quantity, price)
			LEFT JOIN products p ON p.sku = l.sku`,
		&w.ordersEvents: `INSERT INTO order_events (id, created_at, owner_id, seq, kind, occurred_at, currency, amount_minor, order_id)
			SELECT o.id, now(), o.owner, 1, 'PLACED', now(), 'GBP', o.total, o.ord FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::bigint[]) AS o(id, owner, ord, total)`,
		&w.ordersTold: `WITH n AS (SELECT o.*, row_number() OVER (PARTITION BY owner) AS k FROM unnest($1::uuid[], $2::uuid[], $3::uuid[]) AS o(id, owner, ord)),
			s AS (UPDATE users u SET stream_seq = u.stream_seq + m.most FROM (SELECT owner, max(k) AS most FROM n GROUP BY owner) m WHERE u.id = m.owner RETURNING u.id, u.stream_seq - m.most AS before)
			INSERT INTO account_events (stream_id, seq, event_id, kind, subject_kind, subject_id, visibility, payload, created_at, relayed, heard)
			SELECT s.id, s.before + n.k, n.id, 'order.placed', 'order', n.ord, 'ALL', '{}', now(), true, true FROM n JOIN s ON s.id = n.owner`,
		&w.spender: `SELECT u.id` + me,
	} {
		statement, err := s.db.PrepareContext(ctx, text) //nolint:sqlclosecheck // it lives as long as the server
		if err != nil {
			return fmt.Errorf("%s: %w", text, err)
		}
		*to = statement
	}
	return nil
}

// told numbers and writes one event of a person's stream, as if it had been
// relayed and heard.
const told = `WITH u AS (UPDATE users SET stream_seq = stream_seq + 1, unread_count = unread_count + $1 WHERE id = $2 RETURNING stream_seq)
	INSERT INTO account_events (stream_id, seq, event_id, kind, subject_kind, subject_id, visibility, payload, created_at, relayed, heard)
	SELECT $2, u.stream_seq, $3, $4, $5, $6, 'ALL', $7::jsonb, $8, true, true FROM u`

// exec runs a prepared statement in a transaction.
func exec(ctx context.Context, tx *sql.Tx, statement *sql.Stmt, args ...any) error {
	_, err := tx.StmtContext(ctx, statement).ExecContext(ctx, args...) //nolint:sqlclosecheck // it closes with its transaction
	return err
}

// one is exec for a statement that gives a row.
func one(ctx context.Context, tx *sql.Tx, statement *sql.Stmt, args ...any) *sql.Row {
	return tx.StmtContext(ctx, statement).QueryRowContext(ctx, args...) //nolint:sqlclosecheck // it closes with its transaction
}

// in runs do in a transaction and answers with what it gives.
func (s *server) in(w http.ResponseWriter, r *http.Request, do func(ctx context.Context, tx *sql.Tx) (string, error)) {
	tx, err := s.db.BeginTx(r.Context(), nil)
	if err != nil {
		refuse(w, err)
		return
	}
	answer, err := do(r.Context(), tx)
	if err != nil {
		_ = tx.Rollback() // err says why
		refuse(w, err)
		return
	}
	if err := tx.Commit(); err != nil {
		refuse(w, err)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write([]byte(answer)) // fails only when the client is gone
}

type basketLine struct {
	SKU      string `json:"sku"`
	Quantity int64  `json:"quantity"`
}

type priced struct {
	owner                       uuid.UUID
	ids, products, skus, titles []string
	quantities, prices          []int64
	total                       int64
	currency                    string
}

// price reads the person and the products in one statement.
func (s *server) price(r *http.Request, lines []basketLine) (p priced, err error) {
	wanted := map[string]int64{}
	var skus []string
	for _, l := range lines {
		wanted[l.SKU] += l.Quantity
		skus = append(skus, l.SKU)
	}
	rows, err := s.write.basket.QueryContext(r.Context(), token(r), pq.Array(skus))
	if err != nil {
		return p, err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var product, sku, title string
		var price int64
		if err := rows.Scan(&p.owner, &product, &sku, &title, &price, &p.currency); err != nil {
			return p, err
		}
		p.ids, p.products, p.skus, p.titles = append(p.ids, newID().String()), append(p.products, product), append(p.skus, sku), append(p.titles, title)
		p.quantities, p.prices = append(p.quantities, wanted[sku]), append(p.prices, price)
		p.total += wanted[sku] * price
	}
	if err := rows.Err(); err != nil {
		return p, err
	}
	if len(p.ids) == 0 {
		return p, sql.ErrNoRows
	}
	return p, nil
}

func newID() uuid.UUID { return uuid.Must(uuid.NewV7()) }

// place is the six statements: order, lines, balance, entry, notification, event.
func (s *server) place(w http.ResponseWriter, r *http.Request) {
	var input struct{ Lines []basketLine }
	if err := json.NewDecoder(r.Body).Decode(&input); err != nil {
		refuse(w, err)
		return
	}
	p, err := s.price(r, input.Lines)
	if err != nil {
		refuse(w, err)
		return
	}
	s.in(w, r, func(ctx context.Context, tx *sql.Tx) (string, error) {
		now, id := time.Now().UTC().Truncate(time.Microsecond), newID()
		number := now.Format("20060102-") + id.String()[24:]
		if err := exec(ctx, tx, s.write.order, id, now, p.owner, number, p.currency, p.total); err != nil {
			return "", err
		}
		err := exec(ctx, tx, s.write.lines, now, p.owner, p.currency, id,
			pq.Array(p.ids), pq.Array(p.skus), pq.Array(p.titles), pq.Array(p.quantities), pq.Array(p.prices), pq.Array(p.products))
		if err != nil {
			return "", err
		}
		if err := s.earn(ctx, tx, p, id, now); err != nil {
			return "", err
		}
		event := newID()
		body := fmt.Sprintf("Your order %s over £%d.%02d was placed.", number, p.total/100, p.total%100)
		if err := exec(ctx, tx, s.write.notification, newID(), now, p.owner, event, "Order "+number+" was placed", body, id); err != nil {
			return "", err
		}
		payload := fmt.Sprintf(`{"orderId":%q,"number":%q}`, id, number)
		if err := exec(ctx, tx, s.write.event, 1, p.owner, event, "order.placed", "order", id, payload, now); err != nil {
			return "", err
		}
		return fmt.Sprintf(`{"id":%q,"number":%q,"status":"PLACED","total":{"amount":%d,"currency":%q}}`, id, number, p.total, p.currency), nil
	})
}

// earn is balance and entry.
func (s *server) earn(ctx context.Context, tx *sql.Tx, p priced, order uuid.UUID, now time.Time) error {
	points := max(1, p.total/100)
	var account uuid.UUID
	var seq, balance int64
	var head []byte
	if err := one(ctx, tx, s.write.balance, points, now, p.owner).Scan(&account, &seq, &balance, &head); err != nil {
		return err
	}
	id := newID()
	hash := sha256.Sum256(append(head, id[:]...))
	err := exec(ctx, tx, s.write.entry, id, now, p.owner, account, seq, "ACCRUAL", points, uuid.Max, balance, order, "order:"+order.String(), hash[:])
	return err
}
