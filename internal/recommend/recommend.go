// Package recommend proposes products to people: what is bought together with
// what they bought, looked at or put aside, what they buy often, what suits
// their interests, what is popular. It works that out of the orders by the
// clock and explains each proposal. It never shows whose orders they were: a
// pair counts from three customers on, and only numbers of products are kept.
// It writes product_figures and product_pairs.
package recommend

import (
	ent "kabinet/ent/generated"
	"kabinet/internal/gather"
	"kabinet/internal/store"

	"github.com/google/uuid"
)

// Recommendations is the service.
type Recommendations struct {
	Store *store.Store

	partnersOf gather.Loader[uuid.UUID, []*ent.Product]
}
