package onlineretail

import (
	"bytes"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf8"
)

// Whatever the bytes: no crash, each row is one line or one problem, lines obey
// their invoice's kind, numbers come once, and the cuts of reading say nothing.
func FuzzReader(f *testing.F) {
	good := "536365,85123A,HEART,6,2010-12-01 08:26:00,2.55,17850.0,United Kingdom\n"
	for _, seed := range []string{
		heading + good,
		heading + good + good + "C1,D,x,-1,2010-12-01 08:26:00,27.5,,EIRE\n536365,A,x,-1,2010-12-01 08:26:00,0,,EIRE",
		"\xef\xbb\xbf" + heading + `"1","A","a ""b"", c",1,2010-12-01 08:26:00,1e400,NaN,EIRE` + "\r\n\r\n",
		heading + "A1,B,Adjust bad debt,1,2011-08-12 14:50:00,-11062.06,,United Kingdom\n" + heading + "\"\n\x00\n\xff",
		heading + "1,a,,9223372036854775807,2010-12-01 08:26:00,92233720368547758.07,,\n,,,,,,,\n",
		excerpt[:3000],
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if _, err := NewReader(bytes.NewReader(data), nil); err != nil {
			return
		}
		all := gather(t, bytes.NewReader(data))
		if all.err == nil && all.lines()+len(all.problems) != all.rows {
			t.Fatalf("%d lines + %d problems are not %d rows", all.lines(), len(all.problems), all.rows)
		}
		numbers, where := map[string]bool{}, map[int]bool{}
		for _, invoice := range all.invoices {
			if numbers[invoice.Number] {
				t.Fatalf("invoice %s came twice", invoice.Number)
			}
			numbers[invoice.Number] = true
			for _, line := range invoice.Lines {
				if invoice.Kind != Purchase && invoice.Kind != Cancellation ||
					(line.Quantity > 0) != (invoice.Kind == Purchase) || line.Quantity == 0 || line.UnitPriceMinor < 0 ||
					line.StockCode == "" || !utf8.ValidString(line.Title()) {
					t.Fatalf("line %+v in %+v", line, invoice)
				}
				if where[line.LineNumber] || line.LineNumber < invoice.FirstLine || line.LineNumber > invoice.LastLine {
					t.Fatalf("line %d is misplaced or double", line.LineNumber)
				}
				where[line.LineNumber] = true
			}
			if total := invoice.TotalMinor(); total > 0 && invoice.Kind == Cancellation || total < 0 && invoice.Kind == Purchase {
				t.Fatalf("total %d of a %s", total, invoice.Kind)
			}
		}
		for _, p := range all.problems {
			if where[p.Line] || p.Reason == "" || !utf8.ValidString(p.Text) || strings.ContainsAny(p.Text, "\x00\r\n\x1b") {
				t.Fatalf("problem %+v", p)
			}
			where[p.Line] = true
		}
		if again := gather(t, iotest.OneByteReader(bytes.NewReader(data))); !reflect.DeepEqual(again.invoices, all.invoices) ||
			!reflect.DeepEqual(again.problems, all.problems) {
			t.Fatal("read byte by byte it says otherwise")
		}
	})
}
