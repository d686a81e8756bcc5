package clock

import (
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"kabinet/ent/generated/clockevent"
	"kabinet/ent/generated/ticket"
	"kabinet/internal/support"
)

// shelf is a book of a test.
type shelf struct {
	terms     map[uuid.UUID]Terms
	calendars map[uuid.UUID]*Calendar // by terms
	slow      map[uuid.UUID]func(time.Time) bool
}

func (s shelf) Terms(id uuid.UUID) Terms                { return s.terms[id] }
func (s shelf) Calendar(t Terms, _ time.Time) *Calendar { return s.calendars[t.ID] }

// slowTarget and slowClock are the rules again, by a clock that is wound a
// minute at a time and holds nothing but what is owed now.
type slowTarget struct {
	round, spent                       int
	owed, held, ever, warned, breached bool
}

type slowClock struct {
	shelf shelf
	terms Terms
	state [3]slowTarget
	now   time.Time
	said  []string
}

func (m *slowClock) say(target int, kind clockevent.Kind, at time.Time) {
	s := &m.state[target]
	m.said = append(m.said, fmt.Sprintf("%s %d %s %s %d", targets[target], s.round, kind, at.Format(time.RFC3339), s.spent))
}

// late says what has just become late.
func (m *slowClock) late(at time.Time) {
	for target := range m.state {
		s, limit := &m.state[target], int(m.terms.Seconds[target])
		if !s.owed || s.held || limit == 0 || s.breached {
			continue
		}
		if warn := int(m.terms.Warn); !s.warned && warn > 0 && warn < limit && s.spent >= limit-warn {
			s.warned = true
			m.say(target, clockevent.KindWARN, at)
		}
		if s.spent >= limit {
			s.breached = true
			m.say(target, clockevent.KindBREACH, at)
		}
	}
}

func (m *slowClock) wind(to time.Time) {
	for m.now.Before(to) {
		working := m.shelf.slow[m.terms.ID](m.now)
		m.now = m.now.Add(time.Minute)
		for target := range m.state {
			if s := &m.state[target]; s.owed && !s.held && working {
				s.spent += 60
			}
		}
		m.late(m.now)
	}
}

func (m *slowClock) begin(target int) {
	if s := &m.state[target]; !s.owed {
		m.state[target] = slowTarget{round: s.round + 1, owed: true, ever: true}
		m.say(target, clockevent.KindACTIVATE, m.now)
	}
}

func (m *slowClock) finish(target int, kind clockevent.Kind) {
	if s := &m.state[target]; s.owed {
		s.owed, s.held = false, false
		m.say(target, kind, m.now)
	}
}

func (m *slowClock) act(sc Scene) {
	if sc.Act == "" {
		return
	}
	if was := m.terms; was.ID != sc.Terms.ID {
		m.terms = sc.Terms
		for target := range m.state {
			switch s := &m.state[target]; {
			case !s.owed:
			case target == next && sc.Terms.Seconds[next] == 0:
				m.finish(target, clockevent.KindCANCEL)
			default:
				s.held = false
				m.say(target, clockevent.KindACTIVATE, m.now)
			}
		}
	}
	answered := sc.Answered
	if sc.Act == support.ActStaffWrote {
		m.finish(first, clockevent.KindFULFIL)
		m.finish(next, clockevent.KindFULFIL)
		answered = true
	}
	if sc.Status == ticket.StatusCLOSED || sc.Merged {
		m.finish(first, clockevent.KindCANCEL)
		m.finish(next, clockevent.KindCANCEL)
		if sc.Merged || sc.Reason == ticket.StatusReasonSPAM || sc.Reason == ticket.StatusReasonDUPLICATE {
			m.finish(resolution, clockevent.KindCANCEL)
		} else {
			m.finish(resolution, clockevent.KindFULFIL)
		}
	} else {
		if !answered {
			m.begin(first)
		} else if sc.Act == support.ActCustomerWrote && m.terms.Seconds[next] > 0 {
			m.begin(next)
		}
		m.begin(resolution)
	}
	stands := sc.Bot || slices.Contains(m.terms.Pauses, string(sc.Reason))
	for target := range m.state {
		s := &m.state[target]
		if s.owed && s.held != stands {
			s.held = stands
			m.say(target, map[bool]clockevent.Kind{true: clockevent.KindPAUSE, false: clockevent.KindRESUME}[stands], m.now)
		}
	}
	m.late(m.now)
}

