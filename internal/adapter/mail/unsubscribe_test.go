package mail_test

import (
	"errors"
	"testing"

	"kabinet/internal/adapter/mail"
)

// One click ends letters (RFC 8058); what is no address never gets into a header.
func TestUnsubscribe(t *testing.T) {
	t.Parallel()
	c := catch(t, nil, false, nil)
	send := sender(t, "smtp://"+c.addr)
	m := letter
	m.Unsubscribe = "https://shop.example/notifications/unsubscribe/abc-_123"
	if err := send(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	header, _ := read(t, c.all()[0].Data)
	if header.Get("List-Unsubscribe") != "<"+m.Unsubscribe+">" || header.Get("List-Unsubscribe-Post") != "List-Unsubscribe=One-Click" {
		t.Errorf("%v", header)
	}
	for _, bad := range []string{"https://shop.example/\r\nBcc: all@example.com", "https://shop.example/>,<mailto:x@example.com", "mailto:x@example.com", "javascript:alert(1)", "https://shop.example/ x"} {
		m.Unsubscribe = bad
		if err := send(t.Context(), m); !errors.Is(err, mail.ErrPermanent) {
			t.Errorf("%q: %v", bad, err)
		}
	}
	if n := len(c.all()); n != 1 {
		t.Errorf("%d letters", n)
	}
}
