package article

import (
	"time"

	"github.com/99designs/gqlgen/graphql"

	ent "kabinet/ent/generated"
	entarticle "kabinet/ent/generated/article"
	"kabinet/internal/scalar"
)

// The inputs and views of the SDL, bound by name; field by field they are
// described in schema/article.graphqls.

// Page is a part of a list.
type Page struct {
	After, Before *scalar.Cursor
	First, Last   *int
}

// ArticleRef names an article: one of them.
type ArticleRef struct {
	ID     *scalar.ID
	Handle *string
}

// ArticleFilter narrows a list of articles.
type ArticleFilter struct {
	CategoryID        *scalar.ID
	WithSubcategories *bool // nil: true
	Status            []entarticle.Status
	Audience          []entarticle.Audience
}

// SaveArticleCategoryInput is the input of saveArticleCategory.
type SaveArticleCategoryInput struct {
	ID       *scalar.ID
	Revision *int
	Handle   *string
	ParentID graphql.Omittable[*scalar.ID]
	Position *int
	Audience *entarticle.Audience
	Retired  *bool
	Texts    []*scalar.Translation // nil: unchanged
}

// DeleteArticleCategoryInput is the input of deleteArticleCategory.
type DeleteArticleCategoryInput struct{ ID scalar.ID }

// SaveArticleInput is the input of saveArticle.
type SaveArticleInput struct {
	ID         *scalar.ID
	Locale     string
	Revision   *int
	Handle     *string
	CategoryID graphql.Omittable[*scalar.ID]
	Audience   *entarticle.Audience
	Title      *string
	Summary    *string
	Body       *string
	Keywords   []string // nil: unchanged
	Position   *int
}

// PublishArticleInput is the input of publishArticle.
type PublishArticleInput struct {
	ID       scalar.ID
	Locale   string
	Revision *int
	At       *time.Time
}

// RetireArticleInput is the input of retireArticle.
type RetireArticleInput struct {
	ID     scalar.ID
	Locale *string
}

// RestoreArticleVersionInput is the input of restoreArticleVersion.
type RestoreArticleVersionInput struct {
	ID      scalar.ID
	Locale  string
	Version int
}

// RateArticleInput is the input of rateArticle.
type RateArticleInput struct {
	ArticleID scalar.ID
	Locale    *string
	Helped    bool
	Comment   graphql.Omittable[*string]
}

// ArticleGapPeriod is days, YYYY-MM-DD.
type ArticleGapPeriod struct{ From, To string }

// TextRange is a part of a text, in code points.
type TextRange struct{ Start, Length int }

// ArticleSnippet is a part of a text and where words looked for stand in it.
type ArticleSnippet struct {
	Text    string
	Matches []TextRange
}

// ArticleHit is an article that was found.
type ArticleHit struct {
	Article      *ent.Article
	TitleMatches []TextRange
	Snippet      ArticleSnippet
}

// ArticleGap is words that were looked for in vain.
type ArticleGap struct {
	Words, Text, Locale string
	Times, Empty        int64
	LastOn              string // YYYY-MM-DD
}
