package campaign

import (
	"context"
	"strings"
	"time"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	entcampaign "kabinet/ent/generated/campaign"
	"kabinet/ent/generated/campaignentry"
	"kabinet/internal/fault"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// The names of what a list of campaigns reads beside its rows.
const (
	myEntries = "my_entries" // of the caller, those that count against the limits
	myToday   = "my_today"
	countOf   = "count_" // and the status
)

// withStanding adds how often a person has entered, in all and today.
func withStanding(who uuid.UUID, now time.Time) func(*sql.Selector) {
	return func(s *sql.Selector) {
		for name, from := range map[string]*time.Time{myEntries: nil, myToday: dayOf(now)} {
			s.AppendSelectExprAs(sql.ExprFunc(func(b *sql.Builder) {
				b.WriteString("(SELECT count(*) FROM campaign_entries AS me WHERE me.campaign_id = ").WriteString(s.C(entcampaign.FieldID)).
					WriteString(" AND me.status <> 'WITHDRAWN' AND me.owner_id = ").Arg(who)
				if from != nil {
					b.WriteString(" AND me.created_at >= ").Arg(*from)
				}
				b.WriteString(")")
			}), name)
		}
	}
}

func dayOf(now time.Time) *time.Time {
	day := now.Truncate(24 * time.Hour)
	return &day
}

// withCounts adds how many entries stand where.
func withCounts(s *sql.Selector) {
	for _, status := range entryStatuses {
		s.AppendSelectExprAs(sql.ExprFunc(func(b *sql.Builder) {
			b.WriteString("(SELECT count(*) FROM campaign_entries AS ce WHERE ce.campaign_id = ").WriteString(s.C(entcampaign.FieldID)).
				WriteString(" AND ce.status = ").Arg(string(status)).WriteString(")")
		}), countOf+strings.ToLower(string(status)))
	}
}

var entryStatuses = []CampaignEntryStatus{EntrySubmitted, EntryApproved, EntryRejected, EntryWithdrawn, EntryWinner, EntryPrizeSent}

// beside reads what a list has read beside a row.
func beside(c *ent.Campaign, name string) (int, bool) {
	v, err := c.Value(name)
	if err != nil {
		return 0, false
	}
	switch n := v.(type) {
	case int64:
		return int(n), true
	case *int64:
		return int(*n), true
	}
	return 0, false
}

// Standing says whether the caller can enter a campaign now.
func (s *Campaigns) Standing(ctx context.Context, c *ent.Campaign) (*Standing, error) {
	now := s.Store.Now()
	if err := openFor(c, now); err != nil {
		st := &Standing{Err: err}
		if c.Status == entcampaign.StatusSCHEDULED {
			st.NextAt = c.StartsAt
		}
		return st, nil
	}
	me := viewer.From(ctx).UserID
	if me == uuid.Nil {
		return &Standing{Err: fault.ErrUnauthenticated}, nil
	}
	ok, err := (&crowd{who: me}).admits(ctx, s, s.Store, c)
	if err != nil {
		return nil, err
	}
	if !ok {
		return &Standing{Err: ErrCampaignNotForYou}, nil
	}
	total, known := beside(c, myEntries)
	today, _ := beside(c, myToday)
	if !known {
		mine := s.Store.Client.CampaignEntry.Query().Where(campaignentry.CampaignID(c.ID), campaignentry.OwnerID(me), campaignentry.StatusNEQ(campaignentry.StatusWITHDRAWN))
		if total, err = mine.Clone().Count(ctx); err != nil {
			return nil, store.Translate(err)
		}
		if today, err = mine.Where(campaignentry.CreatedAtGTE(*dayOf(now))).Count(ctx); err != nil {
			return nil, store.Translate(err)
		}
	}
	return standing(c, total, today, now), nil
}

// standing is the rule of limits: how many entries a person may still make.
func standing(c *ent.Campaign, total, today int, now time.Time) *Standing {
	st := &Standing{}
	if most := c.Rules.PerPerson; most > 0 {
		left := max(most-total, 0)
		st.Remaining = &left
		if left == 0 {
			st.Err = ErrEntryLimit.With("limit", most)
			return st
		}
	}
	if most := c.Rules.PerDay; most > 0 && today >= most {
		tomorrow := dayOf(now).Add(24 * time.Hour)
		st.Err = ErrEntryLimit.With("limit", most).With("nextAt", tomorrow.Format(time.RFC3339))
		if c.EndsAt == nil || tomorrow.Before(*c.EndsAt) {
			st.NextAt = &tomorrow
		}
	}
	return st
}

// enterable says whether entries are made in a campaign at all.
func enterable(kind entcampaign.Kind) bool {
	return kind != entcampaign.KindACHIEVEMENT && kind != entcampaign.KindCHALLENGE
}

// openFor says no where a campaign takes no entries at a time.
func openFor(c *ent.Campaign, now time.Time) error {
	if c.Status == entcampaign.StatusOPEN && enterable(c.Kind) && (c.EndsAt == nil || now.Before(*c.EndsAt)) && (c.StartsAt == nil || !now.Before(*c.StartsAt)) {
		return nil
	}
	return ErrCampaignClosed.With("status", string(c.Status)).With("startsAt", written(c.StartsAt)).With("endsAt", written(c.EndsAt))
}

func written(t *time.Time) any {
	if t == nil {
		return nil
	}
	return t.Format(time.RFC3339)
}

// EntryCounts is how many entries stand where, for staff; nil for others.
func (s *Campaigns) EntryCounts(ctx context.Context, c *ent.Campaign) ([]*CampaignEntryCount, error) {
	if !staffReads(ctx) {
		return nil, nil
	}
	by := map[CampaignEntryStatus]int{}
	for _, status := range entryStatuses {
		n, known := beside(c, countOf+strings.ToLower(string(status)))
		if !known {
			var err error
			if by, err = s.countEntries(ctx, c.ID); err != nil {
				return nil, err
			}
			break
		}
		by[status] = n
	}
	out := []*CampaignEntryCount{}
	for _, status := range entryStatuses {
		if by[status] > 0 {
			out = append(out, &CampaignEntryCount{status, by[status]})
		}
	}
	return out, nil
}

func (s *Campaigns) countEntries(ctx context.Context, campaign uuid.UUID) (map[CampaignEntryStatus]int, error) {
	by := map[CampaignEntryStatus]int{}
	err := each(ctx, s.Store, func(rows *sqlRows) error {
		var status CampaignEntryStatus
		var n int
		err := rows.Scan(&status, &n)
		by[status] = n
		return err
	}, `SELECT status, count(*) FROM campaign_entries WHERE campaign_id = ? GROUP BY status`, campaign)
	return by, store.Translate(err)
}