// told is the log without what the model does not know.
func told(log []Event) (all []string) {
	for _, e := range log {
		all = append(all, fmt.Sprintf("%s %d %s %s %d", targets[e.Target], e.Round, e.Kind, e.At.Format(time.RFC3339), e.Spent))
	}
	return all
}

func drawTerms(t *rapid.T, name string) Terms {
	minutes := func(what string, least int) int64 { return 60 * int64(rapid.IntRange(least, 900).Draw(t, name+what)) }
	out := Terms{ID: uuid.New(), Seconds: [3]int64{minutes(" first", 1), 0, 0}, Warn: minutes(" warn", 0)}
	if rapid.Bool().Draw(t, name+" has next") {
		out.Seconds[next] = minutes(" next", 1)
	}
	if rapid.Bool().Draw(t, name+" has resolution") {
		out.Seconds[resolution] = minutes(" resolution", 1)
	}
	for _, r := range []ticket.StatusReason{ticket.StatusReasonWAITING_FOR_CUSTOMER, ticket.StatusReasonWAITING_FOR_DATE, ticket.StatusReasonIN_PROGRESS} {
		if rapid.Bool().Draw(t, name+" pauses by "+string(r)) {
			out.Pauses = append(out.Pauses, string(r))
		}
	}
	return out
}

// drawAct changes the scene as a ticket's life may.
func drawAct(t *rapid.T, was Scene, levels []Terms) Scene {
	sc := was
	if was.Merged { // nothing happens to it any more
		sc.Act = ""
		return sc
	}
	sc.Answered = was.Answered || was.Act == support.ActStaffWrote
	open := was.Status != ticket.StatusCLOSED
	switch rapid.IntRange(0, 9).Draw(t, "what") {
	case 0, 1:
		sc.Act, sc.Status, sc.Reason = support.ActCustomerWrote, ticket.StatusOPEN, ticket.StatusReasonNEW_REPLY
	case 2, 3:
		if sc.Act = ""; open {
			sc.Act, sc.Status, sc.Reason = support.ActStaffWrote, ticket.StatusOPEN, ticket.StatusReasonWAITING_FOR_CUSTOMER
		}
	case 4:
		sc.Act, sc.Status = support.ActMoved, ticket.StatusOPEN
		sc.Reason = rapid.SampledFrom([]ticket.StatusReason{ticket.StatusReasonIN_PROGRESS, ticket.StatusReasonWAITING_FOR_CUSTOMER, ticket.StatusReasonREOPENED}).Draw(t, "reason")
	case 5:
		sc.Act, sc.Status, sc.Reason = support.ActMoved, ticket.StatusSNOOZED, ticket.StatusReasonWAITING_FOR_DATE
	case 6:
		sc.Act, sc.Status = support.ActMoved, ticket.StatusCLOSED
		sc.Reason = rapid.SampledFrom([]ticket.StatusReason{ticket.StatusReasonRESOLVED, ticket.StatusReasonCLOSED_BY_CUSTOMER, ticket.StatusReasonSPAM, ticket.StatusReasonDUPLICATE}).Draw(t, "closed as")
	case 7:
		sc.Act, sc.Terms = support.ActPriority, rapid.SampledFrom(levels).Draw(t, "level")
	case 8:
		if sc.Act, sc.Bot = support.ActMoved, !was.Bot; rapid.IntRange(0, 4).Draw(t, "merged") == 0 && open {
			sc.Act, sc.Merged, sc.Status, sc.Reason = support.ActMerged, true, ticket.StatusCLOSED, ticket.StatusReasonDUPLICATE
		}
	default:
		sc.Act = "" // the housework looks
	}
	return sc
}

