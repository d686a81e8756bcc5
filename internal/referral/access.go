package referral

import (
	"context"

	"github.com/google/uuid"

	"kabinet/internal/fault"
	"kabinet/internal/viewer"
)

// staff says whether the caller may do the operation on everybody's referrals.
func staff(ctx context.Context, operation string) bool {
	v := viewer.From(ctx)
	return v.IsSystem() || v.Staff && v.Reach("marketing", operation) == viewer.ReachAll
}

func needStaff(ctx context.Context, operation string) error {
	switch {
	case staff(ctx, operation):
		return nil
	case !viewer.From(ctx).SignedIn():
		return fault.ErrUnauthenticated
	}
	return fault.ErrForbidden
}

// person is who acts: friends are brought by people, for whomever they act.
func person(ctx context.Context) (uuid.UUID, error) {
	if v := viewer.From(ctx); v.SignedIn() {
		return v.UserID, nil
	}
	return uuid.Nil, fault.ErrUnauthenticated
}

// asSystem steps past the fence where a referral is written, which belongs to
// its advocate and concerns a friend who may not see it.
func asSystem(ctx context.Context) context.Context { return viewer.AsSystem(ctx, "referral") }
