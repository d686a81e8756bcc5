package clock

import (
	"context"
	"errors"
	"strings"
	"sync"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/company"
	"kabinet/ent/generated/ledgeraccount"
	"kabinet/ent/generated/servicelevel"
	enttier "kabinet/ent/generated/tier"
	"kabinet/internal/rule"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// mostLevels bounds the service levels, and the calendars, in force.
const mostLevels = 50

// vars are what the condition of a service level may name.
var vars = []rule.Var{
	{Name: "kind", Type: "string", Doc: "QUESTION, COMPLAINT, CALLBACK and so on."},
	{Name: "priority", Type: "string", Doc: "LOW, NORMAL, HIGH or URGENT."},
	{Name: "channel", Type: "string", Doc: "ACCOUNT, EMAIL, PHONE, CHAT or MESSENGER."},
	{Name: "locale", Type: "string", Doc: "The customer's language, such as en."},
	{Name: "companyId", Type: "string", Doc: "The id of the company whose ticket it is, com_…; empty for a person's."},
	{Name: "isPartner", Type: "bool", Doc: "Whether it is of a company that is no family."},
	{Name: "tier", Type: "string", Doc: "The handle of the customer's tier; empty without one."},
}

var env = sync.OnceValues(func() (*rule.Env, error) { return rule.NewEnv(vars...) })

// compile checks a condition. Faults: RULE_INVALID.
func compile(condition string) (*rule.Expr, error) {
	e, err := env()
	if err != nil {
		return nil, err
	}
	return e.Compile(condition, "bool")
}

// choose gives the terms of the first service level in force that fits a
// ticket; a condition that cannot be worked out does not fit.
func (c *Clocks) choose(ctx context.Context, tx *store.Tx, t *ent.Ticket) (Terms, error) {
	levels, err := inForce(ctx, tx.Client)
	if err != nil {
		return Terms{}, err
	}
	var facts map[string]any
	for _, l := range levels {
		if l.Condition == nil {
			return termsOf(l), nil
		}
		x := c.condition(l)
		if x == nil {
			continue
		}
		if facts == nil {
			if facts, err = factsOf(ctx, tx, t, levels); err != nil {
				return Terms{}, err
			}
		}
		switch fits, err := x.Bool(ctx, facts); {
		case err != nil && !errors.Is(err, rule.ErrRuleInvalid):
			return Terms{}, err
		case fits:
			return termsOf(l), nil
		}
	}
	return builtIn, nil
}

// condition compiles the condition of a version once: it never changes. Nil
// where the rules of conditions were other ones when it was saved.
func (c *Clocks) condition(l *ent.ServiceLevel) *rule.Expr {
	if held, ok := c.conditions.Load(l.ID); ok {
		return held.(*rule.Expr)
	}
	x, err := compile(*l.Condition)
	if err != nil {
		x = nil
	}
	c.conditions.Store(l.ID, x)
	return x
}

// inForce are the service levels in force, in the order in which they are tried.
func inForce(ctx context.Context, client *ent.Client) ([]*ent.ServiceLevel, error) {
	return client.ServiceLevel.Query().Where(servicelevel.RetiredAtIsNil()).
		Order(servicelevel.ByPosition(), servicelevel.ByKeyID()).Limit(mostLevels).All(ctx)
}

// factsOf are the values of vars for a ticket. The tier is looked up only where
// a condition speaks of it.
func factsOf(ctx context.Context, tx *store.Tx, t *ent.Ticket, levels []*ent.ServiceLevel) (map[string]any, error) {
	facts := map[string]any{
		"kind": string(t.Kind), "priority": string(t.Priority), "channel": string(t.Channel), "locale": t.Locale,
		"companyId": "", "isPartner": false, "tier": "",
	}
	if t.OwnerID != viewer.House && (t.UserID == nil || *t.UserID != t.OwnerID) {
		partner, err := tx.Company.Query().Where(company.ID(t.OwnerID), company.KindEQ(company.KindCOMPANY)).Exist(ctx)
		if err != nil {
			return nil, err
		}
		if facts["isPartner"] = partner; partner {
			facts["companyId"] = idOf("com", t.OwnerID).String()
		}
	}
	for _, l := range levels {
		if l.Condition == nil || !strings.Contains(*l.Condition, "tier") {
			continue
		}
		tier, err := tierOf(ctx, tx, t)
		facts["tier"] = tier
		return facts, err
	}
	return facts, nil
}

// tierOf is the handle of the highest tier of the owner.
func tierOf(ctx context.Context, tx *store.Tx, t *ent.Ticket) (string, error) {
	accounts, err := tx.LedgerAccount.Query().Where(ledgeraccount.OwnerID(t.OwnerID), ledgeraccount.KindEQ(ledgeraccount.KindBONUS), ledgeraccount.TierIDNotNil()).
		Order(ledgeraccount.ByID()).Limit(mostLevels).All(ctx)
	if err != nil || len(accounts) == 0 {
		return "", err
	}
	keys := make([]uuid.UUID, len(accounts))
	for i, a := range accounts {
		keys[i] = *a.TierID
	}
	top, err := tx.Tier.Query().Where(enttier.KeyIDIn(keys...), enttier.RetiredAtIsNil()).Order(ent.Desc(enttier.FieldRank), enttier.ByID()).First(ctx)
	if ent.IsNotFound(err) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	return top.Handle, nil
}
