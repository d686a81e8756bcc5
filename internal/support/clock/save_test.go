package clock_test

import (
	"context"
	"strings"
	"testing"

	"github.com/google/uuid"

	entticket "kabinet/ent/generated/ticket"
	"kabinet/internal/fault"
	"kabinet/internal/rule"
	"kabinet/internal/scalar"
	"kabinet/internal/store/storetest"
	"kabinet/internal/support/clock"
	"kabinet/internal/viewer"
)

func hours(from, to string) []*clock.BusinessIntervalInput {
	return []*clock.BusinessIntervalInput{{Day: 1, From: from, To: to}}
}

func TestSaveCalendar(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		for name, c := range map[string]struct {
			in   clock.SaveBusinessCalendarInput
			want *fault.Fault
			path string
		}{
			"no name":        {clock.SaveBusinessCalendarInput{Name: " ", TimeZone: "UTC", Intervals: hours("09:00", "18:00")}, fault.ErrRequired, "input name"},
			"long name":      {clock.SaveBusinessCalendarInput{Name: strings.Repeat("x", 101), TimeZone: "UTC", Intervals: hours("09:00", "18:00")}, fault.ErrTooLong, "input name"},
			"no interval":    {clock.SaveBusinessCalendarInput{Name: "x", TimeZone: "UTC"}, fault.ErrRequired, "input intervals"},
			"day 8":          {clock.SaveBusinessCalendarInput{Name: "x", TimeZone: "UTC", Intervals: []*clock.BusinessIntervalInput{{Day: 8, From: "09:00", To: "18:00"}}}, fault.ErrOutOfRange, "input intervals 0 day"},
			"25:00":          {clock.SaveBusinessCalendarInput{Name: "x", TimeZone: "UTC", Intervals: hours("09:00", "25:00")}, fault.ErrInvalidValue, "input intervals 0 to"},
			"24:01":          {clock.SaveBusinessCalendarInput{Name: "x", TimeZone: "UTC", Intervals: hours("09:00", "24:01")}, fault.ErrInvalidValue, "input intervals 0 to"},
			"from 24:00":     {clock.SaveBusinessCalendarInput{Name: "x", TimeZone: "UTC", Intervals: hours("24:00", "24:00")}, fault.ErrInvalidValue, "input intervals 0 from"},
			"9:00":           {clock.SaveBusinessCalendarInput{Name: "x", TimeZone: "UTC", Intervals: hours("9:00", "18:00")}, fault.ErrInvalidValue, "input intervals 0 from"},
			"+9:00":          {clock.SaveBusinessCalendarInput{Name: "x", TimeZone: "UTC", Intervals: hours("+9:00", "18:00")}, fault.ErrInvalidValue, "input intervals 0 from"},
			"backwards":      {clock.SaveBusinessCalendarInput{Name: "x", TimeZone: "UTC", Intervals: hours("18:00", "09:00")}, fault.ErrInvalidValue, "input intervals 0 to"},
			"overlap":        {clock.SaveBusinessCalendarInput{Name: "x", TimeZone: "UTC", Intervals: append(hours("09:00", "12:00"), hours("11:59", "13:00")...)}, fault.ErrInvalidValue, "input intervals 1"},
			"the same twice": {clock.SaveBusinessCalendarInput{Name: "x", TimeZone: "UTC", Intervals: append(hours("09:00", "12:00"), hours("09:00", "12:00")...)}, fault.ErrInvalidValue, "input intervals 1"},
			"a day twice": {clock.SaveBusinessCalendarInput{Name: "x", TimeZone: "UTC", Intervals: hours("09:00", "12:00"),
				Holidays: []*clock.BusinessHolidayInput{{On: "2026-12-31"}, {On: "2026-12-31"}}}, fault.ErrInvalidValue, "input holidays 1 on"},
			"bad hours": {clock.SaveBusinessCalendarInput{Name: "x", TimeZone: "UTC", Intervals: hours("09:00", "12:00"),
				Holidays: []*clock.BusinessHolidayInput{{On: "2026-12-31", Intervals: []*clock.BusinessHoursInput{{From: "12:00", To: "12:00"}}}}}, fault.ErrInvalidValue, "input holidays 0 intervals 0 to"},
			"many intervals": {clock.SaveBusinessCalendarInput{Name: "x", TimeZone: "UTC", Intervals: make([]*clock.BusinessIntervalInput, 71)}, fault.ErrTooLong, "input intervals"},
			"many holidays": {clock.SaveBusinessCalendarInput{Name: "x", TimeZone: "UTC", Intervals: hours("09:00", "12:00"),
				Holidays: make([]*clock.BusinessHolidayInput, 501)}, fault.ErrTooLong, "input holidays"},
			"an id of another kind": {clock.SaveBusinessCalendarInput{ID: &scalar.ID{Prefix: "sla"}, Name: "x", TimeZone: "UTC", Intervals: hours("09:00", "12:00")}, fault.ErrInvalidID, "input id"},
			"no version":            {clock.SaveBusinessCalendarInput{ID: &scalar.ID{Prefix: "cal"}, Name: "x", TimeZone: "UTC", Intervals: hours("09:00", "12:00")}, fault.ErrRequired, "input version"},
			"nobody's id":           {clock.SaveBusinessCalendarInput{ID: &scalar.ID{Prefix: "cal", UUID: uuid.New()}, Version: ptr(1), Name: "x", TimeZone: "UTC", Intervals: hours("09:00", "12:00")}, fault.ErrNotFound, "input id"},
		} {
			_, err := w.clocks.SaveCalendar(w.staff(), c.in)
			f, ok := fault.As(err)
			if !ok || f.Code != c.want.Code || strings.Join(f.Path, " ") != c.path {
				t.Errorf("%s: %v at %v", name, err, f)
			}
		}
		cal := w.calendar(t)
		if cal.Intervals[0].From != "09:00" || cal.Intervals[1].From != "14:00" {
			t.Errorf("intervals are not in order: %v", cal.Intervals)
		}
		again := clock.SaveBusinessCalendarInput{ID: ptr(cal.GlobalID()), Version: ptr(1), Name: "Moscow", TimeZone: "Europe/Moscow", Intervals: append(hours("09:00", "12:00"), hours("12:00", "24:00")...)}
		second, err := w.clocks.SaveCalendar(w.staff(), again)
		if err != nil || second.Version != 2 || second.KeyID != cal.KeyID {
			t.Fatalf("%+v, %v", second, err)
		}
		_, err = w.clocks.SaveCalendar(w.staff(), again)
		wantFault(t, err, fault.ErrStaleObject, "input", "version")
		level, err := w.clocks.SaveLevel(w.staff(), clock.SaveServiceLevelInput{Name: "x", CalendarID: ptr(cal.GlobalID())})
		if err != nil {
			t.Fatal(err)
		}
		_, err = w.clocks.DeleteCalendar(w.staff(), clock.DeleteBusinessCalendarInput{ID: cal.GlobalID()})
		f := theFault(t, err, clock.ErrCalendarInUse, "input", "id")
		if ids, _ := f.Params["serviceLevels"].([]string); len(ids) != 1 || ids[0] != level.GlobalID().String() {
			t.Errorf("it is used by %v", f.Params)
		}
		if _, err := w.clocks.DeleteLevel(w.staff(), clock.DeleteServiceLevelInput{ID: level.GlobalID()}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.clocks.DeleteCalendar(w.staff(), clock.DeleteBusinessCalendarInput{ID: cal.GlobalID()}); err != nil {
			t.Fatal(err)
		}
		_, err = w.clocks.DeleteCalendar(w.staff(), clock.DeleteBusinessCalendarInput{ID: cal.GlobalID()})
		wantFault(t, err, fault.ErrNotFound, "input", "id")
		if all, err := w.clocks.Calendars(w.staff()); err != nil || len(all) != 0 {
			t.Errorf("%v, %v", all, err)
		}
	})
}

