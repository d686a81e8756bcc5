package ledger

import "slices"

// check is one promise as a statement that must find nothing; it gives the id
// of the first broken row.
type check struct{ name, table, says, sql string }

// checks are the promises between tables; those inside one account are proven
// by the pass of check.go. Orders' spent points are only kept where
// Books.OrdersKeepSpent says so.
func checks(ordersKeepSpent bool) []check {
	all := slices.Concat(entryChecks, transferChecks, lotChecks)
	for _, bucket := range []string{"ACTIVE", "PENDING", "HELD"} {
		all = append(all, lotsOf(bucket))
	}
	all = append(all, pointsEarned)
	if ordersKeepSpent {
		all = append(all, pointsSpent)
	}
	return all
}

// entryChecks are about entries and those that they undo.
var entryChecks = []check{
	{"orphan", "ledger_entries", "its account is not there",
		`SELECT e.id FROM ledger_entries e LEFT JOIN ledger_accounts a ON a.id = e.account_id WHERE a.id IS NULL ORDER BY e.id LIMIT 1`},
	{"parent", "ledger_entries", "its parent is not there, or in another account",
		`SELECT c.id FROM ledger_entries c LEFT JOIN ledger_entries p ON p.id = c.parent_id
			WHERE c.parent_id IS NOT NULL AND (p.id IS NULL OR p.account_id <> c.account_id OR p.unit <> c.unit) ORDER BY c.id LIMIT 1`},
	{"children", "ledger_entries", "its reversals, refunds, activations or expiries go beyond it, or the wrong way",
		`SELECT p.id FROM ledger_entries c JOIN ledger_entries p ON p.id = c.parent_id WHERE c.kind <> 'FEE' GROUP BY p.id, p.amount, c.kind
			HAVING abs(sum(c.amount)) > abs(p.amount) OR c.kind IN ('REVERSAL', 'REFUND', 'EXPIRY') AND (sum(c.amount) > 0) = (p.amount > 0)
			ORDER BY p.id LIMIT 1`},
	{"reversed_twice", "ledger_entries", "it is reversed more than once",
		`SELECT parent_id FROM ledger_entries WHERE kind = 'REVERSAL' AND parent_id IS NOT NULL GROUP BY parent_id HAVING count(*) > 1 ORDER BY parent_id LIMIT 1`},
	{"cause_twice", "ledger_accounts", "two of its entries have one cause",
		`SELECT account_id FROM ledger_entries GROUP BY account_id, cause_key HAVING count(*) > 1 ORDER BY account_id LIMIT 1`},
}

// transferChecks are about transfers and holds.
var transferChecks = []check{
	{"transit", "ledger_entries", "the transfer that it belongs to does not add up to nothing in TRANSIT, or lacks a half",
		`SELECT min(CAST(e.id AS text)) FROM ledger_entries e JOIN ledger_accounts c ON c.id = e.contra_id
			WHERE c.kind = 'SYSTEM' AND c.name = 'TRANSIT' GROUP BY e.transfer_id, e.unit HAVING sum(e.amount) <> 0 OR e.transfer_id IS NULL
			OR count(DISTINCT e.account_id) < 2 ORDER BY 1 LIMIT 1`},
	{"fee", "ledger_entries", "it is a fee of nothing that its account gave",
		`SELECT f.id FROM ledger_entries f LEFT JOIN ledger_entries p ON p.id = f.parent_id WHERE f.kind = 'FEE' AND f.transfer_id IS NOT NULL
			AND (p.id IS NULL OR p.transfer_id IS NULL OR p.transfer_id <> f.transfer_id OR p.amount >= 0) ORDER BY f.id LIMIT 1`},
	{"of_hold", "ledger_entries", "it captures or releases what is no hold",
		`SELECT c.id FROM ledger_entries c LEFT JOIN ledger_entries h ON h.id = c.parent_id AND h.kind = 'HOLD'
			WHERE c.kind IN ('CAPTURE', 'RELEASE') AND h.id IS NULL ORDER BY c.id LIMIT 1`},
	{"holds", "ledger_entries", "what was captured, what was released and what its lots hold do not add up to the hold",
		`SELECT h.id FROM ledger_entries h
			LEFT JOIN (SELECT parent_id, sum(abs(amount)) AS n FROM ledger_entries WHERE kind IN ('CAPTURE', 'RELEASE') GROUP BY parent_id) c ON c.parent_id = h.id
			LEFT JOIN (SELECT entry_id, sum(remaining) AS n FROM ledger_lots WHERE bucket = 'HELD' GROUP BY entry_id) l ON l.entry_id = h.id
			WHERE h.kind = 'HOLD' AND coalesce(c.n, 0) + coalesce(l.n, 0) <> abs(h.amount) ORDER BY h.id LIMIT 1`},
}

