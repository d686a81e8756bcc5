package onlineretail

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"
)

const heading = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"

var refused = []struct {
	row     string
	reason  Reason
	invoice string // that the problem names
}{
	{"1,A,x,5,2010-12-01 08:26:00,1.00,1.0", WrongColumnCount, "1"},
	{"1,A,x,5,2010-12-01 08:26:00,1.00,1.0,EIRE,", WrongColumnCount, "1"},
	{"1,A,x,5,2010-12-01 08:26:00,1.00,1.0,EIRE" + strings.Repeat(",", 60), TooManyColumns, "1"},
	{"1,A," + strings.Repeat(",", 1_000_000), RowTooLong, ""},
	{"1,A," + strings.Repeat("y", MaxRowBytes) + ",5,2010-12-01 08:26:00,1.00,1.0,EIRE", RowTooLong, ""},
	{"1,A," + strings.Repeat("x", MaxFieldBytes+1) + ",5,2010-12-01 08:26:00,1.00,1.0,EIRE", FieldTooLong, "1"},
	{`1,A,"x,5,2010-12-01 08:26:00,1.00,1.0,EIRE`, BadQuotes, "1"},
	{`1,A,"x"y,5,2010-12-01 08:26:00,1.00,1.0,EIRE`, BadQuotes, "1"},
	{`1,A,x"y,5,2010-12-01 08:26:00,1.00,1.0,EIRE`, BadQuotes, "1"},
	{"1,A,\xff\xfe,5,2010-12-01 08:26:00,1.00,1.0,EIRE", BadUTF8, "1"},
	{"1,A,\xc0\xaf,5,2010-12-01 08:26:00,1.00,1.0,EIRE", BadUTF8, "1"},
	{"1,A,a\x00b,5,2010-12-01 08:26:00,1.00,1.0,EIRE", ControlCharacter, "1"},
	{"1,A,\x1b[2J,5,2010-12-01 08:26:00,1.00,1.0,EIRE", ControlCharacter, "1"},
	{"1,A,a\rb,5,2010-12-01 08:26:00,1.00,1.0,EIRE", ControlCharacter, "1"},
	{strings.TrimSuffix(heading, "\n"), HeaderRepeated, ""},
	{",A,x,5,2010-12-01 08:26:00,1.00,1.0,EIRE", BadInvoiceNumber, ""},
	{"C,A,x,5,2010-12-01 08:26:00,1.00,1.0,EIRE", BadInvoiceNumber, ""},
	{"=1+1,A,x,5,2010-12-01 08:26:00,1.00,1.0,EIRE", BadInvoiceNumber, ""},
	{"1234567890123456789,A,x,5,2010-12-01 08:26:00,1.00,1.0,EIRE", BadInvoiceNumber, ""},
	{"1, ,x,5,2010-12-01 08:26:00,1.00,1.0,EIRE", BadStockCode, "1"},
	{"1,A,x,,2010-12-01 08:26:00,1.00,1.0,EIRE", BadQuantity, "1"},
	{"1,A,x,1e400,2010-12-01 08:26:00,1.00,1.0,EIRE", BadQuantity, "1"},
	{"1,A,x,1.5,2010-12-01 08:26:00,1.00,1.0,EIRE", BadQuantity, "1"},
	{"1,A,x,+5,2010-12-01 08:26:00,1.00,1.0,EIRE", BadQuantity, "1"},
	{"1,A,x,١٢,2010-12-01 08:26:00,1.00,1.0,EIRE", BadQuantity, "1"},
	{"1,A,x,9223372036854775808,2010-12-01 08:26:00,1.00,1.0,EIRE", AmountTooLarge, "1"},
	{"1,A,x,1000000001,2010-12-01 08:26:00,1.00,1.0,EIRE", AmountTooLarge, "1"},
	{"1,A,x,1000000000,2010-12-01 08:26:00,1000.01,1.0,EIRE", AmountTooLarge, "1"},
	{"1,A,x,-1000000000,2010-12-01 08:26:00,-1000.01,1.0,EIRE", AmountTooLarge, "1"},
	{"1,A,x,5,2010-12-01 08:26:00,1e400,1.0,EIRE", BadPrice, "1"},
	{"1,A,x,5,2010-12-01 08:26:00,NaN,1.0,EIRE", BadPrice, "1"},
	{"1,A,x,5,2010-12-01 08:26:00,Infinity,1.0,EIRE", BadPrice, "1"},
	{`1,A,x,5,2010-12-01 08:26:00,"1,00",1.0,EIRE`, BadPrice, "1"},
	{"1,A,x,5,2010-12-01 08:26:00,1.,1.0,EIRE", BadPrice, "1"},
	{"1,A,x,5,2010-12-01 08:26:00,0.001,1.0,EIRE", PriceNotInPence, "1"},
	{"1,A,x,5,2010-12-01 08:26:00,99999999999999999999,1.0,EIRE", AmountTooLarge, "1"},
	{"1,A,x,5,2010-12-01 08:26:00,-1.00,1.0,EIRE", NegativePrice, "1"},
	{"1,A,x,5,12/1/2010 8:26,1.00,1.0,EIRE", BadDate, "1"},
	{"1,A,x,5,2011-02-29 08:26:00,1.00,1.0,EIRE", BadDate, "1"},
	{"1,A,x,5,2010-12-01 08:26:00.5,1.00,1.0,EIRE", BadDate, "1"},
	{"1,A,x,5,0000-12-01 08:26:00,1.00,1.0,EIRE", BadDate, "1"},
	{"1,A,x,5,2010-12-01 08:26:00,1.00,NaN,EIRE", BadCustomer, "1"},
	{"1,A,x,5,2010-12-01 08:26:00,1.00,17850.5,EIRE", BadCustomer, "1"},
	{"1,A,x,5,2010-12-01 08:26:00,1.00,1.78e4,EIRE", BadCustomer, "1"},
	{"1,A,x,0,2010-12-01 08:26:00,1.00,1.0,EIRE", ZeroQuantity, "1"},
	{"1,A,x,-5,2010-12-01 08:26:00,1.00,1.0,EIRE", NegativeQuantity, "1"},
	{"1,A,x,5,2010-12-01 08:26:00,0.0,,EIRE", RowOfStockEntry, "1"},
	{"1,A,x,-5,2010-12-01 08:26:00,0.0,1.0,EIRE", RowOfWriteOff, "1"},
	{"C1,A,x,5,2010-12-01 08:26:00,1.00,1.0,EIRE", PositiveQuantity, "C1"},
	{"A1,B,x,5,2010-12-01 08:26:00,1.00,,EIRE", RowOfBadDebt, "A1"},
}

