package clock_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	_ "time/tzdata"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/clockevent"
	entticket "kabinet/ent/generated/ticket"
	"kabinet/internal/fault"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
	"kabinet/internal/support"
	"kabinet/internal/support/clock"
)

// A first reply is promised within an hour where no level fits; it is warned of
// once and missed once, whoever looks how often.
func TestDefaultPromise(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		start := db.Clock.Now().Truncate(time.Second)
		tkt := w.now(t, w.open(t))
		isStatus(t, tkt, entticket.LevelStatusPENDING)
		isAt(t, "the first reply", tkt.FirstReplyDueAt, start.Add(time.Hour))
		isAt(t, "the ticket", &tkt.DueAt, start.Add(time.Hour))
		isAt(t, "the clock", tkt.ClockAt, start.Add(45*time.Minute))
		if n := w.tick(t); n != 0 {
			t.Fatalf("%d tickets were due at once", n)
		}
		db.Clock.Add(46 * time.Minute)
		if n := w.tick(t) + w.tick(t); n != 1 {
			t.Fatalf("%d tickets were warned of", n)
		}
		isStatus(t, w.now(t, tkt), entticket.LevelStatusIMMINENT_BREACH)
		db.Clock.Add(time.Hour)
		var wg sync.WaitGroup
		for range 4 { // instances
			wg.Go(func() { _, _ = w.clocks.TickDue(storetest.System(), 100) })
		}
		wg.Wait()
		late := w.now(t, tkt)
		isStatus(t, late, entticket.LevelStatusBREACHED)
		if late.FirstReplyBreaches != 1 || late.ClockAt != nil {
			t.Fatalf("%d breaches, looked at again at %v", late.FirstReplyBreaches, late.ClockAt)
		}
		if late.Revision != tkt.Revision {
			t.Error("the clock raised the revision")
		}
		w.reply(t, w.staff(), tkt)
		want := []string{"ACTIVATE", "WARN", "BREACH", "FULFIL"}
		if got := w.kinds(t, tkt, clockevent.TargetFIRST_REPLY); !slices.Equal(got, want) {
			t.Fatalf("the log is %v", got)
		}
		log := w.log(t, tkt)
		for _, e := range log {
			if e.Kind == clockevent.KindBREACH && !e.At.Equal(start.Add(time.Hour)) {
				t.Errorf("missed at %s", e.At)
			}
		}
		done := w.now(t, tkt)
		if done.FirstRepliedAt == nil || done.FirstReplySeconds == nil || *done.FirstReplySeconds != 106*60 || done.FirstReplyDueAt != nil || !done.DueAt.Equal(clock.Never) {
			t.Fatalf("after the answer: %+v", done)
		}
	})
}

// An answer in time is achieved, whether or not the housework ever looked; the
// warning stands in the log all the same.
func TestAnswerBeforeHousework(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		tkt := w.open(t)
		db.Clock.Add(50 * time.Minute)
		w.reply(t, w.staff(), tkt)
		if got, want := w.kinds(t, tkt, clockevent.TargetFIRST_REPLY), []string{"ACTIVATE", "WARN", "FULFIL"}; !slices.Equal(got, want) {
			t.Fatalf("the log is %v", got)
		}
		isStatus(t, w.now(t, tkt), entticket.LevelStatusACHIEVED)
		if got, want := w.kinds(t, tkt, clockevent.TargetRESOLUTION), []string{"ACTIVATE", "PAUSE"}; !slices.Equal(got, want) {
			t.Fatalf("the log of the resolution is %v", got)
		}
		// The note of a colleague is no answer, and moves nothing.
		before := len(w.log(t, tkt))
		if _, err := w.tickets.AddNote(w.staff(), support.AddInternalNoteInput{TicketID: tkt.GlobalID(), Body: "note"}); err != nil {
			t.Fatal(err)
		}
		if after := len(w.log(t, tkt)); after != before {
			t.Fatalf("a note wrote %d events", after-before)
		}
	})
}

func (w *world) calendar(t testing.TB) *ent.BusinessCalendar {
	t.Helper()
	in := clock.SaveBusinessCalendarInput{Name: "Moscow", TimeZone: "Europe/Moscow"}
	for day := 1; day <= 5; day++ {
		in.Intervals = append(in.Intervals, &clock.BusinessIntervalInput{Day: day, From: "14:00", To: "18:00"}, &clock.BusinessIntervalInput{Day: day, From: "09:00", To: "13:00"})
	}
	cal, err := w.clocks.SaveCalendar(w.staff(), in)
	if err != nil {
		t.Fatal(err)
	}
	return cal
}

