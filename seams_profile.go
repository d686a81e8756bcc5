package main

import (
	"context"

	"github.com/google/uuid"

	"kabinet/internal/bonus/earning"
	"kabinet/internal/profile"
)

// rewarded says for the profile's missing items what the bonus rules give for
// them; a confirmed contact is an address or a number.
func (k *kabinet) rewarded(ctx context.Context, user uuid.UUID) (*profile.Reward, error) {
	parts, points, err := k.earnings.ProfileReward(ctx, user)
	if err != nil || points == 0 {
		return nil, err
	}
	r := &profile.Reward{Points: points}
	for _, part := range parts {
		if part == earning.ProfilePartVerifiedContact {
			r.Items = append(r.Items, profile.ProfileItemVerifiedEmail, profile.ProfileItemVerifiedPhone)
		} else {
			r.Items = append(r.Items, profile.ProfileItem(part))
		}
	}
	return r, nil
}
