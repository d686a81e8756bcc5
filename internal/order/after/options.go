package after

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	entorder "kabinet/ent/generated/order"
	"kabinet/ent/generated/orderevent"
	"kabinet/ent/generated/returnrequest"
	"kabinet/internal/fault"
	"kabinet/internal/locale"
	"kabinet/internal/order"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// Options says what of an order can come back, and why the rest cannot. Faults:
// INVALID_ID, NOT_FOUND.
func (s *Acts) Options(ctx context.Context, id scalar.ID) (*ReturnOptions, error) {
	key, err := id.As("order")
	if err != nil {
		return nil, fault.ErrInvalidID.At("orderId")
	}
	o, err := s.Store.Client.Order.Query().Where(entorder.ID(key)).WithLines().Only(ctx)
	if err != nil {
		return nil, store.Translate(err)
	}
	p, err := s.Policy(ctx)
	if err != nil {
		return nil, err
	}
	at, err := s.situation(ctx, s.Store.Client, o, *p, s.Store.Now())
	if err != nil {
		return nil, store.Translate(err)
	}
	reasons, err := reasonsOf(ctx, s.Store.Client, ReasonKindReturn)
	if err != nil {
		return nil, store.Translate(err)
	}
	out := &ReturnOptions{OrderID: o.GlobalID(), Until: at.until(), RefundTo: destinations(o, *p), Lines: []*ReturnOption{}}
	lang := viewer.From(ctx).Locale
	lines, err := order.Lines(ctx, o)
	for _, l := range lines {
		can := at.of(l)
		shown := &ReturnOption{Line: l, Returnable: can.returnable, Refused: []*NonReturnable{}, reasons: offered(reasons, l.Category),
			Amount: scalar.Money{Minor: at.goods(l, can.returnable), Currency: o.Currency}}
		for _, r := range can.refused {
			shown.Refused = append(shown.Refused, &NonReturnable{Quantity: r.quantity, Why: r.why, Message: locale.Text(lang, "return.refused."+strings.ToLower(string(r.why)), nil)})
		}
		out.Returnable = out.Returnable || can.returnable > 0
		out.Lines = append(out.Lines, shown)
	}
	return out, err
}

// OptionReasons are for which reasons goods of a line may come back.
func OptionReasons(o *ReturnOption) []*ent.Reason { return o.reasons }

// destinations are where money of an order may be given back to.
func destinations(o *ent.Order, p OrderPolicy) []RefundDestination {
	to := []RefundDestination{RefundDestinationSource}
	if p.WalletRefunds && o.OwnerID != viewer.House {
		to = append(to, RefundDestinationWallet)
	}
	return to
}

// situation reads what the options of an order depend on.
func (s *Acts) situation(ctx context.Context, c *ent.Client, o *ent.Order, p OrderPolicy, now time.Time) (situation, error) {
	at := situation{order: o, underWay: map[uuid.UUID]int64{}, agreed: map[uuid.UUID]portion{}, receivedAt: o.ReceivedAt, policy: p, zone: s.Zone, now: now, staff: order.ByStaff(ctx, o)}
	if at.receivedAt == nil { // of an order that was brought in as it stood
		e, err := c.OrderEvent.Query().Where(orderevent.OrderID(o.ID), orderevent.KindIn(orderevent.KindRECEIVED, orderevent.KindCOMPLETED)).
			Order(orderevent.BySeq()).First(ctx)
		switch {
		case err == nil:
			at.receivedAt = &e.OccurredAt
		case !ent.IsNotFound(err):
			return at, err
		case isReceived(o):
			at.receivedAt = &o.PlacedAt
		}
	}
	others, err := c.ReturnRequest.Query().Where(returnrequest.OrderID(o.ID), returnrequest.StatusNotIn(returnrequest.StatusREJECTED, returnrequest.StatusCANCELLED)).All(ctx)
	for _, r := range others {
		at.count(r)
	}
	return at, err
}

// lineOf is a line of an order; nil where it is another's.
func lineOf(o *ent.Order, id uuid.UUID) *ent.OrderLine {
	i := slices.IndexFunc(o.Edges.Lines, func(l *ent.OrderLine) bool { return l.ID == id })
	if i < 0 {
		return nil
	}
	return o.Edges.Lines[i]
}
