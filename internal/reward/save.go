package reward

import (
	"context"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/bonusprogram"
	entreward "kabinet/ent/generated/reward"
	"kabinet/ent/schema"
	"kabinet/internal/fault"
	"kabinet/internal/locale"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
)

// Saved is what a verb over rewards gives: all nil when it was refused.
type Saved struct {
	Reward   *ent.Reward
	Replayed *bool
}

// wish is an input of saveReward that was read.
type wish struct {
	in        SaveRewardInput
	id        uuid.UUID // of the reward to change; uuid.Nil: a new one
	texts     map[string]map[string]string
	audience  schema.Audience
	program   *uuid.UUID
	promotion *uuid.UUID
}

// Save makes a reward, or replaces what is stored of one.
//
// Faults: INVALID_ID, NOT_FOUND, STALE_OBJECT, REQUIRED, OUT_OF_RANGE,
// TOO_LONG, INVALID_VALUE, DUPLICATE_KEY, PROGRAM_NOT_FOUND, those of an
// audience at input.audience, those of store.Tx.Once; UNAUTHENTICATED, FORBIDDEN.
func (r *Rewards) Save(ctx context.Context, in SaveRewardInput) (Saved, error) {
	if err := needStaff(ctx, "write"); err != nil {
		return Saved{}, err
	}
	w, err := read(in)
	if err != nil {
		return Saved{}, err
	}
	input := in
	input.IdempotencyKey, input.DryRun = "", nil
	k := kept{ID: w.id}
	if w.id == uuid.Nil {
		k.ID = uuid.Must(uuid.NewV7())
	}
	var held *ent.Reward
	var replayed bool
	err = r.Store.InDryTx(ctx, isDry(in.DryRun), func(ctx context.Context, tx *store.Tx) (err error) {
		replayed, err = tx.Once(ctx, "saveReward", in.IdempotencyKey, input, &k, func() (err error) {
			held, err = r.save(ctx, tx, w, k.ID)
			return err
		})
		return err
	})
	if err != nil {
		return Saved{}, err
	}
	r.changed(ctx)
	s := Saved{Replayed: &replayed}
	if isDry(in.DryRun) && !replayed {
		s.Reward = held.Unwrap()
		return s, nil
	}
	s.Reward, err = r.Store.Client.Reward.Get(asSystem(ctx), k.ID)
	return s, store.Translate(err)
}

// read is the rule of what a reward is made of.
func read(in SaveRewardInput) (w wish, err error) {
	w.in = in
	if in.ID != nil {
		if w.id, err = in.ID.As("rwd"); err != nil {
			return w, fault.ErrInvalidID.At("input", "id")
		}
		if in.Revision == nil {
			return w, fault.ErrRequired.At("input", "revision")
		}
	}
	if in.Cost < 1 || in.Cost > scalar.MaxPoints {
		return w, outOfRange("cost", 1, scalar.MaxPoints)
	}
	texts := make([]scalar.Translation, len(in.Texts))
	for i, t := range in.Texts {
		texts[i] = *t
	}
	var bad *scalar.BadText
	if w.texts, bad = scalar.Texts(texts, locale.Supported(), "input", "texts"); bad != nil {
		return w, badText(bad)
	}
	if w.audience, err = in.Audience.Read("input", "audience"); err != nil {
		return w, err
	}
	if in.ProgramID != nil {
		id, err := in.ProgramID.As("prog")
		if err != nil {
			return w, fault.ErrInvalidID.At("input", "programId")
		}
		w.program = &id
	}
	if w.promotion, err = readPromotion(in); err != nil {
		return w, err
	}
	for _, check := range []func(SaveRewardInput) error{checkGoods, checkNumbers, checkWindow} {
		if err := check(in); err != nil {
			return w, err
		}
	}
	return w, nil
}

// badText is a fault of a text that cannot be kept.
func badText(bad *scalar.BadText) error {
	f := fault.New(fault.Invalid, bad.Code).At(bad.Path...)
	if bad.Limit > 0 {
		f = f.With("limit", bad.Limit)
	}
	return f
}

func readPromotion(in SaveRewardInput) (*uuid.UUID, error) {
	switch {
	case in.Kind != RewardKindCoupon && in.PromotionID != nil:
		return nil, fault.ErrInvalidValue.At("input", "promotionId")
	case in.Kind != RewardKindCoupon:
		return nil, nil
	case in.PromotionID == nil:
		return nil, fault.ErrRequired.At("input", "promotionId")
	}
	id, err := in.PromotionID.As("prm")
	if err != nil {
		return nil, fault.ErrInvalidID.At("input", "promotionId")
	}
	return &id, nil
}

