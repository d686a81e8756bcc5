package article

import (
	"context"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	entarticle "kabinet/ent/generated/article"
	"kabinet/ent/generated/articlecategory"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// draft is what an input says, cleaned.
type draft struct {
	SaveArticleInput
	key                  uuid.UUID // nil of a new article
	title, summary, body string
	keywords             []string
}

// Save writes a draft, for staff; it is put on record. Of a version that is in
// force or retired it begins the next one. Faults: INVALID_ID, NOT_FOUND,
// REQUIRED, TOO_LONG, INVALID_VALUE, OUT_OF_RANGE, TOO_MANY_ITEMS,
// HANDLE_TAKEN, STALE_OBJECT; UNAUTHENTICATED, FORBIDDEN.
func (a *Articles) Save(ctx context.Context, in SaveArticleInput) (*ent.Article, error) {
	if err := staff(ctx, "write"); err != nil {
		return nil, err
	}
	d, err := in.check()
	if err != nil {
		return nil, err
	}
	var out *ent.Article
	err = a.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		was, other, err := d.before(ctx, tx)
		if err != nil {
			return err
		}
		if err := d.fits(ctx, tx, was); err != nil {
			return err
		}
		if out, err = d.write(ctx, tx, was, other); err != nil {
			return err
		}
		return record(ctx, tx, "article.save", out)
	})
	switch {
	case store.IsUnique(err) && in.ID == nil:
		return nil, ErrHandleTaken.At("input", "handle").Because(err)
	case store.IsUnique(err): // somebody began a version at the same moment
		return nil, fault.ErrStaleObject.At("input", "revision").Because(err)
	case err != nil:
		return nil, err
	}
	return out.Unwrap(), nil
}

// record puts an act on an article on record.
func record(ctx context.Context, tx *store.Tx, act string, of *ent.Article) error {
	return tx.Audit(ctx, act, viewer.House, of.GlobalID(), map[string]any{
		"locale": of.Locale, "version": of.Version, "status": of.Status, "audience": of.Audience, "title": of.Title,
	})
}

func actor(ctx context.Context) *uuid.UUID { return viewer.From(ctx).Actor() }

// named is which article in which language an act of staff is about; a language
// that is not said is none. Faults: INVALID_ID, INVALID_VALUE; UNAUTHENTICATED,
// FORBIDDEN.
func named(ctx context.Context, id scalar.ID, lang string) (key uuid.UUID, _ string, err error) {
	if err := staff(ctx, "write"); err != nil {
		return key, "", err
	}
	if key, err = id.As("art"); err != nil {
		return key, "", fault.ErrInvalidID.At("input", "id")
	}
	if lang != "" {
		lang, err = language(lang, "input", "locale")
	}
	return key, lang, err
}

// check judges an input by itself.
func (in SaveArticleInput) check() (*draft, error) {
	d := &draft{SaveArticleInput: in}
	var err error
	if in.ID != nil {
		if d.key, err = in.ID.As("art"); err != nil {
			return nil, fault.ErrInvalidID.At("input", "id")
		}
	}
	if c := in.CategoryID.Value(); c != nil {
		if _, err := c.As("acat"); err != nil {
			return nil, fault.ErrInvalidID.At("input", "categoryId")
		}
	}
	if d.Locale, err = language(in.Locale, "input", "locale"); err != nil {
		return nil, err
	}
	if in.Handle != nil {
		if err := checkHandle(*in.Handle, "input", "handle"); err != nil {
			return nil, err
		}
	}
	if d.title, err = clean(in.Title, maxTitle, true, "input", "title"); err != nil {
		return nil, err
	}
	if d.summary, err = clean(in.Summary, maxSummary, false, "input", "summary"); err != nil {
		return nil, err
	}
	if d.body, err = clean(in.Body, maxBody, true, "input", "body"); err != nil {
		return nil, err
	}
	if d.keywords, err = cleanKeywords(in.Keywords); err != nil {
		return nil, err
	}
	return d, checkPosition(in.Position)
}

// write changes the draft that is there, or begins a version: of what was before
// it, or of an article that is there in another language.
func (d *draft) write(ctx context.Context, tx *store.Tx, was, other *ent.Article) (*ent.Article, error) {
	author := actor(ctx)
	if was != nil && waits(was) {
		return d.change(tx.Article.UpdateOneID(was.ID).SetNillableAuthorID(author)).Save(ctx)
	}
	if was != nil {
		whole, err := tx.Article.Get(ctx, was.ID)
		if err != nil {
			return nil, err
		}
		return d.create(next(tx, whole).SetNillableAuthorID(author)).Save(ctx)
	}
	c := tx.Article.Create().SetKeyID(d.key).SetLocale(d.Locale).SetVersion(1).SetNillableHandle(d.Handle).SetNillableAuthorID(author)
	if other != nil { // whom it is for is so in every language until somebody says otherwise
		c.SetNillableHandle(other.Handle).SetNillableCategoryID(other.CategoryID).SetAudience(other.Audience).SetPosition(other.Position)
	}
	return d.create(c).Save(ctx)
}

// waits says whether a version is still to be published.
func waits(r *ent.Article) bool {
	return r.Status == entarticle.StatusDRAFT || r.Status == entarticle.StatusSCHEDULED
}

