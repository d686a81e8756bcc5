package broadcast

import (
	"context"
	"slices"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	entbroadcast "kabinet/ent/generated/broadcast"
	entsegment "kabinet/ent/generated/segment"
	"kabinet/ent/schema"
	"kabinet/internal/fault"
	"kabinet/internal/notify"
	"kabinet/internal/notify/preference"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// mostDrafts bounds the drafts that are kept.
const mostDrafts = 500

// draft is what an input says, read; nil fields are unchanged.
type draft struct {
	name     *string
	typ      *string
	severity *entbroadcast.Severity
	texts    map[string]map[string]string
	channels []string
	actions  []schema.NotificationAction // nil: unchanged

	aimed   bool // segment or filter is said
	segment *uuid.UUID
	filter  schema.SegmentFilter
	linked  bool // url is said
	url     *string
}

// Save makes the draft of a broadcast or changes it. Faults: INVALID_ID,
// NOT_FOUND, STALE_OBJECT, REQUIRED, TOO_LONG, INVALID_VALUE, OUT_OF_RANGE,
// DUPLICATE_KEY, TEMPLATE_INVALID, UNKNOWN_VARIABLE, SEGMENT_CYCLE,
// TOO_MANY_ITEMS, ILLEGAL_TRANSITION; UNAUTHENTICATED, FORBIDDEN.
func (b *Broadcasts) Save(ctx context.Context, in SaveBroadcastInput) (*ent.Broadcast, error) {
	if err := needStaff(ctx, "write"); err != nil {
		return nil, err
	}
	d, err := in.read()
	if err != nil {
		return nil, err
	}
	id := uuid.Must(uuid.NewV7())
	err = b.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
		if err := b.aim(ctx, tx, &d); err != nil {
			return err
		}
		if d.typ != nil {
			if _, err := b.sent(ctx, tx.Client, *d.typ); err != nil {
				return under(err, "input")
			}
		}
		if in.ID == nil {
			return makeBroadcast(ctx, tx, id, d)
		}
		if id, err = keyOf(*in.ID, broadcastPrefix, "input", "id"); err != nil {
			return err
		}
		return changeBroadcast(ctx, tx, id, in.Revision, d)
	})
	if err != nil {
		return nil, err
	}
	return b.one(ctx, id)
}

func (b *Broadcasts) one(ctx context.Context, id uuid.UUID) (*ent.Broadcast, error) {
	one, err := b.Store.Client.Broadcast.Get(ctx, id)
	return one, store.Translate(err)
}

// read checks what needs no table.
func (in SaveBroadcastInput) read() (d draft, err error) {
	if d.name, err = line(in.Name, "input", "name"); err != nil {
		return d, err
	}
	if in.Texts != nil {
		if d.texts, err = readTexts(in.Texts, true, "input", "texts"); err != nil {
			return d, err
		}
	}
	d.typ, d.severity = in.Type, in.Severity
	text, said := in.URL.ValueOK()
	if d.linked = said; said {
		if d.url, err = readURL(text, "input", "url"); err != nil {
			return d, err
		}
	}
	if in.Channels != nil {
		d.channels = []string{}
		for _, c := range preference.Channels() {
			if slices.Contains(in.Channels, Channel(c)) {
				d.channels = append(d.channels, c)
			}
		}
	}
	if in.Actions != nil {
		if d.actions, err = notify.ReadActions(in.Actions, "input", "actions"); err != nil {
			return d, err
		}
		d.actions = append([]schema.NotificationAction{}, d.actions...)
	}
	return d, d.readAim(in)
}

func (d *draft) readAim(in SaveBroadcastInput) error {
	segment, said := in.SegmentID.ValueOK()
	filter, also := in.Filter.ValueOK()
	d.aimed = said || also
	if segment != nil && filter != nil {
		return fault.ErrInvalidValue.At("input", "filter")
	}
	if segment != nil {
		key, err := keyOf(*segment, segmentPrefix, "input", "segmentId")
		if err != nil {
			return err
		}
		d.segment = &key
	}
	var err error
	d.filter, err = filter.read()
	return under(err, "input", "filter")
}

// aim reads the segment that a draft goes to, or checks those that its filter
// leaves out.
func (b *Broadcasts) aim(ctx context.Context, tx *store.Tx, d *draft) error {
	if !d.aimed {
		return nil
	}
	if d.segment == nil {
		_, err := resolve(ctx, tx.Client, d.filter, uuid.Nil)
		return under(err, "input", "filter")
	}
	s, err := tx.Segment.Get(ctx, *d.segment)
	if ent.IsNotFound(err) {
		return fault.ErrNotFound.At("input", "segmentId")
	}
	if err != nil {
		return err
	}
	d.filter = s.Filter
	return nil
}

