package article_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"

	ent "kabinet/ent/generated"
	entarticle "kabinet/ent/generated/article"
	"kabinet/ent/generated/auditentry"
	"kabinet/internal/article"
	"kabinet/internal/scalar"
	"kabinet/internal/store/storetest"
	"kabinet/internal/viewer"
)

func omit[T any](v T) graphql.Omittable[T] { return graphql.OmittableOf(v) }

func last[T any](_ T, err error) error { return err }

func (w *world) schedule(r *ent.Article) *ent.Article {
	w.t.Helper()
	out, err := w.Publish(w.editor, article.PublishArticleInput{ID: r.GlobalID(), Locale: r.Locale, At: ptr(w.db.Store.Now().Add(time.Hour))})
	w.must(err)
	return out
}

// versionsOf is the states of the versions in a language, newest first.
func (w *world) versionsOf(r *ent.Article) string {
	w.t.Helper()
	c, err := w.Versions(w.editor, r.GlobalID(), r.Locale, article.Page{})
	w.must(err)
	all := []string{}
	for _, v := range c.Nodes() {
		all = append(all, v.Title+" "+string(v.Status))
	}
	return strings.Join(all, ", ")
}

func TestVersions(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		r := w.draft("One", "text", func(in *article.SaveArticleInput) { in.Keywords, in.Summary = []string{"cup", "cup"}, ptr("sum") })
		if r.Version != 1 || r.Status != entarticle.StatusDRAFT || len(r.Keywords) != 1 {
			t.Errorf("%+v", r)
		}
		r = w.draft("One and a half", "text", of(r, "en")) // a draft is changed in place
		r = w.publish(r)
		w.publish(r) // again: nothing happens
		two := w.draft("Two", "text", of(r, "en"))
		if two.Version != 2 || two.Summary != "sum" || len(two.Keywords) != 1 || two.Revision <= r.Revision {
			t.Errorf("%+v", two)
		}
		w.publish(two)
		if got := w.versionsOf(r); got != "Two PUBLISHED, One and a half RETIRED" {
			t.Error(got)
		}
		restore := func(n int) (*ent.Article, error) {
			return w.Restore(w.editor, article.RestoreArticleVersionInput{ID: r.GlobalID(), Locale: "en", Version: n})
		}
		three, err := restore(1)
		w.must(err)
		w.draft("Three", "text", of(three, "en"))
		if _, err = restore(2); err != nil {
			t.Fatal(err)
		}
		if got := w.versionsOf(r); got != "Two DRAFT, Three RETIRED, Two PUBLISHED, One and a half RETIRED" {
			t.Error(got)
		}
		if again, err := restore(4); err != nil || again.Version != 4 { // it is the draft
			t.Errorf("%v %v", again, err)
		}
		if _, err = restore(9); code(err) != "NOT_FOUND input.version" {
			t.Error(err)
		}
		out, err := w.Retire(w.editor, article.RetireArticleInput{ID: r.GlobalID(), Locale: ptr("en")})
		if err != nil || out.Version != 4 || w.versionsOf(r) != "Two DRAFT, Three RETIRED, Two RETIRED, One and a half RETIRED" {
			t.Errorf("%v %v %s", out, err, w.versionsOf(r))
		}
		if n := w.number(`SELECT count(*) FROM article_words`); n != 0 {
			t.Errorf("%d rows of words are left", n)
		}
	})
}

// What an act did stands on record as it was done.
func TestActsAreOnRecord(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		r := w.publish(w.draft("Tea", "text"))
		w.schedule(w.draft("Coffee", "text", of(r, "en")))
		_, err := w.Retire(w.editor, article.RetireArticleInput{ID: r.GlobalID()})
		w.must(err)
		all, err := db.Client.AuditEntry.Query().Order(ent.Asc(auditentry.FieldID)).All(storetest.System())
		w.must(err)
		got := []string{}
		for _, e := range all {
			got = append(got, fmt.Sprint(e.Action, " ", e.Changes["title"], " ", e.Changes["status"]))
		}
		slices.Sort(got)
		if want := "article.publish Coffee SCHEDULED, article.publish Tea PUBLISHED, article.retire Coffee DRAFT, article.retire Tea RETIRED, article.save Coffee DRAFT, article.save Tea DRAFT"; strings.Join(got, ", ") != want {
			t.Error(strings.Join(got, ", "))
		}
	})
}

