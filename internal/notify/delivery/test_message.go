package delivery

import (
	"context"

	"github.com/google/uuid"

	"kabinet/internal/notify/template"
	"kabinet/internal/store"
)

// SendTest sends a message at once to a person's own addresses of a channel,
// whatever he chose and at any hour; nothing is kept of it. It says how many
// addresses there are, how many took it, and in a word why not. Errors are the
// database's.
func (d *Deliveries) SendTest(ctx context.Context, user uuid.UUID, channel string, m template.Message) (addresses, sent int, failure string, err error) {
	ctx = asSystem(ctx)
	var to []string
	var who *person
	err = d.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		to = nil
		if who, err = d.person(ctx, tx, user, false); err != nil || who == nil {
			return err
		}
		all, err := d.addressesOf(ctx, tx, who, channel)
		for i := 0; err == nil && i < len(all); i++ {
			var at string
			if at, err = all[i].open(); err == nil {
				to = append(to, at)
			}
		}
		return err
	})
	if err != nil || len(to) == 0 {
		return 0, 0, "", err
	}
	if !d.sends(channel) {
		return len(to), 0, "NOT_CONFIGURED", nil
	}
	for _, at := range to {
		o := d.try(ctx, channel, Message{ID: "test_" + uuid.NewString(), To: at, Title: m.Title, Text: m.Text, HTML: m.HTML, URL: d.Site, Locale: who.Locale, Data: Data{Type: "test", Test: true}})
		if o.by != "" {
			sent++
		} else if n := len(o.attempts); n > 0 && o.attempts[n-1].Failure != nil {
			failure = *o.attempts[n-1].Failure
		}
	}
	return len(to), sent, failure, nil
}
