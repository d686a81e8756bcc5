package clock

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/businesscalendar"
	"kabinet/ent/generated/servicelevel"
	"kabinet/ent/schema"
	"kabinet/internal/fault"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// The bounds of a calendar.
const (
	mostIntervals = 10  // a day
	mostHolidays  = 500 // days that differ
)

// Calendars are the business calendars in force, by name. Staff only. Faults:
// UNAUTHENTICATED, FORBIDDEN.
func (c *Clocks) Calendars(ctx context.Context) ([]*ent.BusinessCalendar, error) {
	if err := staff(ctx, "read"); err != nil {
		return nil, err
	}
	all, err := c.Store.Client.BusinessCalendar.Query().Where(businesscalendar.RetiredAtIsNil()).
		Order(businesscalendar.ByName(), businesscalendar.ByKeyID()).Limit(mostLevels).All(ctx)
	return all, store.Translate(err)
}

// Calendar is the newest version of one, for node. Fault: NOT_FOUND.
func (c *Clocks) Calendar(ctx context.Context, key uuid.UUID) (*ent.BusinessCalendar, error) {
	row, err := c.Store.Client.BusinessCalendar.Query().Where(businesscalendar.KeyID(key)).Order(ent.Desc(businesscalendar.FieldVersion)).First(ctx)
	return row, store.Translate(err)
}

// SaveCalendar writes a business calendar, or a new version of one; stretches
// of clocks that have begun keep the old one. Staff only; it is put on record.
// Faults: INVALID_ID, NOT_FOUND, REQUIRED, TOO_LONG, INVALID_VALUE,
// OUT_OF_RANGE, TOO_MANY_ITEMS, STALE_OBJECT; UNAUTHENTICATED, FORBIDDEN.
func (c *Clocks) SaveCalendar(ctx context.Context, in SaveBusinessCalendarInput) (*ent.BusinessCalendar, error) {
	if err := staff(ctx, "write"); err != nil {
		return nil, err
	}
	w, err := checkCalendar(in)
	if err != nil {
		return nil, err
	}
	var out *ent.BusinessCalendar
	err = c.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		row := tx.BusinessCalendar.Create().SetName(w.name).SetTimeZone(in.TimeZone).SetIntervals(w.week).SetHolidays(w.holidays)
		old, err := replacedCalendar(ctx, tx, in)
		if err != nil {
			return err
		}
		if old != nil {
			row.SetKeyID(old.KeyID).SetVersion(old.Version + 1)
		}
		if out, err = row.Save(ctx); err != nil {
			return err
		}
		return tx.Audit(ctx, "support.save_business_calendar", viewer.House, out.GlobalID(), map[string]any{
			"name": out.Name, "version": out.Version, "timeZone": out.TimeZone, "holidays": len(out.Holidays),
		})
	})
	if store.IsUnique(err) {
		err = fault.ErrStaleObject.At("input", "version").Because(err)
	}
	if err != nil {
		return nil, err
	}
	return out.Unwrap(), nil
}

// replacedCalendar retires the version that a calendar saved takes the place
// of; nil for a new one, for which there is room.
func replacedCalendar(ctx context.Context, tx *store.Tx, in SaveBusinessCalendarInput) (*ent.BusinessCalendar, error) {
	if in.ID == nil {
		if err := tx.Lock(ctx, "companies", "id", viewer.House); err != nil { // or two could both be the last
			return nil, err
		}
		n, err := tx.BusinessCalendar.Query().Where(businesscalendar.RetiredAtIsNil()).Count(ctx)
		if err == nil && n >= mostLevels {
			err = ErrTooManyItems.With("limit", mostLevels).At("input")
		}
		return nil, err
	}
	old, err := calendarInForce(ctx, tx, *in.ID, "input", "id")
	switch {
	case err != nil:
		return nil, err
	case int(old.Version) != *in.Version:
		return nil, fault.ErrStaleObject.At("input", "version").With("version", old.Version)
	}
	return old, tx.BusinessCalendar.UpdateOne(old).SetRetiredAt(tx.Now).Exec(ctx)
}

// DeleteCalendar takes a calendar out of force that no service level in force
// goes by. Staff only; it is put on record. Faults: INVALID_ID, NOT_FOUND,
// CALENDAR_IN_USE; UNAUTHENTICATED, FORBIDDEN.
func (c *Clocks) DeleteCalendar(ctx context.Context, in DeleteBusinessCalendarInput) (*ent.BusinessCalendar, error) {
	if err := staff(ctx, "write"); err != nil {
		return nil, err
	}
	var out *ent.BusinessCalendar
	err := c.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		old, err := calendarInForce(ctx, tx, in.ID, "input", "id")
		if err != nil {
			return err
		}
		users, err := tx.ServiceLevel.Query().Where(servicelevel.RetiredAtIsNil(), servicelevel.CalendarID(old.KeyID)).
			Order(servicelevel.ByPosition(), servicelevel.ByKeyID()).Limit(mostLevels).All(ctx)
		if err != nil {
			return err
		}
		if len(users) > 0 {
			ids := make([]string, len(users))
			for i, l := range users {
				ids[i] = l.GlobalID().String()
			}
			return ErrCalendarInUse.With("serviceLevels", ids).At("input", "id")
		}
		if out, err = tx.BusinessCalendar.UpdateOne(old).SetRetiredAt(tx.Now).Save(ctx); err != nil {
			return err
		}
		return tx.Audit(ctx, "support.delete_business_calendar", viewer.House, out.GlobalID(), map[string]any{"name": out.Name, "version": out.Version})
	})
	if err != nil {
		return nil, err
	}
	return out.Unwrap(), nil
}

