package socket

import (
	"context"
	"maps"
	"net/http"
	"sync"
	"time"

	"github.com/google/uuid"

	"kabinet/internal/fault"
	"kabinet/internal/viewer"
	"kabinet/internal/web/limit"
)

// hub knows every open socket and counts them for each user, or for each
// address while nobody has signed in.
type hub struct {
	mu     sync.Mutex
	conns  map[*conn]struct{}
	counts map[string]int
	empty  chan struct{} // made by drain, closed when the last one left
}

// enter finds a place for c, or gives the HTTP status to refuse with.
func (h *hub) enter(c *conn, l limit.Limits) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case h.empty != nil, len(h.conns) >= l.Sockets:
		return http.StatusServiceUnavailable
	case h.counts[c.slot] >= l.SocketsPerIP:
		return http.StatusTooManyRequests
	}
	h.conns[c] = struct{}{}
	h.counts[c.slot]++
	return 0
}

// admit counts c for its user from now on; false when the user has enough.
func (h *hub) admit(c *conn, user uuid.UUID, most int) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	slot := "user:" + user.String()
	if h.counts[slot] >= most {
		return false
	}
	h.release(c.slot)
	c.slot = slot
	h.counts[slot]++
	return true
}

func (h *hub) leave(c *conn) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if _, ok := h.conns[c]; !ok {
		return
	}
	delete(h.conns, c)
	h.release(c.slot)
	if h.empty != nil && len(h.conns) == 0 {
		close(h.empty)
	}
}

func (h *hub) release(slot string) {
	if h.counts[slot]--; h.counts[slot] <= 0 {
		delete(h.counts, slot)
	}
}

// drain lets nobody in any more; empty is closed when everybody has left.
func (h *hub) drain() (conns []*conn, empty <-chan struct{}) {
	h.mu.Lock()
	if h.empty == nil {
		h.empty = make(chan struct{})
		if len(h.conns) == 0 {
			close(h.empty)
		}
	}
	empty = h.empty
	h.mu.Unlock()
	return h.all(), empty
}

func (h *hub) all() []*conn {
	h.mu.Lock()
	defer h.mu.Unlock()
	conns := make([]*conn, 0, len(h.conns))
	for c := range h.conns {
		conns = append(conns, c)
	}
	return conns
}

// sessionsAtOnce bounds one question to Ended.
const sessionsAtOnce = 500

// Watch asks Ended about the sessions of open sockets until ctx ends, so that
// a sign-out elsewhere is felt within two intervals. When Ended fails, sockets
// stay: the next look will tell.
func (t *Transport) Watch(ctx context.Context) {
	if t.Ended == nil {
		return
	}
	tick := time.NewTicker(t.Limits.SessionInterval)
	defer tick.Stop()
	failing := false
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		err := t.look(ctx)
		if err != nil && ctx.Err() == nil && !failing {
			t.Log.Error("sessions of open sockets cannot be checked", "error", err)
		}
		failing = err != nil
	}
}

func (t *Transport) look(ctx context.Context) error {
	seen := map[uuid.UUID]bool{}
	var ids []uuid.UUID
	for _, c := range t.hub.all() {
		if id := c.session(); id != uuid.Nil && !seen[id] {
			seen[id] = true
			ids = append(ids, id)
		}
	}
	for len(ids) > 0 {
		n := min(len(ids), sessionsAtOnce)
		asked, cancel := context.WithTimeout(ctx, t.Limits.Query)
		ended, err := t.Ended(asked, ids[:n])
		cancel()
		if err != nil {
			return err
		}
		t.End(ended)
		ids = ids[n:]
	}
	return t.lookAtRights(ctx)
}

// lookAtRights signs those in again who act with more than their own rights.
func (t *Transport) lookAtRights(ctx context.Context) error {
	for _, c := range t.hub.all() {
		if _, err := t.stillMay(ctx, c); err != nil {
			return err
		}
	}
	return nil
}

// stillMay signs in again who acts with more than his own rights, staff, who
// acts for another and members of companies: who lost or gained any since is
// closed with 4403, for his streams still run with the old ones. He may come
// back; whose session is over may not.
func (t *Transport) stillMay(ctx context.Context, c *conn) (bool, error) {
	who, hello, ok := c.privileged()
	if !ok {
		return true, nil
	}
	asked, cancel := context.WithTimeout(ctx, t.Limits.Query)
	now, err := c.caller.SignIn(asked, hello)
	cancel()
	switch kind := fault.KindOf(err); {
	case err != nil && (kind == fault.Internal || kind == fault.Unavailable):
		return false, err
	case kind == fault.Unauthenticated && err != nil:
		go c.close(CloseUnauthorized, "Unauthorized")
		return false, nil
	case err != nil || !sameRights(who, now):
		go c.close(CloseForbidden, "Forbidden")
		return false, nil
	}
	return true, nil
}

func sameRights(a, b viewer.Viewer) bool {
	return a.UserID == b.UserID && a.OwnerID == b.OwnerID && a.Staff == b.Staff && maps.Equal(a.Grants, b.Grants)
}

// privileged says as whom the socket was signed in, where that is more than
// oneself, and with what.
func (c *conn) privileged() (viewer.Viewer, Hello, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.acked || c.closing || !c.who.SignedIn() || len(c.who.Grants) == 0 && c.who.OwnerID == c.who.UserID && c.who.ActingStaff == uuid.Nil {
		return viewer.Viewer{}, Hello{}, false
	}
	return c.who, c.hello, true
}

// End closes the sockets of the sessions named: 4403 where the value says that
// the client may come back by itself, 4401 where not.
func (t *Transport) End(sessions map[uuid.UUID]bool) {
	if len(sessions) == 0 {
		return
	}
	for _, c := range t.hub.all() {
		mayRefresh, over := sessions[c.session()]
		if !over {
			continue
		}
		if mayRefresh {
			go c.close(CloseForbidden, "Forbidden")
		} else {
			go c.close(CloseUnauthorized, "Unauthorized")
		}
	}
}
