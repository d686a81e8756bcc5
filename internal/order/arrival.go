package order

import (
	"slices"
	"strconv"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	entorder "kabinet/ent/generated/order"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
)

// arrival is one order as an outside system says it, judged by itself.
type arrival struct {
	in       *UpsertOrderInput
	at       int // its place in the batch
	want     axes
	channel  entorder.Channel
	lines    []*ent.OrderLine
	subtotal int64 // minor units, as the three below
	discount int64
	shipping int64
	tax      int64
	owner    uuid.UUID  // found by its customer; the House for a guest
	user     *uuid.UUID // nil for a guest

	outcome UpsertOutcome
	id      uuid.UUID // of the order, once it is known
	err     error     // why it is refused
}

// total is what is owed by an order that is not cancelled.
func (a *arrival) total() int64 { return a.subtotal - a.discount + a.shipping }

// path names a field of the item.
func (a *arrival) path(fields ...string) []string {
	return append([]string{"input", "orders", strconv.Itoa(a.at)}, fields...)
}

// refuse remembers why the item is not taken.
func (a *arrival) refuse(err error) { a.err, a.outcome = err, UpsertOutcomeRefused }

// clockSkew is how far ahead of ours the clock of an outside system may be.
const clockSkew = time.Hour

// read judges an item by itself. Faults: REQUIRED, TOO_LONG, INVALID_VALUE,
// OUT_OF_RANGE at its path.
func (a *arrival) read(now time.Time) error {
	in := a.in
	if in.External == nil {
		return fault.ErrRequired.At(a.path("external")...)
	}
	err := firstError(
		checkKey(in.External.Source, maxSource, a.path("external", "source")...),
		checkKey(in.External.ID, maxKey, a.path("external", "id")...),
		a.notAhead(in.SourceUpdatedAt, now, "sourceUpdatedAt"),
		a.notAhead(in.PlacedAt, now, "placedAt"),
		checkMetadata(in.Metadata, a.path("metadata")...),
	)
	if err == nil && in.Number != nil {
		err = checkKey(*in.Number, maxNumber, a.path("number")...)
	}
	if err != nil {
		return err
	}
	a.want = wished(in.Status, in.PaymentStatus, in.FulfillmentStatus).or(axes{
		entorder.StatusPLACED, entorder.PaymentStatusPENDING, entorder.FulfillmentStatusNEW,
	})
	switch a.want.Status {
	case entorder.StatusPLACED, entorder.StatusCOMPLETED, entorder.StatusCANCELLED:
	default:
		return fault.ErrInvalidValue.At(a.path("status")...)
	}
	a.channel = entorder.ChannelONLINE
	if in.Channel != nil {
		a.channel = *in.Channel
	}
	return a.readLines()
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

func (a *arrival) notAhead(t, now time.Time, field string) error {
	if latest := now.Add(clockSkew); t.After(latest) {
		return fault.ErrOutOfRange.With("max", latest.Format(time.RFC3339Nano)).At(a.path(field)...)
	}
	return nil
}

func (a *arrival) readLines() error {
	if len(a.in.Lines) == 0 {
		return ErrOrderEmpty.At(a.path("lines")...)
	}
	if len(a.in.Lines) > maxLines {
		return fault.ErrTooLong.With("limit", maxLines).At(a.path("lines")...)
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
		return fault.ErrOutOfRange.At(a.path("lines")...)
	}
	return nil
}

func (a *arrival) readLine(i int, in *UpsertOrderLineInput) error {
	field := func(name string) []string { return []string{"lines", strconv.Itoa(i), name} }
	err := firstError(
		checkKey(in.Sku, maxKey, a.path(field("sku")...)...),
		checkKey(in.Title, maxTitle, a.path(field("title")...)...),
		checkOptional(in.Category, maxTitle, a.path(field("category")...)...),
	)
	if err != nil {
		return err
	}
	if in.Quantity < 1 || in.Quantity > maxQuantity {
		return fault.ErrOutOfRange.With("min", 1).With("max", maxQuantity).At(a.path(field("quantity")...)...)
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
		return fault.ErrOutOfRange.At(a.path(field("quantity")...)...)
	case l.DiscountMinor > gross:
		return fault.ErrOutOfRange.With("max", scalar.Money{Minor: gross, Currency: a.in.Currency}.Amount()).At(a.path(field("discount")...)...)
	case l.TaxMinor > gross-l.DiscountMinor:
		return fault.ErrOutOfRange.With("max", scalar.Money{Minor: gross - l.DiscountMinor, Currency: a.in.Currency}.Amount()).At(a.path(field("tax")...)...)
	}
	l.Position, l.Sku, l.Title, l.Category, l.Quantity = i+1, in.Sku, in.Title, in.Category, int64(in.Quantity)
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
		return 0, fault.ErrInvalidValue.Because(err).At(a.path(field...)...)
	}
	if m.Minor < 0 {
		return 0, fault.ErrOutOfRange.With("min", 0).At(a.path(field...)...)
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
