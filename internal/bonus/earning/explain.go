package earning

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/ledgerentry"
	"kabinet/internal/bonus"
	"kabinet/internal/locale"
	"kabinet/internal/scalar"
	"kabinet/internal/viewer"
)

// said is what an entry says in explain of how it was decided, see
// verdict.explain.
type said struct {
	ProgramID  string       `json:"programId"`
	Version    int64        `json:"version"`
	EarnPoints int64        `json:"earnPoints"`
	EarnPer    string       `json:"earnPer"`
	Currency   string       `json:"currency"`
	Tier       string       `json:"tier"`
	Lines      []saidLine   `json:"lines"`
	Rules      []saidRule   `json:"rules"`
	Missed     []saidMissed `json:"missed"`
}

type saidLine struct {
	LineID string `json:"lineId"`
	Sku    string `json:"sku"`
	Points int64  `json:"points"`
}

type saidRule struct {
	RuleID   string `json:"ruleId"`
	TierID   string `json:"tierId"`
	Version  int64  `json:"version"`
	Points   int64  `json:"points"`
	Cap      string `json:"cap"`
	Uncapped *int64 `json:"uncapped"`
}

type saidMissed struct {
	RuleID  string `json:"ruleId"`
	Version int64  `json:"version"`
	Why     string `json:"why"`
}

// Explanation says why an entry is so many, by the versions of the rules that
// decided, in the caller's language. It reads nothing but what is cached.
func (p *Earnings) Explanation(ctx context.Context, e *ent.LedgerEntry) (*BonusExplanation, error) {
	h, err := p.rules.rows(ctx, p.Store.Client, p.Store.Now())
	if err != nil {
		return nil, err
	}
	s, err := read(e.Explain)
	if err != nil {
		return nil, err
	}
	if e.Kind != ledgerentry.KindACCRUAL {
		s = &said{Version: s.Version}
	}
	if e.Kind == ledgerentry.KindACCRUAL && len(s.Rules) == 0 && len(s.Lines) > 0 { // by the programme's own rate alone
		s.Rules = []saidRule{{Points: e.Amount}}
	}
	x := p.words(ctx, h, s, e.Amount)
	if len(s.Rules) == 0 && len(s.Missed) == 0 {
		x.Text = bonus.Label(viewer.From(ctx).Locale, e) + "." + occasion(viewer.From(ctx).Locale, e.Explain)
	}
	return x, nil
}

// occasions are the ids in explain by which another domain says what its entry
// was for, and the texts that say it.
var occasions = []struct{ key, text string }{
	{"redemptionId", "reward"}, {"referralId", "referral"}, {"campaignId", "campaign"}, {"offer", "offer"}, {"promotionId", "promotion"},
}

func occasion(lang string, explain map[string]any) string {
	for _, o := range occasions {
		if _, told := explain[o.key]; told {
			return " " + locale.Text(lang, "bonus.explain.for."+o.text, nil)
		}
	}
	return ""
}

func read(explain map[string]any) (*said, error) {
	text, err := json.Marshal(explain)
	s := &said{}
	if err == nil {
		err = json.Unmarshal(text, s)
	}
	if err != nil {
		return nil, fmt.Errorf("bonus: read explain: %w", err)
	}
	return s, nil
}

// explanation says why a verdict is so many, as its entry would.
func (p *Earnings) explanation(ctx context.Context, h *earningRows, v *verdict, bought *purchase) *BonusExplanation {
	s := &said{Version: v.prog.Version, Tier: v.tier, EarnPoints: v.prog.EarnPoints, Currency: v.prog.EarnCurrency,
		EarnPer: scalar.Money{Minor: v.prog.EarnPerMinor, Currency: v.prog.EarnCurrency}.Amount()}
	tried := map[string]*ent.EarningRule{} // that are not kept
	for _, g := range v.rules {
		r := saidRule{Points: g.points}
		switch {
		case g.rule != nil:
			r.RuleID, r.Version = g.rule.GlobalID().String(), g.rule.Version
			tried[r.RuleID] = g.rule.EarningRule
		case g.tier != nil:
			r.TierID = g.tier.GlobalID().String()
		}
		if g.cap != "" {
			r.Cap, r.Uncapped = string(g.cap), &g.uncapped
		}
		s.Rules = append(s.Rules, r)
	}
	for _, m := range v.missed {
		id := m.rule.GlobalID().String()
		tried[id] = m.rule.EarningRule
		s.Missed = append(s.Missed, saidMissed{RuleID: id, Version: m.rule.Version, Why: string(m.why)})
	}
	if bought != nil {
		for i, l := range bought.lines {
			if v.shares[i] > 0 {
				line := saidLine{Sku: l.Sku, Points: v.shares[i]}
				if !bought.madeUp() {
					line.LineID = l.GlobalID().String()
				}
				s.Lines = append(s.Lines, line)
			}
		}
	}
	return p.words(ctx, h.with(tried), s, v.points)
}

