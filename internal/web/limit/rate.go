package limit

import (
	"container/list"
	"context"
	"fmt"
	"net/netip"
	"sync"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"kabinet/internal/fault"
	"kabinet/internal/viewer"
	"kabinet/internal/web/wire"
)

// Rate bounds what one caller asks for over time, by what it costs and not by
// how often: a thousand small queries and one big one are the same work
// (security G14). Each caller has a bucket of nodes that fills up steadily: a
// person wherever he signs in, an address for those who have not, an
// integration. It comes in two parts, as Persisted does: Arrive takes the
// least price before anything looks at the document, so that operations that
// will be refused are bounded too; Charge takes the rest of the price once
// every check has passed.
type Rate struct {
	limits Limits
	bulk   func(context.Context) bool // nil: nobody
	now    func() time.Time
	start  time.Time

	mu    sync.Mutex
	order *list.List // of *bucket, last used first
	byWho map[caller]*list.Element
}

// Arrive is the part that runs before all that looks at the query.
type Arrive struct{ *Rate }

// Charge is the part that runs after all checks.
type Charge struct{ *Rate }

// Allowance is what a caller has left.
type Allowance struct {
	Limit     int64         // nodes of a full bucket
	Remaining int64         // nodes, never below 0
	Reset     time.Duration // until the bucket is full
}

// NewRate measures time by now, which must not go backwards.
func NewRate(l Limits, bulk func(context.Context) bool, now func() time.Time) *Rate {
	return &Rate{limits: l, bulk: bulk, now: now, start: now(), order: list.New(), byWho: map[caller]*list.Element{}}
}

// AllowanceOf is what is left after op; not ok when rates are off.
func AllowanceOf(op *graphql.OperationContext) (left Allowance, ok bool) {
	p, ok := op.Stats.GetExtension(passageStat).(*passage)
	if !ok {
		return Allowance{}, false
	}
	return p.allowance, p.counted
}

// ExtensionName is gqlgen's.
func (*Rate) ExtensionName() string { return "KabinetRate" }

// Validate is gqlgen's.
func (*Rate) Validate(graphql.ExecutableSchema) error { return nil }

// MutateOperationParameters refuses with RATE_LIMITED.
func (a Arrive) MutateOperationParameters(ctx context.Context, _ *graphql.RawParams) *gqlerror.Error {
	return a.take(ctx, graphql.GetOperationContext(ctx), 0, int64(a.limits.RateQuery))
}

// MutateOperationContext refuses with RATE_LIMITED.
func (c Charge) MutateOperationContext(ctx context.Context, op *graphql.OperationContext) *gqlerror.Error {
	return c.take(ctx, op, int64(c.limits.RateQuery), c.price(op))
}

func (r *Rate) take(ctx context.Context, op *graphql.OperationContext, paid, price int64) *gqlerror.Error {
	left, wait := r.spend(r.caller(ctx), paid, price)
	p := passageOf(op)
	p.allowance, p.counted = left, true
	if wait > 0 {
		return wire.Refusal(fault.ErrRateLimited.After(wait),
			fmt.Sprintf("too much was asked for in a short time: this needs %d nodes, %d are left", price, left.Remaining))
	}
	return nil
}

// price is the nodes op may answer with, and at least something for each root
// field: writing costs more than it answers with, and so does a stream, which
// pays once, when it starts.
func (r *Rate) price(op *graphql.OperationContext) int64 {
	least, root := r.limits.RateQuery, "Query"
	switch op.Operation.Operation {
	case ast.Mutation:
		least, root = r.limits.RateMutation, "Mutation"
	case ast.Subscription:
		least, root = r.limits.RateMutation, "Subscription"
	}
	fields := len(graphql.CollectFields(op, op.Operation.SelectionSet, []string{root}))
	return max(Complexity(op), int64(least)*int64(max(1, fields)))
}

// The kinds of callers, who have tariffs of their own.
const (
	address = iota
	person
	integration
)

// caller is whose bucket it is: a user, or an address. One household or rack
// holds 2^64 addresses of IPv6, so there a network counts as one. All whose
// address is not known share a bucket.
type caller struct {
	kind int
	id   [16]byte
}

func (r *Rate) caller(ctx context.Context) caller {
	who := viewer.From(ctx)
	switch {
	case who.SignedIn() && r.bulk != nil && r.bulk(ctx):
		return caller{integration, who.UserID}
	case who.SignedIn():
		return caller{person, who.UserID}
	}
	ip, err := netip.ParseAddr(who.IP)
	if err != nil {
		return caller{kind: address}
	}
	if ip = ip.Unmap(); ip.Is6() {
		net, _ := ip.WithZone("").Prefix(64)
		ip = net.Addr()
	}
	return caller{address, ip.As16()}
}

// tariff is how fast a bucket fills and how much it holds.
type tariff struct {
	node time.Duration // until one more
	most int64         // nodes
}

func (r *Rate) tariff(kind int) tariff {
	rate, most := r.limits.RateNodes, r.limits.RateBurst
	switch kind {
	case address:
		rate, most = max(1, rate/r.limits.RateAnonymous), max(1, most/r.limits.RateAnonymous)
	case integration:
		rate, most = rate*r.limits.RateBulk, most*r.limits.RateBulk
	}
	return tariff{time.Second / time.Duration(rate), int64(most)}
}

// bucket is kept as the time it will be full at, counted from the start.
type bucket struct {
	who  caller
	full time.Duration
}

// spend takes price nodes in place of those paid before. It refuses, and takes
// nothing, when too little is left; wait is when to come again. What costs
// more than a full bucket needs a full one, and the next have to wait longer.
func (r *Rate) spend(who caller, paid, price int64) (left Allowance, wait time.Duration) {
	t := r.tariff(who.kind)
	nodes := func(n int64) time.Duration { return time.Duration(n) * t.node }
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.now().Sub(r.start)
	b := r.bucket(who)
	used := max(0, b.full-now)
	before := max(0, used-nodes(paid))
	room, needed := nodes(t.most), nodes(min(price, t.most))
	if before+needed > room {
		// What was paid before is gone, and will be asked for again.
		wait = max(1, used+needed-room)
	} else {
		used = before + nodes(price)
		b.full = now + used
	}
	return Allowance{Limit: t.most, Remaining: max(0, int64((room-used)/t.node)), Reset: used}, wait
}

// bucket finds or makes one. The one not used for longest makes place, so that
// whoever has many addresses cannot fill the memory.
func (r *Rate) bucket(who caller) *bucket {
	if e, ok := r.byWho[who]; ok {
		r.order.MoveToFront(e)
		return e.Value.(*bucket)
	}
	b := &bucket{who: who}
	r.byWho[who] = r.order.PushFront(b)
	for len(r.byWho) > r.limits.RateCallers {
		delete(r.byWho, r.order.Remove(r.order.Back()).(*bucket).who)
	}
	return b
}

// Callers is the number of buckets kept.
func (r *Rate) Callers() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.byWho)
}
