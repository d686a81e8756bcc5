package data

import (
	"context"
	"database/sql"

	"github.com/google/uuid"
)

// World is what the load generator must know of the data.
type World struct {
	Plan         Plan
	House        House
	Users        []*Person // the bench users, then the heavy one
	StaffSession uuid.UUID
	StaffToken   string
}

// ReadWorld works out the bench users again; nothing but the House is read.
func (p Plan) ReadWorld(ctx context.Context, db *sql.DB) (*World, error) {
	h, err := readHouse(ctx, db)
	if err != nil {
		return nil, err
	}
	w := &World{Plan: p, House: h, StaffToken: p.StaffToken(), StaffSession: p.random(kindUser, -1).id(epoch)}
	for i := range p.Bench {
		w.Users = append(w.Users, p.Person(i, h))
	}
	w.Users = append(w.Users, p.Person(p.Heavy(), h))
	return w, nil
}

// Heavy is the user with the most orders.
func (w *World) Heavy() *Person { return w.Users[len(w.Users)-1] }
