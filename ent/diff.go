//go:build ignore

// Writes the migration that takes the migrated schema to the one of
// ent/schema, for each dialect: make migration name=add_wishlist.
package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strings"

	atlas "ariga.io/atlas/sql/migrate"
	"ariga.io/atlas/sql/sqltool"
	"entgo.io/ent/dialect"
	entsql "entgo.io/ent/dialect/sql"
	"entgo.io/ent/dialect/sql/schema"
	_ "github.com/lib/pq"
	_ "modernc.org/sqlite"

	"kabinet/internal/store"
)

func main() {
	if len(os.Args) != 2 || os.Args[1] == "" {
		log.Fatal("usage: make migration name=add_wishlist")
	}
	url := os.Getenv("KABINET_TEST_POSTGRES")
	if url == "" {
		log.Fatal("KABINET_TEST_POSTGRES is not set: run it by make migration, which starts a throw-away PostgreSQL")
	}
	pg, err := sql.Open("postgres", url)
	check(err)
	check(diff(dialect.Postgres, pg, "ent/migrations/postgres"))
	tmp, err := os.MkdirTemp("", "kabinet-diff")
	check(err)
	defer os.RemoveAll(tmp)
	lite, err := sql.Open("sqlite", "file:"+filepath.Join(tmp, "dev.db")+"?_pragma=foreign_keys(1)")
	check(err)
	lite.SetMaxOpenConns(1)
	check(diff(dialect.SQLite, lite, "ent/migrations/sqlite"))
}

func diff(d string, db *sql.DB, path string) error {
	dir, err := sqltool.NewGooseDir(path)
	if err != nil {
		return err
	}
	if err := rehash(dir); err != nil {
		return err
	}
	m, err := schema.NewMigrate(entsql.OpenDB(d, db), schema.WithDir(dir), schema.WithMigrationMode(schema.ModeReplay),
		schema.WithDialect(d), schema.WithFormatter(sqltool.GooseFormatter))
	if err != nil {
		return err
	}
	err = m.NamedDiff(context.Background(), os.Args[1], store.Tables()...)
	if errors.Is(err, atlas.ErrNoPlan) {
		fmt.Println(d, "nothing to change")
		return nil
	}
	if err != nil {
		return err
	}
	if err := forwardOnly(path); err != nil {
		return err
	}
	return rehash(dir)
}

// forwardOnly cuts the way down off every file: that of a rebuilt table is wrong.
func forwardOnly(path string) error {
	files, err := filepath.Glob(filepath.Join(path, "*.sql"))
	if err != nil {
		return err
	}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			return err
		}
		if up, _, found := strings.Cut(string(b), "-- +goose Down"); found {
			if err := os.WriteFile(f, []byte(up), 0o644); err != nil {
				return err
			}
		}
	}
	return nil
}

// rehash lets hand-written files stand beside the generated ones.
func rehash(dir *sqltool.GooseDir) error {
	sum, err := dir.Checksum()
	if err != nil {
		return err
	}
	return atlas.WriteSumFile(dir, sum)
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
