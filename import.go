package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strconv"
	"time"

	"kabinet/internal/adapter/onlineretail"
	"kabinet/internal/adapter/progress"
	"kabinet/internal/adapter/report"
	"kabinet/internal/config"
	"kabinet/internal/order"
)

// importOrders runs the command: the progress goes to stderr, the summary to
// stdout, each row not taken to the report where one is asked for.
func (k *kabinet) importOrders(ctx context.Context, c config.ImportOrders, stdout, stderr io.Writer) error {
	f, err := onlineretail.Open(c.File)
	if err != nil {
		return err
	}
	defer f.Close()
	key, err := f.Hash()
	if err != nil {
		return err
	}
	var rows *report.File // nil takes rows and keeps none
	if c.Report != "" {
		if rows, err = report.Create(c.Report, "line", "invoice", "reason", "text"); err != nil {
			return err
		}
		defer rows.Discard() // does nothing after Commit
	}
	problems := 0
	reader, err := f.Reader(func(p onlineretail.Problem) {
		problems++
		rows.Row(strconv.Itoa(p.Line), p.Invoice, string(p.Reason), p.Text)
	})
	if err != nil {
		return fmt.Errorf("%s: %w", c.File, err)
	}
	bar := progress.New(stderr, filepath.Base(c.File), f.Size())
	src := onlineRetail{Reader: reader, key: key + ":" + f.Version(), read: func() {
		bar.Set(reader.Offset(), strconv.Itoa(reader.Position())+" invoices")
	}}
	began := time.Now()
	sum, err := k.orders.Import(ctx, src, order.ImportOptions{Earn: c.Earn, Reread: rows != nil})
	bar.End(err == nil)
	if err != nil {
		if sum.Invoices > 0 && !errors.Is(err, order.ErrImportRunning) {
			return fmt.Errorf("%s: stopped after %d invoices, which stay; start the same command again to go on: %w", c.File, sum.Invoices, err)
		}
		return fmt.Errorf("%s: %w", c.File, err)
	}
	if err := rows.Commit(); err != nil {
		return fmt.Errorf("report: %w", err)
	}
	_, err = io.WriteString(stdout, importSummary(filepath.Base(c.File), sum, time.Since(began)))
	if err == nil && rows != nil {
		_, err = fmt.Fprintf(stdout, "%d rows not taken: %s\n", problems, c.Report)
	}
	return err
}

func importSummary(file string, sum order.ImportSummary, took time.Duration) string {
	s := ""
	if sum.Already {
		s = file + " was imported before; nothing was written. It had then:\n"
	} else if sum.From > 0 {
		s = fmt.Sprintf("went on after %d invoices of a run before\n", sum.From)
	}
	s += fmt.Sprintf(`%d invoices = %d orders + %d returns + %d reported + %d already there
orders: %d lines, %s GBP as bought; %d of guests
returns: %s GBP; %d tied to one order with all lines, %d with some, %d with none (%d of guests); %s GBP given back on orders
customers: %d
`,
		sum.Invoices, sum.Orders, sum.Returns, sum.Reported, sum.AlreadyThere,
		sum.Lines, pounds(sum.OrdersMinor), sum.GuestOrders,
		pounds(sum.ReturnsMinor), sum.TiedWhole, sum.TiedPartly, sum.Returns-sum.TiedWhole-sum.TiedPartly, sum.GuestReturns, pounds(sum.RefundMinor),
		sum.Customers)
	if sum.Points > 0 {
		s += fmt.Sprintf("points: %d\n", sum.Points)
	}
	if !sum.Already {
		s += fmt.Sprintf("took %s\n", took.Round(100*time.Millisecond))
	}
	return s
}

// pounds writes pence, zero or more.
func pounds(minor int64) string { return fmt.Sprintf("%d.%02d", minor/100, minor%100) }

// excerpt is the excerpt of the real set that the demonstration and the tests
// live on.
func excerpt() (order.Source, error) {
	reader, err := onlineretail.NewReader(onlineretail.Excerpt(), nil)
	if err != nil {
		return nil, err
	}
	return onlineRetail{Reader: reader, key: onlineretail.ExcerptHash() + ":" + onlineretail.Version, read: func() {}}, nil
}

// onlineRetail makes the reader of the format fit order.Source: adapters and
// domains do not know each other.
type onlineRetail struct {
	*onlineretail.Reader
	key  string
	read func() // called as the file is read on
}

func (s onlineRetail) Name() string { return onlineretail.Format }
func (s onlineRetail) Key() string  { return s.key }

// SkipTo goes on step by step, so that the progress moves.
func (s onlineRetail) SkipTo(position int) error {
	for s.Position() < position {
		if err := s.Reader.SkipTo(min(position, s.Position()+500)); err != nil {
			return err
		}
		s.read()
	}
	return nil
}

func (s onlineRetail) Next() (order.Invoice, error) {
	in, err := s.Reader.Next()
	if err != nil {
		return order.Invoice{}, err
	}
	s.read()
	out := order.Invoice{Number: in.Number, Customer: in.CustomerID, Country: in.Country, Currency: onlineretail.Currency, At: in.At}
	switch {
	case in.Reported():
	case in.Kind == onlineretail.Purchase:
		out.Kind = order.InvoicePurchase
	case in.Kind == onlineretail.Cancellation:
		out.Kind = order.InvoiceReturn
	}
	out.Lines = make([]order.InvoiceLine, len(in.Lines))
	for i, l := range in.Lines {
		out.Lines[i] = order.InvoiceLine{
			SKU: l.StockCode, Title: l.Title(), Quantity: max(l.Quantity, -l.Quantity), UnitPriceMinor: l.UnitPriceMinor,
			Product: l.Class == onlineretail.Goods || l.Class == onlineretail.Voucher,
		}
	}
	return out, nil
}
