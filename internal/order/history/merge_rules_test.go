package history

import (
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"kabinet/internal/scalar"
)

// Paging through two lists, forwards or backwards, shows each payment once and
// in order, also where many are of one moment.
func TestMergedPagesAreWhole(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var lists [2][]*PaymentRecord
		var all []*PaymentRecord
		for i := range lists {
			for range rapid.IntRange(0, 12).Draw(t, "rows") {
				r := &PaymentRecord{ID: scalar.ID{UUID: uuid.New()}, OccurredAt: time.Unix(rapid.Int64Range(0, 3).Draw(t, "at"), 0)}
				lists[i], all = append(lists[i], r), append(all, r)
			}
			slices.SortFunc(lists[i], newer)
		}
		slices.SortFunc(all, newer)
		n, backwards := rapid.IntRange(1, 5).Draw(t, "n"), rapid.Bool().Draw(t, "backwards")
		beyond := func(at *PaymentRecord, list []*PaymentRecord) (rows []*PaymentRecord) { // what a statement gives
			for _, r := range list {
				if at == nil || backwards && newer(r, at) < 0 || !backwards && newer(r, at) > 0 {
					rows = append(rows, r)
				}
			}
			if backwards {
				return rows[max(0, len(rows)-n-1):]
			}
			return rows[:min(len(rows), n+1)]
		}
		var shown []*PaymentRecord
		var at *PaymentRecord
		for more := true; more; {
			var page []*PaymentRecord
			page, more = merge(n, backwards, beyond(at, lists[0]), beyond(at, lists[1]))
			if len(page) == 0 {
				break
			}
			if backwards {
				shown, at = append(slices.Clone(page), shown...), page[0]
			} else {
				shown, at = append(shown, page...), page[len(page)-1]
			}
		}
		if !slices.Equal(shown, all) {
			t.Fatalf("%d payments shown, want %d in order", len(shown), len(all))
		}
	})
}
