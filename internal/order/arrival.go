package order

import (
	"slices"
	"strconv"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	entorder "kabinet/ent/generated/order"
	"kabinet/internal/batch"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
)

// arrival is one order as an outside system says it, judged by itself.
type arrival struct {
	batch.Item
	in       *UpsertOrderInput
	want     axes
	channel  entorder.Channel
	lines    []*ent.OrderLine
	subtotal int64 // minor units, as the three below
	discount int64
	shipping int64
	tax      int64
	owner    uuid.UUID  // found by its customer; the House for a guest
	user     *uuid.UUID // nil for a guest
	same     bool       // the customer was left out: a stored order keeps its own
}

// total is what is owed by an order that is not cancelled.
func (a *arrival) total() int64 { return a.subtotal - a.discount + a.shipping }

// read judges an item by itself. Faults: REQUIRED, TOO_LONG, INVALID_VALUE,
// OUT_OF_RANGE at its path.
func (a *arrival) read(now time.Time) {
	in := a.in
	err := firstError(
		batch.Key(in.External, a.Path("external")...),
		batch.NotAhead(in.SourceUpdatedAt, now, a.Path("sourceUpdatedAt")...),
		batch.NotAhead(in.PlacedAt, now, a.Path("placedAt")...),
	)
	if err != nil {
		a.Refuse(err)
		return
	}
	if err := batch.Metadata(in.Metadata, a.Path("metadata")...); err != nil && a.Spare(err) {
		in.Metadata = nil
	}
	if in.Number != nil {
		if err := checkKey(*in.Number, maxNumber, a.Path("number")...); err != nil && a.Spare(err) {
			in.Number = nil
		}
	}
	a.want = wished(in.Status, in.PaymentStatus, in.FulfillmentStatus).or(axes{
		entorder.StatusPLACED, entorder.PaymentStatusPENDING, entorder.FulfillmentStatusNEW,
	})
	switch a.want.Status {
	case entorder.StatusPLACED, entorder.StatusCOMPLETED, entorder.StatusCANCELLED:
	default:
		a.Refuse(fault.ErrInvalidValue.At(a.Path("status")...))
		return
	}
	a.channel = entorder.ChannelONLINE
	if in.Channel != nil {
		a.channel = *in.Channel
	}
	if err := a.readLines(); err != nil {
		a.Refuse(err)
	}
}

// or fills the empty axes.
func (at axes) or(other axes) axes {
	if at.Status == "" {
		at.Status = other.Status
	}
	if at.Payment == "" {
		at.Payment = other.Payment
	}
	if at.Fulfillment == "" {
		at.Fulfillment = other.Fulfillment
	}
	return at
}

func (a *arrival) readLines() error {
	if len(a.in.Lines) == 0 {
		return ErrOrderEmpty.At(a.Path("lines")...)
	}
	if len(a.in.Lines) > maxLines {
		return fault.ErrTooLong.With("limit", maxLines).At(a.Path("lines")...)
	}
	var err error
	if a.shipping, err = a.amount(a.in.Shipping, "shipping"); err != nil {
		return err
	}
	for i, in := range a.in.Lines {
		if err := a.readLine(i, in); err != nil {
			return err
		}
	}
	sum, ok := scalar.AddMinor(a.subtotal, a.shipping)
	if !ok || sum > scalar.MaxPoints {
		return fault.ErrOutOfRange.At(a.Path("lines")...)
	}
	return nil
}

func (a *arrival) readLine(i int, in *UpsertOrderLineInput) error {
	field := func(name string) []string { return []string{"lines", strconv.Itoa(i), name} }
	err := firstError(
		checkKey(in.Sku, maxKey, a.Path(field("sku")...)...),
		checkKey(in.Title, maxTitle, a.Path(field("title")...)...),
	)
	if err != nil {
		return err
	}
	category := in.Category
	if err := checkOptional(category, maxTitle, a.Path(field("category")...)...); err != nil {
		if !a.Spare(err) {
			return nil // it is refused by now
		}
		category = nil
	}
	if in.Quantity < 1 || in.Quantity > maxQuantity {
		return fault.ErrOutOfRange.With("min", 1).With("max", maxQuantity).At(a.Path(field("quantity")...)...)
	}
	var l ent.OrderLine
	if l.UnitPriceMinor, err = a.amount(&in.UnitPrice, field("unitPrice")...); err != nil {
		return err
	}
	if l.DiscountMinor, err = a.amount(in.Discount, field("discount")...); err != nil {
		return err
	}
	if l.TaxMinor, err = a.amount(in.Tax, field("tax")...); err != nil {
		return err
	}
	gross, ok := scalar.MulMinor(l.UnitPriceMinor, int64(in.Quantity))
	if ok {
		a.subtotal, ok = scalar.AddMinor(a.subtotal, gross)
	}
	switch {
	case !ok || a.subtotal > scalar.MaxPoints:
		return fault.ErrOutOfRange.At(a.Path(field("quantity")...)...)
	case l.DiscountMinor > gross:
		return fault.ErrOutOfRange.With("max", scalar.Money{Minor: gross, Currency: a.in.Currency}.Amount()).At(a.Path(field("discount")...)...)
	case l.TaxMinor > gross-l.DiscountMinor:
		return fault.ErrOutOfRange.With("max", scalar.Money{Minor: gross - l.DiscountMinor, Currency: a.in.Currency}.Amount()).At(a.Path(field("tax")...)...)
	}
	l.Position, l.Sku, l.Title, l.Category, l.Quantity = i+1, in.Sku, in.Title, category, int64(in.Quantity)
	l.TotalMinor = gross - l.DiscountMinor
	a.discount += l.DiscountMinor
	a.tax += l.TaxMinor
	a.lines = append(a.lines, &l)
	return nil
}

// amount reads a sum that is not negative; nil is none.
func (a *arrival) amount(s *string, field ...string) (int64, error) {
	if s == nil {
		return 0, nil
	}
	m, err := scalar.ParseMoney(*s, a.in.Currency)
	if err != nil {
		return 0, fault.ErrInvalidValue.Because(err).At(a.Path(field...)...)
	}
	if m.Minor < 0 {
		return 0, fault.ErrOutOfRange.With("min", 0).At(a.Path(field...)...)
	}
	return m.Minor, nil
}

// sameLines says whether the lines are those stored.
func (a *arrival) sameLines(stored []*ent.OrderLine) bool {
	stored = sorted(stored, func(x, y *ent.OrderLine) int { return x.Position - y.Position })
	return slices.EqualFunc(a.lines, stored, func(x, y *ent.OrderLine) bool {
		return x.Sku == y.Sku && x.Title == y.Title && same(x.Category, y.Category) && x.Quantity == y.Quantity &&
			x.UnitPriceMinor == y.UnitPriceMinor && x.DiscountMinor == y.DiscountMinor && x.TaxMinor == y.TaxMinor
	})
}

// same compares values that may be absent.
func same[T comparable](a, b *T) bool {
	return a == nil && b == nil || a != nil && b != nil && *a == *b
}
