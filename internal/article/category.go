package article

import (
	"context"
	"maps"
	"slices"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	entarticle "kabinet/ent/generated/article"
	"kabinet/ent/generated/articlecategory"
	"kabinet/internal/fault"
	"kabinet/internal/locale"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// Categories are the shelves that the caller may see, as a tree reads.
func (a *Articles) Categories(ctx context.Context) ([]*ent.ArticleCategory, error) {
	all, err := a.Store.Client.ArticleCategory.Query().
		Order(articlecategory.ByPosition(), articlecategory.ByID()).Limit(maxCategories).All(ctx)
	return all, store.Translate(err)
}

// Parent is the shelf that one stands in; nil at the top.
func (a *Articles) Parent(ctx context.Context, c *ent.ArticleCategory) (*ent.ArticleCategory, error) {
	return a.shelf(ctx, c.ParentID)
}

// CategoryOf is the shelf of an article; nil where it stands on none.
func (a *Articles) CategoryOf(ctx context.Context, of *ent.Article) (*ent.ArticleCategory, error) {
	return a.shelf(ctx, of.CategoryID)
}

func (a *Articles) shelf(ctx context.Context, id *uuid.UUID) (*ent.ArticleCategory, error) {
	if id == nil {
		return nil, nil
	}
	return a.shelves.Load(ctx, *id, func(ctx context.Context, ids []uuid.UUID) (map[uuid.UUID]*ent.ArticleCategory, error) {
		some, err := a.Store.Client.ArticleCategory.Query().Where(articlecategory.IDIn(ids...)).All(ctx)
		return treeOf(some), store.Translate(err)
	})
}

// Children are the shelves in one that the caller may see.
func (a *Articles) Children(ctx context.Context, c *ent.ArticleCategory) ([]*ent.ArticleCategory, error) {
	return a.inside.Load(ctx, c.ID, func(ctx context.Context, ids []uuid.UUID) (map[uuid.UUID][]*ent.ArticleCategory, error) {
		some, err := a.Store.Client.ArticleCategory.Query().Where(articlecategory.ParentIDIn(ids...)).
			Order(articlecategory.ByPosition(), articlecategory.ByID()).All(ctx)
		in := map[uuid.UUID][]*ent.ArticleCategory{}
		for _, c := range some {
			in[*c.ParentID] = append(in[*c.ParentID], c)
		}
		return in, store.Translate(err)
	})
}

// CategoryName is what a shelf is called, in the caller's language.
func CategoryName(ctx context.Context, c *ent.ArticleCategory) string {
	if name := pick(ctx, c, scalar.TextName); name != "" {
		return name
	}
	return c.Handle
}

// CategoryDescription is what stands on it; nil for no words.
func CategoryDescription(ctx context.Context, c *ent.ArticleCategory) *string {
	if text := pick(ctx, c, scalar.TextDescription); text != "" {
		return &text
	}
	return nil
}

func pick(ctx context.Context, c *ent.ArticleCategory, key string) string {
	return scalar.Pick(c.Texts, key, append([]string{viewer.From(ctx).Locale}, locale.Supported()...)...)
}

// CategoryTranslations are its texts, as a form shows them to edit.
func CategoryTranslations(c *ent.ArticleCategory) []*scalar.Translation {
	all := scalar.Translations(c.Texts)
	out := make([]*scalar.Translation, len(all))
	for i := range all {
		out[i] = &all[i]
	}
	return out
}

// SaveCategory makes a shelf or changes one, for staff; it is put on record.
// Faults: INVALID_ID, NOT_FOUND, REQUIRED, TOO_LONG, INVALID_VALUE,
// OUT_OF_RANGE, DUPLICATE_KEY, HANDLE_TAKEN, TOO_MANY_ITEMS, STALE_OBJECT,
// ARTICLE_CATEGORY_CYCLE, ARTICLE_CATEGORY_TOO_DEEP; UNAUTHENTICATED, FORBIDDEN.
func (a *Articles) SaveCategory(ctx context.Context, in SaveArticleCategoryInput) (*ent.ArticleCategory, error) {
	if err := staff(ctx, "write"); err != nil {
		return nil, err
	}
	words, err := in.check()
	if err != nil {
		return nil, err
	}
	var out *ent.ArticleCategory
	err = a.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		all, err := lockTree(ctx, tx)
		if err != nil {
			return err
		}
		if out, err = in.save(ctx, tx, all, words); err != nil {
			return err
		}
		all[out.ID] = out
		if err := all.check(out.ID); err != nil {
			return err
		}
		if err := all.show(ctx, tx); err != nil {
			return err
		}
		return tx.Audit(ctx, "article.save_category", viewer.House, out.GlobalID(), map[string]any{
			"handle": out.Handle, "audience": out.Audience, "retired": out.Retired, "revision": out.Revision,
		})
	})
	switch {
	case store.IsUnique(err):
		return nil, ErrHandleTaken.At("input", "handle").Because(err)
	case err != nil:
		return nil, err
	}
	out, err = a.Store.Client.ArticleCategory.Get(ctx, out.ID)
	return out, store.Translate(err)
}