func TestRowIsRefused(t *testing.T) { // security J7
	for _, c := range refused {
		// the row stands alone, then a good invoice shows that reading goes on
		all := gather(t, strings.NewReader(heading+c.row+"\n2,A,good,1,2010-12-01 08:26:00,1.00,1.0,EIRE\n"))
		name := c.row[:min(len(c.row), 60)]
		if len(all.problems) != 1 || all.problems[0].Reason != c.reason ||
			all.problems[0].Line != 2 || all.problems[0].Invoice != c.invoice || all.problems[0].Text == "" {
			t.Errorf("%q: problems %+v, want one %s of line 2, invoice %q", name, all.problems, c.reason, c.invoice)
		}
		last := all.invoices[len(all.invoices)-1]
		if last.Number != "2" || len(last.Lines) != 1 || last.FirstLine != 3 {
			t.Errorf("%q: the row after it came as %+v", name, last)
		}
		if named := len(all.invoices) == 2; named != (c.invoice != "") || (named && !all.invoices[0].Reported()) {
			t.Errorf("%q: invoices %+v, want a reported one when it has a number", name, all.invoices)
		}
		for _, p := range all.problems {
			if len(p.Text) > 400 || strings.ContainsAny(p.Text, "\r\n\x00\x1b") {
				t.Errorf("%q: text %q is not fit for a report", name, p.Text)
			}
		}
	}
}

