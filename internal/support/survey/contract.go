package survey

import (
	"io"
	"time"

	"kabinet/ent/generated/ticket"
	"kabinet/internal/scalar"
)

// The inputs and enums of the SDL that this room takes; field by field they are
// described in schema/.

// QuestionKind is what is answered to a question.
type QuestionKind string

// The kinds of questions.
const (
	KindScore  QuestionKind = "SCORE"
	KindChoice QuestionKind = "CHOICE"
	KindText   QuestionKind = "TEXT"
	KindYesNo  QuestionKind = "YES_NO"
)

// MarshalGQL writes the value.
func (k QuestionKind) MarshalGQL(w io.Writer) { scalar.WriteEnum(w, k) }

// UnmarshalGQL reads a value.
func (k *QuestionKind) UnmarshalGQL(v any) (err error) {
	*k, err = scalar.ReadEnum(v, KindScore, KindChoice, KindText, KindYesNo)
	return err
}

// Page is the arguments of a connection.
type Page struct {
	After  *scalar.Cursor
	First  *int
	Before *scalar.Cursor
	Last   *int
}

// SaveSurveyInput is the input of saveSurvey.
type SaveSurveyInput struct {
	// The survey; a new one when null.
	ID *scalar.ID
	// With an id: the version that was read; another one is STALE_OBJECT.
	Version *int
	// The business's name for it, 1 to 100 characters.
	Name string
	// The words around the questions; one in English or Russian at least.
	Texts []*SurveyTextInput
	// The questions, 1 to 10, one SCORE at least.
	Questions []*SurveyQuestionInput
	// Kinds of tickets it is for; none: all.
	Kinds []ticket.Kind
	// How long after the ticket was closed it is asked, 0 to 30 days.
	DelaySeconds *int
	// How long after it was asked it is asked again; null: never.
	RemindSeconds *int
	// How long after it was asked it can be answered, an hour to 365 days.
	ValidSeconds *int
	// One person is asked at most once in so many seconds, up to 365 days.
	EverySeconds *int
	// Its place among the surveys, 0 to 10,000.
	Position *int
}

// SurveyTextInput is the words around the questions in one language.
type SurveyTextInput struct {
	// The language, en or ru.
	Locale string
	// What stands above the questions, 1 to 200 characters.
	Title string
	// What is said when it was answered, up to 500 characters.
	Thanks *string
}

// SurveyQuestionInput is one question.
type SurveyQuestionInput struct {
	// How programs name it: a letter, then up to 39 letters, digits and _.
	Handle string
	// What is answered.
	Kind QuestionKind
	// Whether it must be answered.
	Required *bool
	// The question in its languages; one at least.
	Texts []*SurveyQuestionTextInput
	// What can be chosen, 2 to 20; of CHOICE.
	Choices []*SurveyChoiceInput
}

// SurveyQuestionTextInput is a question or a choice in one language.
type SurveyQuestionTextInput struct {
	// The language, en or ru.
	Locale string
	// The words, 1 to 300 characters.
	Text string
}

// SurveyChoiceInput is one choice of a question.
type SurveyChoiceInput struct {
	// How programs name it.
	Handle string
	// What it is called, in its languages; one at least.
	Texts []*SurveyQuestionTextInput
}

// DeleteSurveyInput is the input of deleteSurvey.
type DeleteSurveyInput struct {
	// The survey.
	ID scalar.ID
}

// RateTicketInput is the input of rateTicket: one of RequestID and TicketID.
type RateTicketInput struct {
	// What one is asked; id of the survey.
	RequestID *scalar.ID
	// The ticket: the last survey that one is asked about it.
	TicketID *scalar.ID
	// The rating, 1 to 5: the answer to the first question of kind SCORE.
	Score *int
	// The answers, each question once.
	Answers []*SurveyAnswerInput
	// What one wants to say besides, up to 2,000 characters.
	Comment *string
}

// SurveyAnswerInput is one answer: of the question's kind, nothing else.
type SurveyAnswerInput struct {
	// The question's handle.
	Handle string
	// Of SCORE: 1 to 5.
	Score *int
	// Of CHOICE: the handle of one choice.
	Choice *string
	// Of TEXT: up to 2,000 characters.
	Text *string
	// Of YES_NO.
	Yes *bool
}

// TicketRatingFilter narrows a list of ratings.
type TicketRatingFilter struct {
	// Answered at this moment or after it.
	From *time.Time
	// Answered before this moment.
	To *time.Time
	// Of tickets that this member of staff had.
	OperatorID *scalar.ID
	// About this ticket.
	TicketID *scalar.ID
	// At least this score.
	MinScore *int
	// At most this score.
	MaxScore *int
}
