package clock

import (
	"slices"
	"time"

	"github.com/google/uuid"

	"kabinet/ent/generated/clockevent"
)

// The three targets, in the order in which they are told.
const (
	first      = 0
	next       = 1
	resolution = 2
)

var targets = [3]clockevent.Target{clockevent.TargetFIRST_REPLY, clockevent.TargetNEXT_REPLY, clockevent.TargetRESOLUTION}

// Terms are a version of a service level.
type Terms struct {
	ID          uuid.UUID // of the version; uuid.Nil is the one that is built in
	Name        string
	Seconds     [3]int64 // of working time, by target; 0: no deadline
	Warn        int64    // seconds before a deadline; 0: no warning
	Pauses      []string // reasons of a ticket's state in which the clock stands
	CalendarKey *uuid.UUID
}

// warns is how much working time is used when a target is warned of; false
// where the target is not longer than the warning.
func (t Terms) warns(target int) (int64, bool) {
	return t.Seconds[target] - t.Warn, t.Warn > 0 && t.Warn < t.Seconds[target]
}

// Book is where the clock looks terms and calendars up.
type Book interface {
	// Terms is a version of a service level.
	Terms(id uuid.UUID) Terms
	// Calendar is the one of terms by which a stretch is measured that begins
	// at an instant: its version in force then.
	Calendar(t Terms, begins time.Time) *Calendar
}

// Event is one entry of the log. All instants are whole seconds.
type Event struct {
	Target int
	Round  int
	Kind   clockevent.Kind
	At     time.Time
	DueAt  *time.Time
	Spent  int64 // seconds of working time used until At
	Reason string
	Level  uuid.UUID // the version of the terms
}

// Phase is where a round of a target stands.
type Phase int

// The phases.
const (
	None      Phase = iota // never started
	Running                // a deadline comes nearer
	Paused                 // the clock stands
	Fulfilled              // done
	Cancelled              // done without: nothing is owed any more
)

// Round is how the last round of a target stands.
type Round struct {
	Number   int
	Phase    Phase
	Since    time.Time // of RUNNING: when the stretch began
	Spent    int64     // until Since, or until it stopped
	DueAt    *time.Time
	Warned   bool
	Breached bool
	Level    uuid.UUID
}

// Active reports whether something is still owed.
func (r *Round) Active() bool { return r.Phase == Running || r.Phase == Paused }

// State is the sum of a log.
type State struct {
	Rounds [3]Round
	Last   time.Time // of the last event
	Empty  bool      // there is no event
}

// Fold sums a log up, in its order. Of a target whose events are told from some
// point on, the last one that starts, stops or ends it is enough, with the
// WARN and the BREACH of its round.
func Fold(log []Event) State {
	s := State{Empty: true}
	for _, e := range log {
		s.apply(e)
	}
	return s
}

func (s *State) apply(e Event) {
	r := &s.Rounds[e.Target]
	if r.Number != e.Round {
		*r = Round{Number: e.Round}
	}
	s.Empty = false
	if e.At.After(s.Last) {
		s.Last = e.At
	}
	r.Level = e.Level
	switch e.Kind {
	case clockevent.KindWARN:
		r.Warned = true
		return
	case clockevent.KindBREACH:
		r.Breached = true
		return
	}
	r.Since, r.Spent, r.DueAt = time.Time{}, e.Spent, e.DueAt
	switch e.Kind {
	case clockevent.KindACTIVATE, clockevent.KindRESUME:
		r.Phase, r.Since = Running, e.At
	case clockevent.KindPAUSE:
		r.Phase = Paused
	case clockevent.KindFULFIL:
		r.Phase = Fulfilled
	case clockevent.KindCANCEL:
		r.Phase = Cancelled
	}
}

// spent is the working time that a round has used at an instant.
func (r *Round) spent(book Book, at time.Time) int64 {
	if r.Phase != Running || !at.After(r.Since) {
		return r.Spent
	}
	return r.Spent + book.Calendar(book.Terms(r.Level), r.Since).Working(r.Since, at)
}

// warnAt is when a running round is warned of; false where it is not.
func (r *Round) warnAt(target int, book Book) (time.Time, bool) {
	t := book.Terms(r.Level)
	after, warns := t.warns(target)
	if r.Phase != Running || r.Warned || r.Breached || r.DueAt == nil || !warns {
		return time.Time{}, false
	}
	return book.Calendar(t, r.Since).Due(r.Since, after-r.Spent)
}

// breachAt is when a running round is missed; false where it is not.
func (r *Round) breachAt() (time.Time, bool) {
	if r.Phase != Running || r.Breached || r.DueAt == nil {
		return time.Time{}, false
	}
	return *r.DueAt, true
}

// Next is when the clock has something to say by itself; false: not before
// somebody acts.
func (s *State) Next(book Book) (at time.Time, some bool) {
	for target := range s.Rounds {
		r := &s.Rounds[target]
		for _, when := range []func() (time.Time, bool){func() (time.Time, bool) { return r.warnAt(target, book) }, r.breachAt} {
			if t, ok := when(); ok && (!some || t.Before(at)) {
				at, some = t, true
			}
		}
	}
	return at, some
}

// work adds events to a state.
type work struct {
	State
	book  Book
	at    time.Time
	added []Event
}

func (w *work) add(e Event) {
	w.added = append(w.added, e)
	w.apply(e)
}

// tick says what fell due until now, in the order in which it did: of two at
// once first the warning, then the target that comes first. A target is missed
// at the instant at which its time is used up: an answer must come before.
func (w *work) tick() {
	type due struct {
		at     time.Time
		target int
		kind   clockevent.Kind
	}
	var all []due
	for target := range w.Rounds {
		r := &w.Rounds[target]
		if at, ok := r.warnAt(target, w.book); ok && !at.After(w.at) {
			all = append(all, due{at, target, clockevent.KindWARN})
		}
		if at, ok := r.breachAt(); ok && !at.After(w.at) {
			all = append(all, due{at, target, clockevent.KindBREACH})
		}
	}
	slices.SortStableFunc(all, func(a, b due) int { return a.at.Compare(b.at) })
	for _, d := range all {
		r := &w.Rounds[d.target]
		w.add(Event{Target: d.target, Round: r.Number, Kind: d.kind, At: d.at, Spent: r.spent(w.book, d.at), Level: r.Level})
	}
}

// run starts a target's stretch: a new round, one that goes on, or one that
// goes on under other terms.
func (w *work) run(kind clockevent.Kind, target, round int, spent int64, t Terms, reason string) {
	e := Event{Target: target, Round: round, Kind: kind, At: w.at, Spent: spent, Reason: reason, Level: t.ID}
	if s := t.Seconds[target]; s > 0 {
		if due, ok := w.book.Calendar(t, w.at).Due(w.at, s-spent); ok {
			e.DueAt = &due
		}
	}
	w.add(e)
}

// start begins a new round of a target, unless one runs.
func (w *work) start(target int, t Terms, reason string) {
	if r := &w.Rounds[target]; !r.Active() {
		w.run(clockevent.KindACTIVATE, target, r.Number+1, 0, t, reason)
	}
}

// stop ends or interrupts a target's round, where something is owed.
func (w *work) stop(kind clockevent.Kind, target int, reason string) {
	if r := &w.Rounds[target]; r.Active() {
		w.add(Event{Target: target, Round: r.Number, Kind: kind, At: w.at, Spent: r.spent(w.book, w.at), Reason: reason, Level: r.Level})
	}
}