func TestRowIsTaken(t *testing.T) {
	for _, c := range []struct {
		row  string
		want Line
	}{
		{"1,85123A, HEART ,6,2010-12-01 08:26:00,2.55,17850.0,EIRE", Line{2, "85123A", Goods, "HEART", 6, 255}},
		{`1,A,"TRAY, ""BIG""",6,2010-12-01 08:26:00,0.1,17850,EIRE`, Line{2, "A", Goods, `TRAY, "BIG"`, 6, 10}},
		{`"1","A","",6,"2010-12-01 08:26:00","7","17850.0","EIRE"`, Line{2, "A", Goods, "", 6, 700}},
		{"1,POST,x,6,2010-12-01 08:26:00,18.000,17850.0,EIRE", Line{2, "POST", Carriage, "x", 6, 1800}},
		{"1,m,=cmd|' /C calc'!A0,6,2010-12-01 08:26:00,0.0,17850.0,EIRE", Line{2, "m", Manual, "=cmd|' /C calc'!A0", 6, 0}},
		{"1,gift_0001_20,£20,1,2010-12-01 08:26:00,-0.00,17850.0,EIRE", Line{2, "gift_0001_20", Voucher, "£20", 1, 0}},
		{"1,A,x,80995,2010-12-01 08:26:00,2.08,17850.0,EIRE", Line{2, "A", Goods, "x", 80995, 208}},
	} {
		for _, end := range []string{"\n", "\r\n", ""} {
			text := strings.ReplaceAll(heading, "\n", "\r\n") + c.row + end
			all := gather(t, strings.NewReader("\xef\xbb\xbf"+text))
			if len(all.problems) != 0 || len(all.invoices) != 1 || !reflect.DeepEqual(all.invoices[0].Lines, []Line{c.want}) {
				t.Errorf("%q: %+v, problems %+v, want %+v", c.row+end, all.invoices, all.problems, c.want)
			} else if got := all.invoices[0]; got.CustomerID != "17850" || got.Country != "EIRE" || got.Kind != Purchase {
				t.Errorf("%q: %+v", c.row+end, got)
			}
		}
	}
}

func TestHeader(t *testing.T) { // security J7
	for _, c := range []struct{ head, message string }{
		{"", "the file is empty"},
		{"\n", "missing InvoiceNo, StockCode"},
		{"InvoiceNo,StockCode,Description,Quantity,InvoiceDate,CustomerID,Country", "missing UnitPrice (the first line has InvoiceNo, StockCode"},
		{"InvoiceNo," + heading, "twice InvoiceNo"},
		{"Invoice,StockCode,Description,Quantity,InvoiceDate,Price,Customer ID,Country", "missing InvoiceNo, UnitPrice, CustomerID"},
		{strings.Repeat("c,", 64) + heading, "more than 64 columns"},
		{strings.Repeat("c", 10*MaxRowBytes), "longer than 65536 bytes"},
		{"\xff\xfeI\x00n\x00", "UTF-16"},
		{"PK\x03\x04", "byte 0x03"},
		{`"InvoiceNo`, "a quote is open"},
	} {
		_, err := NewReader(strings.NewReader(c.head), nil)
		var header *HeaderError
		if !errors.As(err, &header) || !strings.Contains(err.Error(), c.message) || len(err.Error()) > 4000 {
			t.Errorf("header %.40q: error %v, want one with %q", c.head, err, c.message)
		}
	}
	moved := "country,extra,CustomerID,UnitPrice,InvoiceDate,Quantity,Description,StockCode,invoiceno\nEIRE,?,1,2,2010-12-01 08:26:00,3,d,A,536365\n"
	all := gather(t, strings.NewReader(moved))
	if len(all.invoices) != 1 || all.invoices[0].Number != "536365" || all.invoices[0].TotalMinor() != 600 {
		t.Errorf("columns in another order: %+v, %+v", all.invoices, all.problems)
	}
}

