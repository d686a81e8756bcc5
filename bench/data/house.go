package data

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"
)

// Administrator is the address of the staff member whom kabinet is asked to
// make before the rows are.
const Administrator = "staff@bench.example"

// readHouse finds what kabinet made at its first start.
func readHouse(ctx context.Context, db *sql.DB) (h House, err error) {
	err = db.QueryRowContext(ctx, `SELECT key_id, unit FROM bonus_programs WHERE is_default AND retired_at IS NULL`).Scan(&h.Program, &h.Unit)
	if err != nil {
		return h, fmt.Errorf("the default programme: %w", err)
	}
	for name, id := range map[string]any{"ISSUED": &h.Issued, "SPENT": &h.Spent} {
		err := db.QueryRowContext(ctx, `SELECT id FROM ledger_accounts WHERE kind = 'SYSTEM' AND unit = '`+h.Unit+`' AND name = '`+name+`'`).Scan(id)
		if err != nil {
			return h, fmt.Errorf("the account %s: %w", name, err)
		}
	}
	err = db.QueryRowContext(ctx, `SELECT user_id FROM contact_points WHERE value_key = '`+Administrator+`'`).Scan(&h.Staff)
	return h, err
}

// foundHouse is readHouse of a House that was there before its history: the
// books know no points of a programme that came later.
func foundHouse(ctx context.Context, db *sql.DB) (House, error) {
	h, err := readHouse(ctx, db)
	if err == nil {
		_, err = db.ExecContext(ctx, `UPDATE bonus_programs SET created_at = $1 WHERE key_id = $2`, epoch.Add(-900*day), h.Program)
	}
	return h, err
}

// StaffToken is the token of the administrator's session.
func (p Plan) StaffToken() string { return p.token(-1) }

// touchEvery is how long kabinet believes a session before it notes its use.
const touchEvery = time.Minute

// OpenSessions makes the sessions of the bench users good for the coming
// hours. Their last use lies evenly in the minute before now, as it would if
// all of them had been at it for long: a slice of some seconds then meets as
// many sessions whose use must be written down as one of an hour would.
func (p Plan) OpenSessions(ctx context.Context, db *sql.DB, w *World) error {
	now := time.Now().UTC().Truncate(time.Microsecond)
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // after Commit it does nothing
	update, err := tx.PrepareContext(ctx, `UPDATE sessions SET created_at = $1, last_used_at = $2, expires_at = $3, revoked_at = NULL WHERE id = $4`)
	if err != nil {
		return err
	}
	defer func() { _ = update.Close() }()
	day := now.Truncate(24 * time.Hour)
	for i := range w.Users {
		used := now.Add(-touchEvery * time.Duration(i) / time.Duration(len(w.Users)))
		if _, err := update.ExecContext(ctx, day, used, day.Add(72*time.Hour), w.Users[i].Session); err != nil {
			return err
		}
	}
	_, err = tx.ExecContext(ctx, `UPDATE sessions SET created_at = $1, last_used_at = $1, expires_at = $2 WHERE id = $3`, now, now.Add(8*time.Hour), w.StaffSession)
	if err != nil {
		return err
	}
	return tx.Commit()
}

// OpenHouse makes the administrator's session where there is none, and keeps
// the sessions of those who do not play from being cleared away as expired.
func (p Plan) OpenHouse(ctx context.Context, db *sql.DB, w *World) error {
	now := time.Now().UTC().Truncate(time.Microsecond)
	q := `INSERT INTO sessions (` + strings.Join(tables[tSessions].columns, ", ") + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING`
	_, err := db.ExecContext(ctx, q, w.StaffSession, now, now, w.House.Staff, w.House.Staff, "TOKEN", tokenHash(w.StaffToken), now, now.Add(8*time.Hour))
	if err != nil {
		return err
	}
	res, err := db.ExecContext(ctx, `UPDATE sessions SET created_at = $1, last_used_at = $1, expires_at = $2 WHERE expires_at <= $3`, now, now.Add(60*day), epoch)
	if err != nil {
		return err
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return err
	}
	_, err = db.ExecContext(ctx, `ANALYZE sessions`)
	return err
}
