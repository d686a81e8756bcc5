package reward

import (
	"context"
	"time"

	ent "kabinet/ent/generated"
	entreward "kabinet/ent/generated/reward"
	"kabinet/internal/fault"
	"kabinet/internal/locale"
	"kabinet/internal/viewer"
)

// Availability says whether the caller can have one of a reward now, and all
// that stands in the way. It reads once for all rewards of an operation.
func (r *Rewards) Availability(ctx context.Context, rw *ent.Reward) (*RewardAvailability, error) {
	s, err := r.standing(ctx)
	if err != nil {
		return nil, err
	}
	admitted, err := s.admitted(ctx, rw)
	if err != nil {
		return nil, err
	}
	a := &RewardAvailability{Reasons: []*RewardReason{}}
	for _, reason := range s.reasons(rw, admitted) {
		params := map[string]any{}
		for k, v := range reason.Params {
			if t, is := v.(time.Time); is {
				v = locale.Date(lang(ctx), t, viewer.From(ctx).TimeZone)
			}
			params[k] = v
		}
		key := "reward.reason." + string(reason.Code)
		if params["count"] = params["missing"]; s.hidden && reason.Code == RewardReasonCodeMissingPoints {
			key = "reward.reason.POINTS_HIDDEN"
		}
		reason.Text = locale.Text(lang(ctx), key, params)
		a.Reasons = append(a.Reasons, reason)
	}
	a.Available = len(a.Reasons) == 0
	return a, nil
}

// reasons are why the one of whom the standing is cannot have one of a reward.
func (s *standing) reasons(rw *ent.Reward, admitted bool) (all []*RewardReason) {
	add := func(code RewardReasonCode, params map[string]any) {
		all = append(all, &RewardReason{Code: code, Params: params})
	}
	if s.customer == nil {
		add(RewardReasonCodeSignIn, nil)
	}
	switch {
	case rw.Status != entreward.StatusACTIVE:
		add(RewardReasonCodeNotOffered, nil)
	case rw.StartsAt != nil && rw.StartsAt.After(s.now):
		add(RewardReasonCodeNotYet, map[string]any{"startsAt": *rw.StartsAt})
	case rw.EndsAt != nil && !rw.EndsAt.After(s.now):
		add(RewardReasonCodeOver, map[string]any{"endsAt": *rw.EndsAt})
	}
	if !admitted && s.customer != nil {
		add(RewardReasonCodeNotForYou, nil)
	}
	if rw.Stock != nil && *rw.Stock < 1 {
		add(RewardReasonCodeSoldOut, nil)
	}
	if s.customer == nil {
		return all
	}
	if rw.PerOwner != nil && s.had[rw.ID] >= int64(*rw.PerOwner) {
		add(RewardReasonCodeLimitReached, map[string]any{"limit": *rw.PerOwner})
	} else if rw.PeriodLimit != nil && rw.PeriodDays != nil {
		if at, over := nextAt(s.lately[rw.ID], int64(*rw.PeriodLimit), 1, *rw.PeriodDays, s.now); over {
			add(RewardReasonCodePeriodLimitReached, map[string]any{"limit": *rw.PeriodLimit, "days": *rw.PeriodDays, "nextAt": at})
		}
	}
	if s.hidden { // whether they are enough would tell how many they are
		add(RewardReasonCodeMissingPoints, nil)
	} else if available := s.points[rw.ProgramID]; available < rw.Cost {
		add(RewardReasonCodeMissingPoints, map[string]any{"missing": rw.Cost - available, "available": available})
	}
	return all
}

// nextAt is when n more can be had where limit is for each period of days, and
// whether that is not now; all is what was had, oldest first.
func nextAt(all []had, limit, n int64, days int, now time.Time) (at time.Time, over bool) {
	since := now.Add(-time.Duration(days) * day)
	var sum int64
	for _, h := range all {
		if h.at.After(since) {
			sum += h.n
		}
	}
	for _, h := range all {
		if sum+n <= limit {
			break
		}
		if h.at.After(since) {
			sum -= h.n
			at, over = h.at.Add(time.Duration(days)*day), true
		}
	}
	return at, over || sum+n > limit
}

// offered is the rule of when a reward can be exchanged at all.
func offered(rw *ent.Reward, now time.Time) error {
	if rw.Status != entreward.StatusACTIVE || rw.StartsAt != nil && rw.StartsAt.After(now) || rw.EndsAt != nil && !rw.EndsAt.After(now) {
		return ErrRewardNotOffered.At("input", "rewardId").With("status", string(rw.Status)).With("startsAt", rw.StartsAt).With("endsAt", rw.EndsAt)
	}
	return nil
}

// visible says whether a reward is shown to the one of whom the standing is.
func (s *standing) visible(ctx context.Context, rw *ent.Reward) (bool, error) {
	if rw.Status == entreward.StatusDRAFT {
		return false, nil
	}
	if rw.Teaser {
		return true, nil
	}
	return s.admitted(ctx, rw)
}

var errGone = fault.ErrNotFound.At("input", "rewardId")
