package demo

import (
	"context"
	"strings"

	"kabinet/internal/document"
	"kabinet/internal/profile"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// files gives the customer a paper to download and a saved card that is good
// until the end of the month.
func (d *load) files(ctx context.Context) error {
	err := d.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		_, err := d.Documents.Put(ctx, tx, document.NewDocument{
			Owner: d.customer, User: &d.customer, Kind: "CONTRACT", Title: "Terms of the account.txt", Mime: "text/plain",
		}, strings.NewReader("This paper is part of the demonstration.\n"))
		return err
	})
	if err != nil || d.Cards.Provider == nil {
		return err
	}
	label, now := "Everyday", d.Store.Now()
	customer := as(ctx, d.customer, d.customer)
	added, err := d.Cards.Add(customer, profile.AddPaymentMethodInput{IdempotencyKey: "demo-card", Label: &label})
	if err != nil {
		return err
	}
	reference := added.PaymentMethod.GlobalID().String()
	_, err = d.Cards.Hear(viewer.With(ctx, viewer.Viewer{Locale: d.Locale}), profile.Saved{
		Provider: d.Cards.Provider.Name, Type: "payment_method.saved", SentAt: now, Reference: reference,
		Token: "demo_" + reference, Brand: "mir", Last4: "0004", ExpMonth: int(now.Month()), ExpYear: now.Year(),
	})
	return err
}
