package clock

import (
	entticket "kabinet/ent/generated/ticket"
)

// Status is how a clock stands, all targets with a deadline together: while
// something is owed, the worst of what is; after that, whether all was in time.
// missed: some deadline of the ticket was, in this round or another.
func (s *State) Status(book Book, missed bool) entticket.LevelStatus {
	owed, running, warned, done := false, false, false, false
	for target := range s.Rounds {
		r := &s.Rounds[target]
		if r.Number == 0 || book.Terms(r.Level).Seconds[target] == 0 {
			continue
		}
		switch {
		case r.Active() && r.Breached:
			return entticket.LevelStatusBREACHED
		case r.Active():
			owed = true
			running = running || r.Phase == Running
			warned = warned || r.Warned
		case r.Phase == Fulfilled:
			done = true
		}
	}
	switch {
	case owed && warned:
		return entticket.LevelStatusIMMINENT_BREACH
	case owed && running:
		return entticket.LevelStatusPENDING
	case owed:
		return entticket.LevelStatusPAUSED
	case missed:
		return entticket.LevelStatusBREACHED
	case done:
		return entticket.LevelStatusACHIEVED
	}
	return entticket.LevelStatusCANCELLED
}

// Status is how the last round of a target stands by itself.
func (r *Round) Status() entticket.LevelStatus {
	switch {
	case r.Breached:
		return entticket.LevelStatusBREACHED
	case r.Phase == Fulfilled:
		return entticket.LevelStatusACHIEVED
	case r.Phase == Cancelled:
		return entticket.LevelStatusCANCELLED
	case r.Phase == Paused:
		return entticket.LevelStatusPAUSED
	case r.Warned:
		return entticket.LevelStatusIMMINENT_BREACH
	}
	return entticket.LevelStatusPENDING
}
