package earning

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"kabinet/ent/generated/earningrule"
	"kabinet/internal/audience"
	"kabinet/internal/store"
)

// used is what a rule gave an owner before: in all, and in the period in which
// something happened.
type used struct {
	times, points             int64
	periodTimes, periodPoints int64
	lately                    int64 // times within betweenDates
}

// usedBefore is what rules gave an owner before, by rule; nil where limits of
// owners and periods do not matter.
type usedBefore map[uuid.UUID]used

// betweenDates is how far apart a yearly date is at least, whatever a person
// makes of his birthday.
const betweenDates = 300 * day

// limited says whether what the rule gave before matters.
func (r *earnRule) limited() bool {
	return r.PerOwner != nil || r.PerPeriod != nil || r.CapPerPeriod != nil || r.CapPerOwner != nil || r.Trigger == earningrule.TriggerDATE
}

// spent says whether a rule gave as often as it may.
func (u usedBefore) spent(r *earnRule) bool {
	if u == nil {
		return false
	}
	n := u[r.KeyID]
	return r.PerOwner != nil && n.times >= int64(*r.PerOwner) || r.PerPeriod != nil && n.periodTimes >= int64(*r.PerPeriod) ||
		r.Trigger == earningrule.TriggerDATE && n.lately > 0
}

// limit lowers what a rule gives to what its caps leave, and notes the one that
// leaves least.
func (u usedBefore) limit(g *given) {
	r, n := g.rule, u[g.rule.KeyID]
	g.uncapped = g.points
	lower := func(cap *int64, before int64, name EarningCap) {
		if cap == nil {
			return
		}
		if left := max(*cap-before, 0); left < g.points {
			g.points, g.cap = left, name
		}
	}
	lower(r.CapPerOrder, 0, EarningCapOrder)
	if u != nil {
		lower(r.CapPerPeriod, n.periodPoints, EarningCapPeriod)
		lower(r.CapPerOwner, n.points, EarningCapOwner)
	}
	if g.points < g.uncapped && g.shares != nil {
		g.shares = shareOut(g.points, g.shares)
	}
}

// periodOf is the stretch of the calendar, UTC, in which a moment lies.
func periodOf(p earningrule.Period, at time.Time) (from, before time.Time) {
	y, m, d := at.UTC().Date()
	switch p {
	case earningrule.PeriodDAY:
		from = time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
		return from, from.AddDate(0, 0, 1)
	case earningrule.PeriodWEEK:
		from = time.Date(y, m, d-int(at.UTC().Weekday()+6)%7, 0, 0, 0, 0, time.UTC)
		return from, from.AddDate(0, 0, 7)
	case earningrule.PeriodMONTH:
		from = time.Date(y, m, 1, 0, 0, 0, 0, time.UTC)
		return from, from.AddDate(0, 1, 0)
	}
	from = time.Date(y, 1, 1, 0, 0, 0, 0, time.UTC)
	return from, from.AddDate(1, 0, 0)
}

