package earning

import (
	"context"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/earningrule"
	"kabinet/ent/generated/ledgerentry"
	"kabinet/ent/generated/order"
	"kabinet/internal/audience"
	"kabinet/internal/bonus"
	"kabinet/internal/ledger"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// earnCause makes an order earn once for ever.
func earnCause(order uuid.UUID) string { return "order:" + order.String() + ":earn" }

// EarnForOrder gives the points that an order earns at a moment (PLACED or
// DELIVERED), in every programme in force whose orders earn then, in the
// transaction that moves the order, whose row the caller holds locked. It says
// how many it gave in the default programme: 0 when it did before, and when
// nothing is due (another moment, another currency, a guest, a cancelled
// order). Where it gave some there, each line's share is put into
// lines[i].Points for the caller to keep. Faults: OUT_OF_RANGE where an amount
// does not fit.
func (p *Earnings) EarnForOrder(ctx context.Context, tx *store.Tx, o *ent.Order, lines []*ent.OrderLine, moment string) (int64, error) {
	if o.OwnerID == viewer.House || o.Status == order.StatusCANCELLED {
		return 0, nil
	}
	c, err := p.cases(ctx, tx.Client, moment, nil)
	if err != nil || len(c.progs) == 0 {
		return 0, err
	}
	bought, err := newPurchase(o, lines, tx.Now)
	if err != nil {
		return 0, err
	}
	verdicts, err := c.judge(ctx, tx, bought)
	if err != nil || len(verdicts) == 0 {
		return 0, err
	}
	owner := o.OwnerID
	if p.EarnTo != nil {
		if owner, err = p.EarnTo(ctx, tx, o.OwnerID, o.UserID); err != nil {
			return 0, err
		}
	}
	books, err := p.openBooks(ctx, tx, owner, verdicts)
	if err != nil {
		return 0, err
	}
	var points int64
	for _, v := range verdicts {
		n, err := p.earnIn(ctx, tx, c, v, books[v.prog.Unit], bought)
		if err != nil {
			return 0, err
		}
		if v.prog.IsDefault {
			points = n
		}
	}
	return points, nil
}

// cases are the programmes in which an order may earn, with their rules, and
// what is known of who earns.
type cases struct {
	*earningRows
	progs []*ent.BonusProgram
	rules map[uuid.UUID][]*earnRule
	asks  asking
	who   *earner
}

// cases finds the programmes in force whose orders earn at a moment, or at any
// for an empty one; only says which.
func (p *Earnings) cases(ctx context.Context, client *ent.Client, moment string, only *scalar.ID) (*cases, error) {
	progs, err := p.Points.ProgramRows(ctx, client)
	if err != nil {
		return nil, err
	}
	h, err := p.rules.rows(ctx, client, p.Store.Now())
	if err != nil {
		return nil, err
	}
	c := &cases{earningRows: h, rules: map[uuid.UUID][]*earnRule{}}
	for _, prog := range progs {
		if prog.RetiredAt != nil || moment != "" && string(prog.EarnOn) != moment || only != nil && prog.KeyID != only.UUID {
			continue
		}
		rules := h.rulesOf(prog.KeyID, earningrule.TriggerORDER, "")
		if len(rules) == 0 && prog.EarnPoints == 0 {
			continue
		}
		c.progs, c.rules[prog.KeyID] = append(c.progs, prog), rules
		for _, r := range rules {
			c.asks = max(c.asks, r.asks)
		}
		if c.asks == asksNothing && h.multiplies(prog.KeyID) {
			c.asks = asksTier
		}
	}
	return c, nil
}

// judge is what a purchase earns in each programme, without the limits of
// owners and periods; programmes in which it earns nothing are left out.
func (c *cases) judge(ctx context.Context, r audience.Reader, bought *purchase) (verdicts []*verdict, err error) {
	if c.who, err = learn(ctx, r, bought.OwnerID, c.asks, bought.now); err != nil {
		return nil, err
	}
	for _, prog := range c.progs {
		v, err := c.earningRows.judge(ctx, prog, c.rules[prog.KeyID], bought, c.who, nil)
		if err != nil {
			return nil, err
		}
		if v.points > 0 {
			verdicts = append(verdicts, v)
		}
	}
	return verdicts, nil
}

// openBooks locks the owner's accounts of all programmes that gave something,
// in the order of the ledger, by unit.
func (p *Earnings) openBooks(ctx context.Context, tx *store.Tx, owner uuid.UUID, verdicts []*verdict) (map[string]*ledger.Book, error) {
	actor := viewer.From(ctx).Actor()
	if len(verdicts) == 1 {
		prog := verdicts[0].prog
		b, err := p.Points.Books().Open(ctx, tx, bonus.AccountOf(owner, prog), actor)
		return map[string]*ledger.Book{prog.Unit: b}, err
	}
	units := make([]any, len(verdicts))
	for i, v := range verdicts {
		units[i] = v.prog.Unit
		if err := ledger.Make(ctx, tx, bonus.AccountOf(owner, v.prog)); err != nil {
			return nil, err
		}
	}
	rows, err := tx.Query(ctx, `SELECT id FROM ledger_accounts WHERE owner_id = ? AND kind = 'BONUS' AND name = '' AND unit IN (`+marks(len(units))+`)`,
		append([]any{owner}, units...)...)
	if err != nil {
		return nil, err
	}
	var ids []uuid.UUID
	for rows.Next() {
		var id uuid.UUID
		if err := rows.Scan(&id); err != nil {
			rows.Close()
			return nil, err
		}
		ids = append(ids, id)
	}
	if err := rows.Close(); err != nil {
		return nil, err
	}
	books, err := p.Points.Books().LockAll(ctx, tx, actor, ids...)
	byUnit := make(map[string]*ledger.Book, len(books))
	for _, b := range books {
		byUnit[b.Account().Unit] = b
	}
	return byUnit, err
}

// earnIn writes what an order earns in one programme, under the lock of its
// account: there nobody else counts what the rules gave before.
func (p *Earnings) earnIn(ctx context.Context, tx *store.Tx, c *cases, v *verdict, b *ledger.Book, bought *purchase) (int64, error) {
	before, err := causeKnown(ctx, tx, b, earnCause(bought.ID))
	if err != nil {
		return 0, err
	}
	if before {
		return 0, b.Close(ctx)
	}
	rules := c.rules[v.prog.KeyID]
	if anyLimited(rules) {
		uses, err := usesOf(ctx, tx, bought.OwnerID, rules, bought.PlacedAt)
		if err != nil {
			return 0, err
		}
		if v, err = c.earningRows.judge(ctx, v.prog, rules, bought, c.who, uses); err != nil {
			return 0, err
		}
		if v.points == 0 {
			return 0, b.Close(ctx)
		}
	}
	if v.prog.IsDefault {
		for i, l := range bought.lines {
			l.Points = v.shares[i]
		}
	}
	explain := v.explain()
	explain["earnPoints"], explain["lines"] = v.prog.EarnPoints, explainLines(v, bought)
	explain["earnPer"], explain["currency"] = scalar.Money{Minor: v.prog.EarnPerMinor, Currency: v.prog.EarnCurrency}.Amount(), v.prog.EarnCurrency
	e, err := accrueVerdict(ctx, tx, b, v, ledger.Posting{Order: &bought.ID, Cause: earnCause(bought.ID), Explain: explain})
	if err != nil {
		return 0, err
	}
	return v.points, noteUses(ctx, tx, bought.OwnerID, e.ID, bought.PlacedAt, usesIn(v)...)
}

func anyLimited(rules []*earnRule) bool {
	for _, r := range rules {
		if r.limited() {
			return true
		}
	}
	return false
}

// accrueVerdict writes the entry of a verdict's points: active at once, or
// pending for the days of the terms or the rules.
func accrueVerdict(ctx context.Context, tx *store.Tx, b *ledger.Book, v *verdict, in ledger.Posting) (*ent.LedgerEntry, error) {
	in.Kind, in.Amount, in.Contra = ledgerentry.KindACCRUAL, v.points, ledger.Issued
	due := bonus.Expires(v.prog, tx.Now)
	if days := v.pendingDays(); days > 0 {
		at := tx.Now.Add(time.Duration(days) * day)
		in.Bucket, due = ledgerentry.BucketPENDING, &at
	}
	return b.GiveAndClose(ctx, in, due)
}

// pendingDays are the longest of those whose points are in it.
func (v *verdict) pendingDays() (days int) {
	for _, g := range v.rules {
		if g.rule != nil && g.rule.PendingDays != nil {
			days = max(days, *g.rule.PendingDays)
		} else {
			days = max(days, v.prog.PendingDays)
		}
	}
	return days
}

// earned adds up what the lines earn by the programme's own rate, and says how
// many each.
func earned(prog *ent.BonusProgram, lines []*ent.OrderLine) (points int64, shares []int64, err error) {
	for _, l := range lines {
		n, ok := bonus.LinePoints(prog, l)
		if ok {
			points, ok = scalar.AddMinor(points, n)
		}
		if !ok || points > scalar.MaxPoints {
			return 0, nil, tooMuch(l)
		}
		shares = append(shares, n)
	}
	return points, shares, nil
}

// explainLines says how the points lie on the lines, and how many things of
// each counted: a return takes back what those that came back earned.
func explainLines(v *verdict, bought *purchase) (shares []any) {
	for i, l := range bought.lines {
		if v.shares[i] > 0 {
			share := map[string]any{"lineId": l.GlobalID().String(), "points": v.shares[i]}
			if bought.quantity[i] != l.Quantity { // the rest was gone already
				share["quantity"] = bought.quantity[i]
			}
			shares = append(shares, share)
		}
	}
	return shares
}

// causeKnown is asked under the account's lock.
func causeKnown(ctx context.Context, tx *store.Tx, b *ledger.Book, cause string) (known bool, err error) {
	err = tx.QueryRow(ctx, `SELECT EXISTS (SELECT 1 FROM ledger_entries WHERE account_id = ? AND cause_key = ?)`, b.Account().ID, cause).Scan(&known)
	return known, err
}

// explain is what an entry says of a verdict: the programme and its version,
// by which the points live on, and the rules with theirs.
func (v *verdict) explain() map[string]any {
	said := bonus.Decision(v.prog)
	var rules, missed []any
	for _, g := range v.rules {
		r := map[string]any{"points": g.points}
		switch {
		case g.rule != nil:
			r["ruleId"], r["version"] = g.rule.GlobalID().String(), g.rule.Version
		case g.tier != nil:
			r["tierId"] = g.tier.GlobalID().String()
		default:
			r["rate"] = true
		}
		if g.cap != "" {
			r["cap"], r["uncapped"] = string(g.cap), g.uncapped
		}
		rules = append(rules, r)
	}
	for _, m := range v.missed {
		if len(missed) < maxMissed {
			missed = append(missed, map[string]any{"ruleId": m.rule.GlobalID().String(), "version": m.rule.Version, "why": string(m.why)})
		}
	}
	if len(v.rules) > 1 || len(v.rules) == 1 && (v.rules[0].rule != nil || v.rules[0].tier != nil) {
		said["rules"] = rules
	}
	if missed != nil {
		said["missed"] = missed
	}
	if v.tier != "" {
		said["tier"] = v.tier
	}
	return said
}

// maxMissed bounds what an entry says of rules that gave nothing.
const maxMissed = 20