// maxSku is the longest sku, in characters.
const maxSku = 100

func checkGoods(in SaveRewardInput) error {
	switch {
	case in.Kind == RewardKindGoods && (in.Sku == nil || strings.TrimSpace(*in.Sku) == ""):
		return fault.ErrRequired.At("input", "sku")
	case in.Kind != RewardKindGoods && in.Sku != nil:
		return fault.ErrInvalidValue.At("input", "sku")
	case in.Sku != nil && utf8.RuneCountInString(*in.Sku) > maxSku:
		return fault.ErrTooLong.At("input", "sku").With("limit", maxSku)
	case in.Sku != nil && !plain(*in.Sku):
		return fault.ErrInvalidValue.At("input", "sku")
	case in.Kind == RewardKindGift && in.Stock != nil: // the stock of a gift is that of its codes
		return fault.ErrInvalidValue.At("input", "stock")
	case in.Stock != nil && (*in.Stock < 0 || *in.Stock > maxStock):
		return outOfRange("stock", 0, maxStock)
	}
	return nil
}

// Limits of the numbers of a reward.
const (
	maxStock = 1_000_000_000
	maxLimit = 1_000_000
	maxValid = 3_660 // days
)

func checkNumbers(in SaveRewardInput) error {
	for _, n := range []struct {
		field string
		value *int
		most  int
	}{
		{"perOwner", in.PerOwner, maxLimit}, {"periodLimit", in.PeriodLimit, maxLimit}, {"periodDays", in.PeriodDays, maxPeriod}, {"validDays", in.ValidDays, maxValid},
	} {
		if n.value != nil && (*n.value < 1 || *n.value > n.most) {
			return outOfRange(n.field, 1, n.most)
		}
	}
	switch {
	case in.PeriodLimit != nil && in.PeriodDays == nil:
		return fault.ErrRequired.At("input", "periodDays")
	case in.PeriodLimit == nil && in.PeriodDays != nil:
		return fault.ErrRequired.At("input", "periodLimit")
	}
	return nil
}

func checkWindow(in SaveRewardInput) error {
	if in.StartsAt != nil && in.EndsAt != nil && !in.EndsAt.After(*in.StartsAt) {
		return fault.ErrInvalidValue.At("input", "endsAt")
	}
	return nil
}

func outOfRange[N int | int64](field string, least, most N) error {
	return fault.ErrOutOfRange.At("input", field).With("min", least).With("max", most)
}

func (r *Rewards) save(ctx context.Context, tx *store.Tx, w wish, id uuid.UUID) (*ent.Reward, error) {
	key, err := program(ctx, tx, w.program)
	if err != nil {
		return nil, err
	}
	if w.promotion != nil && r.Issues != nil {
		if err := r.Issues(ctx, tx, *w.promotion); err != nil {
			if f, is := fault.As(err); is {
				return nil, f.At("input", "promotionId")
			}
			return nil, err
		}
	}
	if w.id == uuid.Nil {
		c := tx.Reward.Create().SetID(id).SetKind(entreward.Kind(w.in.Kind))
		if w.in.Kind == RewardKindGift {
			c.SetStock(0)
		} else {
			c.SetNillableStock(w.in.Stock)
		}
		w.set(c.Mutation(), key)
		rw, err := c.Save(asSystem(ctx))
		if err != nil {
			return nil, err
		}
		return rw, tx.Audit(ctx, "reward.save", uuid.Nil, rw.GlobalID(), map[string]any{"cost": rw.Cost, "kind": string(rw.Kind)})
	}
	return r.change(ctx, tx, w, key)
}

// program is the programme in force of a key, the default one for nil.
func program(ctx context.Context, tx *store.Tx, key *uuid.UUID) (uuid.UUID, error) {
	q := tx.BonusProgram.Query().Where(bonusprogram.RetiredAtIsNil())
	if key != nil {
		q.Where(bonusprogram.KeyID(*key))
	} else {
		q.Where(bonusprogram.IsDefault(true))
	}
	p, err := q.Only(ctx)
	if ent.IsNotFound(err) {
		return uuid.Nil, ErrProgramNotFound.At("input", "programId")
	}
	if err != nil {
		return uuid.Nil, err
	}
	return p.KeyID, nil
}

