package delivery

import (
	"testing"

	"github.com/google/uuid"

	"kabinet/internal/notify/template"
	"kabinet/internal/store/storetest"
)

// TestTestMessages go to the person's own addresses at once, and leave no trace.
func TestTestMessages(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		o := newOffice(t, db)
		o.Providers = nil
		m := template.Message{Title: "A try", Text: "text", HTML: "<p>text</p>"}
		send := func(user uuid.UUID, channel string) (int, int, string) {
			t.Helper()
			addresses, sent, failure, err := o.SendTest(t.Context(), user, channel, m)
			must(t, err)
			return addresses, sent, failure
		}
		if n, sent, why := send(o.user.ID, email); n != 1 || sent != 0 || why != "NOT_CONFIGURED" {
			t.Errorf("without a provider: %d, %d, %s", n, sent, why)
		}
		if n, _, _ := send(o.user.ID, "TELEGRAM"); n != 0 {
			t.Errorf("%d chats of nobody", n)
		}
		if n, _, _ := send(uuid.Must(uuid.NewV7()), email); n != 0 {
			t.Errorf("%d addresses of a stranger", n)
		}
		o.takes("post", email)
		if n, sent, _ := send(o.user.ID, email); n != 1 || sent != 1 {
			t.Errorf("%d addresses, %d sent", n, sent)
		}
		if len(o.heard()) != 1 || o.said[0].To != "anna@example.com" || o.said[0].Title != "A try" || !o.said[0].Data.Test {
			t.Errorf("got %+v", o.said)
		}
		n, err := o.Store.Client.Delivery.Query().Count(storetest.System())
		must(t, err)
		if n != 0 {
			t.Errorf("%d deliveries are kept", n)
		}
	})
}
