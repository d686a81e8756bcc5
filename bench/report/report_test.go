package report

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"kabinet/bench/load"
	"kabinet/bench/measure"
	"kabinet/bench/scenario"
	"kabinet/bench/target"
)

func samples(cpu ...float64) (list []measure.Sample) {
	for _, c := range cpu {
		list = append(list, measure.Sample{App: c / 4, DB: c * 3 / 4, RPS: 1000 / c, Requests: 10})
	}
	return list
}

// Twice the speed is half the CPU, by medians.
func TestTable(t *testing.T) {
	t.Parallel()
	k := measure.Pair{Target: &target.Target{Name: "kabinet-postgres", Kind: scenario.Kabinet}, Scenario: scenario.All[0]}
	l := measure.Pair{Target: &target.Target{Name: "limit", Kind: scenario.Limit}, Scenario: scenario.All[0]}
	text := Table([]measure.Pair{k, l}, map[measure.Pair][]measure.Sample{k: samples(2, 4, 100), l: samples(1, 2, 3)}, map[measure.Pair]float64{k: 7, l: 1}, "kabinet-postgres")
	for _, row := range []string{"| kabinet-postgres | 1.00 | 0.50 | 1.00 + 3.00 |", "| limit | 2.00 | 1.00 | 0.50 + 1.50 |"} {
		if !strings.Contains(text, row) {
			t.Errorf("no %q in\n%s", row, text)
		}
	}
}

func TestSlope(t *testing.T) {
	t.Parallel()
	var moments []Moment
	for i := range 10 {
		at := time.Duration(i) * 6 * time.Minute
		moments = append(moments, Moment{At: at, Resident: (100 + 20*at.Hours()) * (1 << 20)})
	}
	if s := slope(moments, func(m Moment) float64 { return m.Resident / (1 << 20) }); math.Abs(s-20) > 1e-6 {
		t.Error(s)
	}
	if text := Soak(moments, load.Result{Wall: time.Hour}); !strings.Contains(text, "| +20.0 |") {
		t.Error(text)
	}
}

// RESULTS.md is made of the files that there are, in the order of the sections,
// without the headings that they have where they stand alone.
func TestRenew(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "results"), 0o750); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"ledger": "L\n", "idle": "# Alone\n\nI\n", "strange": "S\n"} {
		if err := os.WriteFile(filepath.Join(dir, "results", name+".md"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := Renew(dir); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(filepath.Join(dir, "RESULTS.md"))
	if err != nil || string(b) != preface+"\n## Idle sockets\n\nI\n\n## The ledger\n\nL\n" {
		t.Errorf("%v\n%s", err, b)
	}
}
