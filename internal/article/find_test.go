package article_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	entarticle "kabinet/ent/generated/article"
	"kabinet/internal/article"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
	"kabinet/internal/viewer"
)

func TestSearch(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		alice := w.readers["alice"]
		russian := func(in *article.SaveArticleInput) { in.Locale = "ru" }
		w.publish(w.draft("About bills", "A bill is paid in a week, by card"))
		w.publish(w.draft("Cards", "We take every card. Bills as well."))
		w.publish(w.draft("Paying", "Read on", func(in *article.SaveArticleInput) { in.Keywords = []string{"card", "billing"} }))
		w.publish(w.draft("Счета и оплата", "Как оплатить счёт картой", russian))
		w.publish(w.draft("Доставка", "Счетами не занимаемся", russian))
		both := w.publish(w.draft("Gifts", "A teapot"))
		w.publish(w.draft("Подарки", "Чайник", of(both, "ru")))
		for _, c := range []struct{ text, lang, want string }{
			{"bills", "en", "About bills|Paying|Cards"}, // title, keywords, body
			{"BILL card", "en", "Paying|Cards|About bills"},
			{"how to pay the bills?", "en", "Paying"},
			{"teapots", "en", "Gifts"}, {"чайники", "ru", "Подарки"},
			{"чайники", "en", "Подарки"}, {"teapot", "ru", "Gifts"}, // in the other language alone
			{"счетов", "ru", "Счета и оплата|Доставка"}, {"СЧЕТ", "ru", "Счета и оплата|Доставка"}, {"счёта", "ru", "Счета и оплата|Доставка"},
			{"счетов", "de", "Доставка|Счета и оплата"}, {"оплата картами", "ru", "Счета и оплата"},
			{"nowhere", "en", ""}, {"'; DROP TABLE articles; --", "en", ""}, {`" OR * NEAR(`, "en", ""}, {"¹bill", "en", ""}, {"!?", "en", ""}, {"%_\\", "en", ""},
		} {
			if got := w.titles(alice, c.text, c.lang); got != c.want {
				t.Errorf("%q in %s: %s, want %s", c.text, c.lang, got, c.want)
			}
		}
	})
}

// An article that is there in both languages is found once, in the one asked for.
func TestSearchFindsEachOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		for i := range 12 {
			r := w.publish(w.draft(fmt.Sprint("SKU-7788 in English ", i), "text"))
			w.publish(w.draft(fmt.Sprint("SKU-7788 по-русски ", i), "text", of(r, "ru")))
		}
		w.publish(w.draft("SKU-7788 только по-русски", "text", func(in *article.SaveArticleInput) { in.Locale = "ru" }))
		alice, seen := w.readers["alice"], []string{}
		page := article.Page{First: ptr(5)}
		for range 4 {
			c, err := w.Search(alice, "sku-7788", ptr("en"), nil, page)
			w.must(err)
			for _, e := range c.Edges {
				seen = append(seen, e.Node.Article.Title)
			}
			if n, err := c.TotalCount(alice); n != 13 || err != nil {
				t.Errorf("%d in all, %v", n, err)
			}
			if !c.PageInfo.HasNextPage {
				break
			}
			page.After = c.PageInfo.EndCursor
		}
		if len(seen) != 13 || seen[0] != "SKU-7788 in English 11" || seen[12] != "SKU-7788 только по-русски" {
			t.Errorf("%d: %v", len(seen), seen)
		}
		back := []string{}
		page = article.Page{Last: ptr(5)}
		for range 4 {
			c, err := w.Search(alice, "sku-7788", ptr("en"), nil, page)
			w.must(err)
			part := []string{}
			for _, e := range c.Edges {
				part = append(part, e.Node.Article.Title)
			}
			if back = append(part, back...); !c.PageInfo.HasPreviousPage {
				break
			}
			page.Before = c.PageInfo.StartCursor
		}
		if fmt.Sprint(back) != fmt.Sprint(seen) {
			t.Errorf("from the end: %v", back)
		}
	})
}

