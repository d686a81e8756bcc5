package after

import (
	"context"
	"regexp"
	"slices"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/reason"
	"kabinet/ent/schema"
	"kabinet/internal/fault"
	"kabinet/internal/locale"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// mostReasons bounds the reasons of a kind.
const mostReasons = 100

// Reasons is the catalogue of a kind, of those in use; of a category those that
// are offered for it.
func (s *Acts) Reasons(ctx context.Context, kind ReasonKind, category *string) ([]*ent.Reason, error) {
	all, err := reasonsOf(ctx, s.Store.Client, kind)
	if err != nil || category == nil {
		return all, store.Translate(err)
	}
	return offered(all, category), nil
}

func reasonsOf(ctx context.Context, c *ent.Client, kind ReasonKind) ([]*ent.Reason, error) {
	return c.Reason.Query().Where(reason.KindEQ(reason.Kind(kind)), reason.RetiredAtIsNil()).
		Order(reason.ByPosition(), reason.ByID()).Limit(mostReasons).All(ctx)
}

// offered are the reasons for goods of a category; nil is of none.
func offered(all []*ent.Reason, category *string) []*ent.Reason {
	some := []*ent.Reason{}
	for _, r := range all {
		if fits(r, category) {
			some = append(some, r)
		}
	}
	return some
}

func fits(r *ent.Reason, category *string) bool {
	return len(r.Categories) == 0 || category != nil && slices.Contains(r.Categories, *category)
}

// Reason is the newest version of one, for node. Fault: NOT_FOUND.
func (s *Acts) Reason(ctx context.Context, key uuid.UUID) (*ent.Reason, error) {
	r, err := s.Store.Client.Reason.Query().Where(reason.KeyID(key)).Order(ent.Desc(reason.FieldVersion)).First(ctx)
	return r, store.Translate(err)
}

// ReasonName is what a reason is called, in the caller's language.
func ReasonName(ctx context.Context, r *ent.Reason) string {
	if name := pick(ctx, r, scalar.TextName); name != "" {
		return name
	}
	return r.Handle
}

// ReasonDescription is more about it; nil for none.
func ReasonDescription(ctx context.Context, r *ent.Reason) *string {
	if text := pick(ctx, r, scalar.TextDescription); text != "" {
		return &text
	}
	return nil
}

func pick(ctx context.Context, r *ent.Reason, key string) string {
	return scalar.Pick(r.Texts, key, append([]string{viewer.From(ctx).Locale}, locale.Supported()...)...)
}

// ReasonTranslations are its texts, as a form shows them to edit.
func ReasonTranslations(r *ent.Reason) []*scalar.Translation {
	all := scalar.Translations(r.Texts)
	out := make([]*scalar.Translation, len(all))
	for i := range all {
		out[i] = &all[i]
	}
	return out
}

// chosen is a reason as it is kept where it was chosen.
func chosen(r *ent.Reason) *schema.ReturnReason {
	return &schema.ReturnReason{ReasonID: r.KeyID, Handle: r.Handle, Texts: r.Texts}
}

// reasonIn reads a reason in use. Faults: INVALID_ID, NOT_FOUND.
func reasonIn(ctx context.Context, tx *store.Tx, id scalar.ID, kind ReasonKind, path ...string) (*ent.Reason, error) {
	key, err := id.As("rsn")
	if err != nil {
		return nil, fault.ErrInvalidID.At(path...)
	}
	r, err := tx.Reason.Query().Where(reason.KeyID(key), reason.KindEQ(reason.Kind(kind)), reason.RetiredAtIsNil()).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, fault.ErrNotFound.At(path...)
	}
	return r, err
}

