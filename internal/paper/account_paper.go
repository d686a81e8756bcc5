package paper

import (
	"context"
	"strings"
	"time"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/bonusprogram"
	"kabinet/ent/generated/ledgeraccount"
	"kabinet/ent/generated/ledgerentry"
	"kabinet/ent/generated/tier"
	"kabinet/ent/generated/tierchange"
	"kabinet/internal/fault"
	"kabinet/internal/locale"
	"kabinet/internal/scalar"
	"kabinet/internal/viewer"
)

// account finds a bonus account or a wallet that the caller may read. The fence
// knows both as points: for a wallet the owner or the grant is asked. Whoever
// acts for a customer does not come to his money. Faults: NOT_FOUND.
func account(ctx context.Context, c *ent.Client, id scalar.ID) (*ent.LedgerAccount, error) {
	is := ledgeraccount.ID(id.UUID)
	a, err := c.LedgerAccount.Query().Where(is, ledgeraccount.KindEQ(ledgeraccount.KindBONUS)).Only(ctx)
	if !ent.IsNotFound(err) {
		return a, err
	}
	a, err = c.LedgerAccount.Query().Where(is, ledgeraccount.KindEQ(ledgeraccount.KindWALLET)).Only(viewer.AsSystem(ctx, "paper"))
	if ent.IsNotFound(err) || err == nil && !mayReadMoney(viewer.From(ctx), a) {
		return nil, fault.ErrNotFound
	}
	return a, err
}

func mayReadMoney(v viewer.Viewer, a *ent.LedgerAccount) bool {
	switch {
	case v.IsSystem(), v.Staff && v.Reach("wallet", "read") == viewer.ReachAll:
		return true
	case !v.SignedIn(), v.ActingStaff != uuid.Nil:
		return false
	}
	return a.OwnerID == v.UserID || a.OwnerID == v.OwnerID && v.Reach("wallet", "read") >= viewer.ReachOwner
}

// purse shows what is on an account: points or money.
type purse struct {
	*ent.LedgerAccount
	lang string
}

func (a purse) money() bool { return a.Kind == ledgeraccount.KindWALLET }

func (a purse) show(n int64) string {
	if a.money() {
		return locale.Money(a.lang, n, a.Unit)
	}
	return whole(a.lang, n)
}

// named are the facts by which an account is known.
func (p *Papers) named(ctx context.Context, c *ent.Client, a purse) ([]Fact, error) {
	if a.money() {
		name := a.Unit
		if a.Number != nil {
			name = *a.Number + ", " + a.Unit
		}
		return []Fact{{say(a.lang, "fact.wallet"), name}}, nil
	}
	name := strings.TrimPrefix(a.Unit, "PTS:")
	if a.ProgramID != nil {
		pr, err := c.BonusProgram.Query().Where(bonusprogram.KeyID(*a.ProgramID)).Order(bonusprogram.ByVersion(sql.OrderDesc())).First(viewer.AsSystem(ctx, "paper"))
		if err != nil && !ent.IsNotFound(err) {
			return nil, err
		}
		if pr != nil {
			name = translated(pr.Texts, a.lang, "name", pr.Name)
		}
	}
	return []Fact{{say(a.lang, "fact.program"), name}}, nil
}

// translated is a text of a row in a language, or in another one, or else.
func translated(texts map[string]map[string]string, lang, name, or string) string {
	for _, l := range []string{locale.Match(lang), locale.Default} {
		if s := texts[l][name]; s != "" {
			return s
		}
	}
	return or
}

