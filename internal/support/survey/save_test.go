package survey_test

import (
	"context"
	"strings"
	"sync"
	"testing"

	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store/storetest"
	"kabinet/internal/support/survey"
)

func TestSave(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		_, err := w.surveys.Save(customer(w.alice), plain())
		wantFault(t, err, fault.ErrForbidden)
		_, err = w.surveys.Delete(customer(w.alice), survey.DeleteSurveyInput{})
		wantFault(t, err, fault.ErrForbidden)
		_, err = w.surveys.All(context.Background())
		wantFault(t, err, fault.ErrUnauthenticated)
		v := w.save(t, plain())
		if v.Version != 1 || v.DelaySeconds != 3600 || v.ValidSeconds != 14*86400 || v.EverySeconds != 0 || len(v.Questions) != 2 || len(v.Texts) != 2 {
			t.Errorf("%+v", v)
		}
		// A question that has no English is asked in the language that it has.
		if why := v.Questions[1]; why.Text != "Почему?" || len(why.Texts) != 1 || why.Texts[0].Locale != "ru" {
			t.Errorf("%+v", why)
		}
		in := plain()
		in.ID = &v.ID
		_, err = w.surveys.Save(staff(w.sam), in)
		wantFault(t, err, fault.ErrRequired, "input", "version")
		in.Version = ptr(1)
		var wg sync.WaitGroup
		errs := make([]error, 3)
		for i := range errs {
			wg.Go(func() { _, errs[i] = w.surveys.Save(staff(w.sam), in) })
		}
		wg.Wait()
		won := 0
		for _, err := range errs {
			if err == nil {
				won++
				continue
			}
			wantFault(t, err, fault.ErrStaleObject, "input", "version")
		}
		if won != 1 {
			t.Errorf("%d saved", won)
		}
		if all, err := w.surveys.All(staff(w.sam)); err != nil || len(all) != 1 || all[0].Version != 2 || all[0].ID != v.ID {
			t.Errorf("%v %v", all, err)
		}
		in.ID = &scalar.ID{Prefix: "srv", UUID: w.alice}
		_, err = w.surveys.Save(staff(w.sam), in)
		wantFault(t, err, fault.ErrNotFound, "input", "id")
		_, err = w.surveys.Delete(staff(w.sam), survey.DeleteSurveyInput{ID: *in.ID})
		wantFault(t, err, fault.ErrNotFound, "input", "id")
		_, err = w.surveys.Delete(staff(w.sam), survey.DeleteSurveyInput{ID: scalar.ID{Prefix: "tkt"}})
		wantFault(t, err, fault.ErrInvalidID, "input", "id")
		for range 49 {
			w.save(t, plain())
		}
		_, err = w.surveys.Save(staff(w.sam), plain())
		if f := theFault(t, err, survey.ErrTooManyItems); f.Params["limit"] != 50 {
			t.Errorf("%v", f.Params)
		}
	})
}

