package after

import (
	"math/bits"
	"slices"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	entorder "kabinet/ent/generated/order"
	"kabinet/ent/generated/returnrequest"
	"kabinet/internal/fault"
	"kabinet/internal/order"
)

// situation is what the options of a return are worked out of.
type situation struct {
	order      *ent.Order
	underWay   map[uuid.UUID]int64   // units of each line in returns that have not come yet
	agreed     map[uuid.UUID]portion // of each line in all returns that hold
	receivedAt *time.Time            // when the order was received; nil: it was not
	policy     OrderPolicy
	zone       *time.Location // of the business; nil: UTC
	now        time.Time
	staff      bool // the time does not end for staff
}

// portion is units of a line and what they are worth in returns, minor units,
// before a fee.
type portion struct{ units, minor int64 }

// count takes another return of the order into account.
func (s situation) count(r *ent.ReturnRequest) {
	for _, l := range r.Lines {
		if l.OrderLineID == nil {
			continue
		}
		p := s.agreed[*l.OrderLineID]
		p.units, p.minor = p.units+counted(l), p.minor+l.AmountMinor+l.FeeMinor
		s.agreed[*l.OrderLineID] = p
		if underWay(r.Status) {
			s.underWay[*l.OrderLineID] += counted(l)
		}
	}
}

// before is how many units of a line are gone or spoken for.
func (s situation) before(l *ent.OrderLine) int64 {
	return min(l.Quantity, l.Cancelled+l.Returned+s.underWay[l.ID])
}

// goods is what n further units of a line are worth, minor units. It stands from
// then on whatever comes first, so that what was shown is what is given back;
// and all that is ever agreed to of a line is never more than the line cost.
func (s situation) goods(l *ent.OrderLine, n int64) int64 {
	before, p := s.before(l), s.agreed[l.ID]
	elsewhere := min(l.Quantity, max(0, before-p.units)) // cancelled, or came back without a return
	already := p.minor + part(l.TotalMinor, elsewhere, l.Quantity)
	left := max(0, l.TotalMinor-already)
	return min(left, max(0, part(l.TotalMinor, before+n, l.Quantity)-already))
}

// option is what of one line can come back.
type option struct {
	returnable int64
	refused    []refusedUnits
}

type refusedUnits struct {
	quantity int64
	why      NonReturnableReason
}

// until is the last moment of the last day in which goods can come back, in
// the time zone of the business; nil where they were not received, or the time
// does not end.
func (s situation) until() *time.Time {
	if s.receivedAt == nil || s.staff {
		return nil
	}
	zone := s.zone
	if zone == nil {
		zone = time.UTC
	}
	year, month, day := s.receivedAt.In(zone).Date()
	end := time.Date(year, month, day+s.policy.ReturnDays+1, 0, 0, 0, 0, zone).UTC()
	if s.policy.ReturnDays == 0 {
		end = s.receivedAt.UTC()
	}
	return &end
}

// of says what of a line can come back: each of its units is either returnable
// or refused for one reason, the first that holds.
func (s situation) of(l *ent.OrderLine) (o option) {
	left := l.Quantity
	refuse := func(n int64, why NonReturnableReason) {
		if n = min(n, left); n > 0 {
			o.refused = append(o.refused, refusedUnits{n, why})
			left -= n
		}
	}
	refuse(l.Cancelled, NonReturnableReasonCancelled)
	refuse(l.Returned, NonReturnableReasonAlreadyReturned)
	refuse(s.underWay[l.ID], NonReturnableReasonReturnRequested)
	end := s.until()
	switch {
	case s.receivedAt == nil || !isReceived(s.order):
		refuse(left, NonReturnableReasonNotReceived)
	case l.Category != nil && slices.Contains(s.policy.FinalSaleCategories, *l.Category):
		refuse(left, NonReturnableReasonFinalSale)
	case end != nil && !s.now.Before(*end):
		refuse(left, NonReturnableReasonWindowOver)
	}
	o.returnable = left
	return o
}

// isReceived says whether goods of an order may come back at all.
func isReceived(o *ent.Order) bool {
	return (o.Status == entorder.StatusPLACED || o.Status == entorder.StatusCOMPLETED) &&
		(o.FulfillmentStatus == entorder.FulfillmentStatusDELIVERED || o.FulfillmentStatus == entorder.FulfillmentStatusPARTIALLY_RETURNED)
}

// worth is what n further units of a line are worth of which before went
// already: their part of total, in minor units. However a line is taken apart,
// the parts sum up to total. It panics where before+n > quantity.
func worth(total, quantity, before, n int64) int64 {
	return part(total, before+n, quantity) - part(total, before, quantity)
}

// part is floor(total * n / of), for 0 <= n <= of, 0 < of.
func part(total, n, of int64) int64 {
	if n < 0 || n > of || of <= 0 || total < 0 {
		panic("after: no part of a line")
	}
	hi, lo := bits.Mul64(uint64(total), uint64(n))
	q, _ := bits.Div64(hi, lo, uint64(of))
	return int64(q) //nolint:gosec // at most total
}

// fee is what is kept of minor units, rounded down: in doubt for the customer.
func fee(minor int64, basisPoints int) int64 { return part(minor, int64(basisPoints), 10_000) }

// returnSteps says where a return may go from where.
var returnSteps = map[returnrequest.Status][]returnrequest.Status{
	returnrequest.StatusREQUESTED:  {returnrequest.StatusAPPROVED, returnrequest.StatusREJECTED, returnrequest.StatusCANCELLED},
	returnrequest.StatusAPPROVED:   {returnrequest.StatusIN_TRANSIT, returnrequest.StatusRECEIVED, returnrequest.StatusCANCELLED},
	returnrequest.StatusIN_TRANSIT: {returnrequest.StatusRECEIVED},
	returnrequest.StatusRECEIVED:   {returnrequest.StatusREFUNDED},
}

// checkStep says whether a return may go on. Fault: ILLEGAL_TRANSITION.
func checkStep(from, to returnrequest.Status) error {
	if slices.Contains(returnSteps[from], to) {
		return nil
	}
	return illegal(from, to, returnSteps[from]...).At("input", "returnId")
}

// illegal says where a thing stands, where it was to go, and where it may.
func illegal[T ~string](from, to T, allowed ...T) *fault.Fault {
	may := make([]string, len(allowed))
	for i, a := range allowed {
		may[i] = string(a)
	}
	return order.ErrIllegalTransition.With("fromState", string(from)).With("toState", string(to)).With("allowed", may)
}

// underWay says whether goods of a return are reserved for it: neither come nor
// given up.
func underWay(s returnrequest.Status) bool {
	return s == returnrequest.StatusREQUESTED || s == returnrequest.StatusAPPROVED || s == returnrequest.StatusIN_TRANSIT
}

// checkQuantity holds what is asked for of a line to what can come back. Faults:
// OUT_OF_RANGE, NOT_RETURNABLE.
func checkQuantity(o option, quantity int, path ...string) error {
	if quantity < 1 {
		return fault.ErrOutOfRange.With("min", 1).With("max", o.returnable).At(path...)
	}
	if int64(quantity) <= o.returnable {
		return nil
	}
	if n := len(o.refused); n > 0 {
		return ErrNotReturnable.With("available", o.returnable).With("why", string(o.refused[n-1].why)).At(path...)
	}
	return ErrNotReturnable.With("available", o.returnable).At(path...)
}
