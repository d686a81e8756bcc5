package order

import (
	"context"
	"fmt"

	"kabinet/internal/store"
)

// checks are what must hold of every order; each statement names those of
// which it does not.
var checks = []struct{ what, query string }{
	{"the total is not the sum of the book", `SELECT o.number FROM orders o LEFT JOIN order_events e ON e.order_id = o.id
		GROUP BY o.id, o.number, o.total_minor HAVING o.total_minor <> coalesce(sum(e.amount_minor), 0)`},
	{"the book has a hole", `SELECT o.number FROM orders o LEFT JOIN order_events e ON e.order_id = o.id
		GROUP BY o.id, o.number, o.event_seq HAVING o.event_seq <> count(e.id) OR o.event_seq <> coalesce(max(e.seq), 0)`},
	{"the total of what was neither cancelled nor returned is not its lines and shipping", `SELECT o.number FROM orders o LEFT JOIN order_lines l ON l.order_id = o.id
		WHERE NOT EXISTS (SELECT 1 FROM order_events e WHERE e.order_id = o.id AND e.kind IN ('CANCELLED', 'RETURNED')) GROUP BY o.id, o.number, o.total_minor, o.shipping_minor
		HAVING o.total_minor <> o.shipping_minor + coalesce(sum(l.total_minor), 0)`},
	{"paid is not the sum of its payments", `SELECT o.number FROM orders o LEFT JOIN payments p ON p.order_id = o.id AND p.kind = 'PAYMENT' AND p.status = 'SUCCEEDED'
		GROUP BY o.id, o.number, o.paid_minor HAVING o.paid_minor <> coalesce(sum(p.amount_minor), 0)`},
	{"refunded is not the sum of its refunds", `SELECT o.number FROM orders o LEFT JOIN payments p ON p.order_id = o.id AND p.kind = 'REFUND' AND p.status IN ('PENDING', 'SUCCEEDED')
		GROUP BY o.id, o.number, o.refunded_minor HAVING o.refunded_minor <> coalesce(sum(p.amount_minor), 0)`},
	{"a step is not that of the book", `SELECT o.number FROM orders o LEFT JOIN (SELECT order_id,
			min(CASE WHEN kind = 'PAYMENT_CONFIRMED' THEN occurred_at END) AS confirmed, min(CASE WHEN kind = 'ASSEMBLING' THEN occurred_at END) AS assembling,
			min(CASE WHEN kind = 'SHIPPED' THEN occurred_at END) AS shipped, min(CASE WHEN kind = 'RECEIVED' THEN occurred_at END) AS received
			FROM order_events GROUP BY order_id) b ON b.order_id = o.id
		WHERE (o.payment_confirmed_at IS NULL) <> (b.confirmed IS NULL) OR o.payment_confirmed_at <> b.confirmed
		OR (o.assembling_at IS NULL) <> (b.assembling IS NULL) OR o.assembling_at <> b.assembling
		OR (o.shipped_at IS NULL) <> (b.shipped IS NULL) OR o.shipped_at <> b.shipped
		OR (o.received_at IS NULL) <> (b.received IS NULL) OR o.received_at <> b.received`},
	{"a row has another owner than its order", `SELECT o.number FROM orders o
		WHERE EXISTS (SELECT 1 FROM order_lines c WHERE c.order_id = o.id AND c.owner_id <> o.owner_id)
		OR EXISTS (SELECT 1 FROM order_events c WHERE c.order_id = o.id AND c.owner_id <> o.owner_id)
		OR EXISTS (SELECT 1 FROM payments c WHERE c.order_id = o.id AND c.owner_id <> o.owner_id)
		OR EXISTS (SELECT 1 FROM shipments c WHERE c.order_id = o.id AND c.owner_id <> o.owner_id)`},
}

// CheckTotals proves the books of all orders and names what is wrong, at most
// 100 orders a check; nothing means that all holds.
func CheckTotals(ctx context.Context, s *store.Store) (wrong []string, err error) {
	for _, c := range checks {
		var found []string
		err := s.InSnapshot(ctx, func(ctx context.Context, snap *store.Snapshot) (err error) {
			found, err = numbersOf(ctx, snap, c.query+` LIMIT 100`)
			return err
		})
		if err != nil {
			return nil, err
		}
		for _, number := range found {
			wrong = append(wrong, fmt.Sprintf("order %s: %s", number, c.what))
		}
	}
	return wrong, nil
}

func numbersOf(ctx context.Context, snap *store.Snapshot, query string) (numbers []string, err error) {
	rows, err := snap.Query(ctx, query)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var n string
		if err := rows.Scan(&n); err != nil {
			return nil, err
		}
		numbers = append(numbers, n)
	}
	return numbers, rows.Err()
}
