package storetest

import (
	"context"
	"errors"
	"testing"

	"kabinet/internal/ledger"
	"kabinet/internal/store"
)

// prove has the books checked when the test ends, whatever it was about: a test
// that leaves them out of balance fails, unless it says Tampered.
func (db *DB) prove(t testing.TB) {
	t.Helper()
	if _, measured := t.(*testing.B); measured {
		return
	}
	t.Cleanup(func() {
		if db.tampered.Load() {
			return
		}
		used, err := db.hasBooks(db.Store)
		s := db.Store
		if err != nil { // the test closed it
			if s, err = store.Open(context.Background(), store.Options{URL: db.URL, Clock: db.Clock.Now}); err == nil {
				defer s.Close()
				used, err = db.hasBooks(s)
			}
		}
		if err != nil {
			t.Errorf("storetest: the books cannot be proven: %v", err)
		}
		if !used || err != nil {
			return
		}
		books := &ledger.Books{Store: s, OrdersKeepSpent: true}
		if _, err := books.Check(context.Background(), func(f ledger.Finding) { t.Error(f) }); err != nil {
			t.Errorf("storetest: check the books: %v", err)
		}
	})
}

func (db *DB) hasBooks(s *store.Store) (used bool, err error) {
	rows, err := s.Query(context.Background(), `SELECT EXISTS (SELECT 1 FROM ledger_accounts WHERE kind <> 'SYSTEM')`)
	if err != nil {
		return false, err
	}
	defer rows.Close()
	if !rows.Next() {
		return false, errors.Join(rows.Err(), errors.New("no row"))
	}
	return used, rows.Scan(&used)
}
