package clock_test

import (
	"context"
	"slices"
	"testing"
	"time"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/clockevent"
	entticket "kabinet/ent/generated/ticket"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
	"kabinet/internal/support"
	"kabinet/internal/support/clock"
)

// putOff opens a ticket that waits for a date from the start, as a call does.
func (w *world) putOff(t *testing.T, o support.Opening, until time.Time) *ent.Ticket {
	t.Helper()
	o.OwnerID, o.UserID, o.Subject = w.alice, &w.alice, "Call me"
	o.First = support.Said{Author: "CUSTOMER", AuthorID: &w.alice, AuthorName: "Alice", Body: "Please"}
	var made *ent.Ticket
	w.write(t, func(ctx context.Context, tx *store.Tx) (err error) {
		if made, _, err = w.tickets.OpenIn(ctx, tx, o); err != nil {
			return err
		}
		return w.tickets.MoveIn(ctx, tx, made, entticket.StatusSNOOZED, entticket.StatusReasonWAITING_FOR_DATE, &until)
	})
	return w.now(t, made)
}

// Nobody is late with what is opened for a date: its time begins then, by the
// built-in level and by one with the usual pauses. Where a level says that it
// does not stand, it runs.
func TestOpenedForADate(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		for i, in := range []clock.SaveServiceLevelInput{
			{Name: "Stands", Condition: ptr(`locale == "ru"`), FirstReplySeconds: ptr(1800), ResolveSeconds: ptr(7200)},
			{Name: "Runs", Condition: ptr(`kind == "COMPLAINT"`), FirstReplySeconds: ptr(1800), Pauses: []entticket.StatusReason{entticket.StatusReasonWAITING_FOR_CUSTOMER}},
		} {
			in.Position = &i
			if _, err := w.clocks.SaveLevel(w.staff(), in); err != nil {
				t.Fatal(err)
			}
		}
		at := db.Clock.Now().Add(72 * time.Hour)
		builtIn := w.putOff(t, support.Opening{Kind: entticket.KindCALLBACK}, at)
		stands := w.putOff(t, support.Opening{Kind: entticket.KindCALLBACK, Locale: "ru"}, at)
		runs := w.putOff(t, support.Opening{Kind: entticket.KindCOMPLAINT}, at)
		db.Clock.Add(2 * time.Hour)
		w.tick(t)
		for _, tkt := range []*ent.Ticket{builtIn, stands} {
			now := w.now(t, tkt)
			isStatus(t, now, entticket.LevelStatusPAUSED)
			if now.FirstReplyDueAt != nil || !now.DueAt.Equal(clock.Never) || now.ClockAt != nil {
				t.Errorf("due at %v, %v, %v", now.FirstReplyDueAt, now.DueAt, now.ClockAt)
			}
		}
		isStatus(t, w.now(t, runs), entticket.LevelStatusBREACHED)
		db.Clock.Add(70 * time.Hour)
		if n, err := w.tickets.WakeSnoozed(context.Background(), 100); n != 3 || err != nil {
			t.Fatalf("woke %d, %v", n, err)
		}
		w.tick(t)
		begun := db.Clock.Now().Truncate(time.Second)
		for tkt, due := range map[*ent.Ticket]time.Time{builtIn: begun.Add(time.Hour), stands: begun.Add(30 * time.Minute)} {
			now := w.now(t, tkt)
			isStatus(t, now, entticket.LevelStatusPENDING)
			isAt(t, "the first reply", now.FirstReplyDueAt, due)
			if got := w.kinds(t, tkt, clockevent.TargetFIRST_REPLY); now.FirstReplyBreaches != 0 || !slices.Equal(got, []string{"ACTIVATE", "PAUSE", "RESUME"}) {
				t.Errorf("%d breaches, %v", now.FirstReplyBreaches, got)
			}
		}
		isAt(t, "the resolution", w.now(t, stands).ResolveDueAt, begun.Add(2*time.Hour))
	})
}
