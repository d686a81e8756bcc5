package reward

import (
	"context"

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

// owns says whether an owner's exchanged rewards are the caller's to do with.
func owns(ctx context.Context, owner uuid.UUID) bool {
	v := viewer.From(ctx)
	if !v.SignedIn() {
		return false
	}
	return owner == v.UserID || owner == v.OwnerID && v.Reach("bonus", "write") >= viewer.ReachOwner
}

// asSystem steps past the fence where rewards are read and written, whose rows
// are the House's, and where an exchanged reward is shown with its reward.
func asSystem(ctx context.Context) context.Context { return viewer.AsSystem(ctx, "reward") }
