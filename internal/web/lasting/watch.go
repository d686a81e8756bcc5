package lasting

import (
	"context"
	"maps"
	"time"

	"github.com/google/uuid"

	"kabinet/internal/fault"
	"kabinet/internal/viewer"
)

// sessionsAtOnce bounds one question to Ended.
const sessionsAtOnce = 500

// Watch asks Ended about the sessions of open connections until ctx ends, so
// that a sign-out elsewhere is felt within two intervals. When Ended fails,
// connections stay: the next look will tell.
func (h *Hub) Watch(ctx context.Context) {
	if h.Ended == nil {
		return
	}
	tick := time.NewTicker(h.Limits.SessionInterval)
	defer tick.Stop()
	failing := false
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		err := h.look(ctx)
		if err != nil && ctx.Err() == nil && !failing {
			h.Log.Error("sessions of open connections cannot be checked", "error", err)
		}
		failing = err != nil
	}
}

func (h *Hub) look(ctx context.Context) error {
	seen := map[uuid.UUID]bool{}
	var ids []uuid.UUID
	for _, c := range h.all() {
		if id := c.Viewer().SessionID; id != uuid.Nil && !seen[id] {
			seen[id] = true
			ids = append(ids, id)
		}
	}
	for len(ids) > 0 {
		n := min(len(ids), sessionsAtOnce)
		asked, cancel := context.WithTimeout(ctx, h.Limits.Query)
		ended, err := h.Ended(asked, ids[:n])
		cancel()
		if err != nil {
			return err
		}
		h.End(ended)
		ids = ids[n:]
	}
	return h.lookAtRights(ctx)
}

// lookAtRights signs those in again who act with more than their own rights.
func (h *Hub) lookAtRights(ctx context.Context) error {
	for _, c := range h.all() {
		if _, err := h.StillMay(ctx, c); err != nil {
			return err
		}
	}
	return nil
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
	asked, cancel := context.WithTimeout(ctx, h.Limits.Query)
	now, err := c.SignInAgain(asked)
	cancel()
	switch kind := fault.KindOf(err); {
	case err != nil && (kind == fault.Internal || kind == fault.Unavailable):
		return false, err
	case kind == fault.Unauthenticated && err != nil:
		go c.End(false)
		return false, nil
	case err != nil || !SameRights(who, now):
		go c.End(true)
		return false, nil
	}
	return true, nil
}

// SameRights says whether two sign-ins of one caller may do the same.
func SameRights(a, b viewer.Viewer) bool {
	return a.UserID == b.UserID && a.OwnerID == b.OwnerID && a.Staff == b.Staff && maps.Equal(a.Grants, b.Grants)
}

// privileged says whether v acts with more than his own rights.
func privileged(v viewer.Viewer) bool {
	return v.SignedIn() && (len(v.Grants) > 0 || v.OwnerID != v.UserID || v.ActingStaff != uuid.Nil)
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
