package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"kabinet/internal/adapter/progress"
	"kabinet/internal/config"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// keeps runs the commands that have the database to themselves, or beside its
// server, before anything is opened; false for all others.
func keeps(ctx context.Context, cfg *config.Config, log *slog.Logger, command config.Command, stdout, stderr io.Writer) (done bool, err error) {
	switch c := command.(type) {
	case config.Backup:
		return true, backup(ctx, cfg, log, c, stdout, stderr)
	case config.Restore:
		return true, restore(ctx, cfg, log, c, stdout)
	}
	return false, nil
}

// backup copies the database while it is served, and then the documents that it
// names.
func backup(ctx context.Context, cfg *config.Config, log *slog.Logger, c config.Backup, stdout, stderr io.Writer) error {
	if cfg.Database.Dialect != config.SQLite {
		fmt.Fprint(stdout, `PostgreSQL has its own tools, which copy a database while it is served:
  pg_dump --format=custom --file=`+c.File+` --dbname="$KABINET_DATABASE_URL"
and later, into an empty database and with no server running:
  pg_restore --no-owner --dbname="$KABINET_DATABASE_URL" `+c.File+`
  kabinet restore --renew-epoch
Copy the documents of `+cfg.FilesURL()+` after the dump.
`)
		return config.Exit{Code: 1}
	}
	if _, err := os.Stat(cfg.Database.Path); err != nil {
		return err
	}
	files := c.File + ".files"
	if _, err := os.Lstat(files); !errors.Is(err, fs.ErrNotExist) {
		return errors.Join(fmt.Errorf("%s: %w", files, fs.ErrExist), err)
	}
	s, err := store.Open(ctx, store.Options{URL: databaseURL(cfg.Database), Log: log})
	if err != nil {
		return err
	}
	defer s.Close()
	info, err := os.Stat(cfg.Database.Path)
	if err != nil {
		return err
	}
	bar := progress.New(stderr, "backup", info.Size())
	err = s.Backup(ctx, c.File, func(done, _ int64) { bar.Set(done, fmt.Sprintf("%d MiB", done>>20)) })
	bar.End(err == nil)
	if err != nil {
		return err
	}
	fmt.Fprintln(stdout, "the database is in", c.File, "and whole")
	n, err := copyFiles(filesDir(cfg), files)
	if err != nil {
		return fmt.Errorf("the database is copied, its documents are not: %w", err)
	}
	if n > 0 {
		fmt.Fprintf(stdout, "%d documents and pictures are in %s\n", n, files)
	}
	fmt.Fprintln(stdout, "KABINET_SECRET_KEY is in neither: keep it elsewhere")
	return nil
}

// restore puts a backup in the place of the database, which nobody may serve.
func restore(ctx context.Context, cfg *config.Config, log *slog.Logger, c config.Restore, stdout io.Writer) error {
	switch {
	case c.RenewEpoch:
		s, err := store.Open(ctx, store.Options{URL: databaseURL(cfg.Database), Log: log})
		if err != nil {
			return err
		}
		defer s.Close()
		return renew(ctx, s, stdout)
	case cfg.Database.Dialect != config.SQLite:
		fmt.Fprint(stdout, `PostgreSQL has its own tools. Into an empty database, with no server running:
  pg_restore --no-owner --dbname="$KABINET_DATABASE_URL" FILE
  kabinet restore --renew-epoch
`)
		return config.Exit{Code: 1}
	case c.File == "":
		return &config.UsageError{Reason: "restore needs the file that kabinet backup wrote"}
	}
	if err := store.CheckFile(ctx, c.File); err != nil {
		return err
	}
	if err := unserved(ctx, cfg.Database.Path); err != nil {
		return err
	}
	part := cfg.Database.Path + ".restoring"
	defer func() {
		for _, suffix := range []string{"", "-wal", "-shm"} {
			_ = os.Remove(part + suffix)
		}
	}()
	if err := copyFile(c.File, part); err != nil {
		return err
	}
	if err := prepareCopy(ctx, part, log, stdout); err != nil {
		return err
	}
	return putInPlace(ctx, cfg, c.File, part, stdout)
}

// unserved says early what Replace makes sure of in the end.
func unserved(ctx context.Context, path string) error {
	if _, err := os.Stat(path); err != nil {
		return os.MkdirAll(filepath.Dir(path), 0o700)
	}
	release, err := store.Alone(ctx, path)
	if err != nil {
		return err
	}
	return release()
}

