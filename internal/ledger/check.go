package ledger

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/google/uuid"

	"kabinet/internal/store"
)

// Finding is the first broken row of one kind.
type Finding struct {
	Rule   string    // which promise is broken, such as "hash"
	Table  string    // of the row
	ID     uuid.UUID // of the row
	Detail string
}

// String is one line for people and logs.
func (f Finding) String() string {
	return fmt.Sprintf("BROKEN %s: %s %s: %s", f.Rule, f.Table, f.ID, f.Detail)
}

// Summary is what a check went through.
type Summary struct {
	Accounts int64            // customers', without the House's
	Entries  int64            // each proven by its hash
	Units    map[string]int64 // what customers own of each unit, pending points too
	Findings int              // kinds of broken rows, each reported once
}

// String is one line for people and logs.
func (s Summary) String() string {
	var units []string
	for _, u := range slices.Sorted(maps.Keys(s.Units)) {
		units = append(units, fmt.Sprintf("%s %d", u, s.Units[u]))
	}
	verdict := "the books balance"
	if s.Findings > 0 {
		verdict = fmt.Sprintf("%d kinds of broken rows", s.Findings)
	}
	return fmt.Sprintf("ledger: %s; accounts %d, entries %d, owned: %s", verdict, s.Accounts, s.Entries, strings.Join(units, ", "))
}

// Check proves the books over one snapshot, in constant memory whatever their
// size: each account's entries are dense, chained by hash and add up to its
// counters, never below its floor; what customers own is what the House's
// accounts gave; lots hold what the accounts hold and what their moves say;
// holds are captured and released as far as they go; transfers leave nothing on
// the way; nothing is reversed twice or beyond itself; orders and ledger agree.
// report hears the first broken row of
// each kind. It changes nothing and needs no quiet: others may write meanwhile.
func (l *Books) Check(ctx context.Context, report func(Finding)) (Summary, error) {
	c := &checker{sum: Summary{Units: map[string]int64{}}, report: report, broken: map[string]bool{}, given: map[string]int64{}}
	err := l.Store.InSnapshot(ctx, func(ctx context.Context, snap *store.Snapshot) error {
		if err := c.systems(ctx, snap); err != nil {
			return err
		}
		if err := c.books(ctx, snap); err != nil {
			return err
		}
		for _, r := range checks(l.OrdersKeepSpent) {
			if err := c.rule(ctx, snap, r); err != nil {
				return fmt.Errorf("check %s: %w", r.name, err)
			}
		}
		return nil
	})
	c.sum.Findings = len(c.broken)
	return c.sum, err
}

// checker goes over the books once; it holds one account at a time.
type checker struct {
	sum    Summary
	report func(Finding)
	broken map[string]bool
	system map[uuid.UUID]string // the House's accounts: their unit
	given  map[string]int64     // by unit, what entries against the House add up to
	at     checkedAccount
}

func (c *checker) find(rule, table string, id uuid.UUID, format string, args ...any) {
	if !c.broken[rule] {
		c.broken[rule] = true
		c.report(Finding{Rule: rule, Table: table, ID: id, Detail: fmt.Sprintf(format, args...)})
	}
}

// systems reads the House's accounts, which are few.
func (c *checker) systems(ctx context.Context, snap *store.Snapshot) error {
	c.system = map[uuid.UUID]string{}
	rows, err := snap.Query(ctx, `SELECT id, unit FROM ledger_accounts WHERE kind = 'SYSTEM'`)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var id uuid.UUID
		var unit string
		if err := rows.Scan(&id, &unit); err != nil {
			return err
		}
		c.system[id] = unit
	}
	return rows.Err()
}

