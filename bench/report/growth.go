package report

import (
	"fmt"
	"strings"

	"kabinet/bench/measure"
)

// Growth tells what a request costs at a large scale against scale 1, and of
// the heavy user against others. Targets are named "… at 1" and "… at LARGE".
func Growth(pairs []measure.Pair, samples map[measure.Pair][]measure.Sample, large string) string {
	cost := func(target, scenario string) float64 {
		for _, p := range pairs {
			if p.Target.Name == target && p.Scenario.Name == scenario {
				return Median(samples[p], CPU)
			}
		}
		return 0
	}
	var b strings.Builder
	fmt.Fprintf(&b, "CPU of a request, ms, and how many times as much it is. Aims: dashboard and history at 10 at most 1.2, the heavy user at most 1.5.\n\n"+
		"| target | dashboard at 1 | at %[1]s | ratio | history at 1 | at %[1]s | ratio | heavy user at 1 | against history | at %[1]s | against history |\n|---|---|---|---|---|---|---|---|---|---|---|\n", large)
	for _, p := range pairs {
		name, ok := strings.CutSuffix(p.Target.Name, " at 1")
		if !ok || p.Scenario.Name != "dashboard" {
			continue
		}
		one, more := p.Target.Name, name+" at "+large
		d1, d10, h1, h10 := cost(one, "dashboard"), cost(more, "dashboard"), cost(one, "history"), cost(more, "history")
		v1, v10 := cost(one, "heavy"), cost(more, "heavy")
		fmt.Fprintf(&b, "| %s | %.2f | %.2f | %.2f | %.2f | %.2f | %.2f | %.2f | %.2f | %.2f | %.2f |\n",
			name, d1, d10, d10/d1, h1, h10, h10/h1, v1, v1/h1, v10, v10/h10)
	}
	return b.String()
}
