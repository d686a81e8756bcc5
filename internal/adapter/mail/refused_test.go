package mail_test

import (
	"errors"
	"testing"

	"github.com/emersion/go-smtp"

	"kabinet/internal/adapter/mail"
)

// A refusal says whom it is about: the recipient, or us.
func TestRefused(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		step            string
		code            int
		enhanced        smtp.EnhancedCode
		recipient, gone bool
	}{
		{"MAIL", 550, smtp.EnhancedCode{5, 7, 1}, false, false},
		{"RCPT", 550, smtp.EnhancedCode{5, 1, 1}, true, true},
		{"RCPT", 550, smtp.EnhancedCode{5, 7, 1}, true, false},
		{"RCPT", 450, smtp.EnhancedCode{4, 1, 1}, true, false},
		{"DATA", 554, smtp.EnhancedCode{5, 1, 1}, false, false},
	} {
		s := catch(t, nil, false, map[string]*smtp.SMTPError{c.step: {Code: c.code, EnhancedCode: c.enhanced, Message: "no"}})
		err := sender(t, "smtp://"+s.addr)(t.Context(), letter)
		var got mail.Refused
		if !errors.As(err, &got) || got.Status != c.code || got.Recipient != c.recipient || got.Gone != c.gone {
			t.Errorf("%s %d %v: %+v, %v", c.step, c.code, c.enhanced, got, err)
		}
	}
}
