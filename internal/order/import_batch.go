package order

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"

	"github.com/google/uuid"

	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

const (
	// batchLines ends a batch before its count of invoices does, so that
	// memory stays flat whatever the file; an invoice is never cut.
	batchLines = 20_000
	// knownCustomers is how many customers are remembered between batches.
	knownCustomers = 50_000
)

// importer is one run of Import. Its state is changed after commits only.
type importer struct {
	*Orders
	src      Source
	opts     ImportOptions
	task     uuid.UUID
	at, from int64 // invoices behind us; when this run began
	counts   ImportCounts
	known    map[string]uuid.UUID // customers by external id, as committed
}

func (im *importer) run(ctx context.Context) error {
	if err := im.src.SkipTo(int(im.at)); err != nil {
		return err
	}
	for {
		invoices, err := im.read(ctx)
		if err != nil {
			return err
		}
		if len(invoices) == 0 {
			return im.finish(ctx)
		}
		if err := im.step(ctx, invoices); err != nil {
			return err
		}
		if im.opts.Progress != nil {
			im.opts.Progress(im.summary())
		}
	}
}

// read gives the invoices of the next batch, none at the end. Where a batch
// ends depends on where it begins and on nothing else.
func (im *importer) read(ctx context.Context) (invoices []Invoice, err error) {
	for lines := 0; len(invoices) < im.opts.Batch && lines < batchLines; {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		invoice, err := im.src.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		invoices = append(invoices, invoice)
		lines += len(invoice.Lines)
	}
	return invoices, nil
}

// step takes one batch in one transaction.
func (im *importer) step(ctx context.Context, invoices []Invoice) error {
	var b *portion
	err := im.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		b = newBatch(im, tx) // anew at each attempt
		if err := tx.LockTask(ctx, im.task, im.at); err != nil {
			return err
		}
		if err := b.take(ctx, invoices); err != nil {
			return err
		}
		counts, err := b.counts.stored()
		if err != nil {
			return err
		}
		return tx.AdvanceTask(ctx, im.task, im.at+int64(len(invoices)), counts)
	})
	if err != nil {
		return err
	}
	im.at += int64(len(invoices))
	im.counts = b.counts
	if len(im.known)+len(b.met) > knownCustomers {
		clear(im.known)
	}
	maps.Copy(im.known, b.met)
	return nil
}

func (im *importer) finish(ctx context.Context) error {
	counts := im.counts
	err := im.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		if err := tx.LockTask(ctx, im.task, im.at); err != nil {
			return err
		}
		err := tx.QueryRow(ctx, `SELECT count(*) FROM (SELECT user_id FROM orders WHERE source = ? AND user_id IS NOT NULL
			UNION SELECT user_id FROM return_requests WHERE source = ? AND user_id IS NOT NULL) AS people`,
			im.src.Name(), im.src.Name()).Scan(&counts.Customers)
		if err != nil {
			return err
		}
		stored, err := counts.stored()
		if err != nil {
			return err
		}
		return tx.FinishTask(ctx, im.task, im.at, stored)
	})
	if err == nil {
		im.counts = counts
	}
	return err
}

// portion is one attempt at one transaction. All that later invoices need of
// earlier ones is in it, so that nothing depends on where a batch ends.
type portion struct {
	*importer
	tx     *store.Tx
	counts ImportCounts
	there  map[string]bool      // numbers that this source brought before
	others map[string]bool      // numbers that somebody else's orders or returns have
	met    map[string]uuid.UUID // customers that were not known
	shelf  map[string]*shelved  // products by sku

	fresh   []*importedOrder               // of this batch, in file order
	stored  []*importedOrder               // of batches before, changed by returns
	byOwner map[uuid.UUID][]*importedOrder // both, of people
	held    map[uuid.UUID]bool             // ids of stored
	acts    []act                          // for points, in file order

	payments, events, returns sheet
}

