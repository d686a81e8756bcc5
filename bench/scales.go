package main

import (
	"context"
	"fmt"

	"kabinet/bench/data"
	"kabinet/bench/measure"
	"kabinet/bench/report"
	"kabinet/bench/scenario"
	"kabinet/bench/target"
)

// scales compares kabinet and the limit with themselves on more users: ten
// times as many, or what -scale says.
func (b *bench) scales(ctx context.Context) error {
	if b.scale <= 1 {
		b.scale = 10
	}
	small, large := data.Scale(1), data.Scale(b.scale)
	if b.quick {
		small, large = data.Tiny(), data.Tiny()
		large.Users *= 3
	}
	var targets []*target.Target
	for _, at := range []struct {
		name string
		plan data.Plan
	}{{"1", small}, {fmt.Sprint(b.scale), large}} {
		db, err := b.postgres(ctx, at.plan, "", false)
		if err != nil {
			return err
		}
		targets = append(targets, target.Kabinet("kabinet-postgres at "+at.name, b.kabinets[0].path, db))
		limit := target.Limit(b.self, db)
		limit.Name += " at " + at.name
		targets = append(targets, limit)
	}
	if _, err := b.start(ctx, targets); err != nil {
		return err
	}
	scenarios, err := scenario.Named([]string{"dashboard", "history", "heavy"})
	if err != nil {
		return err
	}
	m := b.measure()
	defer m.Close()
	pairs := measure.Pairs(targets, scenarios)
	samples, err := m.Run(ctx, pairs)
	if err != nil {
		return err
	}
	text := report.Growth(pairs, samples, fmt.Sprint(b.scale))
	fmt.Fprintf(b.out, "\n%s", text)
	if !b.write {
		return nil
	}
	return report.Write("scales", b.context(ctx), text)
}
