package survey

import (
	"context"
	"slices"
	"time"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/ticket"
	"kabinet/ent/schema"
	"kabinet/internal/locale"
	"kabinet/internal/scalar"
	"kabinet/internal/viewer"
)

// Survey is what customers are asked, as staff sees it.
type Survey struct {
	ID            scalar.ID
	Name          string
	Texts         []*SurveyText
	Questions     []*SurveyQuestion
	Kinds         []ticket.Kind
	DelaySeconds  int
	RemindSeconds *int
	ValidSeconds  int
	EverySeconds  int
	Position      int
	Version       int
	CreatedAt     time.Time
}

// SurveyText is the words around the questions in one language.
type SurveyText struct {
	Locale string
	Title  string
	Thanks *string
}

// SurveyQuestion is one question, with its words in the language that is asked.
type SurveyQuestion struct {
	Handle   string
	Kind     QuestionKind
	Required bool
	Text     string
	Choices  []*SurveyChoice
	Texts    []*SurveyQuestionText
}

// SurveyChoice is one choice of a question.
type SurveyChoice struct {
	Handle string
	Text   string
	Texts  []*SurveyQuestionText
}

// SurveyQuestionText is a question or a choice in one language.
type SurveyQuestionText struct {
	Locale string
	Text   string
}

// SurveyAnswer is one answer with its question.
type SurveyAnswer struct {
	Handle   string
	Question string
	Kind     QuestionKind
	Score    *int
	Choice   *string
	Text     *string
	Yes      *bool
}

// The keys of a survey's texts, and of a question's: a choice's is its handle
// with choicePrefix before it, so that it is never the question's.
const (
	textTitle    = "title"
	textThanks   = "thanks"
	textQuestion = "text"
	choicePrefix = "choice."
)

// languages are those that a text is looked for in: the one wanted, then
// English, then Russian.
func languages(wanted string) []string {
	return append([]string{locale.Match(wanted)}, locale.Supported()...)
}

// pick gives a text in the first of the languages that has it, and says which.
func pick(texts map[string]map[string]string, key, wanted string) (text, lang string) {
	for _, lang := range languages(wanted) {
		if text := texts[lang][key]; text != "" {
			return text, lang
		}
	}
	return "", locale.Match(wanted)
}

// inAll is a text in all the languages that have it, in a fixed order.
func inAll(texts map[string]map[string]string, key string) []*SurveyQuestionText {
	all := []*SurveyQuestionText{}
	for _, lang := range locale.Supported() {
		if text := texts[lang][key]; text != "" {
			all = append(all, &SurveyQuestionText{Locale: lang, Text: text})
		}
	}
	return all
}

// view is a survey as staff sees it, in the caller's language.
func view(ctx context.Context, s *ent.Survey) *Survey {
	v := &Survey{
		ID: s.GlobalID(), Name: s.Name, Texts: []*SurveyText{}, Questions: questions(s, viewer.From(ctx).Locale), Kinds: []ticket.Kind{},
		DelaySeconds: s.DelaySeconds, RemindSeconds: s.RemindSeconds, ValidSeconds: s.ValidSeconds, EverySeconds: s.EverySeconds,
		Position: s.Position, Version: int(s.Version), CreatedAt: s.CreatedAt,
	}
	for _, lang := range locale.Supported() {
		if words := s.Texts[lang]; words[textTitle] != "" {
			v.Texts = append(v.Texts, &SurveyText{Locale: lang, Title: words[textTitle], Thanks: orNil(words[textThanks])})
		}
	}
	for _, kind := range s.Kinds {
		v.Kinds = append(v.Kinds, ticket.Kind(kind))
	}
	return v
}

// questions are those of a survey in a language.
func questions(s *ent.Survey, lang string) []*SurveyQuestion {
	all := make([]*SurveyQuestion, len(s.Questions))
	for i, q := range s.Questions {
		text, _ := pick(q.Texts, textQuestion, lang)
		all[i] = &SurveyQuestion{
			Handle: q.Handle, Kind: QuestionKind(q.Kind), Required: q.Required, Text: text, Choices: []*SurveyChoice{}, Texts: inAll(q.Texts, textQuestion),
		}
		for _, handle := range q.Choices {
			text, _ := pick(q.Texts, choicePrefix+handle, lang)
			all[i].Choices = append(all[i].Choices, &SurveyChoice{Handle: handle, Text: text, Texts: inAll(q.Texts, choicePrefix+handle)})
		}
	}
	return all
}

// Title is what stands above the questions of a request.
func (s *Surveys) Title(ctx context.Context, r *ent.SurveyRequest) (string, error) {
	v, err := s.version(ctx, s.Store.Client, r.SurveyID)
	if err != nil {
		return "", err
	}
	text, _ := pick(v.Texts, textTitle, r.Locale)
	return text, nil
}

// Thanks is what is said when a request was answered; nil for nothing.
func (s *Surveys) Thanks(ctx context.Context, r *ent.SurveyRequest) (*string, error) {
	v, err := s.version(ctx, s.Store.Client, r.SurveyID)
	if err != nil {
		return nil, err
	}
	_, lang := pick(v.Texts, textTitle, r.Locale)
	return orNil(v.Texts[lang][textThanks]), nil
}

// Language is the one of the title of a request.
func (s *Surveys) Language(ctx context.Context, r *ent.SurveyRequest) (string, error) {
	v, err := s.version(ctx, s.Store.Client, r.SurveyID)
	if err != nil {
		return "", err
	}
	_, lang := pick(v.Texts, textTitle, r.Locale)
	return lang, nil
}

// Questions are those of a request.
func (s *Surveys) Questions(ctx context.Context, r *ent.SurveyRequest) ([]*SurveyQuestion, error) {
	v, err := s.version(ctx, s.Store.Client, r.SurveyID)
	if err != nil {
		return nil, err
	}
	return questions(v, r.Locale), nil
}

// Answers are what was answered to a request, in the order of its questions.
func (s *Surveys) Answers(ctx context.Context, r *ent.SurveyRequest) ([]*SurveyAnswer, error) {
	all := []*SurveyAnswer{}
	if len(r.Answers) == 0 {
		return all, nil
	}
	v, err := s.version(ctx, s.Store.Client, r.SurveyID)
	if err != nil {
		return nil, err
	}
	for _, q := range v.Questions {
		if given, answered := r.Answers[q.Handle]; answered {
			all = append(all, answerOf(q, given, r.Locale))
		}
	}
	return all, nil
}

func answerOf(q schema.SurveyQuestion, given any, lang string) *SurveyAnswer {
	text, _ := pick(q.Texts, textQuestion, lang)
	a := &SurveyAnswer{Handle: q.Handle, Question: text, Kind: QuestionKind(q.Kind)}
	switch v := given.(type) {
	case float64: // as JSON has it
		score := int(v)
		a.Score = &score
	case bool:
		a.Yes = &v
	case string:
		if a.Text = &v; slices.Contains(q.Choices, v) && a.Kind == KindChoice {
			label, _ := pick(q.Texts, choicePrefix+v, lang)
			a.Choice, a.Text = &v, &label
		}
	}
	return a
}

// SurveyID is the survey of a request, the same in all its versions.
func (s *Surveys) SurveyID(ctx context.Context, r *ent.SurveyRequest) (*scalar.ID, error) {
	v, err := s.version(ctx, s.Store.Client, r.SurveyID)
	if err != nil {
		return nil, err
	}
	id := v.GlobalID()
	return &id, nil
}

func orNil(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
