package main

import (
	"database/sql"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"entgo.io/ent/dialect"
	"github.com/google/uuid"

	"kabinet/internal/bonus"
	"kabinet/internal/demo"
	"kabinet/internal/order"
	"kabinet/internal/scalar"
	"kabinet/internal/store/storetest"
)

// The hot paths over HTTP, on SQLite and, beside a server, on PostgreSQL:
//
//	go run ./internal/store/pgtest -- go test . -run '^$' -bench . -benchmem
//
// Compare with benchstat. app-µs and db-µs are the CPU of one request, user
// and system, in this process and in the database's.

// Alice has a dozen of everything, so that each list of the screen is full.
func BenchmarkDashboard(b *testing.B) {
	benchQuery(b, dashboard, func(w *world) {
		for i := range 12 {
			w.live(b, storetest.As(userOf(b, w, "alice")), i)
		}
		w.settle(b)
	})
}

func BenchmarkSignInCheck(b *testing.B) { benchQuery(b, `{ me { id } }`) }
func BenchmarkOrderPage(b *testing.B) {
	benchQuery(b, `{ me { orders(first: 20, sort: TOTAL_DESC) { nodes { number total { amount } } pageInfo { endCursor } } } }`)
}

func benchQuery(b *testing.B, query string, before ...func(*world)) {
	storetest.EachB(b, func(b *testing.B, db *storetest.DB) {
		w := newWorld(b, db)
		for _, do := range before {
			do(w)
		}
		s := step{name: "bench", as: "alice"}
		if answer := w.send(b, s, query); answer["errors"] != nil {
			b.Fatal(answer)
		}
		measure(b, db, func(int) {
			if answer := w.send(b, s, query); answer["errors"] != nil {
				b.Fatal(answer)
			}
		})
	})
}

func BenchmarkPlaceOrder(b *testing.B) {
	storetest.EachB(b, func(b *testing.B, db *storetest.DB) {
		w := newWorld(b, db)
		ctx := storetest.As(userOf(b, w, "alice"))
		measure(b, db, func(i int) {
			_, err := w.app.orders.Place(ctx, order.PlaceOrderInput{IdempotencyKey: fmt.Sprint("bench", i), Lines: []*order.PlaceOrderLineInput{{Sku: "FREE", Quantity: 1}}})
			check(b, err)
		})
	})
}

func BenchmarkRedeemPoints(b *testing.B) {
	storetest.EachB(b, func(b *testing.B, db *storetest.DB) {
		w := newWorld(b, db)
		alice := userOf(b, w, "alice")
		staff := demo.AsStaff(storetest.System(), userOf(b, w, "staff"))
		_, err := w.app.points.Accrue(staff, bonus.AccruePointsInput{UserID: scalar.ID{Prefix: "usr", UUID: alice}, Amount: 1 << 30, Reason: "bench", IdempotencyKey: "bench"})
		check(b, err)
		ctx := storetest.As(alice)
		measure(b, db, func(i int) {
			_, err := w.app.points.Redeem(ctx, bonus.RedeemPointsInput{Amount: 1, IdempotencyKey: fmt.Sprint("bench", i)})
			check(b, err)
		})
	})
}

// measure is the loop, with the CPU that it took here and in the database.
func measure(b *testing.B, db *storetest.DB, f func(i int)) {
	b.Helper()
	server, err := sql.Open("postgres", db.URL)
	check(b, err)
	defer server.Close()
	n := 0
	b.ReportAllocs()
	ours, theirs := ownCPU(b), databaseCPU(b, db, server)
	for b.Loop() {
		f(n)
		n++
	}
	b.ReportMetric(float64((ownCPU(b)-ours).Microseconds())/float64(n), "app-µs/op")
	if db.Dialect() == dialect.Postgres {
		b.ReportMetric(float64((databaseCPU(b, db, server)-theirs).Microseconds())/float64(n), "db-µs/op")
	}
}

func ownCPU(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	check(b, syscall.Getrusage(syscall.RUSAGE_SELF, &u))
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// databaseCPU is what the server's processes for this database used so far, as
// far as they are of this machine; in steps of 10 ms.
func databaseCPU(b *testing.B, db *storetest.DB, server *sql.DB) (sum time.Duration) {
	b.Helper()
	if db.Dialect() != dialect.Postgres {
		return 0
	}
	rows, err := server.Query(`SELECT pid FROM pg_stat_activity WHERE datname = current_database()`)
	check(b, err)
	defer rows.Close()
	for rows.Next() {
		var pid int
		check(b, rows.Scan(&pid))
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err != nil {
			continue
		}
		_, after, _ := strings.Cut(string(stat), ") ")
		for _, ticks := range strings.Fields(after)[11:13] {
			n, err := strconv.Atoi(ticks)
			check(b, err)
			sum += time.Duration(n) * 10 * time.Millisecond
		}
	}
	check(b, rows.Err())
	return sum
}

func userOf(t testing.TB, w *world, who string) uuid.UUID {
	t.Helper()
	id, err := scalar.ParseID(w.vars[who])
	check(t, err)
	return id.UUID
}