// check judges an input by itself; texts are nil where they stay.
func (in SaveArticleCategoryInput) check() (map[string]map[string]string, error) {
	if in.ID != nil {
		if _, err := in.ID.As("acat"); err != nil {
			return nil, fault.ErrInvalidID.At("input", "id")
		}
	}
	if p := in.ParentID.Value(); p != nil {
		if _, err := p.As("acat"); err != nil {
			return nil, fault.ErrInvalidID.At("input", "parentId")
		}
	}
	switch {
	case in.ID != nil && in.Revision == nil:
		return nil, fault.ErrRequired.At("input", "revision")
	case in.ID == nil && in.Handle == nil:
		return nil, fault.ErrRequired.At("input", "handle")
	case in.ID == nil && in.Texts == nil:
		return nil, fault.ErrRequired.At("input", "texts")
	}
	if in.Handle != nil {
		if err := checkHandle(*in.Handle, "input", "handle"); err != nil {
			return nil, err
		}
	}
	if err := checkPosition(in.Position); err != nil || in.Texts == nil {
		return nil, err
	}
	return texts(in.Texts, "input", "texts")
}

// lockTree holds all shelves: who moves one waits for who moves another.
func lockTree(ctx context.Context, tx *store.Tx) (tree, error) {
	if err := tx.Lock(ctx, "article_categories", "retired", true, false); err != nil {
		return nil, err
	}
	all, err := tx.ArticleCategory.Query().Limit(maxCategories + 1).All(ctx)
	return treeOf(all), err
}

func (in SaveArticleCategoryInput) save(ctx context.Context, tx *store.Tx, all tree, words map[string]map[string]string) (*ent.ArticleCategory, error) {
	parent := in.ParentID.Value()
	if parent != nil && all[parent.UUID] == nil {
		return nil, fault.ErrNotFound.At("input", "parentId")
	}
	audience := (*articlecategory.Audience)(in.Audience)
	if in.ID == nil {
		if len(all) >= maxCategories {
			return nil, ErrTooManyItems.With("limit", maxCategories).At("input")
		}
		c := tx.ArticleCategory.Create().SetHandle(*in.Handle).SetTexts(words).SetNillablePosition(in.Position).SetNillableAudience(audience).SetNillableRetired(in.Retired)
		if parent != nil {
			c.SetParentID(parent.UUID)
		}
		return c.Save(ctx)
	}
	was := all[in.ID.UUID]
	switch {
	case was == nil:
		return nil, fault.ErrNotFound.At("input", "id")
	case was.Revision != int64(*in.Revision):
		return nil, fault.ErrStaleObject.At("input", "revision")
	}
	u := tx.ArticleCategory.UpdateOneID(was.ID).SetNillableHandle(in.Handle).SetNillablePosition(in.Position).SetNillableAudience(audience).SetNillableRetired(in.Retired).AddRevision(1)
	if words != nil {
		u.SetTexts(words)
	}
	switch {
	case parent != nil:
		u.SetParentID(parent.UUID)
	case in.ParentID.IsSet():
		u.ClearParentID()
	}
	return u.Save(ctx)
}