// A level with all three targets over a calendar: rounds by turns of the
// customer and by reopenings, standing still while the customer is waited for.
func TestRounds(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		cal := w.calendar(t)
		level, err := w.clocks.SaveLevel(w.staff(), clock.SaveServiceLevelInput{
			Name: "All", FirstReplySeconds: ptr(3600), NextReplySeconds: ptr(7200), ResolveSeconds: ptr(8 * 3600), CalendarID: ptr(cal.GlobalID()),
		})
		if err != nil {
			t.Fatal(err)
		}
		at := db.Clock.Now()
		db.Clock.Add(time.Date(2026, 11, 23, 9, 30, 0, 0, time.UTC).Sub(at)) // Monday 12:30 in Moscow
		tkt := w.now(t, w.open(t))
		isAt(t, "the first reply", tkt.FirstReplyDueAt, time.Date(2026, 11, 23, 11, 30, 0, 0, time.UTC)) // over lunch
		isAt(t, "the resolution", tkt.ResolveDueAt, time.Date(2026, 11, 24, 9, 30, 0, 0, time.UTC))
		if tkt.LevelID == nil || *tkt.LevelID != level.ID {
			t.Fatal("it has not got the level")
		}
		db.Clock.Add(15 * time.Minute)
		w.reply(t, w.staff(), tkt)
		isStatus(t, w.now(t, tkt), entticket.LevelStatusPAUSED)
		db.Clock.Add(48 * time.Hour)
		alice := storetest.As(w.alice)
		w.reply(t, alice, tkt)
		w.reply(t, alice, tkt) // the same turn
		turn := w.now(t, tkt)
		isAt(t, "the next reply", turn.NextReplyDueAt, time.Date(2026, 11, 25, 12, 45, 0, 0, time.UTC)) // 12:45, 1 h of lunch: 15:45 in Moscow
		if _, err := w.tickets.Close(alice, support.CloseTicketInput{TicketID: tkt.GlobalID()}); err != nil {
			t.Fatal(err)
		}
		closed := w.now(t, tkt)
		isStatus(t, closed, entticket.LevelStatusACHIEVED)
		if closed.ResolveSeconds == nil || *closed.ResolveSeconds != 900 {
			t.Fatalf("it took %v s of working time", closed.ResolveSeconds)
		}
		w.reply(t, alice, tkt)
		for target, want := range map[clockevent.Target][]string{
			clockevent.TargetFIRST_REPLY: {"ACTIVATE", "FULFIL"},
			clockevent.TargetNEXT_REPLY:  {"ACTIVATE", "CANCEL", "ACTIVATE"},
			clockevent.TargetRESOLUTION:  {"ACTIVATE", "PAUSE", "RESUME", "FULFIL", "ACTIVATE"},
		} {
			if got := w.kinds(t, tkt, target); !slices.Equal(got, want) {
				t.Errorf("%s: %v", target, got)
			}
		}
		if last := w.log(t, tkt)[len(w.log(t, tkt))-1]; last.Round != 2 {
			t.Errorf("the last round is %d", last.Round)
		}
	})
}

// Of another kind or in another language a ticket gets the level of that; by
// another name it keeps what it has.
func TestLevelOfAnotherKind(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		start := db.Clock.Now().Truncate(time.Second)
		tkt := w.open(t)
		for condition, seconds := range map[string]int{`kind == "COMPLAINT"`: 1200, `kind == "QUESTION" && locale == "ru"`: 600} {
			if _, err := w.clocks.SaveLevel(w.staff(), clock.SaveServiceLevelInput{Name: condition, Condition: &condition, FirstReplySeconds: &seconds, WarnSeconds: ptr(0)}); err != nil {
				t.Fatal(err)
			}
		}
		for _, c := range []struct {
			in    support.UpdateTicketInput
			after time.Duration
		}{
			{support.UpdateTicketInput{Subject: ptr("Another name")}, time.Hour},
			{support.UpdateTicketInput{Kind: ptr(entticket.KindCOMPLAINT)}, 20 * time.Minute},
			{support.UpdateTicketInput{Kind: ptr(entticket.KindQUESTION), Locale: ptr("ru")}, 10 * time.Minute},
		} {
			c.in.TicketID, c.in.Revision = tkt.GlobalID(), int(w.now(t, tkt).Revision)
			if _, err := w.tickets.Update(w.staff(), c.in); err != nil {
				t.Fatal(err)
			}
			isAt(t, fmt.Sprint(c.after), w.now(t, tkt).FirstReplyDueAt, start.Add(c.after))
		}
	})
}

