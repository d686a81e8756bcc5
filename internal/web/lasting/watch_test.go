package lasting_test

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"kabinet/internal/fault"
	"kabinet/internal/viewer"
	"kabinet/internal/web/lasting"
	"kabinet/internal/web/limit"
)

// conn is a connection that keeps how it ended.
type conn struct {
	who   viewer.Viewer
	again func(context.Context) (viewer.Viewer, error)

	mu    sync.Mutex
	ended []bool // mayComeBack, once at most
	at    time.Time
}

func (c *conn) Viewer() viewer.Viewer {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.ended) > 0 {
		return viewer.Viewer{}
	}
	return c.who
}

func (c *conn) SignInAgain(ctx context.Context) (viewer.Viewer, error) { return c.again(ctx) }

func (c *conn) End(mayComeBack bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.ended) == 0 {
		c.ended, c.at = []bool{mayComeBack}, time.Now()
	}
}

func (*conn) Drain() {}
func (*conn) Kill()  {}

// over says how it ended: "", "for good" or "comes back".
func (c *conn) over() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case len(c.ended) == 0:
		return ""
	case c.ended[0]:
		return "comes back"
	}
	return "for good"
}

func person() viewer.Viewer {
	id := uuid.New()
	return viewer.Viewer{UserID: id, OwnerID: id, SessionID: uuid.New()}
}

// watched runs a hub over conns for a while, in the time of synctest.
func watched(t *testing.T, ended func([]uuid.UUID) map[uuid.UUID]bool, forSoLong time.Duration, conns ...*conn) {
	t.Helper()
	hub := lasting.New(lasting.Options{
		Limits: limit.Limits{SessionInterval: 2 * time.Second, Query: 5 * time.Second, Sockets: 1 << 20, SocketsPerUser: 1 << 20, SocketsPerIP: 1 << 20},
		Ended:  func(_ context.Context, ids []uuid.UUID) (map[uuid.UUID]bool, error) { return ended(ids), nil },
		Log:    slog.New(slog.DiscardHandler),
	})
	for _, c := range conns {
		if status := hub.Enter(c, "", c.who.UserID); status != 0 {
			t.Fatal(status)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), forSoLong)
	defer cancel()
	hub.Watch(ctx)
	synctest.Wait()
}

func nobodyEnded([]uuid.UUID) map[uuid.UUID]bool { return nil }

// However long it takes to look at the rights of thousands, a sign-out
// elsewhere is felt within two intervals, and so is the loss of rights by those
// beside one who cannot be looked up. One token is asked about once.
func TestManyWithRights(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var asked atomic.Int32
		member := func(answer func(viewer.Viewer) (viewer.Viewer, error)) *conn {
			c := &conn{who: person()}
			c.who.OwnerID = uuid.New()
			c.again = func(context.Context) (viewer.Viewer, error) {
				asked.Add(1)
				time.Sleep(20 * time.Millisecond)
				return answer(c.who)
			}
			return c
		}
		stays := func(v viewer.Viewer) (viewer.Viewer, error) { return v, nil }
		conns := make([]*conn, 0, 3000)
		for range 1000 {
			c := member(stays)
			conns = append(conns, c, &conn{who: c.who, again: c.again}, &conn{who: c.who, again: c.again})
		}
		lost := member(func(v viewer.Viewer) (viewer.Viewer, error) {
			v.OwnerID = v.UserID
			return v, nil
		})
		unknown := member(func(viewer.Viewer) (viewer.Viewer, error) { return viewer.Viewer{}, errors.New("no answer") })
		out, began := &conn{who: person()}, time.Now()
		watched(t, func(ids []uuid.UUID) map[uuid.UUID]bool {
			over := map[uuid.UUID]bool{}
			for _, id := range ids {
				if id == out.who.SessionID && time.Since(began) > 3*time.Second { // while rights are looked at
					over[id] = false
				}
			}
			return over
		}, 6*time.Second, append(conns, lost, unknown, out)...)
		if took := out.at.Sub(began); out.over() != "for good" || took > 5*time.Second {
			t.Errorf("a sign-out: %q after %v", out.over(), took)
		}
		if lost.over() != "comes back" {
			t.Errorf("rights that were lost: %q", lost.over())
		}
		if unknown.over() != "" {
			t.Errorf("rights that cannot be looked up: %q", unknown.over())
		}
		if n := asked.Load(); n < 1002 || n > 2*1002 { // looks at 2 s and, that one being done by 4.5 s, at once again
			t.Errorf("1002 callers on 3002 connections are signed in %d times", n)
		}
	})
}

// Staff of no role at all are still staff, to whom more is told: who is none any
// more has to come back.
func TestStaffWithoutGrants(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := &conn{who: person()}
		now := c.who
		c.who.Staff = true
		c.again = func(context.Context) (viewer.Viewer, error) { return now, nil }
		watched(t, nobodyEnded, 3*time.Second, c)
		if c.over() != "comes back" {
			t.Errorf("%q", c.over())
		}
	})
}

// A token that was renewed ends the connection of the old one and no session;
// a session that is over is over.
func TestTokenThatIsRefused(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		session map[bool]bool // true: is over; the value: may come back
		want    string
	}{
		{nil, "comes back"}, {map[bool]bool{true: true}, "comes back"}, {map[bool]bool{true: false}, "for good"},
	} {
		synctest.Test(t, func(t *testing.T) {
			c := &conn{who: person()}
			c.who.Staff = true
			c.again = func(context.Context) (viewer.Viewer, error) { return viewer.Viewer{}, fault.ErrUnauthenticated }
			watched(t, func(ids []uuid.UUID) map[uuid.UUID]bool {
				over := map[uuid.UUID]bool{}
				if back, is := tt.session[true]; is && len(ids) == 1 {
					over[c.who.SessionID] = back
				}
				return over
			}, 3*time.Second, c)
			if c.over() != tt.want {
				t.Errorf("%v: %q", tt.session, c.over())
			}
		})
	}
}

// A connection lives no longer than the token that it was opened with.
func TestTokenThatExpires(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		short, long, without := &conn{who: person()}, &conn{who: person()}, &conn{who: person()}
		began := time.Now()
		short.who.TokenUntil, long.who.TokenUntil = began.Add(15*time.Minute), began.Add(time.Hour)
		watched(t, nobodyEnded, 20*time.Minute, short, long, without)
		if lived := short.at.Sub(began); short.over() != "comes back" || lived < 15*time.Minute || lived > 15*time.Minute+4*time.Second {
			t.Errorf("%q after %v", short.over(), lived)
		}
		if long.over() != "" || without.over() != "" {
			t.Errorf("%q, %q", long.over(), without.over())
		}
	})
}
