package store

import (
	"context"
	"strings"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"
)

// Lock holds the rows of a table whose column has one of the values until the
// end of the transaction, taken by ascending id, so that what is read of them
// next stays true. It passes the fence: read the rows through the client
// afterwards. SQLite has one writer, who needs no lock.
func (tx *Tx) Lock(ctx context.Context, table, column string, values ...any) error {
	if len(values) == 0 || tx.store.Dialect() != dialect.Postgres {
		return nil
	}
	rows, err := tx.Query(ctx, `SELECT id FROM `+table+` WHERE `+column+` IN (?`+strings.Repeat(",?", len(values)-1)+`) ORDER BY id FOR UPDATE`, values...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() { // the locks are taken as the rows are read
	}
	return rows.Err()
}

// Locking makes a query hold the rows that it finds, in the statement that
// reads them: a row that comes between a lock and a read would be read without
// one. Order such a query by id. SQLite has one writer, who needs no lock.
func (tx *Tx) Locking() func(*sql.Selector) {
	return func(s *sql.Selector) {
		if tx.store.Dialect() == dialect.Postgres {
			s.ForUpdate()
		}
	}
}
