package payment

import (
	"context"
	"errors"
	"fmt"
	"net/http"
)

// RefundRequest gives a payment, or a part of it, back to whence it came.
type RefundRequest struct {
	Reference string `json:"reference"` // ours, of the refund; the same one is the same refund
	Payment   string `json:"payment"`   // the provider's id of what was paid
	Amount    string `json:"amount"`    // in major units, exact
	Currency  string `json:"currency"`  // ISO 4217
}

// ErrRefused says that the provider will not give the money back, now or later:
// it knows no refunds, not this payment, or not so much of it.
var ErrRefused = errors.New("payment: the provider gives nothing back")

// Refund begins to give money back, or gives the refund that the reference
// began before: what became of it comes as refund.succeeded or refund.failed.
// ErrRefused is for good; any other error means that nobody knows whether it
// began, and asking again is safe.
func (p *Provider) Refund(ctx context.Context, r RefundRequest) (Created, error) {
	var c Created
	err := p.ask(ctx, "/refunds", "refund", r.Reference, r, &c)
	var code answered
	if errors.As(err, &code) && code.forGood() {
		return Created{}, fmt.Errorf("%w: it answers %d", ErrRefused, int(code))
	}
	if err != nil {
		return Created{}, err
	}
	if c.ID == "" || len(c.ID) > 255 {
		return Created{}, errors.New("payment: the provider's answer is not one")
	}
	return c, nil
}

// answered is a status of HTTP that is no success.
type answered int

// Error says which.
func (a answered) Error() string { return fmt.Sprintf("payment: the provider answers %d", int(a)) }

// forGood says whether the same question will have the same answer.
func (a answered) forGood() bool {
	switch int(a) {
	case http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusNotImplemented, http.StatusGone, http.StatusUnprocessableEntity:
		return true
	}
	return false
}