// books goes over accounts and their entries in one pass.
func (c *checker) books(ctx context.Context, snap *store.Snapshot) error {
	rows, err := snap.Query(ctx, `SELECT a.id, a.owner_id, a.unit, a.kind, a.active, a.pending, a.held, a.floor, a.seq, a.head_hash,
		e.id, e.created_at, e.owner_id, e.seq, e.transfer_id, e.kind, e.amount, e.bucket, e.contra_id, e.contra_bucket, e.unit,
		e.balance_after, e.parent_id, e.order_id, e.cause_key, e.explain, e.note, e.actor_id, e.hash
		FROM ledger_accounts a LEFT JOIN ledger_entries e ON e.account_id = a.id ORDER BY a.id, e.seq`)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		r, err := scanChecked(rows)
		if err != nil {
			return err
		}
		if r.account.id != c.at.id {
			c.leave()
			c.at = r.account
		}
		if r.entry != nil {
			c.entry(r)
		}
	}
	c.leave()
	for unit, owned := range c.sum.Units {
		if owned != c.given[unit] {
			c.find("sum", "ledger_accounts", systemID(unit, Issued), "customers own %d of %s, the House gave %d", owned, unit, c.given[unit])
		}
	}
	return rows.Err()
}

// entry proves one entry and adds it to its account.
func (c *checker) entry(r checkedRow) {
	a, e := &c.at, r.entry
	c.sum.Entries++
	if e.Seq != a.lastSeq+1 {
		c.find("seq", "ledger_entries", e.ID, "number %d of account %s follows number %d", e.Seq, a.id, a.lastSeq)
	}
	a.lastSeq = e.Seq
	e.AccountID = a.id
	hash, err := hashEntry(a.lastHash, e)
	if err != nil || string(hash) != string(e.Hash) {
		c.find("hash", "ledger_entries", e.ID, "number %d of account %s is not what was written, or one before it is not", e.Seq, a.id)
	}
	a.lastHash = e.Hash // so that later ones are proven by themselves
	if e.Unit != a.unit || e.OwnerID != a.owner || a.kind == "SYSTEM" {
		c.find("account", "ledger_entries", e.ID, "an entry of %s in %s does not belong into account %s", e.OwnerID, e.Unit, a.id)
	}
	a.move(string(e.Bucket), e.Amount)
	unit, house := c.system[e.ContraID]
	switch {
	case e.ContraID == a.id:
		a.move(string(e.ContraBucket), -e.Amount)
	case !house || unit != e.Unit:
		c.find("contra", "ledger_entries", e.ID, "the other side %s is neither the account itself nor the House's in %s", e.ContraID, e.Unit)
	default:
		c.given[e.Unit] += e.Amount
	}
	if e.BalanceAfter != a.sums[0]+a.sums[2] {
		c.find("balance_after", "ledger_entries", e.ID, "says %d, the entries up to it add up to %d", e.BalanceAfter, a.sums[0]+a.sums[2])
	}
	if a.sums[0] < a.floor || a.sums[1] < 0 || a.sums[2] < 0 {
		c.find("negative", "ledger_entries", e.ID, "after it account %s holds active %d (floor %d), pending %d, held %d", a.id, a.sums[0], a.floor, a.sums[1], a.sums[2])
	}
}

// leave closes the account that was gone over.
func (c *checker) leave() {
	a := &c.at
	if a.id == uuid.Nil {
		return
	}
	if a.lastSeq != a.seq {
		c.find("seq_end", "ledger_accounts", a.id, "the last entry is number %d, the account says %d", a.lastSeq, a.seq)
	}
	if string(a.lastHash) != string(a.head) {
		c.find("head_hash", "ledger_accounts", a.id, "the hash of the last entry is not the one that the account keeps")
	}
	if a.sums != a.holds {
		c.find("balance", "ledger_accounts", a.id, "holds active, pending, held %v, its entries add up to %v", a.holds, a.sums)
	}
	if a.kind != "SYSTEM" {
		c.sum.Accounts++
		c.sum.Units[a.unit] += a.holds[0] + a.holds[1] + a.holds[2]
	}
	*a = checkedAccount{}
}

// rule runs one statement that must find nothing.
func (c *checker) rule(ctx context.Context, snap *store.Snapshot, r check) error {
	rows, err := snap.Query(ctx, r.sql)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var id uuid.UUID
		if err := rows.Scan(&id); err != nil {
			return err
		}
		c.find(r.name, r.table, id, "%s", r.says)
	}
	return rows.Err()
}

// plainExplain reads JSON without rounding its numbers.
func plainExplain(b []byte) (map[string]any, error) {
	if len(b) == 0 {
		return nil, nil
	}
	d := json.NewDecoder(strings.NewReader(string(b)))
	d.UseNumber()
	var m map[string]any
	return m, d.Decode(&m)
}
