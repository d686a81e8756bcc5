package article_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"

	"kabinet/ent/schema"
	"kabinet/internal/article"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
	"kabinet/internal/viewer"
)

// What a person looked for is kept with him: the last 50, each once, nothing of
// who is not signed in, of staff at work for him, and of who forbade it.
func TestSearchesOfPeopleAreKept(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		alice := w.people["alice"]
		look := func(ctx context.Context, text string) {
			t.Helper()
			if _, err := w.Search(ctx, text, nil, nil, article.Page{}); err != nil {
				t.Fatal(err)
			}
		}
		kept := func(words string) int {
			return w.number(`SELECT count(*) FROM article_seekers WHERE user_id = ? AND words LIKE ?`, alice, words)
		}
		for i := range 55 {
			look(w.readers["alice"], fmt.Sprintf("kettle %c%c", 'a'+i/26, 'a'+i%26))
			db.Clock.Add(5 * time.Minute)
		}
		if all, first, last := kept(`%`), kept(`aa %`), kept(`cc %`); all != 50 || first != 0 || last != 1 {
			t.Errorf("%d searches, the first %d, the last %d", all, first, last)
		}
		look(w.readers["alice"], "Returning the kettles")
		look(w.readers["alice"], "kettle, return! the")
		if n := kept(`kettl return the`); n != 1 {
			t.Errorf("the same words stand there %d times", n)
		}
		if n := kept(`%`); n != 50 {
			t.Errorf("%d searches", n)
		}
		look(w.readers["nobody"], "samovar")
		v := viewer.From(w.readers["alice"])
		v.ActingStaff = uuid.Must(uuid.NewV7())
		look(viewer.With(context.Background(), v), "samovar")
		w.write(func(ctx context.Context, tx *store.Tx) error {
			return tx.User.UpdateOneID(alice).SetPrivacy(&schema.Privacy{Personalisation: ptr(false)}).Exec(ctx)
		})
		look(w.readers["alice"], "samovar")
		if n := w.number(`SELECT count(*) FROM article_seekers WHERE words = 'samovar'`); n != 0 {
			t.Errorf("%d searches are kept that should not be", n)
		}
		if n := w.number(`SELECT times FROM article_searches WHERE words = 'samovar'`); n != 3 {
			t.Errorf("%d searches were counted", n)
		}
	})
}
