package clock

import (
	"context"
	"slices"
	"time"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/businesscalendar"
	"kabinet/ent/generated/clockevent"
	"kabinet/ent/generated/servicelevel"
)

// book holds the versions of levels and calendars that a clock needs.
type book struct {
	c         *Clocks
	client    *ent.Client
	terms     map[uuid.UUID]Terms
	calendars map[uuid.UUID][]version // by key, the oldest first
}

// version is a calendar as it was in force from a moment on.
type version struct {
	from     time.Time
	calendar *Calendar
}

func newBook(c *Clocks, client *ent.Client) *book {
	return &book{c: c, client: client, terms: map[uuid.UUID]Terms{}, calendars: map[uuid.UUID][]version{}}
}

func (b *book) put(t Terms) { b.terms[t.ID] = t }

// Terms implements Book.
func (b *book) Terms(id uuid.UUID) Terms {
	if t, known := b.terms[id]; known {
		return t
	}
	return builtIn
}

// Calendar implements Book: the version in force when the stretch began. One
// that was deleted goes on for the clocks that have it.
func (b *book) Calendar(t Terms, begins time.Time) *Calendar {
	if t.CalendarKey == nil {
		return nil
	}
	var c *Calendar
	for i, v := range b.calendars[*t.CalendarKey] {
		if i == 0 || !v.from.After(begins) {
			c = v.calendar
		}
	}
	return c
}

func termsOf(l *ent.ServiceLevel) Terms {
	t := Terms{ID: l.ID, Name: l.Name, Seconds: [3]int64{first: int64(l.FirstReplySeconds)}, Warn: int64(l.WarnSeconds), Pauses: l.Pauses, CalendarKey: l.CalendarID}
	if l.NextReplySeconds != nil {
		t.Seconds[next] = int64(*l.NextReplySeconds)
	}
	if l.ResolveSeconds != nil {
		t.Seconds[resolution] = int64(*l.ResolveSeconds)
	}
	return t
}

// load brings levels by the ids of their versions, and the calendars of all
// levels in the book as they were in force from a moment on.
func (b *book) load(ctx context.Context, levels []uuid.UUID, since time.Time) error {
	levels = slices.DeleteFunc(levels, func(id uuid.UUID) bool { _, known := b.terms[id]; return known || id == uuid.Nil })
	if len(levels) > 0 {
		rows, err := b.client.ServiceLevel.Query().Where(servicelevel.IDIn(levels...)).All(ctx)
		if err != nil {
			return err
		}
		for _, l := range rows {
			b.put(termsOf(l))
		}
	}
	var keys []any
	for _, t := range b.terms {
		if t.CalendarKey != nil {
			keys = append(keys, *t.CalendarKey)
		}
	}
	if len(keys) == 0 {
		return nil
	}
	rows, err := b.client.BusinessCalendar.Query().Where(func(s *sql.Selector) {
		last := sql.Table(businesscalendar.Table).As("last")
		newest := sql.Select(sql.Max(last.C(businesscalendar.FieldVersion))).From(last).
			Where(sql.ColumnsEQ(last.C(businesscalendar.FieldKeyID), s.C(businesscalendar.FieldKeyID)))
		s.Where(sql.And(sql.In(s.C(businesscalendar.FieldKeyID), keys...), sql.Or(
			sql.GT(s.C(businesscalendar.FieldRetiredAt), since), sql.EQ(s.C(businesscalendar.FieldVersion), newest))))
	}).Order(businesscalendar.ByVersion()).All(ctx)
	if err != nil {
		return err
	}
	for _, r := range rows {
		c, err := b.c.calendar(r)
		if err != nil {
			return err
		}
		b.calendars[r.KeyID] = append(b.calendars[r.KeyID], version{r.CreatedAt, c})
	}
	return nil
}

// calendar reads a version once: it never changes.
func (c *Clocks) calendar(row *ent.BusinessCalendar) (*Calendar, error) {
	if held, ok := c.calendars.Load(row.ID); ok {
		return held.(*Calendar), nil
	}
	made, err := NewCalendar(row.TimeZone, row.Intervals, row.Holidays)
	if err == nil {
		c.calendars.Store(row.ID, made)
	}
	return made, err
}

// tail reads what of a ticket's log its sum needs, however long it is: of each
// target the last event that starts, stops or ends it, and what its last round
// was warned of and missed.
func tail(ctx context.Context, client *ent.Client, ticket uuid.UUID) (State, int64, error) {
	states, seqs, err := tails(ctx, client, []uuid.UUID{ticket})
	s, there := states[ticket]
	if !there {
		s = State{Empty: true}
	}
	return s, seqs[ticket], err
}

// tails is tail of several tickets in one statement.
func tails(ctx context.Context, client *ent.Client, tickets []uuid.UUID) (map[uuid.UUID]State, map[uuid.UUID]int64, error) {
	rows, err := client.ClockEvent.Query().Where(clockevent.TicketIDIn(tickets...), func(s *sql.Selector) {
		s.Where(sql.Or(
			sql.And(sql.ExprP("clock_events.kind NOT IN ('WARN','BREACH')"),
				sql.ExprP("clock_events.seq = (SELECT max(x.seq) FROM clock_events x WHERE x.ticket_id = clock_events.ticket_id AND x.target = clock_events.target AND x.kind NOT IN ('WARN','BREACH'))")),
			sql.And(sql.ExprP("clock_events.kind IN ('WARN','BREACH')"),
				sql.ExprP("clock_events.round = (SELECT max(x.round) FROM clock_events x WHERE x.ticket_id = clock_events.ticket_id AND x.target = clock_events.target)")),
		))
	}).Order(clockevent.ByTicketID(), clockevent.BySeq()).All(ctx)
	if err != nil {
		return nil, nil, err
	}
	states, seqs := map[uuid.UUID]State{}, map[uuid.UUID]int64{}
	logs := map[uuid.UUID][]Event{}
	for _, r := range rows {
		logs[r.TicketID] = append(logs[r.TicketID], eventOf(r))
		seqs[r.TicketID] = max(seqs[r.TicketID], r.Seq)
	}
	for id, log := range logs {
		states[id] = Fold(log)
	}
	return states, seqs, nil
}

func eventOf(r *ent.ClockEvent) Event {
	return Event{
		Target: slices.Index(targets[:], r.Target), Round: r.Round, Kind: r.Kind, At: r.At.UTC(), DueAt: utc(r.DueAt),
		Spent: int64(r.SpentSeconds), Reason: r.Reason, Level: r.LevelID,
	}
}

func utc(t *time.Time) *time.Time {
	if t == nil {
		return nil
	}
	at := t.UTC()
	return &at
}
