package tier

import (
	"context"
	"database/sql"
	"errors"
	"math"
	"time"

	"entgo.io/ent/dialect"
	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	enttier "kabinet/ent/generated/tier"
	"kabinet/ent/generated/tierchange"
	"kabinet/internal/event"
	"kabinet/internal/locale"
	"kabinet/internal/store"
)

// warnDays are how many days before a fall its owner is warned.
var warnDays = []int{30, 7}

// steps bounds what one transaction does for one account: deadlines of years
// ago are made up for one after the other. The rest waits for the clock.
const steps = 20

const accountColumns = `id, owner_id, user_id, program_id, tier_id, tier_until_at, tier_review_at`

func scanAccount(row interface{ Scan(...any) error }) (a account, err error) {
	var user, program, tier uuid.NullUUID
	var until, review sql.NullTime
	err = row.Scan(&a.id, &a.owner, &user, &program, &tier, &until, &review)
	a.person, a.program = user.Valid, program.UUID
	if tier.Valid {
		a.tier = &tier.UUID
	}
	a.until, a.review = moment(until), moment(review)
	return a, err
}

func moment(t sql.NullTime) *time.Time {
	if !t.Valid {
		return nil
	}
	at := t.Time.UTC()
	return &at
}

// lock reads a bonus account and holds it; false where there is none, or where
// another one holds it and skip is set.
func lock(ctx context.Context, tx *store.Tx, id uuid.UUID, skip bool) (account, bool, error) {
	query := `SELECT ` + accountColumns + ` FROM ledger_accounts WHERE id = ? AND kind = 'BONUS'`
	if tx.Store().Dialect() == dialect.Postgres {
		query += ` FOR UPDATE`
		if skip {
			query += ` SKIP LOCKED`
		}
	}
	a, err := scanAccount(tx.QueryRow(ctx, query, id))
	if errors.Is(err, sql.ErrNoRows) {
		return a, false, nil
	}
	return a, err == nil, err
}

// Review brings an account's tier up to date, in the caller's transaction,
// which acts as the system. Done again at the same moment it changes nothing.
func (t *Tiers) Review(ctx context.Context, tx *store.Tx, id uuid.UUID) error {
	a, ok, err := lock(ctx, tx, id, false)
	if err != nil || !ok {
		return err
	}
	return t.review(ctx, tx, a)
}

// review is Review of an account that is locked.
func (t *Tiers) review(ctx context.Context, tx *store.Tx, a account) error {
	all, err := tx.Tier.Query().Where(enttier.ProgramID(a.program)).All(ctx)
	if err != nil || len(all) == 0 {
		return err
	}
	tiers := ofProgram(all, a.program)
	st, err := stands(ctx, tx, all, a)
	if err != nil {
		return err
	}
	c := newTally(tx, a, tx.Now)
	done := 0
	for ; done < steps; done++ {
		ch, err := step(ctx, c, tiers, st, tx.Now)
		if err != nil {
			return err
		}
		if ch == nil {
			break
		}
		if _, err := write(ctx, tx, a, ch, nil, nil); err != nil {
			return err
		}
		st = standing{tier: ch.to, until: ch.until}
		if ch.of == ch.to && ch.to != nil {
			st.reached = &ch.span
		}
	}
	if st.tier != nil && st.until == nil { // its terms have become ones that end
		st.until = keptUntil(st.tier, tx.Now)
	}
	next := nextLook(st.tier, st.until, warnDays, tx.Now)
	switch done {
	case steps:
		next = &tx.Now
	case 0:
		err = t.warn(ctx, tx, a, c, tiers, st)
	}
	if err != nil {
		return err
	}
	return keep(ctx, tx, a, st, next)
}

// keep writes the standing on the account where it is another one.
func keep(ctx context.Context, tx *store.Tx, a account, st standing, next *time.Time) error {
	var key *uuid.UUID
	if st.tier != nil {
		key = &st.tier.KeyID
	}
	if same(key, a.tier) && sameTime(st.until, a.until) && sameTime(next, a.review) {
		return nil
	}
	_, err := tx.Exec(ctx, `UPDATE ledger_accounts SET tier_id = ?, tier_until_at = ?, tier_review_at = ?, updated_at = ? WHERE id = ?`,
		key, st.until, next, tx.Now, a.id)
	return err
}

func same(a, b *uuid.UUID) bool { return a == nil && b == nil || a != nil && b != nil && *a == *b }

func sameTime(a, b *time.Time) bool {
	return a == nil && b == nil || a != nil && b != nil && a.Equal(*b)
}

// stands is where a locked account stands, by the last change in its book.
func stands(ctx context.Context, tx *store.Tx, all []*ent.Tier, a account) (standing, error) {
	st := standing{tier: inForce(all, a.tier), until: a.until}
	if st.tier == nil {
		return st, nil
	}
	last, err := tx.TierChange.Query().Where(tierchange.AccountID(a.id)).Order(ent.Desc(tierchange.FieldSeq)).First(ctx)
	if ent.IsNotFound(err) {
		return st, nil
	}
	if err != nil {
		return st, err
	}
	switch last.Kind {
	case tierchange.KindSET:
		st.held = last.Explain[held] == true
	case tierchange.KindDOWNGRADED:
	default:
		st.reached = explained(last.Explain)
	}
	return st, nil
}

