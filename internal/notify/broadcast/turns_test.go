package broadcast_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	entbroadcast "kabinet/ent/generated/broadcast"
	"kabinet/internal/notify/broadcast"
	"kabinet/internal/store/storetest"
)

// Who registers after a broadcast was counted does not get it, also where it was
// paused for long.
func TestBroadcastGoesToThoseWhoWereCounted(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		people := w.people(t, 3)
		one := w.begin(t, w.draft(t, nil), 3)
		db.Clock.Add(time.Hour)
		w.people(t, 2)
		if n := ok[int](t)(w.Due(context.Background(), 10)); n != 1 {
			t.Errorf("%d steps", n)
		}
		w.wantEach(t, one, people)
		if now := w.look(t, one); now.Status != entbroadcast.StatusDONE || now.Done != 3 || *now.Total != 3 {
			t.Errorf("%s, %d of %d", now.Status, now.Done, *now.Total)
		}
	})
}

// Two take turns, and one that fails waits while the other goes on.
func TestBroadcastsTakeTurns(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		w.people(t, 1001)
		long := w.begin(t, w.draft(t, nil), 1001)
		db.Clock.Add(time.Second)
		short := w.begin(t, w.draft(t, nil), 1001)
		step := func() {
			t.Helper()
			db.Clock.Add(time.Second)
			if !ok[bool](t)(w.Step(context.Background())) {
				t.Fatal("there is nothing to do")
			}
		}
		step()
		step()
		if l, s := w.look(t, long).Done, w.look(t, short).Done; l != 500 || s != 500 {
			t.Errorf("%d and %d are done", l, s)
		}
		bad, first := errors.New("a row is broken"), true
		w.Between = func() error {
			db.Clock.Add(time.Second)
			if first {
				first = false
				return bad
			}
			return nil
		}
		n, err := w.Due(context.Background(), 10)
		if !errors.Is(err, bad) || n != 3 { // the failure, and two lots of the other
			t.Errorf("%d steps, %v", n, err)
		}
		if l, s := w.look(t, long), w.look(t, short); l.Status != entbroadcast.StatusRUNNING || l.Done != 500 || s.Status != entbroadcast.StatusDONE {
			t.Errorf("%s with %d, and %s", l.Status, l.Done, s.Status)
		}
		db.Clock.Add(time.Minute)
		if _, err := w.Due(context.Background(), 10); err != nil || w.look(t, long).Status != entbroadcast.StatusDONE {
			t.Errorf("it is not done: %v", err)
		}
	})
}

// A segment is not changed so that one far above it could not be asked any more.
func TestSegmentsStayUsable(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		save := func(in broadcast.SaveSegmentInput) (made uuid.UUID, revision int) {
			s := ok[*ent.Segment](t)(w.SaveSegment(w.staff(), in))
			return s.ID, int(s.Revision)
		}
		e, _ := save(broadcast.SaveSegmentInput{Name: ptr("e"), Filter: &broadcast.SegmentFilter{}})
		d, revision := save(broadcast.SaveSegmentInput{Name: ptr("d"), Filter: &broadcast.SegmentFilter{}})
		below := d
		for _, name := range []string{"c", "b", "a"} {
			f := &broadcast.SegmentFilter{}
			f.NotIn = append(f.NotIn, as("seg", below))
			below, _ = save(broadcast.SaveSegmentInput{Name: ptr(name), Filter: f})
		}
		id, top := as("seg", d), as("seg", below)
		in := broadcast.SaveSegmentInput{ID: &id, Revision: &revision, Filter: &broadcast.SegmentFilter{}}
		in.Filter.NotIn = append(in.Filter.NotIn, as("seg", e))
		_, err := w.SaveSegment(w.staff(), in)
		wantFault(t, err, broadcast.ErrSegmentCycle, "input", "filter", "notIn")
		if _, err := w.Size(w.staff(), broadcast.Chosen{SegmentID: &top}, nil); err != nil {
			t.Error("the one at the top cannot be asked:", err)
		}
	})
}