// prepareCopy makes a copy one that this binary can serve.
func prepareCopy(ctx context.Context, part string, log *slog.Logger, stdout io.Writer) error {
	s, err := store.Open(ctx, store.Options{URL: "sqlite://" + part, Log: log})
	if err != nil {
		return err
	}
	if err := errors.Join(renew(ctx, s, stdout), s.Close()); err != nil {
		return err
	}
	// All of it in the one file, as it will stand.
	if err := unserved(ctx, part); err != nil {
		return err
	}
	return store.CheckFile(ctx, part)
}

func putInPlace(ctx context.Context, cfg *config.Config, from, part string, stdout io.Writer) error {
	now := time.Now()
	kept, err := store.Replace(ctx, cfg.Database.Path, part, now)
	if err != nil {
		return err
	}
	if kept != "" {
		fmt.Fprintln(stdout, "what was there is kept as", kept)
	}
	fmt.Fprintln(stdout, "restored", cfg.Database.Path)
	if _, err := os.Stat(from + ".files"); err != nil {
		fmt.Fprintln(stdout, "there are no documents beside the backup: those of", cfg.FilesURL(), "stay")
		return nil
	}
	dir := filesDir(cfg)
	if _, err := os.Stat(dir); err == nil {
		old := dir + ".before-" + now.UTC().Format("20060102T150405.000000")
		if err := os.Rename(dir, old); err != nil {
			return err
		}
		fmt.Fprintln(stdout, "the documents that were there are kept as", old)
	}
	n, err := copyFiles(from+".files", dir)
	if err == nil {
		fmt.Fprintf(stdout, "restored %d documents and pictures\n", n)
	}
	return err
}

// renew brings a database to this binary's version and begins a new life of its
// event log: clients that hold cursors of the former one read everything again.
func renew(ctx context.Context, s *store.Store, stdout io.Writer) error {
	if err := upgrade(ctx, s); err != nil {
		return err
	}
	if err := s.CheckMigrations(ctx); err != nil {
		return err
	}
	if err := s.RenewEpoch(viewer.AsSystem(ctx, "restore")); err != nil {
		return err
	}
	fmt.Fprintln(stdout, "the event log begins a new life: cursors of before are CURSOR_EXPIRED")
	return nil
}

// rotateKey seals anew what the older keys sealed, and says when they can go.
func (k *kabinet) rotateKey(ctx context.Context, stdout io.Writer) error {
	ctx = viewer.AsSystem(ctx, "rotate-key")
	lostAll := 0
	for _, part := range []struct {
		what   string
		reseal func(context.Context) (anew, lost int, err error)
	}{{"secrets of authenticator apps", k.factors.Reseal}, {"secrets of campaigns", k.campaigns.Reseal}, {"secrets of webhooks", k.webhooks.Reseal}, {"secrets of card sources", k.customerCards.Reseal}, {"addresses of push and messengers", k.endpoints.Reseal}} {
		anew, lost, err := part.reseal(ctx)
		if err != nil {
			return err
		}
		lostAll += lost
		fmt.Fprintf(stdout, "%s: %d sealed with the first key", part.what, anew)
		if lost > 0 {
			fmt.Fprintf(stdout, ", %d that none of the keys opens", lost)
		}
		fmt.Fprintln(stdout)
	}
	n, until, err := k.store.ChallengesBefore(ctx, k.campaigns.Sealer)
	if err != nil {
		return err
	}
	if n > 0 {
		fmt.Fprintf(stdout, "%d codes and links under way need an older key until %s: leave it in KABINET_SECRET_KEY so long\n", n, until.UTC().Format(time.RFC3339))
	} else {
		fmt.Fprintln(stdout, "nothing needs an older key: it can be left out of KABINET_SECRET_KEY")
	}
	if lostAll > 0 {
		return config.Exit{Code: 1}
	}
	return nil
}

// filesDir is the directory of documents.
func filesDir(cfg *config.Config) string {
	path, err := url.PathUnescape(strings.TrimPrefix(cfg.FilesURL(), "file://"))
	if err != nil {
		return strings.TrimPrefix(cfg.FilesURL(), "file://")
	}
	return filepath.FromSlash(path)
}

// copyFiles copies a directory into a new one; one that is not there is empty.
// A document that goes away meanwhile was erased.
func copyFiles(from, to string) (n int, err error) {
	err = filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		switch {
		case d.IsDir():
			return os.MkdirAll(filepath.Join(to, rel), 0o700)
		case !d.Type().IsRegular():
			return nil
		}
		if err := copyFile(path, filepath.Join(to, rel)); errors.Is(err, fs.ErrNotExist) {
			return nil
		} else if err != nil {
			return err
		}
		n++
		return nil
	})
	return n, err
}

// copyFile makes a new file, readable by its owner alone, that outlives a loss
// of power.
func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Sync(), out.Close())
}
