package campaign

import (
	"slices"
	"strconv"

	"kabinet/ent/schema"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
)

// maxAnswer is the longest text of an answer, in characters, where the
// question does not say less.
const maxAnswer = 2000

// checkAnswers holds answers against the questions, and gives them as they are
// kept. Faults at input.answers: NOT_FOUND of a question or option that is not
// there, DUPLICATE_KEY, REQUIRED, INVALID_VALUE, OUT_OF_RANGE, TOO_LONG.
func checkAnswers(questions []schema.CampaignQuestion, in []*CampaignAnswerInput) ([]schema.CampaignAnswer, error) {
	if len(in) > len(questions) {
		return nil, fault.ErrTooLong.At("input", "answers").With("limit", len(questions))
	}
	given := map[string]bool{}
	var out []schema.CampaignAnswer
	for i, a := range in {
		at := []string{"input", "answers", strconv.Itoa(i)}
		q := slices.IndexFunc(questions, func(q schema.CampaignQuestion) bool { return q.ID == a.QuestionKey })
		switch {
		case q < 0:
			return nil, fault.ErrNotFound.At(append(at, "questionKey")...)
		case given[a.QuestionKey]:
			return nil, ErrDuplicateKey.At(append(at, "questionKey")...)
		}
		kept, err := checkAnswer(questions[q], a, at)
		if err != nil {
			return nil, err
		}
		if kept != nil {
			given[a.QuestionKey] = true
			out = append(out, *kept)
		}
	}
	for _, q := range questions {
		if q.Required && !given[q.ID] {
			return nil, fault.ErrRequired.At("input", "answers").With("questionKey", q.ID)
		}
	}
	return out, nil
}

// checkAnswer gives nil for an answer that says nothing.
func checkAnswer(q schema.CampaignQuestion, a *CampaignAnswerInput, at []string) (*schema.CampaignAnswer, error) {
	kind := CampaignQuestionKind(q.Kind)
	for _, stray := range []struct {
		field string
		is    bool
	}{
		{"optionKeys", len(a.OptionKeys) > 0 && kind != QuestionSingle && kind != QuestionMultiple},
		{"text", a.Text != nil && kind != QuestionText}, {"number", a.Number != nil && kind != QuestionNumber},
	} {
		if stray.is {
			return nil, fault.ErrInvalidValue.At(append(at, stray.field)...)
		}
	}
	switch kind {
	case QuestionText:
		return checkText(q, a, at)
	case QuestionNumber:
		if a.Number == nil {
			return nil, nil
		}
		if least, most := bounds(q, -scalar.MaxPoints, scalar.MaxPoints); *a.Number < least || *a.Number > most {
			return nil, fault.ErrOutOfRange.At(append(at, "number")...).With("min", least).With("max", most)
		}
		return &schema.CampaignAnswer{Question: q.ID, Number: a.Number}, nil
	}
	return checkChoice(q, a, at)
}

func checkText(q schema.CampaignQuestion, a *CampaignAnswerInput, at []string) (*schema.CampaignAnswer, error) {
	if a.Text == nil {
		return nil, nil
	}
	most := maxAnswer
	if q.Max != nil {
		most = *q.Max
	}
	text, err := cleanText(*a.Text, most, append(at, "text")...)
	if err != nil || text == "" {
		return nil, err
	}
	return &schema.CampaignAnswer{Question: q.ID, Text: text}, nil
}

func checkChoice(q schema.CampaignQuestion, a *CampaignAnswerInput, at []string) (*schema.CampaignAnswer, error) {
	at = append(at, "optionKeys")
	chosen := slices.Clone(a.OptionKeys)
	slices.Sort(chosen)
	if len(slices.Compact(chosen)) != len(a.OptionKeys) {
		return nil, ErrDuplicateKey.At(at...)
	}
	for _, key := range a.OptionKeys {
		if !slices.ContainsFunc(q.Options, func(o schema.CampaignOption) bool { return o.ID == key }) {
			return nil, fault.ErrNotFound.At(at...)
		}
	}
	if len(a.OptionKeys) == 0 {
		return nil, nil
	}
	least, most := bounds(q, 1, int64(len(q.Options)))
	if CampaignQuestionKind(q.Kind) == QuestionSingle {
		least, most = 1, 1
	}
	if n := int64(len(a.OptionKeys)); n < least || n > most {
		return nil, fault.ErrOutOfRange.At(at...).With("min", least).With("max", most)
	}
	return &schema.CampaignAnswer{Question: q.ID, Options: a.OptionKeys}, nil
}

func bounds(q schema.CampaignQuestion, least, most int64) (int64, int64) {
	if q.Min != nil {
		least = int64(*q.Min)
	}
	if q.Max != nil {
		most = int64(*q.Max)
	}
	return least, most
}

// cleanText is a text that can be kept. Faults: TOO_LONG, INVALID_VALUE at path.
func cleanText(s string, most int, path ...string) (string, error) {
	text, bad := scalar.CleanText(s, most)
	if bad != nil {
		return "", badText(bad, path...)
	}
	return text, nil
}

// badText is what scalar's texts say, as a fault.
func badText(b *scalar.BadText, path ...string) error {
	if len(b.Path) > 0 {
		path = b.Path
	}
	switch b.Code {
	case "REQUIRED":
		return fault.ErrRequired.At(path...)
	case "TOO_LONG":
		return fault.ErrTooLong.At(path...).With("limit", b.Limit)
	case "DUPLICATE_KEY":
		return ErrDuplicateKey.At(path...)
	}
	return fault.ErrInvalidValue.At(path...)
}
