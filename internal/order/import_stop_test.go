package order_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/google/uuid"

	"kabinet/internal/order"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
)

const smallBatch = 25

var errInjected = errors.New("injected")

// TestImportStoppedAnywhere stops an import in each of its batches, in several
// ways, starts it again and wants what an import in one go gives.
func TestImportStoppedAnywhere(t *testing.T) { // security L11: killed and started again
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		take(t, db, excerpt(t), order.ImportOptions{})
		want := imported(t, db.Store)
		ways := map[string]func(t *testing.T, db *storetest.DB, batch int) error{
			"the file breaks off": func(t *testing.T, db *storetest.DB, batch int) error {
				src := excerpt(t)
				src.breakAt = max(1, batch*smallBatch-7)
				_, err := importing(db.Store).Import(context.Background(), src, order.ImportOptions{Batch: smallBatch})
				return err
			},
			"cancelled after a commit": func(t *testing.T, db *storetest.DB, batch int) error {
				ctx, cancel := context.WithCancel(context.Background())
				defer cancel()
				_, err := importing(db.Store).Import(ctx, excerpt(t), order.ImportOptions{Batch: smallBatch, Progress: func(sum order.ImportSummary) {
					if sum.Invoices >= int64(batch*smallBatch) {
						cancel()
					}
				}})
				return err
			},
			"inside a transaction": func(t *testing.T, db *storetest.DB, batch int) error {
				orders, calls := importing(db.Store), 0
				real := orders.Customers
				orders.Customers = func(ctx context.Context, tx *store.Tx, source string, ids []string) (map[string]uuid.UUID, error) {
					made, err := real(ctx, tx, source, ids)
					if calls++; calls == batch {
						err = errInjected
					}
					return made, err
				}
				_, err := orders.Import(context.Background(), excerpt(t), order.ImportOptions{Batch: smallBatch})
				return err
			},
		}
		for way, stop := range ways {
			another := storetest.Empty(t, db)
			_, err := another.Migrate(context.Background())
			check(t, err)
			stops := 0
			for batch := 1; batch <= 17; batch++ { // each run goes on where the one before stopped
				if err := stop(t, another, batch); err != nil {
					stops++
				}
			}
			balanced(t, another)
			sum := take(t, another, excerpt(t), order.ImportOptions{Batch: smallBatch})
			if stops < 4 || sum.Invoices != 407 {
				t.Errorf("%s: stopped %d times; %+v", way, stops, sum)
			}
			same(t, way, imported(t, another.Store), want)
		}
	})
}

// TestImportKilled kills the process itself, without a word of warning.
func TestImportKilled(t *testing.T) { // security L11
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		last, kills := "", 0
		for range 60 {
			child := exec.Command(os.Args[0], "-test.run=^TestImportChild$", "-test.v")
			child.Env = append(os.Environ(), "KABINET_IMPORT_CHILD="+db.URL)
			out, err := child.StdoutPipe()
			check(t, err)
			check(t, child.Start())
			lines := bufio.NewScanner(out)
			for n := 0; n < 8 && lines.Scan(); {
				if len(lines.Text()) > 6 && lines.Text()[:6] == "batch " {
					n++
					last = lines.Text()
				}
			}
			time.Sleep(time.Duration(kills%5) * time.Millisecond) // somewhere in the next batch
			_ = child.Process.Kill()
			if err := child.Wait(); err == nil {
				break // it was through
			}
			kills++
		}
		sum := take(t, db, excerpt(t), order.ImportOptions{})
		if kills < 5 || sum.Invoices != 407 {
			t.Errorf("killed %d times, last at %q; %+v", kills, last, sum)
		}
		got := imported(t, db.Store)
		whole := storetest.Empty(t, db)
		_, err := whole.Migrate(context.Background())
		check(t, err)
		take(t, whole, excerpt(t), order.ImportOptions{})
		same(t, "after "+fmt.Sprint(kills)+" kills", got, imported(t, whole.Store))
		balanced(t, db)
	})
}

// TestImportChild is the process that TestImportKilled kills; by itself it has
// nothing to do.
func TestImportChild(t *testing.T) {
	url := os.Getenv("KABINET_IMPORT_CHILD")
	if url == "" {
		return
	}
	s, err := store.Open(context.Background(), store.Options{URL: url, Clock: func() time.Time { return storetest.Start }})
	check(t, err)
	defer s.Close()
	_, err = importing(s).Import(context.Background(), excerpt(t), order.ImportOptions{Batch: 4, Progress: func(sum order.ImportSummary) {
		fmt.Println("batch", sum.Invoices)
	}})
	check(t, err)
}
