package campaign

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	entcampaign "kabinet/ent/generated/campaign"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// campaignLife is how long a row of campaigns is believed where it is only
// shown, or asked whether facts concern it: a change by another instance is
// seen this much later.
const campaignLife = 2 * time.Second

// maxOpen bounds the campaigns that are open at once, and so what is looked at
// for one customer.
const maxOpen = 200

// campaignCache holds campaigns by id, and those open that count something.
type campaignCache struct {
	rows     sync.Map // uuid.UUID -> heldCampaign
	counting atomic.Pointer[heldCampaigns]
}

type heldCampaign struct {
	row *ent.Campaign
	at  time.Time
}

type heldCampaigns struct {
	rows []*ent.Campaign
	at   time.Time
}

func (c *campaignCache) forget() {
	c.rows.Clear()
	c.counting.Store(nil)
}

// sys reads and writes campaigns past the fence: a draft, a seed or an audience
// is nobody's to read, so that every reader here asks first whose business it is.
func sys(ctx context.Context) context.Context { return viewer.AsSystem(ctx, "campaign") }

// of gives the campaign of an entry or achievement, to be shown with it.
func (s *Campaigns) of(ctx context.Context, id uuid.UUID) (*ent.Campaign, error) {
	if h, ok := s.cache.rows.Load(id); ok && s.Store.Now().Sub(h.(heldCampaign).at).Abs() < campaignLife {
		return h.(heldCampaign).row, nil
	}
	c, err := s.Store.Client.Campaign.Get(sys(ctx), id)
	if err != nil {
		return nil, store.Translate(err)
	}
	s.cache.rows.Store(id, heldCampaign{c, s.Store.Now()})
	return c, nil
}

// warm reads the campaigns of a page at once.
func (s *Campaigns) warm(ctx context.Context, ids map[uuid.UUID]bool) error {
	var missing []uuid.UUID
	now := s.Store.Now()
	for id := range ids {
		if h, ok := s.cache.rows.Load(id); !ok || now.Sub(h.(heldCampaign).at).Abs() >= campaignLife/2 {
			missing = append(missing, id)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	rows, err := s.Store.Client.Campaign.Query().Where(entcampaign.IDIn(missing...)).All(sys(ctx))
	if err != nil {
		return store.Translate(err)
	}
	for _, c := range rows {
		s.cache.rows.Store(c.ID, heldCampaign{c, now})
	}
	return nil
}

// counting are the open campaigns of kinds ACHIEVEMENT and CHALLENGE. It reads
// through client, which inside a transaction is the transaction's.
func (s *Campaigns) counting(ctx context.Context, client *ent.Client) ([]*ent.Campaign, error) {
	now := s.Store.Now()
	if h := s.cache.counting.Load(); h != nil && now.Sub(h.at).Abs() < campaignLife {
		return h.rows, nil
	}
	rows, err := client.Campaign.Query().Where(entcampaign.StatusEQ(entcampaign.StatusOPEN),
		entcampaign.KindIn(entcampaign.KindACHIEVEMENT, entcampaign.KindCHALLENGE)).
		Order(entcampaign.ByID()).Limit(maxOpen).All(sys(ctx))
	if err != nil {
		return nil, store.Translate(err)
	}
	s.cache.counting.Store(&heldCampaigns{rows, now})
	return rows, nil
}
