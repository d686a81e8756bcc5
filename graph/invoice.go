package graph

import (
	"context"

	ent "kabinet/ent/generated"
	gql "kabinet/graph/generated"
	"kabinet/internal/order/invoice"
	"kabinet/internal/scalar"
	"kabinet/internal/wallet"
)

// paidInvoice is the invoice that a wallet paid: as a dry run saw it, or read
// again; null where nothing was paid. An error is handed on.
func (r *Resolver) paidInvoice(ctx context.Context, done wallet.PaidInvoice, err error) (*invoice.Invoice, error) {
	if err != nil {
		return nil, err
	}
	if seen, ok := done.Invoice.(*invoice.Invoice); ok || done.InvoiceID == nil {
		return seen, nil
	}
	return r.Invoices.Invoice(ctx, scalar.ID{Prefix: "bill", UUID: *done.InvoiceID})
}

// paperResults are the items of a batch of papers, with links for those whose
// bytes will be sent.
func (r *Resolver) paperResults(ctx context.Context, done []invoice.Upserted) []*gql.UpsertDocumentResult {
	results := make([]*gql.UpsertDocumentResult, len(done))
	for i, d := range done {
		results[i] = &gql.UpsertDocumentResult{Document: d.Document, Invoice: d.Invoice, Outcome: d.Outcome, UserErrors: itemErrors(ctx, d.Err)}
		if d.Document != nil && d.Bytes > 0 {
			results[i].Link = r.Documents.PaperLink(ctx, d.Document, d.Bytes)
		}
	}
	return results
}

// invoiceNode is the invoice of an edge id; null where there is none for the
// caller.
func (r *Resolver) invoiceNode(ctx context.Context, id scalar.ID) (ent.Noder, error) {
	b, err := found(r.Invoices.Invoice(ctx, id))
	if b == nil || err != nil {
		return nil, err
	}
	return b, nil
}
