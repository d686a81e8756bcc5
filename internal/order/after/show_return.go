package after

import (
	"context"
	"slices"

	"entgo.io/contrib/entgql"
	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/document"
	"kabinet/ent/generated/orderline"
	"kabinet/ent/generated/predicate"
	"kabinet/ent/generated/returnrequest"
	"kabinet/internal/locale"
	"kabinet/internal/order"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

func ofOrder(id uuid.UUID) predicate.OrderLine { return orderline.OrderID(id) }

// Returns is a page of all returns, newest first; staff sees all, anybody else
// his own. Faults: UNAUTHENTICATED, FORBIDDEN, INVALID_CURSOR.
func (s *Acts) Returns(ctx context.Context, filter *ReturnFilter, p order.Page) (*ent.ReturnRequestConnection, error) {
	q := s.Store.Client.ReturnRequest.Query()
	if filter != nil && len(filter.Status) > 0 {
		q.Where(returnrequest.StatusIn(filter.Status...))
	}
	if filter != nil && filter.Kind != nil {
		q.Where(returnrequest.KindEQ(returnrequest.Kind(*filter.Kind)))
	}
	c, err := q.Paginate(ctx, p.After, p.First, p.Before, p.Last,
		ent.WithReturnRequestOrder(&ent.ReturnRequestOrder{Direction: entgql.OrderDirectionDesc, Field: ent.DefaultReturnRequestOrder.Field}))
	return c, store.Translate(err)
}

// ReturnLabel says where a return stands, in a language (BCP 47).
func ReturnLabel(lang string, r *ent.ReturnRequest) string {
	return locale.Text(lang, labelKey(r.Status), nil)
}

// ReturnActions are what the caller of ctx may do with a return now, each
// exactly where its verb would work.
func ReturnActions(ctx context.Context, r *ent.ReturnRequest) []ReturnAction {
	actions := []ReturnAction{}
	if r.OrderID == nil {
		return actions
	}
	v, clerk := viewer.From(ctx), staff(ctx) == nil
	may := clerk || v.SignedIn() && (r.OwnerID == v.UserID || r.OwnerID == v.OwnerID && reaches(v, r))
	can := func(to returnrequest.Status) bool { return slices.Contains(returnSteps[r.Status], to) }
	if may && can(returnrequest.StatusCANCELLED) {
		actions = append(actions, ReturnActionCancel)
	}
	if may && can(returnrequest.StatusIN_TRANSIT) {
		actions = append(actions, ReturnActionSend)
	}
	if clerk && can(returnrequest.StatusAPPROVED) {
		actions = append(actions, ReturnActionDecide)
	}
	if clerk && can(returnrequest.StatusRECEIVED) {
		actions = append(actions, ReturnActionReceive)
	}
	return actions
}

// reaches is the fence's answer for a member's return that was read already.
func reaches(v viewer.Viewer, r *ent.ReturnRequest) bool {
	switch v.Reach("order", "write") {
	case viewer.ReachNone:
		return false
	case viewer.ReachOwn:
		return r.UserID != nil && *r.UserID == v.UserID
	}
	return true
}

// Photos are the documents that came with a return, in its order; who sees the
// return sees them. What was deleted since is not there.
func (s *Acts) Photos(ctx context.Context, r *ent.ReturnRequest) ([]*ent.Document, error) {
	if len(r.Photos) == 0 {
		return []*ent.Document{}, nil
	}
	all, err := s.Store.Client.Document.Query().Where(document.IDIn(r.Photos...)).All(viewer.AsSystem(ctx, "return.photos"))
	slices.SortFunc(all, func(a, b *ent.Document) int { return slices.Index(r.Photos, a.ID) - slices.Index(r.Photos, b.ID) })
	return all, store.Translate(err)
}

// ExchangeOrderID is the order of what went out in place of what came.
func ExchangeOrderID(r *ent.ReturnRequest) *scalar.ID {
	if r.ExchangeOrderID == nil {
		return nil
	}
	return &scalar.ID{Prefix: "order", UUID: *r.ExchangeOrderID}
}
