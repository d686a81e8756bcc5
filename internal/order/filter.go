package order

import (
	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"

	entorder "kabinet/ent/generated/order"
	"kabinet/ent/generated/predicate"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
)

// Predicates are what a filter narrows a list by.
func (f *OrderFilter) Predicates() (all []predicate.Order) {
	if f == nil {
		return nil
	}
	if f.Status != nil {
		all = append(all, among(entorder.FieldStatus, f.Status, entorder.StatusIn))
	}
	if f.PaymentStatus != nil {
		all = append(all, among(entorder.FieldPaymentStatus, f.PaymentStatus, entorder.PaymentStatusIn))
	}
	if f.FulfillmentStatus != nil {
		all = append(all, among(entorder.FieldFulfillmentStatus, f.FulfillmentStatus, entorder.FulfillmentStatusIn))
	}
	if f.Channel != nil {
		all = append(all, among(entorder.FieldChannel, f.Channel, entorder.ChannelIn))
	}
	if f.PlacedFrom != nil {
		all = append(all, entorder.PlacedAtGTE(*f.PlacedFrom))
	}
	if f.PlacedBefore != nil {
		all = append(all, entorder.PlacedAtLT(*f.PlacedBefore))
	}
	if f.View != nil {
		all = append(all, viewed(*f.View))
	}
	all = append(all, within(f.TotalFrom, entorder.TotalMinorGTE)...)
	return append(all, within(f.TotalTo, entorder.TotalMinorLTE)...)
}

// among says that a column has one of these. One alone has an index in which
// its orders stand by time. Several have none: the list is walked, and SQLite,
// which would rather gather all of them and sort, is told so by the plus.
func among[T any](column string, these []T, in func(...T) predicate.Order) predicate.Order {
	if len(these) < 2 {
		return in(these...)
	}
	return func(s *sql.Selector) {
		if s.Dialect() != dialect.SQLite {
			in(these...)(s)
			return
		}
		args := make([]any, len(these))
		for i, one := range these {
			args[i] = one
		}
		s.Where(sql.P(func(b *sql.Builder) {
			b.WriteString("+").Ident(s.C(column)).WriteString(" IN (").Args(args...).WriteString(")")
		}))
	}
}

// within is a bound of the total, in the currency that it names; what is no
// amount bounds nothing: Check has told it.
func within(bound *scalar.MoneyInput, is func(int64) predicate.Order) []predicate.Order {
	if bound == nil {
		return nil
	}
	m, err := bound.Money()
	if err != nil {
		return nil
	}
	return []predicate.Order{entorder.Currency(m.Currency), is(m.Minor)}
}

// maxFound is how long a text to look for may be, in characters.
const maxFound = 200

// Check says whether a filter can be asked. Faults: INVALID_VALUE of amounts
// that are none and of ends before their beginnings, CURRENCY_MISMATCH of two
// currencies, TOO_LONG of the text.
func (f *OrderFilter) Check() error {
	if f == nil {
		return nil
	}
	from, err := minor(f.TotalFrom, "totalFrom")
	if err != nil {
		return err
	}
	to, err := minor(f.TotalTo, "totalTo")
	if err != nil {
		return err
	}
	if f.TotalFrom != nil && f.TotalTo != nil {
		if f.TotalFrom.Currency != f.TotalTo.Currency {
			return ErrCurrencyMismatch.At("filter", "totalTo")
		}
		if to < from {
			return fault.ErrInvalidValue.At("filter", "totalTo")
		}
	}
	if f.PlacedFrom != nil && f.PlacedBefore != nil && f.PlacedBefore.Before(*f.PlacedFrom) {
		return fault.ErrInvalidValue.At("filter", "placedBefore")
	}
	return checkOptional(f.Text, maxFound, "filter", "text")
}

// minor reads a bound; none is 0. Fault: INVALID_VALUE.
func minor(bound *scalar.MoneyInput, field string) (int64, error) {
	if bound == nil {
		return 0, nil
	}
	m, err := bound.Money()
	if err != nil {
		return 0, fault.ErrInvalidValue.At("filter", field)
	}
	return m.Minor, nil
}

// viewed says what a list that people know shows.
func viewed(v OrderView) predicate.Order {
	switch v {
	case OrderViewPurchases:
		return among(entorder.FieldFulfillmentStatus, received, entorder.FulfillmentStatusIn)
	case OrderViewDeliveries:
		brought := append([]entorder.FulfillmentStatus{entorder.FulfillmentStatusAT_PICKUP_POINT}, received...)
		return entorder.And(entorder.ChannelNEQ(entorder.ChannelSTORE), among(entorder.FieldFulfillmentStatus, brought, entorder.FulfillmentStatusIn))
	}
	return among(entorder.FieldStatus, []entorder.Status{entorder.StatusPLACED, entorder.StatusCOMPLETED, entorder.StatusCANCELLED}, entorder.StatusIn)
}

// received is where goods are that came, also those that went back later.
var received = []entorder.FulfillmentStatus{
	entorder.FulfillmentStatusDELIVERED, entorder.FulfillmentStatusPARTIALLY_RETURNED, entorder.FulfillmentStatusRETURNED,
}
