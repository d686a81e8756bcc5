package lasting

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"kabinet/internal/fault"
	"kabinet/internal/viewer"
)

const (
	sessionsAtOnce = 500 // bounds one question to Ended
	signInsAtOnce  = 8   // of the look at rights
)

// Watch looks after the sessions and rights of open connections until ctx ends,
// so that a sign-out elsewhere is felt within two intervals. When they cannot
// be looked up, connections stay: the next look will tell. Signing thousands in
// again takes its time, for which sessions do not wait.
func (h *Hub) Watch(ctx context.Context) {
	if h.Ended == nil {
		return
	}
	var both sync.WaitGroup
	both.Go(func() { h.repeat(ctx, "sessions of open connections cannot be checked", h.lookAtSessions) })
	both.Go(func() { h.repeat(ctx, "rights on open connections cannot be checked", h.lookAtRights) })
	both.Wait()
}

func (h *Hub) repeat(ctx context.Context, trouble string, look func(context.Context) error) {
	tick := time.NewTicker(h.Limits.SessionInterval)
	defer tick.Stop()
	failing := false
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		err := look(ctx)
		if err != nil && ctx.Err() == nil && !failing {
			h.Log.Error(trouble, "error", err)
		}
		failing = err != nil
	}
}

// lookAtSessions hangs up on those whose session is over or whose token has
// expired: who has a newer one comes back with it.
func (h *Hub) lookAtSessions(ctx context.Context) error {
	now := h.Now()
	seen := map[uuid.UUID]bool{}
	var ids []uuid.UUID
	for _, c := range h.all() {
		who := c.Viewer()
		if !who.TokenUntil.IsZero() && !who.TokenUntil.After(now) {
			go c.End(true)
			continue
		}
		if id := who.SessionID; id != uuid.Nil && !seen[id] {
			seen[id] = true
			ids = append(ids, id)
		}
	}
	for some := range slices.Chunk(ids, sessionsAtOnce) {
		asked, cancel := context.WithTimeout(ctx, h.Limits.Query)
		ended, err := h.Ended(asked, some)
		cancel()
		if err != nil {
			return err
		}
		h.End(ended)
	}
	return nil
}

// caller is one token in use for one owner: what it may do is the same on all
// its connections.
type caller struct {
	session, owner uuid.UUID
	token          string
}

// lookAtRights signs those in again who act with more than their own rights,
// each of them once, some at a time. Who cannot be looked up is left for the
// next look, and nobody else waits for him.
func (h *Hub) lookAtRights(ctx context.Context) error {
	callers := map[caller][]Conn{}
	for _, c := range h.all() {
		if v := c.Viewer(); privileged(v) {
			who := caller{v.SessionID, v.OwnerID, string(v.TokenHash)}
			callers[who] = append(callers[who], c)
		}
	}
	var (
		signing sync.WaitGroup
		places  = make(chan struct{}, signInsAtOnce)
		mu      sync.Mutex
		failed  error
	)
	for who, conns := range callers {
		if ctx.Err() != nil {
			break
		}
		places <- struct{}{}
		signing.Go(func() {
			defer func() { <-places }()
			if _, err := h.check(ctx, who.session, conns...); err != nil {
				mu.Lock()
				failed = err
				mu.Unlock()
			}
		})
	}
	signing.Wait()
	return failed
}

// StillMay signs in again who acts with more than his own rights, staff, who
// acts for another and members of companies: who lost or gained any since is
// hung up on, for his streams still run with the old ones. He may come back;
// whose session is over may not. Not ok: he is not told what came after.
func (h *Hub) StillMay(ctx context.Context, c Conn) (ok bool, err error) {
	who := c.Viewer()
	if !privileged(who) {
		return true, nil
	}
	return h.check(ctx, who.SessionID, c)
}

// check signs in again whose conns these are; not ok: it hangs up on some.
func (h *Hub) check(ctx context.Context, session uuid.UUID, conns ...Conn) (ok bool, err error) {
	asked, cancel := context.WithTimeout(ctx, h.Limits.Query)
	defer cancel()
	now, refused := conns[0].SignInAgain(asked)
	mayComeBack := true
	switch fault.KindOf(refused) {
	case fault.Unauthenticated:
		if mayComeBack, err = h.MayComeBack(asked, session); err != nil {
			return false, err
		}
	case fault.Internal, fault.Unavailable, fault.TooMany:
		if refused != nil {
			return false, refused
		}
	}
	ok = true
	for _, c := range conns {
		if refused != nil || !SameRights(c.Viewer(), now) {
			ok = false
			go c.End(mayComeBack)
		}
	}
	return ok, nil
}

// MayComeBack says of a session whose token is refused whether its client may
// come back by itself. It may where the session goes on: its token was renewed,
// or has expired, which ends no session.
func (h *Hub) MayComeBack(ctx context.Context, session uuid.UUID) (bool, error) {
	if session == uuid.Nil || h.Ended == nil {
		return false, nil
	}
	asked, cancel := context.WithTimeout(ctx, h.Limits.Query)
	defer cancel()
	ended, err := h.Ended(asked, []uuid.UUID{session})
	if err != nil {
		return false, err
	}
	mayComeBack, over := ended[session]
	return !over || mayComeBack, nil
}

// Away says whether errors of a message are that a part we need is down. The
// message is not sent then, for what is missing in it would never come, and the
// stream does not end with an error, after which stock clients stop: its
// connection is broken off, and they come back with the cursor before it.
func Away(errs ...*gqlerror.Error) bool {
	return slices.ContainsFunc(errs, func(e *gqlerror.Error) bool {
		return e.Extensions["code"] == fault.ErrUnavailable.Code
	})
}

// SameRights says whether two sign-ins of one caller may do the same.
func SameRights(a, b viewer.Viewer) bool {
	return a.UserID == b.UserID && a.OwnerID == b.OwnerID && a.Staff == b.Staff && maps.Equal(a.Grants, b.Grants)
}

// privileged says whether v acts with more than his own rights.
func privileged(v viewer.Viewer) bool {
	return v.SignedIn() && (v.Staff || len(v.Grants) > 0 || v.OwnerID != v.UserID || v.ActingStaff != uuid.Nil)
}

// End hangs up on the sessions named; the value says whether the client may
// come back by itself.
func (h *Hub) End(sessions map[uuid.UUID]bool) {
	if len(sessions) == 0 {
		return
	}
	for _, c := range h.all() {
		id := c.Viewer().SessionID
		if mayComeBack, over := sessions[id]; over && id != uuid.Nil {
			go c.End(mayComeBack)
		}
	}
}
