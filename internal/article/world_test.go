package article_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/company"
	"kabinet/ent/generated/membership"
	entuser "kabinet/ent/generated/user"
	"kabinet/internal/article"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
	"kabinet/internal/viewer"
)

// world is a knowledge base with readers of each kind and an editor.
type world struct {
	*article.Articles
	t       testing.TB
	db      *storetest.DB
	editor  context.Context
	readers map[string]context.Context // nobody, pending, alice, partner, gone
	people  map[string]uuid.UUID
}

func newWorld(t testing.TB, db *storetest.DB) *world {
	t.Helper()
	sealer, err := store.NewSealer([]byte(strings.Repeat("k", 32)))
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, db: db, Articles: &article.Articles{Store: db.Store, Sealer: sealer}, people: map[string]uuid.UUID{}}
	for _, name := range []string{"alice", "partner", "gone", "pending", "editor", "brother"} {
		w.write(func(ctx context.Context, tx *store.Tx) error {
			u, err := tx.User.Create().SetDisplayName(name).SetStatus(entuser.StatusACTIVE).Save(ctx)
			if err == nil {
				w.people[name] = u.ID
			}
			return err
		})
	}
	w.write(func(ctx context.Context, tx *store.Tx) error { // whose row those wait for who take handles
		return tx.Company.Create().SetID(viewer.House).SetKind(company.KindHOUSE).SetName("House").Exec(ctx)
	})
	w.joins("Acme", company.KindCOMPANY, "partner", membership.StatusACTIVE)
	w.joins("Left", company.KindCOMPANY, "gone", membership.StatusENDED)
	w.joins("The Smiths", company.KindFAMILY, "brother", membership.StatusACTIVE)
	w.editor = viewer.With(context.Background(), viewer.Viewer{UserID: w.people["editor"], OwnerID: w.people["editor"], Staff: true, Locale: "en", Grants: map[viewer.Permission]viewer.Reach{
		{Resource: "article", Operation: "read"}: viewer.ReachAll, {Resource: "article", Operation: "write"}: viewer.ReachAll,
	}})
	w.readers = map[string]context.Context{"nobody": reader(uuid.Nil, "192.0.2.1")}
	for _, name := range []string{"alice", "partner", "gone", "brother"} {
		w.readers[name] = reader(w.people[name], "192.0.2.2")
	}
	v := viewer.From(reader(w.people["pending"], "192.0.2.3"))
	v.Pending = true
	w.readers["pending"] = viewer.With(context.Background(), v)
	return w
}

func reader(id uuid.UUID, ip string) context.Context {
	return viewer.With(context.Background(), viewer.Viewer{UserID: id, OwnerID: id, IP: ip, Locale: "en"})
}

func (w *world) joins(name string, kind company.Kind, who string, status membership.Status) {
	w.t.Helper()
	w.write(func(ctx context.Context, tx *store.Tx) error {
		c, err := tx.Company.Create().SetName(name).SetKind(kind).Save(ctx)
		if err != nil {
			return err
		}
		return tx.Membership.Create().SetUserID(w.people[who]).SetOwnerID(c.ID).SetKind(membership.Kind(kind)).SetRoleID(uuid.Must(uuid.NewV7())).SetStatus(status).Exec(ctx)
	})
}

func (w *world) write(fn func(ctx context.Context, tx *store.Tx) error) {
	w.t.Helper()
	w.must(w.db.InTx(storetest.System(), fn))
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func ptr[T any](v T) *T { return &v }

func (w *world) number(query string, args ...any) (n int) {
	w.t.Helper()
	rows, err := w.db.Query(context.Background(), query, args...)
	w.must(err)
	defer rows.Close()
	for rows.Next() {
		w.must(rows.Scan(&n))
	}
	return n
}

func (w *world) shelf(handle string, parent *ent.ArticleCategory, change ...func(*article.SaveArticleCategoryInput)) *ent.ArticleCategory {
	w.t.Helper()
	in := article.SaveArticleCategoryInput{Handle: &handle, Texts: []*scalar.Translation{{Locale: "en", Name: handle}}}
	if parent != nil {
		id := parent.GlobalID()
		in.ParentID = graphql.OmittableOf(&id)
	}
	for _, f := range change {
		f(&in)
	}
	c, err := w.SaveCategory(w.editor, in)
	w.must(err)
	return c
}

// draft writes one in English; change says more.
func (w *world) draft(title, body string, change ...func(*article.SaveArticleInput)) *ent.Article {
	w.t.Helper()
	in := article.SaveArticleInput{Locale: "en", Title: &title, Body: &body}
	for _, f := range change {
		f(&in)
	}
	r, err := w.Save(w.editor, in)
	w.must(err)
	return r
}

func (w *world) publish(r *ent.Article) *ent.Article {
	w.t.Helper()
	out, err := w.Publish(w.editor, article.PublishArticleInput{ID: r.GlobalID(), Locale: r.Locale})
	w.must(err)
	return out
}

// of says more of another version or language of an article.
func of(r *ent.Article, locale string) func(*article.SaveArticleInput) {
	id := r.GlobalID()
	return func(in *article.SaveArticleInput) {
		if in.ID, in.Locale = &id, locale; locale == r.Locale {
			in.Revision = ptr(int(r.Revision))
		}
	}
}

// titles is what a search finds, in its order.
func (w *world) titles(ctx context.Context, text, lang string) string {
	w.t.Helper()
	c, err := w.Search(ctx, text, &lang, nil, article.Page{})
	w.must(err)
	all := []string{}
	for _, h := range c.Nodes() {
		all = append(all, h.Article.Title)
	}
	n, err := c.TotalCount(ctx)
	w.must(err)
	if n != len(all) {
		w.t.Errorf("%q: %d are shown and %d counted", text, len(all), n)
	}
	return strings.Join(all, "|")
}

func (w *world) suggested(ctx context.Context, text string) string {
	w.t.Helper()
	some, err := w.Suggest(ctx, text, nil, nil)
	w.must(err)
	all := []string{}
	for _, h := range some {
		all = append(all, h.Article.Title)
	}
	return strings.Join(all, "|")
}

// code is a fault and where it stands.
func code(err error) string {
	f, ok := fault.As(err)
	if !ok {
		return fmt.Sprint(err)
	}
	return strings.TrimSpace(f.Code + " " + strings.Join(f.Path, "."))
}