// before is the newest version in the language, nil where there is none, and
// one in any language, under the article's lock.
func (d *draft) before(ctx context.Context, tx *store.Tx) (was, other *ent.Article, err error) {
	if d.ID == nil {
		d.key = uuid.Must(uuid.NewV7())
		return nil, nil, d.free(ctx, tx)
	}
	all, err := versions(ctx, tx, d.key)
	if err != nil {
		return nil, nil, err
	}
	if len(all) == 0 {
		return nil, nil, fault.ErrNotFound.At("input", "id")
	}
	if other = all[0]; d.Handle != nil && (other.Handle == nil || *other.Handle != *d.Handle) {
		return nil, nil, fault.ErrInvalidValue.At("input", "handle") // it is for good
	}
	was = newestIn(all, d.Locale)
	switch {
	case was == nil:
	case d.Revision == nil:
		return nil, nil, fault.ErrRequired.At("input", "revision")
	case was.Revision != int64(*d.Revision):
		return nil, nil, fault.ErrStaleObject.At("input", "revision")
	}
	return was, other, nil
}

// free says whether nobody has the handle. The index says so of one language
// alone, so who takes one waits for who takes another.
func (d *draft) free(ctx context.Context, tx *store.Tx) error {
	if d.Handle == nil {
		return nil
	}
	if err := tx.Lock(ctx, "companies", "id", viewer.House); err != nil {
		return err
	}
	taken, err := tx.Article.Query().Where(entarticle.Handle(*d.Handle)).Exist(ctx)
	if err == nil && taken {
		err = ErrHandleTaken.At("input", "handle")
	}
	return err
}

// versions are all of an article in all languages without their texts, newest
// first, under its lock: whoever changes or rates it goes one by one.
func versions(ctx context.Context, tx *store.Tx, key uuid.UUID) ([]*ent.Article, error) {
	if err := tx.Lock(ctx, "articles", "key_id", key); err != nil {
		return nil, err
	}
	return tx.Article.Query().Where(entarticle.KeyID(key)).
		Select(entarticle.FieldID, entarticle.FieldKeyID, entarticle.FieldHandle, entarticle.FieldLocale, entarticle.FieldVersion, entarticle.FieldRevision,
			entarticle.FieldStatus, entarticle.FieldCategoryID, entarticle.FieldAudience, entarticle.FieldPosition).
		Order(entarticle.ByVersion(sql.OrderDesc()), entarticle.ByLocale()).All(ctx)
}

func newestIn(all []*ent.Article, lang string) *ent.Article {
	for _, r := range all {
		if r.Locale == lang {
			return r
		}
	}
	return nil
}

func publishedIn(all []*ent.Article, lang string) *ent.Article {
	for _, r := range all {
		if r.Locale == lang && r.Status == entarticle.StatusPUBLISHED {
			return r
		}
	}
	return nil
}

// fits says whether the shelf is there, and the texts of a first version. The
// shelf is locked, so that nobody takes it away meanwhile.
func (d *draft) fits(ctx context.Context, tx *store.Tx, was *ent.Article) error {
	switch {
	case was == nil && d.Title == nil:
		return fault.ErrRequired.At("input", "title")
	case was == nil && d.Body == nil:
		return fault.ErrRequired.At("input", "body")
	}
	c := d.CategoryID.Value()
	if c == nil {
		return nil
	}
	there, err := shelfIn(ctx, tx, c)
	if err == nil && !there {
		err = fault.ErrNotFound.At("input", "categoryId")
	}
	return err
}

func shelfIn(ctx context.Context, tx *store.Tx, id *scalar.ID) (bool, error) {
	if err := tx.Lock(ctx, "article_categories", "id", id.UUID); err != nil {
		return false, err
	}
	return tx.ArticleCategory.Query().Where(articlecategory.ID(id.UUID)).Exist(ctx)
}

// change puts what is said on a draft.
func (d *draft) change(u *ent.ArticleUpdateOne) *ent.ArticleUpdateOne {
	u.AddRevision(1).SetNillableAudience(d.Audience).SetNillablePosition(d.Position)
	if d.Title != nil {
		u.SetTitle(d.title)
	}
	if d.Summary != nil {
		u.SetSummary(d.summary)
	}
	if d.Body != nil {
		u.SetBody(d.body)
	}
	if d.Keywords != nil {
		u.SetKeywords(d.keywords)
	}
	switch c := d.CategoryID.Value(); {
	case c != nil:
		u.SetCategoryID(c.UUID)
	case d.CategoryID.IsSet():
		u.ClearCategoryID()
	}
	return u
}

// create puts what is said on a new version, over what it has of the one before.
func (d *draft) create(c *ent.ArticleCreate) *ent.ArticleCreate {
	c.SetNillableAudience(d.Audience).SetNillablePosition(d.Position)
	if d.Title != nil {
		c.SetTitle(d.title)
	}
	if d.Summary != nil {
		c.SetSummary(d.summary)
	}
	if d.Body != nil {
		c.SetBody(d.body)
	}
	if d.Keywords != nil {
		c.SetKeywords(d.keywords)
	}
	switch to := d.CategoryID.Value(); {
	case to != nil:
		c.SetCategoryID(to.UUID)
	case d.CategoryID.IsSet():
		c.Mutation().ResetCategoryID()
	}
	return c
}

// next begins the version after one, with the same texts.
func next(tx *store.Tx, was *ent.Article) *ent.ArticleCreate {
	return tx.Article.Create().SetKeyID(was.KeyID).SetNillableHandle(was.Handle).SetLocale(was.Locale).SetVersion(was.Version + 1).SetRevision(was.Revision + 1).
		SetNillableCategoryID(was.CategoryID).SetAudience(was.Audience).SetPosition(was.Position).
		SetTitle(was.Title).SetSummary(was.Summary).SetBody(was.Body).SetKeywords(was.Keywords)
}