// Another level concerns tickets opened or reprioritised later; what was used
// up stays used up.
func TestLevelChanges(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		start := db.Clock.Now().Truncate(time.Second)
		old := w.open(t)
		urgent, err := w.clocks.SaveLevel(w.staff(), clock.SaveServiceLevelInput{Name: "Urgent", Condition: ptr(`priority == "URGENT"`), FirstReplySeconds: ptr(1200), WarnSeconds: ptr(0)})
		if err != nil {
			t.Fatal(err)
		}
		isAt(t, "the old ticket", w.now(t, old).FirstReplyDueAt, start.Add(time.Hour))
		db.Clock.Add(10 * time.Minute)
		if _, err := w.tickets.SetStatus(w.staff(), support.SetTicketStatusInput{TicketID: old.GlobalID(), Priority: ptr(entticket.PriorityURGENT)}); err != nil {
			t.Fatal(err)
		}
		now := w.now(t, old)
		isAt(t, "the reprioritised ticket", now.FirstReplyDueAt, start.Add(20*time.Minute))
		if now.LevelID == nil || *now.LevelID != urgent.ID {
			t.Fatal("it has not got the level")
		}
		if _, err := w.clocks.SaveLevel(w.staff(), clock.SaveServiceLevelInput{ID: ptr(urgent.GlobalID()), Version: ptr(1), Name: "Urgent", Condition: urgent.Condition, FirstReplySeconds: ptr(600)}); err != nil {
			t.Fatal(err)
		}
		db.Clock.Add(5 * time.Minute)
		if n := w.tick(t); n != 0 {
			t.Fatal("the new version concerns a ticket that has the old one")
		}
		if _, err := w.clocks.DeleteLevel(w.staff(), clock.DeleteServiceLevelInput{ID: urgent.GlobalID()}); err != nil {
			t.Fatal(err)
		}
		db.Clock.Add(6 * time.Minute)
		if n := w.tick(t); n != 1 {
			t.Fatal("a deleted level does not go on")
		}
		isStatus(t, w.now(t, old), entticket.LevelStatusBREACHED)
		other := w.now(t, w.open(t))
		if other.LevelID != nil {
			t.Fatal("a new ticket got a level that is not in force")
		}
	})
}

// The columns of tickets and the log are one thing, over any life.
func TestColumnsAreTheLog(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		cal := w.calendar(t)
		if _, err := w.clocks.SaveLevel(w.staff(), clock.SaveServiceLevelInput{
			Name: "All", FirstReplySeconds: ptr(3600), NextReplySeconds: ptr(1800), ResolveSeconds: ptr(4 * 3600), WarnSeconds: ptr(600), CalendarID: ptr(cal.GlobalID()), Position: ptr(1),
		}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.clocks.SaveLevel(w.staff(), clock.SaveServiceLevelInput{Name: "High", Condition: ptr(`priority == "HIGH"`), FirstReplySeconds: ptr(900)}); err != nil {
			t.Fatal(err)
		}
		acts := []func(tkt *ent.Ticket) error{
			func(tkt *ent.Ticket) error { w.reply(t, storetest.As(w.alice), tkt); return nil },
			func(tkt *ent.Ticket) error {
				if w.now(t, tkt).Status == entticket.StatusCLOSED {
					return nil
				}
				w.reply(t, w.staff(), tkt)
				return nil
			},
			func(tkt *ent.Ticket) error {
				_, err := w.tickets.Close(storetest.As(w.alice), support.CloseTicketInput{TicketID: tkt.GlobalID()})
				return err
			},
			func(tkt *ent.Ticket) error {
				p := entticket.PriorityHIGH
				if w.now(t, tkt).Priority == p {
					p = entticket.PriorityLOW
				}
				_, err := w.tickets.SetStatus(w.staff(), support.SetTicketStatusInput{TicketID: tkt.GlobalID(), Priority: &p})
				return err
			},
			func(*ent.Ticket) error { w.tick(t); return nil },
			func(*ent.Ticket) error { db.Clock.Add(17 * time.Minute); return nil },
			func(*ent.Ticket) error { db.Clock.Add(5 * time.Hour); return nil },
		}
		for life := range 12 {
			tkt := w.open(t)
			n := uint32(life*2654435761 + 12345)
			for range 14 {
				n = n*1664525 + 1013904223
				if err := acts[(n>>16)%uint32(len(acts))](tkt); err != nil {
					if _, ok := fault.As(err); !ok {
						t.Fatal(err)
					}
				}
				w.agree(t, tkt)
			}
		}
	})
}

