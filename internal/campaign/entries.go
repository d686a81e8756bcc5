package campaign

import (
	"context"

	"entgo.io/contrib/entgql"
	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/campaignentry"
	"kabinet/internal/fault"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// EntriesOf lists a person's entries, newest first. Faults: INVALID_ID.
func (s *Campaigns) EntriesOf(ctx context.Context, owner uuid.UUID, filter *CampaignEntryFilter, p Page) (*ent.CampaignEntryConnection, error) {
	q := s.Store.Client.CampaignEntry.Query().Where(campaignentry.OwnerID(owner))
	if filter != nil {
		if filter.CampaignID != nil {
			key, err := keyOf(*filter.CampaignID, "cmp", "filter", "campaignId")
			if err != nil {
				return nil, err
			}
			q.Where(campaignentry.CampaignID(key))
		}
		if len(filter.Status) > 0 {
			q.Where(campaignentry.StatusIn(convert[campaignentry.Status](filter.Status)...))
		}
	}
	return s.entryPage(ctx, q, entgql.OrderDirectionDesc, p)
}

// Mine lists the caller's entries in a campaign, newest first.
func (s *Campaigns) Mine(ctx context.Context, campaign uuid.UUID, p Page) (*ent.CampaignEntryConnection, error) {
	q := s.Store.Client.CampaignEntry.Query().Where(campaignentry.CampaignID(campaign), campaignentry.OwnerID(viewer.From(ctx).UserID))
	return s.entryPage(ctx, q, entgql.OrderDirectionDesc, p)
}

// ToModerate lists entries for staff, oldest first: those that wait unless
// another status is asked for. Faults: FORBIDDEN, INVALID_ID.
func (s *Campaigns) ToModerate(ctx context.Context, filter *CampaignEntryModerationFilter, p Page) (*ent.CampaignEntryConnection, error) {
	if !staffReads(ctx) {
		return nil, fault.ErrForbidden
	}
	if filter == nil {
		filter = &CampaignEntryModerationFilter{}
	}
	status := filter.Status
	if len(status) == 0 {
		status = []CampaignEntryStatus{EntrySubmitted}
	}
	q := s.Store.Client.CampaignEntry.Query().Where(campaignentry.StatusIn(convert[campaignentry.Status](status)...))
	if filter.CampaignID != nil {
		key, err := keyOf(*filter.CampaignID, "cmp", "filter", "campaignId")
		if err != nil {
			return nil, err
		}
		q.Where(campaignentry.CampaignID(key))
	}
	if filter.CustomerID != nil {
		key, err := keyOf(*filter.CustomerID, "usr", "filter", "customerId")
		if err != nil {
			return nil, err
		}
		q.Where(campaignentry.OwnerID(key))
	}
	return s.entryPage(ctx, q, entgql.OrderDirectionAsc, p)
}

func (s *Campaigns) entryPage(ctx context.Context, q *ent.CampaignEntryQuery, direction entgql.OrderDirection, p Page) (*ent.CampaignEntryConnection, error) {
	c, err := q.Paginate(ctx, p.After, p.First, p.Before, p.Last,
		ent.WithCampaignEntryOrder(&ent.CampaignEntryOrder{Direction: direction, Field: ent.DefaultCampaignEntryOrder.Field}))
	if err != nil {
		return nil, store.Translate(err)
	}
	of := map[uuid.UUID]bool{}
	for _, e := range c.Edges {
		if e.Node != nil && e.Node.CampaignID != uuid.Nil {
			of[e.Node.CampaignID] = true
		}
	}
	return c, s.warm(ctx, of)
}

// Customer is who entered, as far as the caller may see people.
func (s *Campaigns) Customer(ctx context.Context, e *ent.CampaignEntry) (*ent.User, error) {
	u, err := s.Store.Client.User.Get(ctx, e.OwnerID)
	if ent.IsNotFound(err) {
		return nil, nil
	}
	return u, store.Translate(err)
}
