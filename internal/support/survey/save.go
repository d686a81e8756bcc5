package survey

import (
	"context"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	entsurvey "kabinet/ent/generated/survey"
	"kabinet/ent/schema"
	"kabinet/internal/credential"
	"kabinet/internal/fault"
	"kabinet/internal/locale"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

var handles = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]{0,39}$`)

// checked is a SaveSurveyInput whose words are in order.
type checked struct {
	name      string
	texts     map[string]map[string]string
	questions []schema.SurveyQuestion
	kinds     []string
}

// Save makes a survey, or a new version of one. Staff only; it is put on
// record. Faults: INVALID_ID, NOT_FOUND, REQUIRED, TOO_LONG, INVALID_VALUE,
// OUT_OF_RANGE, DUPLICATE_KEY, TOO_MANY_ITEMS, STALE_OBJECT; UNAUTHENTICATED,
// FORBIDDEN.
func (s *Surveys) Save(ctx context.Context, in SaveSurveyInput) (*Survey, error) {
	if err := staff(ctx, "write"); err != nil {
		return nil, err
	}
	c, err := checkSurvey(in)
	if err != nil {
		return nil, err
	}
	var out *ent.Survey
	err = s.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		old, err := replaced(ctx, tx, in)
		if err != nil {
			return err
		}
		row := tx.Survey.Create().SetName(c.name).SetTexts(c.texts).SetQuestions(c.questions).SetKinds(c.kinds).SetNillableDelaySeconds(in.DelaySeconds).
			SetNillableRemindSeconds(in.RemindSeconds).SetNillableValidSeconds(in.ValidSeconds).SetNillableEverySeconds(in.EverySeconds).SetNillablePosition(in.Position)
		if old != nil {
			if err := tx.Survey.UpdateOne(old).SetRetiredAt(tx.Now).Exec(ctx); err != nil {
				return err
			}
			row.SetKeyID(old.KeyID).SetVersion(old.Version + 1)
		}
		if out, err = row.Save(ctx); err != nil {
			return err
		}
		return tx.Audit(ctx, "support.save_survey", viewer.House, out.GlobalID(), map[string]any{"name": out.Name, "version": out.Version})
	})
	switch {
	case store.IsUnique(err): // somebody saved it at the same moment
		return nil, fault.ErrStaleObject.At("input", "version").Because(err)
	case err != nil:
		return nil, err
	}
	return view(ctx, out), nil
}

// replaced is the version that a survey saved takes the place of; nil for a new
// one, for which there is room. One that was deleted may be saved again.
func replaced(ctx context.Context, tx *store.Tx, in SaveSurveyInput) (*ent.Survey, error) {
	if in.ID == nil {
		return nil, room(ctx, tx)
	}
	old, err := newest(ctx, tx, in.ID.UUID)
	switch {
	case err != nil:
		return nil, err
	case int(old.Version) != *in.Version:
		return nil, fault.ErrStaleObject.At("input", "version").With("version", old.Version)
	case old.RetiredAt != nil:
		return old, room(ctx, tx)
	}
	return old, nil
}

func room(ctx context.Context, tx *store.Tx) error {
	n, err := tx.Survey.Query().Where(entsurvey.RetiredAtIsNil()).Count(ctx)
	if err == nil && n >= mostSurveys {
		err = ErrTooManyItems.With("limit", mostSurveys)
	}
	return err
}

func newest(ctx context.Context, tx *store.Tx, key uuid.UUID) (*ent.Survey, error) {
	old, err := tx.Survey.Query().Where(entsurvey.KeyID(key)).Order(ent.Desc(entsurvey.FieldVersion)).First(ctx)
	if ent.IsNotFound(err) {
		return nil, fault.ErrNotFound.At("input", "id")
	}
	return old, err
}

// Delete takes a survey out of use; again it changes nothing. Staff only; it is
// put on record. Faults: INVALID_ID, NOT_FOUND; UNAUTHENTICATED, FORBIDDEN.
func (s *Surveys) Delete(ctx context.Context, in DeleteSurveyInput) (*scalar.ID, error) {
	if err := staff(ctx, "write"); err != nil {
		return nil, err
	}
	key, err := keyOf(in.ID, surveyPrefix, "input", "id")
	if err != nil {
		return nil, err
	}
	err = s.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		old, err := newest(ctx, tx, key)
		if err != nil || old.RetiredAt != nil {
			return err
		}
		if err := tx.Survey.UpdateOne(old).SetRetiredAt(tx.Now).Exec(ctx); err != nil {
			return err
		}
		return tx.Audit(ctx, "support.delete_survey", viewer.House, old.GlobalID(), map[string]any{"name": old.Name, "version": old.Version})
	})
	if err != nil {
		return nil, err
	}
	return &in.ID, nil
}

// checkSurvey checks what can be checked without the database.
func checkSurvey(in SaveSurveyInput) (c checked, err error) {
	if in.ID != nil {
		if _, err := keyOf(*in.ID, surveyPrefix, "input", "id"); err != nil {
			return c, err
		}
		if in.Version == nil {
			return c, fault.ErrRequired.At("input", "version")
		}
	}
	if c.name, err = words(in.Name, longestName, "input", "name"); err != nil {
		return c, err
	}
	if c.texts, err = checkTexts(in.Texts); err != nil {
		return c, err
	}
	if c.questions, err = checkQuestions(in.Questions); err != nil {
		return c, err
	}
	for _, kind := range in.Kinds {
		if !slices.Contains(c.kinds, string(kind)) {
			c.kinds = append(c.kinds, string(kind))
		}
	}
	return c, checkTimes(in)
}

// checkTimes holds the numbers within their bounds.
func checkTimes(in SaveSurveyInput) error {
	valid := int(14 * 24 * time.Hour / time.Second)
	if in.ValidSeconds != nil {
		valid = *in.ValidSeconds
	}
	for _, n := range []struct {
		field    string
		value    *int
		min, max int
	}{
		{"delaySeconds", in.DelaySeconds, 0, int(longestDelay.Seconds())},
		{"validSeconds", in.ValidSeconds, int(shortestValid.Seconds()), int(longestValid.Seconds())},
		{"remindSeconds", in.RemindSeconds, int(shortestValid.Seconds()), valid - 1},
		{"everySeconds", in.EverySeconds, 0, int(longestValid.Seconds())},
		{"position", in.Position, 0, lastPosition},
	} {
		if n.value != nil && (*n.value < n.min || *n.value > n.max) {
			return fault.ErrOutOfRange.At("input", n.field).With("min", n.min).With("max", n.max)
		}
	}
	return nil
}

// words is one line of text that must be there.
func words(s string, limit int, path ...string) (string, error) {
	text, err := credential.Line(&s, limit, path...)
	if err != nil {
		return "", err
	}
	if text == nil {
		return "", fault.ErrRequired.At(path...)
	}
	return *text, nil
}

// language is one that texts are written in.
func language(s string, path ...string) (string, error) {
	lang := strings.ToLower(strings.TrimSpace(s))
	if !slices.Contains(locale.Supported(), lang) {
		return "", fault.ErrInvalidValue.At(append(path, "locale")...)
	}
	return lang, nil
}

func checkTexts(in []*SurveyTextInput) (map[string]map[string]string, error) {
	all := map[string]map[string]string{}
	for i, t := range in {
		at := []string{"input", "texts", strconv.Itoa(i)}
		lang, err := language(t.Locale, at...)
		if err != nil {
			return nil, err
		}
		if all[lang] != nil {
			return nil, ErrDuplicateKey.At(append(at, "locale")...)
		}
		title, err := words(t.Title, longestTitle, append(slices.Clone(at), "title")...)
		if err != nil {
			return nil, err
		}
		thanks, err := credential.Text(t.Thanks, longestThanks, true, append(slices.Clone(at), "thanks")...)
		if err != nil {
			return nil, err
		}
		all[lang] = map[string]string{textTitle: title}
		if thanks != nil {
			all[lang][textThanks] = *thanks
		}
	}
	if len(all) == 0 {
		return nil, fault.ErrRequired.At("input", "texts")
	}
	return all, nil
}

func checkQuestions(in []*SurveyQuestionInput) ([]schema.SurveyQuestion, error) {
	switch {
	case len(in) == 0:
		return nil, fault.ErrRequired.At("input", "questions")
	case len(in) > mostQuestions:
		return nil, fault.ErrTooLong.At("input", "questions").With("limit", mostQuestions)
	}
	var all []schema.SurveyQuestion
	scored := false
	for i, q := range in {
		at := []string{"input", "questions", strconv.Itoa(i)}
		one := schema.SurveyQuestion{Handle: q.Handle, Kind: string(q.Kind), Required: q.Required != nil && *q.Required, Texts: map[string]map[string]string{}}
		if !handles.MatchString(q.Handle) {
			return nil, fault.ErrInvalidValue.At(append(at, "handle")...)
		}
		if slices.ContainsFunc(all, func(o schema.SurveyQuestion) bool { return o.Handle == q.Handle }) {
			return nil, ErrDuplicateKey.At(append(at, "handle")...)
		}
		if err := label(one.Texts, textQuestion, q.Texts, at); err != nil {
			return nil, err
		}
		if err := checkChoices(&one, q, at); err != nil {
			return nil, err
		}
		all, scored = append(all, one), scored || q.Kind == KindScore
	}
	if !scored {
		return nil, fault.ErrInvalidValue.At("input", "questions")
	}
	return all, nil
}

func checkChoices(one *schema.SurveyQuestion, q *SurveyQuestionInput, at []string) error {
	under := append(slices.Clone(at), "choices")
	switch n := len(q.Choices); {
	case q.Kind != KindChoice && n > 0:
		return fault.ErrInvalidValue.At(under...)
	case q.Kind == KindChoice && n < leastChoices:
		return fault.ErrRequired.At(under...).With("min", leastChoices)
	case n > mostChoices:
		return fault.ErrTooLong.At(under...).With("limit", mostChoices)
	}
	for i, c := range q.Choices {
		here := append(slices.Clone(under), strconv.Itoa(i))
		if !handles.MatchString(c.Handle) {
			return fault.ErrInvalidValue.At(append(here, "handle")...)
		}
		if slices.Contains(one.Choices, c.Handle) {
			return ErrDuplicateKey.At(append(here, "handle")...)
		}
		one.Choices = append(one.Choices, c.Handle)
		if err := label(one.Texts, choicePrefix+c.Handle, c.Texts, here); err != nil {
			return err
		}
	}
	return nil
}

// label puts the words of a question or a choice into the question's texts.
func label(into map[string]map[string]string, key string, in []*SurveyQuestionTextInput, at []string) error {
	for i, t := range in {
		here := append(slices.Clone(at), "texts", strconv.Itoa(i))
		lang, err := language(t.Locale, here...)
		if err != nil {
			return err
		}
		if into[lang][key] != "" {
			return ErrDuplicateKey.At(append(here, "locale")...)
		}
		text, err := words(t.Text, longestLabel, append(here, "text")...)
		if err != nil {
			return err
		}
		if into[lang] == nil {
			into[lang] = map[string]string{}
		}
		into[lang][key] = text
	}
	if len(in) == 0 {
		return fault.ErrRequired.At(append(slices.Clone(at), "texts")...)
	}
	return nil
}