func TestSaveLevel(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		for name, c := range map[string]struct {
			in   clock.SaveServiceLevelInput
			want *fault.Fault
			path string
		}{
			"no name":               {clock.SaveServiceLevelInput{}, fault.ErrRequired, "input name"},
			"no time":               {clock.SaveServiceLevelInput{Name: "x", FirstReplySeconds: ptr(0)}, fault.ErrOutOfRange, "input firstReplySeconds"},
			"more than a year":      {clock.SaveServiceLevelInput{Name: "x", ResolveSeconds: ptr(366*86400 + 1)}, fault.ErrOutOfRange, "input resolveSeconds"},
			"a warning after":       {clock.SaveServiceLevelInput{Name: "x", WarnSeconds: ptr(-1)}, fault.ErrOutOfRange, "input warnSeconds"},
			"position":              {clock.SaveServiceLevelInput{Name: "x", Position: ptr(10_001)}, fault.ErrOutOfRange, "input position"},
			"condition of unknowns": {clock.SaveServiceLevelInput{Name: "x", Condition: ptr(`password == "x"`)}, rule.ErrRuleInvalid, "input condition"},
			"condition of no bool":  {clock.SaveServiceLevelInput{Name: "x", Condition: ptr(`kind`)}, rule.ErrRuleInvalid, "input condition"},
			"no such calendar":      {clock.SaveServiceLevelInput{Name: "x", CalendarID: &scalar.ID{Prefix: "cal", UUID: uuid.New()}}, fault.ErrNotFound, "input calendarId"},
			"another kind of thing": {clock.SaveServiceLevelInput{Name: "x", CalendarID: &scalar.ID{Prefix: "sla", UUID: uuid.New()}}, fault.ErrInvalidID, "input calendarId"},
			"nobody's id":           {clock.SaveServiceLevelInput{ID: &scalar.ID{Prefix: "sla", UUID: uuid.New()}, Version: ptr(1), Name: "x"}, fault.ErrNotFound, "input id"},
		} {
			_, err := w.clocks.SaveLevel(w.staff(), c.in)
			f, ok := fault.As(err)
			if !ok || f.Code != c.want.Code || strings.Join(f.Path, " ") != c.path {
				t.Errorf("%s: %v at %v", name, err, f)
			}
		}
		made, err := w.clocks.SaveLevel(w.staff(), clock.SaveServiceLevelInput{Name: " Everybody ", Pauses: []entticket.StatusReason{entticket.StatusReasonIN_PROGRESS, entticket.StatusReasonIN_PROGRESS}})
		if err != nil || made.Name != "Everybody" || made.FirstReplySeconds != 3600 || made.WarnSeconds != 900 || len(made.Pauses) != 1 {
			t.Fatalf("%+v, %v", made, err)
		}
		for range 49 {
			if _, err := w.clocks.SaveLevel(w.staff(), clock.SaveServiceLevelInput{Name: "x"}); err != nil {
				t.Fatal(err)
			}
		}
		_, err = w.clocks.SaveLevel(w.staff(), clock.SaveServiceLevelInput{Name: "x"})
		if f := theFault(t, err, clock.ErrTooManyItems); f.Params["limit"] != 50 {
			t.Errorf("%v", f.Params)
		}
		for _, ctx := range []context.Context{context.Background(), storetest.As(w.alice), reader(w)} {
			if _, err := w.clocks.SaveLevel(ctx, clock.SaveServiceLevelInput{Name: "x"}); fault.KindOf(err) != fault.Forbidden && fault.KindOf(err) != fault.Unauthenticated {
				t.Errorf("somebody else saves: %v", err)
			}
			if _, err := w.clocks.DeleteLevel(ctx, clock.DeleteServiceLevelInput{ID: made.GlobalID()}); fault.KindOf(err) != fault.Forbidden && fault.KindOf(err) != fault.Unauthenticated {
				t.Errorf("somebody else deletes: %v", err)
			}
		}
	})
}

