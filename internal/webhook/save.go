package webhook

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/webhookdelivery"
	"kabinet/ent/generated/webhookendpoint"
	"kabinet/internal/fault"
	"kabinet/internal/job"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// Saved is what a verb over an endpoint gives: all nil when it was refused.
type Saved struct {
	Endpoint *ent.WebhookEndpoint
	Secret   *string
}

// draft is an endpoint as it is to be.
type draft struct {
	old       *ent.WebhookEndpoint // nil: a new one
	name      string
	address   string
	events    []string
	selection *string
	status    webhookendpoint.Status
	reason    *webhookendpoint.StatusReason
	role      uuid.UUID
}

// Save makes an endpoint or changes one, which is read as the caller's own
// staff role from then on.
//
// Faults: INVALID_ID, NOT_FOUND, STALE_OBJECT, REQUIRED, TOO_LONG,
// INVALID_VALUE, WEBHOOK_ADDRESS_REFUSED, WEBHOOK_EVENT_NOT_ALLOWED,
// WEBHOOK_SELECTION_INVALID, ALREADY_TAKEN, TOO_MANY_ITEMS; UNAUTHENTICATED,
// FORBIDDEN.
func (w *Webhooks) Save(ctx context.Context, in SaveWebhookEndpointInput) (Saved, error) {
	if err := needStaff(ctx, "write"); err != nil {
		return Saved{}, err
	}
	d, err := w.draft(ctx, in)
	if err != nil {
		return Saved{}, err
	}
	var id uuid.UUID
	var secret *string
	if d.old != nil {
		id = d.old.ID
		err = w.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error { return w.change(ctx, tx, d) })
	} else {
		made := newSecret()
		text := shown(made)
		id, secret = uuid.Must(uuid.NewV7()), &text
		err = w.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error { return w.create(ctx, tx, d, id, made) })
	}
	switch {
	case store.IsUnique(err):
		return Saved{}, ErrAddressTaken.At("input", "url")
	case err != nil:
		return Saved{}, err
	}
	e, err := w.Store.Client.WebhookEndpoint.Get(ctx, id)
	return Saved{Endpoint: e, Secret: secret}, store.Translate(err)
}

// draft reads an input over what is stored, and checks all of it against the
// caller's role.
func (w *Webhooks) draft(ctx context.Context, in SaveWebhookEndpointInput) (d draft, err error) {
	if d, err = w.stored(ctx, in); err != nil {
		return d, err
	}
	if err := d.read(in); err != nil {
		return d, err
	}
	if d.role, err = w.StaffRole(ctx, viewer.From(ctx).UserID); err != nil {
		return d, err
	}
	as, _, found, err := w.AsRole(ctx, d.role)
	if err != nil {
		return d, err
	}
	if !found {
		return d, fault.ErrForbidden
	}
	if d.events, err = checkEvents(as, d.events); err != nil {
		return d, err
	}
	if d.selection != nil {
		if err := checkSelection(viewer.With(ctx, as), w.Schema, w.Admits, *d.selection); err != nil {
			return d, err
		}
	}
	// An endpoint whose name does not answer any more can be switched off.
	if in.URL != nil || d.starts() {
		if reason := w.Guard(ctx, d.address); reason != "" {
			return d, ErrAddressRefused.At("input", "url").With("reason", reason)
		}
	}
	return d, nil
}

// stored is the draft before the input is read into it.
func (w *Webhooks) stored(ctx context.Context, in SaveWebhookEndpointInput) (d draft, err error) {
	if in.ID == nil {
		return draft{status: webhookendpoint.StatusACTIVE}, nil
	}
	id, err := in.ID.As(endpointPrefix)
	if err != nil {
		return d, fault.ErrInvalidID.At("input", "id")
	}
	if in.Revision == nil {
		return d, fault.ErrRequired.At("input", "revision")
	}
	old, err := w.Store.Client.WebhookEndpoint.Get(ctx, id)
	if ent.IsNotFound(err) {
		return d, fault.ErrNotFound.At("input", "id")
	}
	if err != nil {
		return d, store.Translate(err)
	}
	if old.Revision != int64(*in.Revision) {
		return d, stale(old)
	}
	return draft{old: old, name: old.Name, address: old.Address, events: old.Events, selection: old.Selection, status: old.Status, reason: old.StatusReason}, nil
}

func stale(old *ent.WebhookEndpoint) error {
	return fault.ErrStaleObject.At("input", "revision").With("revision", old.Revision)
}

// starts says that it is sent to from now on, and was not before.
func (d draft) starts() bool {
	return d.status == webhookendpoint.StatusACTIVE && (d.old == nil || d.old.Status != webhookendpoint.StatusACTIVE)
}

// read puts the input in.
func (d *draft) read(in SaveWebhookEndpointInput) error {
	if in.Name != nil {
		d.name = strings.TrimSpace(*in.Name)
	}
	if in.URL != nil {
		d.address = *in.URL
	}
	if in.Events != nil {
		d.events = in.Events
	}
	if text, given := in.Selection.ValueOK(); given {
		d.selection = text
	}
	switch {
	case d.name == "":
		return fault.ErrRequired.At("input", "name")
	case utf8.RuneCountInString(d.name) > longestName:
		return fault.ErrTooLong.At("input", "name").With("limit", longestName)
	case strings.ContainsFunc(d.name, unicode.IsControl):
		return fault.ErrInvalidValue.At("input", "name")
	case d.address == "":
		return fault.ErrRequired.At("input", "url")
	}
	return d.readStatus(in.Status)
}

