package campaign

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/achievement"
	entcampaign "kabinet/ent/generated/campaign"
	"kabinet/internal/locale"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// Progress is how far a person has come towards everything, in a number of
// statements that does not grow with it. It is for the person himself, and for
// staff that may see campaigns: others get nothing.
func (s *Campaigns) Progress(ctx context.Context, user *ent.User, kinds []ProgressKind) ([]*ProgressItem, error) {
	out := []*ProgressItem{}
	if me := viewer.From(ctx).UserID; me != user.ID && !staffReads(ctx) {
		return out, nil
	}
	wants := func(k ProgressKind) bool { return len(kinds) == 0 || slices.Contains(kinds, k) }
	// The person's row is read here, whatever of it the caller selected.
	p, err := s.profile(ctx, user.ID)
	if err != nil {
		return nil, err
	}
	lang := viewer.From(ctx).Locale
	var counted []*ProgressItem
	if wants(ProgressPromo) || wants(ProgressAchievement) {
		if counted, err = s.countedProgress(ctx, user.ID); err != nil {
			return nil, err
		}
	}
	only := func(k ProgressKind) {
		for _, item := range counted {
			if item.Kind == k && wants(k) {
				out = append(out, item)
			}
		}
	}
	only(ProgressPromo)
	if wants(ProgressTier) && s.Tier != nil {
		steps, err := s.Tier(ctx, user.ID)
		if err != nil {
			return nil, err
		}
		for _, t := range steps {
			out = append(out, item(ProgressTier, t.Label, t.Progress, t.Hint))
		}
	}
	if wants(ProgressProfile) {
		out = append(out, p.item(lang))
	}
	if wants(ProgressGoal) {
		goals, err := s.goalProgress(ctx, user.ID, p.zone, lang)
		if err != nil {
			return nil, err
		}
		out = append(out, goals...)
	}
	only(ProgressAchievement)
	return out, nil
}

// item is done where nothing is missing; a hint is given while something is.
func item(kind ProgressKind, label string, p scalar.Progress, hint string) *ProgressItem {
	i := &ProgressItem{Kind: kind, Label: label, Progress: &p, Percent: percent(p.Current, p.Target), Done: p.Current >= p.Target, Missing: []ProfileField{}}
	if !i.Done && hint != "" {
		i.Hint = &hint
	}
	return i
}

// countedProgress is that of challenges and achievements.
func (s *Campaigns) countedProgress(ctx context.Context, user uuid.UUID) ([]*ProgressItem, error) {
	campaigns, err := s.counting(ctx, s.Store.Client)
	if err != nil || len(campaigns) == 0 {
		return nil, err
	}
	scores, err := s.scores(ctx, s.Store, user, campaigns, s.Store.Now())
	if err != nil {
		return nil, err
	}
	ids := make([]uuid.UUID, len(campaigns))
	for i, c := range campaigns {
		ids[i] = c.ID
	}
	rows, err := s.Store.Client.Achievement.Query().Where(achievement.OwnerID(user), achievement.CampaignIDIn(ids...), achievement.EarnedAtNotNil()).
		Where(achievement.Or(achievement.Period(ever), achievement.PeriodEndsAtGT(s.Store.Now()))).All(sys(ctx))
	if err != nil {
		return nil, store.Translate(err)
	}
	earned := map[string]bool{}
	for _, a := range rows {
		earned[a.CampaignID.String()+a.Period] = true
	}
	var out []*ProgressItem
	for _, sc := range scores {
		out = append(out, scored(ctx, sc, earned[sc.campaign.ID.String()+sc.key]))
	}
	return out, nil
}

func scored(ctx context.Context, sc score, earned bool) *ProgressItem {
	c, a := sc.campaign, sc.campaign.Rules.Achievement
	kind := ProgressAchievement
	if c.Kind == entcampaign.KindCHALLENGE {
		kind = ProgressPromo
	}
	p := scalar.Progress{Current: sc.progress, Target: a.Target, Unit: a.Unit, Deadline: sc.window.to}
	lang := viewer.From(ctx).Locale
	i := item(kind, Name(ctx, c), p, More(lang, max(a.Target-sc.progress, 0), a.Unit))
	id := c.GlobalID()
	i.CampaignID, i.Points, i.Done = &id, some(c.Rules.Points), earned || sc.reached
	if i.Done {
		i.Hint, i.Percent = nil, 100
	} else if i.Percent == 100 { // the condition does not hold yet
		text := locale.Text(lang, "campaign.progress.condition", nil)
		i.Hint = &text
	}
	return i
}

