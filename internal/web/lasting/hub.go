// Package lasting knows the connections that stay open, sockets and event
// streams alike: how many there may be, whose session or rights have ended,
// and how all of them leave when the server does. It reads no table and speaks
// no protocol; web hands it funcs.
package lasting

import (
	"context"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/google/uuid"

	"kabinet/internal/viewer"
	"kabinet/internal/web/limit"
)

// Conn is one connection that stays open.
type Conn interface {
	// Viewer is who is signed in on it; nobody while that is not known, and once
	// it is closing.
	Viewer() viewer.Viewer
	// SignInAgain looks its caller up anew.
	SignInAgain(context.Context) (viewer.Viewer, error)
	// End hangs up, for the session or the rights of its caller are over, in the
	// words of its protocol: he may come back by himself, or not.
	End(mayComeBack bool)
	// Drain hangs up for a restart, so that the client comes back at once.
	Drain()
	// Kill hangs up without a word.
	Kill()
}

// Options are what web hands over.
type Options struct {
	Limits limit.Limits
	// Ended tells which sessions are over, and whether the client may come
	// back by itself. Nil: sessions are not watched.
	Ended func(context.Context, []uuid.UUID) (map[uuid.UUID]bool, error)
	Now   func() time.Time // nil: time.Now
	Log   *slog.Logger
}

// Hub knows every open connection and counts them for each user, or for each
// address while nobody has signed in.
type Hub struct {
	Options

	mu     sync.Mutex
	slots  map[Conn]string // whose place each has
	counts map[string]int
	empty  chan struct{} // made by drain, closed when the last one left
}

// New makes a hub; Watch looks after the sessions, Shutdown ends it.
func New(o Options) *Hub {
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Hub{Options: o, slots: map[Conn]string{}, counts: map[string]int{}}
}

func slotOf(user uuid.UUID) string { return "user:" + user.String() }

// Enter finds a place for c, of a user or, while that is Nil, of an address; or
// it gives the HTTP status to refuse with.
func (h *Hub) Enter(c Conn, ip string, user uuid.UUID) (status int) {
	slot, most := "ip:"+ip, h.Limits.SocketsPerIP
	if user != uuid.Nil {
		slot, most = slotOf(user), h.Limits.SocketsPerUser
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case h.empty != nil, len(h.slots) >= h.Limits.Sockets:
		return http.StatusServiceUnavailable
	case h.counts[slot] >= most:
		return http.StatusTooManyRequests
	}
	h.slots[c] = slot
	h.counts[slot]++
	return 0
}

// Admit counts c for its user from now on; false when the user has enough.
func (h *Hub) Admit(c Conn, user uuid.UUID) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	slot := slotOf(user)
	if h.counts[slot] >= h.Limits.SocketsPerUser {
		return false
	}
	h.release(h.slots[c])
	h.slots[c] = slot
	h.counts[slot]++
	return true
}

// Leave gives the place of c away.
func (h *Hub) Leave(c Conn) {
	h.mu.Lock()
	defer h.mu.Unlock()
	slot, ok := h.slots[c]
	if !ok {
		return
	}
	delete(h.slots, c)
	h.release(slot)
	if h.empty != nil && len(h.slots) == 0 {
		close(h.empty)
	}
}

func (h *Hub) release(slot string) {
	if h.counts[slot]--; h.counts[slot] <= 0 {
		delete(h.counts, slot)
	}
}

// Shutdown lets nobody in any more, drains every connection and returns when
// the last has left. When ctx ends, what is left is cut off.
func (h *Hub) Shutdown(ctx context.Context) error {
	conns, empty := h.drain()
	for _, c := range conns {
		go c.Drain()
	}
	select {
	case <-empty:
		return nil
	case <-ctx.Done():
		for _, c := range h.all() {
			c.Kill()
		}
		return ctx.Err()
	}
}

func (h *Hub) drain() (conns []Conn, empty <-chan struct{}) {
	h.mu.Lock()
	if h.empty == nil {
		h.empty = make(chan struct{})
		if len(h.slots) == 0 {
			close(h.empty)
		}
	}
	empty = h.empty
	h.mu.Unlock()
	return h.all(), empty
}

func (h *Hub) all() []Conn {
	h.mu.Lock()
	defer h.mu.Unlock()
	conns := make([]Conn, 0, len(h.slots))
	for c := range h.slots {
		conns = append(conns, c)
	}
	return conns
}