// agree wants that the columns say what the log does.
func (w *world) agree(t testing.TB, tkt *ent.Ticket) {
	t.Helper()
	now, missed, running := w.now(t, tkt), [3]int{}, map[clockevent.Target]*time.Time{}
	var last time.Time
	for i, e := range w.log(t, tkt) {
		if e.Seq != int64(i+1) || e.At.Before(last) {
			t.Fatalf("event %d is number %d at %s", i, e.Seq, e.At)
		}
		last = e.At
		switch e.Kind {
		case clockevent.KindACTIVATE, clockevent.KindRESUME:
			running[e.Target] = e.DueAt
		case clockevent.KindBREACH:
			missed[slices.Index([]clockevent.Target{clockevent.TargetFIRST_REPLY, clockevent.TargetNEXT_REPLY, clockevent.TargetRESOLUTION}, e.Target)]++
		case clockevent.KindWARN:
		default:
			delete(running, e.Target)
		}
	}
	if got := [3]int{now.FirstReplyBreaches, now.NextReplyBreaches, now.ResolveBreaches}; got != missed {
		t.Fatalf("the columns count %v, the log %v", got, missed)
	}
	due := clock.Never
	for target, at := range map[clockevent.Target]*time.Time{
		clockevent.TargetFIRST_REPLY: now.FirstReplyDueAt, clockevent.TargetNEXT_REPLY: now.NextReplyDueAt, clockevent.TargetRESOLUTION: now.ResolveDueAt,
	} {
		if fmt.Sprint(at) != fmt.Sprint(running[target]) {
			t.Fatalf("%s is due at %v, by the log at %v", target, at, running[target])
		}
		if at != nil && at.Before(due) {
			due = *at
		}
	}
	if !now.DueAt.Equal(due) {
		t.Fatalf("the ticket is due at %s, not %s", now.DueAt, due)
	}
	if now.ClockAt == nil && due.Before(clock.Never) && *now.LevelStatus != entticket.LevelStatusBREACHED {
		t.Fatalf("it is due at %s, and nobody looks at it", due)
	}
}

// A ticket from before there were clocks gets one at its next act.
func TestTicketWithoutClock(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		w.tickets.Clock = nil
		asked, answered := w.open(t), w.open(t)
		w.reply(t, w.staff(), answered)
		w.tickets.Clock = w.clocks.Note
		if v, err := w.clocks.Of(w.staff(), w.now(t, asked)); v != nil || err != nil {
			t.Fatalf("it has a clock: %v, %v", v, err)
		}
		for _, tkt := range []*ent.Ticket{asked, answered} {
			w.reply(t, storetest.As(w.alice), tkt)
		}
		if got := w.kinds(t, asked, clockevent.TargetFIRST_REPLY); !slices.Equal(got, []string{"ACTIVATE"}) {
			t.Errorf("nobody has answered, and the log is %v", got)
		}
		if got := w.kinds(t, answered, clockevent.TargetFIRST_REPLY); got != nil {
			t.Errorf("somebody has answered, and the log is %v", got)
		}
		w.reply(t, w.staff(), answered)
		if got := w.kinds(t, answered, clockevent.TargetFIRST_REPLY); got != nil {
			t.Errorf("answered again, the log is %v", got)
		}
	})
}

// The bot's time is not the staff's: the clock stands until it hands over.
func TestBotIsNotWaitedFor(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		w.tickets.BotTakes = func(context.Context, support.Opening) bool { return true }
		tkt := w.open(t)
		isStatus(t, w.now(t, tkt), entticket.LevelStatusPAUSED)
		db.Clock.Add(3 * time.Hour)
		w.write(t, func(ctx context.Context, tx *store.Tx) error {
			row, err := tx.Ticket.UpdateOneID(tkt.ID).SetBotState(entticket.BotStateDONE).Save(ctx)
			if err != nil {
				return err
			}
			return w.tickets.ChangedIn(ctx, tx, row, true, "bot")
		})
		w.hear(t, w.clocks.Hearers())
		now := w.now(t, tkt)
		isStatus(t, now, entticket.LevelStatusPENDING)
		isAt(t, "the first reply", now.FirstReplyDueAt, db.Clock.Now().Truncate(time.Second).Add(time.Hour))
	})
}
