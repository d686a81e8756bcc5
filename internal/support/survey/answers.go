package survey

import (
	"slices"
	"strconv"

	"kabinet/ent/schema"
	"kabinet/internal/credential"
	"kabinet/internal/fault"
)

// given is what a person answered, checked.
type given struct {
	answers map[string]any // by handle: a number, a handle, words, yes or no
	score   *int
	comment *string
}

// checkAnswers holds what was answered against the questions. The score is the
// answer to the first question of kind SCORE, however it was given. Faults:
// REQUIRED with questionKey at answers, INVALID_VALUE, OUT_OF_RANGE, TOO_LONG,
// DUPLICATE_KEY.
func checkAnswers(questions []schema.SurveyQuestion, in RateTicketInput) (g given, err error) {
	g.answers = map[string]any{}
	if g.comment, err = credential.Text(in.Comment, longestText, true, "input", "comment"); err != nil {
		return g, err
	}
	for i, a := range in.Answers {
		at := []string{"input", "answers", strconv.Itoa(i)}
		q := slices.IndexFunc(questions, func(q schema.SurveyQuestion) bool { return q.Handle == a.Handle })
		if q < 0 {
			return g, fault.ErrInvalidValue.At(append(at, "handle")...)
		}
		if _, twice := g.answers[a.Handle]; twice {
			return g, ErrDuplicateKey.At(append(at, "handle")...)
		}
		if g.answers[a.Handle], err = checkAnswer(questions[q], a, at); err != nil {
			return g, err
		}
	}
	if err := g.rate(questions, in.Score); err != nil {
		return g, err
	}
	for _, q := range questions {
		if _, answered := g.answers[q.Handle]; q.Required && !answered {
			return g, fault.ErrRequired.At("input", "answers").With("questionKey", q.Handle)
		}
	}
	if len(g.answers) == 0 && g.comment == nil {
		return g, fault.ErrRequired.At("input", "answers")
	}
	return g, nil
}

// rate takes the score, as it was given or as it was answered.
func (g *given) rate(questions []schema.SurveyQuestion, score *int) error {
	i := slices.IndexFunc(questions, func(q schema.SurveyQuestion) bool { return QuestionKind(q.Kind) == KindScore })
	if i < 0 { // never: a survey has one
		return nil
	}
	answered, is := g.answers[questions[i].Handle].(int)
	switch {
	case score == nil && is:
		g.score = &answered
	case score == nil:
	case *score < 1 || *score > bestScore:
		return fault.ErrOutOfRange.At("input", "score").With("min", 1).With("max", bestScore)
	case is && answered != *score:
		return fault.ErrInvalidValue.At("input", "score")
	default:
		g.score, g.answers[questions[i].Handle] = score, *score
	}
	return nil
}

// checkAnswer is one answer: of the question's kind and nothing else.
func checkAnswer(q schema.SurveyQuestion, a *SurveyAnswerInput, at []string) (any, error) {
	under := func(field string) []string { return append(slices.Clone(at), field) }
	kind := QuestionKind(q.Kind)
	for _, other := range []struct {
		kind  QuestionKind
		field string
		given bool
	}{
		{KindScore, "score", a.Score != nil}, {KindChoice, "choice", a.Choice != nil}, {KindText, "text", a.Text != nil}, {KindYesNo, "yes", a.Yes != nil},
	} {
		switch {
		case other.kind == kind && !other.given:
			return nil, fault.ErrRequired.At(under(other.field)...)
		case other.kind != kind && other.given:
			return nil, fault.ErrInvalidValue.At(under(other.field)...)
		}
	}
	switch kind {
	case KindScore:
		if *a.Score < 1 || *a.Score > bestScore {
			return nil, fault.ErrOutOfRange.At(under("score")...).With("min", 1).With("max", bestScore)
		}
		return *a.Score, nil
	case KindChoice:
		if !slices.Contains(q.Choices, *a.Choice) {
			return nil, fault.ErrInvalidValue.At(under("choice")...)
		}
		return *a.Choice, nil
	case KindYesNo:
		return *a.Yes, nil
	}
	text, err := credential.Text(a.Text, longestText, true, under("text")...)
	if err != nil {
		return nil, err
	}
	if text == nil {
		return nil, fault.ErrRequired.At(under("text")...)
	}
	return *text, nil
}
