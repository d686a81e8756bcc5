package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"time"
)

// row is what was measured of one server.
type row struct {
	name             string
	n                int
	heap, stack, rss float64 // bytes a connection; of the heap what is alive
	inuse            float64 // bytes a connection of the heap's pages
	goroutines       float64 // a connection
	connect          spent   // CPU a connection
	connected        time.Duration
	idle             spent           // CPU a second, with all connected
	small, big       []spent         // CPU an event, of each round
	late             []time.Duration // from the request to the subscriber, at n
}

// settle is how long a server is left alone before its idling is measured.
const settle = 3 * time.Second

// measure lets 100 clients onto one server and n onto its twin, and sends both
// events in turns, so that whatever else the machine does hits both alike.
func measure(ctx context.Context, o options, small, big *server) (row, *fleet, error) {
	r := row{name: big.name, n: o.n}
	progress("%s: %d subscribers", r.name, o.n)
	few, err := dial(ctx, small, o.small)
	if err != nil {
		return r, nil, err
	}
	defer few.close()
	before, err := big.usage(ctx)
	if err != nil {
		return r, nil, err
	}
	many, err := r.fill(ctx, o, big)
	if err != nil {
		return r, nil, err
	}
	after, err := big.usage(ctx)
	if err != nil {
		return r, nil, err
	}
	n := float64(o.n)
	r.heap, r.stack = float64(after.heap-before.heap)/n, float64(after.stack-before.stack)/n
	r.inuse = float64(after.inuse-before.inuse) / n
	r.rss, r.goroutines = float64(after.rss-before.rss)/n, float64(after.goroutines-before.goroutines)/n

	progress("%s: idling", r.name)
	window := 10 * time.Second
	if o.n < 5000 {
		window = 4 * time.Second
	}
	idleSmall, err := idling(ctx, small, window)
	if err != nil {
		return r, nil, err
	}
	if r.idle, err = idling(ctx, big, window); err != nil {
		return r, nil, err
	}
	err = r.tell(ctx, o, few, many, idleSmall)
	return r, many, err
}

// tell sends the events, a round to few and a round to many.
func (r *row) tell(ctx context.Context, o options, few, many *fleet, idleSmall spent) error {
	progress("%s: targeted events", r.name)
	for round := range o.rounds + 1 {
		count := o.targets * max(1, many.server.cheap)
		if round == 0 {
			count = min(count, 50) // warms up
		}
		small, _, err := few.events(ctx, count, idleSmall)
		if err != nil {
			return err
		}
		big, late, err := many.events(ctx, count, r.idle)
		if err != nil {
			return err
		}
		if round > 0 {
			r.small, r.big = append(r.small, small), append(r.big, big)
			r.late = append(r.late, late...)
		}
	}
	return nil
}

// fill connects all n and notes what that took.
func (r *row) fill(ctx context.Context, o options, s *server) (*fleet, error) {
	from, err := s.spent()
	if err != nil {
		return nil, err
	}
	began := time.Now()
	f, err := dial(ctx, s, o.n)
	if err != nil {
		return nil, err
	}
	r.connected = time.Since(began)
	to, err := s.spent()
	r.connect = to.minus(from).over(float64(o.n))
	return f, err
}

// idling is the CPU a second of a server that has nothing to do.
func idling(ctx context.Context, s *server, window time.Duration) (spent, error) {
	if err := sleep(ctx, settle); err != nil {
		return spent{}, err
	}
	from, err := s.spent()
	if err != nil {
		return spent{}, err
	}
	began := time.Now()
	if err := sleep(ctx, window); err != nil {
		return spent{}, err
	}
	to, err := s.spent()
	return to.minus(from).over(time.Since(began).Seconds()), err
}

// events tells one subscriber after another something and waits until he
// knows; it gives the CPU an event beyond idling, and how late each was.
func (f *fleet) events(ctx context.Context, count int, idle spent) (each spent, late []time.Duration, err error) {
	f.forget()
	from, err := f.server.spent()
	if err != nil {
		return each, nil, err
	}
	began := time.Now()
	for range count {
		who := f.clients[rand.IntN(len(f.clients))].user //nolint:gosec // no secret
		asked := time.Now()
		if err := f.server.tell(ctx, who); err != nil {
			return each, nil, err
		}
		select {
		case a := <-f.arrivals:
			if a.user != who {
				return each, nil, fmt.Errorf("user %d was told, user %d heard it", who, a.user)
			}
			late = append(late, a.at.Sub(asked))
		case <-time.After(15 * time.Second):
			return each, nil, fmt.Errorf("user %d was told and hears nothing", who)
		case <-ctx.Done():
			return each, nil, ctx.Err()
		}
	}
	took := time.Since(began).Seconds()
	to, err := f.server.spent()
	each = to.minus(from).over(float64(count))
	each.app -= time.Duration(float64(idle.app) * took / float64(count))
	each.db -= time.Duration(float64(idle.db) * took / float64(count))
	return each, late, err
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// median of the rounds, by application and database together.
func median(rounds []spent) spent {
	if len(rounds) == 0 {
		return spent{}
	}
	sorted := slices.SortedFunc(slices.Values(rounds), func(a, b spent) int { return int(a.sum() - b.sum()) })
	return sorted[len(sorted)/2]
}

// percentile of durations; p is from 0 to 1.
func percentile(all []time.Duration, p float64) time.Duration {
	if len(all) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(all))
	return sorted[min(len(sorted)-1, int(p*float64(len(sorted))))]
}

func progress(format string, args ...any) {
	fmt.Fprintf(os.Stderr, time.Now().UTC().Format("15:04:05 ")+format+"\n", args...)
}
