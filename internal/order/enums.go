package order

import (
	"io"

	"kabinet/internal/scalar"
)

// OrderAction is what may be done with an order.
type OrderAction string

// The actions.
const (
	OrderActionCancel     OrderAction = "CANCEL"      // cancelOrder would work
	OrderActionOpenTicket OrderAction = "OPEN_TICKET" // openTicket about it would work
)

// MarshalGQL writes the action.
func (e OrderAction) MarshalGQL(w io.Writer) { scalar.WriteEnum(w, e) }

// UnmarshalGQL reads an action.
func (e *OrderAction) UnmarshalGQL(v any) (err error) {
	*e, err = scalar.ReadEnum(v, OrderActionCancel, OrderActionOpenTicket)
	return err
}

// OrderSort is the order of a list of orders.
type OrderSort string

// The sorts.
const (
	OrderSortNewest    OrderSort = "NEWEST"     // placed last, first
	OrderSortOldest    OrderSort = "OLDEST"     // placed first, first
	OrderSortTotalDesc OrderSort = "TOTAL_DESC" // dearest first
	OrderSortTotalAsc  OrderSort = "TOTAL_ASC"  // cheapest first
)

// MarshalGQL writes the sort.
func (e OrderSort) MarshalGQL(w io.Writer) { scalar.WriteEnum(w, e) }

// UnmarshalGQL reads a sort.
func (e *OrderSort) UnmarshalGQL(v any) (err error) {
	*e, err = scalar.ReadEnum(v, OrderSortNewest, OrderSortOldest, OrderSortTotalDesc, OrderSortTotalAsc)
	return err
}

// UpsertOutcome is what became of one item of a batch.
type UpsertOutcome string

// The outcomes.
const (
	UpsertOutcomeCreated   UpsertOutcome = "CREATED"   // it is new
	UpsertOutcomeUpdated   UpsertOutcome = "UPDATED"   // it was changed
	UpsertOutcomeUnchanged UpsertOutcome = "UNCHANGED" // it was so already
	UpsertOutcomeRefused   UpsertOutcome = "REFUSED"   // a fault says why
)

// MarshalGQL writes the outcome.
func (e UpsertOutcome) MarshalGQL(w io.Writer) { scalar.WriteEnum(w, e) }

// UnmarshalGQL reads an outcome.
func (e *UpsertOutcome) UnmarshalGQL(v any) (err error) {
	*e, err = scalar.ReadEnum(v, UpsertOutcomeCreated, UpsertOutcomeUpdated, UpsertOutcomeUnchanged, UpsertOutcomeRefused)
	return err
}