// Of those who take one handle at once, in whichever language, one gets it.
func TestHandlesAtOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		var wg sync.WaitGroup
		errs := make([]error, 8)
		for i := range errs {
			wg.Go(func() {
				_, errs[i] = w.Save(w.editor, article.SaveArticleInput{Locale: []string{"en", "ru"}[i%2], Handle: ptr("tea"), Title: ptr("x"), Body: ptr("y")})
			})
		}
		wg.Wait()
		got := 0
		for _, err := range errs {
			if err == nil {
				got++
			} else if code(err) != "HANDLE_TAKEN input.handle" {
				t.Error(err)
			}
		}
		if got != 1 {
			t.Errorf("%d have it", got)
		}
		for _, no := range []string{"", "T", "tea\x00", "\xff", strings.Repeat("t", 100_000)} {
			if _, err := w.Find(w.readers["nobody"], article.ArticleRef{Handle: &no}, nil); code(err) != "NOT_FOUND" {
				t.Errorf("%.10q: %v", no, err)
			}
		}
	})
}

// Who deletes a shelf while an old version on it becomes a draft again is
// second, or the draft stands nowhere and is as narrow as the shelf was.
func TestShelfGoesWhileItsArticleComesBack(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		for i := range 8 {
			id := w.shelf(fmt.Sprint("shelf", i), nil, func(in *article.SaveArticleCategoryInput) { in.Audience = ptr(entarticle.AudiencePARTNERS) }).GlobalID()
			r := w.publish(w.draft("Tea", "text", func(in *article.SaveArticleInput) { in.CategoryID = omit(&id) }))
			_, err := w.Retire(w.editor, article.RetireArticleInput{ID: r.GlobalID()})
			w.must(err)
			var wg sync.WaitGroup
			var gone error
			wg.Go(func() { _, gone = w.DeleteCategory(w.editor, article.DeleteArticleCategoryInput{ID: id}) })
			var back *ent.Article
			wg.Go(func() {
				back, err = w.Restore(w.editor, article.RestoreArticleVersionInput{ID: r.GlobalID(), Locale: "en", Version: 1})
			})
			wg.Wait()
			w.must(err)
			switch {
			case gone == nil && back.CategoryID == nil && back.Audience == entarticle.AudiencePARTNERS:
			case code(gone) == "ARTICLE_CATEGORY_NOT_EMPTY input.id" && back.CategoryID != nil:
			default:
				t.Errorf("%v: %v %s", gone, back.CategoryID, back.Audience)
			}
		}
	})
}

// A time to come is kept by the clock, in pages, once.
func TestScheduled(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		alice, due := w.readers["alice"], func(limit int) int {
			n, err := w.PublishDue(viewer.AsSystem(context.Background(), "clock"), limit)
			w.must(err)
			return n
		}
		old := w.publish(w.draft("Old tea", "text"))
		w.schedule(w.draft("New tea", "text", of(old, "en")))
		for range 4 {
			w.schedule(w.draft("More tea", "text"))
		}
		off := w.schedule(w.draft("Never tea", "text"))
		if _, err := w.Retire(w.editor, article.RetireArticleInput{ID: off.GlobalID()}); err != nil || w.versionsOf(off) != "Never tea DRAFT" {
			t.Errorf("%v %s", err, w.versionsOf(off))
		}
		if n := due(100); n != 0 || w.titles(alice, "tea", "en") != "Old tea" {
			t.Errorf("%d before their time", n)
		}
		db.Clock.Add(time.Hour)
		var wg sync.WaitGroup
		for range 3 { // instances beside each other
			wg.Go(func() {
				for due(2) == 2 {
				}
			})
		}
		wg.Wait()
		if got := w.titles(alice, "tea", "en"); got != "More tea|More tea|More tea|More tea|New tea" && strings.Count(got, "More tea") != 4 {
			t.Error(got)
		}
		if got := w.versionsOf(old); got != "New tea PUBLISHED, Old tea RETIRED" {
			t.Error(got)
		}
		if n := w.number(`SELECT count(*) FROM account_events WHERE kind = 'article.published'`); n != 6 {
			t.Errorf("%d facts of 6", n)
		}
	})
}

