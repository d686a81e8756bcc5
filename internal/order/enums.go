package order

import (
	"io"

	"kabinet/internal/scalar"
)

// OrderAction is what may be done with an order.
type OrderAction string

// The actions.
const (
	OrderActionCancel        OrderAction = "CANCEL"         // cancelOrder would work
	OrderActionOpenTicket    OrderAction = "OPEN_TICKET"    // openTicket about it would work
	OrderActionRepeat        OrderAction = "REPEAT"         // repeatOrder would work, or say what stands in the way
	OrderActionPay           OrderAction = "PAY"            // something is open on it
	OrderActionChangeAddress OrderAction = "CHANGE_ADDRESS" // changeOrderAddress would work
	OrderActionRequestReturn OrderAction = "REQUEST_RETURN" // goods of it were received
	OrderActionReview        OrderAction = "REVIEW"         // goods of it were received: saveReview takes their products
)

// MarshalGQL writes the action.
func (e OrderAction) MarshalGQL(w io.Writer) { scalar.WriteEnum(w, e) }

// UnmarshalGQL reads an action.
func (e *OrderAction) UnmarshalGQL(v any) (err error) {
	*e, err = scalar.ReadEnum(v, OrderActionCancel, OrderActionOpenTicket, OrderActionRepeat, OrderActionPay, OrderActionChangeAddress, OrderActionRequestReturn, OrderActionReview)
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

// OrderView is one of the lists of orders that people know.
type OrderView string

// The views.
const (
	OrderViewOrders     OrderView = "ORDERS"     // placed, whatever became of them
	OrderViewPurchases  OrderView = "PURCHASES"  // received
	OrderViewDeliveries OrderView = "DELIVERIES" // brought to a point or an address
)

// MarshalGQL writes the view.
func (e OrderView) MarshalGQL(w io.Writer) { scalar.WriteEnum(w, e) }

// UnmarshalGQL reads a view.
func (e *OrderView) UnmarshalGQL(v any) (err error) {
	*e, err = scalar.ReadEnum(v, OrderViewOrders, OrderViewPurchases, OrderViewDeliveries)
	return err
}
