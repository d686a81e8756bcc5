package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"net"
	"strings"

	"github.com/lib/pq"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	ent "kabinet/ent/generated"
	"kabinet/internal/fault"
)

// translate is the one place where database errors become faults.
func translate(err error) error {
	var f *fault.Fault
	switch {
	case err == nil || errors.As(err, &f):
		return err
	case ent.IsNotFound(err), errors.Is(err, sql.ErrNoRows):
		return fault.ErrNotFound.Because(err)
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled),
		errors.Is(err, driver.ErrBadConn), errors.Is(err, sql.ErrConnDone), retryable(err), lost(err), tooLong(err):
		return fault.ErrUnavailable.Because(err)
	}
	return err
}

// Translate is translate for reads that go around InTx.
func Translate(err error) error { return translate(err) }

// lost says that the connection broke, so that nobody knows what was done, or
// that the database has no room or cannot use its file.
func lost(err error) bool {
	var pe *pq.Error
	if errors.As(err, &pe) {
		// 08 connection, 53 resources, 57P0x shutdown
		return pe.Code.Class() == "08" || pe.Code.Class() == "53" || strings.HasPrefix(string(pe.Code), "57P")
	}
	switch sqliteCode(err) & 0xff {
	case sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN:
		return true
	}
	var ne net.Error // while a connection starts up, its end comes as it is
	return errors.As(err, &ne) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
}

// tooLong says that PostgreSQL stopped a statement: its time was up
// (statement_timeout), or who asked has gone.
func tooLong(err error) bool {
	var pe *pq.Error
	return errors.As(err, &pe) && pe.Code == "57014"
}

// retryable says that the transaction did nothing and may be tried again: it
// met another one, or the tables changed under a prepared statement.
func retryable(err error) bool {
	var pe *pq.Error
	if errors.As(err, &pe) {
		return pe.Code == "40001" || pe.Code == "40P01" || pe.Code == "26000" || pe.Routine == "RevalidateCachedQuery"
	}
	return sqliteCode(err)&0xff == sqlite3.SQLITE_BUSY
}

func sqliteCode(err error) int {
	var se *sqlite.Error
	if errors.As(err, &se) {
		return se.Code()
	}
	return 0
}

// IsUnique says that err is a violated unique index.
func IsUnique(err error) bool {
	var pe *pq.Error
	if errors.As(err, &pe) {
		return pe.Code == "23505"
	}
	code := sqliteCode(err)
	return code == sqlite3.SQLITE_CONSTRAINT_UNIQUE || code == sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY
}

// IsCheck says that err is a violated CHECK.
func IsCheck(err error) bool {
	var pe *pq.Error
	if errors.As(err, &pe) {
		return pe.Code == "23514"
	}
	return sqliteCode(err) == sqlite3.SQLITE_CONSTRAINT_CHECK
}