func (d *draft) readStatus(status *EndpointStatus) error {
	switch {
	case status == nil && d.reason != nil && *d.reason == webhookendpoint.StatusReasonROLE_ENDED:
		d.status, d.reason = webhookendpoint.StatusACTIVE, nil // it has a role again
	case status == nil:
	case *status == EndpointActive:
		d.status, d.reason = webhookendpoint.StatusACTIVE, nil
	case *status == EndpointDisabled:
		reason := webhookendpoint.StatusReasonBY_STAFF
		d.status, d.reason = webhookendpoint.StatusDISABLED, &reason
	default: // a pause is what failures bring
		return fault.ErrInvalidValue.At("input", "status")
	}
	return nil
}

func (w *Webhooks) create(ctx context.Context, tx *store.Tx, d draft, id uuid.UUID, secret []byte) error {
	if err := tx.Lock(ctx, "companies", "id", viewer.House); err != nil { // or two could both be the last
		return err
	}
	n, err := tx.WebhookEndpoint.Query().Count(ctx)
	if err != nil {
		return err
	}
	if n >= mostEndpoints {
		return ErrTooManyEndpoints.With("limit", mostEndpoints)
	}
	sealed, err := w.seal(secrets{Now: secret}, id)
	if err != nil {
		return err
	}
	err = tx.WebhookEndpoint.Create().SetID(id).SetName(d.name).SetAddress(d.address).SetAddressKey(key(d.address)).SetEvents(d.events).
		SetNillableSelection(d.selection).SetRoleID(d.role).SetSavedByID(viewer.From(ctx).UserID).SetSecrets(sealed).
		SetStatus(d.status).SetNillableStatusReason(d.reason).Exec(ctx)
	if err != nil {
		return err
	}
	return tx.Audit(ctx, "webhook.save", viewer.House, idOf(endpointPrefix, id), d.changes())
}

func (w *Webhooks) change(ctx context.Context, tx *store.Tx, d draft) error {
	e, err := hold(ctx, tx, d.old.ID)
	if err != nil {
		return err
	}
	if e.Revision != d.old.Revision {
		return stale(e)
	}
	u := e.Update().AddRevision(1).SetName(d.name).SetAddress(d.address).SetAddressKey(key(d.address)).SetEvents(d.events).
		SetRoleID(d.role).SetSavedByID(viewer.From(ctx).UserID).SetStatus(d.status)
	either(d.selection, u.Mutation().SetSelection, u.Mutation().ClearSelection)
	either(d.reason, u.Mutation().SetStatusReason, u.Mutation().ClearStatusReason)
	if d.starts() {
		u.SetFailures(0).ClearFailingSinceAt()
	}
	if err := u.Exec(ctx); err != nil {
		return err
	}
	switch {
	case d.starts():
		err = job.Enqueue(ctx, tx, release{Endpoint: e.ID}, nil)
	case d.status == webhookendpoint.StatusDISABLED:
		err = skipHeld(ctx, tx, e.ID)
	}
	if err != nil {
		return err
	}
	return tx.Audit(ctx, "webhook.save", viewer.House, e.GlobalID(), d.changes())
}

// changes are what the audit log shows: of the address its host alone, for the
// rest may hold a secret (security I8).
func (d draft) changes() map[string]any {
	host := ""
	if u, err := url.Parse(d.address); err == nil {
		host = u.Host
	}
	all := map[string]any{"host": host, "events": d.events, "status": string(d.status), "selection": d.selection != nil, "role": idOf("role", d.role).String()}
	if d.old != nil {
		all["addressChanged"] = d.old.Address != d.address
		all["eventsChanged"] = !slices.Equal(d.old.Events, d.events)
	}
	return all
}

// key is the hash by which an address is there once.
func key(address string) string {
	sum := sha256.Sum256([]byte(address))
	return hex.EncodeToString(sum[:])
}

// hold locks an endpoint and reads it.
func hold(ctx context.Context, tx *store.Tx, id uuid.UUID) (*ent.WebhookEndpoint, error) {
	e, err := tx.WebhookEndpoint.Query().Where(webhookendpoint.ID(id), tx.Locking()).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, fault.ErrNotFound.At("input", "id")
	}
	return e, err
}

// skipHeld gives up what waits for an endpoint that is sent nothing any more.
func skipHeld(ctx context.Context, tx *store.Tx, endpoint uuid.UUID) error {
	return tx.WebhookDelivery.Update().Where(webhookdelivery.EndpointID(endpoint), webhookdelivery.StatusEQ(webhookdelivery.StatusHELD)).
		SetStatus(webhookdelivery.StatusSKIPPED).Exec(asSystem(ctx))
}

func either[T any](v *T, set func(T), clear func()) {
	if v == nil {
		clear()
		return
	}
	set(*v)
}
