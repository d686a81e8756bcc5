package article

import (
	"context"
	"strconv"

	"entgo.io/contrib/entgql"
	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	entarticle "kabinet/ent/generated/article"
	"kabinet/ent/generated/articlevote"
	"kabinet/ent/generated/predicate"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

var (
	byPosition = &ent.ArticleOrder{Direction: entgql.OrderDirectionAsc, Field: ent.ArticleOrderFieldPosition}
	newest     = &ent.ArticleOrder{Direction: entgql.OrderDirectionDesc, Field: ent.DefaultArticleOrder.Field}
)

// List is a page of articles on the shelves: one of each that is published, in
// the language that suits best; of states asked for every version. The fence
// leaves others than staff what is published. Faults: INVALID_ID, NOT_FOUND of
// the shelf.
func (a *Articles) List(ctx context.Context, f *ArticleFilter, lang *string, p Page) (*ent.ArticleConnection, error) {
	is := []predicate.Article{}
	if f != nil && f.CategoryID != nil {
		shelves, err := a.shelvesOf(ctx, *f.CategoryID, f.WithSubcategories == nil || *f.WithSubcategories)
		if err != nil {
			return nil, at(err, "filter", "categoryId")
		}
		is = append(is, entarticle.CategoryIDIn(shelves...))
	}
	if f != nil && f.Audience != nil {
		is = append(is, entarticle.AudienceIn(f.Audience...))
	}
	switch {
	case f == nil || f.Status == nil:
		best, err := a.best(ctx, languages(asked(ctx, lang)))
		if err != nil {
			return nil, err
		}
		is = append(is, published, best)
	default:
		if lang != nil {
			is = append(is, entarticle.Locale(languages(*lang)[0]))
		}
		is = append(is, entarticle.StatusIn(f.Status...))
	}
	page, err := a.Store.Client.Article.Query().Where(is...).Paginate(ctx, p.After, p.First, p.Before, p.Last, ent.WithArticleOrder(byPosition))
	return page, store.Translate(err)
}

// asked is the language of an argument, or the caller's.
func asked(ctx context.Context, lang *string) string {
	if lang != nil {
		return *lang
	}
	return viewer.From(ctx).Locale
}

func at(err error, path ...string) error {
	if f, ok := fault.As(err); ok {
		return f.At(path...)
	}
	return err
}

// shelvesOf are a shelf that the caller may see and, deep, those in it. Faults:
// INVALID_ID, NOT_FOUND.
func (a *Articles) shelvesOf(ctx context.Context, id scalar.ID, deep bool) ([]uuid.UUID, error) {
	key, err := id.As("acat")
	if err != nil {
		return nil, fault.ErrInvalidID
	}
	all, err := a.Categories(ctx)
	if err != nil {
		return nil, err
	}
	t := treeOf(all)
	if t[key] == nil {
		return nil, fault.ErrNotFound
	}
	if !deep {
		return []uuid.UUID{key}, nil
	}
	return t.within(key), nil
}

// best is the condition that no better language of a published article is there
// for the caller.
func (a *Articles) best(ctx context.Context, order []string) (predicate.Article, error) {
	fence, err := a.Store.Fence(ctx, ent.TypeArticle)
	if err != nil {
		return nil, err
	}
	return func(s *sql.Selector) {
		b := sql.Dialect(s.Dialect()).Table(entarticle.Table).As("better")
		other := sql.Dialect(s.Dialect()).Select(b.C("id")).From(b)
		other.Where(sql.ColumnsEQ(b.C("key_id"), s.C("key_id")))
		other.Where(sql.EQ(b.C("status"), "PUBLISHED"))
		other.Where(sql.P(func(p *sql.Builder) {
			place(p, b.C("locale"), order)
			p.WriteString(" < ")
			place(p, s.C("locale"), order)
		}))
		if fence != nil {
			fence(other)
		}
		s.Where(sql.NotExists(other))
	}, nil
}

// place is where a language stands among some, from 0.
func place(p *sql.Builder, column string, order []string) {
	p.WriteString("CASE ").Ident(column)
	for i, l := range order {
		p.WriteString(" WHEN ").Arg(l).WriteString(" THEN " + strconv.Itoa(i))
	}
	p.WriteString(" ELSE " + strconv.Itoa(len(order)) + " END")
}

// Find is one article as it reads for the caller. Faults: INVALID_ID, NOT_FOUND.
func (a *Articles) Find(ctx context.Context, by ArticleRef, lang *string) (*ent.Article, error) {
	var which predicate.Article
	switch {
	case by.ID != nil:
		key, err := by.ID.As("art")
		if err != nil {
			return nil, err
		}
		which = entarticle.KeyID(key)
	case by.Handle != nil && checkHandle(*by.Handle) == nil:
		which = entarticle.Handle(*by.Handle)
	default: // nothing has such a handle
		return nil, fault.ErrNotFound
	}
	return a.one(ctx, a.Store.Client.Article, which, asked(ctx, lang))
}

// Node is the article of a key, for node, in the caller's language. Fault:
// NOT_FOUND.
func (a *Articles) Node(ctx context.Context, key uuid.UUID) (*ent.Article, error) {
	return a.one(ctx, a.Store.Client.Article, entarticle.KeyID(key), viewer.From(ctx).Locale)
}

// one is what is published in the language that suits best, else the newest
// draft in it, which the fence keeps for staff.
func (a *Articles) one(ctx context.Context, c *ent.ArticleClient, which predicate.Article, lang string) (*ent.Article, error) {
	order := languages(lang)
	row, err := c.Query().Where(which).Order(func(s *sql.Selector) {
		s.OrderExpr(sql.P(func(p *sql.Builder) {
			p.WriteString("CASE ").Ident(s.C("status")).WriteString(" WHEN 'PUBLISHED' THEN 0 WHEN 'RETIRED' THEN 2 ELSE 1 END")
		}))
		s.OrderExpr(sql.P(func(p *sql.Builder) { place(p, s.C("locale"), order) }))
		s.OrderBy(sql.Desc(s.C("version")))
	}).First(ctx)
	return row, store.Translate(err)
}

// Versions is a page of all versions in a language, newest first, for staff.
// Faults: INVALID_ID, INVALID_VALUE; FORBIDDEN.
func (a *Articles) Versions(ctx context.Context, id scalar.ID, lang string, p Page) (*ent.ArticleConnection, error) {
	if err := staff(ctx, "read"); err != nil {
		return nil, err
	}
	key, err := id.As("art")
	if err != nil {
		return nil, err
	}
	if lang, err = language(lang, "locale"); err != nil {
		return nil, err
	}
	page, err := a.Store.Client.Article.Query().Where(entarticle.KeyID(key), entarticle.Locale(lang)).
		Paginate(ctx, p.After, p.First, p.Before, p.Last, ent.WithArticleOrder(newest))
	return page, store.Translate(err)
}

// Votes is a page of what readers said, newest first, for staff. Faults:
// INVALID_ID; FORBIDDEN.
func (a *Articles) Votes(ctx context.Context, id scalar.ID, helped, commented *bool, p Page) (*ent.ArticleVoteConnection, error) {
	if err := staff(ctx, "read"); err != nil {
		return nil, err
	}
	key, err := id.As("art")
	if err != nil {
		return nil, err
	}
	q := a.Store.Client.ArticleVote.Query().Where(articlevote.ArticleID(key))
	if helped != nil {
		q.Where(articlevote.Helped(*helped))
	}
	if commented != nil && *commented {
		q.Where(articlevote.CommentNotNil())
	}
	page, err := q.Paginate(ctx, p.After, p.First, p.Before, p.Last,
		ent.WithArticleVoteOrder(&ent.ArticleVoteOrder{Direction: entgql.OrderDirectionDesc, Field: ent.DefaultArticleVoteOrder.Field}))
	return page, store.Translate(err)
}

// Locales are the languages in which the caller may read an article.
func (a *Articles) Locales(ctx context.Context, of *ent.Article) ([]string, error) {
	return a.languages.Load(ctx, of.KeyID, func(ctx context.Context, keys []uuid.UUID) (map[uuid.UUID][]string, error) {
		some, err := a.Store.Client.Article.Query().Where(entarticle.KeyIDIn(keys...), entarticle.StatusEQ(entarticle.StatusPUBLISHED)).
			Select(entarticle.FieldKeyID, entarticle.FieldLocale).Order(entarticle.ByLocale()).All(ctx)
		in := map[uuid.UUID][]string{}
		for _, k := range keys {
			in[k] = []string{}
		}
		for _, r := range some {
			in[r.KeyID] = append(in[r.KeyID], r.Locale)
		}
		return in, store.Translate(err)
	})
}

// Keywords are never nil.
func Keywords(of *ent.Article) []string {
	if of.Keywords == nil {
		return []string{}
	}
	return of.Keywords
}

// AuthorID is who wrote a version, for staff that reads drafts.
func AuthorID(ctx context.Context, of *ent.Article) *scalar.ID {
	if of.AuthorID == nil || staff(ctx, "read") != nil {
		return nil
	}
	return &scalar.ID{Prefix: "usr", UUID: *of.AuthorID}
}

// reach are the audiences that the caller belongs to, for SQL past ent; what it
// finds is read through the fence all the same.
func (a *Articles) reach(ctx context.Context) ([]string, error) {
	v := viewer.From(ctx)
	switch {
	case v.IsSystem() || v.Staff && v.Reach("article", "read") == viewer.ReachAll:
		return []string{"EVERYBODY", "SIGNED_IN", "PARTNERS"}, nil
	case !v.SignedIn() || v.Pending:
		return []string{"EVERYBODY"}, nil
	}
	rows, err := a.Store.Query(ctx, `SELECT 1 FROM memberships AS pm JOIN companies AS pc ON pc.id = pm.owner_id
		WHERE pm.kind IN ('COMPANY', 'STAFF') AND pm.status = 'ACTIVE' AND pc.status = 'ACTIVE' AND pm.user_id = ? LIMIT 1`, v.UserID)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	if rows.Next() {
		return []string{"EVERYBODY", "SIGNED_IN", "PARTNERS"}, nil
	}
	return []string{"EVERYBODY", "SIGNED_IN"}, store.Translate(rows.Err())
}

// published is said in the words of the index that lists are read by, in which a
// value that is bound would not be seen.
func published(s *sql.Selector) {
	s.Where(sql.P(func(b *sql.Builder) { b.Ident(s.C(entarticle.FieldStatus)).WriteString(" = 'PUBLISHED'") }))
}

// inForceOf is what is published of an article.
func inForceOf(key uuid.UUID) predicate.Article {
	return entarticle.And(entarticle.KeyID(key), published)
}
