package clock

import (
	"slices"
	"time"

	"github.com/google/uuid"

	"kabinet/ent/generated/clockevent"
	"kabinet/ent/generated/ticket"
	"kabinet/internal/support"
)

// Scene is an act and what the ticket looks like after it.
type Scene struct {
	Act      support.Act // empty: time alone has passed
	At       time.Time
	Status   ticket.Status
	Reason   ticket.StatusReason
	Merged   bool  // into another ticket
	Bot      bool  // the bot is answering: no person is waited for yet
	Answered bool  // staff have answered before this act
	Terms    Terms // by which it runs from now on
}

// reasons of the clock's own, beside those of a ticket's state.
const (
	reasonOpened = "OPENED" // the ticket was opened
	reasonReply  = "REPLY"  // staff answered
	reasonLevel  = "LEVEL"  // another service level is in force
	reasonBot    = "BOT"    // the bot is answering
	reasonMerged = "MERGED" // the ticket went into another
)

// Judge says what an act adds to a clock. It is a function of its arguments:
// done again with what it added, it adds nothing. Rules:
//
//   - What fell due before the act is told first, so that the log is the same
//     whether the housework or the act came first.
//   - FIRST_REPLY runs from the opening until staff answer. Closing the ticket
//     before cancels it; opening it again starts another round.
//   - NEXT_REPLY has a round for each turn of the customer after the first
//     answer: it runs from his first message that waits until staff answer.
//   - RESOLUTION has a round for the opening and for each reopening. It is
//     counted even where the level sets it no deadline.
//   - All stand while the reason of the ticket's state is one of the level's
//     pauses, or the bot is answering.
//   - Under another level the rounds that run go on with the time they have
//     used; a target without time in it is cancelled. What was missed stays so.
func Judge(s State, sc Scene, book Book) (added []Event, after State) {
	w := &work{State: s, book: book, at: sc.At.Truncate(time.Second).UTC()}
	if w.at.Before(s.Last) { // a clock of another machine is ahead
		w.at = s.Last
	}
	w.tick()
	if sc.Act == "" && !s.Empty {
		return w.added, w.State
	}
	w.relevel(sc.Terms)
	w.owe(sc)
	w.hold(sc)
	w.tick()
	return w.added, w.State
}

// relevel brings what is owed under other terms.
func (w *work) relevel(t Terms) {
	for target := range w.Rounds {
		switch r := &w.Rounds[target]; {
		case !r.Active() || r.Level == t.ID:
		case t.Seconds[target] == 0 && target != resolution:
			w.stop(clockevent.KindCANCEL, target, reasonLevel)
		default:
			w.run(clockevent.KindACTIVATE, target, r.Number, r.spent(w.book, w.at), t, reasonLevel)
		}
	}
}

// owe starts and ends what is owed.
func (w *work) owe(sc Scene) {
	if sc.Act == support.ActStaffWrote {
		w.stop(clockevent.KindFULFIL, first, reasonReply)
		w.stop(clockevent.KindFULFIL, next, reasonReply)
	}
	switch {
	case sc.Merged:
		w.end(clockevent.KindCANCEL, reasonMerged)
	case sc.Status == ticket.StatusCLOSED && (sc.Reason == ticket.StatusReasonDUPLICATE || sc.Reason == ticket.StatusReasonSPAM):
		w.end(clockevent.KindCANCEL, string(sc.Reason))
	case sc.Status == ticket.StatusCLOSED:
		w.end(clockevent.KindFULFIL, string(sc.Reason))
	default:
		w.begin(sc)
	}
}

// end ends all; no answer is owed to a closed ticket.
func (w *work) end(kind clockevent.Kind, reason string) {
	w.stop(clockevent.KindCANCEL, first, reason)
	w.stop(clockevent.KindCANCEL, next, reason)
	w.stop(kind, resolution, reason)
}

// begin starts what an open ticket is owed and has not.
func (w *work) begin(sc Scene) {
	why := reasonOpened
	if sc.Act != support.ActOpened {
		why = string(sc.Reason)
	}
	answered := sc.Answered || sc.Act == support.ActStaffWrote
	switch f := &w.Rounds[first]; {
	case !answered && f.Phase != Fulfilled:
		w.start(first, sc.Terms, why)
	case answered && sc.Act == support.ActCustomerWrote && sc.Terms.Seconds[next] > 0:
		w.start(next, sc.Terms, why)
	}
	w.start(resolution, sc.Terms, why)
}

// hold stops what runs while the ticket waits, and lets it go on after.
func (w *work) hold(sc Scene) {
	why, waits := string(sc.Reason), slices.Contains(sc.Terms.Pauses, string(sc.Reason))
	if sc.Bot {
		why, waits = reasonBot, true
	}
	for target := range w.Rounds {
		switch r := &w.Rounds[target]; {
		case r.Phase == Running && waits:
			w.stop(clockevent.KindPAUSE, target, why)
		case r.Phase == Paused && !waits:
			w.run(clockevent.KindRESUME, target, r.Number, r.Spent, w.book.Terms(r.Level), why)
		}
	}
}

// levelOf is a version's id as a ticket keeps it: none for the one built in.
func levelOf(id uuid.UUID) *uuid.UUID {
	if id == uuid.Nil {
		return nil
	}
	return &id
}
