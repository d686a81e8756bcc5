package earning

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/earningrule"
	"kabinet/ent/generated/tier"
	"kabinet/internal/audience"
	"kabinet/internal/rule"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// maxEarned is the most that anything earns at once.
const maxEarned = int64(scalar.MaxPoints)

// earnRule is a rule ready to be asked.
type earnRule struct {
	*ent.EarningRule
	condition, points *rule.Expr
	broken            error // an expression that does not compile any more
	asks              asking
}

// asking says which facts of a customer a rule needs.
type asking uint8

const (
	asksNothing asking = iota
	asksTier
	asksAll
)

// earningRows holds all rules, the retired versions too, by which entries are
// explained, and the tiers in force.
type earningRows struct {
	inForce  map[uuid.UUID][]*earnRule        // by programme; the highest priority first
	versions map[uuid.UUID][]*ent.EarningRule // by rule
	tiers    map[uuid.UUID]*ent.Tier          // by tier
	at       time.Time

	tried map[string]*ent.EarningRule // that are not kept, by id: they are named too
}

// earningCache is read without a lock, as programCache is.
type earningCache struct{ held atomic.Pointer[earningRows] }

func (c *earningCache) rows(ctx context.Context, client *ent.Client, now time.Time) (*earningRows, error) {
	if h := c.held.Load(); h != nil && !now.Before(h.at) && now.Sub(h.at) < rulesLife {
		return h, nil
	}
	ctx = viewer.AsSystem(ctx, "bonus.rules") // customers earn by rules that only staff reads
	rules, err := client.EarningRule.Query().Order(earningrule.ByPriority(), earningrule.ByHandle(), earningrule.ByVersion()).All(ctx)
	if err != nil {
		return nil, store.Translate(err)
	}
	tiers, err := client.Tier.Query().Where(tier.RetiredAtIsNil()).All(ctx)
	if err != nil {
		return nil, store.Translate(err)
	}
	h := &earningRows{inForce: map[uuid.UUID][]*earnRule{}, versions: map[uuid.UUID][]*ent.EarningRule{}, tiers: map[uuid.UUID]*ent.Tier{}, at: now}
	for _, r := range rules {
		h.versions[r.KeyID] = append(h.versions[r.KeyID], r)
		if r.RetiredAt == nil {
			h.inForce[r.ProgramID] = append(h.inForce[r.ProgramID], ready(r))
		}
	}
	for _, all := range h.inForce {
		slices.SortStableFunc(all, func(a, b *earnRule) int { return cmp.Compare(b.Priority, a.Priority) })
	}
	for _, t := range tiers {
		h.tiers[t.KeyID] = t
	}
	c.held.Store(h)
	return h, nil
}

// rulesOf are the programme's rules in force with a trigger, and of an act.
func (h *earningRows) rulesOf(program uuid.UUID, trigger earningrule.Trigger, act string) (rules []*earnRule) {
	for _, r := range h.inForce[program] {
		if r.Trigger == trigger && (act == "" || r.Act != nil && *r.Act == act) {
			rules = append(rules, r)
		}
	}
	return rules
}

// version is a rule's row of a version, the newest for 0; nil where there is none.
func (h *earningRows) version(key uuid.UUID, version int64) (found *ent.EarningRule) {
	for _, r := range h.versions[key] {
		if version == 0 && (found == nil || r.Version > found.Version) || version != 0 && r.Version == version {
			found = r
		}
	}
	return found
}

// tierOf is the tier of a programme among those that somebody holds.
func (h *earningRows) tierOf(program uuid.UUID, held []uuid.UUID) *ent.Tier {
	for _, id := range held {
		if t := h.tiers[id]; t != nil && t.ProgramID == program {
			return t
		}
	}
	return nil
}

// multiplies says whether a tier of the programme has a multiplier among its perks.
func (h *earningRows) multiplies(program uuid.UUID) bool {
	for _, t := range h.tiers {
		if t.ProgramID == program && tierMultiplier(t) > 0 {
			return true
		}
	}
	return false
}

// tierMultiplier is what a tier multiplies the points of orders by, in basis
// points; 0: it does not.
func tierMultiplier(t *ent.Tier) int64 {
	if t == nil {
		return 0
	}
	for _, p := range t.Perks {
		if p.Kind == "MULTIPLIER" && p.MultiplierBasisPoints != nil && *p.MultiplierBasisPoints > wholeMultiplier {
			return int64(*p.MultiplierBasisPoints)
		}
	}
	return 0
}

// wholeMultiplier is once, in basis points.
const wholeMultiplier = 10_000

