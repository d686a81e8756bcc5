package article

import (
	"context"
	"errors"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	entarticle "kabinet/ent/generated/article"
	"kabinet/internal/event"
	"kabinet/internal/fault"
	"kabinet/internal/store"
)

// Publish publishes the draft in a language, now or at a time to come, for
// staff; it is put on record. What is published already stays so. Faults:
// INVALID_ID, NOT_FOUND, INVALID_VALUE, OUT_OF_RANGE, ARTICLE_NO_DRAFT,
// STALE_OBJECT; UNAUTHENTICATED, FORBIDDEN.
func (a *Articles) Publish(ctx context.Context, in PublishArticleInput) (out *ent.Article, err error) {
	key, lang, err := named(ctx, in.ID, in.Locale)
	if err != nil {
		return nil, err
	}
	err = a.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		if in.At != nil && (!in.At.After(tx.Now) || in.At.After(tx.Now.Add(maxAhead))) {
			return fault.ErrOutOfRange.With("min", tx.Now).With("max", tx.Now.Add(maxAhead)).At("input", "at")
		}
		all, err := versions(ctx, tx, key)
		if err != nil {
			return err
		}
		was := newestIn(all, lang)
		switch {
		case len(all) == 0:
			return fault.ErrNotFound.At("input", "id")
		case was == nil || was.Status == entarticle.StatusRETIRED:
			return ErrNoDraft.At("input", "locale")
		case was.Status == entarticle.StatusPUBLISHED && in.At != nil:
			return ErrNoDraft.At("input", "locale")
		case was.Status == entarticle.StatusPUBLISHED: // done by a twin
			out, err = tx.Article.Get(ctx, was.ID)
			return err
		case in.Revision != nil && was.Revision != int64(*in.Revision):
			return fault.ErrStaleObject.At("input", "revision")
		}
		if in.At != nil {
			out, err = tx.Article.UpdateOneID(was.ID).SetStatus(entarticle.StatusSCHEDULED).SetPublishAt(*in.At).AddRevision(1).Save(ctx)
		} else {
			out, err = publish(ctx, tx, all, was)
		}
		if err != nil {
			return err
		}
		return record(ctx, tx, "article.publish", out)
	})
	if err != nil {
		return nil, err
	}
	return out.Unwrap(), nil
}

// publish puts a version in force, in place of the one before, with its words
// and with the votes that its readers gave in the language. The article is locked.
func publish(ctx context.Context, tx *store.Tx, all []*ent.Article, r *ent.Article) (*ent.Article, error) {
	if old := publishedIn(all, r.Locale); old != nil {
		if _, err := retire(ctx, tx, old.ID); err != nil {
			return nil, err
		}
	}
	helped, not, err := counted(ctx, tx, r.KeyID, r.Locale)
	if err != nil {
		return nil, err
	}
	out, err := tx.Article.UpdateOneID(r.ID).SetStatus(entarticle.StatusPUBLISHED).SetPublishedAt(tx.Now).ClearPublishAt().
		SetHelped(helped).SetNotHelped(not).AddRevision(1).Save(ctx)
	if err != nil {
		return nil, err
	}
	tx.Tell(event.ArticlePublished{ArticleID: out.KeyID, Locale: out.Locale, Version: out.Version, Audience: string(out.Audience)}, store.ToHouse())
	return out, index(ctx, tx, out)
}

// retire takes a version out of force, and its words away.
func retire(ctx context.Context, tx *store.Tx, id uuid.UUID) (*ent.Article, error) {
	out, err := tx.Article.UpdateOneID(id).SetStatus(entarticle.StatusRETIRED).ClearPublishAt().AddRevision(1).Save(ctx)
	if err != nil {
		return nil, err
	}
	return out, unindex(ctx, tx, id)
}

// PublishDue publishes what was scheduled and is due, at most limit, and says
// how many there were. One that cannot be published keeps none back behind it.
func (a *Articles) PublishDue(ctx context.Context, limit int) (int, error) {
	now := a.Store.Now()
	due, err := a.Store.Client.Article.Query().Where(entarticle.StatusEQ(entarticle.StatusSCHEDULED), entarticle.PublishAtLTE(now)).
		Select(entarticle.FieldID, entarticle.FieldKeyID).Order(entarticle.ByPublishAt(), entarticle.ByID()).Limit(limit).All(ctx)
	if err != nil {
		return 0, store.Translate(err)
	}
	var failed []error
	for _, d := range due {
		failed = append(failed, a.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
			all, err := versions(ctx, tx, d.KeyID)
			if err != nil {
				return err
			}
			r, err := tx.Article.Query().Where(entarticle.ID(d.ID), entarticle.StatusEQ(entarticle.StatusSCHEDULED), entarticle.PublishAtLTE(tx.Now)).Only(ctx)
			if ent.IsNotFound(err) {
				return nil // somebody put it off, or published it
			}
			if err != nil {
				return err
			}
			if r, err = publish(ctx, tx, all, r); err != nil {
				return err
			}
			return record(ctx, tx, "article.publish", r)
		}))
	}
	return len(due), errors.Join(failed...)
}

