// Package article owns the knowledge base: shelves, articles by language and
// version, what readers said of them, how they are found, and what was looked
// for in vain. It writes article_categories, articles, article_votes,
// article_searches and the plain article_words. It knows no ticket: what is
// proposed while one is typed, and what a bot answers with, it only finds.
//
// Who may read what is held by the fence (store/scope_audience.go): a draft does
// not exist for whoever is not staff. The words by which articles are found hold
// those in force alone and are kept in the transaction that publishes; what is
// found is read through the fence all the same.
//
// A text is kept as it was written. HTML in it is text; whoever shows it renders
// Markdown and lets no HTML through.
package article

import (
	"context"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/internal/fault"
	"kabinet/internal/gather"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// Articles is the service of this domain.
type Articles struct {
	Store  *store.Store
	Sealer *store.Sealer // hashes the addresses of whoever is not signed in

	shelves   gather.Loader[uuid.UUID, *ent.ArticleCategory]
	inside    gather.Loader[uuid.UUID, []*ent.ArticleCategory]
	languages gather.Loader[uuid.UUID, []string]
	votes     gather.Loader[uuid.UUID, *bool]
	noting    noting
}

// The bounds of this domain; the SDL says the same.
const (
	maxCategories = 300
	maxDepth      = 5
	maxPosition   = 10_000
	maxHandle     = 60
	maxTitle      = 200
	maxSummary    = 500
	maxBody       = 50_000
	maxKeywords   = 30
	maxKeyword    = 50
	maxComment    = 1_000
	maxQuery      = 200
	maxAhead      = 366 * 24 * time.Hour
	maxPeriod     = 366 // days
)

// The refusals of this domain.
var (
	ErrTooManyItems     = fault.New(fault.Refused, "TOO_MANY_ITEMS")
	ErrHandleTaken      = fault.New(fault.Refused, "HANDLE_TAKEN")
	ErrDuplicateKey     = fault.New(fault.Invalid, "DUPLICATE_KEY")
	ErrCategoryCycle    = fault.New(fault.Invalid, "ARTICLE_CATEGORY_CYCLE")
	ErrCategoryTooDeep  = fault.New(fault.Refused, "ARTICLE_CATEGORY_TOO_DEEP")
	ErrCategoryNotEmpty = fault.New(fault.Refused, "ARTICLE_CATEGORY_NOT_EMPTY")
	ErrNoDraft          = fault.New(fault.Refused, "ARTICLE_NO_DRAFT")
)

// staff is the gate of every verb that writes the knowledge base, behind the
// directive. Faults: UNAUTHENTICATED, FORBIDDEN.
func staff(ctx context.Context, operation string) error {
	v := viewer.From(ctx)
	switch {
	case v.IsSystem() || v.Staff && v.Reach("article", operation) == viewer.ReachAll:
		return nil
	case v.SignedIn():
		return fault.ErrForbidden
	}
	return fault.ErrUnauthenticated
}
