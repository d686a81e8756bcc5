package promotion

import (
	"context"
	"slices"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/club"
	entpromotion "kabinet/ent/generated/promotion"
	"kabinet/ent/generated/tier"
	"kabinet/ent/schema"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// cacheLife is how long what applies by itself is believed: a change made by
// another instance is seen this much later. What is limited is counted in the
// transaction that uses it, whatever the cache says.
const cacheLife = 5 * time.Second

// cache holds what may reduce an order without being asked for. It is read
// without a lock: a transaction that waited for another's load would hold its
// connection.
type cache struct{ held atomic.Pointer[inForce] }

// inForce is every promotion that is ACTIVE but those had by codes, and the
// standing discounts.
type inForce struct {
	at        time.Time
	automatic []*ent.Promotion
	offers    []*ent.Promotion
	clubs     []standing
	tiers     []standing
}

// standing is what a club or a tier gives those who are in it.
type standing struct {
	id     uuid.UUID // of the club; the tier's key_id
	handle string
	texts  map[string]map[string]string
	perks  []perk
}

// perk is one thing that a club or a tier gives.
type perk struct {
	kind       string
	share      int64 // of DISCOUNT, basis points
	multiplier int64 // of MULTIPLIER, basis points
	texts      map[string]map[string]string
}

// maxInForce bounds what applies by itself, and the offers, at one time.
const maxInForce = 200

// rows reads through client, which inside a transaction is the transaction's.
func (c *cache) rows(ctx context.Context, client *ent.Client, now time.Time) (*inForce, error) {
	if h := c.held.Load(); h != nil && !now.Before(h.at) && now.Sub(h.at) < cacheLife {
		return h, nil
	}
	ctx = viewer.AsSystem(ctx, "promotion.cache")
	h := &inForce{at: now}
	rows, err := client.Promotion.Query().Where(entpromotion.StatusEQ(entpromotion.StatusACTIVE), entpromotion.KindNEQ(entpromotion.KindCODE)).
		Order(entpromotion.ByID()).Limit(2 * maxInForce).All(ctx)
	if err != nil {
		return nil, store.Translate(err)
	}
	for _, p := range rows {
		if p.Kind == entpromotion.KindOFFER {
			h.offers = append(h.offers, p)
		} else {
			h.automatic = append(h.automatic, p)
		}
	}
	if h.clubs, err = clubs(ctx, client); err != nil {
		return nil, err
	}
	if h.tiers, err = tiers(ctx, client); err != nil {
		return nil, err
	}
	c.held.Store(h)
	return h, nil
}

// forget makes the next reader load anew.
func (c *cache) forget() { c.held.Store(nil) }

// maxStanding bounds clubs and tiers in force.
const maxStanding = 500

func clubs(ctx context.Context, client *ent.Client) (all []standing, err error) {
	rows, err := client.Club.Query().Where(club.StatusNEQ(club.StatusDRAFT)).Order(club.ByHandle()).Limit(maxStanding).All(ctx)
	for _, c := range rows {
		s := standing{id: c.ID, handle: c.Handle, texts: c.Texts}
		for _, p := range c.Perks {
			s.perks = append(s.perks, perk{kind: p.Kind, share: value(p.DiscountBasisPoints), texts: p.Texts})
		}
		all = append(all, s)
	}
	return all, store.Translate(err)
}

func tiers(ctx context.Context, client *ent.Client) (all []standing, err error) {
	rows, err := client.Tier.Query().Where(tier.RetiredAtIsNil()).Order(tier.ByHandle()).Limit(maxStanding).All(ctx)
	for _, t := range rows {
		s := standing{id: t.KeyID, handle: t.Handle, texts: t.Texts}
		for _, p := range t.Perks {
			s.perks = append(s.perks, perk{kind: p.Kind, share: value(p.DiscountBasisPoints), multiplier: value(p.MultiplierBasisPoints), texts: p.Texts})
		}
		all = append(all, s)
	}
	return all, store.Translate(err)
}

func value(n *int) int64 {
	if n == nil {
		return 0
	}
	return int64(*n)
}

// reduce says whether any of them reduces an order.
func reduce(of []standing) bool {
	return slices.ContainsFunc(of, func(s standing) bool {
		return slices.ContainsFunc(s.perks, func(p perk) bool { return p.kind == string(PerkDiscount) && p.share > 0 })
	})
}

// effect is the perk as a promotion's.
func (p perk) effect() schema.Effect { return schema.Effect{DiscountBasisPoints: p.share} }
