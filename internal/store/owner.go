package store

import (
	"context"
	"strings"
	"sync"

	"github.com/google/uuid"

	"kabinet/internal/viewer"
)

// owners remembers which owners that others act for are people: a person under
// 14 has a representative, and one stream. What an id names never changes.
type owners struct {
	mu     sync.Mutex
	person map[uuid.UUID]bool
}

// mostOwners is when what is remembered is begun anew.
const mostOwners = 10_000

func (o *owners) known(id uuid.UUID) (person, known bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	person, known = o.person[id]
	return person, known
}

func (o *owners) learn(ids []uuid.UUID, people map[uuid.UUID]bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.person == nil || len(o.person) > mostOwners {
		o.person = map[uuid.UUID]bool{}
	}
	for _, id := range ids {
		o.person[id] = people[id]
	}
}

// nameOwners sends what is told to an owner's stream to the person's own where
// the owner is one: domains say ToCompany of whoever is not the one who acts.
// The viewer knows it of the owner he acts for; of others it is looked up once.
func (tx *Tx) nameOwners(ctx context.Context) error {
	v := viewer.From(ctx)
	var ask []uuid.UUID
	asked := map[uuid.UUID]bool{}
	for i := range tx.tales {
		to := &tx.tales[i].to
		if to.kind != "company" || to.id == v.OwnerID && !v.Represents {
			continue
		}
		person, known := tx.store.owners.known(to.id)
		switch {
		case known && !person:
		case known, to.id == v.OwnerID:
			to.kind = "user"
		case !asked[to.id]:
			asked[to.id] = true
			ask = append(ask, to.id)
		}
	}
	if len(ask) == 0 {
		return nil
	}
	if err := tx.lookUpOwners(ctx, ask); err != nil {
		return err
	}
	return tx.nameOwners(ctx)
}

func (tx *Tx) lookUpOwners(ctx context.Context, ids []uuid.UUID) error {
	args := make([]any, len(ids))
	for i, id := range ids {
		args[i] = id
	}
	rows, err := tx.Query(ctx, `SELECT id FROM users WHERE id IN (?`+strings.Repeat(",?", len(ids)-1)+`)`, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	people := map[uuid.UUID]bool{}
	for rows.Next() {
		var id uuid.UUID
		if err := rows.Scan(&id); err != nil {
			return translate(err)
		}
		people[id] = true
	}
	if err := rows.Err(); err != nil {
		return translate(err)
	}
	tx.store.owners.learn(ids, people)
	return nil
}
