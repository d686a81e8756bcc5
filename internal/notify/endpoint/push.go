package endpoint

import (
	"context"
	"encoding/hex"
	"math"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/pushendpoint"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

const (
	pushPrefix    = "pep"
	addressPlace  = "push_endpoint.key"
	keepEnded     = 30 * 24 * time.Hour // that an ended endpoint is shown to who asks for its id
	registerCount = 60                  // registrations of a person in an hour: each may look a name up
)

var registerHour = store.Limit{Name: "push.register", Free: registerCount, Forget: time.Hour, Window: true}

// me is the person himself: whoever acts for him learns nothing of his devices.
func me(ctx context.Context) (viewer.Viewer, error) {
	v := viewer.From(ctx)
	switch {
	case !v.SignedIn():
		return v, fault.ErrUnauthenticated
	case v.ActingStaff != uuid.Nil || v.SessionID == uuid.Nil:
		return v, fault.ErrForbidden
	}
	return v, nil
}

// asSystem steps past the fence where a browser changes hands: the row of the
// one before is ended.
func asSystem(ctx context.Context) context.Context { return viewer.AsSystem(ctx, "endpoint") }

// Register has a browser or device take messages for the caller while his
// session lasts. Of an address that is his already the keys and the session are
// renewed; of somebody else's, the other's row ends.
//
// Faults: UNAUTHENTICATED, FORBIDDEN, REQUIRED, INVALID_VALUE, TOO_LONG,
// PUSH_ADDRESS_REFUSED, TOO_MANY_ATTEMPTS, TOO_MANY_ITEMS.
func (e *Endpoints) Register(ctx context.Context, in RegisterPushEndpointInput) (*ent.PushEndpoint, error) {
	v, err := me(ctx)
	if err != nil {
		return nil, err
	}
	r, err := read(in)
	if err != nil {
		return nil, err
	}
	if err := e.count(ctx, store.Use{Limit: registerHour, Of: v.UserID.String()}); err != nil {
		return nil, err
	}
	if in.Web != nil {
		if reason := e.Guard(ctx, in.Web.Endpoint); reason != "" {
			return nil, ErrPushAddressRefused.At("input", "web", "endpoint").With("reason", reason)
		}
	}
	var id uuid.UUID
	put := func(ctx context.Context, tx *store.Tx) (err error) {
		id, err = e.put(ctx, tx, v, r)
		return err
	}
	if err = e.Store.InTx(ctx, put); store.IsUnique(err) { // a twin of the same browser came first
		err = e.Store.InTx(ctx, put)
	}
	if err != nil {
		return nil, err
	}
	row, err := e.Store.Client.PushEndpoint.Get(ctx, id)
	return row, store.Translate(err)
}

// count counts something that a person may do so often, whatever becomes of it.
func (e *Endpoints) count(ctx context.Context, use store.Use) error {
	return e.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		wait, err := tx.Reserve(ctx, use)
		if err == nil && wait > 0 {
			err = ErrTooOften.With("retryAfter", int(math.Ceil(wait.Seconds())))
		}
		return err
	})
}

func (e *Endpoints) put(ctx context.Context, tx *store.Tx, v viewer.Viewer, r registration) (uuid.UUID, error) {
	if err := tx.Lock(ctx, "users", "id", v.UserID); err != nil { // or two could both be the last
		return uuid.Nil, err
	}
	if err := e.endDead(ctx, tx, v.UserID); err != nil {
		return uuid.Nil, err
	}
	old, err := tx.PushEndpoint.Query().Where(pushendpoint.KindEQ(pushendpoint.Kind(r.kind)), pushendpoint.AddressKeyIn(e.keys(addressPlace, r.key)...),
		pushendpoint.StatusEQ(pushendpoint.StatusACTIVE), tx.Locking()).Only(asSystem(ctx))
	if err != nil && !ent.IsNotFound(err) {
		return uuid.Nil, err
	}
	if old != nil && old.UserID == v.UserID {
		return old.ID, e.renew(ctx, tx, old, v, r)
	}
	if old != nil {
		if err := old.Update().SetStatus(pushendpoint.StatusREMOVED).SetEndedAt(tx.Now).Exec(asSystem(ctx)); err != nil {
			return uuid.Nil, err
		}
	}
	n, err := tx.PushEndpoint.Query().Where(pushendpoint.UserID(v.UserID), pushendpoint.StatusEQ(pushendpoint.StatusACTIVE)).Count(ctx)
	if err != nil {
		return uuid.Nil, err
	}
	if n >= mostEndpoints {
		return uuid.Nil, ErrTooMany.With("limit", mostEndpoints)
	}
	id := uuid.Must(uuid.NewV7())
	sealed, err := e.seal(r.address, placeOfPush(id))
	if err != nil {
		return uuid.Nil, err
	}
	return id, tx.PushEndpoint.Create().SetID(id).SetUserID(v.UserID).SetKind(pushendpoint.Kind(r.kind)).SetNillablePlatform(r.platform).SetNillableLabel(r.label).
		SetAddressKey(e.keys(addressPlace, r.key)[0]).SetSealed(sealed).SetSessionID(v.SessionID).Exec(ctx)
}

