package promotion

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/promocode"
	entpromotion "kabinet/ent/generated/promotion"
	"kabinet/ent/generated/promouse"
	"kabinet/internal/fault"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// entry is a code that was entered, with its promotion.
type entry struct {
	code      *ent.PromoCode
	promotion *ent.Promotion
	at        []string // the field it was entered in
}

// maxCode bounds what is looked up at all, in bytes.
const maxCode = 120

// maxCodes bounds the codes of one basket.
const maxCodes = 10

// guesses are codes that were entered and are not known. Ten an hour are free:
// people mistype; a machine waits a quarter of an hour for each soon.
var guesses = store.Limit{Name: "promo.guess", Free: 10, First: 2 * time.Second, Most: 15 * time.Minute, Forget: time.Hour}

func guesser(ctx context.Context) store.Use {
	v := viewer.From(ctx)
	if v.SignedIn() {
		return store.Use{Limit: guesses, Of: "user " + v.UserID.String()}
	}
	return store.Use{Limit: guesses, Of: "address " + v.IP}
}

// Try runs what enters codes, unless the caller has guessed too often, and
// counts a code that is not known, in a transaction of its own. Fault:
// TOO_MANY_ATTEMPTS, with params.retryAfter.
func (p *Promotions) Try(ctx context.Context, enter func() error) error {
	use := guesser(ctx)
	wait, err := p.Store.Blocked(ctx, use)
	if err != nil {
		return err
	}
	if wait > 0 {
		return ErrTooManyAttempts.With("retryAfter", int((wait+time.Second-1)/time.Second))
	}
	err = enter()
	if f, ok := fault.As(err); ok && f.Is(ErrCodeUnknown) {
		if struck := p.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error { return tx.Strike(ctx, use) }); struck != nil {
			return struck
		}
	}
	return err
}

// entries finds the codes that were entered, each once. Fault:
// PROMO_CODE_UNKNOWN at the field of the first that there is none of.
func (a *asker) entries(ctx context.Context, entered []string, at func(i int) []string) ([]entry, error) {
	var keys []string
	var found []entry
	for i, c := range entered {
		k := key(c)
		if k == "" || len(c) > maxCode || strings.ContainsRune(c, 0) || !utf8.ValidString(c) {
			return nil, ErrCodeUnknown.At(at(i)...)
		}
		if !slices.Contains(keys, k) {
			keys, found = append(keys, k), append(found, entry{at: at(i)})
		}
	}
	if len(keys) == 0 {
		return nil, nil
	}
	system := viewer.AsSystem(ctx, "promotion.codes")
	rows, err := a.client.PromoCode.Query().Where(promocode.CodeKeyIn(keys...)).All(system)
	if err != nil {
		return nil, store.Translate(err)
	}
	var of []uuid.UUID
	for _, r := range rows {
		found[slices.Index(keys, *r.CodeKey)].code = r
		of = append(of, r.PromotionID)
	}
	promotions, err := a.client.Promotion.Query().Where(entpromotion.IDIn(of...)).All(system)
	if err != nil {
		return nil, store.Translate(err)
	}
	for i := range found {
		if found[i].code == nil {
			return nil, ErrCodeUnknown.At(found[i].at...)
		}
		for _, p := range promotions {
			if p.ID == found[i].code.PromotionID {
				found[i].promotion = p
			}
		}
		if found[i].promotion == nil {
			return nil, ErrCodeUnknown.At(found[i].at...)
		}
	}
	return found, nil
}

// judge says why a code cannot be used by him, whatever the basket. Faults:
// PROMO_CODE_…
func (a *asker) judge(ctx context.Context, e entry) error {
	c, p := e.code, e.promotion
	if p.Status == entpromotion.StatusDRAFT || p.Kind != entpromotion.KindCODE || c.Status == promocode.StatusVOID || c.OwnerID != viewer.House && c.OwnerID != a.owner {
		return ErrCodeUnknown.At(e.at...)
	}
	switch end := earlier(p.EndsAt, c.EndsAt); {
	case p.Status == entpromotion.StatusENDED || over(end, a.now):
		if !over(end, a.now) { // ended by hand
			return ErrCodeExpired.At(e.at...)
		}
		return ErrCodeExpired.With("endedAt", end.UTC().Format(time.RFC3339)).At(e.at...)
	case p.StartsAt != nil && p.StartsAt.After(a.now):
		return ErrCodeNotStarted.With("startsAt", p.StartsAt.UTC().Format(time.RFC3339)).At(e.at...)
	case p.Status == entpromotion.StatusPAUSED:
		return ErrCodeNotStarted.At(e.at...)
	}
	if err := a.left(ctx, e); err != nil {
		return err
	}
	ok, why, err := a.admits(ctx, p.Audience)
	if err != nil {
		return err
	}
	if !ok {
		return ErrCodeNotForYou.With("reason", why).At(e.at...)
	}
	return nil
}