// More says that so many are missing, in a language.
func More(lang string, n int64, unit string) string {
	switch {
	case len(unit) == 3 && unit == strings.ToUpper(unit):
		return locale.Text(lang, "campaign.progress.spend", map[string]any{"amount": locale.Money(lang, n, unit)})
	case locale.Has("campaign.more." + unit):
		return locale.Text(lang, "campaign.more."+unit, map[string]any{"count": n})
	}
	return locale.Text(lang, "campaign.progress.more", map[string]any{"count": n})
}

func (s *Campaigns) goalProgress(ctx context.Context, user uuid.UUID, zone *time.Location, lang string) ([]*ProgressItem, error) {
	goals, err := s.Goals(ctx, user)
	if err != nil || len(goals) == 0 {
		return nil, err
	}
	all, err := aims(ctx, s.Store, user, goals, s.Store.Now(), zone)
	if err != nil {
		return nil, err
	}
	var out []*ProgressItem
	for _, a := range all {
		label := locale.Text(lang, "campaign.goal."+strings.ToLower(string(a.goal.Counter)+"."+string(a.goal.Period)), map[string]any{"count": a.goal.Target})
		if a.goal.Name != nil {
			label = *a.goal.Name
		}
		unit := strings.ToLower(string(a.goal.Counter))
		i := item(ProgressGoal, label, scalar.Progress{Current: a.current, Target: a.goal.Target, Unit: unit, Deadline: a.window.to},
			More(lang, max(a.goal.Target-a.current, 0), unit))
		id := a.goal.GlobalID()
		i.GoalID = &id
		out = append(out, i)
	}
	return out, nil
}

// profile is which fields of a person's profile are filled in.
type profile struct {
	empty []ProfileField
	zone  *time.Location
}

func (s *Campaigns) profile(ctx context.Context, user uuid.UUID) (profile, error) {
	p := profile{zone: time.UTC}
	var full [6]bool
	var zone string
	err := each(ctx, s.Store, func(rows *sqlRows) error {
		return rows.Scan(&full[0], &full[1], &full[2], &full[3], &full[4], &full[5], &zone)
	}, `SELECT coalesce(given_name, '') <> '', coalesce(family_name, '') <> '', coalesce(birth_on, '') <> '',
		EXISTS (SELECT 1 FROM contact_points c WHERE c.user_id = u.id AND c.kind = 'EMAIL' AND c.verified_at IS NOT NULL),
		EXISTS (SELECT 1 FROM contact_points c WHERE c.user_id = u.id AND c.kind = 'PHONE' AND c.verified_at IS NOT NULL),
		EXISTS (SELECT 1 FROM addresses a WHERE a.owner_id = u.id), time_zone FROM users u WHERE u.id = ?`, user)
	if err != nil {
		return p, store.Translate(err)
	}
	p.zone = zoneOf(zone)
	for i, f := range profileFields {
		if !full[i] {
			p.empty = append(p.empty, f)
		}
	}
	return p, nil
}

var profileFields = []ProfileField{ProfileGivenName, ProfileFamilyName, ProfileBirthOn, ProfileEmail, ProfilePhone, ProfileAddress}

func (p profile) item(lang string) *ProgressItem {
	n := int64(len(profileFields))
	hint := ""
	if len(p.empty) > 0 {
		hint = locale.Text(lang, "campaign.profile."+strings.ToLower(string(p.empty[0])), nil)
	}
	i := item(ProgressProfile, locale.Text(lang, "campaign.progress.profile", nil), scalar.Progress{Current: n - int64(len(p.empty)), Target: n, Unit: "fields"}, hint)
	i.Missing = append(i.Missing, p.empty...)
	return i
}