// renew puts the keys and the session of today into a row. A label that is not
// said stays.
func (e *Endpoints) renew(ctx context.Context, tx *store.Tx, old *ent.PushEndpoint, v viewer.Viewer, r registration) error {
	sealed, err := e.seal(r.address, placeOfPush(old.ID))
	if err != nil {
		return err
	}
	u := old.Update().SetAddressKey(e.keys(addressPlace, r.key)[0]).SetSealed(sealed).SetSessionID(v.SessionID)
	if r.label != nil {
		u.SetLabel(*r.label)
	}
	return u.Exec(ctx)
}

// keys are the hashes by which an address or a chat is known again, by every
// key of the sealer, the first one's first.
func (e *Endpoints) keys(place, of string) []string {
	var all []string
	for _, mac := range e.Sealer.MACs(of, place) {
		all = append(all, hex.EncodeToString(mac))
	}
	return all
}

// Remove ends one of the caller's browsers or devices.
//
// Faults: UNAUTHENTICATED, FORBIDDEN, INVALID_ID, NOT_FOUND, also of one that
// has ended.
func (e *Endpoints) Remove(ctx context.Context, in RemovePushEndpointInput) (*scalar.ID, error) {
	v, err := me(ctx)
	if err != nil {
		return nil, err
	}
	id, err := in.PushEndpointID.As(pushPrefix)
	if err != nil {
		return nil, fault.ErrInvalidID.At("input", "pushEndpointId")
	}
	err = e.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		n, err := tx.PushEndpoint.Update().Where(pushendpoint.ID(id), pushendpoint.UserID(v.UserID), pushendpoint.StatusEQ(pushendpoint.StatusACTIVE)).
			SetStatus(pushendpoint.StatusREMOVED).SetEndedAt(tx.Now).Save(ctx)
		if err == nil && n == 0 {
			err = fault.ErrNotFound.At("input", "pushEndpointId")
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return &in.PushEndpointID, nil
}

// OfUser are the browsers and devices that a person is sent to, the oldest
// first, for himself.
func (e *Endpoints) OfUser(ctx context.Context, of uuid.UUID) ([]*ent.PushEndpoint, error) {
	if v, err := me(ctx); err != nil || v.UserID != of {
		return []*ent.PushEndpoint{}, nil
	}
	ids, err := e.liveIDs(ctx, of)
	if err != nil || len(ids) == 0 {
		return []*ent.PushEndpoint{}, err
	}
	q, err := e.Store.Client.PushEndpoint.Query().Where(pushendpoint.IDIn(ids...)).Order(pushendpoint.ByID()).Limit(mostEndpoints).CollectFields(ctx)
	if err != nil {
		return nil, store.Translate(err)
	}
	all, err := q.All(ctx)
	return all, store.Translate(err)
}

// liveIDs are those of a person whose session goes on.
func (e *Endpoints) liveIDs(ctx context.Context, of uuid.UUID) (ids []uuid.UUID, err error) {
	args := append([]any{of}, e.going(e.Store.Now())...)
	rows, err := e.Store.Query(ctx, `SELECT p.id FROM push_endpoints p JOIN sessions s ON s.id = p.session_id
		WHERE p.user_id = ? AND p.status = 'ACTIVE' AND s.user_id = p.user_id AND `+going, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var id uuid.UUID
		if err := rows.Scan(&id); err != nil {
			return nil, store.Translate(err)
		}
		ids = append(ids, id)
	}
	return ids, store.Translate(rows.Err())
}

// IsCurrent says whether an endpoint was registered in the caller's session.
func (e *Endpoints) IsCurrent(ctx context.Context, p *ent.PushEndpoint) bool {
	v := viewer.From(ctx)
	return p.SessionID != nil && v.SignedIn() && *p.SessionID == v.SessionID
}
