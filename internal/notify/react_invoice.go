package notify

import (
	"context"

	entnotification "kabinet/ent/generated/notification"
	"kabinet/internal/event"
	"kabinet/internal/store"
)

// OnInvoiceIssued tells whom an invoice was made for that he is asked for money.
func (i *Inbox) OnInvoiceIssued(ctx context.Context, tx *store.Tx, e event.Stored, f event.InvoiceIssued) error {
	n := note{typ: "invoice.issued", severity: entnotification.SeverityINFO, params: map[string]any{"number": f.Number, "amount": money{f.AmountMinor, f.Currency}}}
	if f.DueAt != nil {
		n.params["due"] = day(*f.DueAt)
	}
	return i.giveBuyer(ctx, tx, e, f.OwnerID, f.UserID, n)
}

// OnInvoicePaid tells him that nothing is owed any more.
func (i *Inbox) OnInvoicePaid(ctx context.Context, tx *store.Tx, e event.Stored, f event.InvoicePaid) error {
	return i.giveBuyer(ctx, tx, e, f.OwnerID, f.UserID, note{
		typ: "invoice.paid", severity: entnotification.SeveritySUCCESS, params: map[string]any{"number": f.Number, "amount": money{f.AmountMinor, f.Currency}},
	})
}

// OnInvoiceOverdue tells him that it is late.
func (i *Inbox) OnInvoiceOverdue(ctx context.Context, tx *store.Tx, e event.Stored, f event.InvoiceOverdue) error {
	return i.giveBuyer(ctx, tx, e, f.OwnerID, f.UserID, note{
		typ: "invoice.overdue", severity: entnotification.SeverityWARNING,
		params: map[string]any{"number": f.Number, "open": money{f.OpenMinor, f.Currency}, "due": day(f.DueAt)},
	})
}