// ofEntries drafts the statement of an account.
func (p *Papers) ofEntries(ctx context.Context, c *ent.Client, lang string, id scalar.ID, s span) (*draft, error) {
	row, err := account(ctx, c, id)
	if err != nil {
		return nil, notFound(err)
	}
	a := purse{row, lang}
	ctx = viewer.AsSystem(ctx, "paper")
	opening, err := balance(ctx, c, a, s.From)
	if err != nil {
		return nil, err
	}
	entries, err := c.LedgerEntry.Query().Where(ledgerentry.AccountID(a.ID), ledgerentry.CreatedAtGTE(s.From), ledgerentry.CreatedAtLT(s.Before)).
		Order(ledgerentry.BySeq()).Limit(4*maxRows + 1).All(ctx)
	if err != nil {
		return nil, err
	}
	g, closing, in, out := p.rows(a, entries, opening)
	if len(g.Rows) > maxRows || len(entries) > 4*maxRows {
		return nil, ErrPaperTooLong.At("input", "period").With("limit", maxRows)
	}
	g.Totals = []Fact{{say(lang, "total.credit"), a.show(in)}, {say(lang, "total.debit"), a.show(-out)}, {say(lang, "total.closing"), a.show(closing)}}
	d, err := p.ofAccount(ctx, c, "STATEMENT", a, id)
	if err != nil {
		return nil, err
	}
	d.First, d.Last = text(s.First), text(s.Last)
	days := say(lang, "fact.days", "from", p.date(lang, s.First), "to", p.date(lang, s.Last))
	d.Sheet.Facts = append(d.Sheet.Facts, Fact{say(lang, "fact.period"), days},
		Fact{say(lang, "fact.opening"), a.show(opening)}, Fact{say(lang, "fact.closing"), a.show(closing)})
	d.Sheet.Grids = []Grid{g}
	if a.money() {
		d.Sheet.Words = []string{locale.AmountInWords(lang, closing, a.Unit)}
	}
	d.Sheet.Remarks = []string{say(lang, "remark.STATEMENT", "zone", p.zone().String()), say(lang, "remark.electronic")}
	return d, nil
}

// ofAccount is what all papers of an account begin with.
func (p *Papers) ofAccount(ctx context.Context, c *ent.Client, kind string, a purse, id scalar.ID) (*draft, error) {
	who, err := customerOf(ctx, c, a.OwnerID, a.lang)
	if err != nil {
		return nil, err
	}
	facts, err := p.named(ctx, c, a)
	return &draft{Kind: kind, Owner: a.OwnerID, About: id, Sheet: Sheet{
		Locale:  a.lang,
		Parties: []Party{{say(a.lang, "role.business"), p.Seller.lines(a.lang, kind)}, {say(a.lang, "role.holder"), who.Lines}},
		Facts:   facts,
		Page:    say(a.lang, "page", "page", "{page}", "pages", "{pages}"),
	}}, err
}

// rows are the entries that change the balance, and what they come to.
func (p *Papers) rows(a purse, entries []*ent.LedgerEntry, opening int64) (g Grid, closing, in, out int64) {
	g = Grid{Empty: say(a.lang, "empty.entries"), Columns: []Column{
		{say(a.lang, "column.date"), 22, false}, {say(a.lang, "column.what"), 40, false},
		{say(a.lang, "column.credit"), 17, true}, {say(a.lang, "column.debit"), 17, true}, {say(a.lang, "column.balance"), 18, true},
	}}
	closing = opening
	for _, e := range entries {
		change := effect(e)
		if change == 0 {
			continue
		}
		closing += change
		row := []string{p.stamp(a.lang, e.CreatedAt), p.label(a.lang, e), "", "", a.show(closing)}
		if change > 0 {
			in, row[2] = in+change, a.show(change)
		} else {
			out, row[3] = out+change, a.show(-change)
		}
		g.Rows = append(g.Rows, row)
	}
	return g, closing, in, out
}

func (p *Papers) label(lang string, e *ent.LedgerEntry) string {
	if p.Label == nil {
		return string(e.Kind)
	}
	return p.Label(lang, e)
}