// with knows rules that are not kept.
func (h *earningRows) with(tried map[string]*ent.EarningRule) *earningRows {
	more := *h
	more.tried = tried
	return &more
}

// named is a rule's row and name; nil and its id where it is not there.
func (h *earningRows) named(ctx context.Context, id string, version int64) (*scalar.ID, string) {
	row := h.tried[id]
	g, err := scalar.ParseID(id)
	if err != nil {
		return nil, id
	}
	if row == nil {
		row = h.version(g.UUID, version)
	}
	if row == nil {
		return &g, id
	}
	if row.Version == 0 { // tried, not kept
		return nil, RuleText(ctx, row, scalar.TextName)
	}
	return &g, RuleText(ctx, row, scalar.TextName)
}

// words puts what was said into words.
func (p *Earnings) words(ctx context.Context, h *earningRows, s *said, points int64) *BonusExplanation {
	lang := viewer.From(ctx).Locale
	x := &BonusExplanation{Points: points, Rules: []*BonusExplainedRule{}, Missed: []*BonusMissedRule{}, Lines: []*BonusExplainedLine{}}
	if s.Tier != "" {
		x.Tier = &s.Tier
	}
	if s.Version != 0 {
		x.ProgramVersion = &s.Version
	}
	var parts, sentences []string
	for _, r := range s.Rules {
		rule, text := p.wordsOfRule(ctx, h, lang, s, r)
		x.Rules, parts = append(x.Rules, rule), append(parts, text)
	}
	total := locale.Text(lang, "bonus.explain.total", map[string]any{"count": points})
	if len(parts) > 0 {
		sentences = append(sentences, total+": "+strings.Join(parts, "; ")+".")
	} else {
		sentences = append(sentences, total+".")
	}
	for _, m := range s.Missed {
		id, name := h.named(ctx, m.RuleID, m.Version)
		text := locale.Text(lang, "bonus.explain.missed", map[string]any{"name": name, "why": locale.Text(lang, "bonus.explain.miss."+m.Why, nil)})
		missed := &BonusMissedRule{Rule: id, Name: name, Why: EarningMiss(m.Why), Text: text}
		if id != nil {
			missed.Version = &m.Version
		}
		x.Missed, sentences = append(x.Missed, missed), append(sentences, text)
	}
	for _, l := range s.Lines {
		line := &BonusExplainedLine{Points: l.Points}
		if id, err := scalar.ParseID(l.LineID); err == nil {
			line.LineID = &id
		}
		if l.Sku != "" {
			line.Sku = &l.Sku
		}
		x.Lines = append(x.Lines, line)
	}
	x.Text = strings.Join(sentences, " ")
	return x
}

// wordsOfRule is what one rule gave, and the same in words.
func (p *Earnings) wordsOfRule(ctx context.Context, h *earningRows, lang string, s *said, r saidRule) (*BonusExplainedRule, string) {
	x := &BonusExplainedRule{Points: r.Points}
	facts := map[string]any{"points": r.Points}
	switch {
	case r.RuleID != "":
		if x.Rule, x.Name = h.named(ctx, r.RuleID, r.Version); x.Rule != nil {
			x.Version = &r.Version
		}
		facts["name"] = x.Name
		if r.Cap == "" || r.Uncapped == nil {
			return x, locale.Text(lang, "bonus.explain.rule", facts)
		}
		by := EarningCap(r.Cap)
		x.Cap, x.Uncapped = &by, r.Uncapped
		facts["uncapped"], facts["cap"] = *r.Uncapped, locale.Text(lang, "bonus.explain.cap."+r.Cap, nil)
		return x, locale.Text(lang, "bonus.explain.capped", facts)
	case r.TierID != "":
		x.Name = s.Tier
		if g, err := scalar.ParseID(r.TierID); err == nil && h.tiers[g.UUID] != nil {
			if name := scalar.Pick(h.tiers[g.UUID].Texts, scalar.TextName, locale.Match(lang), locale.Default); name != "" {
				x.Name = name
			}
		}
		facts["name"] = x.Name
		return x, locale.Text(lang, "bonus.explain.tier", facts)
	}
	x.Name = locale.Text(lang, "bonus.explain.rate.name", nil)
	if per, err := scalar.ParseMoney(s.EarnPer, s.Currency); err == nil && s.EarnPoints > 0 {
		facts["rate"], facts["amount"] = s.EarnPoints, locale.Money(lang, per.Minor, per.Currency)
		return x, locale.Text(lang, "bonus.explain.rate", facts)
	}
	return x, locale.Text(lang, "bonus.explain.rate.plain", facts)
}
