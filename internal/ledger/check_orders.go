package ledger

// pointsEarned: orders and ledger agree on what they gave. An order that is
// undone says 0, also where the policy left its owner some points, or they had
// expired.
var pointsEarned = check{"points_earned", "orders", "what it says it earned is not what the ledger gave for it",
	// Of what orders themselves earn; in the programme that was the default one then.
	`WITH earned AS (SELECT DISTINCT e.order_id, e.account_id FROM ledger_entries e JOIN ledger_accounts a ON a.id = e.account_id
				JOIN bonus_programs v ON v.key_id = a.program_id AND v.is_default AND v.created_at <= e.created_at AND (v.retired_at IS NULL OR v.retired_at >= e.created_at)
				WHERE e.order_id IS NOT NULL AND e.kind = 'ACCRUAL' AND e.cause_key LIKE 'order:%:earn')
			SELECT o.id FROM orders o LEFT JOIN (SELECT e.order_id, sum(e.amount) AS n FROM ledger_entries e JOIN earned f ON f.order_id = e.order_id AND f.account_id = e.account_id
				LEFT JOIN ledger_entries p ON p.id = e.parent_id
				WHERE e.kind = 'ACCRUAL' AND e.cause_key LIKE 'order:%' OR e.kind = 'REVERSAL' AND p.cause_key LIKE 'order:%' GROUP BY e.order_id) e
			ON e.order_id = o.id WHERE o.points_earned <> coalesce(e.n, 0)
			AND NOT (o.points_earned = 0 AND (o.status = 'CANCELLED' OR o.fulfillment_status = 'RETURNED')) ORDER BY o.id LIMIT 1`}

// pointsSpent: and on what was spent on them.
var pointsSpent = check{"points_spent", "orders", "what it says was spent on it is not what the ledger took for it",
	`SELECT o.id FROM orders o LEFT JOIN (SELECT order_id, -sum(amount) AS n FROM ledger_entries WHERE order_id IS NOT NULL AND unit LIKE 'PTS:%' AND kind IN ('REDEMPTION', 'CAPTURE', 'REFUND') GROUP BY order_id) e
			ON e.order_id = o.id WHERE o.points_spent <> coalesce(e.n, 0) ORDER BY o.id LIMIT 1`}