// left says whether a use is left, for him too. What others reserved counts
// until its time is over, what he reserved himself is his. That a code handed
// out once was used is told to who used it; to others it is unknown.
func (a *asker) left(ctx context.Context, e entry) error {
	c, p := e.code, e.promotion
	limited := c.MaxUses != nil && c.Uses >= *c.MaxUses || p.MaxUses != nil && p.Taken >= *p.MaxUses
	if !limited && (p.PerOwner == nil || a.owner == uuid.Nil) {
		return nil
	}
	uses, err := a.client.PromoUse.Query().Where(promouse.PromotionID(p.ID), promouse.StatusNEQ(promouse.StatusRELEASED),
		promouse.Or(promouse.OwnerID(a.owner), promouse.And(promouse.StatusEQ(promouse.StatusRESERVED), promouse.ReservedUntilAtLTE(a.now)))).
		Limit(10_000).All(viewer.AsSystem(ctx, "promotion.codes"))
	if err != nil {
		return store.Translate(err)
	}
	var ofCode, ofPromotion, mine int64 // what will be free again, and what he has
	used := false
	for _, u := range uses {
		sameCode := u.CodeID != nil && *u.CodeID == c.ID
		reserved := u.Status == promouse.StatusRESERVED
		overdue := reserved && over(u.ReservedUntilAt, a.now)
		used = used || sameCode && u.OwnerID == a.owner && a.owner != uuid.Nil
		switch {
		case overdue, reserved && u.OwnerID == a.owner && sameCode:
			ofPromotion++
			if sameCode {
				ofCode++
			}
		case u.OwnerID == a.owner:
			mine++
		}
	}
	switch {
	case c.MaxUses != nil && c.Uses-ofCode >= *c.MaxUses:
		if *c.MaxUses == 1 && !used && c.OwnerID == viewer.House {
			return ErrCodeUnknown.At(e.at...)
		}
		return ErrCodeUsedUp.At(e.at...)
	case p.MaxUses != nil && p.Taken-ofPromotion >= *p.MaxUses:
		return ErrCodeUsedUp.At(e.at...)
	case p.PerOwner != nil && mine >= int64(*p.PerOwner):
		return ErrCodeLimitPerPerson.With("limit", *p.PerOwner).At(e.at...)
	}
	return nil
}

// fits makes the candidate of a code, or says why it does nothing for a basket.
// left is what the lines cost after personal prices. Faults: PROMO_CODE_…
func (a *asker) fits(ctx context.Context, e entry, basket []goods, currency string, left []int64) (*candidate, error) {
	ok, err := a.holds(ctx, e.promotion, basket, currency)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, ErrCodeNotForYou.With("reason", "CONDITION").At(e.at...)
	}
	c, err := a.candidate(ctx, e.promotion)
	if err != nil {
		return nil, err
	}
	c.entered, c.code = true, &e.code.ID
	sum, some := c.basis(basket, left)
	switch {
	case strange(c.effect, currency), !some, sum == 0 && !c.besides():
		return nil, ErrCodeNothing.At(e.at...)
	case sum < c.effect.MinimumMinor:
		return nil, ErrCodeMinimum.With("minimum", c.effect.MinimumMinor).With("missing", c.effect.MinimumMinor-sum).With("currency", currency).At(e.at...)
	}
	return c, nil
}

// price works out what codes, and what applies by itself, do to a basket, as
// choose says. What the codes are worth by themselves was judged before.
// Faults: PROMO_CODE_… at the field of the code.
func (p *Promotions) price(ctx context.Context, a *asker, basket []goods, currency string, entered []entry, auto []*candidate) (outcome, error) {
	all := auto
	left := afterPrices(basket, auto)
	for _, e := range entered {
		c, err := a.fits(ctx, e, basket, currency, left)
		if err != nil {
			return outcome{}, err
		}
		all = append(all, c)
	}
	out, bad := choose(basket, all)
	at := func(c *candidate) []string {
		for _, e := range entered {
			if e.code.ID == *c.code {
				return e.at
			}
		}
		return nil
	}
	if bad != nil {
		return out, ErrCodeNotStackable.With("with", with(bad.with)).At(at(bad.code)...)
	}
	for _, c := range all {
		if c.entered && !slices.ContainsFunc(out.applied, func(r reduced) bool { return r.candidate == c }) {
			return out, ErrCodeNothing.At(at(c)...)
		}
	}
	return out, nil
}

func codesAt(field string) func(int) []string {
	return func(i int) []string { return []string{"input", field, strconv.Itoa(i)} }
}