// The list has each article once, in the language that suits best and that the
// caller may read.
func TestListFallsBack(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		shelf := w.shelf("shelf", nil)
		inside, id := w.shelf("inside", shelf).GlobalID(), shelf.GlobalID()
		both := w.publish(w.draft("Both", "text", func(in *article.SaveArticleInput) { in.Position, in.CategoryID = ptr(2), omit(&id) }))
		w.publish(w.draft("Оба", "текст", of(both, "ru")))
		w.publish(w.draft("English", "text", func(in *article.SaveArticleInput) { in.Position, in.CategoryID = ptr(1), omit(&inside) }))
		mixed := w.publish(w.draft("Open", "text", func(in *article.SaveArticleInput) { in.Position = ptr(3) }))
		w.publish(w.draft("Для своих", "текст", of(mixed, "ru"), func(in *article.SaveArticleInput) { in.Audience = ptr(entarticle.AudiencePARTNERS) }))
		list := func(who, lang string, f *article.ArticleFilter) string {
			c, err := w.List(w.readers[who], f, &lang, article.Page{})
			w.must(err)
			all := []string{}
			for _, r := range c.Nodes() {
				all = append(all, r.Title)
			}
			if c.TotalCount != 0 && c.TotalCount != len(all) {
				t.Errorf("%d of %d", len(all), c.TotalCount)
			}
			return strings.Join(all, "|")
		}
		for _, c := range []struct{ who, lang, want string }{
			{"nobody", "en", "English|Both|Open"}, {"nobody", "ru", "English|Оба|Open"}, {"partner", "ru", "English|Оба|Для своих"}, {"nobody", "de", "English|Both|Open"}, {"nobody", "ru-RU", "English|Оба|Open"},
		} {
			if got := list(c.who, c.lang, nil); got != c.want {
				t.Errorf("%s in %s: %s, want %s", c.who, c.lang, got, c.want)
			}
		}
		if got := list("nobody", "en", &article.ArticleFilter{CategoryID: &id}); got != "English|Both" {
			t.Error(got)
		}
		if got := list("nobody", "en", &article.ArticleFilter{CategoryID: &id, WithSubcategories: ptr(false)}); got != "Both" {
			t.Error(got)
		}
		key := mixed.GlobalID()
		for who, want := range map[string]string{"nobody": "Open", "partner": "Для своих"} {
			if r, err := w.Find(w.readers[who], article.ArticleRef{ID: &key}, ptr("ru")); err != nil || r.Title != want {
				t.Errorf("%s: %v %v", who, r, err)
			}
		}
		langs, err := w.Locales(w.readers["nobody"], mixed)
		if fmt.Sprint(langs, err) != "[en] <nil>" {
			t.Error(langs, err)
		}
	})
}

func TestSuggest(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		w.publish(w.draft("How to return goods", "…", func(in *article.SaveArticleInput) { in.Summary = ptr("Refunds take 14 days") }))
		w.publish(w.draft("Delivery times", "return", func(in *article.SaveArticleInput) { in.Keywords = []string{"courier", "refund"} }))
		w.publish(w.draft("Invoices", "return return"))
		w.publish(w.draft("Возврат товара", "…", func(in *article.SaveArticleInput) { in.Locale = "ru" }))
		alice := w.readers["alice"]
		for text, want := range map[string]string{
			"hello, I want to return my goods and get a refund please": "How to return goods|Delivery times",
			"the courier never came":                                   "Delivery times",
			"Хочу вернуть товары":                                      "Возврат товара",
			"something else entirely":                                  "",
			"":                                                         "",
			"how":                                                      "How to return goods",
			strings.Repeat("goods ", 100_000):                          "How to return goods",
		} {
			if got := w.suggested(alice, text); got != want {
				t.Errorf("%.40q: %s, want %s", text, got, want)
			}
		}
		if n := w.number(`SELECT count(*) FROM article_searches`); n != 0 {
			t.Errorf("%d searches are kept of suggestions", n)
		}
		nobody := w.readers["nobody"]
		some, err := w.Answer(nobody, "return goods", "en", 3)
		if err != nil || len(some) != 1 || some[0].Title != "How to return goods" || some[0].Share != 100 {
			t.Errorf("%+v %v", some, err)
		}
		w.publish(w.draft("Return for partners", "…", func(in *article.SaveArticleInput) { in.Audience = ptr(entarticle.AudiencePARTNERS) }))
		for who, want := range map[string]int{"nobody": 1, "alice": 1, "gone": 1, "partner": 2} {
			if some, err := w.Answer(w.readers[who], "return", "en", 3); err != nil || len(some) != want {
				t.Errorf("%s: %+v %v", who, some, err)
			}
		}
	})
}

// A bot answers with what its customer reads, and not with the words of another
// language that are for others.
func TestAnswersAreWhatTheCustomerReads(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		open := w.publish(w.draft("Discounts", "text"))
		w.publish(w.draft("Discounts of 40 %", "text", of(open, "ru"), func(in *article.SaveArticleInput) { in.Audience = ptr(entarticle.AudiencePARTNERS) }))
		for range 12 { // enough to fill any page before it
			w.publish(w.draft("Discounts in bulk", "text", func(in *article.SaveArticleInput) { in.Locale, in.Audience = "ru", ptr(entarticle.AudiencePARTNERS) }))
		}
		for who, want := range map[string]string{"alice": "Discounts", "partner": "Discounts of 40 %"} {
			some, err := w.Answer(w.readers[who], "discounts", "ru", 10)
			w.must(err)
			got := ""
			for _, f := range some {
				if f.ID == open.KeyID {
					got = f.Title
				}
			}
			if who == "alice" && (len(some) != 1 || got != want) || who == "partner" && len(some) != 10 {
				t.Errorf("%s: %+v", who, some)
			}
		}
	})
}

