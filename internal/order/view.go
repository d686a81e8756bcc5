package order

import (
	ent "kabinet/ent/generated"
	"kabinet/internal/scalar"
)

// Refund is a payment that gave money back.
type Refund struct{ *ent.Payment }

// ReturnLine is one line of a return.
type ReturnLine struct {
	OrderLineID *scalar.ID
	Sku         string
	Title       string
	Quantity    int64
	Amount      scalar.Money
}

// Update is a message of orderUpdated.
type Update struct {
	Cursor string
	Kind   string
	Order  *ent.Order
}
