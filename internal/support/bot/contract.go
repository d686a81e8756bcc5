package bot

import (
	"time"

	"kabinet/internal/scalar"
)

// The inputs of the SDL that this room takes; field by field they are described
// in schema/.

// RequestOperatorInput is the input of requestOperator.
type RequestOperatorInput struct {
	// The ticket.
	TicketID scalar.ID
}

// ConfirmBotAnswerInput is the input of confirmBotAnswer.
type ConfirmBotAnswerInput struct {
	// The ticket.
	TicketID scalar.ID
	// Whether it helped.
	Helped bool
}

// RequestCallbackInput is the input of requestCallback.
type RequestCallbackInput struct {
	// The number with its country code, such as +442079460018.
	Phone string
	// When; in the future, within 90 days.
	At time.Time
	// The language of the call; the caller's own when nothing is said.
	Locale *string
	// What it is about, 1 to 200 characters; words of ours when nothing is said.
	Subject *string
	// More about it, up to 10,000 characters.
	Body *string
	// The order it is about.
	OrderID *scalar.ID
	// The client's own id of the request, up to 100 characters: for 48 hours the same one gives the same ticket again; after that it opens another.
	ClientMessageID *string
}