func TestRefusals(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		r := w.publish(w.draft("Tea", "text", func(in *article.SaveArticleInput) { in.Handle = ptr("tea") }))
		id, foreign := r.GlobalID(), scalar.ID{Prefix: "ord", UUID: r.KeyID}
		save := func(change func(*article.SaveArticleInput)) error {
			in := article.SaveArticleInput{Locale: "en", Title: ptr("a"), Body: ptr("b")}
			change(&in)
			return last(w.Save(w.editor, in))
		}
		publish := func(change func(*article.PublishArticleInput)) error {
			in := article.PublishArticleInput{ID: id, Locale: "en"}
			change(&in)
			return last(w.Publish(w.editor, in))
		}
		type in = article.SaveArticleInput
		gone := scalar.ID{Prefix: "acat", UUID: r.KeyID}
		for want, err := range map[string]error{
			"INVALID_ID input.id":           save(func(in *in) { in.ID = &foreign }),
			"NOT_FOUND input.id":            save(func(in *in) { in.ID = &scalar.ID{Prefix: "art", UUID: r.ID} }),
			"INVALID_VALUE input.locale":    save(func(in *in) { in.Locale = "de" }),
			"REQUIRED input.title":          save(func(in *in) { in.Title = nil }),
			"REQUIRED input.body":           save(func(in *in) { in.Body = ptr(" \n") }),
			"TOO_LONG input.title":          save(func(in *in) { in.Title = ptr(strings.Repeat("ж", 201)) }),
			"TOO_LONG input.body":           save(func(in *in) { in.Body = ptr(strings.Repeat("ж", 50_001)) }),
			"INVALID_VALUE input.summary":   save(func(in *in) { in.Summary = ptr("\x1b[31m") }),
			"TOO_MANY_ITEMS input.keywords": save(func(in *in) { in.Keywords = make([]string, 31) }),
			"REQUIRED input.keywords.1":     save(func(in *in) { in.Keywords = []string{"a", ""} }),
			"OUT_OF_RANGE input.position":   save(func(in *in) { in.Position = ptr(-1) }),
			"INVALID_VALUE input.handle":    save(func(in *in) { in.Handle = ptr("No Spaces") }),
			"HANDLE_TAKEN input.handle":     save(func(in *in) { in.Handle, in.Locale = ptr("tea"), "ru" }),
			"NOT_FOUND input.categoryId":    save(func(in *in) { in.CategoryID = omit(&gone) }),
			"INVALID_ID input.categoryId":   save(func(in *in) { in.CategoryID = omit(&id) }),
			"REQUIRED input.revision":       save(func(in *in) { in.ID = &id }),
			"STALE_OBJECT input.revision":   save(func(in *in) { in.ID, in.Revision = &id, ptr(1) }),
			"OUT_OF_RANGE input.at":         publish(func(in *article.PublishArticleInput) { in.At = ptr(db.Store.Now()) }),
			"ARTICLE_NO_DRAFT input.locale": publish(func(in *article.PublishArticleInput) { in.Locale = "ru" }),
			"NOT_FOUND input.articleId":     last(w.Rate(w.editor, article.RateArticleInput{ArticleID: scalar.ID{Prefix: "art", UUID: r.ID}})),
			"INVALID_ID input.articleId":    last(w.Rate(w.editor, article.RateArticleInput{ArticleID: foreign})),
			"TOO_LONG input.comment":        last(w.Rate(w.editor, article.RateArticleInput{ArticleID: id, Comment: omit(ptr(strings.Repeat("a", 1001)))})),
			"INVALID_VALUE period.from":     last(w.Gaps(w.editor, article.ArticleGapPeriod{From: "x", To: "2026-01-01"}, nil, article.Page{})),
			"INVALID_VALUE period.to":       last(w.Gaps(w.editor, article.ArticleGapPeriod{From: "2026-01-02", To: "2026-01-01"}, nil, article.Page{})),
			"OUT_OF_RANGE period.to":        last(w.Gaps(w.editor, article.ArticleGapPeriod{From: "2026-01-01", To: "2027-01-02"}, nil, article.Page{})),
			"OUT_OF_RANGE limit":            last(w.Suggest(w.editor, "tea", nil, ptr(11))),
			"REQUIRED text":                 last(w.Search(w.editor, "  ", nil, nil, article.Page{})),
			"TOO_LONG text":                 last(w.Search(w.editor, strings.Repeat("a", 201), nil, nil, article.Page{})),
			"NOT_FOUND categoryId":          last(w.Search(w.editor, "tea", nil, &gone, article.Page{})),
			"INVALID_ID categoryId":         last(w.Search(w.editor, "tea", nil, &id, article.Page{})),
			"INVALID_REQUEST":               last(w.Search(w.editor, "tea", nil, nil, article.Page{First: ptr(101)})),
			"NOT_FOUND filter.categoryId":   last(w.List(w.editor, &article.ArticleFilter{CategoryID: &gone}, nil, article.Page{})),
			"NOT_FOUND":                     last(w.Find(w.editor, article.ArticleRef{Handle: ptr("coffee")}, nil)),
			"INVALID_VALUE locale":          last(w.Versions(w.editor, id, "de", article.Page{})),
		} {
			if code(err) != want {
				t.Errorf("%v, want %s", err, want)
			}
		}
	})
}

