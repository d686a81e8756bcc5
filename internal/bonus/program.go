package bonus

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/bonusprogram"
	"kabinet/internal/fault"
	"kabinet/internal/ledger"
	"kabinet/internal/locale"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// programLife is how long the rows of programmes are believed: a change made
// by another instance is seen this much later.
const programLife = 5 * time.Second

// programCache holds all rows of bonus_programs, the retired ones too. They
// are few, and nearly every verb needs one. It is read without a lock: a
// transaction that waited for another's load would hold its connection.
type programCache struct{ held atomic.Pointer[programRows] }

type programRows struct {
	rows []*ent.BonusProgram // those in force first, the default one before all
	at   time.Time
}

// rows reads through client, which inside a transaction is the transaction's.
func (c *programCache) rows(ctx context.Context, client *ent.Client, now time.Time) ([]*ent.BonusProgram, error) {
	if h := c.held.Load(); h != nil && !now.Before(h.at) && now.Sub(h.at) < programLife {
		return h.rows, nil
	}
	rows, err := client.BonusProgram.Query().Order(bonusprogram.ByName(), bonusprogram.ByVersion()).All(ctx)
	if err != nil {
		return nil, store.Translate(err)
	}
	rank := func(p *ent.BonusProgram) int {
		switch {
		case p.RetiredAt != nil:
			return 2
		case p.IsDefault:
			return 0
		}
		return 1
	}
	slices.SortStableFunc(rows, func(a, b *ent.BonusProgram) int { return cmp.Compare(rank(a), rank(b)) })
	c.held.Store(&programRows{rows: rows, at: now})
	return rows, nil
}

// Programs are the programmes in force, the default one first.
func (p *Points) Programs(ctx context.Context) ([]*ent.BonusProgram, error) {
	rows, err := p.programs.rows(ctx, p.Store.Client, p.Store.Now())
	if i := slices.IndexFunc(rows, func(r *ent.BonusProgram) bool { return r.RetiredAt != nil }); i >= 0 {
		rows = rows[:i]
	}
	return rows, err
}

// Program is the programme in force that id names, the default one for nil.
// Faults: INVALID_ID, PROGRAM_NOT_FOUND, at input.programId.
func (p *Points) Program(ctx context.Context, id *scalar.ID) (*ent.BonusProgram, error) {
	return p.ProgramIn(ctx, p.Store.Client, id)
}

// ProgramRows are all versions of all programmes, those in force first, the
// default one before all; client may be a transaction's.
func (p *Points) ProgramRows(ctx context.Context, client *ent.Client) ([]*ent.BonusProgram, error) {
	return p.programs.rows(ctx, client, p.Store.Now())
}

// ProgramIn is Program by a client, which may be a transaction's.
func (p *Points) ProgramIn(ctx context.Context, client *ent.Client, id *scalar.ID) (*ent.BonusProgram, error) {
	if id != nil && id.Prefix != "prog" {
		return nil, fault.ErrInvalidID.At("input", "programId")
	}
	rows, err := p.programs.rows(ctx, client, p.Store.Now())
	if err != nil {
		return nil, err
	}
	for _, r := range rows {
		if r.RetiredAt == nil && (id == nil && r.IsDefault || id != nil && r.KeyID == id.UUID) {
			return r, nil
		}
	}
	return nil, ErrProgramNotFound.At("input", "programId")
}

// ProgramVersion is the row by which something was decided; version 0 is the
// newest, retired or not.
func (p *Points) ProgramVersion(ctx context.Context, client *ent.Client, key uuid.UUID, version int64) (*ent.BonusProgram, error) {
	rows, err := p.programs.rows(ctx, client, p.Store.Now())
	if err != nil {
		return nil, err
	}
	var newest *ent.BonusProgram
	for _, r := range rows {
		switch {
		case r.KeyID != key:
		case r.Version == version:
			return r, nil
		case newest == nil || r.Version > newest.Version:
			newest = r
		}
	}
	if newest == nil {
		return nil, ErrProgramNotFound
	}
	return newest, nil
}