var handles = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]{0,39}$`)

// SaveReason writes a reason, or a new version of one. Staff only; it is put on
// record. Faults: INVALID_ID, NOT_FOUND, INVALID_VALUE, REQUIRED, OUT_OF_RANGE,
// TOO_LONG, DUPLICATE_KEY, HANDLE_TAKEN, TOO_MANY_ITEMS, STALE_OBJECT;
// UNAUTHENTICATED, FORBIDDEN.
func (s *Acts) SaveReason(ctx context.Context, in SaveReasonInput) (*ent.Reason, error) {
	if err := staff(ctx); err != nil {
		return nil, err
	}
	words, err := checkReason(in)
	if err != nil {
		return nil, err
	}
	var out *ent.Reason
	err = s.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		old, err := replaced(ctx, tx, in)
		if err != nil {
			return err
		}
		c := tx.Reason.Create().SetKind(reason.Kind(in.Kind)).SetHandle(in.Handle).SetTexts(words).SetNillablePosition(in.Position).
			SetNillableFeeBasisPoints(in.FeeBasisPoints).SetNillablePhotoRequired(in.PhotoRequired).SetCategories(in.Categories)
		if old != nil {
			if err := tx.Reason.UpdateOne(old).SetRetiredAt(tx.Now).Exec(ctx); err != nil {
				return err
			}
			c.SetKeyID(old.KeyID).SetVersion(old.Version + 1)
		}
		if out, err = c.Save(ctx); err != nil {
			return err
		}
		return tx.Audit(ctx, "order.save_reason", viewer.House, out.GlobalID(), map[string]any{
			"kind": out.Kind, "handle": out.Handle, "version": out.Version, "feeBasisPoints": out.FeeBasisPoints, "photoRequired": out.PhotoRequired,
		})
	})
	switch {
	case store.IsUnique(err) && in.ID != nil: // somebody saved it at the same moment
		return nil, fault.ErrStaleObject.At("input", "version").Because(err)
	case store.IsUnique(err):
		return nil, ErrHandleTaken.At("input", "handle").Because(err)
	case err != nil:
		return nil, err
	}
	return out, nil
}

func checkReason(in SaveReasonInput) (map[string]map[string]string, error) {
	if in.ID != nil {
		if _, err := in.ID.As("rsn"); err != nil {
			return nil, fault.ErrInvalidID.At("input", "id")
		}
		if in.Version == nil {
			return nil, fault.ErrRequired.At("input", "version")
		}
	}
	if !handles.MatchString(in.Handle) {
		return nil, fault.ErrInvalidValue.At("input", "handle")
	}
	if in.Position != nil && (*in.Position < 0 || *in.Position > 10_000) {
		return nil, fault.ErrOutOfRange.With("min", 0).With("max", 10_000).At("input", "position")
	}
	if in.FeeBasisPoints != nil && (*in.FeeBasisPoints < 0 || *in.FeeBasisPoints > 10_000) {
		return nil, fault.ErrOutOfRange.With("min", 0).With("max", 10_000).At("input", "feeBasisPoints")
	}
	if in.Kind != ReasonKindReturn && in.FeeBasisPoints != nil && *in.FeeBasisPoints != 0 {
		return nil, fault.ErrInvalidValue.At("input", "feeBasisPoints")
	}
	if in.Kind != ReasonKindReturn && in.PhotoRequired != nil && *in.PhotoRequired {
		return nil, fault.ErrInvalidValue.At("input", "photoRequired")
	}
	if err := checkCategories(in.Categories, "input", "categories"); err != nil {
		return nil, err
	}
	return texts(in.Texts, "input", "texts")
}

// replaced is the version that a reason saved takes the place of; nil for a new
// one, for which there is room. What retired may be saved again.
func replaced(ctx context.Context, tx *store.Tx, in SaveReasonInput) (*ent.Reason, error) {
	if in.ID == nil {
		n, err := tx.Reason.Query().Where(reason.KindEQ(reason.Kind(in.Kind)), reason.RetiredAtIsNil()).Count(ctx)
		if err == nil && n >= mostReasons {
			err = ErrTooManyItems.With("limit", mostReasons).At("input", "kind")
		}
		return nil, err
	}
	old, err := tx.Reason.Query().Where(reason.KeyID(in.ID.UUID)).Order(ent.Desc(reason.FieldVersion)).First(ctx)
	switch {
	case ent.IsNotFound(err):
		return nil, fault.ErrNotFound.At("input", "id")
	case err != nil:
		return nil, err
	case int(old.Version) != *in.Version:
		return nil, fault.ErrStaleObject.At("input", "version")
	case string(old.Kind) != string(in.Kind):
		return nil, fault.ErrInvalidValue.At("input", "kind")
	case old.Handle != in.Handle:
		return nil, fault.ErrInvalidValue.At("input", "handle")
	}
	return old, nil
}

// RetireReason takes a reason out of use. Staff only; it is put on record.
// Faults: INVALID_ID, NOT_FOUND; UNAUTHENTICATED, FORBIDDEN.
func (s *Acts) RetireReason(ctx context.Context, in RetireReasonInput) (*ent.Reason, error) {
	if err := staff(ctx); err != nil {
		return nil, err
	}
	key, err := in.ID.As("rsn")
	if err != nil {
		return nil, fault.ErrInvalidID.At("input", "id")
	}
	var out *ent.Reason
	err = s.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		old, err := tx.Reason.Query().Where(reason.KeyID(key)).Order(ent.Desc(reason.FieldVersion)).First(ctx)
		if ent.IsNotFound(err) {
			return fault.ErrNotFound.At("input", "id")
		}
		if out = old; err != nil || old.RetiredAt != nil {
			return err
		}
		if out, err = tx.Reason.UpdateOne(old).SetRetiredAt(tx.Now).Save(ctx); err != nil {
			return err
		}
		return tx.Audit(ctx, "order.retire_reason", viewer.House, out.GlobalID(), map[string]any{"kind": out.Kind, "handle": out.Handle})
	})
	if err != nil {
		return nil, err
	}
	return out.Unwrap(), nil
}