func TestShelves(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		shelves := []*ent.ArticleCategory{w.shelf("one", nil)}
		for _, name := range []string{"two", "three", "four", "five"} {
			shelves = append(shelves, w.shelf(name, shelves[len(shelves)-1]))
		}
		one, five := shelves[0].GlobalID(), shelves[4].GlobalID()
		text := []*scalar.Translation{{Locale: "en", Name: "x"}}
		save := func(in article.SaveArticleCategoryInput) error { return last(w.SaveCategory(w.editor, in)) }
		three := shelves[2].GlobalID()
		remove := func(id scalar.ID) error {
			return last(w.DeleteCategory(w.editor, article.DeleteArticleCategoryInput{ID: id}))
		}
		r := w.draft("Tea", "text", func(in *article.SaveArticleInput) { in.CategoryID = omit(&five) })
		for want, err := range map[string]error{
			"ARTICLE_CATEGORY_TOO_DEEP input.parentId": save(article.SaveArticleCategoryInput{Handle: ptr("six"), Texts: text, ParentID: omit(&five)}),
			"ARTICLE_CATEGORY_CYCLE input.parentId":    save(article.SaveArticleCategoryInput{ID: &one, Revision: ptr(1), ParentID: omit(&five)}),
			"ARTICLE_CATEGORY_NOT_EMPTY input.id":      remove(five),
			"HANDLE_TAKEN input.handle":                save(article.SaveArticleCategoryInput{Handle: ptr("one"), Texts: text}),
			"STALE_OBJECT input.revision":              save(article.SaveArticleCategoryInput{ID: &one, Revision: ptr(7)}),
			"REQUIRED input.revision":                  save(article.SaveArticleCategoryInput{ID: &one}),
			"REQUIRED input.handle":                    save(article.SaveArticleCategoryInput{Texts: text}),
			"REQUIRED input.texts":                     save(article.SaveArticleCategoryInput{Handle: ptr("x")}),
			"TOO_LONG input.handle":                    save(article.SaveArticleCategoryInput{Handle: ptr(strings.Repeat("x", 61)), Texts: text}),
			"DUPLICATE_KEY input.texts.1.locale":       save(article.SaveArticleCategoryInput{Handle: ptr("x"), Texts: append(text, text...)}),
			"OUT_OF_RANGE input.position":              save(article.SaveArticleCategoryInput{Handle: ptr("x"), Texts: text, Position: ptr(10_001)}),
			"NOT_FOUND input.parentId":                 save(article.SaveArticleCategoryInput{Handle: ptr("x"), Texts: text, ParentID: omit(&scalar.ID{Prefix: "acat", UUID: r.ID})}),
			"INVALID_ID input.id":                      remove(r.GlobalID()),
		} {
			if code(err) != want {
				t.Errorf("%v, want %s", err, want)
			}
		}
		// Whom a shelf was for stays on what stood there.
		two := shelves[1].GlobalID()
		w.must(save(article.SaveArticleCategoryInput{ID: &two, Revision: ptr(1), Audience: ptr(entarticle.AudiencePARTNERS)}))
		w.publish(r)
		_, err := w.Retire(w.editor, article.RetireArticleInput{ID: r.GlobalID()})
		w.must(err)
		w.must(remove(five))
		if code(remove(five)) != "NOT_FOUND input.id" || code(remove(three)) != "ARTICLE_CATEGORY_NOT_EMPTY input.id" {
			t.Error("a shelf is deleted twice, or with what stands in it")
		}
		got, err := w.Restore(w.editor, article.RestoreArticleVersionInput{ID: r.GlobalID(), Locale: "en", Version: 1})
		if err != nil || got.Audience != entarticle.AudiencePARTNERS || got.CategoryID != nil {
			t.Errorf("%v %v", got, err)
		}
	})
}

