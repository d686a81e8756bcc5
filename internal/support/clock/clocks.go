// Package clock owns the time of tickets: what is promised to whom by which
// service level, when the business works, and the log of what became of each
// promise. It alone writes service_levels, business_calendars and
// clock_events, and of tickets level_id, level_status, the *_due_at, due_at,
// clock_at, first_replied_at, *_seconds and *_breaches. It never moves a
// ticket, and nothing of it raises a ticket's revision.
//
// The log is the clock (clock.go): its sum says what is owed, and each entry
// why. judge.go says what an act adds to it, calendar.go what working time is;
// both are functions of their arguments. The columns of tickets are that sum
// for lists and for the housework, which warns and breaks (tick.go). Everything
// happens under the ticket's row lock, so two instances never say the same.
//
// What is kept: a ticket keeps the version of the service level that it got
// when it was opened or given another priority, kind or language; a change of a
// level concerns tickets opened or changed so later. A stretch of the clock is measured by
// the version of the calendar that was in force when it began; a change of a
// calendar concerns stretches that begin later, such as after the next pause.
package clock

import (
	"context"
	"sync"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/clockevent"
	entticket "kabinet/ent/generated/ticket"
	"kabinet/internal/event"
	"kabinet/internal/fault"
	"kabinet/internal/gather"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/support"
	"kabinet/internal/viewer"
)

// Clocks is the service of this room.
type Clocks struct {
	Store *store.Store

	calendars  sync.Map // *Calendar by the id of its version
	conditions sync.Map // *rule.Expr by the id of its level's version
	shown      gather.Loader[uuid.UUID, *standing]
	ofLevels   gather.Loader[uuid.UUID, *ent.BusinessCalendar]
}

// Never is when a ticket is due whose clock does not run.
var Never = support.Never

// builtIn is in force where no service level fits.
var builtIn = Terms{
	Seconds: [3]int64{3600, 0, 0}, Warn: 900,
	Pauses: []string{string(entticket.StatusReasonWAITING_FOR_CUSTOMER), string(entticket.StatusReasonWAITING_FOR_DATE)},
}

// staff refuses who may not do an operation with the settings of support.
func staff(ctx context.Context, operation string) error {
	v := viewer.From(ctx)
	switch {
	case v.IsSystem() || v.Staff && v.Reach("support", operation) == viewer.ReachAll:
		return nil
	case v.SignedIn():
		return fault.ErrForbidden
	}
	return fault.ErrUnauthenticated
}

// onStaffSide says whether the viewer sees a ticket as staff: not his own one.
func onStaffSide(v viewer.Viewer, t *ent.Ticket) bool {
	mine := t.OwnerID == v.UserID || t.OwnerID == v.OwnerID || t.UserID != nil && *t.UserID == v.UserID
	return v.IsSystem() || v.Staff && !mine && v.Reach("ticket", "read") == viewer.ReachAll
}

// Note is support.Tickets.Clock: it says in the transaction of an act, under
// the ticket's lock, what the act does to its clock.
func (c *Clocks) Note(ctx context.Context, tx *store.Tx, m support.Moment) error {
	return c.advance(viewer.AsSystem(ctx, "support.clock"), tx, m.Ticket, m.Act)
}

// advance judges an act (none: time has passed) and keeps what it adds.
func (c *Clocks) advance(ctx context.Context, tx *store.Tx, t *ent.Ticket, act support.Act) error {
	k := &kept{c: c, tx: tx, t: t, state: State{Empty: true}}
	if err := k.read(ctx, act); err != nil {
		return err
	}
	added, after := Judge(k.state, Scene{
		Act: act, At: tx.Now, Status: t.Status, Reason: t.StatusReason, Merged: t.MergedIntoID != nil,
		Bot: t.BotState == entticket.BotStateANSWERING, Answered: k.answered(), Terms: k.terms,
	}, k.book)
	if after.Empty {
		return nil // a ticket from before there were clocks, closed
	}
	if err := k.log(ctx, added); err != nil {
		return err
	}
	for _, e := range added {
		if e.Kind == clockevent.KindWARN || e.Kind == clockevent.KindBREACH {
			tx.Tell(event.TicketOverdue{
				TicketID: t.ID, Number: t.Number, Target: string(targets[e.Target]), Round: e.Round, Warning: e.Kind == clockevent.KindWARN,
				At: e.At, AssigneeID: t.AssigneeID, TeamID: t.TeamID,
			}, store.ToTicket(t.ID, event.ToStaff))
		}
	}
	return k.column(ctx, act, added, after)
}

// kept is a ticket's clock as the database has it.
type kept struct {
	c     *Clocks
	tx    *store.Tx
	t     *ent.Ticket
	state State
	seq   int64
	terms Terms // from now on
	book  *book
}

// read brings the sum of the log and the terms: chosen where the clock starts
// and where the priority, kind or language changed, else the ticket's own.
func (k *kept) read(ctx context.Context, act support.Act) (err error) {
	if k.t.LevelStatus != nil {
		if k.state, k.seq, err = tail(ctx, k.tx.Client, k.t.ID); err != nil {
			return err
		}
	}
	k.book = newBook(k.c, k.tx.Client)
	if k.state.Empty || act == support.ActPriority {
		if k.terms, err = k.c.choose(ctx, k.tx, k.t); err != nil {
			return err
		}
		k.book.put(k.terms)
	}
	begun := k.tx.Now.Truncate(time.Second) // as a stretch that begins now
	levels := []uuid.UUID{}
	if k.t.LevelID != nil {
		levels = append(levels, *k.t.LevelID)
	}
	for i := range k.state.Rounds {
		if r := &k.state.Rounds[i]; r.Active() {
			levels = append(levels, r.Level)
			if r.Phase == Running && r.Since.Before(begun) {
				begun = r.Since
			}
		}
	}
	if err := k.book.load(ctx, levels, begun); err != nil {
		return err
	}
	if !k.state.Empty && act != support.ActPriority {
		k.terms = builtIn
		if k.t.LevelID != nil {
			k.terms = k.book.Terms(*k.t.LevelID)
		}
	}
	return nil
}

