package store_test

import (
	"context"
	"net/url"
	"testing"

	"entgo.io/ent/dialect"

	"kabinet/internal/fault"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
)

// PostgreSQL stops a statement that takes too long, whoever waits for it. The
// URL says how long; proofs and migrations are exempt. security G16
func TestStatementTimeout(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		if db.Dialect() != dialect.Postgres {
			return
		}
		ctx := context.Background()
		shown := func(s *store.Store) (value string) {
			if err := s.Writer().QueryRow(`SHOW statement_timeout`).Scan(&value); err != nil {
				t.Fatal(err)
			}
			return value
		}
		if got := shown(db.Store); got != "1min" {
			t.Errorf("statement_timeout is %s", got)
		}
		for option, want := range map[string]string{"statement_timeout=50": "50ms", "options=-c%20statement_timeout%3D50": "50ms"} {
			u, err := url.Parse(db.URL)
			if err != nil {
				t.Fatal(err)
			}
			u.RawQuery += "&" + option
			s, err := store.Open(ctx, store.Options{URL: u.String()})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			if got := shown(s); got != want {
				t.Errorf("with %s statement_timeout is %s", option, got)
			}
			if _, err = s.Query(ctx, `SELECT pg_sleep(10)`); fault.KindOf(err) != fault.Unavailable {
				t.Errorf("a statement that takes too long: %v", err)
			}
			err = s.InSnapshot(ctx, func(ctx context.Context, snap *store.Snapshot) error {
				rows, err := snap.Query(ctx, `SELECT pg_sleep(0.1)`)
				if err != nil {
					return err
				}
				return rows.Close()
			})
			if err != nil {
				t.Errorf("a proof was stopped: %v", err)
			}
		}
	})
}