// Terms are what a programme is made of.
type Terms struct {
	Handle       string // the ledger's unit is PTS:<handle>
	Currency     string // of the amounts that earn
	EarnPoints   int64  // for every EarnPerMinor spent on a line
	EarnPerMinor int64
	EarnOn       bonusprogram.EarnOn
	PendingDays  int // before earned points can be spent
	LotDays      int // for which they can be spent; 0: for ever
	ReturnPolicy bonusprogram.ReturnPolicy
}

// DefaultTerms give a point for each pound of a delivered order, good for a year.
func DefaultTerms() Terms {
	return Terms{
		Handle: "points", Currency: "GBP", EarnPoints: 1, EarnPerMinor: 100,
		EarnOn: bonusprogram.EarnOnDELIVERED, LotDays: 365, ReturnPolicy: bonusprogram.ReturnPolicyUP_TO_BALANCE,
	}
}

// EnsureDefaultProgram makes the default programme by DefaultTerms where a
// database has none. Many instances may start at once. The caller acts as the
// system.
func (p *Points) EnsureDefaultProgram(ctx context.Context) error {
	return p.EnsureProgram(ctx, DefaultTerms())
}

// EnsureProgram makes the default programme by terms where there is none, with
// the House's accounts of its unit.
func (p *Points) EnsureProgram(ctx context.Context, t Terms) error {
	defer p.programs.held.Store(nil)
	err := p.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		there, err := tx.BonusProgram.Query().Where(bonusprogram.IsDefault(true), bonusprogram.RetiredAtIsNil()).All(ctx)
		if err != nil {
			return err
		}
		for _, prog := range there { // a database of an earlier version has fewer
			return ledger.MakeSystemAccounts(ctx, tx, prog.Unit, &prog.KeyID)
		}
		c := tx.BonusProgram.Create().SetName(t.Handle).SetUnit("PTS:" + t.Handle).SetTexts(t.texts()).SetIsDefault(true).
			SetEarnCurrency(t.Currency).SetEarnPoints(t.EarnPoints).SetEarnPerMinor(t.EarnPerMinor).SetEarnOn(t.EarnOn).
			SetPendingDays(t.PendingDays).SetReturnPolicy(t.ReturnPolicy)
		if t.LotDays > 0 {
			c.SetLotDays(t.LotDays)
		} else {
			c.SetLotPolicy(bonusprogram.LotPolicyNEVER)
		}
		made, err := c.Save(ctx)
		if err != nil {
			return err
		}
		return ledger.MakeSystemAccounts(ctx, tx, made.Unit, &made.KeyID)
	})
	if store.IsUnique(err) { // another instance was first
		return nil
	}
	return err
}

// texts words the terms in every language.
func (t Terms) texts() map[string]map[string]string {
	all := map[string]map[string]string{}
	for _, lang := range locale.Supported() {
		words := []string{locale.Text(lang, "bonus.default.terms", map[string]any{
			"count": t.EarnPoints, "amount": locale.Money(lang, t.EarnPerMinor, t.Currency), "on": string(t.EarnOn),
		})}
		if t.PendingDays > 0 {
			words = append(words, locale.Text(lang, "bonus.default.pending", map[string]any{"count": t.PendingDays}))
		}
		if t.LotDays > 0 {
			words = append(words, locale.Text(lang, "bonus.default.lots", map[string]any{"count": t.LotDays}))
		}
		all[lang] = map[string]string{
			"name": locale.Text(lang, "bonus.default.name", nil), "unit": locale.Text(lang, "bonus.default.unit", nil),
			"terms": strings.Join(words, " "),
		}
	}
	return all
}

// ProgramText is one of a programme's texts (name, unit, terms) in the
// caller's language; the programme's handle where it has none.
func ProgramText(ctx context.Context, p *ent.BonusProgram, which string) string {
	for _, lang := range []string{locale.Match(viewer.From(ctx).Locale), locale.Default} {
		if text := p.Texts[lang][which]; text != "" {
			return text
		}
	}
	if which == "terms" {
		return ""
	}
	return p.Name
}
