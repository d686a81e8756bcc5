package main

import (
	"context"
	"fmt"

	"kabinet/bench/measure"
	"kabinet/bench/report"
	"kabinet/bench/scenario"
)

// compare is the table: all targets, all scenarios.
func (b *bench) compare(ctx context.Context) error {
	targets, err := b.targets(ctx, b.plan())
	if err != nil {
		return err
	}
	m := b.measure()
	defer m.Close()
	pairs := measure.Pairs(targets, b.readable(b.scenarios))
	samples, err := m.Run(ctx, pairs)
	if err != nil {
		return err
	}
	statements, err := m.Statements(ctx, pairs)
	if err != nil { // what was measured is not lost to what was only counted
		fmt.Fprintln(b.out, "statements are not counted:", err)
	}
	text := report.Table(pairs, samples, statements, targets[0].Name)
	fmt.Fprintf(b.out, "\n%s", text)
	if !b.write {
		return nil
	}
	return report.Write("table", b.context(ctx), text)
}

// readable leaves out the writes where the data is not a copy.
func (b *bench) readable(all []*scenario.Scenario) (list []*scenario.Scenario) {
	for _, s := range all {
		if !s.Writes || b.scale < directLimit {
			list = append(list, s)
		}
	}
	return list
}
