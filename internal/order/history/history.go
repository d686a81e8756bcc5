// Package history shows what was bought: the search over orders, what a list
// of them comes to, what was spent by month, category and channel, all
// payments in one list, the steps of an order, who bought it, and what carriers
// said of its parcels. It writes search_docs, what is said of a parcel in
// shipments (carrier, number, link, point, promise) and TRACKING entries in
// order_events. It never moves an order, its goods or its money: that is
// internal/order.
package history

import (
	"kabinet/internal/fault"
	"kabinet/internal/order"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
)

// History is the service of this room. Index and Find are the funcs of
// order.Orders of those names: server.go ties them.
type History struct {
	Store  *store.Store
	Orders *order.Orders // for its lists
}

// The bounds of this room; the SDL says the same.
const (
	maxMonths   = 60  // of a report on spending
	maxShares   = 100 // categories of a currency
	maxTracking = 100 // events of a parcel
	maxPlace    = 300
	maxNote     = 1_000
	maxCarrier  = 100
)

// ErrTooManyItems is the refusal of one event of a parcel too many.
var ErrTooManyItems = fault.New(fault.Refused, "TOO_MANY_ITEMS")

// Page is which part of a list is wanted.
type Page = order.Page

// cursor is the place of a payment in its list.
func cursor(r *PaymentRecord) scalar.Cursor {
	return scalar.Cursor{ID: r.ID.UUID, Value: r.OccurredAt}
}
