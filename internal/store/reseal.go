package store

import (
	"context"
	"errors"

	"github.com/google/uuid"
)

// Sealed names what is sealed in a column for longer than a key may live.
type Sealed struct {
	Table, Column string
	Where         string                    // which rows; all that hold something when empty
	PlaceColumn   string                    // an id
	Place         func(id uuid.UUID) string // what it is sealed for
}

// Reseal seals with the first key what an older one sealed, row by row, beside
// whoever reads and changes them, and says how many rows that were. Those that
// no key opens are counted as lost and left alone. It may be run again.
func (s *Store) Reseal(ctx context.Context, sealer *Sealer, what Sealed) (anew, lost int, err error) {
	where := what.Column + ` IS NOT NULL`
	if what.Where != "" {
		where += ` AND ` + what.Where
	}
	rows, err := s.Query(ctx, `SELECT id, `+what.PlaceColumn+`, `+what.Column+` FROM `+what.Table+` WHERE `+where)
	if err != nil {
		return 0, 0, err
	}
	defer rows.Close()
	type change struct {
		id       uuid.UUID
		was, now []byte
	}
	var changes []change
	for rows.Next() {
		var c change
		var of uuid.UUID
		if err := rows.Scan(&c.id, &of, &c.was); err != nil {
			return 0, 0, translate(err)
		}
		switch c.now, err = sealer.Reseal(c.was, what.Place(of)); {
		case errors.Is(err, ErrSeal):
			lost++
		case err != nil:
			return 0, 0, err
		case c.now != nil:
			changes = append(changes, c)
		}
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return 0, 0, translate(err)
	}
	for _, c := range changes {
		err := s.InTx(ctx, func(ctx context.Context, tx *Tx) error {
			// What was changed since was sealed by the first key.
			_, err := tx.Exec(ctx, `UPDATE `+what.Table+` SET `+what.Column+` = ? WHERE id = ? AND `+what.Column+` = ?`, c.now, c.id, c.was)
			return err
		})
		if err != nil {
			return anew, lost, err
		}
		anew++
	}
	return anew, lost, nil
}