// write adds a change to the book of tiers and tells of it.
func write(ctx context.Context, tx *store.Tx, a account, ch *change, note *string, actor *uuid.UUID) (*ent.TierChange, error) {
	last, err := number(ctx, tx, `SELECT coalesce(max(seq), 0) FROM tier_changes WHERE account_id = ?`, a.id)
	if err != nil {
		return nil, err
	}
	c := tx.TierChange.Create().SetOwnerID(a.owner).SetAccountID(a.id).SetSeq(last + 1).SetKind(ch.kind).
		SetNillableUntilAt(ch.until).SetNillableNote(note).SetNillableActorID(actor)
	if ch.from != nil {
		c.SetFromID(ch.from.KeyID).SetFromVersion(ch.from.Version)
	}
	if ch.to != nil {
		c.SetToID(ch.to.KeyID).SetToVersion(ch.to.Version)
	}
	if e := explain(ch); len(e) > 0 {
		c.SetExplain(e)
	}
	row, err := c.Save(ctx)
	if err != nil {
		return nil, err
	}
	tx.Tell(event.TierChanged{TierMove: a.fact(ch.from, ch.to), ChangeID: row.ID, Change: string(ch.kind), UntilAt: ch.until, Free: ch.to != nil && everybody(ch.to)}, a.stream())
	return row, nil
}

// stream is where the account's owner hears of it.
func (a account) stream() store.Stream {
	if a.person {
		return store.ToUser(a.owner)
	}
	return store.ToCompany(a.owner)
}

func (a account) fact(from, to *ent.Tier) event.TierMove {
	m := event.TierMove{AccountID: a.id, OwnerID: a.owner, ProgramID: a.program, Names: map[string]map[string]string{}}
	if from != nil {
		m.From = from.Handle
	}
	if to != nil {
		m.To = to.Handle
	}
	for _, lang := range locale.Supported() {
		m.Names[lang] = map[string]string{"from": text(from, "name", lang), "to": text(to, "name", lang)}
	}
	return m
}

// warn tells of a fall that comes if nothing more is done, once for each of
// warnDays: when the look that was planned for that moment is taken.
func (t *Tiers) warn(ctx context.Context, tx *store.Tx, a account, c *tally, tiers []*ent.Tier, st standing) error {
	if st.tier == nil || st.until == nil || a.review == nil || a.review.After(tx.Now) {
		return nil
	}
	days := warning(falls(st.tier, *st.until), warnDays, *a.review, tx.Now)
	if days == 0 {
		return nil
	}
	to, when, err := atRisk(ctx, c, tiers, st, tx.Now)
	if err != nil || when.IsZero() || !when.After(tx.Now) {
		return err
	}
	goals, err := c.goals(ctx, st.tier, window(st.tier, st.until.Add(-tick), tx.Now), st.until)
	if err != nil {
		return err
	}
	f := event.TierWillDowngrade{TierMove: a.fact(st.tier, to), At: when, Days: int(math.Ceil(when.Sub(tx.Now).Hours() / 24))}
	if g := decisive(st.tier, goals); g != nil {
		f.Missing, f.Unit = max(0, g.Target-g.Current), g.Unit
	}
	tx.Tell(f, a.stream())
	return nil
}

// held marks, in explain, a tier that staff set below what the numbers reach:
// it does not rise until its deadline.
const held = "held"

// explain says what was counted for a change, and what was asked for.
func explain(ch *change) map[string]any {
	if ch.held {
		return map[string]any{held: true}
	}
	if ch.of == nil {
		return nil
	}
	e := map[string]any{"after": micros(ch.span.after), "to": micros(ch.span.to), "tier": ch.of.Handle, "version": ch.of.Version}
	if countsEarned(ch.of) {
		e["earned"], e["earnedThreshold"] = ch.numbers.earned, earnedThreshold(ch.of)
	}
	if countsSpent(ch.of) {
		e["spentMinor"], e["spentThresholdMinor"], e["currency"] = ch.numbers.spent, ch.of.SpentThresholdMinor, ch.of.Currency
	}
	return e
}

const microLayout = "2006-01-02T15:04:05.000000Z"

func micros(at time.Time) any {
	if at.IsZero() {
		return nil
	}
	return at.UTC().Format(microLayout)
}

// explained reads the span back.
func explained(e map[string]any) *span {
	read := func(key string) (at time.Time) {
		if s, ok := e[key].(string); ok {
			at, _ = time.Parse(microLayout, s)
		}
		return at
	}
	s := span{read("after"), read("to")}
	if s.to.IsZero() {
		return nil
	}
	return &s
}
