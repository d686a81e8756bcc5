package article_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	ent "kabinet/ent/generated"
	entarticle "kabinet/ent/generated/article"
	"kabinet/internal/article"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
	"kabinet/internal/viewer"
)

// seen is every way to come to an article: by id, by handle, by the list and its
// count, by search and its count, by suggestion, and by ent past the domain.
func (w *world) seen(ctx context.Context, r *ent.Article) string {
	w.t.Helper()
	ways := []string{}
	note := func(way string, is bool, err error) {
		w.t.Helper()
		if err != nil && code(err) != "NOT_FOUND" {
			w.t.Fatal(way, err)
		}
		if is {
			ways = append(ways, way)
		}
	}
	id := r.GlobalID()
	one, err := w.Find(ctx, article.ArticleRef{ID: &id}, nil)
	note("id", one != nil, err)
	if one, err = w.Node(ctx, r.KeyID); true {
		note("node", one != nil, err)
	}
	list, err := w.List(ctx, nil, nil, article.Page{})
	note("list", err == nil && len(list.Edges) > 0, err)
	list, err = w.List(ctx, &article.ArticleFilter{Status: []entarticle.Status{"DRAFT", "SCHEDULED", "PUBLISHED", "RETIRED"}}, nil, article.Page{})
	note("states", err == nil && len(list.Edges) > 0, err)
	note("search", w.titles(ctx, "secret", "en") != "", nil)
	note("suggest", w.suggested(ctx, "a secret") != "", nil)
	n, err := w.db.Client.Article.Query().Count(ctx)
	note("ent", n > 0, err)
	_, err = w.Rate(ctx, article.RateArticleInput{ArticleID: id, Helped: true})
	note("vote", err == nil, nil)
	langs, err := w.Locales(ctx, r)
	note("locales", len(langs) > 0, err)
	return strings.Join(ways, " ")
}

const everyWay = "id node list states search suggest ent vote locales"

// Whoever an article is not for does not come to it in any way, nor whoever its
// shelf, or one that it stands in, is not for. security F11
func TestAudiences(t *testing.T) {
	for _, c := range []struct {
		top, shelf, own entarticle.Audience
		sees            string // who, of the readers
	}{
		{"EVERYBODY", "EVERYBODY", "EVERYBODY", "nobody pending alice partner gone brother"},
		{"EVERYBODY", "EVERYBODY", "SIGNED_IN", "alice partner gone brother"},
		{"EVERYBODY", "EVERYBODY", "PARTNERS", "partner"},
		{"EVERYBODY", "SIGNED_IN", "EVERYBODY", "alice partner gone brother"},
		{"SIGNED_IN", "EVERYBODY", "PARTNERS", "partner"},
		{"PARTNERS", "EVERYBODY", "EVERYBODY", "partner"},
		{"PARTNERS", "SIGNED_IN", "SIGNED_IN", "partner"},
	} {
		storetest.Each(t, func(t *testing.T, db *storetest.DB) {
			w := newWorld(t, db)
			audience := func(a entarticle.Audience) func(*article.SaveArticleCategoryInput) {
				return func(in *article.SaveArticleCategoryInput) { in.Audience = &a }
			}
			top := w.shelf("top", nil, audience(c.top))
			id := w.shelf("shelf", top, audience(c.shelf)).GlobalID()
			r := w.publish(w.draft("Secret", "text", func(in *article.SaveArticleInput) {
				in.Audience, in.CategoryID = &c.own, omit(&id)
			}))
			for who, ctx := range w.readers {
				got, want := w.seen(ctx, r), ""
				if slices.Contains(strings.Fields(c.sees), who) {
					want = everyWay
				}
				if got != want {
					t.Errorf("%v: %s comes to it by %q, want %q", c, who, got, want)
				}
			}
			shelves := map[string]int{}
			for who, ctx := range w.readers {
				all, err := w.Categories(ctx)
				w.must(err)
				shelves[who] = len(all)
			}
			if of := fmt.Sprint(shelves["nobody"], shelves["alice"], shelves["partner"]); of != map[string]string{
				"EVERYBODY EVERYBODY": "2 2 2", "EVERYBODY SIGNED_IN": "1 2 2", "SIGNED_IN EVERYBODY": "0 2 2", "PARTNERS EVERYBODY": "0 0 2", "PARTNERS SIGNED_IN": "0 0 2",
			}[string(c.top)+" "+string(c.shelf)] {
				t.Errorf("%v: nobody, alice and the partner see %s shelves", c, of)
			}
		})
	}
}

