package article

import (
	"context"
	"encoding/hex"
	"net/netip"
	"slices"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/articlevote"
	"kabinet/internal/fault"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// rating is how often an address, or a person, may say whether articles helped.
var rating = store.Limit{Name: "article-vote", Free: 30, Forget: time.Hour, Window: true}

// Rate says whether an article helped: once a voter, who may change his mind,
// in whichever language he read it. Votes belong to the business, so a reader's
// is written past the fence, here and nowhere else, after the fence has shown
// him the article. Faults: INVALID_ID, NOT_FOUND, TOO_LONG, INVALID_VALUE,
// RATE_LIMITED.
func (a *Articles) Rate(ctx context.Context, in RateArticleInput) (out *ent.Article, err error) {
	key, err := in.ArticleID.As("art")
	if err != nil {
		return nil, fault.ErrInvalidID.At("input", "articleId")
	}
	comment, err := clean(in.Comment.Value(), maxComment, false, "input", "comment")
	if err != nil {
		return nil, err
	}
	if in.Comment.IsSet() {
		in.Comment = graphql.OmittableOf(&comment)
	}
	if err := a.pace(ctx); err != nil {
		return nil, err
	}
	voter := a.voters(ctx, key)
	for range 2 { // where a twin was first it is a change, not another vote
		err = a.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
			if err := tx.Lock(ctx, "articles", "key_id", key); err != nil {
				return err
			}
			row, err := a.readable(ctx, tx, key, asked(ctx, in.Locale))
			if err != nil {
				return err
			}
			if err := in.vote(viewer.AsSystem(ctx, "article.vote"), tx, row, voter); err != nil {
				return err
			}
			out, err = tx.Article.Get(ctx, row.ID)
			return err
		})
		if !store.IsUnique(err) {
			break
		}
	}
	if err != nil {
		return nil, err
	}
	return out.Unwrap(), nil
}

// readable is what the caller reads of an article. Fault: NOT_FOUND.
func (a *Articles) readable(ctx context.Context, tx *store.Tx, key uuid.UUID, lang string) (*ent.Article, error) {
	r, err := a.one(ctx, tx.Article, inForceOf(key), lang)
	if fault.KindOf(err) == fault.NotFound {
		return nil, fault.ErrNotFound.At("input", "articleId")
	}
	return r, err
}

// pace counts one vote. Fault: RATE_LIMITED.
func (a *Articles) pace(ctx context.Context) error {
	var wait time.Duration
	err := a.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
		wait, err = tx.Reserve(ctx, store.Use{Limit: rating, Of: from(ctx)})
		return err
	})
	if err == nil && wait > 0 {
		err = fault.ErrRateLimited.After(wait)
	}
	return err
}

// from is where a call comes from: a person, or the address of nobody.
func from(ctx context.Context) string {
	v := viewer.From(ctx)
	if v.SignedIn() {
		return v.UserID.String()
	}
	return address(v.IP)
}

// voters are who the caller is in article_votes: a person by his id; nobody by a
// keyed hash of his address, another one for each article, so that what somebody
// read is not found out by it. The first is written; older keys' are still known.
func (a *Articles) voters(ctx context.Context, key uuid.UUID) []string {
	v := viewer.From(ctx)
	if v.SignedIn() {
		return []string{v.UserID.String()}
	}
	var all []string
	for _, mac := range a.Sealer.MACs(address(v.IP), "article-vote:"+key.String()) {
		all = append(all, "nobody "+hex.EncodeToString(mac[:16]))
	}
	return all
}

// address is what of an address in the net stands for one voter: of IPv6 the
// network, for a household has the rest to choose from.
func address(ip string) string {
	addr, err := netip.ParseAddr(ip)
	if err != nil {
		return ip
	}
	if addr = addr.Unmap(); addr.Is6() {
		if net, err := addr.WithZone("").Prefix(64); err == nil {
			return net.Masked().Addr().String()
		}
	}
	return addr.String()
}

// vote writes a vote and counts it on what is in force in its language.
func (in RateArticleInput) vote(ctx context.Context, tx *store.Tx, row *ent.Article, voter []string) error {
	was, err := tx.ArticleVote.Query().Where(articlevote.ArticleID(row.KeyID), articlevote.VoterIn(voter...)).First(ctx)
	if err != nil && !ent.IsNotFound(err) {
		return err
	}
	comment := in.Comment.Value()
	if comment != nil && *comment == "" {
		comment = nil
	}
	switch {
	case was == nil:
		err = tx.ArticleVote.Create().SetArticleID(row.KeyID).SetLocale(row.Locale).SetVoter(voter[0]).SetHelped(in.Helped).SetNillableComment(comment).Exec(ctx)
	case was.Locale == row.Locale:
		u := tx.ArticleVote.UpdateOneID(was.ID).SetHelped(in.Helped)
		switch {
		case comment != nil:
			u.SetComment(*comment)
		case in.Comment.IsSet():
			u.ClearComment()
		}
		err = u.Exec(ctx)
	default: // he read it in another language since
		if err := tx.ArticleVote.DeleteOneID(was.ID).Exec(ctx); err != nil {
			return err
		}
		if !in.Comment.IsSet() {
			comment = was.Comment
		}
		err = tx.ArticleVote.Create().SetArticleID(row.KeyID).SetLocale(row.Locale).SetVoter(voter[0]).SetHelped(in.Helped).SetNillableComment(comment).Exec(ctx)
	}
	if err != nil {
		return err
	}
	if was != nil {
		if err := count(ctx, tx, row.KeyID, was.Locale, was.Helped, -1); err != nil {
			return err
		}
	}
	return count(ctx, tx, row.KeyID, row.Locale, in.Helped, 1)
}

// count adds a vote to what is in force in a language, or takes it away; what is
// not in force counts anew when it is published. It is no change of the article:
// its revision stays.
func count(ctx context.Context, tx *store.Tx, key uuid.UUID, lang string, helped bool, n int) error {
	column := "not_helped"
	if helped {
		column = "helped"
	}
	_, err := tx.Exec(ctx, `UPDATE articles SET `+column+` = `+column+` + ? WHERE key_id = ? AND locale = ? AND status = 'PUBLISHED'`, n, key, lang)
	return err
}

// MyVote is whether the caller said that an article helped; nil where he said
// nothing.
func (a *Articles) MyVote(ctx context.Context, of *ent.Article) (*bool, error) {
	return a.votes.Load(ctx, of.KeyID, func(ctx context.Context, keys []uuid.UUID) (map[uuid.UUID]*bool, error) {
		var voters []string
		for _, k := range keys {
			voters = append(voters, a.voters(ctx, k)...)
		}
		voters = slices.Compact(voters) // a person is the same to each
		some, err := a.Store.Client.ArticleVote.Query().Where(articlevote.ArticleIDIn(keys...), articlevote.VoterIn(voters...)).
			All(viewer.AsSystem(ctx, "article.vote"))
		said := map[uuid.UUID]*bool{}
		for _, s := range some {
			said[s.ArticleID] = &s.Helped
		}
		return said, store.Translate(err)
	})
}
