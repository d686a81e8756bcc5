package data

import (
	"context"
	"fmt"
	"io"
	"time"
)

// sink takes rows into one database. begin clears the way (indexes that would
// slow the load), end puts it in order again and gathers statistics.
type sink interface {
	house(ctx context.Context) (House, error)
	begin(ctx context.Context) error
	write(ctx context.Context, r *rows) error
	end(ctx context.Context, say func(string)) error
}

// atOnce is how many people are written in one transaction.
const atOnce = 200

// generate makes everything and says on out how far it is. One goroutine makes
// rows while another writes them.
func generate(ctx context.Context, p Plan, s sink, out io.Writer) error {
	began := time.Now()
	h, err := s.house(ctx)
	if err != nil {
		return fmt.Errorf("what kabinet made at its start: %w", err)
	}
	if err := s.begin(ctx); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	made := make(chan *rows, 1)
	go func() {
		defer close(made)
		for batch := range batches(p, h) {
			select {
			case made <- batch:
			case <-ctx.Done():
				return
			}
		}
	}()
	total, done, said := (p.Users+atOnce)/atOnce+1, 0, time.Now()
	var n int64
	for batch := range made {
		if err := s.write(ctx, batch); err != nil {
			return err
		}
		n += batch.count()
		if done++; time.Since(said) > 5*time.Second {
			said = time.Now()
			fmt.Fprintf(out, "  %3d %%, %d rows, %.0f s\n", 100*done/total, n, time.Since(began).Seconds())
		}
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	fmt.Fprintf(out, "  %d rows in %.0f s\n", n, time.Since(began).Seconds())
	err = s.end(ctx, func(what string) { fmt.Fprintf(out, "  %s, %.0f s\n", what, time.Since(began).Seconds()) })
	return err
}

// batches gives all rows, some people at a time.
func batches(p Plan, h House) func(yield func(*rows) bool) {
	return func(yield func(*rows) bool) {
		batch := new(rows)
		for i := range p.Products {
			batch.product(p.Product(i))
		}
		for i := range p.Users + 1 { // the heavy one is the last
			batch.person(p.Person(i, h), h)
			if (i+1)%atOnce == 0 || i == p.Users {
				if !yield(batch) {
					return
				}
				batch = new(rows)
			}
		}
	}
}
