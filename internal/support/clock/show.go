package clock

import (
	"context"
	"time"

	"entgo.io/contrib/entgql"
	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/businesscalendar"
	"kabinet/ent/generated/clockevent"
	"kabinet/ent/generated/servicelevel"
	entticket "kabinet/ent/generated/ticket"
	"kabinet/internal/fault"
	"kabinet/internal/locale"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// Of shows how the promises of a ticket stand: to staff, nil to the customer's
// side and where the clock has never run. The clocks of a list are read
// together. It needs the ticket's owner, user, level_id and level_status.
func (c *Clocks) Of(ctx context.Context, t *ent.Ticket) (*TicketServiceLevel, error) {
	if t.LevelStatus == nil || !onStaffSide(viewer.From(ctx), t) {
		return nil, nil
	}
	s, err := c.shown.Load(ctx, t.ID, c.standings)
	if err != nil || s == nil {
		return nil, store.Translate(err)
	}
	// What fell due since the housework looked last is late already.
	now := c.Store.Now().Truncate(time.Second)
	late, state := Judge(s.state, Scene{At: now}, s.book)
	v := &TicketServiceLevel{Name: locale.Text(viewer.From(ctx).Locale, "clock.level", nil), Status: *t.LevelStatus, Targets: []*TicketServiceTarget{}}
	if len(late) > 0 {
		v.Status = state.Status(s.book, true)
	}
	if t.LevelID != nil {
		if key, known := s.keys[*t.LevelID]; known {
			id := idOf("sla", key)
			v.LevelID, v.Name = &id, s.book.Terms(*t.LevelID).Name
		}
	}
	for i := range state.Rounds {
		r := &state.Rounds[i]
		if r.Number == 0 {
			continue
		}
		target := &TicketServiceTarget{Target: targets[i], Round: r.Number, Status: r.Status(), SpentSeconds: int(r.spent(s.book, now)), DueAt: r.DueAt}
		if n := int(s.book.Terms(r.Level).Seconds[i]); n > 0 {
			target.Seconds = &n
		}
		v.Targets = append(v.Targets, target)
	}
	return v, nil
}

// standings reads the clocks of tickets in three statements. What a level is
// called is asked of the settings, which an agent may not read.
func (c *Clocks) standings(ctx context.Context, tickets []uuid.UUID) (map[uuid.UUID]*standing, error) {
	ctx = viewer.AsSystem(ctx, "support.clock")
	states, _, err := tails(ctx, c.Store.Client, tickets)
	if err != nil {
		return nil, err
	}
	b := newBook(c, c.Store.Client)
	since, levels := c.Store.Now(), map[uuid.UUID]bool{}
	for _, s := range states {
		for i := range s.Rounds {
			if r := &s.Rounds[i]; r.Number > 0 {
				levels[r.Level] = true
				if r.Phase == Running && r.Since.Before(since) {
					since = r.Since
				}
			}
		}
	}
	// The level of a ticket that was reprioritised when nothing ran any more
	// is in no event of it.
	own, err := c.Store.Client.Ticket.Query().Where(entticket.IDIn(tickets...), entticket.LevelIDNotNil()).Select(entticket.FieldLevelID).All(ctx)
	if err != nil {
		return nil, err
	}
	for _, t := range own {
		levels[*t.LevelID] = true
	}
	ids := make([]uuid.UUID, 0, len(levels))
	for id := range levels {
		ids = append(ids, id)
	}
	keys, err := keysOf(ctx, c.Store.Client, ids, b)
	if err != nil {
		return nil, err
	}
	if err := b.load(ctx, nil, since); err != nil {
		return nil, err
	}
	all := map[uuid.UUID]*standing{}
	for id, s := range states {
		all[id] = &standing{state: s, book: b, keys: keys}
	}
	return all, nil
}

// keysOf puts versions of levels into a book and tells the ids at the edge.
func keysOf(ctx context.Context, client *ent.Client, ids []uuid.UUID, b *book) (map[uuid.UUID]uuid.UUID, error) {
	rows, err := client.ServiceLevel.Query().Where(servicelevel.IDIn(ids...)).All(ctx)
	keys := map[uuid.UUID]uuid.UUID{}
	for _, l := range rows {
		keys[l.ID] = l.KeyID
		b.put(termsOf(l))
	}
	return keys, err
}

// ReplyDueAt is the promise of an answer that a customer may read: when staff
// mean to have answered at the latest; nil where nobody waits. A promise that
// was broken stays, in the past.
func ReplyDueAt(t *ent.Ticket) *time.Time {
	if t.FirstReplyDueAt != nil {
		return t.FirstReplyDueAt
	}
	return t.NextReplyDueAt
}

// Events is the log of a ticket's clock, oldest first; for staff, not of their
// own tickets. Faults: INVALID_ID, NOT_FOUND, INVALID_CURSOR.
func (c *Clocks) Events(ctx context.Context, id scalar.ID, p Page) (*ent.ClockEventConnection, error) {
	key, err := id.As("tkt")
	if err != nil {
		return nil, fault.ErrInvalidID.At("ticketId")
	}
	t, err := c.Store.Client.Ticket.Query().Where(entticket.ID(key)).Select(entticket.FieldOwnerID, entticket.FieldUserID).Only(ctx)
	if err != nil {
		return nil, store.Translate(err)
	}
	if !onStaffSide(viewer.From(ctx), t) {
		return nil, fault.ErrNotFound.At("ticketId")
	}
	all, err := c.Store.Client.ClockEvent.Query().Where(clockevent.TicketID(key)).
		Paginate(ctx, p.After, p.First, p.Before, p.Last, ent.WithClockEventOrder(&ent.ClockEventOrder{Direction: entgql.OrderDirectionAsc, Field: ent.ClockEventOrderFieldSeq}))
	return all, store.Translate(err)
}

// LevelCalendar is the calendar of a level as it is in force now, or was last;
// nil where the level is for day and night.
func (c *Clocks) LevelCalendar(ctx context.Context, l *ent.ServiceLevel) (*ent.BusinessCalendar, error) {
	if l.CalendarID == nil {
		return nil, nil
	}
	return c.ofLevels.Load(ctx, *l.CalendarID, func(ctx context.Context, keys []uuid.UUID) (map[uuid.UUID]*ent.BusinessCalendar, error) {
		rows, err := c.Store.Client.BusinessCalendar.Query().Where(businesscalendar.KeyIDIn(keys...), businesscalendar.RetiredAtIsNil()).All(ctx)
		all := map[uuid.UUID]*ent.BusinessCalendar{}
		for _, r := range rows {
			all[r.KeyID] = r
		}
		return all, store.Translate(err)
	})
}

// Pauses are the reasons in which a level's clock stands.
func Pauses(l *ent.ServiceLevel) []entticket.StatusReason {
	all := make([]entticket.StatusReason, len(l.Pauses))
	for i, p := range l.Pauses {
		all[i] = entticket.StatusReason(p)
	}
	return all
}