// show writes to whom shelves are shown where that changed: an audience at a
// time.
func (t tree) show(ctx context.Context, tx *store.Tx) error {
	changed := map[articlecategory.ShownTo][]uuid.UUID{}
	for id, c := range t {
		if to := t.shown(id); to != c.ShownTo {
			changed[to] = append(changed[to], id)
		}
	}
	for _, to := range slices.Sorted(maps.Keys(changed)) {
		if err := tx.ArticleCategory.Update().Where(articlecategory.IDIn(changed[to]...)).SetShownTo(to).Exec(ctx); err != nil {
			return err
		}
	}
	return nil
}

// DeleteCategory deletes a shelf that nothing stands in, for staff; it is put
// on record. Versions that stood there once stand nowhere then, and keep whom
// the shelf was for. Faults: INVALID_ID, NOT_FOUND, ARTICLE_CATEGORY_NOT_EMPTY;
// UNAUTHENTICATED, FORBIDDEN.
func (a *Articles) DeleteCategory(ctx context.Context, in DeleteArticleCategoryInput) (*scalar.ID, error) {
	if err := staff(ctx, "write"); err != nil {
		return nil, err
	}
	id, err := in.ID.As("acat")
	if err != nil {
		return nil, fault.ErrInvalidID.At("input", "id")
	}
	err = a.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		// Articles first, as who writes one holds it before its shelf: a next
		// version of what stands here is begun before this or after it.
		if err := tx.Lock(ctx, "articles", "category_id", id); err != nil {
			return err
		}
		all, err := lockTree(ctx, tx)
		if err != nil {
			return err
		}
		if all[id] == nil {
			return fault.ErrNotFound.At("input", "id")
		}
		n, err := tx.Article.Query().Where(entarticle.CategoryID(id), entarticle.StatusNEQ(entarticle.StatusRETIRED)).
			Aggregate(func(s *sql.Selector) string { return sql.Count(sql.Distinct(s.C(entarticle.FieldKeyID))) }).Int(ctx)
		if err != nil {
			return err
		}
		if shelves := len(all.within(id)) - 1; n > 0 || shelves > 0 {
			return ErrCategoryNotEmpty.With("categories", shelves).With("articles", n).At("input", "id")
		}
		if err := all.leave(ctx, tx, id); err != nil {
			return err
		}
		if err := tx.ArticleCategory.DeleteOneID(id).Exec(ctx); err != nil {
			return err
		}
		return tx.Audit(ctx, "article.delete_category", viewer.House, in.ID, map[string]any{"handle": all[id].Handle})
	})
	if err != nil {
		return nil, err
	}
	return &in.ID, nil
}

// leave takes retired versions off a shelf, and makes them as narrow as it was:
// what is restored later is for nobody else.
func (t tree) leave(ctx context.Context, tx *store.Tx, id uuid.UUID) error {
	narrowest := 0
	up, _ := t.above(id)
	for _, c := range append(up, t[id]) {
		narrowest = max(narrowest, rankOf[string(c.Audience)])
	}
	wider := []entarticle.Audience{}
	for _, to := range audiences[:narrowest] {
		wider = append(wider, entarticle.Audience(to))
	}
	there := entarticle.CategoryID(id)
	if err := tx.Article.Update().Where(there, entarticle.AudienceIn(wider...)).SetAudience(entarticle.Audience(audiences[narrowest])).Exec(ctx); err != nil {
		return err
	}
	return tx.Article.Update().Where(there).ClearCategoryID().Exec(ctx)
}
