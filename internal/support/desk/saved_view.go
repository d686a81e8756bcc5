package desk

import (
	"context"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/ticketview"
	"kabinet/internal/fault"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// Views are the caller's views and those that colleagues share.
func (q *Queue) Views(ctx context.Context) ([]*ent.TicketView, error) {
	if err := may(ctx, "ticket", "read"); err != nil {
		return nil, err
	}
	all, err := q.Store.Client.TicketView.Query().Where(ticketview.Or(ticketview.UserID(viewer.From(ctx).UserID), ticketview.Shared(true))).
		Order(ticketview.ByPosition(), ticketview.ByName(), ticketview.ByID()).Limit(mostShown).All(ctx)
	return all, store.Translate(err)
}

// IsMine says whether a view is the caller's.
func IsMine(ctx context.Context, v *ent.TicketView) bool {
	return v.UserID == viewer.From(ctx).UserID
}

// SaveView makes a view or changes one of the caller's. Faults: INVALID_ID,
// NOT_FOUND, REQUIRED, STALE_OBJECT, TOO_LONG, INVALID_VALUE, OUT_OF_RANGE,
// ALREADY_TAKEN, TOO_MANY_ITEMS; FORBIDDEN.
func (q *Queue) SaveView(ctx context.Context, in SaveTicketViewInput) (*ent.TicketView, error) {
	if err := may(ctx, "ticket", "write"); err != nil {
		return nil, err
	}
	name, err := line(in.Name, longestName, "input", "name")
	if err != nil {
		return nil, err
	}
	if err := number(in.Position, 0, mostPosition, "position"); err != nil {
		return nil, err
	}
	if _, err := in.Filter.predicates(viewer.From(ctx), "input", "filter"); err != nil {
		return nil, err
	}
	old, err := optionalKey(in.ID, viewPrefix, "input", "id")
	if err != nil {
		return nil, err
	}
	in.Name = name
	var id uuid.UUID
	err = q.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
		if old == nil {
			id, err = makeView(ctx, tx, in)
			return err
		}
		id = *old
		return changeView(ctx, tx, id, in)
	})
	switch {
	case store.IsUnique(err):
		return nil, ErrAlreadyTaken.At("input", "name").Because(err)
	case err != nil:
		return nil, err
	}
	v, err := q.Store.Client.TicketView.Get(ctx, id)
	return v, store.Translate(err)
}

func makeView(ctx context.Context, tx *store.Tx, in SaveTicketViewInput) (uuid.UUID, error) {
	me := viewer.From(ctx).UserID
	if err := tx.Lock(ctx, "users", "id", me); err != nil { // or two could both be the last
		return uuid.Nil, err
	}
	n, err := tx.TicketView.Query().Where(ticketview.UserID(me)).Count(ctx)
	if err != nil {
		return uuid.Nil, err
	}
	if n >= mostViews {
		return uuid.Nil, ErrTooManyItems.With("limit", mostViews)
	}
	c := tx.TicketView.Create().SetUserID(me).SetName(in.Name).SetNillableShared(in.Shared).SetFilter(in.Filter.saved()).
		SetSort(string(sortOr(in.Sort))).SetNillablePosition(in.Position)
	v, err := c.Save(ctx)
	if err != nil {
		return uuid.Nil, err
	}
	return v.ID, nil
}

func changeView(ctx context.Context, tx *store.Tx, id uuid.UUID, in SaveTicketViewInput) error {
	v, err := mineToChange(ctx, tx, id)
	if err != nil {
		return err
	}
	if err := needRevision(v.Revision, in.Revision, "revision"); err != nil {
		return err
	}
	return tx.TicketView.UpdateOneID(id).AddRevision(1).SetName(in.Name).SetNillableShared(in.Shared).SetFilter(in.Filter.saved()).
		SetSort(string(sortOr(in.Sort))).SetNillablePosition(in.Position).Exec(ctx)
}

// mineToChange holds a view of the caller's. A colleague's is not there.
func mineToChange(ctx context.Context, tx *store.Tx, id uuid.UUID) (*ent.TicketView, error) {
	v, err := tx.TicketView.Query().Where(ticketview.ID(id), ticketview.UserID(viewer.From(ctx).UserID), tx.Locking()).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, fault.ErrNotFound.At("input", "id")
	}
	return v, err
}

func sortOr(s *TicketSort) TicketSort {
	if s == nil {
		return SortLastActive
	}
	return *s
}

// DeleteView deletes a view of the caller's and gives its id. Faults:
// INVALID_ID, NOT_FOUND; FORBIDDEN.
func (q *Queue) DeleteView(ctx context.Context, in DeleteTicketViewInput) (uuid.UUID, error) {
	if err := may(ctx, "ticket", "write"); err != nil {
		return uuid.Nil, err
	}
	id, err := keyOf(in.ID, viewPrefix, "input", "id")
	if err != nil {
		return uuid.Nil, err
	}
	err = q.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		if _, err := mineToChange(ctx, tx, id); err != nil {
			return err
		}
		return tx.TicketView.DeleteOneID(id).Exec(ctx)
	})
	return id, err
}
