package after

import (
	"context"

	"kabinet/ent/generated/reason"
	"kabinet/internal/locale"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
)

// firstReasons is the catalogue of a new house, in its order; the words are the
// texts return.reason.<kind>.<handle>.
var firstReasons = []struct {
	kind   reason.Kind
	handle string
	photo  bool
}{
	{reason.KindCANCEL, "changed_mind", false},
	{reason.KindCANCEL, "ordered_by_mistake", false},
	{reason.KindCANCEL, "too_slow", false},
	{reason.KindRETURN, "does_not_fit", false},
	{reason.KindRETURN, "not_as_described", false},
	{reason.KindRETURN, "damaged", true},
	{reason.KindRETURN, "wrong_item", false},
	{reason.KindRETURN, "changed_mind", false},
	{reason.KindREFUSE, "used", false},
	{reason.KindREFUSE, "incomplete", false},
	{reason.KindREFUSE, "no_defect", false},
}

// Prepare writes the first catalogue where there has never been a reason; of
// instances that start at once one does.
func (s *Acts) Prepare(ctx context.Context) error {
	err := s.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		if there, err := tx.Reason.Query().Exist(ctx); err != nil || there {
			return err
		}
		for i, f := range firstReasons {
			words := map[string]map[string]string{}
			for _, lang := range locale.Supported() {
				words[lang] = map[string]string{scalar.TextName: locale.Text(lang, "return.reason."+string(f.kind)+"."+f.handle, nil)}
			}
			err := tx.Reason.Create().SetKind(f.kind).SetHandle(f.handle).SetTexts(words).SetPosition(10 * (i + 1)).SetPhotoRequired(f.photo).Exec(ctx)
			if err != nil {
				return err
			}
		}
		return nil
	})
	if store.IsUnique(err) {
		return nil
	}
	return err
}
