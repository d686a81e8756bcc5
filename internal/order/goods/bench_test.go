package goods_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"kabinet/internal/order/goods"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
	"kabinet/internal/viewer"
)

// BenchmarkUpsertAgainstInsert takes turns: 1,000 new products by the verb, and
// the same rows by a bare batched INSERT of the same columns in one
// transaction. ratio is the verb's rate by the insert's; at least 0.5 is asked.
func BenchmarkUpsertAgainstInsert(b *testing.B) {
	storetest.EachB(b, func(b *testing.B, db *storetest.DB) {
		g := &goods.Goods{Store: db.Store}
		ctx := viewer.AsSystem(context.Background(), "bench")
		var verb, bare time.Duration
		n := 0
		for b.Loop() {
			n++
			in := goods.UpsertProductsInput{Products: make([]*goods.UpsertProductInput, 1_000)}
			for i := range in.Products {
				in.Products[i] = ware(fmt.Sprintf("V%d-%d", n, i))
			}
			began := time.Now()
			if _, err := g.Upsert(ctx, in); err != nil {
				b.Fatal(err)
			}
			verb += time.Since(began)
			began = time.Now()
			if err := db.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error { return insert(ctx, tx, n) }); err != nil {
				b.Fatal(err)
			}
			bare += time.Since(began)
		}
		b.ReportMetric(float64(bare)/float64(verb), "ratio")
		b.ReportMetric(1_000*float64(n)/verb.Seconds(), "rows/s")
		b.ReportMetric(1_000*float64(n)/bare.Seconds(), "bare-rows/s")
	})
}

func insert(ctx context.Context, tx *store.Tx, n int) error {
	const columns = 13
	for part := range 10 {
		var args []any
		for i := range 100 {
			sku := fmt.Sprintf("B%d-%d", n, 100*part+i)
			args = append(args, uuid.Must(uuid.NewV7()), tx.Now, tx.Now, int64(1), nil, nil, nil, sku, "A "+sku, int64(250), "GBP", nil, "ACTIVE")
		}
		row := "(" + strings.TrimSuffix(strings.Repeat("?,", columns), ",") + "),"
		_, err := tx.Exec(ctx, `INSERT INTO products (id, created_at, updated_at, revision, source, external_id, source_updated_at, sku, title, price_minor, currency, stock, status) VALUES `+
			strings.TrimSuffix(strings.Repeat(row, 100), ","), args...)
		if err != nil {
			return err
		}
	}
	return nil
}
