// Package scenario holds what is asked: each scenario as the requests that each
// kind of target understands, and how to tell that the answer is whole. It
// sends nothing.
package scenario

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"

	"kabinet/bench/data"
)

// The kinds of targets.
const (
	Kabinet      = "kabinet"
	Limit        = "limit"
	PostGraphile = "postgraphile"
	GraphJin     = "graphjin"
)

// Open marks the kinds that believe who calls, in place of asking the sessions.
const Open = "-open"

// Way is how a kind of target is asked.
func (s *Scenario) Way(kind string) (w Way, ok bool) {
	closed, open := strings.CutSuffix(kind, Open)
	if w, ok = s.Ways[closed]; !ok || !open {
		return w, ok
	}
	if call := w.Call; call != nil {
		w.Call = func(world *data.World, u *data.Person, n uint64) Call { return believed(call(world, u, n), u) }
	}
	if learn, with := w.Learn, w.With; learn != nil {
		w.Learn = func(u *data.Person) Call { return believed(learn(u), u) }
		w.With = func(u *data.Person, answer []byte) (Call, error) {
			c, err := with(u, answer)
			return believed(c, u), err
		}
	}
	return w, true
}

// believed is a call that names the person himself.
func believed(c Call, u *data.Person) Call {
	c.Token = u.ID.String()
	return c
}

// Scenario is one thing that a client does.
type Scenario struct {
	Name   string
	Title  string
	Writes bool
	Users  func(w *data.World) []*data.Person
	Ways   map[string]Way // by kind of target; a kind that is missing cannot do it
}

// Way is how a kind of target is asked.
type Way struct {
	Call   func(w *data.World, u *data.Person, n uint64) Call
	Learn  func(u *data.Person) Call                         // in place of Call: what must be asked first
	With   func(u *data.Person, answer []byte) (Call, error) // and what its answer makes of the call
	Counts func(u *data.Person) map[string]int               // rows by path in the answer
	Must   []string                                          // besides
}

// Call is one request.
type Call struct {
	Path  string
	Token string
	Body  string // POST with JSON; GET where empty
}

// notIn stands in no good answer of any target.
var notIn = []string{`"errors":`, `"error":`}

// Not is what no good answer holds.
func (Way) Not() []string { return notIn }

// Bytes is the call as it goes over the wire.
func (c Call) Bytes() []byte {
	var b strings.Builder
	method := "GET"
	if c.Body != "" {
		method = "POST"
	}
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\nHost: bench.example\r\nAccept: application/json\r\n", method, c.Path)
	if c.Token != "" {
		fmt.Fprintf(&b, "Authorization: Bearer %s\r\n", c.Token)
	}
	if c.Body != "" {
		fmt.Fprintf(&b, "Content-Type: application/json\r\nContent-Length: %d\r\n", len(c.Body))
	}
	b.WriteString("\r\n")
	b.WriteString(c.Body)
	return []byte(b.String())
}

// Source plays a scenario's users at random; it is a load.Source.
type Source struct {
	w     *data.World
	users []*data.Person
	way   Way
	made  [][]byte // of reads, by user
}

// Source gives the requests of a scenario for a kind of target; ask is used
// where a way must learn something first.
func (s *Scenario) Source(w *data.World, kind string, ask func(request []byte) ([]byte, error)) (*Source, error) {
	way, _ := s.Way(kind)
	src := &Source{w: w, users: s.Users(w), way: way}
	if s.Writes {
		return src, nil
	}
	for _, u := range src.users {
		c, err := src.call(u, ask)
		if err != nil {
			return nil, err
		}
		src.made = append(src.made, c.Bytes())
	}
	return src, nil
}

func (s *Source) call(u *data.Person, ask func([]byte) ([]byte, error)) (Call, error) {
	if s.way.Learn == nil {
		return s.way.Call(s.w, u, 0), nil
	}
	answer, err := ask(s.way.Learn(u).Bytes())
	if err != nil {
		return Call{}, err
	}
	return s.way.With(u, answer)
}

// Each gives the first and the last user with his request, to be checked.
func (s *Source) Each(n func() uint64, check func(u *data.Person, request []byte) error) error {
	for _, i := range []int{0, len(s.users) - 1} {
		request := s.bytes(i, n())
		if err := check(s.users[i], request); err != nil {
			return err
		}
	}
	return nil
}

func (s *Source) bytes(i int, n uint64) []byte {
	if s.made != nil {
		return s.made[i]
	}
	return s.way.Call(s.w, s.users[i], n).Bytes()
}

// Next implements load.Source.
func (s *Source) Next(r *rand.Rand, n uint64) []byte {
	return s.bytes(r.IntN(len(s.users)), n)
}

// Check counts the rows of an answer to u's call.
func (w Way) Check(u *data.Person, body []byte) error {
	if w.Counts == nil {
		return nil
	}
	var answer any
	if err := json.Unmarshal(body, &answer); err != nil {
		return fmt.Errorf("%w: %.300s", err, body)
	}
	for path, want := range w.Counts(u) {
		if got := count(answer, strings.Split(path, ".")); got != want {
			return fmt.Errorf("%s: %d rows, wanted %d: %.2000s", path, got, want, body)
		}
	}
	return nil
}

// count goes down a path, through every element of lists on its way, and adds
// up the lengths of the lists at its end; anything else that is there is one.
func count(v any, path []string) (n int) {
	if list, ok := v.([]any); ok {
		if len(path) == 0 {
			return len(list)
		}
		for _, e := range list {
			n += count(e, path)
		}
		return n
	}
	if len(path) == 0 {
		if v == nil {
			return 0
		}
		return 1
	}
	if m, ok := v.(map[string]any); ok {
		return count(m[path[0]], path[1:])
	}
	return 0
}

// bench are the users that scenarios play.
func bench(w *data.World) []*data.Person { return w.Users[:len(w.Users)-1] }

// heavy is the user with the most orders, alone.
func heavy(w *data.World) []*data.Person { return w.Users[len(w.Users)-1:] }

// newest are the last n of a list that is oldest first, newest first.
func newest[T any](list []T, skip, n int) (page []T) {
	for i := len(list) - 1 - skip; i >= 0 && len(page) < n; i-- {
		page = append(page, list[i])
	}
	return page
}

func linesOf(orders []data.Order) (n int) {
	for _, o := range orders {
		n += len(o.Lines)
	}
	return n
}

// middle is the place after which a history page begins: the newest third for
// bench users, who have few, the very middle for the heavy one.
func middle(u *data.Person) (skip int, o *data.Order) {
	skip = len(u.Orders) / 3
	if len(u.Orders) >= 1000 {
		skip = len(u.Orders) / 2
	}
	return skip, &u.Orders[len(u.Orders)-skip]
}

// card is the order whose card is opened: an old one, with all that comes.
func card(u *data.Person) *data.Order {
	for i := range u.Orders {
		if !u.Orders[i].Got.IsZero() {
			return &u.Orders[i]
		}
	}
	return &u.Orders[0]
}
