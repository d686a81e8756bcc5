package broadcast

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	entannouncement "kabinet/ent/generated/announcement"
	"kabinet/internal/event"
	"kabinet/internal/live"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// stream is what everybody follows.
var stream = []uuid.UUID{store.Announcements}

// Position is where the stream of announcements stands.
func (b *Broadcasts) Position(ctx context.Context) (*string, error) {
	at, err := b.Streams.Position(ctx, stream...)
	return &at, err
}

// Added follows what is announced to the caller. Faults at the start:
// INVALID_CURSOR, CURSOR_EXPIRED.
func (b *Broadcasts) Added(ctx context.Context, after *string, progress *bool) (<-chan *AnnouncementAdded, error) {
	v, all := viewer.From(ctx), progress != nil && *progress
	together := *b.Streams
	together.Read = b.readTogether
	return live.Follow(ctx, &together, after, stream, func(err error) { viewer.EndStream(ctx, err) },
		func(ctx context.Context, e event.Stored, cursor string) (*AnnouncementAdded, error) {
			m, err := b.message(ctx, v, e)
			switch {
			case err != nil:
				return nil, err
			case m == nil && !all:
				return nil, nil
			case m == nil:
				m = &AnnouncementAdded{}
			}
			m.Cursor = cursor
			return m, nil
		})
}

// message is what an event is to somebody; nil where it is not for him. What is
// over by the time he hears of it is told as gone: he may have seen it before.
func (b *Broadcasts) message(ctx context.Context, v viewer.Viewer, e event.Stored) (*AnnouncementAdded, error) {
	var f event.AnnouncementChanged
	if err := json.Unmarshal(e.Payload, &f); err != nil {
		return nil, fmt.Errorf("broadcast: read %s: %w", e.Kind, err)
	}
	if mine, err := b.isFor(ctx, v, entannouncement.Audience(f.Audience)); err != nil || !mine {
		return nil, err
	}
	a, err := b.sharedRow(ctx, e.EventID, f.AnnouncementID)
	if err != nil {
		return nil, err
	}
	id, change := idOf(announcementPrefix, f.AnnouncementID), AnnouncementChange(f.Change)
	if a == nil || string(a.Audience) != f.Audience || StatusOf(a, b.Store.Now()) != AnnouncementCurrent {
		a, change = nil, ChangeRemoved
	}
	return &AnnouncementAdded{Change: &change, AnnouncementID: &id, Announcement: a}, nil
}

// isFor says whether somebody belongs to an audience in this moment. Only of
// partners is it asked: who is staff no more has lost his stream.
func (b *Broadcasts) isFor(ctx context.Context, v viewer.Viewer, a entannouncement.Audience) (bool, error) {
	switch a {
	case entannouncement.AudienceEVERYBODY:
		return true, nil
	case entannouncement.AudienceCUSTOMERS:
		return v.SignedIn(), nil
	case entannouncement.AudienceSTAFF:
		return v.Staff, nil
	}
	if !v.SignedIn() {
		return false, nil
	}
	return b.isPartner(ctx, b.Store.Client, v)
}

// sharedRow is a copy of an announcement as it was read for an event; nil where
// it is gone.
func (b *Broadcasts) sharedRow(ctx context.Context, event, id uuid.UUID) (*ent.Announcement, error) {
	one, err := b.shared.of(ctx, event, func(ctx context.Context) (*ent.Announcement, error) {
		a, err := b.Store.Client.Announcement.Get(asSystem(ctx), id)
		if ent.IsNotFound(err) {
			return nil, nil
		}
		return a, store.Translate(err)
	})
	if one == nil || err != nil {
		return nil, err
	}
	mine := *one
	return &mine, nil
}

// readTogether reads the stream once for all who stand at the same place, as
// those do who are woken by the same bell.
func (b *Broadcasts) readTogether(ctx context.Context, stream uuid.UUID, after int64, limit int) ([]event.Stored, error) {
	rows, err := b.reads.of(ctx, place{stream, after, limit}, func(ctx context.Context) ([]event.Stored, error) {
		return b.Streams.Read(ctx, stream, after, limit)
	})
	if err == nil && len(rows) > 0 {
		return rows, nil
	}
	// Nothing was there when another looked, or he had bad luck: the bell that
	// woke this one may be younger than that.
	return b.Streams.Read(ctx, stream, after, limit)
}

// place is where somebody stands in a stream.
type place struct {
	stream uuid.UUID
	after  int64
	limit  int
}
