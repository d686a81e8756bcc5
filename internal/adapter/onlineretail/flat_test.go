package onlineretail

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
)

// mill writes rows for ever: one invoice of so many lines after another, all
// numbers new.
type mill struct {
	invoices, lines, made int
	left                  []byte
}

func (m *mill) Read(p []byte) (int, error) {
	if len(m.left) == 0 {
		if m.made == m.invoices {
			return 0, io.EOF
		}
		var b bytes.Buffer
		if m.made == 0 {
			b.WriteString(heading)
		}
		m.made++
		for range m.lines {
			fmt.Fprintf(&b, "%d,85123A,WHITE HANGING HEART,6,2010-12-01 08:26:00,2.55,17850.0,United Kingdom\n", 1_000_000+m.made)
		}
		m.left = b.Bytes()
	}
	n := copy(p, m.left)
	m.left = m.left[n:]
	return n, nil
}

func live() uint64 {
	var stats runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}

// liveAfter is what stays allocated after so many invoices, the reader alive.
func liveAfter(t *testing.T, src io.Reader, invoices ...int) (grown []int64) {
	t.Helper()
	before := live()
	problems := 0
	r, err := NewReader(src, func(Problem) { problems++ })
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range invoices {
		if err := r.SkipTo(n); err != nil {
			t.Fatal(err)
		}
		grown = append(grown, int64(live())-int64(before))
	}
	runtime.KeepAlive(r)
	return grown
}

func TestMemoryStaysFlat(t *testing.T) { // security J7, L11
	grown := liveAfter(t, &mill{invoices: 5*Memory + 10, lines: 2}, Memory, 2*Memory, 5*Memory)
	t.Logf("live bytes after %d, %d, %d invoices: %d", Memory, 2*Memory, 5*Memory, grown)
	if grown[2] > 12<<20 || grown[2]-grown[1] > 1<<20 {
		t.Errorf("live bytes grew with the file: %d", grown)
	}
}

func TestHugeInvoiceStaysBounded(t *testing.T) { // security J7
	all := gather(t, &mill{invoices: 2, lines: MaxLines + 7})
	if len(all.invoices) != 2 || len(all.invoices[0].Lines) != MaxLines || all.reasons()[TooManyLines] != 14 {
		t.Errorf("%d invoices, %d lines, %v", len(all.invoices), len(all.invoices[0].Lines), all.reasons())
	}
}

// One field of 100 MB, packed to 100 KB, with and without quotes.
func TestHugeFieldStaysBounded(t *testing.T) { // security J7
	for _, quote := range []string{"", `"`} {
		var packed bytes.Buffer
		w := gzip.NewWriter(&packed)
		io.WriteString(w, heading+"1,A,"+quote)
		chunk := strings.Repeat("x", 1<<20)
		for range 100 {
			io.WriteString(w, chunk)
		}
		io.WriteString(w, quote+",1,2010-12-01 08:26:00,1.00,1.0,EIRE\n2,A,x,1,2010-12-01 08:26:00,1.00,1.0,EIRE\n")
		w.Close()

		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		all := gather(t, &packed)
		runtime.ReadMemStats(&after)
		if taken := after.TotalAlloc - before.TotalAlloc; taken > 4<<20 {
			t.Errorf("a field of 100 MB cost %d bytes", taken)
		}
		if len(all.problems) != 1 || all.problems[0].Reason != RowTooLong || len(all.invoices) != 1 || all.invoices[0].FirstLine != 3 {
			t.Errorf("problems %+v, invoices %+v", all.problems, all.invoices)
		}
	}
}

func BenchmarkReader(b *testing.B) {
	unpacked, err := gzip.NewReader(Excerpt())
	if err != nil {
		b.Fatal(err)
	}
	text, err := io.ReadAll(unpacked)
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	rows := 0
	for b.Loop() {
		r, err := NewReader(bytes.NewReader(text), nil)
		if err != nil {
			b.Fatal(err)
		}
		if err := r.SkipTo(407); err != nil {
			b.Fatal(err)
		}
		rows += r.Rows()
	}
	b.ReportMetric(float64(rows)/b.Elapsed().Seconds(), "rows/s")
}