func TestInvoiceIsKeptTogether(t *testing.T) {
	row := func(number, customer, country, minute string) string {
		return number + ",A,x,1,2010-12-01 08:" + minute + ":00,1.00," + customer + "," + country + "\n"
	}
	all := gather(t, strings.NewReader(heading+"\n"+
		row("1", "7.0", "EIRE", "30")+row("C2", "7.0", "EIRE", "10")+row("1", "7.0", "EIRE", "29")+
		row("1", "8.0", "EIRE", "00")+row("1", "", "EIRE", "00")+row("1", "7.0", "France", "00")+
		row("3", "", "EIRE", "10")+row("4", "", "EIRE", "10")+row("1", "7.0", "EIRE", "30")+
		row("5", "", "EIRE", "10")+row("6", "", "EIRE", "10")+row("1", "7.0", "EIRE", "30")))
	first := all.invoices[0]
	if first.Number != "1" || len(first.Lines) != 3 || first.At.Minute() != 29 || first.FirstLine != 3 || first.LastLine != 11 || first.Rows != 6 {
		t.Errorf("first = %+v", first)
	}
	want := map[Reason]int{CustomerDiffers: 2, CountryDiffers: 1, PositiveQuantity: 1, InvoiceReopened: 1}
	if !reflect.DeepEqual(all.reasons(), want) || len(all.invoices) != 6 {
		t.Errorf("%d invoices, problems %+v, want %v", len(all.invoices), all.problems, want)
	}
}

func TestResumeAtEveryInvoice(t *testing.T) { // security L11
	whole := gather(t, iotest.HalfReader(Excerpt()))
	for n := 0; n <= len(whole.invoices); n += 13 {
		var problems []Problem
		r, err := NewReader(Excerpt(), func(p Problem) { problems = append(problems, p) })
		if err != nil {
			t.Fatal(err)
		}
		if err := r.SkipTo(n); err != nil || r.Position() != n {
			t.Fatalf("SkipTo(%d): position %d, %v", n, r.Position(), err)
		}
		for _, want := range whole.invoices[n:] {
			got, err := r.Next()
			if err != nil || !reflect.DeepEqual(got, want) {
				t.Fatalf("after SkipTo(%d): %+v, %v, want %+v", n, got, err, want)
			}
		}
		if _, err := r.Next(); err != io.EOF || !reflect.DeepEqual(problems, whole.problems) {
			t.Fatalf("after SkipTo(%d): end %v, %d problems, want %d", n, err, len(problems), len(whole.problems))
		}
	}
	r, _ := NewReader(Excerpt(), nil)
	if err := r.SkipTo(408); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("SkipTo beyond the end: %v", err)
	}
	if err := r.SkipTo(3); err == nil {
		t.Error("SkipTo went back")
	}
}

func TestCutGzipIsAnError(t *testing.T) {
	whole := gather(t, Excerpt())
	cut := gather(t, strings.NewReader(excerpt[:len(excerpt)/2]))
	if !errors.Is(cut.err, io.ErrUnexpectedEOF) {
		t.Fatalf("cut gzip ended with %v", cut.err)
	}
	for i, invoice := range cut.invoices { // what was given is whole
		if !reflect.DeepEqual(invoice, whole.invoices[i]) {
			t.Errorf("invoice %d = %+v, want %+v", i, invoice, whole.invoices[i])
		}
	}
	if _, err := NewReader(bytes.NewReader([]byte{0x1f, 0x8b, 0}), nil); err == nil {
		t.Error("two magic bytes passed for a gzip")
	}
	var two bytes.Buffer // a gzip may have several members
	for _, part := range []string{heading, "1,A,x,1,2010-12-01 08:00:00,1.00,1.0,EIRE\n"} {
		w := gzip.NewWriter(&two)
		io.WriteString(w, part)
		w.Close()
	}
	if all := gather(t, &two); len(all.invoices) != 1 || all.err != nil {
		t.Errorf("two members: %+v", all)
	}
}
