package earning

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/earningrule"
	"kabinet/internal/ledger"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// The acts that the system notes itself, and those that the SDL names.
const (
	ActRegistration     = "registration"
	ActProfileCompleted = "profile_completed"
	ActBirthday         = "birthday"
	ActVisit            = "visit"
	ActReview           = "review"
	ActReferral         = "referral"
)

// Act is something that an owner did.
type Act struct {
	Handle string         // registration, profile_completed, review, birthday, referral, visit, or one's own
	Owner  uuid.UUID      // who did it
	Key    string         // what makes it once: the same act with the same key is counted once for ever
	Data   map[string]any // what it carries, act.data of expressions
	At     time.Time      // when it happened; now where zero
}

func (a Act) cause() string { return "act:" + a.Handle + ":" + a.Key }

// EarnForAct gives what the rules of an act say, in every programme in force,
// one entry in each. The same act with the same key gives once for ever; where
// the limits of the rules are reached it gives nothing. Whoever counts acts
// hears of it first. Faults: OUT_OF_RANGE.
func (p *Earnings) EarnForAct(ctx context.Context, tx *store.Tx, a Act) ([]*ent.LedgerEntry, error) {
	if p.Acted != nil {
		if err := p.Acted(ctx, tx, a); err != nil {
			return nil, err
		}
	}
	trigger := earningrule.TriggerACT
	if a.Handle == ActBirthday {
		trigger = earningrule.TriggerDATE
	}
	return p.earnByRules(ctx, tx, a, func(h *earningRows, prog uuid.UUID) []*earnRule { return h.rulesOf(prog, trigger, a.Handle) })
}

// actCase is an act in one programme.
type actCase struct {
	prog  *ent.BonusProgram
	rules []*earnRule
}

func (p *Earnings) earnByRules(ctx context.Context, tx *store.Tx, a Act, of func(h *earningRows, program uuid.UUID) []*earnRule) ([]*ent.LedgerEntry, error) {
	if a.At.IsZero() {
		a.At = tx.Now
	}
	progs, err := p.Points.ProgramRows(ctx, tx.Client)
	if err != nil {
		return nil, err
	}
	h, err := p.rules.rows(ctx, tx.Client, p.Store.Now())
	if err != nil {
		return nil, err
	}
	in, asks := actCases(h, progs, of)
	if len(in) == 0 {
		return nil, nil
	}
	who, err := learn(ctx, tx, a.Owner, asks, tx.Now)
	if err != nil {
		return nil, err
	}
	var verdicts []*verdict
	rules := map[uuid.UUID][]*earnRule{}
	for _, c := range in {
		v := h.judgeAct(ctx, c.prog, c.rules, a, who, tx.Now, nil)
		if v.points > 0 {
			verdicts, rules[c.prog.KeyID] = append(verdicts, v), c.rules
		}
	}
	if len(verdicts) == 0 {
		return nil, nil
	}
	books, err := p.openBooks(ctx, tx, a.Owner, verdicts)
	if err != nil {
		return nil, err
	}
	var entries []*ent.LedgerEntry
	for _, v := range verdicts {
		e, err := p.actIn(ctx, tx, h, v.prog, rules[v.prog.KeyID], books[v.prog.Unit], a, who)
		if err != nil {
			return nil, err
		}
		if e != nil {
			entries = append(entries, e)
		}
	}
	return entries, nil
}

// actCases are the programmes in force in which rules look at an act, and what
// those ask of the customer.
func actCases(h *earningRows, progs []*ent.BonusProgram, of func(h *earningRows, program uuid.UUID) []*earnRule) (in []actCase, asks asking) {
	asks = asksNothing
	for _, prog := range progs {
		if prog.RetiredAt != nil {
			continue
		}
		if rules := of(h, prog.KeyID); len(rules) > 0 {
			in = append(in, actCase{prog, rules})
			for _, r := range rules {
				asks = max(asks, r.asks)
			}
		}
	}
	return in, asks
}

// actIn gives what an act earns in a programme, under the lock of its account;
// nil where that was given before or limits are reached.
func (p *Earnings) actIn(ctx context.Context, tx *store.Tx, h *earningRows, prog *ent.BonusProgram, rules []*earnRule, b *ledger.Book, a Act, who *earner) (*ent.LedgerEntry, error) {
	known, err := causeKnown(ctx, tx, b, a.cause())
	if err != nil {
		return nil, err
	}
	if known {
		return nil, b.Close(ctx)
	}
	uses, err := usesOf(ctx, tx, a.Owner, rules, a.At)
	if err != nil {
		return nil, err
	}
	v := h.judgeAct(ctx, prog, rules, a, who, tx.Now, uses)
	if v.points == 0 {
		return nil, b.Close(ctx)
	}
	explain := v.explain()
	explain["act"], explain["key"] = a.Handle, a.Key
	e, err := accrueVerdict(ctx, tx, b, v, ledger.Posting{Cause: a.cause(), Explain: explain})
	if err != nil {
		return nil, err
	}
	return e, noteUses(ctx, tx, a.Owner, e.ID, a.At, usesIn(v)...)
}

// judgeAct works out what an act earns: rules add up, of the exclusive ones the
// best counts. uses as of judge.
func (h *earningRows) judgeAct(ctx context.Context, prog *ent.BonusProgram, rules []*earnRule, a Act, who *earner, now time.Time, uses usedBefore) *verdict {
	v := &verdict{prog: prog}
	tier, _ := who.tier(h, prog.KeyID)
	if slices.ContainsFunc(rules, func(r *earnRule) bool { return r.asks > asksNothing }) {
		v.tier = tier
	}
	vars := who.vars(tier, now)
	data, _ := plainNumbers(a.Data).(map[string]any)
	if data == nil {
		data = map[string]any{}
	}
	vars["act.handle"], vars["act.key"], vars["act.at"], vars["act.data"] = a.Handle, a.Key, a.At, data
	gave := v.bestOf(rules, func(r *earnRule) (given, EarningMiss, error) { return r.giveAct(ctx, a.At, tier, vars, uses) })
	for _, g := range gave {
		if v.points+g.points <= maxEarned {
			v.add(g)
		}
	}
	return v
}

// giveAct is what a rule gives for an act, or why nothing.
func (r *earnRule) giveAct(ctx context.Context, at time.Time, tier string, vars map[string]any, uses usedBefore) (given, EarningMiss, error) {
	switch {
	case r.broken != nil:
		return given{}, EarningMissFailed, r.broken
	case !r.during(at):
		return given{}, EarningMissNotInForce, nil
	case len(r.Tiers) > 0 && !slices.Contains(r.Tiers, tier):
		return given{}, EarningMissTier, nil
	}
	if why, err := r.holds(ctx, vars); why != "" {
		return given{}, why, err
	}
	if uses.spent(r) {
		return given{}, EarningMissLimit, nil
	}
	g := given{rule: r}
	switch {
	case r.FixedPoints != nil:
		g.points = *r.FixedPoints
	case r.points != nil:
		n, err := r.points.Int(ctx, vars)
		if err == nil && n > maxEarned {
			err = errTooMany
		}
		if err != nil {
			return given{}, EarningMissFailed, err
		}
		g.points = n
	}
	if g.points <= 0 {
		return given{}, EarningMissNothing, nil
	}
	if uses.limit(&g); g.points <= 0 {
		return given{}, EarningMissCap, nil
	}
	return g, "", nil
}

var errTooMany = errors.New("more points than can be counted")

// own is the person who acts, for himself: acts are a person's, also while he
// acts for a company.
func own(ctx context.Context) uuid.UUID { return viewer.From(ctx).UserID }
