package main

import (
	"context"
	"math/rand/v2"
	"sync"
	"syscall"
	"time"
)

// kind is a sort of fault.
type kind string

const (
	killInstance  kind = "SIGKILL of an instance"
	drainInstance kind = "SIGTERM of an instance"
	stopInstance  kind = "SIGSTOP of an instance"
	killBroker    kind = "SIGKILL of the broker"
	stopBroker    kind = "SIGSTOP of the broker"
	endBackends   kind = "database backends terminated"
	killBackend   kind = "SIGKILL of a database backend, and so of all"
	holdPeople    kind = "transaction that holds people's rows"
	holdEvents    kind = "transaction that holds rows of the log"
	cutClients    kind = "sockets torn by the client"
	stallClients  kind = "times that clients did not read"
)

// weights say how often each comes, of their sum.
var weights = []struct {
	kind   kind
	weight int
}{
	{killInstance, 20}, {drainInstance, 4}, {stopInstance, 10}, {killBroker, 8}, {stopBroker, 6}, {endBackends, 14},
	{killBackend, 3}, {holdPeople, 8}, {holdEvents, 8}, {cutClients, 12}, {stallClients, 7},
}

// kinds in the order of the report.
func kinds() (all []kind) {
	for _, w := range weights {
		all = append(all, w.kind)
	}
	return all
}

// fault is one thing that goes wrong, as the schedule has it.
type fault struct {
	after  time.Duration // the one before
	kind   kind
	target int           // any number; of as many as there are
	share  float64       // of the clients, people or backends
	length time.Duration // how long it lasts or what was killed stays away
}

// schedule gives the faults, one after another; one seed gives one schedule.
type schedule struct {
	rand  *rand.Rand
	every time.Duration
}

func newSchedule(seed uint64, every time.Duration) *schedule {
	return &schedule{rand.New(rand.NewPCG(seed, 0)), every}
}

func (s *schedule) next() fault {
	sum := 0
	for _, w := range weights {
		sum += w.weight
	}
	f := fault{
		after:  time.Duration(min(5, s.rand.ExpFloat64()) * float64(s.every)),
		target: s.rand.IntN(1 << 20), share: 0.02 + 0.4*s.rand.Float64()*s.rand.Float64(),
	}
	dice := s.rand.IntN(sum)
	for _, w := range weights {
		if dice -= w.weight; dice < 0 {
			f.kind = w.kind
			break
		}
	}
	most := map[kind]time.Duration{ // what stays away, is frozen or held for longer is no other case
		killInstance: 2 * time.Second, stopInstance: 8 * time.Second, killBroker: 5 * time.Second, stopBroker: 8 * time.Second,
		holdPeople: 4 * time.Second, holdEvents: 4 * time.Second, stallClients: 15 * time.Second,
	}[f.kind]
	f.length = time.Duration(s.rand.Float64() * float64(most))
	if f.kind == stallClients { // its line has to fill before the server waits for it, and then gives it up
		f.length += 10 * time.Second
	}
	return f
}

// chaos carries out a schedule.
type chaos struct {
	world  *world
	fleet  *fleet
	stop   context.CancelFunc
	all    sync.WaitGroup
	mu     sync.Mutex
	counts map[kind]int
}

func newChaos(w *world, f *fleet) *chaos {
	return &chaos{world: w, fleet: f, stop: func() {}, counts: map[kind]int{}}
}

func (c *chaos) begin(ctx context.Context) {
	ctx, c.stop = context.WithCancel(ctx)
	c.all.Go(func() {
		plan := newSchedule(c.world.seed, c.world.every)
		for {
			f := plan.next()
			if sleep(ctx, f.after) != nil {
				return
			}
			c.all.Go(func() {
				if c.happens(ctx, f) {
					c.mu.Lock()
					c.counts[f.kind]++
					c.mu.Unlock()
				}
			})
		}
	})
}

// end stops the schedule and waits until what is frozen or held is free.
func (c *chaos) end() {
	c.stop()
	c.all.Wait()
}

// happens says whether there was anything to befall.
func (c *chaos) happens(ctx context.Context, f fault) bool {
	w := c.world
	switch f.kind {
	case killInstance:
		return c.killed(f, syscall.SIGKILL, w.instances...)
	case drainInstance:
		return c.killed(f, syscall.SIGTERM, w.instances...)
	case killBroker:
		return c.killed(f, syscall.SIGKILL, w.broker)
	case stopInstance:
		return c.frozen(ctx, f, w.instances...)
	case stopBroker:
		return c.frozen(ctx, f, w.broker)
	case endBackends:
		return w.endBackends(ctx, f.share)
	case killBackend:
		return w.killBackend(ctx, f.target)
	case holdPeople:
		return w.holdPeople(ctx, f)
	case holdEvents:
		return w.holdEvents(ctx, f)
	}
	if f.kind == stallClients {
		return c.stalled(ctx, f)
	}
	struck := false
	for _, client := range c.some(f) {
		struck = client.cut() || struck
	}
	return struck
}

// stalled lets some clients read nothing for a while.
func (c *chaos) stalled(ctx context.Context, f fault) bool {
	nap, wake := context.WithTimeout(ctx, f.length)
	defer wake()
	for _, client := range c.some(f) {
		client.stall(nap.Done())
	}
	<-nap.Done()
	return true
}

// killed ends one of the processes that no other fault is at work on.
func (c *chaos) killed(f fault, s syscall.Signal, of ...*process) bool {
	p := of[f.target%len(of)]
	if !p.busy.CompareAndSwap(false, true) {
		return false
	}
	defer p.busy.Store(false)
	return p.up.Load() && p.kill(s, f.length)
}

// frozen stops a process, so that its connections live and say nothing.
func (c *chaos) frozen(ctx context.Context, f fault, of ...*process) bool {
	p := of[f.target%len(of)]
	if !p.busy.CompareAndSwap(false, true) {
		return false
	}
	defer p.busy.Store(false)
	if !p.up.Load() || !p.signal(syscall.SIGSTOP) {
		return false
	}
	_ = sleep(ctx, f.length)
	return p.signal(syscall.SIGCONT)
}

// some are the clients that a fault befalls.
func (c *chaos) some(f fault) []*client {
	all := c.fleet.clients
	n := max(1, int(f.share*float64(len(all))))
	var some []*client
	for i := range n {
		some = append(some, all[(f.target+i*7)%len(all)]) // 7, so that they are not one person's
	}
	return some
}