func TestSaveRules(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		text := func(s string) []*survey.SurveyQuestionTextInput {
			return []*survey.SurveyQuestionTextInput{{Locale: "en", Text: s}}
		}
		choice := func(choices ...*survey.SurveyChoiceInput) func(*survey.SaveSurveyInput) {
			return func(in *survey.SaveSurveyInput) {
				in.Questions[1] = &survey.SurveyQuestionInput{Handle: "which", Kind: survey.KindChoice, Texts: text("Which?"), Choices: choices}
			}
		}
		a, b := &survey.SurveyChoiceInput{Handle: "a", Texts: text("A")}, &survey.SurveyChoiceInput{Handle: "text", Texts: text("Words")}
		for name, c := range map[string]struct {
			change func(in *survey.SaveSurveyInput)
			want   *fault.Fault
			path   []string
		}{
			"good":            {change: choice(a, b)},
			"name":            {func(in *survey.SaveSurveyInput) { in.Name = " " }, fault.ErrRequired, []string{"input", "name"}},
			"long name":       {func(in *survey.SaveSurveyInput) { in.Name = strings.Repeat("x", 101) }, fault.ErrTooLong, []string{"input", "name"}},
			"bad name":        {func(in *survey.SaveSurveyInput) { in.Name = "a\x00" }, fault.ErrInvalidValue, []string{"input", "name"}},
			"no texts":        {func(in *survey.SaveSurveyInput) { in.Texts = nil }, fault.ErrRequired, []string{"input", "texts"}},
			"language":        {func(in *survey.SaveSurveyInput) { in.Texts[1].Locale = "de" }, fault.ErrInvalidValue, []string{"input", "texts", "1", "locale"}},
			"language twice":  {func(in *survey.SaveSurveyInput) { in.Texts[1].Locale = "EN" }, survey.ErrDuplicateKey, []string{"input", "texts", "1", "locale"}},
			"title":           {func(in *survey.SaveSurveyInput) { in.Texts[0].Title = "" }, fault.ErrRequired, []string{"input", "texts", "0", "title"}},
			"thanks":          {func(in *survey.SaveSurveyInput) { in.Texts[0].Thanks = ptr(strings.Repeat("x", 501)) }, fault.ErrTooLong, []string{"input", "texts", "0", "thanks"}},
			"no questions":    {func(in *survey.SaveSurveyInput) { in.Questions = nil }, fault.ErrRequired, []string{"input", "questions"}},
			"no score":        {func(in *survey.SaveSurveyInput) { in.Questions = in.Questions[1:] }, fault.ErrInvalidValue, []string{"input", "questions"}},
			"handle":          {func(in *survey.SaveSurveyInput) { in.Questions[0].Handle = "1st" }, fault.ErrInvalidValue, []string{"input", "questions", "0", "handle"}},
			"handle twice":    {func(in *survey.SaveSurveyInput) { in.Questions[1].Handle = "overall" }, survey.ErrDuplicateKey, []string{"input", "questions", "1", "handle"}},
			"question":        {func(in *survey.SaveSurveyInput) { in.Questions[0].Texts = nil }, fault.ErrRequired, []string{"input", "questions", "0", "texts"}},
			"question twice":  {func(in *survey.SaveSurveyInput) { in.Questions[0].Texts[1].Locale = "en" }, survey.ErrDuplicateKey, []string{"input", "questions", "0", "texts", "1", "locale"}},
			"long question":   {func(in *survey.SaveSurveyInput) { in.Questions[0].Texts[1].Text = strings.Repeat("x", 301) }, fault.ErrTooLong, []string{"input", "questions", "0", "texts", "1", "text"}},
			"one choice":      {choice(a), fault.ErrRequired, []string{"input", "questions", "1", "choices"}},
			"choice twice":    {choice(a, a), survey.ErrDuplicateKey, []string{"input", "questions", "1", "choices", "1", "handle"}},
			"choice handle":   {choice(a, &survey.SurveyChoiceInput{Handle: "b c", Texts: text("B")}), fault.ErrInvalidValue, []string{"input", "questions", "1", "choices", "1", "handle"}},
			"choice unnamed":  {choice(a, &survey.SurveyChoiceInput{Handle: "b"}), fault.ErrRequired, []string{"input", "questions", "1", "choices", "1", "texts"}},
			"choices of text": {func(in *survey.SaveSurveyInput) { in.Questions[1].Choices = []*survey.SurveyChoiceInput{a, b} }, fault.ErrInvalidValue, []string{"input", "questions", "1", "choices"}},
			"delay":           {func(in *survey.SaveSurveyInput) { in.DelaySeconds = ptr(-1) }, fault.ErrOutOfRange, []string{"input", "delaySeconds"}},
			"long delay":      {func(in *survey.SaveSurveyInput) { in.DelaySeconds = ptr(31 * 86400) }, fault.ErrOutOfRange, []string{"input", "delaySeconds"}},
			"valid":           {func(in *survey.SaveSurveyInput) { in.ValidSeconds = ptr(3599) }, fault.ErrOutOfRange, []string{"input", "validSeconds"}},
			"late reminder":   {func(in *survey.SaveSurveyInput) { in.RemindSeconds = ptr(14 * 86400) }, fault.ErrOutOfRange, []string{"input", "remindSeconds"}},
			"early reminder":  {func(in *survey.SaveSurveyInput) { in.RemindSeconds = ptr(1) }, fault.ErrOutOfRange, []string{"input", "remindSeconds"}},
			"every":           {func(in *survey.SaveSurveyInput) { in.EverySeconds = ptr(366 * 86400) }, fault.ErrOutOfRange, []string{"input", "everySeconds"}},
			"position":        {func(in *survey.SaveSurveyInput) { in.Position = ptr(10001) }, fault.ErrOutOfRange, []string{"input", "position"}},
			"many questions": {func(in *survey.SaveSurveyInput) {
				for i := range 10 {
					in.Questions = append(in.Questions, &survey.SurveyQuestionInput{Handle: "q" + string(rune('a'+i)), Kind: survey.KindYesNo, Texts: text("?")})
				}
			}, fault.ErrTooLong, []string{"input", "questions"}},
		} {
			in := plain()
			c.change(&in)
			_, err := w.surveys.Save(staff(w.sam), in)
			if c.want == nil {
				if err != nil {
					t.Errorf("%s: %v", name, err)
				}
				continue
			}
			t.Run(name, func(t *testing.T) { wantFault(t, err, c.want, c.path...) })
		}
	})
}
