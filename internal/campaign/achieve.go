package campaign

import (
	"context"
	"time"

	"entgo.io/contrib/entgql"
	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/achievement"
	"kabinet/internal/event"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
)

// ever is the period of what is earned once only.
const ever = "ever"

// score is how far somebody is in one campaign in one period.
type score struct {
	campaign *ent.Campaign
	window   window
	key      string // of the row: the period, or ever
	progress int64
	reached  bool
}

// scores works out how far an owner is in campaigns at a time, as far as they
// are for him: two statements for all counters, and those of his audience.
func (s *Campaigns) scores(ctx context.Context, r reader, owner uuid.UUID, campaigns []*ent.Campaign, at time.Time) ([]score, error) {
	people := crowd{who: owner}
	var all []score
	var spans []span
	for _, c := range campaigns {
		a := c.Rules.Achievement
		if a == nil || c.StartsAt != nil && at.Before(*c.StartsAt) || c.EndsAt != nil && !at.Before(*c.EndsAt) {
			continue
		}
		ok, err := people.admits(ctx, s, r, c)
		if err != nil {
			return nil, err
		}
		if !ok {
			continue
		}
		sc := score{campaign: c, window: windowOf(AchievementPeriod(a.Period), at, time.UTC, c.StartsAt, c.EndsAt), key: ever}
		if a.Repeats {
			sc.key = sc.window.key
		}
		all, spans = append(all, sc), append(spans, sc.window.span(c.Rules.Currency))
	}
	counted, err := count(ctx, r, owner, distinct(spans))
	if err != nil {
		return nil, store.Translate(err)
	}
	for i := range all {
		if err := all[i].judge(ctx, counted[spans[i]]); err != nil {
			return nil, err
		}
	}
	return all, nil
}

func distinct(spans []span) (out []span) {
	seen := map[span]bool{}
	for _, s := range spans {
		if !seen[s] {
			out = append(out, s)
		}
		seen[s] = true
	}
	return out
}

// judge asks the rule. A rule that fails on these numbers counts nothing.
func (sc *score) judge(ctx context.Context, c counters) error {
	a := sc.campaign.Rules.Achievement
	e, err := env()
	if err != nil {
		return err
	}
	progress, err := e.Compile(a.Progress, "int")
	if err != nil {
		return err
	}
	n, err := progress.Int(ctx, c.vars())
	if err != nil {
		return quietly(err)
	}
	sc.progress = min(max(n, 0), scalar.MaxPoints)
	sc.reached = sc.progress >= a.Target
	if a.Condition == "" || !sc.reached {
		return nil
	}
	condition, err := e.Compile(a.Condition, "bool")
	if err != nil {
		return err
	}
	if sc.reached, err = condition.Bool(ctx, c.vars()); err != nil {
		sc.reached = false
	}
	return quietly(err)
}

func quietly(err error) error {
	if fault.KindOf(err) == fault.Invalid {
		return nil
	}
	return err
}

// evaluate notes an owner's progress after something happened at a time, and
// gives what he has earned by it, each once for ever: whoever hears the same
// fact again, or another one beside it, finds the row earned.
func (s *Campaigns) evaluate(ctx context.Context, tx *store.Tx, owner uuid.UUID, at time.Time) error {
	campaigns, err := s.counting(ctx, tx.Client)
	if err != nil || len(campaigns) == 0 {
		return err
	}
	scores, err := s.scores(ctx, tx, owner, campaigns, at)
	if err != nil {
		return err
	}
	for _, sc := range scores {
		if sc.progress == 0 {
			continue
		}
		if err := s.note(ctx, tx, owner, sc); err != nil {
			return err
		}
	}
	return nil
}

