package scenario

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"github.com/google/uuid"

	"kabinet/bench/data"
)

func TestCheckCountsRows(t *testing.T) {
	t.Parallel()
	answer := []byte(`{"data":{"orders":[{"lines":[1,2],"last":{"body":"x"}},{"lines":[3],"last":null}]}}`)
	for path, want := range map[string]int{"data.orders": 2, "data.orders.lines": 3, "data.orders.last.body": 1, "data.nothing": 0} {
		w := Way{Counts: counts(map[string]int{path: want})}
		if err := w.Check(nil, answer); err != nil {
			t.Errorf("%s: %v", path, err)
		}
		w = Way{Counts: counts(map[string]int{path: want + 1})}
		if err := w.Check(nil, answer); err == nil {
			t.Errorf("%s: %d rows were taken for %d", path, want, want+1)
		}
	}
}

// A read is the same bytes each time; a write never.
func TestSources(t *testing.T) {
	t.Parallel()
	p := data.Tiny()
	h := data.House{Unit: "PTS:points", Staff: uuid.Max}
	w := &data.World{Plan: p, House: h, StaffToken: p.StaffToken()}
	for i := range 3 {
		w.Users = append(w.Users, p.Person(i, h))
	}
	w.Users = append(w.Users, p.Person(p.Heavy(), h))
	learn := func([]byte) ([]byte, error) { return []byte(`{"cursor":"here"}`), nil }
	for _, s := range All {
		for _, kind := range []string{Kabinet, Limit, PostGraphile, GraphJin, PostGraphile + Open, GraphJin + Open} {
			if _, ok := s.Way(kind); !ok {
				continue
			}
			src, err := s.Source(w, kind, learn)
			if err != nil {
				t.Fatalf("%s of %s: %v", s.Name, kind, err)
			}
			next := func(n uint64) []byte { return src.Next(rand.New(rand.NewPCG(1, 1)), n) }
			if same := bytes.Equal(next(10), next(11)); same == s.Writes {
				t.Errorf("%s of %s: two requests are the same: %t", s.Name, kind, same)
			}
		}
	}
}
