package main

import (
	"fmt"
	"testing"

	"github.com/google/uuid"

	"kabinet/internal/bonus"
	"kabinet/internal/order"
	"kabinet/internal/scalar"
	"kabinet/internal/store/storetest"
)

// The hot paths over HTTP, on SQLite: run with
// go test . -run '^$' -bench . -benchmem and compare with benchstat.

func BenchmarkDashboard(b *testing.B)   { benchQuery(b, dashboard) }
func BenchmarkSignInCheck(b *testing.B) { benchQuery(b, `{ me { id } }`) }
func BenchmarkOrderPage(b *testing.B) {
	benchQuery(b, `{ me { orders(first: 20, sort: TOTAL_DESC) { nodes { number total { amount } } pageInfo { endCursor } } } }`)
}

func benchQuery(b *testing.B, query string) {
	w := newWorld(b, storetest.Open(b))
	s := step{name: "bench", as: "alice"}
	if answer := w.send(b, s, query); answer["errors"] != nil {
		b.Fatal(answer)
	}
	b.ReportAllocs()
	for b.Loop() {
		if answer := w.send(b, s, query); answer["errors"] != nil {
			b.Fatal(answer)
		}
	}
}

func BenchmarkPlaceOrder(b *testing.B) {
	w := newWorld(b, storetest.Open(b))
	ctx := storetest.As(userOf(b, w, "alice"))
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		_, err := w.app.orders.Place(ctx, order.PlaceOrderInput{IdempotencyKey: fmt.Sprint("bench", i), Lines: []*order.PlaceOrderLineInput{{Sku: "FREE", Quantity: 1}}})
		check(b, err)
	}
}

func BenchmarkRedeemPoints(b *testing.B) {
	w := newWorld(b, storetest.Open(b))
	alice := userOf(b, w, "alice")
	staff := (&demo{kabinet: w.app, staff: userOf(b, w, "staff")}).asStaff(storetest.System())
	_, err := w.app.points.Accrue(staff, bonus.AccruePointsInput{UserID: scalar.ID{Prefix: "usr", UUID: alice}, Amount: 1 << 30, Reason: "bench", IdempotencyKey: "bench"})
	check(b, err)
	ctx := storetest.As(alice)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		_, err := w.app.points.Redeem(ctx, bonus.RedeemPointsInput{Amount: 1, IdempotencyKey: fmt.Sprint("bench", i)})
		check(b, err)
	}
}

func userOf(t testing.TB, w *world, who string) uuid.UUID {
	t.Helper()
	id, err := scalar.ParseID(w.vars[who])
	check(t, err)
	return id.UUID
}