// Retire takes an article out of sight, in a language or in all, for staff; it
// is put on record. Faults: INVALID_ID, NOT_FOUND, INVALID_VALUE;
// UNAUTHENTICATED, FORBIDDEN.
func (a *Articles) Retire(ctx context.Context, in RetireArticleInput) (out *ent.Article, err error) {
	lang := ""
	if in.Locale != nil {
		lang = *in.Locale
	}
	key, lang, err := named(ctx, in.ID, lang)
	if err != nil {
		return nil, err
	}
	err = a.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		all, err := versions(ctx, tx, key)
		if err != nil {
			return err
		}
		if len(all) == 0 || lang != "" && newestIn(all, lang) == nil {
			return fault.ErrNotFound.At("input", "id")
		}
		for _, r := range inForce(all, lang) { // two a language at most
			if r, err = takeBack(ctx, tx, r); err != nil {
				return err
			}
			if err := record(ctx, tx, "article.retire", r); err != nil {
				return err
			}
		}
		shown := newestIn(all, lang)
		for _, l := range languages("") {
			if shown == nil {
				shown = newestIn(all, l)
			}
		}
		out, err = tx.Article.Get(ctx, shown.ID)
		return err
	})
	if err != nil {
		return nil, err
	}
	return out.Unwrap(), nil
}

func takeBack(ctx context.Context, tx *store.Tx, r *ent.Article) (*ent.Article, error) {
	if r.Status == entarticle.StatusPUBLISHED {
		return retire(ctx, tx, r.ID)
	}
	return tx.Article.UpdateOneID(r.ID).SetStatus(entarticle.StatusDRAFT).ClearPublishAt().AddRevision(1).Save(ctx)
}

// inForce are the versions in a language, or in all, that are published or will
// be by the clock.
func inForce(all []*ent.Article, lang string) (some []*ent.Article) {
	for _, r := range all {
		if (lang == "" || r.Locale == lang) && (r.Status == entarticle.StatusPUBLISHED || r.Status == entarticle.StatusSCHEDULED) {
			some = append(some, r)
		}
	}
	return some
}

// Restore makes an older version the draft again, for staff; it is put on
// record. Faults: INVALID_ID, NOT_FOUND, INVALID_VALUE; UNAUTHENTICATED,
// FORBIDDEN.
func (a *Articles) Restore(ctx context.Context, in RestoreArticleVersionInput) (out *ent.Article, err error) {
	key, lang, err := named(ctx, in.ID, in.Locale)
	if err != nil {
		return nil, err
	}
	err = a.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		all, err := versions(ctx, tx, key)
		if err != nil {
			return err
		}
		last := newestIn(all, lang)
		if last == nil {
			return fault.ErrNotFound.At("input", "id")
		}
		old, err := tx.Article.Query().Where(entarticle.KeyID(key), entarticle.Locale(lang), entarticle.Version(in.Version)).Only(ctx)
		if ent.IsNotFound(err) {
			return fault.ErrNotFound.At("input", "version")
		}
		if err != nil {
			return err
		}
		if old.ID == last.ID && waits(last) { // it is the draft
			out = old
			return nil
		}
		if waits(last) {
			if err := tx.Article.UpdateOneID(last.ID).SetStatus(entarticle.StatusRETIRED).ClearPublishAt().AddRevision(1).Exec(ctx); err != nil {
				return err
			}
		}
		out, err = next(tx, old).SetVersion(last.Version + 1).SetRevision(last.Revision + 2).SetNillableAuthorID(actor(ctx)).Save(ctx)
		if err != nil {
			return err
		}
		return record(ctx, tx, "article.restore_version", out)
	})
	if err != nil {
		return nil, err
	}
	return out.Unwrap(), nil
}

// counted is what readers said of an article in a language.
func counted(ctx context.Context, tx *store.Tx, key uuid.UUID, lang string) (helped, not int64, err error) {
	err = tx.QueryRow(ctx, `SELECT CAST(coalesce(sum(CASE WHEN helped THEN 1 ELSE 0 END), 0) AS bigint), CAST(coalesce(sum(CASE WHEN helped THEN 0 ELSE 1 END), 0) AS bigint)
		FROM article_votes WHERE article_id = ? AND locale = ?`, key, lang).Scan(&helped, &not)
	return helped, not, err
}
