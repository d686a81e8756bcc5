package earning

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/google/uuid"

	"kabinet/ent/generated/earningrule"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// lateBirthdays is for how many days a birthday is still given that the clock
// passed over.
const lateBirthdays = 3

// birthday is the day of a person's birthday, in his time zone, that is today
// or was at most lateBirthdays ago. Who was born on 29 February has it on 1
// March in years without one.
func birthday(birthOn, zone string, now time.Time) (on time.Time, ok bool) {
	born, err := time.Parse(time.DateOnly, birthOn)
	if err != nil {
		return time.Time{}, false
	}
	at := zoneOf(zone)
	y, m, d := now.In(at).Date()
	today := time.Date(y, m, d, 0, 0, 0, 0, at)
	for _, year := range []int{y, y - 1} { // of who was born at the end of a year, in the first days of the next
		on = time.Date(year, born.Month(), born.Day(), 0, 0, 0, 0, at)
		if !on.After(today) && today.Sub(on) <= lateBirthdays*day && year > born.Year() {
			return on, true
		}
	}
	return time.Time{}, false
}

// BirthdaysDue gives the points of birthdays to up to limit people, each in a
// transaction of his own; many instances may work at once, and it goes on where
// it was cut off: a birthday's year gives once. It says how many it gave.
// It is called by the clock.
func (p *Earnings) BirthdaysDue(ctx context.Context, limit int) (int, error) {
	ctx = viewer.AsSystem(ctx, "bonus.acts")
	rules, err := p.birthdayRules(ctx)
	if err != nil || len(rules) == 0 {
		return 0, err
	}
	var done int
	var failed []error
	last := uuid.Nil
	for done < limit {
		born, err := p.bornAround(ctx, rules, last, limit)
		if err != nil || len(born) == 0 {
			return done, errors.Join(append(failed, err)...)
		}
		for _, b := range born {
			last = b.id
			gave, err := p.giveBirthday(ctx, b)
			switch {
			case ctx.Err() != nil:
				return done, ctx.Err()
			case err != nil:
				failed = append(failed, fmt.Errorf("birthday of %s: %w", b.id, err))
			case gave:
				done++
			}
		}
	}
	return done, errors.Join(failed...)
}

// birthdayRules are the keys of the rules of birthdays in force.
func (p *Earnings) birthdayRules(ctx context.Context) (ids []any, err error) {
	h, err := p.rules.rows(ctx, p.Store.Client, p.Store.Now())
	if err != nil {
		return nil, err
	}
	for program := range h.inForce {
		for _, r := range h.rulesOf(program, earningrule.TriggerDATE, ActBirthday) {
			ids = append(ids, r.KeyID)
		}
	}
	return ids, nil
}

type bornOn struct {
	id          uuid.UUID
	birth, zone string
}

// bornAround reads, by ascending id, people whose birthday is about now
// somewhere on earth and to whom not every rule gave lately.
func (p *Earnings) bornAround(ctx context.Context, rules []any, last uuid.UUID, limit int) (born []bornOn, err error) {
	now := p.Store.Now()
	args := []any{last}
	for d := -lateBirthdays - 1; d <= 1; d++ {
		on := now.AddDate(0, 0, d)
		args = append(args, on.Format("01-02"))
		if on.Month() == time.March && on.Day() == 1 {
			args = append(args, "02-29")
		}
	}
	days := len(args) - 1
	args = append(append(args, now.Add(-betweenDates)), rules...)
	rows, err := p.Store.Query(ctx, `SELECT u.id, u.birth_on, u.time_zone FROM users u WHERE u.id > ? AND u.status = 'ACTIVE'
		AND substr(u.birth_on, 6, 5) IN (`+marks(days)+`) AND (SELECT count(DISTINCT e.rule_id) FROM earning_uses e
			WHERE e.owner_id = u.id AND e.occurred_at > ? AND e.rule_id IN (`+marks(len(rules))+`)) < ? ORDER BY u.id LIMIT ?`,
		append(args, len(rules), limit)...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var b bornOn
		if err := rows.Scan(&b.id, &b.birth, &b.zone); err != nil {
			return nil, err
		}
		born = append(born, b)
	}
	return born, store.Translate(rows.Err())
}

func (p *Earnings) giveBirthday(ctx context.Context, b bornOn) (gave bool, err error) {
	on, ok := birthday(b.birth, b.zone, p.Store.Now())
	if !ok {
		return false, nil
	}
	err = p.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		entries, err := p.EarnForAct(ctx, tx, Act{Handle: ActBirthday, Owner: b.id, Key: strconv.Itoa(on.Year()), At: on.UTC()})
		gave = len(entries) > 0
		return err
	})
	return gave, err
}
