package article_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/internal/article"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
)

// tally is what an article says of its votes, which must be what there are.
func (w *world) tally(r *ent.Article, lang string) string {
	w.t.Helper()
	id := r.GlobalID()
	now, err := w.Find(w.editor, article.ArticleRef{ID: &id}, &lang)
	w.must(err)
	helped := w.number(`SELECT count(*) FROM article_votes WHERE article_id = ? AND locale = ? AND helped`, r.KeyID, now.Locale)
	not := w.number(`SELECT count(*) FROM article_votes WHERE article_id = ? AND locale = ? AND NOT helped`, r.KeyID, now.Locale)
	if now.Helped != int64(helped) || now.NotHelped != int64(not) {
		w.t.Errorf("the article says %d and %d, its votes %d and %d", now.Helped, now.NotHelped, helped, not)
	}
	return fmt.Sprint(now.Helped, now.NotHelped)
}

func TestRate(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		r := w.publish(w.draft("Tea", "green"))
		id := r.GlobalID()
		vote := func(ctx context.Context, helped bool, want string) {
			t.Helper()
			got, err := w.Rate(ctx, article.RateArticleInput{ArticleID: id, Helped: helped})
			if err != nil || fmt.Sprint(got.Helped, got.NotHelped) != want || got.Version == 1 && got.Revision != r.Revision {
				t.Errorf("%+v %v, want %s", got, err, want)
			}
			if mine, err := w.MyVote(ctx, r); err != nil || mine == nil || *mine != helped {
				t.Errorf("%v %v", mine, err)
			}
		}
		alice := w.readers["alice"]
		if mine, err := w.MyVote(alice, r); mine != nil || err != nil {
			t.Error(mine, err)
		}
		vote(alice, true, "1 0")
		vote(alice, true, "1 0")
		vote(alice, false, "0 1")
		vote(w.readers["partner"], true, "1 1")
		vote(reader(uuid.Nil, "192.0.2.1"), true, "2 1")
		vote(reader(uuid.Nil, "192.0.2.1"), false, "1 2")
		vote(reader(uuid.Nil, "2001:db8::1"), true, "2 2")
		vote(reader(uuid.Nil, "2001:db8::ffff"), true, "2 2") // of one household
		// Votes stay with the article: the next version counts them, and another
		// language its own.
		w.publish(w.draft("Tea again", "green", of(r, "en")))
		if got := w.tally(r, "en"); got != "2 2" {
			t.Error(got)
		}
		w.publish(w.draft("Чай", "зелёный", of(r, "ru")))
		_, err := w.Rate(alice, article.RateArticleInput{ArticleID: id, Locale: ptr("ru"), Helped: true, Comment: omit(ptr("спасибо"))})
		w.must(err)
		if got := w.tally(r, "en") + "," + w.tally(r, "ru"); got != "2 1,1 0" {
			t.Error(got)
		}
		_, err = w.Retire(w.editor, article.RetireArticleInput{ID: id, Locale: ptr("ru")})
		w.must(err)
		vote(alice, true, "3 1") // in English, as it is not there in Russian
		if c, err := w.Votes(w.editor, id, nil, ptr(true), article.Page{}); err != nil || len(c.Edges) != 1 || *c.Edges[0].Node.Comment != "спасибо" {
			t.Errorf("%v %v", c, err)
		}
		if n := w.number(`SELECT count(*) FROM article_votes WHERE voter LIKE '%192%' OR voter LIKE '%2001%'`); n != 0 {
			t.Errorf("%d addresses are kept", n)
		}
	})
}

// Counts are exact whoever votes, changes his mind and publishes at once.
func TestVotesOfMany(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		r := w.publish(w.draft("Tea", "green"))
		w.publish(w.draft("Чай", "зелёный", of(r, "ru")))
		id := r.GlobalID()
		var wg sync.WaitGroup
		for i := range 8 {
			wg.Go(func() {
				ctx := reader(uuid.Must(uuid.NewV7()), "")
				if i%4 == 0 {
					ctx = reader(uuid.Nil, fmt.Sprint("192.0.2.", 40+i%2))
				}
				for j := range 6 {
					if _, err := w.Rate(ctx, article.RateArticleInput{ArticleID: id, Locale: ptr([]string{"en", "ru"}[j%3%2]), Helped: (i+j)%2 == 0}); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Go(func() {
			now := r
			for i := range 5 {
				in := article.SaveArticleInput{ID: &id, Locale: "en", Revision: ptr(int(now.Revision)), Title: ptr(fmt.Sprint("Tea ", i))}
				d, err := w.Save(w.editor, in)
				if err != nil {
					t.Error(err)
					return
				}
				if now, err = w.Publish(w.editor, article.PublishArticleInput{ID: id, Locale: "en", Revision: ptr(int(d.Revision))}); err != nil {
					t.Error(err)
					return
				}
			}
		})
		wg.Wait()
		w.tally(r, "en")
		w.tally(r, "ru")
	})
}

// Whoever is not signed in votes so often in an hour and no more; nor does he
// make votes of others slow.
func TestVotesArePaced(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		r := w.publish(w.draft("Tea", "green"))
		in := article.RateArticleInput{ArticleID: r.GlobalID(), Helped: true}
		var err error
		for range 31 {
			_, err = w.Rate(w.readers["nobody"], in)
		}
		if code(err) != "RATE_LIMITED" {
			t.Error(err)
		}
		if _, err := w.Rate(w.readers["alice"], in); err != nil {
			t.Error(err)
		}
	})
}

// A comment is kept as it was judged, not with what was around it.
func TestCommentsAreBounded(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		r := w.publish(w.draft("Tea", "green"))
		for _, text := range []string{strings.Repeat(" \n", 50_000) + "More" + strings.Repeat("\t", 50_000), strings.Repeat(" ", 9_000)} {
			_, err := w.Rate(w.readers["alice"], article.RateArticleInput{ArticleID: r.GlobalID(), Comment: omit(&text)})
			w.must(err)
			if n, want := w.number(`SELECT coalesce(max(length(comment)), 0) FROM article_votes`), len(strings.TrimSpace(text)); n != want {
				t.Errorf("%d characters are kept, want %d", n, want)
			}
		}
	})
}

// What is left of a voter who goes: his vote, and neither his name nor his words.
func TestVoterIsErased(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		r := w.publish(w.draft("Tea", "green"))
		_, err := w.Rate(w.readers["alice"], article.RateArticleInput{ArticleID: r.GlobalID(), Helped: true, Comment: omit(ptr("I am Alice"))})
		w.must(err)
		w.write(func(ctx context.Context, tx *store.Tx) error {
			for _, e := range store.Erasures {
				if e.Table == "article_votes" {
					if n, err := tx.EraseRows(ctx, e, w.people["alice"], "Erased"); n != 1 || err != nil {
						t.Errorf("%d rows, %v", n, err)
					}
				}
			}
			return nil
		})
		if n := w.number(`SELECT count(*) FROM article_votes WHERE voter = ? OR comment IS NOT NULL`, w.people["alice"].String()); n != 0 || w.tally(r, "en") != "1 0" {
			t.Errorf("%d rows tell of her", n)
		}
	})
}