func newBatch(im *importer, tx *store.Tx) *portion {
	return &portion{
		importer: im, tx: tx, counts: im.counts,
		there: map[string]bool{}, others: map[string]bool{}, met: map[string]uuid.UUID{}, shelf: map[string]*shelved{},
		byOwner: map[uuid.UUID][]*importedOrder{}, held: map[uuid.UUID]bool{},
		payments: paymentSheet, events: eventSheet, returns: returnSheet,
	}
}

func (b *portion) take(ctx context.Context, invoices []Invoice) error {
	if err := b.lookUp(ctx, invoices); err != nil {
		return err
	}
	for _, invoice := range invoices {
		switch {
		case invoice.Kind == InvoiceReported:
			b.counts.Reported++
		case b.there[invoice.Number]:
			b.counts.AlreadyThere++
		case invoice.Kind == InvoicePurchase:
			b.purchase(invoice)
		default:
			if err := b.giveBack(ctx, invoice); err != nil {
				return err
			}
		}
		b.there[invoice.Number] = true // should the file bring it twice
	}
	if err := b.write(ctx); err != nil {
		return err
	}
	return b.points(ctx)
}

// lookUp learns what the batch needs of the database, in a few statements.
func (b *portion) lookUp(ctx context.Context, invoices []Invoice) error {
	var purchases, returns []any
	for _, invoice := range invoices {
		switch invoice.Kind {
		case InvoicePurchase:
			purchases = append(purchases, invoice.Number)
		case InvoiceReturn:
			returns = append(returns, invoice.Number)
		}
	}
	if err := b.findNumbers(ctx, "orders", purchases); err != nil {
		return err
	}
	if err := b.findNumbers(ctx, "return_requests", returns); err != nil {
		return err
	}
	var ids []string
	asked, skus := map[string]bool{}, map[string]bool{}
	for _, invoice := range invoices {
		if invoice.Kind == InvoiceReported || b.there[invoice.Number] {
			continue
		}
		if _, known := b.known[invoice.Customer]; !known && invoice.Customer != "" && !asked[invoice.Customer] {
			asked[invoice.Customer] = true
			ids = append(ids, invoice.Customer)
		}
		for _, line := range invoice.Lines {
			if line.Product && invoice.Kind == InvoicePurchase {
				skus[line.SKU] = true
			}
		}
	}
	if err := b.loadShelf(ctx, skus); err != nil || len(ids) == 0 {
		return err
	}
	met, err := b.Customers(ctx, b.tx, b.src.Name(), ids)
	if err != nil {
		return err
	}
	for _, id := range ids {
		if met[id] == uuid.Nil {
			return fmt.Errorf("import: customer %s of %s was not made", id, b.src.Name())
		}
		b.met[id] = met[id]
	}
	return nil
}

// findNumbers fills there and others.
func (b *portion) findNumbers(ctx context.Context, table string, numbers []any) error {
	if len(numbers) == 0 {
		return nil
	}
	query := `SELECT external_id, number, 1 FROM ` + table + ` WHERE source = ? AND external_id IN (` + marks(len(numbers)) + `)
		UNION ALL SELECT external_id, number, 0 FROM ` + table + ` WHERE number IN (` + marks(len(numbers)) + `)`
	args := append([]any{b.src.Name()}, numbers...)
	rows, err := b.tx.Query(ctx, query, append(args, numbers...)...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var external *string
		var number string
		var ours bool
		if err := rows.Scan(&external, &number, &ours); err != nil {
			return err
		}
		if ours {
			b.there[*external] = true
		} else {
			b.others[number] = true
		}
	}
	return rows.Err()
}

// number is what people read out: the invoice's own, unless somebody else's
// order or return has it.
func (b *portion) number(invoice Invoice) string {
	if b.others[invoice.Number] {
		return b.src.Name() + "-" + invoice.Number
	}
	return invoice.Number
}

// owner says whose an invoice is; a guest's is the House's.
func (b *portion) owner(invoice Invoice) (owner uuid.UUID, user uuid.NullUUID) {
	if invoice.Customer == "" {
		return viewer.House, uuid.NullUUID{}
	}
	id, known := b.known[invoice.Customer]
	if !known {
		id = b.met[invoice.Customer]
	}
	return id, uuid.NullUUID{UUID: id, Valid: true}
}
