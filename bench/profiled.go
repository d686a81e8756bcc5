package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"kabinet/bench/load"
	"kabinet/bench/measure"
	"kabinet/bench/profile"
	"kabinet/bench/target"
)

// profiled takes a CPU profile of kabinet under the first scenario.
func (b *bench) profiled(ctx context.Context) error {
	root, err := filepath.Abs("..")
	if err != nil {
		return err
	}
	binary := filepath.Join(b.cache, "kabinet-profile")
	fmt.Fprintln(b.out, "building kabinet with the profiler")
	if err := profile.Build(ctx, root, binary); err != nil {
		return err
	}
	db, err := b.postgres(ctx, b.plan(), "profile", b.clones())
	if err != nil {
		return err
	}
	k := target.Kabinet("kabinet-profile", binary, db)
	if k.Profiler, err = target.FreeAddress(); err != nil {
		return err
	}
	if _, err := b.start(ctx, []*target.Target{k}); err != nil {
		return err
	}
	m := b.measure()
	defer m.Close()
	p := measure.Pair{Target: k, Scenario: b.scenarios[0]}
	if err := m.Prepare(ctx, p); err != nil {
		return err
	}
	raw := filepath.Join(b.cache, "profile.pb.gz")
	if err := b.underLoad(ctx, m, p, raw); err != nil {
		return err
	}
	text, err := profile.Text(ctx, binary, raw)
	if err != nil {
		return err
	}
	text = b.context(ctx).String() + "kabinet on PostgreSQL under " + p.Scenario.Name + "\n\n" + text
	if !b.write {
		fmt.Fprint(b.out, text)
		return nil
	}
	return os.WriteFile(filepath.Join("results", "profile-"+p.Scenario.Name+".txt"), []byte(text), 0o644)
}

// underLoad takes the profile while the scenario runs.
func (b *bench) underLoad(ctx context.Context, m *measure.Bench, p measure.Pair, file string) error {
	d := max(b.slice*time.Duration(b.rounds), time.Second)
	loaded := make(chan error, 1)
	go func() {
		_, err := load.Run(ctx, p.Target.Address(), m.Source(p), m.Rules(p), b.options.clients, d+time.Second, b.seed)
		loaded <- err
	}()
	err := profile.Take(ctx, p.Target.Profiler, file, d)
	return errors.Join(err, <-loaded)
}
