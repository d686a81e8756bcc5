package order

import (
	"bytes"
	"fmt"
	"io"
	"strconv"
)

// OrderAction: what may be done with an order.
type OrderAction string

const (
	// cancelOrder would work.
	OrderActionCancel OrderAction = "CANCEL"
	// openTicket about it would work.
	OrderActionOpenTicket OrderAction = "OPEN_TICKET"
)

// AllOrderAction lists them.
var AllOrderAction = []OrderAction{
	OrderActionCancel,
	OrderActionOpenTicket,
}

func (e OrderAction) IsValid() bool {
	switch e {
	case OrderActionCancel, OrderActionOpenTicket:
		return true
	}
	return false
}

func (e OrderAction) String() string {
	return string(e)
}

func (e *OrderAction) UnmarshalGQL(v any) error {
	str, ok := v.(string)
	if !ok {
		return fmt.Errorf("enums must be strings")
	}

	*e = OrderAction(str)
	if !e.IsValid() {
		return fmt.Errorf("%s is not a valid OrderAction", str)
	}
	return nil
}

func (e OrderAction) MarshalGQL(w io.Writer) {
	_, _ = fmt.Fprint(w, strconv.Quote(e.String()))
}

func (e *OrderAction) UnmarshalJSON(b []byte) error {
	s, err := strconv.Unquote(string(b))
	if err != nil {
		return err
	}
	return e.UnmarshalGQL(s)
}

func (e OrderAction) MarshalJSON() ([]byte, error) {
	var buf bytes.Buffer
	e.MarshalGQL(&buf)
	return buf.Bytes(), nil
}

// OrderSort: the order of a list of orders.
type OrderSort string

const (
	// Placed last, first.
	OrderSortNewest OrderSort = "NEWEST"
	// Placed first, first.
	OrderSortOldest OrderSort = "OLDEST"
	// Dearest first.
	OrderSortTotalDesc OrderSort = "TOTAL_DESC"
	// Cheapest first.
	OrderSortTotalAsc OrderSort = "TOTAL_ASC"
)

// AllOrderSort lists them.
var AllOrderSort = []OrderSort{
	OrderSortNewest,
	OrderSortOldest,
	OrderSortTotalDesc,
	OrderSortTotalAsc,
}

func (e OrderSort) IsValid() bool {
	switch e {
	case OrderSortNewest, OrderSortOldest, OrderSortTotalDesc, OrderSortTotalAsc:
		return true
	}
	return false
}

func (e OrderSort) String() string {
	return string(e)
}

func (e *OrderSort) UnmarshalGQL(v any) error {
	str, ok := v.(string)
	if !ok {
		return fmt.Errorf("enums must be strings")
	}

	*e = OrderSort(str)
	if !e.IsValid() {
		return fmt.Errorf("%s is not a valid OrderSort", str)
	}
	return nil
}

func (e OrderSort) MarshalGQL(w io.Writer) {
	_, _ = fmt.Fprint(w, strconv.Quote(e.String()))
}

func (e *OrderSort) UnmarshalJSON(b []byte) error {
	s, err := strconv.Unquote(string(b))
	if err != nil {
		return err
	}
	return e.UnmarshalGQL(s)
}

func (e OrderSort) MarshalJSON() ([]byte, error) {
	var buf bytes.Buffer
	e.MarshalGQL(&buf)
	return buf.Bytes(), nil
}

// UpsertOutcome: what became of one item of a batch.
type UpsertOutcome string

const (
	// It is new.
	UpsertOutcomeCreated UpsertOutcome = "CREATED"
	// It was changed.
	UpsertOutcomeUpdated UpsertOutcome = "UPDATED"
	// It was so already.
	UpsertOutcomeUnchanged UpsertOutcome = "UNCHANGED"
	// It was refused; see its userErrors.
	UpsertOutcomeRefused UpsertOutcome = "REFUSED"
)

// AllUpsertOutcome lists them.
var AllUpsertOutcome = []UpsertOutcome{
	UpsertOutcomeCreated,
	UpsertOutcomeUpdated,
	UpsertOutcomeUnchanged,
	UpsertOutcomeRefused,
}

func (e UpsertOutcome) IsValid() bool {
	switch e {
	case UpsertOutcomeCreated, UpsertOutcomeUpdated, UpsertOutcomeUnchanged, UpsertOutcomeRefused:
		return true
	}
	return false
}

func (e UpsertOutcome) String() string {
	return string(e)
}

func (e *UpsertOutcome) UnmarshalGQL(v any) error {
	str, ok := v.(string)
	if !ok {
		return fmt.Errorf("enums must be strings")
	}

	*e = UpsertOutcome(str)
	if !e.IsValid() {
		return fmt.Errorf("%s is not a valid UpsertOutcome", str)
	}
	return nil
}

func (e UpsertOutcome) MarshalGQL(w io.Writer) {
	_, _ = fmt.Fprint(w, strconv.Quote(e.String()))
}

func (e *UpsertOutcome) UnmarshalJSON(b []byte) error {
	s, err := strconv.Unquote(string(b))
	if err != nil {
		return err
	}
	return e.UnmarshalGQL(s)
}

func (e UpsertOutcome) MarshalJSON() ([]byte, error) {
	var buf bytes.Buffer
	e.MarshalGQL(&buf)
	return buf.Bytes(), nil
}
