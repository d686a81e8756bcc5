package delivery

import (
	"context"
	"strings"
	"time"

	"entgo.io/ent/dialect"

	entdelivery "kabinet/ent/generated/delivery"
	"kabinet/internal/fault"
)

// Statistics counts messages by day, channel and type, the first day first.
//
// Faults: TOO_LONG, OUT_OF_RANGE; UNAUTHENTICATED, FORBIDDEN.
func (d *Deliveries) Statistics(ctx context.Context, from, to *string, channels []entdelivery.Channel, types []string) (all []*DeliveryCount, err error) {
	if err := needStaff(ctx, "read"); err != nil {
		return nil, err
	}
	if len(types) > mostTypes {
		return nil, fault.ErrTooLong.At("types").With("limit", mostTypes)
	}
	first, end, err := d.period(from, to)
	if err != nil {
		return nil, err
	}
	on := `substr(created_at, 1, 10)` // as it is written, in UTC
	if d.Store.Dialect() == dialect.Postgres {
		on = `to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD')`
	}
	count := func(which string) string { return `sum(CASE WHEN ` + which + ` THEN 1 ELSE 0 END)` }
	args := []any{first, end}
	where := `created_at >= ? AND created_at < ?`
	for _, c := range channels {
		args = append(args, string(c))
	}
	if len(channels) > 0 {
		where += ` AND channel IN (?` + strings.Repeat(`, ?`, len(channels)-1) + `)`
	}
	for _, t := range types {
		args = append(args, t)
	}
	if len(types) > 0 {
		where += ` AND type IN (?` + strings.Repeat(`, ?`, len(types)-1) + `)`
	}
	rows, err := d.Store.Query(ctx, `SELECT `+on+`, channel, type, count(*), `+count(`status IN ('SENT', 'DELIVERED')`)+`, `+count(`status = 'DELIVERED'`)+`, `+
		count(`opened_at IS NOT NULL`)+`, `+count(`clicked_at IS NOT NULL`)+`, `+count(`status IN ('HELD', 'QUEUED', 'FAILED')`)+`, `+count(`status = 'DEAD'`)+`, `+count(`status = 'SKIPPED'`)+`
		FROM deliveries WHERE `+where+` GROUP BY 1, 2, 3 ORDER BY 1, 2, 3`, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	all = []*DeliveryCount{}
	for rows.Next() {
		var c DeliveryCount
		if err := rows.Scan(&c.Day, &c.Channel, &c.Type, &c.Total, &c.Sent, &c.Delivered, &c.Opened, &c.Clicked, &c.Waiting, &c.Dead, &c.Skipped); err != nil {
			return nil, err
		}
		all = append(all, &c)
	}
	return all, rows.Err()
}

// period is the beginning of the first day and the end of the last one.
func (d *Deliveries) period(from, to *string) (first, end time.Time, err error) {
	last := d.Store.Now().UTC().Truncate(day)
	if to != nil {
		if last, err = time.Parse(time.DateOnly, *to); err != nil {
			return first, end, fault.ErrInvalidValue.At("to")
		}
	}
	first = last.Add(-6 * day)
	if from != nil {
		if first, err = time.Parse(time.DateOnly, *from); err != nil {
			return first, end, fault.ErrInvalidValue.At("from")
		}
	}
	if days := int(last.Sub(first)/day) + 1; days < 1 || days > mostDays {
		return first, end, fault.ErrOutOfRange.At("to").With("min", 1).With("max", mostDays)
	}
	return first, last.Add(day), nil
}