// answered says whether staff answered before: a clock that began without a
// first reply began on a ticket that had one.
func (k *kept) answered() bool {
	if k.state.Empty {
		return k.t.FirstRepliedAt != nil || k.t.PublicSeq > 0
	}
	return k.t.FirstRepliedAt != nil || k.state.Rounds[first].Number == 0
}

// log writes events.
func (k *kept) log(ctx context.Context, added []Event) error {
	rows := make([]*ent.ClockEventCreate, len(added))
	for i, e := range added {
		k.seq++
		rows[i] = k.tx.ClockEvent.Create().SetTicketID(k.t.ID).SetOwnerID(k.t.OwnerID).SetSeq(k.seq).SetTarget(targets[e.Target]).SetRound(e.Round).
			SetKind(e.Kind).SetAt(e.At).SetNillableDueAt(e.DueAt).SetSpentSeconds(int(e.Spent)).SetReason(e.Reason).SetLevelID(e.Level)
	}
	if len(rows) == 0 {
		return nil
	}
	return k.tx.ClockEvent.CreateBulk(rows...).Exec(ctx)
}

// column writes what lists show of a clock, where it has changed.
func (k *kept) column(ctx context.Context, act support.Act, added []Event, after State) error {
	t, level := k.t, levelOf(k.terms.ID)
	replied := act == support.ActStaffWrote && t.FirstRepliedAt == nil
	was := shownOf(t)
	for _, e := range added {
		switch {
		case e.Kind == clockevent.KindBREACH && e.Target == first:
			t.FirstReplyBreaches++
		case e.Kind == clockevent.KindBREACH && e.Target == next:
			t.NextReplyBreaches++
		case e.Kind == clockevent.KindBREACH:
			t.ResolveBreaches++
		case e.Kind == clockevent.KindFULFIL && e.Target == first:
			n := int(e.Spent)
			t.FirstReplySeconds = &n
		case e.Kind == clockevent.KindFULFIL && e.Target == resolution:
			n := int(e.Spent)
			t.ResolveSeconds = &n
		}
	}
	if replied {
		now := k.tx.Now
		t.FirstRepliedAt = &now
	}
	k.show(level, after)
	if len(added) == 0 && !replied && was == shownOf(t) {
		return nil
	}
	u := k.tx.Ticket.UpdateOneID(t.ID).SetLevelStatus(*t.LevelStatus).SetDueAt(t.DueAt).
		SetNillableFirstRepliedAt(t.FirstRepliedAt).SetNillableFirstReplySeconds(t.FirstReplySeconds).SetNillableResolveSeconds(t.ResolveSeconds).
		SetFirstReplyBreaches(t.FirstReplyBreaches).SetNextReplyBreaches(t.NextReplyBreaches).SetResolveBreaches(t.ResolveBreaches)
	store.SetOr(t.LevelID, u.SetLevelID, u.ClearLevelID)
	store.SetOr(t.FirstReplyDueAt, u.SetFirstReplyDueAt, u.ClearFirstReplyDueAt)
	store.SetOr(t.NextReplyDueAt, u.SetNextReplyDueAt, u.ClearNextReplyDueAt)
	store.SetOr(t.ResolveDueAt, u.SetResolveDueAt, u.ClearResolveDueAt)
	store.SetOr(t.ClockAt, u.SetClockAt, u.ClearClockAt)
	return u.Exec(ctx)
}

// show brings the columns of the ticket in hand up to a state.
func (k *kept) show(level *uuid.UUID, s State) {
	t := k.t
	status := s.Status(k.book, t.FirstReplyBreaches+t.NextReplyBreaches+t.ResolveBreaches > 0)
	t.LevelID, t.LevelStatus, t.DueAt, t.ClockAt = level, &status, Never, nil
	for i, due := range []**time.Time{&t.FirstReplyDueAt, &t.NextReplyDueAt, &t.ResolveDueAt} {
		r := &s.Rounds[i]
		if *due = nil; r.Phase != Running || r.DueAt == nil {
			continue
		}
		if *due = r.DueAt; r.DueAt.Before(t.DueAt) {
			t.DueAt = *r.DueAt
		}
	}
	if at, some := s.Next(k.book); some {
		t.ClockAt = &at
	}
}

// columns are what lists show of a clock, to be compared.
type columns struct {
	level                         uuid.UUID
	status                        entticket.LevelStatus
	first, next, resolve, due, at int64
}

func shownOf(t *ent.Ticket) columns {
	unix := func(at *time.Time) int64 {
		if at == nil {
			return 0
		}
		return at.Unix()
	}
	c := columns{first: unix(t.FirstReplyDueAt), next: unix(t.NextReplyDueAt), resolve: unix(t.ResolveDueAt), due: t.DueAt.Unix(), at: unix(t.ClockAt)}
	if t.LevelID != nil {
		c.level = *t.LevelID
	}
	if t.LevelStatus != nil {
		c.status = *t.LevelStatus
	}
	return c
}

// idOf is the id at the edge of a service level or calendar.
func idOf(prefix string, key uuid.UUID) scalar.ID { return scalar.ID{Prefix: prefix, UUID: key} }