// lotChecks are about lots and what moved them.
var lotChecks = []check{
	{"lot_moves", "ledger_lots", "what remains is not what its moves add up to",
		`SELECT l.id FROM ledger_lots l LEFT JOIN ledger_lot_moves m ON m.lot_id = l.id
			GROUP BY l.id, l.remaining HAVING l.remaining <> coalesce(sum(m.amount), 0) ORDER BY l.id LIMIT 1`},
	{"moves_lot", "ledger_entries", "it moved points of a lot of another account, or of none",
		`SELECT m.entry_id FROM ledger_lot_moves m LEFT JOIN ledger_lots l ON l.id = m.lot_id LEFT JOIN ledger_entries e ON e.id = m.entry_id
			WHERE l.id IS NULL OR e.id IS NULL OR l.account_id <> e.account_id ORDER BY m.entry_id LIMIT 1`},
	{"moves_entry", "ledger_entries", "it moved more points of lots than it is about, or the other way",
		`SELECT e.id FROM ledger_lot_moves m JOIN ledger_entries e ON e.id = m.entry_id WHERE e.kind NOT IN ('ACTIVATION', 'HOLD', 'RELEASE') GROUP BY e.id, e.amount
			HAVING abs(sum(m.amount)) > abs(e.amount) OR (sum(m.amount) > 0) <> (e.amount > 0) ORDER BY e.id LIMIT 1`},
	{"moves_between", "ledger_entries", "it did not move between lots of two buckets what it is about",
		`SELECT e.id FROM ledger_entries e JOIN ledger_lot_moves m ON m.entry_id = e.id JOIN ledger_lots l ON l.id = m.lot_id
			WHERE e.kind IN ('ACTIVATION', 'HOLD', 'RELEASE') GROUP BY e.id, e.amount
			HAVING sum(CASE WHEN l.bucket = 'ACTIVE' THEN 0 ELSE m.amount END) <> -e.amount
			OR abs(sum(CASE WHEN l.bucket = 'ACTIVE' THEN m.amount ELSE 0 END)) > abs(e.amount)
			OR sum(CASE WHEN l.bucket = 'ACTIVE' THEN m.amount ELSE 0 END) * sign(e.amount) < 0 ORDER BY e.id LIMIT 1`},
	{"due", "ledger_accounts", "its next due time is not that of its first open lot",
		`SELECT a.id FROM ledger_accounts a LEFT JOIN (SELECT account_id, min(due_at) AS due FROM ledger_lots WHERE remaining > 0 GROUP BY account_id) l ON l.account_id = a.id
			WHERE (a.next_due_at IS NULL) <> (l.due IS NULL) OR a.next_due_at <> l.due ORDER BY a.id LIMIT 1`},
}

// lotsOf: the open lots of a bucket hold what the bucket holds above zero.
func lotsOf(bucket string) check {
	column := map[string]string{"ACTIVE": "active", "PENDING": "pending", "HELD": "held"}[bucket]
	return check{"lots_" + column, "ledger_accounts", "its open lots do not hold what it holds",
		`SELECT a.id FROM ledger_accounts a LEFT JOIN ledger_lots l ON l.account_id = a.id AND l.bucket = '` + bucket + `' WHERE a.lotted AND a.kind <> 'SYSTEM'
		GROUP BY a.id, a.` + column + ` HAVING coalesce(sum(l.remaining), 0) <> CASE WHEN a.` + column + ` > 0 THEN a.` + column + ` ELSE 0 END ORDER BY a.id LIMIT 1`}
}
