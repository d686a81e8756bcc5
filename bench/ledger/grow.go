package main

import (
	"context"
	"fmt"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"kabinet/ent/generated/ledgerentry"
	"kabinet/internal/ledger"
	"kabinet/internal/store"
)

// grow checks the books at several sizes: the time for an entry must not grow,
// nor the memory.
func (w *world) grow(ctx context.Context, sizes string, r *strings.Builder) error {
	fmt.Fprint(r, "\n## The checker as the books grow\n\n| entries | seconds | entries a second | live heap at most, MB |\n|---|---|---|---|\n")
	for _, s := range strings.Split(sizes, ",") {
		want, err := strconv.ParseInt(s, 10, 64)
		if err != nil {
			return err
		}
		if err := w.fill(ctx, want); err != nil {
			return err
		}
		if _, err := w.hand.Exec(`VACUUM ANALYZE ledger_entries, ledger_lots, ledger_lot_moves, ledger_accounts`); err != nil {
			return err
		}
		heap, stop := watchHeap()
		start := time.Now()
		sum, err := w.books.Check(ctx, func(f ledger.Finding) { fmt.Println(f) })
		took := time.Since(start).Seconds()
		stop()
		if err != nil || sum.Findings > 0 {
			return fmt.Errorf("the checker: %v %w", sum, err)
		}
		fmt.Fprintf(r, "| %d | %.1f | %.0f | %.0f |\n", sum.Entries, took, float64(sum.Entries)/took, float64(heap.Load())/(1<<20))
	}
	return nil
}

// fill writes entries through the books, many accounts in a transaction and
// several transactions at once, until there are so many.
func (w *world) fill(ctx context.Context, want int64) error {
	var have int64
	if err := w.hand.QueryRow(`SELECT count(*) FROM ledger_entries`).Scan(&have); err != nil {
		return err
	}
	const perAccount, perTx = 25, 20
	chunks := make(chan []person)
	errs := make(chan error, 4)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for some := range chunks {
				if err := w.lives(ctx, some, perAccount); err != nil {
					select {
					case errs <- err:
					default:
					}
				}
			}
		})
	}
	for have < want && len(errs) == 0 {
		at := int(have/perAccount) % len(w.owner)
		some := w.owner[at:min(at+perTx, len(w.owner))]
		chunks <- some
		have += int64(len(some) * perAccount)
	}
	close(chunks)
	wg.Wait()
	select {
	case err := <-errs:
		return err
	default:
		return nil
	}
}

var causes atomic.Int64

// lives earns and spends on each account.
func (w *world) lives(ctx context.Context, people []person, n int) error {
	return w.store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		for _, p := range people {
			b, err := w.books.Open(ctx, tx, p.key(), nil)
			if err != nil {
				return err
			}
			for i := range n {
				post := ledger.Posting{Kind: ledgerentry.KindACCRUAL, Amount: 30, Contra: ledger.Issued, Cause: fmt.Sprint("grow ", causes.Add(1)), Clock: true}
				if i%5 == 0 {
					due := tx.Now.Add(time.Duration(400+i) * 24 * time.Hour)
					_, err = b.Give(ctx, post, &due)
				} else {
					post.Kind, post.Contra, post.Amount = ledgerentry.KindREDEMPTION, ledger.Spent, 6
					_, err = b.Take(ctx, post)
				}
				if err != nil {
					return err
				}
			}
			if err := b.Close(ctx); err != nil {
				return err
			}
		}
		return nil
	})
}

// watchHeap notes the highest live heap until it is stopped.
func watchHeap() (most *atomic.Uint64, stop func()) {
	runtime.GC()
	most = &atomic.Uint64{}
	done := make(chan struct{})
	go func() {
		for {
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			if m.HeapAlloc > most.Load() {
				most.Store(m.HeapAlloc)
			}
			select {
			case <-done:
				return
			case <-time.After(200 * time.Millisecond):
			}
		}
	}()
	return most, func() { close(done) }
}