// effect is what an entry does to the balance, which is what can be spent and
// what is reserved: both of its sides, where the other one is the account itself.
func effect(e *ent.LedgerEntry) (n int64) {
	if e.Bucket != ledgerentry.BucketPENDING {
		n += e.Amount
	}
	if e.ContraID == e.AccountID && e.ContraBucket != ledgerentry.ContraBucketPENDING {
		n -= e.Amount
	}
	return n
}

// balance is what was on an account before a moment: the effects of all its
// entries until then.
func balance(ctx context.Context, c *ent.Client, a purse, before time.Time) (int64, error) {
	sum := func(s *sql.Selector) string {
		return sql.As("CAST(coalesce(sum(CASE WHEN bucket <> 'PENDING' THEN amount ELSE 0 END - CASE WHEN contra_id = account_id AND contra_bucket <> 'PENDING' THEN amount ELSE 0 END), 0) AS bigint)", "sum")
	}
	var all []struct {
		Sum int64 `json:"sum"`
	}
	err := c.LedgerEntry.Query().Where(ledgerentry.AccountID(a.ID), ledgerentry.CreatedAtLT(before)).Aggregate(sum).Scan(ctx, &all)
	if err != nil || len(all) == 0 {
		return 0, err
	}
	return all[0].Sum, nil
}

// ofBalance drafts the certificate of what was on an account at the end of a
// day, or of the running day until now.
func (p *Papers) ofBalance(ctx context.Context, c *ent.Client, lang string, id scalar.ID, s span, now time.Time) (*draft, error) {
	row, err := account(ctx, c, id)
	if err != nil {
		return nil, notFound(err)
	}
	a := purse{row, lang}
	ctx = viewer.AsSystem(ctx, "paper")
	n, err := balance(ctx, c, a, s.Before)
	if err != nil {
		return nil, err
	}
	d, err := p.ofAccount(ctx, c, "CERTIFICATE", a, id)
	if err != nil {
		return nil, err
	}
	d.Last = text(s.Last)
	what := "certificate.points"
	if a.money() {
		what = "certificate.money"
		d.Sheet.Words = []string{locale.AmountInWords(lang, n, a.Unit)}
	}
	if now.Before(s.Before) {
		what += "Now"
	}
	holder := d.Sheet.Parties[1].Lines[0]
	d.Sheet.Text = []string{say(lang, what, "holder", holder, "balance", a.show(n), "date", p.date(lang, s.Last))}
	d.Sheet.Facts = append(d.Sheet.Facts, Fact{say(lang, "fact.balance"), a.show(n)})
	standing, err := p.standing(ctx, c, a, s.Before)
	if err != nil {
		return nil, err
	}
	d.Sheet.Facts = append(d.Sheet.Facts, standing...)
	d.Sheet.Remarks = []string{say(lang, "remark.electronic")}
	return d, nil
}

// standing is the tier of an account at a moment, where there was one.
func (p *Papers) standing(ctx context.Context, c *ent.Client, a purse, before time.Time) ([]Fact, error) {
	last, err := c.TierChange.Query().Where(tierchange.AccountID(a.ID), tierchange.CreatedAtLT(before)).Order(tierchange.BySeq(sql.OrderDesc())).First(ctx)
	if ent.IsNotFound(err) || err == nil && last.ToID == nil {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	q := c.Tier.Query().Where(tier.KeyID(*last.ToID)).Order(tier.ByVersion(sql.OrderDesc()))
	if last.ToVersion != nil {
		q.Where(tier.Version(*last.ToVersion))
	}
	t, err := q.First(ctx)
	if ent.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	name := translated(t.Texts, a.lang, "name", t.Handle)
	if last.UntilAt != nil {
		name = say(a.lang, "fact.tierUntil", "tier", name, "date", p.date(a.lang, *last.UntilAt))
	}
	return []Fact{{say(a.lang, "fact.tier"), name}}, nil
}

// notFound puts the path of the subject to what does not exist.
func notFound(err error) error {
	if fault.KindOf(err) == fault.NotFound {
		return fault.ErrNotFound.At("input", "subjectId")
	}
	return err
}
