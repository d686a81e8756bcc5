package article_test

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"entgo.io/ent/dialect"
	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	entarticle "kabinet/ent/generated/article"
	"kabinet/internal/article"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
)

// fill publishes n articles of 60 words each: common is in half of them, usual
// in a third, rarely in the titles of one of a thousand.
func (w *world) fill(n int) {
	w.t.Helper()
	draw := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // words of a benchmark
	word := func() string {             // one of 17,576, some far more often
		i := int(17_576 * draw.Float64() * draw.Float64() * draw.Float64())
		return "qu" + string([]byte{byte('a' + i%26), byte('a' + i/26%26), byte('a' + i/676)}) + "x"
	}
	const part = 250
	for from := 0; from < n; from += part {
		w.write(func(ctx context.Context, tx *store.Tx) error {
			rows := make([]*ent.ArticleCreate, 0, part)
			for i := from; i < min(n, from+part); i++ {
				title, words := word()+" "+word(), make([]string, 60)
				for j := range words {
					words[j] = word()
				}
				if i%2 == 0 {
					words[3] = "common"
				}
				if i%3 == 0 {
					words[5] = "usual"
				}
				if i%1000 == 7 {
					title += " rarely"
				}
				rows = append(rows, tx.Article.Create().SetKeyID(uuid.Must(uuid.NewV7())).SetLocale("en").SetVersion(1).SetStatus(entarticle.StatusPUBLISHED).
					SetTitle(title).SetBody(strings.Join(words, " ")).SetPublishedAt(tx.Now))
			}
			made, err := tx.Article.CreateBulk(rows...).Save(ctx)
			for _, r := range made {
				if err == nil {
					err = article.Index(ctx, tx, r)
				}
			}
			return err
		})
	}
	if w.db.Dialect() == dialect.Postgres {
		w.write(func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.Exec(ctx, `ANALYZE article_words`)
			if err == nil {
				_, err = tx.Exec(ctx, `ANALYZE articles`)
			}
			return err
		})
	}
}

var articles = flag.Int("articles", 100_000, "how many articles BenchmarkSearch searches at most")

// BenchmarkSearch searches many articles beside 1,000: what
// bench/results/articles.md says.
func BenchmarkSearch(b *testing.B) {
	storetest.EachB(b, func(b *testing.B, db *storetest.DB) {
		w := newWorld(b, db)
		nobody, had := w.readers["nobody"], 0
		for _, n := range []int{1_000, *articles} {
			w.fill(n - had)
			had = n
			for _, text := range []string{"rarely", "common", "common usual", "common nowhere", "quaaax common"} {
				b.Run(fmt.Sprintf("%d/search %s", n, text), func(b *testing.B) {
					for b.Loop() {
						if _, err := w.Search(nobody, text, nil, nil, article.Page{}); err != nil {
							b.Fatal(err)
						}
					}
				})
			}
			b.Run(fmt.Sprintf("%d/count common", n), func(b *testing.B) {
				for b.Loop() {
					c, err := w.Search(nobody, "common", nil, nil, article.Page{})
					if err != nil {
						b.Fatal(err)
					}
					if _, err := c.TotalCount(nobody); err != nil {
						b.Fatal(err)
					}
				}
			})
			for _, text := range []string{"rarely", "hello, my quaaax is qubaax and rarely qucaax, what shall I do with qudaax"} {
				b.Run(fmt.Sprintf("%d/suggest %.6s", n, text), func(b *testing.B) {
					for b.Loop() {
						if _, err := w.Suggest(nobody, text, nil, nil); err != nil {
							b.Fatal(err)
						}
					}
				})
			}
		}
	})
}
