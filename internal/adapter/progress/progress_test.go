package progress

import (
	"strings"
	"testing"
	"time"
)

func TestProgressWritesPlainLinesElsewhere(t *testing.T) {
	var out strings.Builder
	b := New(&out, "orders.csv", 200)
	now := b.began
	b.now = func() time.Time { return now }
	for i := range int64(100) { // 20 s of it
		now = now.Add(200 * time.Millisecond)
		b.Set(i, "some")
	}
	b.End(true)
	b.End(true)
	want := `orders.csv: 12 %, some, 5s
orders.csv: 24 %, some, 10s
orders.csv: 37 %, some, 15s
orders.csv: 49 %, some, 20s
orders.csv: 100 %, some, 20s
`
	if out.String() != want {
		t.Errorf("got\n%swant\n%s", out.String(), want)
	}
	if strings.ContainsAny(out.String(), "\r\x1b") {
		t.Error("a log gets no escapes")
	}
}

func TestProgressThatFailsIsNotFull(t *testing.T) {
	var out strings.Builder
	New(&out, "orders.csv", 200).End(false)
	if out.String() != "" {
		t.Errorf("work that never began shows %q", out.String())
	}
	b := New(&out, "orders.csv", 200)
	b.Set(50, "12 invoices")
	b.End(false)
	if !strings.HasPrefix(out.String(), "orders.csv: 25 %, 12 invoices, ") {
		t.Errorf("got %q", out.String())
	}
}

// The bar of a terminal draws in its own goroutine, which asks for the note
// that Set writes; run with -race.
func TestProgressDraws(t *testing.T) {
	for _, whole := range []bool{true, false} {
		out := &screen{}
		b := New(out, "orders.csv", 1000)
		b.draw(out)
		for i := range int64(300) {
			b.Set(i*4, "some invoices") // over its end too
			time.Sleep(time.Millisecond)
		}
		ended := make(chan struct{})
		go func() { b.End(whole); close(ended) }()
		select {
		case <-ended:
		case <-time.After(10 * time.Second):
			t.Fatal("the bar never ends")
		}
		if !strings.Contains(out.text, "orders.csv") || !strings.Contains(out.text, "some invoices") {
			t.Errorf("drew %q", out.text)
		}
	}
}

// screen is written by the bar's goroutine alone, and read after its end.
type screen struct{ text string }

func (s *screen) Write(p []byte) (int, error) {
	s.text += string(p)
	return len(p), nil
}
