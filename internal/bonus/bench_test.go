package bonus_test

import (
	"fmt"
	"testing"

	"kabinet/internal/bonus"
	"kabinet/internal/store/storetest"
)

// BenchmarkRedeem spends one point a time from lots of a hundred: the whole
// verb with its idempotency row, lots, entry and event, one client.
func BenchmarkRedeem(b *testing.B) {
	db := storetest.Open(b)
	k := openBooks(b, db, terms(nil))
	alice := k.customer("alice")
	for n := 0; n < b.N; n += 100 {
		k.give(alice, 100, 0)
	}
	ctx := storetest.As(alice)
	b.ReportAllocs()
	b.ResetTimer()
	for i := range b.N {
		_, err := k.points.Redeem(ctx, bonus.RedeemPointsInput{Amount: 1, IdempotencyKey: fmt.Sprint("bench ", i)})
		if err != nil {
			b.Fatal(err)
		}
	}
	b.StopTimer()
}

// BenchmarkCheck goes over 2,000 entries.
func BenchmarkCheck(b *testing.B) {
	db := storetest.Open(b)
	k := openBooks(b, db, terms(nil))
	for range 10 {
		p := k.customer("somebody")
		for range 100 {
			k.give(p, 10, 0)
			k.must(k.spend(p, 7, nil))
		}
	}
	b.ReportAllocs()
	for b.Loop() {
		checkBooks(b, k.points)
	}
}