// Nobody but staff comes to what is not in force, and to what stands on a shelf
// out of use.
func TestDraftsDoNotExist(t *testing.T) {
	onShelf := func(w *world) *ent.Article {
		id := w.shelf("shelf", nil).GlobalID()
		return w.draft("Secret", "text", func(in *article.SaveArticleInput) { in.CategoryID = omit(&id) })
	}
	for name, change := range map[string]func(w *world, r *ent.Article){
		"draft":     func(*world, *ent.Article) {},
		"scheduled": func(w *world, r *ent.Article) { w.schedule(r) },
		"retired": func(w *world, r *ent.Article) {
			w.publish(r)
			_, err := w.Retire(w.editor, article.RetireArticleInput{ID: r.GlobalID()})
			w.must(err)
		},
		"on a shelf out of use": func(w *world, r *ent.Article) {
			id := scalar.ID{Prefix: "acat", UUID: *w.publish(r).CategoryID}
			_, err := w.SaveCategory(w.editor, article.SaveArticleCategoryInput{ID: &id, Revision: ptr(1), Retired: ptr(true)})
			w.must(err)
		},
	} {
		storetest.Each(t, func(t *testing.T, db *storetest.DB) {
			w := newWorld(t, db)
			r := onShelf(w)
			change(w, r)
			for who, ctx := range w.readers {
				if got := w.seen(ctx, r); got != "" {
					t.Errorf("%s: %s comes to it by %q", name, who, got)
				}
			}
			want := "id node states ent"
			if name == "on a shelf out of use" {
				want = "id node list states ent vote locales"
			}
			if got := w.seen(w.editor, r); got != want {
				t.Errorf("%s: staff comes to it by %q, want %q", name, got, want)
			}
		})
	}
}

// The text of a next version is nobody's before it is published.
func TestNextVersionIsHidden(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		r := w.publish(w.draft("Tea", "green"))
		w.draft("Coffee", "black", of(r, "en"))
		alice := w.readers["alice"]
		if got := w.titles(alice, "coffee", "en") + w.titles(alice, "black", "en") + w.suggested(alice, "coffee"); got != "" {
			t.Errorf("a draft is found: %s", got)
		}
		if got := w.titles(alice, "tea", "en"); got != "Tea" {
			t.Errorf("what is in force: %q", got)
		}
		id := r.GlobalID()
		if one, err := w.Find(alice, article.ArticleRef{ID: &id}, nil); err != nil || one.Title != "Tea" {
			t.Errorf("%v %v", one, err)
		}
		if one, err := w.Find(w.editor, article.ArticleRef{ID: &id}, nil); err != nil || one.Title != "Tea" {
			t.Errorf("staff: %v %v", one, err)
		}
		w.publish(r)
		if got := w.titles(alice, "tea", "en") + "," + w.titles(alice, "black", "en"); got != ",Coffee" {
			t.Errorf("after it: %q", got)
		}
	})
}

// Whoever is not an editor writes nothing, whatever the edge lets through.
func TestEditorsAlone(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		r := w.publish(w.draft("Tea", "green"))
		id, shelf := r.GlobalID(), w.shelf("shelf", nil)
		readOnly := viewer.From(w.editor)
		readOnly.Grants = map[viewer.Permission]viewer.Reach{{Resource: "article", Operation: "read"}: viewer.ReachAll}
		w.readers["support"] = viewer.With(context.Background(), readOnly)
		for who, ctx := range w.readers {
			want := "FORBIDDEN"
			if who == "nobody" {
				want = "UNAUTHENTICATED"
			}
			for act, err := range map[string]error{
				"save": last(w.Save(ctx, article.SaveArticleInput{Locale: "en", Title: ptr("a"), Body: ptr("b")})), "publish": last(w.Publish(ctx, article.PublishArticleInput{ID: id, Locale: "en"})),
				"retire": last(w.Retire(ctx, article.RetireArticleInput{ID: id})), "restore": last(w.Restore(ctx, article.RestoreArticleVersionInput{ID: id, Locale: "en", Version: 1})),
				"shelf": last(w.SaveCategory(ctx, article.SaveArticleCategoryInput{})), "unshelf": last(w.DeleteCategory(ctx, article.DeleteArticleCategoryInput{ID: shelf.GlobalID()})),
			} {
				if code(err) != want {
					t.Errorf("%s: %s %v, want %s", act, who, err, want)
				}
			}
			if who == "support" {
				continue
			}
			for read, err := range map[string]error{
				"versions": last(w.Versions(ctx, id, "en", article.Page{})), "votes": last(w.Votes(ctx, id, nil, nil, article.Page{})),
				"gaps": last(w.Gaps(ctx, article.ArticleGapPeriod{From: "2026-01-01", To: "2026-01-02"}, nil, article.Page{})),
			} {
				if code(err) != want {
					t.Errorf("%s: %s %v, want %s", read, who, err, want)
				}
			}
			err := db.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
				n, err := tx.Article.Update().SetTitle("mine").Save(ctx)
				if n != 0 {
					t.Errorf("%s changes %d rows past the domain", who, n)
				}
				return err
			})
			w.must(err)
		}
	})
}
