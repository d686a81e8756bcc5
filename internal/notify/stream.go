package notify

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/internal/event"
	"kabinet/internal/fault"
	"kabinet/internal/gather"
	"kabinet/internal/live"
	"kabinet/internal/scalar"
	"kabinet/internal/viewer"
)

// maxKinds bounds a filter; there are not so many.
const maxKinds = 100

type placeKey struct{}

// Placed keeps in the context where the caller's streams stand now, for
// StreamPosition. What is read with that context afterwards is no older: an
// event that is missing in a list there comes by the stream.
func (i *Inbox) Placed(ctx context.Context) (context.Context, error) {
	v := viewer.From(ctx)
	if !v.SignedIn() || i.Streams == nil {
		return ctx, nil
	}
	at, err := i.Streams.Position(ctx, v.Streams()...)
	return context.WithValue(ctx, placeKey{}, at), err
}

// StreamPosition is where the caller's streams stood before all that is shown
// beside it was read, or where nobody has asked before, where they stand now.
// Faults: FORBIDDEN for another person's.
func (i *Inbox) StreamPosition(ctx context.Context, user *ent.User) (string, error) {
	v := viewer.From(ctx)
	if user.ID != v.UserID {
		return "", fault.ErrForbidden
	}
	if at, ok := ctx.Value(placeKey{}).(string); ok {
		return at, nil
	}
	return i.Streams.Position(ctx, v.Streams()...)
}

// Events follows everything that happens to the caller and the company he acts
// for. Events of other kinds than those asked for are skipped, or with
// progress told as messages that hold the cursor alone. Faults at the start:
// UNAUTHENTICATED, TOO_LONG and INVALID_VALUE at kinds, INVALID_CURSOR,
// CURSOR_EXPIRED.
func (i *Inbox) Events(ctx context.Context, after *string, kinds []string, progress *bool) (<-chan *AccountEvent, error) {
	v := viewer.From(ctx)
	if !v.SignedIn() {
		return nil, fault.ErrUnauthenticated
	}
	wanted, err := checkKinds(kinds)
	if err != nil {
		return nil, err
	}
	return live.Follow(ctx, i.Streams, after, v.Streams(), func(err error) { viewer.EndStream(ctx, err) },
		func(ctx context.Context, e event.Stored, cursor string) (*AccountEvent, error) {
			skipped := skippedEvent(cursor, progress)
			if len(wanted) > 0 && !wanted[e.Kind] {
				return skipped, nil
			}
			visible, err := i.visible(ctx, v, e)
			if err != nil || !visible {
				return skipped, err
			}
			return accountEvent(e, cursor, v.UserID)
		})
}

func skippedEvent(cursor string, progress *bool) *AccountEvent {
	if progress == nil || !*progress {
		return nil
	}
	return &AccountEvent{Cursor: cursor}
}

// checkKinds refuses a kind that no event has: it would be silent for ever.
func checkKinds(kinds []string) (map[string]bool, error) {
	if len(kinds) > maxKinds {
		return nil, fault.ErrTooLong.At("kinds").With("limit", maxKinds)
	}
	wanted := make(map[string]bool, len(kinds))
	for _, k := range kinds {
		if !event.IsPersonal(k) {
			return nil, fault.ErrInvalidValue.At("kinds").With("kind", k)
		}
		wanted[k] = true
	}
	return wanted, nil
}

func accountEvent(e event.Stored, cursor string, me uuid.UUID) (*AccountEvent, error) {
	payload, err := edgePayload(e.Payload, me)
	if err != nil {
		return nil, err
	}
	var counted struct{ UnreadCount *int }
	if err := json.Unmarshal(e.Payload, &counted); err != nil {
		return nil, fmt.Errorf("notify: read %s: %w", e.Kind, err)
	}
	return &AccountEvent{
		Cursor: cursor, Kind: &e.Kind, SubjectID: &scalar.ID{Prefix: e.SubjectKind, UUID: e.SubjectID},
		OccurredAt: &e.CreatedAt, Payload: payload, UnreadCount: counted.UnreadCount,
	}, nil
}

// positionOf is where the caller's streams stand before a list of his is read;
// nil where it is not asked for, and for lists of somebody else.
func (i *Inbox) positionOf(ctx context.Context, user uuid.UUID) (*string, error) {
	v := viewer.From(ctx)
	if user != v.UserID || i.Streams == nil || !gather.Selects(ctx, "streamPosition") {
		return nil, nil
	}
	at, err := i.Streams.Position(ctx, v.Streams()...)
	return &at, err
}