func TestGaps(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		w.publish(w.draft("Tea", "green"))
		nobody, day := w.readers["nobody"], db.Store.Now().UTC().Format(time.DateOnly)
		for _, text := range []string{
			"gift wrapping", "Gift   wrappings!", "how to wrap a gift", "tea", "samovar", "samovar", "call me at +7 916 123 45 67", "anna@example.com", strings.Repeat("long ", 30), "?!",
		} {
			w.titles(nobody, text, "en")
		}
		if _, err := w.Search(nobody, "samovar", ptr("ru"), nil, article.Page{}); err != nil {
			t.Fatal(err)
		}
		db.Clock.Add(24 * time.Hour)
		w.titles(nobody, "a samovar", "en")
		report := func(period article.ArticleGapPeriod, lang *string, p article.Page) string {
			c, err := w.Gaps(w.editor, period, lang, p)
			w.must(err)
			all := []string{}
			for _, g := range c.Nodes() {
				all = append(all, fmt.Sprint(g.Text, " ", g.Locale, " ", g.Empty, "/", g.Times))
			}
			n, err := c.TotalCount(w.editor)
			w.must(err)
			return fmt.Sprint(strings.Join(all, "|"), " of ", n, " ", c.PageInfo.HasNextPage, c.PageInfo.HasPreviousPage)
		}
		next := db.Store.Now().UTC().Format(time.DateOnly)
		both := article.ArticleGapPeriod{From: day, To: next}
		if got := report(both, nil, article.Page{}); got != "how to wrap a gift en 3/3|a samovar en 3/3|samovar ru 1/1 of 3 false false" {
			t.Error(got)
		}
		if got := report(article.ArticleGapPeriod{From: day, To: day}, ptr("en"), article.Page{First: ptr(1)}); got != "how to wrap a gift en 3/3 of 2 true false" {
			t.Error(got)
		}
		c, err := w.Gaps(w.editor, both, nil, article.Page{First: ptr(1)})
		w.must(err)
		if got := report(both, nil, article.Page{After: c.PageInfo.EndCursor}); got != "a samovar en 3/3|samovar ru 1/1 of 3 false true" {
			t.Error(got)
		}
		if got := report(both, nil, article.Page{Last: ptr(2)}); got != "a samovar en 3/3|samovar ru 1/1 of 3 false true" {
			t.Error(got)
		}
		if n := w.number(`SELECT count(*) FROM article_searches WHERE text LIKE '%916%' OR text LIKE '%@%' OR text LIKE '%long%'`); n != 0 {
			t.Errorf("%d texts of people are kept", n)
		}
		forget := func(days, want int) {
			db.Clock.Add(time.Duration(days) * 24 * time.Hour)
			w.must(w.ForgetSearches(viewer.AsSystem(context.Background(), "clock")))
			if n := w.number(`SELECT count(*) FROM article_searches`); n != want {
				t.Errorf("%d are left of %d", n, want)
			}
		}
		forget(0, 5)
		forget(30, 3)  // tea, and the samovar in Russian, were looked for once
		forget(336, 1) // the first day is
		forget(1, 0)
	})
}

// One who searches much neither fills the report nor writes a row a search;
// others are counted beside him.
func TestGapsOfOne(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		search := func(ctx context.Context, text string) {
			_, err := w.Search(ctx, text, nil, nil, article.Page{})
			w.must(err)
		}
		for i := range 70 {
			search(reader(uuid.Nil, fmt.Sprintf("2001:db8::%d", i)), fmt.Sprint("junk", i)) // of one network
		}
		search(w.readers["alice"], "samovar")
		if n := w.number(`SELECT count(*) FROM article_searches`); n != 61 {
			t.Errorf("%d searches are kept, want 60 and one", n)
		}
		db.Clock.Add(time.Hour)
		search(reader(uuid.Nil, "2001:db8::1"), "junk again")
		if n := w.number(`SELECT count(*) FROM article_searches`); n != 62 {
			t.Errorf("%d searches are kept an hour later", n)
		}
		w.write(func(ctx context.Context, tx *store.Tx) error { // a day that is full
			for i := range 5_000 - 62 {
				if _, err := tx.Exec(ctx, `INSERT INTO article_searches (id, created_at, updated_at, words, text, locale, on_date, times, empty) VALUES (?, ?, ?, ?, ?, 'en', ?, 1, 1)`,
					uuid.Must(uuid.NewV7()), tx.Now, tx.Now, fmt.Sprint("full", i), "full", tx.Now.UTC().Format(time.DateOnly)); err != nil {
					return err
				}
			}
			return nil
		})
		search(w.readers["brother"], "new words")
		search(w.readers["brother"], "samovar")
		if n := w.number(`SELECT count(*) FROM article_searches`); n != 5_000 {
			t.Errorf("%d searches of a day are kept", n)
		}
		if n := w.number(`SELECT times FROM article_searches WHERE text = 'samovar'`); n != 2 {
			t.Errorf("counted %d times", n)
		}
	})
}