// The log of a clock is that of a model which is wound minute by minute, over
// random calendars, zones, jumps of the clock on the wall and lives of tickets;
// and its sum is the same by parts.
func TestClockIsTheSlowOne(t *testing.T) { // security L9
	rapid.Check(t, func(t *rapid.T) {
		s := shelf{terms: map[uuid.UUID]Terms{}, calendars: map[uuid.UUID]*Calendar{}, slow: map[uuid.UUID]func(time.Time) bool{}}
		var levels []Terms
		var start time.Time
		for i := range rapid.IntRange(1, 2).Draw(t, "levels") {
			terms := drawTerms(t, fmt.Sprint("level ", i))
			levels = append(levels, terms)
			s.terms[terms.ID] = terms
			if s.slow[terms.ID] = func(time.Time) bool { return true }; rapid.Bool().Draw(t, "has a calendar") {
				fast, slow, at := drawCalendar(t)
				s.calendars[terms.ID], s.slow[terms.ID], start = fast, slow.works, at
			}
		}
		if start.IsZero() {
			start = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
		}
		start = start.Truncate(time.Minute)
		m := &slowClock{shelf: s, terms: levels[0], now: start}
		sc := Scene{Act: support.ActOpened, Status: ticket.StatusOPEN, Reason: ticket.StatusReasonNEW, Terms: levels[0], At: start}
		var log []Event
		state := Fold(nil)
		for range rapid.IntRange(1, 12).Draw(t, "acts") {
			added, after := Judge(state, sc, s)
			log = append(log, added...)
			m.wind(sc.At)
			m.act(sc)
			check(t, log, added, after, sc, s, m)
			state = after
			at := sc.At.Add(time.Duration(rapid.IntRange(0, 1500).Draw(t, "minutes")) * time.Minute)
			sc = drawAct(t, sc, levels)
			sc.At = at
		}
	})
}

func check(t *rapid.T, log, added []Event, after State, sc Scene, s shelf, m *slowClock) {
	if !slices.Equal(told(log), m.said) {
		t.Fatalf("after %+v\nthe clock says\n%s\nthe model\n%s", sc, lines(told(log)), lines(m.said))
	}
	if whole := Fold(log); !reflect.DeepEqual(whole, after) {
		t.Fatalf("the sum of the log is\n%+v, not\n%+v", whole, after)
	}
	if part := Fold(tailOf(log)); !reflect.DeepEqual(part, after) {
		t.Fatalf("the sum of the tail is\n%+v, not\n%+v", part, after)
	}
	if again, _ := Judge(after, sc, s); len(again) > 0 && sc.Act != "" {
		t.Fatalf("done again, it adds %v", told(again))
	}
	once := map[string]bool{}
	for i, e := range log {
		if i > 0 && e.At.Before(log[i-1].At) {
			t.Fatalf("the log goes back in time at %v", told(log)[i])
		}
		key := fmt.Sprint(e.Target, e.Round, e.Kind)
		if once[key] && e.Kind != clockevent.KindACTIVATE && e.Kind != clockevent.KindPAUSE && e.Kind != clockevent.KindRESUME {
			t.Fatalf("twice: %v", told(log)[i])
		}
		if e.Kind == clockevent.KindWARN && once[fmt.Sprint(e.Target, e.Round, clockevent.KindBREACH)] {
			t.Fatalf("warned of what was missed already: %v", told(log)[i])
		}
		once[key] = true
	}
	if at, some := after.Next(s); some && !at.After(sc.At) {
		t.Fatalf("the clock is to be looked at again at %s, which has passed", at)
	}
}

// tailOf is what is read of a log: see the tail of keep.go.
func tailOf(log []Event) (part []Event) {
	late := func(e Event) bool { return e.Kind == clockevent.KindWARN || e.Kind == clockevent.KindBREACH }
	for i, e := range log {
		keep := true
		for _, f := range log[i+1:] {
			if f.Target == e.Target && (!late(e) && !late(f) || late(e) && f.Round > e.Round) {
				keep = false
			}
		}
		if keep {
			part = append(part, e)
		}
	}
	return part
}

func lines(all []string) (out string) {
	for _, s := range all {
		out += s + "\n"
	}
	return out
}