func (r *Rewards) change(ctx context.Context, tx *store.Tx, w wish, program uuid.UUID) (*ent.Reward, error) {
	old, err := holdReward(ctx, tx, w.id, "id")
	if err != nil {
		return nil, err
	}
	switch {
	case old.Revision != int64(*w.in.Revision):
		return nil, fault.ErrStaleObject.At("input", "revision").With("revision", old.Revision)
	case RewardKind(old.Kind) != w.in.Kind:
		return nil, fault.ErrInvalidValue.At("input", "kind")
	}
	u := old.Update().AddRevision(1)
	if w.in.Kind != RewardKindGift {
		if w.in.Stock == nil {
			u.ClearStock()
		} else {
			u.SetStock(*w.in.Stock)
		}
	}
	w.set(u.Mutation(), program)
	rw, err := u.Save(asSystem(ctx))
	if err != nil {
		return nil, err
	}
	return rw, tx.Audit(ctx, "reward.save", uuid.Nil, rw.GlobalID(), map[string]any{"cost": []int64{old.Cost, rw.Cost}})
}

// holdReward locks a reward and reads it.
func holdReward(ctx context.Context, tx *store.Tx, id uuid.UUID, field string) (*ent.Reward, error) {
	rw, err := tx.Reward.Query().Where(entreward.ID(id), tx.Locking()).Only(asSystem(ctx))
	if ent.IsNotFound(err) {
		return nil, fault.ErrNotFound.At("input", field)
	}
	return rw, err
}

// set takes over what is the same for a new and an old reward.
func (w wish) set(m *ent.RewardMutation, program uuid.UUID) {
	in := w.in
	m.SetProgramID(program)
	m.SetCost(in.Cost)
	m.SetTexts(w.texts)
	m.SetAudience(w.audience)
	m.SetTeaser(in.Teaser != nil && *in.Teaser)
	m.SetCancellable(in.Cancellable == nil || *in.Cancellable)
	m.SetOnExpiry(entreward.OnExpiryPOINTS_LOST)
	if in.OnExpiry != nil {
		m.SetOnExpiry(entreward.OnExpiry(*in.OnExpiry))
	}
	either(in.ImageURL, m.SetImageURL, m.ClearImageURL)
	either(in.Sku, m.SetSku, m.ClearSku)
	either(w.promotion, m.SetPromotionID, m.ClearPromotionID)
	either(in.PerOwner, m.SetPerOwner, m.ClearPerOwner)
	either(in.PeriodLimit, m.SetPeriodLimit, m.ClearPeriodLimit)
	either(in.PeriodDays, m.SetPeriodDays, m.ClearPeriodDays)
	either(in.ValidDays, m.SetValidDays, m.ClearValidDays)
	either(cut(in.StartsAt), m.SetStartsAt, m.ClearStartsAt)
	either(cut(in.EndsAt), m.SetEndsAt, m.ClearEndsAt)
}

func either[T any](v *T, set func(T), clear func()) {
	if v == nil {
		clear()
		return
	}
	set(*v)
}

func cut(t *time.Time) *time.Time {
	if t == nil {
		return nil
	}
	at := t.UTC().Truncate(time.Microsecond)
	return &at
}

// SetStatus offers a reward, pauses it or ends it for good.
//
// Faults: INVALID_ID, NOT_FOUND, ILLEGAL_TRANSITION; UNAUTHENTICATED, FORBIDDEN.
func (r *Rewards) SetStatus(ctx context.Context, in SetRewardStatusInput) (*ent.Reward, error) {
	if err := needStaff(ctx, "write"); err != nil {
		return nil, err
	}
	id, err := in.ID.As("rwd")
	if err != nil {
		return nil, fault.ErrInvalidID.At("input", "id")
	}
	to := entreward.Status(in.Status)
	err = r.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		rw, err := holdReward(ctx, tx, id, "id")
		if err != nil || rw.Status == to {
			return err
		}
		if !slices.Contains(next[rw.Status], to) {
			return ErrIllegalTransition.At("input", "status").With("fromState", string(rw.Status)).With("toState", string(to))
		}
		if err := rw.Update().SetStatus(to).AddRevision(1).Exec(asSystem(ctx)); err != nil {
			return err
		}
		return tx.Audit(ctx, "reward.set_status", uuid.Nil, rw.GlobalID(), map[string]any{"status": []string{string(rw.Status), string(to)}})
	})
	if err != nil {
		return nil, err
	}
	r.changed(ctx)
	rw, err := r.Store.Client.Reward.Get(asSystem(ctx), id)
	return rw, store.Translate(err)
}