func makeBroadcast(ctx context.Context, tx *store.Tx, id uuid.UUID, d draft) error {
	switch {
	case d.name == nil:
		return fault.ErrRequired.At("input", "name")
	case d.typ == nil:
		return fault.ErrRequired.At("input", "type")
	case d.texts == nil:
		return fault.ErrRequired.At("input", "texts")
	}
	if err := tx.Lock(ctx, "companies", "id", viewer.House); err != nil { // or two could both be the last
		return err
	}
	n, err := tx.Broadcast.Query().Where(entbroadcast.StatusEQ(entbroadcast.StatusDRAFT)).Count(ctx)
	if err != nil {
		return err
	}
	if n >= mostDrafts {
		return ErrTooManyItems.With("limit", mostDrafts)
	}
	c := tx.Broadcast.Create().SetID(id).SetName(*d.name).SetType(*d.typ).SetNillableSegmentID(d.segment).SetFilter(d.filter).SetNillableSeverity(d.severity).
		SetTexts(d.texts).SetNillableURL(d.url).SetSavedByID(viewer.From(ctx).UserID)
	if len(d.actions) > 0 {
		c.SetActions(d.actions)
	}
	if len(d.channels) > 0 {
		c.SetChannels(d.channels)
	}
	if err := c.Exec(ctx); err != nil {
		return err
	}
	return tx.Audit(ctx, "messaging.save_broadcast", viewer.House, idOf(broadcastPrefix, id), map[string]any{"name": *d.name, "type": *d.typ})
}

func changeBroadcast(ctx context.Context, tx *store.Tx, id uuid.UUID, revision *int, d draft) error {
	one, err := hold(ctx, tx, id)
	if err != nil {
		return err
	}
	if err := needRevision(one.Revision, revision); err != nil {
		return err
	}
	if one.Status != entbroadcast.StatusDRAFT {
		return transition(one.Status, entbroadcast.StatusDRAFT)
	}
	u := one.Update().AddRevision(1).SetNillableName(d.name).SetNillableType(d.typ).SetNillableSeverity(d.severity).SetSavedByID(viewer.From(ctx).UserID)
	if d.texts != nil {
		u.SetTexts(d.texts)
	}
	if d.channels != nil {
		u.SetChannels(d.channels)
	}
	if d.actions != nil {
		u.SetActions(d.actions)
	}
	if d.linked {
		either(d.url, u.Mutation().SetURL, u.Mutation().ClearURL)
	}
	if d.aimed {
		u.SetFilter(d.filter)
		either(d.segment, u.Mutation().SetSegmentID, u.Mutation().ClearSegmentID)
	}
	if err := u.Exec(ctx); err != nil {
		return err
	}
	return tx.Audit(ctx, "messaging.save_broadcast", viewer.House, one.GlobalID(), map[string]any{"aimChanged": d.aimed, "textsChanged": d.texts != nil})
}

// hold locks a broadcast and reads it.
func hold(ctx context.Context, tx *store.Tx, id uuid.UUID) (*ent.Broadcast, error) {
	one, err := tx.Broadcast.Query().Where(entbroadcast.ID(id), tx.Locking()).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, fault.ErrNotFound.At("input", "id")
	}
	return one, err
}

func transition(from, to entbroadcast.Status) error {
	return ErrIllegalTransition.With("fromState", string(from)).With("toState", string(to))
}

// Broadcasts are all of them, the newest first. Faults: INVALID_ID;
// UNAUTHENTICATED, FORBIDDEN.
func (b *Broadcasts) Broadcasts(ctx context.Context, f *BroadcastFilter, p Page) (*ent.BroadcastConnection, error) {
	if err := needStaff(ctx, "read"); err != nil {
		return nil, err
	}
	q := b.Store.Client.Broadcast.Query()
	if f != nil {
		if f.Status != nil {
			q.Where(entbroadcast.StatusIn(f.Status...))
		}
		if f.Type != nil {
			q.Where(entbroadcast.Type(*f.Type))
		}
		if f.SegmentID != nil {
			key, err := keyOf(*f.SegmentID, segmentPrefix, "filter", "segmentId")
			if err != nil {
				return nil, err
			}
			q.Where(entbroadcast.SegmentID(key))
		}
	}
	c, err := q.Paginate(ctx, p.After, p.First, p.Before, p.Last, ent.WithBroadcastOrder(&ent.BroadcastOrder{Direction: descending, Field: ent.DefaultBroadcastOrder.Field}))
	return c, store.Translate(err)
}

// Broadcast is one of them. Faults: INVALID_ID, NOT_FOUND; UNAUTHENTICATED,
// FORBIDDEN.
func (b *Broadcasts) Broadcast(ctx context.Context, id scalar.ID) (*ent.Broadcast, error) {
	if err := needStaff(ctx, "read"); err != nil {
		return nil, err
	}
	key, err := keyOf(id, broadcastPrefix, "id")
	if err != nil {
		return nil, err
	}
	return b.one(ctx, key)
}

// SegmentOf is the segment that a broadcast goes to; nil where it has none, or
// none any more.
func (b *Broadcasts) SegmentOf(ctx context.Context, one *ent.Broadcast) (*ent.Segment, error) {
	if one.SegmentID == nil {
		return nil, nil
	}
	return b.segments.Load(ctx, *one.SegmentID, func(ctx context.Context, ids []uuid.UUID) (map[uuid.UUID]*ent.Segment, error) {
		rows, err := b.Store.Client.Segment.Query().Where(entsegment.IDIn(ids...)).All(ctx)
		all := make(map[uuid.UUID]*ent.Segment, len(rows))
		for _, s := range rows {
			all[s.ID] = s
		}
		return all, store.Translate(err)
	})
}
