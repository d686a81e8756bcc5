// Package report turns samples into the pages that people read: tables of
// medians and ratios, and RESULTS.md out of the sections of all modes. It
// measures nothing.
package report

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"kabinet/bench/measure"
	"kabinet/bench/scenario"
)

// Table compares the targets of each scenario by the medians of their
// samples. The first column of numbers is speed by CPU for a request, with
// reference as 1.00: twice the number is half the CPU.
func Table(pairs []measure.Pair, samples map[measure.Pair][]measure.Sample, statements map[measure.Pair]float64, reference string) string {
	var b strings.Builder
	var last *scenario.Scenario
	for _, p := range pairs {
		if p.Scenario != last {
			last = p.Scenario
			fmt.Fprintf(&b, "\n### %s\n\n| target | speed | of the limit | app + database CPU, ms | ± | allocations | statements | answer, bytes | req/s | p50 / p99, ms |\n|---|---|---|---|---|---|---|---|---|---|\n", p.Scenario.Title)
		}
		row(&b, p, pairs, samples, statements, reference)
	}
	return b.String()
}

func row(b *strings.Builder, p measure.Pair, pairs []measure.Pair, samples map[measure.Pair][]measure.Sample, statements map[measure.Pair]float64, reference string) {
	of := func(name string) string {
		for _, q := range pairs {
			if q.Scenario == p.Scenario && q.Target.Name == name {
				return fmt.Sprintf("%.2f", ratio(samples[q], samples[p]))
			}
		}
		return ""
	}
	all := samples[p]
	mallocs, count := "", ""
	if n := Median(all, func(s measure.Sample) float64 { return s.Mallocs }); n > 0 {
		mallocs = fmt.Sprintf("%.0f", n)
	}
	if n, ok := statements[p]; ok {
		count = fmt.Sprintf("%.1f", n)
	}
	fmt.Fprintf(b, "| %s | %s | %s | %.2f + %.2f | %.0f %% | %s | %s | %.0f | %.0f | %.1f / %.1f |\n", p.Target.Name, of(reference), of("limit"),
		Median(all, func(s measure.Sample) float64 { return s.App }), Median(all, func(s measure.Sample) float64 { return s.DB }), 100*spread(all), mallocs, count,
		Median(all, func(s measure.Sample) float64 { return s.Bytes }), Median(all, func(s measure.Sample) float64 { return s.RPS }),
		Median(all, func(s measure.Sample) float64 { return s.P50 }), Median(all, func(s measure.Sample) float64 { return s.P99 }))
}

// CPU is what a request costs in a slice, ms.
func CPU(s measure.Sample) float64 { return s.App + s.DB }

// ratio is how many times as fast as reference these samples are.
func ratio(reference, samples []measure.Sample) float64 {
	return Median(reference, CPU) / Median(samples, CPU)
}

// spread is half the distance between the quartiles of CPU, as a part of the
// median.
func spread(samples []measure.Sample) float64 {
	v := values(samples, CPU)
	if len(v) < 4 {
		return (v[len(v)-1] - v[0]) / 2 / Median(samples, CPU)
	}
	return (v[len(v)*3/4] - v[len(v)/4]) / 2 / Median(samples, CPU)
}

func values(samples []measure.Sample, of func(measure.Sample) float64) []float64 {
	v := make([]float64, len(samples))
	for i, s := range samples {
		v[i] = of(s)
	}
	slices.Sort(v)
	return v
}

// Median of a number over samples.
func Median(samples []measure.Sample, of func(measure.Sample) float64) float64 {
	v := values(samples, of)
	switch n := len(v); {
	case n == 0:
		return math.NaN()
	case n%2 == 1:
		return v[n/2]
	default:
		return (v[n/2-1] + v[n/2]) / 2
	}
}
