package store_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
)

func TestMigrateIsRepeatableAndRefusesNewer(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) { // security L12
		applied, err := db.Migrate(context.Background())
		if err != nil || len(applied) != 0 {
			t.Fatalf("a migrated database was migrated again: %v %v", applied, err)
		}
		if err := db.CheckMigrations(context.Background()); err != nil {
			t.Fatal(err)
		}
		err = db.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.Exec(ctx, `INSERT INTO goose_db_version (version_id, is_applied) VALUES (29991231235959, ?)`, true)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := db.Migrate(context.Background()); !errors.Is(err, store.ErrNewer) {
			t.Fatalf("a newer database was taken: %v", err)
		}
		if err := db.CheckMigrations(context.Background()); !errors.Is(err, store.ErrNewer) {
			t.Fatalf("a newer database was found ready: %v", err)
		}
	})
}

func TestTwoInstancesMigrateAtOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) { // security L12
		empty := storetest.Empty(t, db)
		var wg sync.WaitGroup
		for range 3 {
			wg.Go(func() {
				s, err := store.Open(context.Background(), store.Options{URL: empty.URL})
				if err != nil {
					t.Error(err)
					return
				}
				defer s.Close()
				if _, err := s.Migrate(context.Background()); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if err := empty.CheckMigrations(context.Background()); err != nil {
			t.Fatal(err)
		}
	})
}

func TestStatusOfAnEmptyDatabase(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		empty := storetest.Empty(t, db)
		status, err := empty.MigrationStatus(context.Background())
		if err != nil || len(status) < 3 || !status[0].AppliedAt.IsZero() {
			t.Fatalf("%+v %v", status, err)
		}
		if err := empty.CheckMigrations(context.Background()); err == nil {
			t.Fatal("an empty database was found ready")
		}
	})
}
