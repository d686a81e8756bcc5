package delivery

import (
	"context"
	"slices"
	"time"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/contactpoint"
	entnotification "kabinet/ent/generated/notification"
	entuser "kabinet/ent/generated/user"
	"kabinet/internal/credential"
	"kabinet/internal/store"
)

// person is whom a message goes to, as he stands now.
type person struct {
	*ent.User
	points       bool              // whether the next two were read
	email, phone *ent.ContactPoint // proven, the primary one; nil where letters to it come back
	agreed       map[string]bool   // to marketing, by channel
}

// address is where a message of a channel goes.
type address struct {
	id   uuid.UUID
	open func() (string, error)
}

// person reads somebody in one statement, and two more for whether he agreed to
// marketing, where that is asked; nil for who is not there.
func (d *Deliveries) person(ctx context.Context, tx *store.Tx, id uuid.UUID, commercial bool) (*person, error) {
	u, err := tx.User.Query().Where(entuser.ID(id), entuser.StatusNEQ(entuser.StatusERASED)).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	p := &person{User: u}
	if commercial {
		p.agreed, err = d.Preferences.Agreed(ctx, tx, id)
	}
	return p, err
}

// readPoints reads where a person's letters and texts go, once.
func (p *person) readPoints(ctx context.Context, tx *store.Tx) error {
	if p.points {
		return nil
	}
	all, err := tx.ContactPoint.Query().Where(contactpoint.UserID(p.ID), contactpoint.VerifiedAtNotNil()).
		Order(contactpoint.ByIsPrimary(sql.OrderDesc()), contactpoint.ByID()).All(ctx)
	if err != nil {
		return err
	}
	p.points, p.email, p.phone = true, primary(all, contactpoint.KindEMAIL), primary(all, contactpoint.KindPHONE)
	return nil
}

// primary is the first of a kind, where letters to it arrive.
func primary(points []*ent.ContactPoint, kind contactpoint.Kind) *ent.ContactPoint {
	i := slices.IndexFunc(points, func(c *ent.ContactPoint) bool { return c.Kind == kind })
	if i < 0 || points[i].BouncedAt != nil {
		return nil
	}
	return points[i]
}

// addressesOf are where a person is reached by a channel now; one statement for
// each channel whose addresses are no contact points, and one for those.
func (d *Deliveries) addressesOf(ctx context.Context, tx *store.Tx, p *person, channel string) ([]address, error) {
	if channel != email && channel != sms && channel != whatsApp {
		all, err := d.Endpoints.For(ctx, tx, p.ID, channel)
		addresses := make([]address, len(all))
		for i, a := range all {
			addresses[i] = address{id: a.ID, open: a.Open}
		}
		return addresses, err
	}
	if err := p.readPoints(ctx, tx); err != nil {
		return nil, err
	}
	point := p.phone
	if channel == email {
		point = p.email
	}
	if point == nil {
		return nil, nil
	}
	to := point.ValueKey
	if written, ok := credential.ParseEmail(point.Value); ok && channel == email { // a mailbox may heed case
		to = written.To
	}
	return []address{{id: point.ID, open: func() (string, error) { return to, nil }}}, nil
}

// notes reads notifications by id.
func notes(ctx context.Context, tx *store.Tx, ids []uuid.UUID) (map[uuid.UUID]*ent.Notification, error) {
	all, err := tx.Notification.Query().Where(entnotification.IDIn(ids...)).All(ctx)
	if err != nil {
		return nil, err
	}
	by := make(map[uuid.UUID]*ent.Notification, len(all))
	for _, n := range all {
		by[n.ID] = n
	}
	return by, nil
}

// past is what a person was sent of a type lately.
type past struct {
	notification uuid.UUID
	channel      string
	digestKey    string // empty where it went by itself
	held         bool   // with others, and not claimed by one of them
	at           time.Time
	due          time.Time
}

// lately reads what a person was sent of a type since a time, the newest first.
func lately(ctx context.Context, tx *store.Tx, user uuid.UUID, typ string, since time.Time) (all []past, err error) {
	const most = 1000
	rows, err := tx.Query(ctx, `SELECT notification_id, channel, coalesce(digest_key, ''), status = 'HELD' AND sent_with_id IS NULL, created_at, due_at
		FROM deliveries WHERE user_id = ? AND type = ? AND created_at > ? AND status <> 'SKIPPED' ORDER BY created_at DESC LIMIT ?`, user, typ, since, most)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var p past
		var due *time.Time
		if err := rows.Scan(&p.notification, &p.channel, &p.digestKey, &p.held, &p.at, &due); err != nil {
			return nil, err
		}
		if due != nil {
			p.due = *due
		}
		all = append(all, p)
	}
	return all, rows.Err()
}
