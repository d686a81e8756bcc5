package promotion

import (
	"context"
	"regexp"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	entpromotion "kabinet/ent/generated/promotion"
	"kabinet/ent/schema"
	"kabinet/internal/fault"
	"kabinet/internal/locale"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// staff lets through who may do the operation on everybody's promotions.
func staff(ctx context.Context, operation string) error {
	v := viewer.From(ctx)
	switch {
	case v.IsSystem(), v.Staff && v.Reach("marketing", operation) == viewer.ReachAll:
		return nil
	case !v.SignedIn():
		return fault.ErrUnauthenticated
	}
	return fault.ErrForbidden
}

var handles = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{0,49}$`)

func checkHandle(h *string) (string, error) {
	switch {
	case h == nil || *h == "":
		return "", fault.ErrRequired.At("input", "handle")
	case !handles.MatchString(*h):
		return "", fault.ErrInvalidValue.At("input", "handle")
	}
	return *h, nil
}

// readTexts reads what staff wrote; English is required. Faults: REQUIRED,
// TOO_LONG, INVALID_VALUE, DUPLICATE_KEY below path.
func readTexts(in []*scalar.Translation, path ...string) (map[string]map[string]string, error) {
	all := make([]scalar.Translation, 0, len(in))
	for _, t := range in {
		all = append(all, *t)
	}
	texts, bad := scalar.Texts(all, locale.Supported(), path...)
	if bad != nil {
		f := fault.New(fault.Invalid, bad.Code).At(bad.Path...)
		if bad.Limit > 0 {
			f = f.With("limit", bad.Limit)
		}
		return nil, f
	}
	return texts, nil
}

// The bounds of a promotion's numbers; the SDL says the same.
const (
	maxPriority = 1_000
	maxUses     = 1_000_000_000
	maxPerOwner = 1_000
	maxDays     = 3_650
)

// Save creates or changes a promotion. Faults: those of texts, numbers and
// effects, RULE_INVALID, HANDLE_TAKEN, STALE_OBJECT, NOT_FOUND, INVALID_ID.
func (p *Promotions) Save(ctx context.Context, input SavePromotionInput) (*Promotion, error) {
	return p.save(ctx, input, false)
}

// SaveOffer is Save of an offer, which it may start.
func (p *Promotions) SaveOffer(ctx context.Context, input SaveOfferInput) (*Promotion, error) {
	in := SavePromotionInput{ID: input.ID, Revision: input.Revision, Handle: input.Handle, PromotionTerms: input.PromotionTerms, Kind: new(KindOffer)}
	return p.save(ctx, in, input.Start != nil && *input.Start)
}

func (p *Promotions) save(ctx context.Context, input SavePromotionInput, start bool) (*Promotion, error) {
	if err := staff(ctx, "write"); err != nil {
		return nil, err
	}
	defer p.promotions.forget()
	id := uuid.Must(uuid.NewV7())
	if input.ID != nil {
		if _, err := input.ID.As("prm"); err != nil {
			return nil, fault.ErrInvalidID.At("input", "id")
		}
		id = input.ID.UUID
	}
	err := p.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		if input.ID == nil {
			return p.create(ctx, tx, id, input, start)
		}
		return p.change(ctx, tx, id, input, start)
	})
	if err != nil {
		return nil, err
	}
	return p.find(ctx, id)
}

func (p *Promotions) create(ctx context.Context, tx *store.Tx, id uuid.UUID, input SavePromotionInput, start bool) error {
	if input.Kind == nil {
		return fault.ErrRequired.At("input", "kind")
	}
	handle, err := checkHandle(input.Handle)
	switch {
	case err != nil:
		return err
	case input.Texts == nil:
		return fault.ErrRequired.At("input", "texts")
	case input.Effect == nil:
		return fault.ErrRequired.At("input", "effect")
	}
	taken, err := tx.Promotion.Query().Where(entpromotion.Handle(handle)).Exist(ctx)
	if err != nil {
		return err
	}
	if taken {
		return ErrHandleTaken.At("input", "handle")
	}
	row := &ent.Promotion{ID: id, Kind: entpromotion.Kind(*input.Kind), Handle: handle, Stackable: true, Status: entpromotion.StatusDRAFT}
	if err := input.read(row); err != nil {
		return err
	}
	if start {
		row.Status = entpromotion.StatusACTIVE
		if err := roomFor(ctx, tx, row); err != nil {
			return err
		}
	}
	err = tx.Promotion.Create().SetID(id).SetKind(row.Kind).SetHandle(handle).SetTexts(row.Texts).SetAudience(row.Audience).
		SetNillableCondition(row.Condition).SetEffect(row.Effect).SetStackable(row.Stackable).SetNillableStackGroup(row.StackGroup).
		SetPriority(row.Priority).SetNillableMaxUses(row.MaxUses).SetNillablePerOwner(row.PerOwner).SetNillableValidDays(row.ValidDays).
		SetStatus(row.Status).SetNillableStartsAt(row.StartsAt).SetNillableEndsAt(row.EndsAt).Exec(ctx)
	if store.IsUnique(err) { // another one was first
		return ErrHandleTaken.At("input", "handle")
	}
	if err != nil {
		return err
	}
	return tx.Audit(ctx, "promotion.create", viewer.House, row.GlobalID(), map[string]any{"handle": handle, "kind": row.Kind, "status": row.Status})
}

func (p *Promotions) change(ctx context.Context, tx *store.Tx, id uuid.UUID, input SavePromotionInput, start bool) error {
	row, err := held(ctx, tx, id)
	if err != nil {
		return err
	}
	switch {
	case input.Kind != nil && PromotionKind(row.Kind) != *input.Kind:
		if *input.Kind == KindOffer && input.Handle == nil { // saveOffer of something else
			return fault.ErrNotFound.At("input", "id")
		}
		return fault.ErrInvalidValue.At("input", "kind")
	case input.Handle != nil && *input.Handle != row.Handle:
		return fault.ErrInvalidValue.At("input", "handle")
	case input.Revision != nil && int64(*input.Revision) != row.Revision:
		return fault.ErrStaleObject.With("revision", row.Revision).At("input", "revision")
	}
	limited := row.MaxUses != nil
	if err := input.read(row); err != nil {
		return err
	}
	if start && row.Status != entpromotion.StatusACTIVE {
		if err := move(ctx, tx, row, entpromotion.StatusACTIVE); err != nil {
			return err
		}
	}
	if row.MaxUses != nil {
		if !limited { // nobody counted until now
			if err := tx.QueryRow(ctx, `SELECT count(*) FROM promo_uses WHERE promotion_id = ? AND status IN ('RESERVED', 'USED')`, id).Scan(&row.Taken); err != nil {
				return err
			}
		}
		if *row.MaxUses < row.Taken {
			return fault.ErrOutOfRange.With("min", row.Taken).With("max", maxUses).At("input", "maxUses")
		}
	}
	u := tx.Promotion.UpdateOneID(id).AddRevision(1).SetTexts(row.Texts).SetAudience(row.Audience).SetEffect(row.Effect).
		SetStackable(row.Stackable).SetPriority(row.Priority).SetStatus(row.Status).SetTaken(row.Taken)
	set(row.Condition, u.SetNillableCondition, u.ClearCondition)
	set(row.StackGroup, u.SetNillableStackGroup, u.ClearStackGroup)
	set(row.MaxUses, u.SetNillableMaxUses, u.ClearMaxUses)
	set(row.PerOwner, u.SetNillablePerOwner, u.ClearPerOwner)
	set(row.ValidDays, u.SetNillableValidDays, u.ClearValidDays)
	set(row.StartsAt, u.SetNillableStartsAt, u.ClearStartsAt)
	set(row.EndsAt, u.SetNillableEndsAt, u.ClearEndsAt)
	if err := u.Exec(ctx); err != nil {
		return err
	}
	return tx.Audit(ctx, "promotion.change", viewer.House, row.GlobalID(), map[string]any{"handle": row.Handle, "revision": row.Revision + 1})
}

// set sets a column or clears it.
func set[T, U any](v *T, some func(*T) U, none func() U) {
	if v != nil {
		some(v)
	} else {
		none()
	}
}

// held reads a promotion for a change. Fault: NOT_FOUND.
func held(ctx context.Context, tx *store.Tx, id uuid.UUID) (*ent.Promotion, error) {
	row, err := tx.Promotion.Query().Where(entpromotion.ID(id)).Where(tx.Locking()).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, fault.ErrNotFound.At("input", "id")
	}
	return row, err
}

// read puts what the input says over a promotion.
func (in *PromotionTerms) read(row *ent.Promotion) (err error) {
	if in.Texts != nil {
		if row.Texts, err = readTexts(in.Texts, "input", "texts"); err != nil {
			return err
		}
	}
	if in.Audience.IsSet() {
		row.Audience = schema.Audience{}
		if a := in.Audience.Value(); a != nil {
			if row.Audience, err = a.Read("input", "audience"); err != nil {
				return err
			}
		}
	}
	if in.Condition.IsSet() {
		row.Condition = in.Condition.Value()
		if row.Condition != nil {
			if err := checkCondition(*row.Condition); err != nil {
				if f, ok := fault.As(err); ok {
					return f.At("input", "condition")
				}
				return err
			}
		}
	}
	if in.Effect != nil {
		if row.Effect, err = readEffect(PromotionKind(row.Kind), *in.Effect); err != nil {
			return err
		}
	}
	if in.Stackable != nil {
		row.Stackable = *in.Stackable
	}
	if in.StackGroup.IsSet() {
		if row.StackGroup = in.StackGroup.Value(); row.StackGroup != nil && !handles.MatchString(*row.StackGroup) {
			return fault.ErrInvalidValue.At("input", "stackGroup")
		}
	}
	return in.readNumbers(row)
}

func (in *PromotionTerms) readNumbers(row *ent.Promotion) error {
	if in.Priority != nil {
		if *in.Priority < -maxPriority || *in.Priority > maxPriority {
			return fault.ErrOutOfRange.With("min", -maxPriority).With("max", maxPriority).At("input", "priority")
		}
		row.Priority = *in.Priority
	}
	between := func(n *int, most int, field string) error {
		if n != nil && (*n < 1 || *n > most) {
			return fault.ErrOutOfRange.With("min", 1).With("max", most).At("input", field)
		}
		return nil
	}
	if in.MaxUses.IsSet() {
		n := in.MaxUses.Value()
		if err := between(n, maxUses, "maxUses"); err != nil {
			return err
		}
		if row.MaxUses = nil; n != nil {
			row.MaxUses = new(int64(*n))
		}
	}
	if in.PerOwner.IsSet() {
		if row.PerOwner = in.PerOwner.Value(); between(row.PerOwner, maxPerOwner, "perOwner") != nil {
			return between(row.PerOwner, maxPerOwner, "perOwner")
		}
	}
	if in.ValidDays.IsSet() {
		if row.ValidDays = in.ValidDays.Value(); between(row.ValidDays, maxDays, "validDays") != nil {
			return between(row.ValidDays, maxDays, "validDays")
		}
	}
	if in.StartsAt.IsSet() {
		row.StartsAt = moment(in.StartsAt.Value())
	}
	if in.EndsAt.IsSet() {
		row.EndsAt = moment(in.EndsAt.Value())
	}
	if row.StartsAt != nil && row.EndsAt != nil && !row.EndsAt.After(*row.StartsAt) {
		return fault.ErrInvalidValue.At("input", "endsAt")
	}
	return nil
}

func moment(t *time.Time) *time.Time {
	if t == nil {
		return nil
	}
	return new(cut(*t))
}
