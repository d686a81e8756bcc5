package account_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"kabinet/internal/account"
	"kabinet/internal/store/storetest"
)

// What a request pays to be known, beside the same database's plainest read:
// both are said, and their ratio. One indexed statement,
// whatever else the session is (TestViewerStatements).
func BenchmarkSessionCheck(b *testing.B) {
	storetest.EachB(b, func(b *testing.B, db *storetest.DB) {
		w := newWorldWith(b, db, locking)
		anna := w.person("anna@example.com")
		token := w.token(from("203.0.113.7", "bench"), "anna@example.com")
		var plain, check time.Duration
		b.ResetTimer()
		for range b.N {
			start := time.Now()
			rows, err := db.Query(context.Background(), `SELECT id, status FROM users WHERE id = ?`, anna)
			w.must(err)
			_ = rows.Next()
			w.must(rows.Close())
			middle := time.Now()
			if v, err := w.Viewer(context.Background(), account.Caller{Token: token}); err != nil || !v.SignedIn() {
				b.Fatal(err)
			}
			plain, check = plain+middle.Sub(start), check+time.Since(middle)
		}
		b.ReportMetric(float64(check.Nanoseconds())/float64(b.N), "ns/check")
		b.ReportMetric(float64(check)/float64(plain), "x-plain-read")
	})
}

// How much of a sign-in is Argon2id: the hash of the password alone, between
// sign-ins, in the same run.
func BenchmarkSignIn(b *testing.B) {
	storetest.EachB(b, func(b *testing.B, db *storetest.DB) {
		w := newWorld(b, db)
		w.person("anna@example.com")
		var secret string
		rows, err := db.Query(context.Background(), `SELECT secret FROM identities`)
		w.must(err)
		for rows.Next() {
			w.must(rows.Scan(&secret))
		}
		w.must(rows.Close())
		var all, hash []time.Duration
		b.ResetTimer()
		for i := range 2 * b.N { // by turns, so that neither always pays for the other's memory
			start := time.Now()
			if i%4 == 0 || i%4 == 3 {
				w.token(from("203.0.113.7", "bench"), "anna@example.com")
				all = append(all, time.Since(start))
			} else {
				if !w.Verify(password, secret) {
					b.Fatal("it does not fit")
				}
				hash = append(hash, time.Since(start))
			}
		}
		slices.Sort(all)
		slices.Sort(hash)
		b.ReportMetric(100*float64(hash[len(hash)/2])/float64(all[len(all)/2]), "%argon2id")
	})
}
