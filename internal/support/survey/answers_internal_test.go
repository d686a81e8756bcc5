package survey

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"kabinet/ent/schema"
	"kabinet/internal/fault"
)

func TestCheckAnswers(t *testing.T) {
	t.Parallel()
	questions := []schema.SurveyQuestion{
		{Handle: "overall", Kind: "SCORE", Required: true}, {Handle: "speed", Kind: "SCORE"},
		{Handle: "which", Kind: "CHOICE", Choices: []string{"a", "b"}}, {Handle: "why", Kind: "TEXT"}, {Handle: "again", Kind: "YES_NO"},
	}
	yes, n := true, func(i int) *int { return &i }
	s := func(s string) *string { return &s }
	of := func(all ...*SurveyAnswerInput) RateTicketInput { return RateTicketInput{Score: n(4), Answers: all} }
	for name, c := range map[string]struct {
		in   RateTicketInput
		kept string
		want *fault.Fault
		path []string
	}{
		"score alone":       {in: of(), kept: `{"overall":4}`},
		"as an answer":      {in: RateTicketInput{Answers: []*SurveyAnswerInput{{Handle: "overall", Score: n(5)}}}, kept: `{"overall":5}`},
		"both the same":     {in: of(&SurveyAnswerInput{Handle: "overall", Score: n(4)}), kept: `{"overall":4}`},
		"both, another":     {in: of(&SurveyAnswerInput{Handle: "overall", Score: n(3)}), want: fault.ErrInvalidValue, path: []string{"input", "score"}},
		"all":               {in: of(&SurveyAnswerInput{Handle: "speed", Score: n(1)}, &SurveyAnswerInput{Handle: "which", Choice: s("b")}, &SurveyAnswerInput{Handle: "why", Text: s(" x ")}, &SurveyAnswerInput{Handle: "again", Yes: &yes}), kept: `{"again":true,"overall":4,"speed":1,"which":"b","why":"x"}`},
		"required":          {in: RateTicketInput{Answers: []*SurveyAnswerInput{{Handle: "speed", Score: n(5)}}}, want: fault.ErrRequired, path: []string{"input", "answers"}},
		"nothing":           {in: RateTicketInput{}, want: fault.ErrRequired, path: []string{"input", "answers"}},
		"score 0":           {in: RateTicketInput{Score: n(0)}, want: fault.ErrOutOfRange, path: []string{"input", "score"}},
		"score 6":           {in: RateTicketInput{Score: n(6)}, want: fault.ErrOutOfRange, path: []string{"input", "score"}},
		"unknown":           {in: of(&SurveyAnswerInput{Handle: "x", Score: n(1)}), want: fault.ErrInvalidValue, path: []string{"input", "answers", "0", "handle"}},
		"twice":             {in: of(&SurveyAnswerInput{Handle: "speed", Score: n(1)}, &SurveyAnswerInput{Handle: "speed", Score: n(1)}), want: ErrDuplicateKey, path: []string{"input", "answers", "1", "handle"}},
		"empty answer":      {in: of(&SurveyAnswerInput{Handle: "speed"}), want: fault.ErrRequired, path: []string{"input", "answers", "0", "score"}},
		"another kind":      {in: of(&SurveyAnswerInput{Handle: "speed", Text: s("5")}), want: fault.ErrRequired, path: []string{"input", "answers", "0", "score"}},
		"two kinds":         {in: of(&SurveyAnswerInput{Handle: "speed", Score: n(5), Yes: &yes}), want: fault.ErrInvalidValue, path: []string{"input", "answers", "0", "yes"}},
		"speed 9":           {in: of(&SurveyAnswerInput{Handle: "speed", Score: n(9)}), want: fault.ErrOutOfRange, path: []string{"input", "answers", "0", "score"}},
		"no such choice":    {in: of(&SurveyAnswerInput{Handle: "which", Choice: s("c")}), want: fault.ErrInvalidValue, path: []string{"input", "answers", "0", "choice"}},
		"blank text":        {in: of(&SurveyAnswerInput{Handle: "why", Text: s("  ")}), want: fault.ErrRequired, path: []string{"input", "answers", "0", "text"}},
		"long text":         {in: of(&SurveyAnswerInput{Handle: "why", Text: s(strings.Repeat("я", 2001))}), want: fault.ErrTooLong, path: []string{"input", "answers", "0", "text"}},
		"odd text":          {in: of(&SurveyAnswerInput{Handle: "why", Text: s("a\x07")}), want: fault.ErrInvalidValue, path: []string{"input", "answers", "0", "text"}},
		"long comment":      {in: RateTicketInput{Score: n(4), Comment: s(strings.Repeat("я", 2001))}, want: fault.ErrTooLong, path: []string{"input", "comment"}},
		"comment, no score": {in: RateTicketInput{Comment: s("so so")}, want: fault.ErrRequired, path: []string{"input", "answers"}},
	} {
		g, err := checkAnswers(questions, c.in)
		if c.want != nil {
			f, _ := fault.As(err)
			if !errors.Is(err, c.want) || !slices.Equal(f.Path, c.path) {
				t.Errorf("%s: %v", name, err)
			}
			if name == "required" && f.Params["questionKey"] != "overall" {
				t.Errorf("%s: %v", name, f.Params)
			}
			continue
		}
		if kept, _ := json.Marshal(g.answers); err != nil || string(kept) != c.kept || g.score == nil || *g.score != g.answers["overall"] {
			t.Errorf("%s: %s %v %v", name, kept, g.score, err)
		}
	}
}