// reader is staff that may read the settings alone.
func reader(w *world) context.Context {
	return viewer.With(context.Background(), viewer.Viewer{UserID: w.sam, OwnerID: w.sam, Staff: true, Grants: map[viewer.Permission]viewer.Reach{{Resource: "support", Operation: "read"}: viewer.ReachAll}})
}

// Who asks about a ticket's clock sees it as staff, and not of his own ticket.
func TestWhoSeesTheClock(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		tkt := w.now(t, w.open(t))
		if v, err := w.clocks.Of(w.staff(), tkt); err != nil || v == nil || v.Name != "Standard" || len(v.Targets) != 2 || *v.Targets[0].Seconds != 3600 {
			t.Fatalf("%+v, %v", v, err)
		}
		if v, err := w.clocks.Of(storetest.As(w.alice), tkt); v != nil || err != nil {
			t.Fatalf("the customer sees %+v, %v", v, err)
		}
		if all, err := w.clocks.Events(w.staff(), tkt.GlobalID(), clock.Page{}); err != nil || len(all.Edges) != 2 {
			t.Fatalf("%v, %v", all, err)
		}
		for _, ctx := range []context.Context{storetest.As(w.alice), storetest.As(w.bob)} {
			if all, err := w.clocks.Events(ctx, tkt.GlobalID(), clock.Page{}); err == nil {
				t.Fatalf("the log is shown: %v", all)
			}
		}
		own := w.staff()
		v := viewer.From(own)
		v.UserID, v.OwnerID = w.alice, w.alice
		if _, err := w.clocks.Events(viewer.With(own, v), tkt.GlobalID(), clock.Page{}); fault.KindOf(err) != fault.NotFound {
			t.Fatalf("staff sees the clock of his own ticket: %v", err)
		}
		if _, err := w.clocks.Events(w.staff(), scalar.ID{Prefix: "usr", UUID: tkt.ID}, clock.Page{}); fault.KindOf(err) != fault.Invalid {
			t.Fatalf("an id of another kind: %v", err)
		}
	})
}