// Of those who move shelves into each other at once none makes a ring.
func TestShelvesAtOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		a, b := w.shelf("a", nil).GlobalID(), w.shelf("b", nil).GlobalID()
		errs := make([]error, 2)
		var wg sync.WaitGroup
		for i, move := range [][2]scalar.ID{{a, b}, {b, a}} {
			wg.Go(func() {
				_, errs[i] = w.SaveCategory(w.editor, article.SaveArticleCategoryInput{ID: &move[0], Revision: ptr(1), ParentID: omit(&move[1])})
			})
		}
		wg.Wait()
		if got := code(errs[0]) + "," + code(errs[1]); got != "<nil>,ARTICLE_CATEGORY_CYCLE input.parentId" && got != "ARTICLE_CATEGORY_CYCLE input.parentId,<nil>" {
			t.Error(got)
		}
	})
}

// Two editors of one article: who comes second is told so, and no draft is lost.
func TestEditorsAtOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		r := w.publish(w.draft("Tea", "text"))
		id, won := r.GlobalID(), 0
		errs := make([]error, 6)
		var wg sync.WaitGroup
		for i := range errs {
			wg.Go(func() {
				_, errs[i] = w.Save(w.editor, article.SaveArticleInput{ID: &id, Locale: "en", Revision: ptr(int(r.Revision)), Title: ptr("x")})
			})
		}
		wg.Wait()
		for _, err := range errs {
			if err == nil {
				won++
			} else if code(err) != "STALE_OBJECT input.revision" {
				t.Error(err)
			}
		}
		if won != 1 || w.versionsOf(r) != "x DRAFT, Tea PUBLISHED" {
			t.Errorf("%d have won: %s", won, w.versionsOf(r))
		}
	})
}