// usesOf reads by one statement what the limited ones among rules gave an owner
// before, as it matters at a moment; what was reversed whole since does not count.
// Under the lock of the owner's account nobody adds to it.
func usesOf(ctx context.Context, r audience.Reader, owner uuid.UUID, rules []*earnRule, at time.Time) (usedBefore, error) {
	u := usedBefore{}
	period := map[uuid.UUID]earningrule.Period{}
	var ids []any
	for _, rule := range rules {
		if rule.limited() {
			ids, period[rule.KeyID] = append(ids, rule.KeyID), rule.Period
		}
	}
	if len(ids) == 0 || owner == uuid.Nil {
		return u, nil
	}
	columns, args := `u.rule_id, count(*), CAST(sum(u.points) AS bigint), count(CASE WHEN u.occurred_at > ? AND u.occurred_at < ? THEN 1 END)`,
		[]any{at.Add(-betweenDates), at.Add(betweenDates)}
	periods := []earningrule.Period{earningrule.PeriodDAY, earningrule.PeriodWEEK, earningrule.PeriodMONTH, earningrule.PeriodYEAR}
	for _, p := range periods {
		from, before := periodOf(p, at)
		columns += `, count(CASE WHEN u.occurred_at >= ? AND u.occurred_at < ? THEN 1 END), CAST(coalesce(sum(CASE WHEN u.occurred_at >= ? AND u.occurred_at < ? THEN u.points END), 0) AS bigint)`
		args = append(args, from, before, from, before)
	}
	of, whose := `u.owner_id = ? AND u.rule_id IN (`+marks(len(ids))+`)`, append([]any{owner}, ids...)
	rows, err := r.Query(ctx, takenInPart(of)+` SELECT `+columns+` FROM earning_uses u WHERE `+of+` AND `+stands+` GROUP BY u.rule_id`,
		slices.Concat(whose, args, whose)...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var id uuid.UUID
		var n used
		var times, points [4]int64
		into := []any{&id, &n.times, &n.points, &n.lately}
		for i := range periods {
			into = append(into, &times[i], &points[i])
		}
		if err := rows.Scan(into...); err != nil {
			return nil, err
		}
		for i, p := range periods {
			if p == period[id] {
				n.periodTimes, n.periodPoints = times[i], points[i]
			}
		}
		u[id] = n
	}
	return u, rows.Err()
}

// takenInPart begins a statement that asks whether uses u stand: it follows
// what returns in part let stand of the entries (ledger.Kept).
func takenInPart(of string) string {
	const kept = ` JOIN ledger_entries k ON k.account_id = r.account_id AND k.cause_key = r.cause_key || ':keep' AND k.kind = 'ACCRUAL' `
	return `WITH RECURSIVE parts(origin, entry) AS (
		SELECT u.entry_id, k.id FROM earning_uses u JOIN ledger_entries r ON r.parent_id = u.entry_id AND r.kind = 'REVERSAL'` + kept + `WHERE ` + of + `
		UNION SELECT p.origin, k.id FROM parts p JOIN ledger_entries r ON r.parent_id = p.entry AND r.kind = 'REVERSAL'` + kept + `)`
}

// stands says that something is left of what a use gave.
const stands = `(NOT EXISTS (SELECT 1 FROM ledger_entries r WHERE r.parent_id = u.entry_id AND r.kind = 'REVERSAL')
	OR u.entry_id IN (SELECT p.origin FROM parts p WHERE NOT EXISTS (SELECT 1 FROM ledger_entries r WHERE r.parent_id = p.entry AND r.kind = 'REVERSAL')))`

func marks(n int) string { return strings.TrimSuffix(strings.Repeat("?, ", n), ", ") }

// use is that a rule gave points.
type use struct {
	rule    uuid.UUID
	version int64
	points  int64
}

// noteUses writes by one statement what an entry's rules gave.
func noteUses(ctx context.Context, tx *store.Tx, owner, entry uuid.UUID, at time.Time, uses ...use) error {
	if len(uses) == 0 {
		return nil
	}
	var args []any
	for _, u := range uses {
		args = append(args, uuid.Must(uuid.NewV7()), tx.Now, owner, u.rule, u.version, entry, u.points, at)
	}
	_, err := tx.Exec(ctx, `INSERT INTO earning_uses (id, created_at, owner_id, rule_id, version, entry_id, points, occurred_at) VALUES `+
		strings.TrimSuffix(strings.Repeat(`(?, ?, ?, ?, ?, ?, ?, ?), `, len(uses)), ", "), args...)
	return err
}

// usesIn are the uses of rules that a verdict holds.
func usesIn(v *verdict) (uses []use) {
	for _, g := range v.rules {
		if g.rule != nil {
			uses = append(uses, use{g.rule.KeyID, g.rule.Version, g.points})
		}
	}
	return uses
}
