package broadcast

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	entannouncement "kabinet/ent/generated/announcement"
	"kabinet/ent/generated/membership"
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
	stock := *b.Streams
	stock.Read = b.readTogether
	messages, err := live.Follow(ctx, &stock, after, stream, func(err error) { viewer.EndStream(ctx, err) },
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
	if f := followerFrom(ctx); f != nil && err == nil {
		return f.through(messages), nil
	}
	return messages, err
}

// message is what an event is to somebody; nil where it is not for him.
func (b *Broadcasts) message(ctx context.Context, v viewer.Viewer, e event.Stored) (*AnnouncementAdded, error) {
	n, err := b.shared.of(ctx, e.EventID, func(ctx context.Context) (*news, error) { return b.news(ctx, e) })
	if err != nil {
		return nil, err
	}
	if mine, err := b.isFor(ctx, v, n.audience); err != nil || !mine {
		return nil, err
	}
	m := &AnnouncementAdded{Change: &n.change, AnnouncementID: &n.id, news: n}
	if n.row != nil {
		a := *n.row
		m.Announcement = &a
	}
	return m, nil
}

// news reads what an event tells, for all who hear of it in this moment. What is
// over by then is told as gone: somebody may have seen it before.
func (b *Broadcasts) news(ctx context.Context, e event.Stored) (*news, error) {
	var f event.AnnouncementChanged
	if err := json.Unmarshal(e.Payload, &f); err != nil {
		return nil, fmt.Errorf("broadcast: read %s: %w", e.Kind, err)
	}
	n := &news{audience: entannouncement.Audience(f.Audience), change: AnnouncementChange(f.Change), id: idOf(announcementPrefix, f.AnnouncementID)}
	a, err := b.Store.Client.Announcement.Get(asSystem(ctx), f.AnnouncementID)
	if err != nil && !ent.IsNotFound(err) {
		return nil, store.Translate(err)
	}
	if err != nil || a.Audience != n.audience || StatusOf(a, b.Store.Now()) != AnnouncementCurrent {
		n.change = ChangeRemoved
		return n, nil
	}
	n.row = a
	return n, nil
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
	return b.partners.Load(graphql.WithOperationContext(context.Background(), crowd), v.UserID, b.partnersOf)
}

// crowd stands for the operation of all who are woken by the same bell: they are
// asked for together, though each follows by an operation of his own. None of
// them going away may end it for the rest.
var crowd = &graphql.OperationContext{}

// partnersOf are those of some people who are members of a company now.
func (b *Broadcasts) partnersOf(ctx context.Context, people []uuid.UUID) (map[uuid.UUID]bool, error) {
	all := make(map[uuid.UUID]bool, len(people))
	for some := range slices.Chunk(people, mostAsked) { // one, but of a very great crowd
		var users []uuid.UUID
		err := b.Store.Client.Membership.Query().Where(ofCompany(b.Store.Now()), membership.UserIDIn(some...)).Select(membership.FieldUserID).Scan(asSystem(ctx), &users)
		if err != nil {
			return nil, store.Translate(err)
		}
		for _, u := range users {
			all[u] = true
		}
	}
	return all, nil
}

// mostAsked is how many people one statement asks for.
const mostAsked = 10_000

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
