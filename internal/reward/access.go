package reward

import (
	"context"
	"slices"

	"github.com/google/uuid"

	"kabinet/internal/fault"
	"kabinet/internal/viewer"
)

// staff says whether the caller may do the operation on everybody's rewards.
func staff(ctx context.Context, operation string) bool {
	v := viewer.From(ctx)
	return v.IsSystem() || v.Staff && v.Reach("marketing", operation) == viewer.ReachAll
}

// needStaff lets through who may. Rewards are written past the fence, so each
// staff verb asks here first.
func needStaff(ctx context.Context, operation string) error {
	switch {
	case staff(ctx, operation):
		return nil
	case !viewer.From(ctx).SignedIn():
		return fault.ErrUnauthenticated
	}
	return fault.ErrForbidden
}

// spender is whose points the caller may exchange: his own, or those of the
// company he acts for when his role lets him.
func spender(ctx context.Context) (uuid.UUID, error) {
	v := viewer.From(ctx)
	switch {
	case !v.SignedIn():
		return uuid.Nil, fault.ErrUnauthenticated
	case v.OwnerID == uuid.Nil || v.OwnerID == v.UserID:
		return v.UserID, nil
	case v.Reach("bonus", "write") < viewer.ReachOwner:
		return uuid.Nil, fault.ErrForbidden
	}
	return v.OwnerID, nil
}

// who is the owner for whom the caller looks at rewards; uuid.Nil for nobody.
func who(ctx context.Context) uuid.UUID {
	v := viewer.From(ctx)
	if v.OwnerID != uuid.Nil {
		return v.OwnerID
	}
	return v.UserID
}

// owners are those whose exchanged rewards are the caller's to do with.
func owners(ctx context.Context) []uuid.UUID {
	v := viewer.From(ctx)
	switch {
	case !v.SignedIn():
		return nil
	case v.OwnerID != uuid.Nil && v.Reach("bonus", "write") >= viewer.ReachOwner:
		return []uuid.UUID{v.UserID, v.OwnerID}
	}
	return []uuid.UUID{v.UserID}
}

func owns(ctx context.Context, owner uuid.UUID) bool { return slices.Contains(owners(ctx), owner) }

// asSystem steps past the fence where rewards are read and written, whose rows
// are the House's, and where an exchanged reward is shown with its reward.
func asSystem(ctx context.Context) context.Context { return viewer.AsSystem(ctx, "reward") }