func (s *Campaigns) note(ctx context.Context, tx *store.Tx, owner uuid.UUID, sc score) error {
	a, id := sc.campaign.Rules.Achievement, uuid.Must(uuid.NewV7())
	var ends *time.Time
	if sc.key != ever {
		ends = sc.window.to
	}
	_, err := tx.Exec(ctx, `INSERT INTO achievements (id, created_at, updated_at, owner_id, user_id, campaign_id, period, current, target, points, period_ends_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?) ON CONFLICT (campaign_id, owner_id, period) DO UPDATE SET current = excluded.current, updated_at = excluded.updated_at
		WHERE achievements.earned_at IS NULL AND achievements.current <> excluded.current`,
		id, tx.Now, tx.Now, owner, owner, sc.campaign.ID, sc.key, min(sc.progress, scalar.MaxPoints), a.Target, ends)
	if err != nil || !sc.reached {
		return err
	}
	earned, err := tx.Exec(ctx, `UPDATE achievements SET earned_at = ?, updated_at = ?, points = ? WHERE campaign_id = ? AND owner_id = ? AND period = ? AND earned_at IS NULL`,
		tx.Now, tx.Now, sc.campaign.Rules.Points, sc.campaign.ID, owner, sc.key)
	if err != nil || earned == 0 {
		return err
	}
	if err := tx.QueryRow(ctx, `SELECT id FROM achievements WHERE campaign_id = ? AND owner_id = ? AND period = ?`, sc.campaign.ID, owner, sc.key).Scan(&id); err != nil {
		return err
	}
	tx.Tell(event.AchievementEarned{AchievementID: id, CampaignID: sc.campaign.ID, OwnerID: owner, Period: sc.key, Points: sc.campaign.Rules.Points}, store.ToUser(owner))
	if sc.campaign.Rules.Points == 0 || s.Give == nil {
		return nil
	}
	_, err = s.Give(ctx, tx, Gift{Owner: owner, Program: sc.campaign.Rules.ProgramID, Amount: sc.campaign.Rules.Points,
		Cause:   "achievement:" + sc.campaign.ID.String() + ":" + sc.key,
		Explain: map[string]any{"campaignId": sc.campaign.GlobalID().String(), "period": sc.key, "progress": sc.progress, "target": a.Target}})
	return err
}

// NoteAct notes something a person did, once for its handle and key, and tells
// of it, so that it is counted. It is called in the transaction of whoever
// records acts; at is when it was done, now where zero.
func (s *Campaigns) NoteAct(ctx context.Context, tx *store.Tx, owner uuid.UUID, handle, key string, at time.Time) error {
	if at.IsZero() {
		at = tx.Now
	}
	made, err := tx.Exec(ctx, `INSERT INTO campaign_acts (id, created_at, owner_id, user_id, handle, key, happened_at) VALUES (?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (owner_id, handle, key) DO NOTHING`, uuid.Must(uuid.NewV7()), tx.Now, owner, owner, handle, key, at.UTC())
	if err != nil || made == 0 {
		return err
	}
	tx.Tell(event.ActNoted{OwnerID: owner, Handle: handle}, store.ToUser(owner))
	return nil
}

// Achievements lists what a person has earned and begun, newest first.
func (s *Campaigns) Achievements(ctx context.Context, owner uuid.UUID, earned *bool, p Page) (*ent.AchievementConnection, error) {
	q := s.Store.Client.Achievement.Query().Where(achievement.OwnerID(owner))
	if earned != nil && *earned {
		q.Where(achievement.EarnedAtNotNil())
	} else if earned != nil {
		q.Where(achievement.EarnedAtIsNil())
	}
	c, err := q.Paginate(ctx, p.After, p.First, p.Before, p.Last,
		ent.WithAchievementOrder(&ent.AchievementOrder{Direction: entgql.OrderDirectionDesc, Field: ent.DefaultAchievementOrder.Field}))
	if err != nil {
		return nil, store.Translate(err)
	}
	of := map[uuid.UUID]bool{}
	for _, e := range c.Edges {
		if e.Node != nil {
			of[e.Node.CampaignID] = true
		}
	}
	return c, s.warm(ctx, of)
}

// Badge is the campaign of an achievement.
func (s *Campaigns) Badge(ctx context.Context, a *ent.Achievement) (*ent.Campaign, error) {
	return s.of(ctx, a.CampaignID)
}

// Reached is how far an achievement is.
func (s *Campaigns) Reached(ctx context.Context, a *ent.Achievement) (*scalar.Progress, error) {
	c, err := s.of(ctx, a.CampaignID)
	if err != nil {
		return nil, err
	}
	p := &scalar.Progress{Current: a.Current, Target: a.Target, Unit: "", Deadline: a.PeriodEndsAt}
	if asks := c.Rules.Achievement; asks != nil {
		p.Unit = asks.Unit
	}
	if p.Deadline == nil && a.EarnedAt == nil {
		p.Deadline = c.EndsAt
	}
	return p, nil
}

// Percent is how far current is of target, 0 to 100, rounded down.
func Percent(current, target int64) int { return percent(current, target) }
