package delivery

import (
	"context"
	"strings"

	"entgo.io/contrib/entgql"
	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/contactpoint"
	entdelivery "kabinet/ent/generated/delivery"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// Reads says whether the caller is a member of staff who reads the log.
func Reads(ctx context.Context) bool { return needStaff(ctx, "read") == nil }

// needStaff is nil for members of staff whose role has the permission.
func needStaff(ctx context.Context, operation string) error {
	v := viewer.From(ctx)
	switch {
	case v.Staff && v.Reach("messaging", operation) == viewer.ReachAll:
		return nil
	case !v.SignedIn():
		return fault.ErrUnauthenticated
	}
	return fault.ErrForbidden
}

var newestFirst = &ent.DeliveryOrder{Direction: entgql.OrderDirectionDesc}

// List are messages to customers, the newest first.
//
// Faults: INVALID_ID, TOO_LONG; UNAUTHENTICATED, FORBIDDEN.
func (d *Deliveries) List(ctx context.Context, f *DeliveryFilter, p Page) (*ent.DeliveryConnection, error) {
	if err := needStaff(ctx, "read"); err != nil {
		return nil, err
	}
	q := d.Store.Client.Delivery.Query()
	if err := f.narrow(q, "filter"); err != nil {
		return nil, err
	}
	c, err := q.Paginate(ctx, p.After, p.First, p.Before, p.Last, ent.WithDeliveryOrder(newestFirst))
	return c, store.Translate(err)
}

// One is a message; nil where there is none.
//
// Faults: INVALID_ID; UNAUTHENTICATED, FORBIDDEN.
func (d *Deliveries) One(ctx context.Context, id scalar.ID) (*ent.Delivery, error) {
	if err := needStaff(ctx, "read"); err != nil {
		return nil, err
	}
	key, err := id.As(prefix)
	if err != nil {
		return nil, fault.ErrInvalidID.At("id")
	}
	q, err := d.Store.Client.Delivery.Query().Where(entdelivery.ID(key)).CollectFields(ctx)
	if err != nil {
		return nil, err
	}
	row, err := q.Only(ctx)
	if ent.IsNotFound(err) {
		return nil, nil
	}
	return row, store.Translate(err)
}

// narrow narrows a query, nil too; at is where a filter stands in the arguments.
func (f *DeliveryFilter) narrow(q *ent.DeliveryQuery, at ...string) error {
	if f == nil {
		return nil
	}
	if f.CustomerID != nil {
		id, err := f.CustomerID.As("usr")
		if err != nil {
			return fault.ErrInvalidID.At(append(at, "customerId")...)
		}
		q.Where(entdelivery.UserID(id))
	}
	if len(f.Type) > mostTypes {
		return fault.ErrTooLong.At(append(at, "type")...).With("limit", mostTypes)
	}
	if f.Status != nil {
		q.Where(entdelivery.StatusIn(f.Status...))
	}
	if f.Reason != nil {
		q.Where(entdelivery.StatusReasonIn(f.Reason...))
	}
	if f.Channel != nil {
		q.Where(entdelivery.ChannelIn(f.Channel...))
	}
	if f.Type != nil {
		q.Where(entdelivery.TypeIn(f.Type...))
	}
	if f.From != nil {
		q.Where(entdelivery.CreatedAtGTE(*f.From))
	}
	if f.To != nil {
		q.Where(entdelivery.CreatedAtLT(*f.To))
	}
	return nil
}

// Address is where a message goes, with most of it hidden; nil where it goes to
// no address or number, or to one that is there no more.
func (d *Deliveries) Address(ctx context.Context, row *ent.Delivery) (*string, error) {
	if pushed(row.Channel) || row.EndpointID == row.NotificationID {
		return nil, nil
	}
	return d.addresses.Load(ctx, row.EndpointID, func(ctx context.Context, keys []uuid.UUID) (map[uuid.UUID]*string, error) {
		all, err := d.Store.Client.ContactPoint.Query().Where(contactpoint.IDIn(keys...)).All(asSystem(ctx))
		if err != nil {
			return nil, store.Translate(err)
		}
		by := make(map[uuid.UUID]*string, len(all))
		for _, c := range all {
			masked := mask(c.ValueKey)
			by[c.ID] = &masked
		}
		return by, nil
	})
}

// mask hides most of an address or a number: a***@example.com, +44***18.
func mask(s string) string {
	if local, domain, mail := strings.Cut(s, "@"); mail {
		return string([]rune(local)[:min(1, len([]rune(local)))]) + "***@" + domain
	}
	const shown = 3
	if len(s) < 3*shown {
		return "***"
	}
	return s[:shown] + "***" + s[len(s)-2:]
}

// OfNotification is what became of a notification besides the feed, as its
// person sees it.
func (d *Deliveries) OfNotification(ctx context.Context, n *ent.Notification) ([]*NotificationDelivery, error) {
	all, err := d.ofNote.Load(ctx, n.ID, func(ctx context.Context, keys []uuid.UUID) (map[uuid.UUID][]*NotificationDelivery, error) {
		rows, err := d.Store.Client.Delivery.Query().Where(entdelivery.NotificationIDIn(keys...), entdelivery.Test(false)).
			Order(entdelivery.ByID(sql.OrderAsc())).Limit(mostShown * len(keys)).All(ctx)
		if err != nil {
			return nil, store.Translate(err)
		}
		by := make(map[uuid.UUID][]*NotificationDelivery, len(keys))
		for _, r := range rows {
			if of := by[r.NotificationID]; len(of) < mostShown {
				by[r.NotificationID] = append(of, &NotificationDelivery{Channel: r.Channel, Status: r.Status, Reason: r.StatusReason, DueAt: r.DueAt, SentAt: r.SentAt, DeliveredAt: r.DeliveredAt})
			}
		}
		return by, nil
	})
	if all == nil {
		all = []*NotificationDelivery{}
	}
	return all, err
}
