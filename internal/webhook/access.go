package webhook

import (
	"context"

	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/viewer"
)

// needStaff is nil for members of staff whose role has the permission.
func needStaff(ctx context.Context, operation string) error {
	v := viewer.From(ctx)
	switch {
	case v.Staff && v.Reach("webhook", operation) == viewer.ReachAll:
		return nil
	case !v.SignedIn():
		return fault.ErrUnauthenticated
	}
	return fault.ErrForbidden
}

// asSystem is for what happens without a person: a fact was told, a message is
// due.
func asSystem(ctx context.Context) context.Context { return viewer.AsSystem(ctx, "webhook") }

// The kinds of ids.
const (
	endpointPrefix = "end"
	deliveryPrefix = "dlv"
)

func outOfRange(field string, least, most int) error {
	return fault.ErrOutOfRange.At("input", field).With("min", least).With("max", most)
}

func idOf(prefix string, id [16]byte) scalar.ID { return scalar.ID{Prefix: prefix, UUID: id} }