// ready compiles a rule's expressions. One that was kept and does not compile
// any more gives nothing, and says so.
func ready(row *ent.EarningRule) *earnRule {
	r := &earnRule{EarningRule: row}
	envs, err := earningEnvs()
	if err != nil {
		r.broken = err
		return r
	}
	if row.Condition != nil {
		r.condition, r.broken = envs.condition(row.Trigger).Compile(*row.Condition, "bool")
	}
	if row.PointsExpression != nil && r.broken == nil {
		r.points, r.broken = envs.points(row.Trigger, row.Basis).Compile(*row.PointsExpression, "int")
	}
	if len(row.Tiers) > 0 {
		r.asks = asksTier
	}
	for _, text := range []*string{row.Condition, row.PointsExpression} {
		if text != nil {
			r.asks = max(r.asks, asksOf(*text))
		}
	}
	return r
}

func asksOf(expression string) asking {
	if strings.Contains(expression, "order.isFirst") {
		return asksAll
	}
	plain := strings.NewReplacer("customer.tiers", "customer.all", "customer.tier", "").Replace(expression)
	switch {
	case strings.Contains(plain, "customer"):
		return asksAll
	case plain != expression:
		return asksTier
	}
	return asksNothing
}

// earningEnvironments are the variables of orders, of their lines and of acts.
type earningEnvironments struct{ order, line, act *rule.Env }

func (e *earningEnvironments) condition(t earningrule.Trigger) *rule.Env {
	if t == earningrule.TriggerORDER {
		return e.order
	}
	return e.act
}

func (e *earningEnvironments) points(t earningrule.Trigger, b earningrule.Basis) *rule.Env {
	if t == earningrule.TriggerORDER && b == earningrule.BasisLINE {
		return e.line
	}
	return e.condition(t)
}

var earningEnvs = sync.OnceValues(func() (*earningEnvironments, error) {
	who := append(audience.Vars(),
		rule.Var{Name: "customer.tier", Type: "string", Doc: "the handle of the tier in the programme; empty for none"},
		rule.Var{Name: "now", Type: "timestamp", Doc: "this moment"})
	order := append(slices.Clone(who),
		rule.Var{Name: "order.total", Type: "int", Doc: "what the order comes to, minor units"},
		rule.Var{Name: "order.subtotal", Type: "int", Doc: "its lines, minor units"},
		rule.Var{Name: "order.discount", Type: "int", Doc: "its discount, minor units"},
		rule.Var{Name: "order.shipping", Type: "int", Doc: "its delivery, minor units"},
		rule.Var{Name: "order.selected", Type: "int", Doc: "the lines that the rule looks at, without what was cancelled or returned, minor units"},
		rule.Var{Name: "order.currency", Type: "string", Doc: "ISO 4217"},
		rule.Var{Name: "order.channel", Type: "string", Doc: "ONLINE, STORE, PHONE, MARKETPLACE"},
		rule.Var{Name: "order.lines", Type: "int", Doc: "how many lines it has"},
		rule.Var{Name: "order.quantity", Type: "int", Doc: "how many things it has"},
		rule.Var{Name: "order.isFirst", Type: "bool", Doc: "whether the customer has no other that was not cancelled"},
		rule.Var{Name: "order.placedAt", Type: "timestamp", Doc: "when it was placed"},
		rule.Var{Name: "order.metadata", Type: "map", Doc: "its public free data"})
	line := append(slices.Clone(order),
		rule.Var{Name: "line.total", Type: "int", Doc: "the line without what was cancelled or returned, minor units"},
		rule.Var{Name: "line.price", Type: "int", Doc: "of one, minor units"},
		rule.Var{Name: "line.quantity", Type: "int", Doc: "how many, without what was cancelled or returned"},
		rule.Var{Name: "line.sku", Type: "string", Doc: "the product's sku"},
		rule.Var{Name: "line.category", Type: "string", Doc: "the product's category; empty where it has none"})
	act := append(slices.Clone(who),
		rule.Var{Name: "act.handle", Type: "string", Doc: "which act"},
		rule.Var{Name: "act.key", Type: "string", Doc: "what it is about"},
		rule.Var{Name: "act.at", Type: "timestamp", Doc: "when it happened"},
		rule.Var{Name: "act.data", Type: "map", Doc: "what it carries"})
	e := &earningEnvironments{}
	for _, m := range []struct {
		env  **rule.Env
		vars []rule.Var
	}{{&e.order, order}, {&e.line, line}, {&e.act, act}} {
		var err error
		if *m.env, err = rule.NewEnv(m.vars...); err != nil {
			return nil, err
		}
	}
	return e, nil
})

// RuleVariables is what expressions of rules with a trigger may name and call.
func RuleVariables(t EarningTrigger) ([]*RuleVariable, error) {
	envs, err := earningEnvs()
	if err != nil {
		return nil, err
	}
	var all []*RuleVariable
	for _, v := range envs.points(earningrule.Trigger(t), earningrule.BasisLINE).Vars() {
		all = append(all, &RuleVariable{Name: v.Name, Type: v.Type, Description: v.Doc})
	}
	for _, f := range rule.Functions {
		all = append(all, &RuleVariable{Name: f.Name, Type: f.Type, Description: f.Doc, IsFunction: true})
	}
	return all, nil
}
