package list_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/review"
	"kabinet/internal/list"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
)

// critics are people who bought tea and wrote of it.
type critics struct {
	*world
	desk   context.Context
	people []uuid.UUID
	wrote  []*ent.Review
}

func (c *critics) all(what string, n int, may string, do func(i int) error) {
	c.t.Helper()
	for i, err := range atOnce(n, do) {
		if got := code(err); got != "" && got != may {
			c.t.Errorf("%s %d: %v", what, i, err)
		}
	}
	c.tally(what)
}

// tally is what the product says of its reviews, against the reviews.
func (c *critics) tally(what string) {
	c.t.Helper()
	want := [2]int{
		c.number(`SELECT CAST(coalesce(sum(rating), 0) AS bigint) FROM reviews WHERE status = 'PUBLISHED'`),
		c.number(`SELECT count(*) FROM reviews WHERE status = 'PUBLISHED'`),
	}
	if got := c.stars(); got != want {
		c.t.Errorf("%s: the product says %v, its reviews %v", what, got, want)
	}
}

func (c *critics) moderate(i int, status list.ReviewStatus) error {
	in := list.ModerateReviewInput{ID: c.wrote[i].GlobalID(), Revision: int(c.wrote[i].Revision), Status: status}
	if status == list.ReviewStatusRejected {
		in.Reason = ptr("Not of the tea")
	}
	r, err := c.Moderate(c.desk, in)
	if err == nil {
		c.wrote[i] = r
	}
	return err
}

func (c *critics) write(i, rating int, words string) error {
	r, err := c.SaveReview(storetest.As(c.people[i]), list.SaveReviewInput{ProductID: c.goods["TEA"], Rating: ptr(rating), Body: graphql.OmittableOf(&words)})
	if err == nil {
		c.wrote[i] = r
	}
	return err
}

// The stars of a product are those of its published reviews, whoever writes,
// changes, deletes and decides at the same time, and stay when a person goes.
func TestStarsOfMany(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		const n = 12
		w := newWorld(t, db)
		c := &critics{world: w, desk: staff(w.person("staff")), people: make([]uuid.UUID, n), wrote: make([]*ent.Review, n)}
		for i := range n {
			c.people[i] = w.person(fmt.Sprint("critic", i))
			w.received(c.people[i], c.people[i], "TEA")
		}
		c.all("written", n, "", func(i int) error { return c.write(i, 1+i%5, "first") })
		if c.stars() != [2]int{0, 0} {
			t.Errorf("nothing is published, but %v", c.stars())
		}
		c.all("published", n, "", func(i int) error { return c.moderate(i, list.ReviewStatusPublished) })
		if c.stars()[1] != n {
			t.Errorf("%d of %d are published", c.stars()[1], n)
		}
		c.all("changed, deleted, rejected", n, "", func(i int) error {
			switch i % 3 {
			case 0:
				return c.write(i, 5-i%5, "second") // waits for staff anew
			case 1:
				_, err := c.DeleteReview(storetest.As(c.people[i]), list.DeleteReviewInput{ID: c.wrote[i].GlobalID()})
				return err
			}
			return c.moderate(i, list.ReviewStatusRejected)
		})
		if c.stars() != [2]int{0, 0} {
			t.Errorf("all were changed, deleted or rejected, but %v", c.stars())
		}
		// Staff decides while the author changes: who comes second is told so.
		before := make([]*ent.Review, n)
		copy(before, c.wrote)
		c.all("decided and changed", 2*n, "STALE_OBJECT input.revision", func(i int) error {
			if i%n%3 == 1 {
				return nil
			}
			if i < n {
				_, err := c.Moderate(c.desk, list.ModerateReviewInput{ID: before[i].GlobalID(), Revision: int(before[i].Revision), Status: list.ReviewStatusPublished})
				return err
			}
			i -= n
			_, err := c.SaveReview(storetest.As(c.people[i]), list.SaveReviewInput{ProductID: c.goods["TEA"], Rating: ptr(3), Body: graphql.OmittableOf(ptr("third")), Revision: ptr(int(before[i].Revision))})
			return err
		})
		for i := range n {
			if i%3 == 1 {
				continue
			}
			r, err := db.Client.Review.Query().Where(review.ID(c.wrote[i].ID)).Only(storetest.System())
			w.must(err)
			c.wrote[i] = r
			if r.Status != review.StatusPUBLISHED {
				w.must(c.moderate(i, list.ReviewStatusPublished))
			}
		}
		c.tally("published again")
		stood := c.stars()
		for _, e := range store.Erasures {
			if e.Table != "reviews" {
				continue
			}
			w.write(func(ctx context.Context, tx *store.Tx) error {
				_, err := tx.EraseRows(ctx, e, c.people[0], "critic0")
				return err
			})
		}
		if c.stars() != stood || w.number(`SELECT count(*) FROM reviews WHERE user_id = ? AND body IS NULL AND title IS NULL AND author_name IS NULL AND rating > 0`, c.people[0]) != 1 {
			t.Errorf("erased: %v, before %v", c.stars(), stood)
		}
		c.tally("erased")
	})
}