// calendar is a checked SaveBusinessCalendarInput.
type calendar struct {
	name     string
	week     []schema.BusinessInterval
	holidays []schema.BusinessHoliday
}

// checkCalendar judges what is said of a calendar by itself.
func checkCalendar(in SaveBusinessCalendarInput) (w calendar, err error) {
	if err := checkSaved(in.ID, in.Version, "cal"); err != nil {
		return w, err
	}
	if w.name, err = checkName(in.Name, "input", "name"); err != nil {
		return w, err
	}
	if len(in.Intervals) == 0 {
		return w, fault.ErrRequired.At("input", "intervals")
	}
	if len(in.Intervals) > 7*mostIntervals {
		return w, fault.ErrTooLong.With("limit", 7*mostIntervals).At("input", "intervals")
	}
	for i, v := range in.Intervals {
		path := []string{"input", "intervals", strconv.Itoa(i)}
		if v.Day < 1 || v.Day > 7 {
			return w, fault.ErrOutOfRange.With("min", 1).With("max", 7).At(append(path, "day")...)
		}
		made, err := checkInterval(v.Day, v.From, v.To, path)
		if err != nil {
			return w, err
		}
		w.week = append(w.week, made)
	}
	if at := overlap(w.week); at >= 0 {
		return w, fault.ErrInvalidValue.At("input", "intervals", strconv.Itoa(at))
	}
	sortIntervals(w.week)
	w.holidays, err = checkHolidays(in.Holidays)
	return w, err
}

// checkInterval wants two times of a day, one after the other.
func checkInterval(day int, from, to string, path []string) (schema.BusinessInterval, error) {
	i := schema.BusinessInterval{Day: day, From: from, To: to}
	a, ok := wallTime(from)
	if !ok || a == secondsOfDay {
		return i, fault.ErrInvalidValue.At(append(path, "from")...)
	}
	if b, ok := wallTime(to); !ok || b <= a {
		return i, fault.ErrInvalidValue.At(append(path, "to")...)
	}
	return i, nil
}

// overlap is the place of an interval that begins within another one of its
// day; -1 where none does. HH:MM sort as they are.
func overlap(all []schema.BusinessInterval) int {
	for i, a := range all {
		for j, b := range all {
			if i != j && a.Day == b.Day && b.From <= a.From && a.From < b.To && (b.From < a.From || j < i) {
				return i
			}
		}
	}
	return -1
}

func sortIntervals(all []schema.BusinessInterval) {
	slices.SortFunc(all, func(a, b schema.BusinessInterval) int {
		return cmp.Or(cmp.Compare(a.Day, b.Day), cmp.Compare(a.From, b.From))
	})
}

func checkHolidays(in []*BusinessHolidayInput) ([]schema.BusinessHoliday, error) {
	if len(in) > mostHolidays {
		return nil, fault.ErrTooLong.With("limit", mostHolidays).At("input", "holidays")
	}
	all, had := []schema.BusinessHoliday{}, map[string]bool{}
	for i, h := range in {
		path := []string{"input", "holidays", strconv.Itoa(i)}
		if _, err := time.Parse(time.DateOnly, h.On); err != nil || had[h.On] {
			return nil, fault.ErrInvalidValue.At(append(path, "on")...)
		}
		had[h.On] = true
		made := schema.BusinessHoliday{On: h.On}
		if h.Name != nil && *h.Name != "" {
			var err error
			if made.Name, err = checkName(*h.Name, append(path, "name")...); err != nil {
				return nil, err
			}
		}
		if len(h.Intervals) > mostIntervals {
			return nil, fault.ErrTooLong.With("limit", mostIntervals).At(append(path, "intervals")...)
		}
		for j, v := range h.Intervals {
			hours, err := checkInterval(0, v.From, v.To, append(path, "intervals", strconv.Itoa(j)))
			if err != nil {
				return nil, err
			}
			made.Intervals = append(made.Intervals, hours)
		}
		if at := overlap(made.Intervals); at >= 0 {
			return nil, fault.ErrInvalidValue.At(append(path, "intervals", strconv.Itoa(at))...)
		}
		sortIntervals(made.Intervals)
		all = append(all, made)
	}
	slices.SortFunc(all, func(a, b schema.BusinessHoliday) int { return cmp.Compare(a.On, b.On) })
	return all, nil
}
