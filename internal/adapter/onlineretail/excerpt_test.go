package onlineretail

import (
	"compress/gzip"
	"encoding/csv"
	"io"
	"maps"
	"strconv"
	"strings"
	"testing"
)

// gathered is all that a reader gave.
type gathered struct {
	invoices []Invoice
	problems []Problem
	rows     int
	err      error // of Next, nil for io.EOF
}

func gather(t testing.TB, src io.Reader) gathered {
	t.Helper()
	var all gathered
	r, err := NewReader(src, func(p Problem) { all.problems = append(all.problems, p) })
	if err != nil {
		t.Fatalf("NewReader: %v", err)
	}
	for {
		invoice, err := r.Next()
		if err != nil {
			if err != io.EOF {
				all.err = err
			}
			all.rows = r.Rows()
			return all
		}
		all.invoices = append(all.invoices, invoice)
	}
}

func (g gathered) reasons() map[Reason]int {
	counts := map[Reason]int{}
	for _, p := range g.problems {
		counts[p.Reason]++
	}
	return counts
}

func (g gathered) lines() (n int) {
	for _, invoice := range g.invoices {
		n += len(invoice.Lines)
	}
	return n
}

func TestExcerptIsAccountedFor(t *testing.T) { // security J7, L11: exact counts
	all := gather(t, Excerpt())
	kinds, reported, customers := map[Kind]int{}, 0, map[string]bool{}
	for i, invoice := range all.invoices {
		kinds[invoice.Kind]++
		if invoice.Reported() {
			reported++
		} else if !invoice.Guest() {
			customers[invoice.CustomerID] = true
		}
		if invoice.Position != i+1 {
			t.Errorf("invoice %s: position %d, want %d", invoice.Number, invoice.Position, i+1)
		}
	}
	t.Logf("%d invoices = %d purchases + %d cancellations + %d reported; %d customers; %d rows = %d lines + %d problems",
		len(all.invoices), kinds[Purchase], kinds[Cancellation], reported, len(customers), all.rows, all.lines(), len(all.problems))
	if want := map[Kind]int{Purchase: 250, Cancellation: 113, WriteOff: 16, StockEntry: 25, BadDebt: 3}; !maps.Equal(kinds, want) {
		t.Errorf("kinds = %v, want %v", kinds, want)
	}
	if want := map[Reason]int{PriceNotInPence: 4, RowOfWriteOff: 16, RowOfStockEntry: 35, RowOfBadDebt: 3}; !maps.Equal(all.reasons(), want) {
		t.Errorf("reasons = %v, want %v", all.reasons(), want)
	}
	if len(all.invoices) != 407 || reported != 44 || len(customers) != 60 || all.rows != 4433 {
		t.Errorf("invoices, reported, customers, rows = %d, %d, %d, %d", len(all.invoices), reported, len(customers), all.rows)
	}
	if all.lines()+len(all.problems) != all.rows {
		t.Errorf("%d lines + %d problems are not %d rows", all.lines(), len(all.problems), all.rows)
	}
}

// Every line must say what encoding/csv, an honest witness, reads there.
func TestExcerptReadsAsEncodingCSV(t *testing.T) {
	unpacked, err := gzip.NewReader(Excerpt())
	if err != nil {
		t.Fatal(err)
	}
	records, err := csv.NewReader(unpacked).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	all := gather(t, Excerpt())
	seen := map[int]bool{}
	for _, invoice := range all.invoices {
		for _, line := range invoice.Lines {
			want := records[line.LineNumber-1]
			price, _ := strconv.ParseFloat(want[5], 64)
			got := []string{invoice.Number, line.StockCode, line.Description, strconv.FormatInt(line.Quantity, 10),
				invoice.Country, pence(line.UnitPriceMinor)}
			for i, w := range []string{want[0], want[1], strings.TrimSpace(want[2]), want[3],
				want[7], strconv.FormatFloat(price, 'f', 2, 64)} {
				if got[i] != w {
					t.Errorf("line %d: %q, want %q", line.LineNumber, got[i], w)
				}
			}
			if strings.TrimSuffix(want[6], ".0") != invoice.CustomerID {
				t.Errorf("line %d: customer %q, want %q", line.LineNumber, invoice.CustomerID, want[6])
			}
			if invoice.At.Format("2006-01-02 15:04") > want[4] {
				t.Errorf("line %d: invoice at %v, row at %s", line.LineNumber, invoice.At, want[4])
			}
			if seen[line.LineNumber] {
				t.Errorf("line %d was given twice", line.LineNumber)
			}
			seen[line.LineNumber] = true
		}
	}
	for _, p := range all.problems {
		if seen[p.Line] || records[p.Line-1][0] != p.Invoice {
			t.Errorf("problem %+v: given as a line too, or of another invoice", p)
		}
		seen[p.Line] = true
	}
	if len(seen) != len(records)-1 {
		t.Errorf("%d rows accounted for, want %d", len(seen), len(records)-1)
	}
}

func TestExcerptHasTheAwkwardKinds(t *testing.T) {
	byNumber, bought, tied := map[string]Invoice{}, map[string]bool{}, 0
	repeated, classes, countries := 0, map[Class]int{}, map[string]bool{}
	for _, invoice := range gather(t, Excerpt()).invoices {
		byNumber[invoice.Number] = invoice
		countries[invoice.Country] = true
		codes, hit := map[string]bool{}, false
		for _, line := range invoice.Lines {
			if codes[line.StockCode] {
				repeated++
			}
			codes[line.StockCode] = true
			classes[line.Class]++
			key := invoice.CustomerID + " " + line.StockCode
			if invoice.Kind == Purchase {
				bought[key] = true
			}
			hit = hit || (invoice.Kind == Cancellation && !invoice.Guest() && bought[key])
		}
		if hit {
			tied++
		}
	}
	if split := byNumber["542806"]; len(split.Lines) != 39 || split.LastLine-split.FirstLine != 40 ||
		len(byNumber["C542805"].Lines) != 2 {
		t.Errorf("542806 %+v is not mended around C542805", split)
	}
	if two := byNumber["536591"]; two.At.Minute() != 57 {
		t.Errorf("536591 at %v, want the earlier of its minutes, 16:57", two.At)
	}
	if huge := byNumber["C581484"]; huge.TotalMinor() != -80995*208 || huge.CustomerID != "16446" {
		t.Errorf("C581484 = %d of %s", huge.TotalMinor(), huge.CustomerID)
	}
	if tied < 80 || repeated < 30 {
		t.Errorf("%d cancellations after their purchase, %d repeated codes: too few for tests", tied, repeated)
	}
	for _, country := range []string{"EIRE", "Unspecified", "European Community"} {
		if !countries[country] {
			t.Errorf("no invoice from %s", country)
		}
	}
	for _, class := range []Class{Goods, Carriage, Discount, Manual, Sample, Voucher, Charge} {
		if classes[class] == 0 {
			t.Errorf("no line of class %s", class)
		}
	}
}
