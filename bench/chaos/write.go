package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// deed is one thing to be written, the same however often it is asked for.
type deed struct {
	query    string
	input    map[string]any
	token    string
	company  string
	effect   effect
	mutation string
}

// effect is what a deed must leave behind exactly once.
type effect struct {
	gifts  []int // whom points were given, by place among the people
	orders []int // whom orders were written for
}

// writers write without rest. What was not answered is asked for again, at any
// instance, with the same key, until it is: so that nothing is written twice
// and nothing is missing, and at the end it is known what has to be there.
type writers struct {
	world *world
	http  *http.Client
	stop  context.CancelFunc
	wg    sync.WaitGroup
	fault atomic.Pointer[error]
	done  atomic.Int64
	ebb   atomic.Bool // wait: too much is unheard

	mu      sync.Mutex
	gifts   []int // of each person
	orders  []int
	answers map[string]int // other than yes
}

// patienceOfWriters is how long an answer may take before it is asked for again.
const patienceOfWriters = 8 * time.Second

func newWriters(w *world) *writers {
	return &writers{
		world: w, http: &http.Client{Timeout: patienceOfWriters, Transport: &http.Transport{MaxIdleConnsPerHost: w.options.writers}},
		gifts: make([]int, len(w.house.people)), orders: make([]int, len(w.house.people)), answers: map[string]int{}, stop: func() {},
	}
}

func (p *writers) begin(ctx context.Context) {
	writing, stop := context.WithCancel(ctx)
	p.stop = stop
	p.wg.Go(func() { p.watch(writing) })
	for i := range p.world.options.writers {
		p.wg.Go(func() { p.write(ctx, writing, i) })
	}
}

// end lets everybody finish what he has begun.
func (p *writers) end() {
	p.stop()
	p.wg.Wait()
}

func (p *writers) failed() error {
	if err := p.fault.Load(); err != nil {
		return *err
	}
	return nil
}

func (p *writers) total() int { return int(p.done.Load()) }

// write is one writer: writing ends him between two deeds, ctx at once.
func (p *writers) write(ctx, writing context.Context, who int) {
	r := rand.New(rand.NewPCG(p.world.seed, uint64(1+who)))
	for n := 0; writing.Err() == nil; n++ {
		d := p.world.house.deed(r, fmt.Sprintf("%d-%d-%d", p.world.seed, who, n))
		if err := p.insist(ctx, r, d); err != nil {
			if ctx.Err() == nil {
				p.fault.CompareAndSwap(nil, &err)
			}
			return
		}
		p.done.Add(1)
		p.mu.Lock()
		for _, i := range d.effect.gifts {
			p.gifts[i]++
		}
		for _, i := range d.effect.orders {
			p.orders[i]++
		}
		p.mu.Unlock()
		for _ = sleep(writing, p.world.pause); p.ebb.Load() && writing.Err() == nil; {
			_ = sleep(writing, 50*time.Millisecond)
		}
	}
}

// tooMuch is how many events may wait before the writers do: what cannot be
// heard as fast as it is written would only measure how long the writing was.
const tooMuch = 1000

// watch lets the writers wait for those who hear.
func (p *writers) watch(ctx context.Context) {
	for sleep(ctx, 500*time.Millisecond) == nil {
		if _, waiting, err := p.world.heads(ctx); err == nil {
			p.ebb.Store(waiting > tooMuch)
		}
	}
}

// insist asks until it is answered.
func (p *writers) insist(ctx context.Context, r *rand.Rand, d deed) error {
	for {
		err := p.ask(ctx, p.world.addresses[r.IntN(len(p.world.addresses))], d)
		if err == nil || ctx.Err() != nil || errors.Is(err, errWrong) {
			return err
		}
		p.mu.Lock()
		p.answers[reason(err)]++
		p.mu.Unlock()
		_ = sleep(ctx, 50*time.Millisecond+time.Duration(r.Int64N(int64(200*time.Millisecond))))
	}
}

func (p *writers) ask(ctx context.Context, address string, d deed) error {
	body, err := json.Marshal(map[string]any{"query": d.query, "variables": map[string]any{"in": d.input}})
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+address+"/graphql", bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+d.token)
	if d.company != "" {
		req.Header.Set("X-Kabinet-Company", d.company)
	}
	resp, err := p.http.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	var answer struct{ Data, Errors json.RawMessage }
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil {
		return err // cut off on its way
	}
	if answer.Errors != nil {
		return judgeErrors(answer.Errors)
	}
	if bytes.Contains(answer.Data, []byte(`"userErrors":[{`)) || !bytes.Contains(answer.Data, []byte(`"`+d.mutation+`":{`)) {
		return fmt.Errorf("%w: %s was answered by %s", errWrong, d.mutation, answer.Data)
	}
	return nil
}

// inABatch is how many orders an outside system brings at once: as many people
// are told in one transaction.
const inABatch = 10

var longAgo = time.Date(2026, 11, 2, 10, 0, 0, 0, time.UTC).Format(time.RFC3339)

// deed is the next thing to write: points for one, an order of one for himself
// or his company, orders of many in one transaction, or a feed read to its end.
func (h house) deed(r *rand.Rand, key string) deed {
	who := r.IntN(len(h.people))
	p := h.people[who]
	switch dice := r.IntN(100); {
	case dice < 50:
		return deed{
			query:    `mutation($in: AdjustPointsInput!) { adjustPoints(input: $in) { entry { id } userErrors { code } } }`,
			mutation: "adjustPoints", token: h.staff, effect: effect{gifts: []int{who}},
			input: map[string]any{"userId": p.global(), "amount": 1, "reason": "chaos", "idempotencyKey": key},
		}
	case dice < 68:
		return deed{
			query:    `mutation($in: PlaceOrderInput!) { placeOrder(input: $in) { order { id } userErrors { code } } }`,
			mutation: "placeOrder", token: p.token, company: p.acting(), effect: effect{orders: []int{who}},
			input: map[string]any{"lines": []any{map[string]any{"sku": sku, "quantity": 1 + r.IntN(3)}}, "idempotencyKey": key},
		}
	case dice < 80:
		return deed{
			query:    `mutation($in: MarkAllNotificationsReadInput!) { markAllNotificationsRead(input: $in) { unreadCount userErrors { code } } }`,
			mutation: "markAllNotificationsRead", token: p.token, input: map[string]any{},
		}
	}
	d := deed{
		query:    `mutation($in: UpsertOrdersInput!) { upsertOrders(input: $in) { results { outcome userErrors { code } } userErrors { code } } }`,
		mutation: "upsertOrders", token: h.staff,
	}
	var orders []any
	for i := range inABatch {
		who := r.IntN(len(h.people))
		d.effect.orders = append(d.effect.orders, who)
		orders = append(orders, map[string]any{
			"external": map[string]any{"source": "chaos", "id": fmt.Sprintf("%s-%d", key, i)}, "sourceUpdatedAt": longAgo, "placedAt": longAgo,
			"customer": map[string]any{"id": h.people[who].global()}, "currency": "GBP",
			"lines": []any{map[string]any{"sku": sku, "title": "Tea", "quantity": 1, "unitPrice": "2.50"}},
		})
	}
	d.input = map[string]any{"orders": orders}
	return d
}
