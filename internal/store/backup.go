package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"entgo.io/ent/dialect"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// ErrNotSQLite says that only an SQLite file is copied here: PostgreSQL has its
// own tools.
var ErrNotSQLite = errors.New("the database is not an SQLite file")

// Backup writes the database as it stands at one moment into a new file, while
// it is read and written: writers do not wait. told hears how many of about how
// many bytes are written. The file appears only when it is whole and its
// integrity is proven; one that is there already is never overwritten
// (fs.ErrExist).
func (s *Store) Backup(ctx context.Context, file string, told func(done, total int64)) error {
	if s.Dialect() != dialect.SQLite {
		return ErrNotSQLite
	}
	if _, err := os.Lstat(file); !errors.Is(err, fs.ErrNotExist) {
		return errors.Join(fmt.Errorf("%s: %w", file, fs.ErrExist), err)
	}
	dir, err := os.MkdirTemp(filepath.Dir(file), ".kabinet-backup-") // 0700: nobody else reads a half
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	part := filepath.Join(dir, "part")
	stop := s.watchSize(ctx, part, told)
	err = vacuumInto(ctx, SQLitePath(s.url), part)
	stop()
	if err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	if err := settle(part); err != nil {
		return err
	}
	if err := CheckFile(ctx, part); err != nil {
		return err
	}
	if err := os.Link(part, file); err != nil { // fails where somebody was first
		return err
	}
	return settle(filepath.Dir(file))
}

// vacuumInto copies by a connection of its own: those of the pools that read
// may write nothing, and the one that writes is for people.
func vacuumInto(ctx context.Context, path, part string) error {
	db, err := sql.Open("sqlite", fileURL(path)+"?mode=rw&_pragma=busy_timeout(5000)")
	if err != nil {
		return err
	}
	defer db.Close()
	_, err = db.ExecContext(ctx, `VACUUM INTO ?`, part)
	return err
}

// settle makes a file that is written, or the names of a directory, outlive a
// loss of power; the file is its owner's alone.
func settle(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil || !info.IsDir() {
		if err := errors.Join(err, os.Chmod(path, 0o600)); err != nil {
			return err
		}
	}
	return f.Sync()
}

// watchSize tells the size of a file that grows, until it is stopped.
func (s *Store) watchSize(ctx context.Context, path string, told func(done, total int64)) (stop func()) {
	if told == nil {
		return func() {}
	}
	var total int64
	if info, err := os.Stat(SQLitePath(s.url)); err == nil {
		total = info.Size()
	}
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(200 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-done:
				return
			case <-ctx.Done():
				return
			case <-tick.C:
				if info, err := os.Stat(path); err == nil {
					told(info.Size(), total)
				}
			}
		}
	}()
	return func() { close(done); <-ended }
}

// CheckFile proves that a file is a whole SQLite database of Kabinet, without
// changing it.
func CheckFile(ctx context.Context, path string) error {
	db, err := sql.Open("sqlite", fileURL(path)+"?mode=ro&_pragma=query_only(1)")
	if err != nil {
		return err
	}
	defer db.Close()
	var answer string
	if err := db.QueryRowContext(ctx, `PRAGMA integrity_check(1)`).Scan(&answer); err != nil {
		return fmt.Errorf("%s is not a database that can be read: %w", path, err)
	}
	if answer != "ok" {
		return fmt.Errorf("%s is damaged: %s", path, answer)
	}
	var orphan any
	err = db.QueryRowContext(ctx, `SELECT 1 FROM pragma_foreign_key_check LIMIT 1`).Scan(&orphan)
	if err == nil {
		return fmt.Errorf("%s is damaged: a row points at one that is not there", path)
	}
	if !errors.Is(err, sql.ErrNoRows) {
		return fmt.Errorf("%s: %w", path, err)
	}
	if err := db.QueryRowContext(ctx, `SELECT count(*) FROM goose_db_version`).Scan(&orphan); err != nil {
		return fmt.Errorf("%s is not a database of kabinet: %w", path, err)
	}
	return nil
}

func fileURL(path string) string { return "file:" + (&url.URL{Path: path}).EscapedPath() }

// ErrServed says that another process has the database open.
var ErrServed = errors.New("the database is in use: stop the server first")

// Alone takes an SQLite file for itself, with all that was written to it in the
// one file, until release. ErrServed where somebody has it open.
func Alone(ctx context.Context, path string) (release func() error, err error) {
	db, err := sql.Open("sqlite", fileURL(path)+"?mode=rw&_pragma=busy_timeout(1000)")
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	// Leaving WAL needs to be the only one that has the file open.
	var mode string
	err = db.QueryRowContext(ctx, `PRAGMA journal_mode(DELETE)`).Scan(&mode)
	if err == nil && mode != "delete" {
		err = ErrServed
	}
	if err == nil {
		_, err = db.ExecContext(ctx, `BEGIN EXCLUSIVE`)
	}
	if err == nil {
		return db.Close, nil
	}
	_ = db.Close()
	var e *sqlite.Error
	if errors.As(err, &e) && e.Code()&0xff == sqlite3.SQLITE_BUSY {
		err = ErrServed
	}
	return nil, fmt.Errorf("%s: %w", path, err)
}

// Replace puts a file in the place of the database, which nobody has open, and
// keeps what was there under the name it gives back; empty where nothing was.
func Replace(ctx context.Context, path, by string, now time.Time) (kept string, err error) {
	if _, err := os.Stat(path); err == nil {
		release, err := Alone(ctx, path)
		if err != nil {
			return "", err
		}
		defer func() { _ = release() }()
		kept = path + ".before-" + now.UTC().Format("20060102T150405.000000")
		if err := os.Link(path, kept); err != nil {
			return "", err
		}
	} else if !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	// One step: at no moment is there no database.
	if err := os.Rename(by, path); err != nil {
		return "", err
	}
	return kept, settle(filepath.Dir(path))
}
