package order

import (
	"context"

	"github.com/google/uuid"

	"kabinet/internal/event"
	"kabinet/internal/fault"
	"kabinet/internal/live"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// Updated follows one order from a cursor, or from now. It listens to the
// account's streams, so that the cursor is good for the account's other
// subscriptions too, and to the stream of the order's owner, where staff watch
// somebody else's order. Faults: NOT_FOUND, INVALID_CURSOR, CURSOR_EXPIRED; an
// id of another kind is INVALID_ID.
func (s *Orders) Updated(ctx context.Context, id scalar.ID, after *string) (<-chan *Update, error) {
	orderID, err := id.As("order")
	if err != nil {
		return nil, err
	}
	o, err := s.Store.Client.Order.Get(ctx, orderID) // security F5
	if err != nil {
		return nil, store.Translate(err)
	}
	v, home := viewer.From(ctx), o.OwnerID
	streams := []uuid.UUID{v.UserID}
	for _, stream := range []uuid.UUID{v.OwnerID, home} {
		if stream != uuid.Nil && stream != v.UserID && stream != streams[len(streams)-1] {
			streams = append(streams, stream)
		}
	}
	ended := func(err error) { viewer.EndStream(ctx, err) }
	return live.Follow(ctx, s.Streams, after, streams, ended, func(ctx context.Context, e event.Stored, cursor string) (*Update, error) {
		// A company's order is told to its buyer too: one of the two is enough.
		if e.StreamID != home || e.SubjectKind != "order" || e.SubjectID != orderID {
			return nil, nil
		}
		now, err := selected(ctx, s.Store.Client, orderID)
		err = store.Translate(err)
		if fault.KindOf(err) == fault.NotFound { // the order was taken from the viewer
			return &Update{Cursor: cursor, Kind: e.Kind}, nil
		}
		return &Update{Cursor: cursor, Kind: e.Kind, Order: now}, err
	})
}
