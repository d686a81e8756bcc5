package earning

import (
	"context"
	"sync"
	"time"

	"entgo.io/contrib/entgql"
	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/earningrule"
	"kabinet/internal/bonus"
	"kabinet/internal/fault"
	"kabinet/internal/locale"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// EarningRules lists a programme's rules, newest first. Staff only. Faults:
// INVALID_ID, PROGRAM_NOT_FOUND; UNAUTHENTICATED, FORBIDDEN.
func (p *Earnings) EarningRules(ctx context.Context, programID *scalar.ID, f *EarningRuleFilter, after *entgql.Cursor[uuid.UUID], first *int, before *entgql.Cursor[uuid.UUID], last *int) (*ent.EarningRuleConnection, error) {
	if err := bonus.Staff(ctx, "read"); err != nil {
		return nil, err
	}
	prog, err := p.Points.ProgramIn(ctx, p.Store.Client, programID)
	if err != nil {
		return nil, err
	}
	q := p.Store.Client.EarningRule.Query().Where(earningrule.ProgramID(prog.KeyID))
	if f == nil {
		f = &EarningRuleFilter{}
	}
	if f.Trigger != nil {
		q.Where(earningrule.TriggerEQ(earningrule.Trigger(*f.Trigger)))
	}
	if f.Act != nil {
		q.Where(earningrule.Act(*f.Act))
	}
	if f.Retired == nil || !*f.Retired {
		q.Where(earningrule.RetiredAtIsNil())
	}
	if f.InForce != nil {
		now := p.Store.Now()
		gives := earningrule.And(earningrule.RetiredAtIsNil(),
			earningrule.Or(earningrule.StartsAtIsNil(), earningrule.StartsAtLTE(now)),
			earningrule.Or(earningrule.EndsAtIsNil(), earningrule.EndsAtGT(now)))
		if !*f.InForce {
			gives = earningrule.Not(gives)
		}
		q.Where(gives)
	}
	newest := &ent.EarningRuleOrder{Direction: entgql.OrderDirectionDesc, Field: ent.DefaultEarningRuleOrder.Field}
	return q.Paginate(ctx, after, first, before, last, ent.WithEarningRuleOrder(newest))
}

// EarningRule is a rule as it stands, or as it stood in a version. Staff only.
// Faults: INVALID_ID, NOT_FOUND; UNAUTHENTICATED, FORBIDDEN.
func (p *Earnings) EarningRule(ctx context.Context, id scalar.ID, version *int) (*ent.EarningRule, error) {
	if err := bonus.Staff(ctx, "read"); err != nil {
		return nil, err
	}
	if id.Prefix != "rule" {
		return nil, fault.ErrInvalidID.At("id")
	}
	h, err := p.rules.rows(ctx, p.Store.Client, p.Store.Now())
	if err != nil {
		return nil, err
	}
	n := int64(0)
	if version != nil {
		n = int64(*version)
	}
	if r := h.version(id.UUID, n); r != nil && n >= 0 {
		return r, nil
	}
	return nil, fault.ErrNotFound
}

// RuleNode is EarningRule as it stands, and NOT_FOUND for who is not staff.
func (p *Earnings) RuleNode(ctx context.Context, id scalar.ID) (*ent.EarningRule, error) {
	if bonus.Staff(ctx, "read") != nil {
		return nil, fault.ErrNotFound
	}
	return p.EarningRule(ctx, id, nil)
}

// ProgramOfRule is the programme of a rule, as it stands.
func (p *Earnings) ProgramOfRule(ctx context.Context, r *ent.EarningRule) (*ent.BonusProgram, error) {
	return p.Points.ProgramVersion(ctx, p.Store.Client, r.ProgramID, 0)
}

// RuleText is one of a rule's texts (name, description) in the caller's
// language; the rule's handle where it has no name.
func RuleText(ctx context.Context, r *ent.EarningRule, which string) string {
	text := scalar.Pick(r.Texts, which, locale.Match(viewer.From(ctx).Locale), locale.Default)
	if text == "" && which == scalar.TextName {
		return r.Handle
	}
	return text
}

// RuleMoney is an amount of a rule; nil where it has none.
func RuleMoney(r *ent.EarningRule, minor int64) *scalar.Money {
	if minor == 0 {
		return nil
	}
	return &scalar.Money{Minor: minor, Currency: r.Currency}
}

// RuleInForce says whether a rule gives now.
func (p *Earnings) RuleInForce(r *ent.EarningRule) bool {
	return r.RetiredAt == nil && (&earnRule{EarningRule: r}).during(p.Store.Now())
}

// RuleProfile is what a complete profile has, for a rule of that act.
func RuleProfile(r *ent.EarningRule) []ProfilePart {
	parts := r.Profile
	if len(parts) == 0 && r.Act != nil && *r.Act == ActProfileCompleted {
		parts = fullProfile
	}
	all := make([]ProfilePart, len(parts))
	for i, part := range parts {
		all[i] = ProfilePart(part)
	}
	return all
}

// RuleTranslations are a rule's texts in every language.
func RuleTranslations(r *ent.EarningRule) []*scalar.Translation {
	plain := scalar.Translations(r.Texts)
	all := make([]*scalar.Translation, len(plain))
	for i := range plain {
		all[i] = &plain[i]
	}
	return all
}

// givenCache holds what every rule gave so far, for a list that asks it of each.
type givenCache struct {
	mu   sync.Mutex
	sums map[uuid.UUID]*EarningRuleUse
	at   time.Time
}

// RuleGiven is what a rule gave so far, in all its versions. Staff only.
// Faults: UNAUTHENTICATED, FORBIDDEN.
func (p *Earnings) RuleGiven(ctx context.Context, r *ent.EarningRule) (*EarningRuleUse, error) {
	if err := bonus.Staff(ctx, "read"); err != nil {
		return nil, err
	}
	c := &p.given
	c.mu.Lock()
	defer c.mu.Unlock()
	if now := p.Store.Now(); c.sums == nil || now.Before(c.at) || now.Sub(c.at) >= rulesLife {
		sums, err := p.givenByAll(ctx)
		if err != nil {
			return nil, err
		}
		c.sums, c.at = sums, now
	}
	if sum := c.sums[r.KeyID]; sum != nil {
		return sum, nil
	}
	return &EarningRuleUse{}, nil
}

func (p *Earnings) givenByAll(ctx context.Context) (map[uuid.UUID]*EarningRuleUse, error) {
	rows, err := p.Store.Query(ctx, takenInPart(`u.points > 0`)+` SELECT u.rule_id, count(*), CAST(sum(u.points) AS bigint) FROM earning_uses u
		WHERE `+stands+` GROUP BY u.rule_id`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	sums := map[uuid.UUID]*EarningRuleUse{}
	for rows.Next() {
		var id uuid.UUID
		n := &EarningRuleUse{}
		if err := rows.Scan(&id, &n.Times, &n.Points); err != nil {
			return nil, err
		}
		sums[id] = n
	}
	return sums, store.Translate(rows.Err())
}
