package notify

import (
	"context"
	"strings"

	"github.com/google/uuid"

	entuser "kabinet/ent/generated/user"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// MostAtOnce is how many notifications GiveMany makes at most: on PostgreSQL a
// statement has 65,535 values, on SQLite half of that.
const MostAtOnce = 1_000

// GiveMany is Give for many, each for another person, in a number of statements
// that does not grow with theirs, but for those by which SQLite tells. made are
// those that were not there yet. It locks the people by ascending id, last in
// the order of locks. Faults: the database's.
func (i *Inbox) GiveMany(ctx context.Context, tx *store.Tx, all []Given) (made int, err error) {
	if len(all) == 0 {
		return 0, nil
	}
	ctx = viewer.AsSystem(ctx, "notify.give")
	people, err := lockPeople(ctx, tx, all)
	if err != nil {
		return 0, err
	}
	rows, values := map[uuid.UUID]row{}, []any{}
	for _, g := range all {
		p := people[g.UserID]
		if p == nil {
			continue
		}
		if off, err := i.off(ctx, tx, g.Type); err != nil {
			return 0, err
		} else if off {
			continue
		}
		if g.Say != nil {
			g.Title, g.Body, g.Params = g.Say(p.lang, p.zone)
		}
		r, err := i.row(ctx, tx, p, g)
		if err != nil {
			return 0, err
		}
		rows[r.id], values = r, append(values, r.values...)
	}
	if len(rows) == 0 {
		return 0, nil
	}
	there, err := tx.Query(ctx, insertRow+rowMarks+strings.Repeat(`, `+rowMarks, len(rows)-1)+onceOnly+` RETURNING id`, values...)
	if err != nil {
		return 0, err
	}
	defer there.Close()
	for there.Next() {
		var id uuid.UUID
		if err := there.Scan(&id); err != nil {
			return 0, err
		}
		rows[id].tell(tx)
		made++
	}
	return made, there.Err()
}

// lockPeople is lockPerson for many.
func lockPeople(ctx context.Context, tx *store.Tx, all []Given) (map[uuid.UUID]*person, error) {
	ids := make([]uuid.UUID, len(all))
	for n, g := range all {
		ids[n] = g.UserID
	}
	found, err := tx.User.Query().Where(entuser.IDIn(ids...), entuser.StatusNEQ(entuser.StatusERASED), tx.Locking()).Order(entuser.ByID()).
		Select(entuser.FieldID, entuser.FieldDisplayName, entuser.FieldLocale, entuser.FieldTimeZone, entuser.FieldNotify).All(ctx)
	if err != nil {
		return nil, err
	}
	people := make(map[uuid.UUID]*person, len(found))
	for _, u := range found {
		people[u.ID] = &person{id: u.ID, name: u.DisplayName, lang: u.Locale, zone: u.TimeZone, likes: u.Notify}
	}
	return people, nil
}