// A body of very many words crowds those of the title out of no search.
func TestLongBodies(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		words := []string{}
		for i := range 5_500 {
			words = append(words, fmt.Sprintf("a%07x", i*2_654_435)[:8])
		}
		w.publish(w.draft("Zebra", strings.Join(words, " ")))
		if got := w.titles(w.readers["alice"], "zebra", "en"); got != "Zebra" {
			t.Errorf("%q", got)
		}
	})
}

// Whatever is typed is answered or refused, and searches for nothing else.
func TestAbsurdSearches(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		w.publish(w.draft("The how of tea", "и не только"))
		letters := []string{}
		for r := 'а'; r <= 'я'; r++ {
			letters = append(letters, string(r), string(r-'а'+'α'), string(r-'а'+'一'))
		}
		for text, want := range map[string]string{
			"": "REQUIRED text", " \n\t\u00a0": "REQUIRED text", strings.Repeat("tea ", 2_500): "TOO_LONG text", strings.Repeat(" ", 10_000) + "tea": "1",
			"how the of": "1", "и не": "0", "%": "0", "_": "0", "'": "0", `"`: "0", `\`: "0", "' OR '1'='1": "0", `"tea" OR "x"`: "0", "tea NOT nothing": "0", "tea*": "1", "te*": "0", "^tea": "1",
			"title:tea": "0", "NEAR(tea, 2)": "0", "tea & !tea": "1", "tea:A": "1", "-tea": "1", "{tea}": "1", "²tea": "0", "¹tea": "0", "tea\x00": "INVALID_VALUE text", "\xff\xfe": "INVALID_VALUE text", "\u202etea": "1",
			"🍵": "0", "🍵 tea": "1", "😀😀😀": "0", strings.Join(letters, " ")[:150]: "0", strings.Repeat("x", 200): "0", "٣ ٤": "0", "\u0301\u0301": "0", "<script>alert(1)</script>": "0",
		} {
			c, err := w.Search(w.readers["nobody"], text, nil, nil, article.Page{})
			got := code(err)
			if err == nil {
				n, err := c.TotalCount(w.readers["nobody"])
				w.must(err)
				if got = fmt.Sprint(n); n != len(c.Edges) {
					t.Errorf("%.40q: %d are shown and %d counted", text, len(c.Edges), n)
				}
			}
			if got != want {
				t.Errorf("%.40q: %s, want %s", text, got, want)
			}
			if _, err := w.Suggest(w.readers["nobody"], text, nil, nil); err != nil && !strings.HasPrefix(want, "INVALID_VALUE") {
				t.Errorf("%.40q is typed: %v", text, err)
			}
		}
	})
}

// The shelf of a search is one the caller may see.
func TestSearchOnAShelf(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		top := w.shelf("top", nil)
		id, inside, other := top.GlobalID(), w.shelf("inside", top).GlobalID(), w.shelf("other", nil, func(in *article.SaveArticleCategoryInput) {
			in.Audience = ptr(entarticle.AudiencePARTNERS)
		}).GlobalID()
		for title, on := range map[string]*scalar.ID{"tea top": &id, "tea inside": &inside, "tea other": &other, "tea nowhere": nil} {
			w.publish(w.draft(title, "text", func(in *article.SaveArticleInput) { in.CategoryID = omit(on) }))
		}
		for on, want := range map[*scalar.ID]int{&id: 2, &inside: 1, nil: 3} {
			c, err := w.Search(w.readers["alice"], "tea", nil, on, article.Page{})
			if err != nil || len(c.Edges) != want {
				t.Errorf("%v: %v, %v", on, c, err)
			}
		}
		if _, err := w.Search(w.readers["alice"], "tea", nil, &other, article.Page{}); code(err) != "NOT_FOUND categoryId" {
			t.Error(err)
		}
	})
}
