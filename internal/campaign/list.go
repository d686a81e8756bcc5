package campaign

import (
	"context"

	"entgo.io/contrib/entgql"
	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	entcampaign "kabinet/ent/generated/campaign"
	"kabinet/ent/generated/campaignentry"
	"kabinet/internal/audience"
	"kabinet/internal/fault"
	"kabinet/internal/gather"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// resource is that of the permissions MARKETING_READ and MARKETING_WRITE.
const resource = "marketing"

// staffReads says whether the caller may see all campaigns and entries.
func staffReads(ctx context.Context) bool {
	v := viewer.From(ctx)
	return v.IsSystem() || v.Staff && v.Reach(resource, "read") == viewer.ReachAll
}

// staffWrites lets through who may change campaigns and decide about entries.
func staffWrites(ctx context.Context) error {
	v := viewer.From(ctx)
	switch {
	case v.IsSystem(), v.Staff && v.Reach(resource, "write") == viewer.ReachAll:
		return nil
	case !v.SignedIn():
		return fault.ErrUnauthenticated
	}
	return fault.ErrForbidden
}

// crowd answers which campaigns are for one customer, loading what is known of
// him when the first one asks.
type crowd struct {
	who    uuid.UUID
	loaded *audience.Customer
}

func (c *crowd) admits(ctx context.Context, s *Campaigns, r audience.Reader, row *ent.Campaign) (bool, error) {
	if audience.Open(row.Audience) {
		return true, nil
	}
	if c.loaded == nil && c.who != uuid.Nil {
		var err error
		if c.loaded, err = audience.Load(ctx, r, c.who, s.Store.Now()); err != nil {
			return false, store.Translate(err)
		}
	}
	ok, _, err := audience.Admits(ctx, row.Audience, c.loaded)
	if fault.KindOf(err) == fault.Invalid { // a condition that does not hold water admits nobody
		return false, nil
	}
	return ok, err
}

// List gives the campaigns open to the caller, newest first. Faults: INVALID_CURSOR.
func (s *Campaigns) List(ctx context.Context, kinds []CampaignKind, p Page) (*ent.CampaignConnection, error) {
	now := s.Store.Now()
	q := s.Store.Client.Campaign.Query().Where(entcampaign.StatusEQ(entcampaign.StatusOPEN),
		entcampaign.Or(entcampaign.EndsAtIsNil(), entcampaign.EndsAtGT(now)))
	if len(kinds) > 0 {
		q.Where(entcampaign.KindIn(kindsOf(kinds)...))
	}
	rows, err := q.Select(entcampaign.FieldID, entcampaign.FieldAudience).Order(entcampaign.ByID(sql.OrderDesc())).Limit(maxOpen).All(sys(ctx))
	if err != nil {
		return nil, store.Translate(err)
	}
	people := crowd{who: viewer.From(ctx).UserID}
	ids := []uuid.UUID{}
	for _, row := range rows {
		ok, err := people.admits(ctx, s, s.Store, row)
		if err != nil {
			return nil, err
		}
		if ok {
			ids = append(ids, row.ID)
		}
	}
	return s.page(ctx, s.Store.Client.Campaign.Query().Where(entcampaign.IDIn(ids...)), p)
}

// All lists campaigns for staff, newest first. Faults: FORBIDDEN, INVALID_CURSOR.
func (s *Campaigns) All(ctx context.Context, filter *CampaignFilter, p Page) (*ent.CampaignConnection, error) {
	if !staffReads(ctx) {
		return nil, fault.ErrForbidden
	}
	q := s.Store.Client.Campaign.Query()
	if filter != nil && len(filter.Kinds) > 0 {
		q.Where(entcampaign.KindIn(kindsOf(filter.Kinds)...))
	}
	if filter != nil && len(filter.Status) > 0 {
		q.Where(entcampaign.StatusIn(convert[entcampaign.Status](filter.Status)...))
	}
	return s.page(ctx, q, p)
}

func kindsOf(kinds []CampaignKind) []entcampaign.Kind { return convert[entcampaign.Kind](kinds) }

func convert[To, From ~string](in []From) []To {
	out := make([]To, len(in))
	for i, v := range in {
		out[i] = To(v)
	}
	return out
}

// page reads a list with what its fields look at beyond the row, so that they
// ask nothing one by one.
func (s *Campaigns) page(ctx context.Context, q *ent.CampaignQuery, p Page) (*ent.CampaignConnection, error) {
	if gather.Selects(ctx, "eligibility") {
		q.Where(withStanding(viewer.From(ctx).UserID, s.Store.Now()))
	}
	if gather.Selects(ctx, "entryCounts") && staffReads(ctx) {
		q.Where(withCounts)
	}
	c, err := q.Paginate(sys(ctx), p.After, p.First, p.Before, p.Last,
		ent.WithCampaignOrder(&ent.CampaignOrder{Direction: entgql.OrderDirectionDesc, Field: ent.DefaultCampaignOrder.Field}))
	return c, store.Translate(err)
}

// Find gives a campaign that the caller may see: one that was opened and is for
// him, or that he took part in; any for staff. Faults: INVALID_ID, NOT_FOUND.
func (s *Campaigns) Find(ctx context.Context, id scalar.ID) (*ent.Campaign, error) {
	key, err := keyOf(id, "cmp", "id")
	if err != nil {
		return nil, err
	}
	c, err := s.Store.Client.Campaign.Get(sys(ctx), key)
	if err != nil {
		return nil, store.Translate(err)
	}
	return c, s.mayFind(ctx, c)
}

func (s *Campaigns) mayFind(ctx context.Context, c *ent.Campaign) error {
	if staffReads(ctx) {
		return nil
	}
	if c.Status == entcampaign.StatusDRAFT {
		return fault.ErrNotFound
	}
	me := viewer.From(ctx).UserID
	ok, err := (&crowd{who: me}).admits(ctx, s, s.Store, c)
	if ok || err != nil {
		return err
	}
	if me != uuid.Nil {
		entered, err := s.Store.Client.CampaignEntry.Query().Where(campaignentry.CampaignID(c.ID), campaignentry.OwnerID(me)).Exist(ctx)
		if entered || err != nil {
			return store.Translate(err)
		}
	}
	return fault.ErrNotFound
}

func keyOf(id scalar.ID, prefix string, path ...string) (uuid.UUID, error) {
	if id.Prefix != prefix {
		return uuid.Nil, fault.ErrInvalidID.At(path...)
	}
	return id.UUID, nil
}
