package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"kabinet/bench/load"
	"kabinet/bench/measure"
	"kabinet/bench/proc"
	"kabinet/bench/report"
	"kabinet/bench/scenario"
	"kabinet/bench/target"
)

// weights are how often each scenario comes in mixed load, of 100.
var weights = map[string]int{
	"dashboard": 25, "history": 15, "heavy": 2, "card": 15, "thread": 10, "feed": 15, "signedin": 12, "place": 3, "redeem": 3,
}

// mix plays several scenarios by weight.
type mix struct{ of []load.Source }

func (m mix) Next(r *rand.Rand, n uint64) []byte { return m.of[r.IntN(len(m.of))].Next(r, n) }

// soak watches the memory of one kabinet on PostgreSQL under mixed load.
func (b *bench) soak(ctx context.Context) error {
	db, err := b.postgres(ctx, b.plan(), "soak", true)
	if err != nil {
		return err
	}
	if err := b.cluster.Autovacuum(ctx, true); err != nil {
		return err
	}
	k := target.Kabinet("kabinet-postgres", b.kabinets[0].path, db)
	if _, err := b.start(ctx, []*target.Target{k}); err != nil {
		return err
	}
	m := b.measure()
	defer m.Close()
	var all mix
	for _, s := range scenario.All {
		n := weights[s.Name]
		if n == 0 {
			continue
		}
		p := measure.Pair{Target: k, Scenario: s}
		if err := m.Prepare(ctx, p); err != nil {
			return err
		}
		for range n {
			all.of = append(all.of, m.Source(p))
		}
	}
	watched := make(chan []report.Moment, 1)
	watching, stop := context.WithCancel(ctx)
	go func() { watched <- b.watch(watching, k) }()
	res, err := load.Run(ctx, k.Address(), all, load.Rules{Not: scenario.Way{}.Not()}, b.options.clients, b.options.soak, b.seed)
	stop()
	moments := <-watched
	if err != nil {
		return err
	}
	if err := b.cluster.Autovacuum(ctx, false); err != nil {
		return err
	}
	text := report.Soak(moments, res)
	fmt.Fprintf(b.out, "\n%s", text)
	if !b.write {
		return nil
	}
	return report.Write("soak", b.context(ctx), text)
}

// watch samples a target's memory until ctx ends.
func (b *bench) watch(ctx context.Context, t *target.Target) (moments []report.Moment) {
	every := min(10*time.Second, b.options.soak/20)
	began := time.Now()
	for tick := time.NewTicker(every); ; {
		select {
		case <-ctx.Done():
			tick.Stop()
			return moments
		case <-tick.C:
		}
		const heap, goroutines, next = "go_memstats_heap_inuse_bytes", "go_goroutines", "go_memstats_heap_alloc_bytes"
		rss, err := proc.Resident(t.PID())
		if err != nil {
			fmt.Fprintln(b.out, err)
			continue
		}
		memory, err := t.Memory(heap, goroutines, next)
		if err != nil {
			fmt.Fprintln(b.out, err)
			continue
		}
		moments = append(moments, report.Moment{At: time.Since(began), Resident: float64(rss), Heap: memory[heap], Alloc: memory[next], Goroutines: memory[goroutines]})
		t.Tidy()
		if len(moments)%30 == 0 {
			fmt.Fprintf(b.out, "%s: %.0f MiB\n", time.Since(began).Round(time.Second), float64(rss)/(1<<20))
		}
	}
}
