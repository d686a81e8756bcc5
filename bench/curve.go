package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"

	"kabinet/bench/measure"
	"kabinet/bench/report"
	"kabinet/bench/scenario"
)

// clientCounts are the points of the curve.
var clientCounts = []int{1, 2, 4, 8, 16, 32, 64}

// curve is throughput over clients, of all targets on the dashboard.
func (b *bench) curve(ctx context.Context) error {
	b.scenarios = scenario.All[:1]
	targets, err := b.targets(ctx, b.plan())
	if err != nil {
		return err
	}
	m := b.measure()
	defer m.Close()
	pairs := measure.Pairs(targets, b.scenarios)
	for _, p := range pairs {
		if err := m.Prepare(ctx, p); err != nil {
			return err
		}
	}
	lines := make([]report.Line, len(pairs))
	for i, p := range pairs {
		lines[i] = report.Line{Name: p.Target.Name, Points: map[int][]measure.Sample{}}
	}
	r := rand.New(rand.NewPCG(b.seed, 1))
	for round := range b.rounds {
		for _, i := range r.Perm(len(pairs) * len(clientCounts)) {
			which, clients := i/len(clientCounts), clientCounts[i%len(clientCounts)]
			s, err := m.One(ctx, pairs[which], clients, b.slice, r.Uint64())
			if err != nil {
				return fmt.Errorf("%s with %d clients: %w", pairs[which].Target.Name, clients, err)
			}
			lines[which].Points[clients] = append(lines[which].Points[clients], s)
		}
		fmt.Fprintf(b.out, "round %d of %d\n", round+1, b.rounds)
	}
	text := report.CurveTable(lines, clientCounts)
	fmt.Fprint(b.out, "\n", text)
	dir := filepath.Join(b.cache, "results")
	if b.write {
		dir = "results"
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	picture := filepath.Join(dir, "throughput.png")
	if err := report.Picture(picture, scenario.All[0].Title, lines, clientCounts); err != nil {
		return err
	}
	fmt.Fprintln(b.out, "picture:", picture)
	if !b.write {
		return nil
	}
	return report.Write("curve", b.context(ctx), strings.TrimLeft(text, "\n")+"\n![throughput over clients](results/throughput.png)\n")
}
