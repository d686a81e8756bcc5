package broadcast_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	entorder "kabinet/ent/generated/order"
	entsession "kabinet/ent/generated/session"
	entuser "kabinet/ent/generated/user"
	"kabinet/ent/schema"
	"kabinet/internal/fault"
	"kabinet/internal/notify/broadcast"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
)

// A segment's statement finds whom the slow rule finds, whatever the world and
// the filter.
func TestSegmentsFindWhomTheRuleFinds(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		seed := rand.Uint64()
		t.Logf("seed %d", seed)
		r := rand.New(rand.NewPCG(seed, 8))
		w := newWorld(t, db)
		found := 0
		for world := range 4 {
			people, all := w.fill(t, r, world)
			saved := w.saveSome(t, r, people, all)
			var named []uuid.UUID
			for id := range saved {
				named = append(named, id)
			}
			slices.SortFunc(named, func(a, b uuid.UUID) int { return slices.Compare(a[:], b[:]) })
			for range 60 {
				f := randomFilter(r, people, all, named)
				var want []uuid.UUID
				for _, p := range people {
					if p.in(f, all, db.Clock.Now(), saved) {
						want = append(want, p.id)
					}
				}
				size := ok[*broadcast.SegmentSize](t)(w.Size(w.staff(), broadcast.Chosen{Filter: &f}, nil))
				first := 100
				c := ok[*ent.UserConnection](t)(w.Customers(w.staff(), broadcast.Chosen{Filter: &f}, broadcast.Page{First: &first}))
				var got []uuid.UUID
				for _, e := range c.Edges {
					got = append(got, e.Node.ID)
				}
				if !slices.Equal(got, want) || size.Total != len(want) {
					t.Fatalf("world %d: %+v\nfound %d (%v)\nwant %d (%v)", world, f, size.Total, got, len(want), want)
				}
				if found += len(want); len(want) == len(people) {
					found--
				}
			}
			w.empty(t)
		}
		if found < 100 {
			t.Errorf("%d were found in all: the filters find nobody", found)
		}
	})
}

// saveSome saves segments that filters may leave out, each of them by the verb.
func (w *world) saveSome(t *testing.T, r *rand.Rand, people []*being, all goods) map[uuid.UUID]broadcast.SegmentFilter {
	saved := map[uuid.UUID]broadcast.SegmentFilter{}
	var named []uuid.UUID
	for i := range 3 {
		f := randomFilter(r, people, all, named)
		name := fmt.Sprintf("s%d %s", i, uuid.NewString())
		s := ok[*ent.Segment](t)(w.SaveSegment(w.staff(), broadcast.SaveSegmentInput{Name: &name, Filter: &f}))
		saved[s.ID] = f
		if i < 2 {
			named = append(named, s.ID)
		}
	}
	return saved
}

// empty takes away the people of a world; their rows stay, of nobody.
func (w *world) empty(t *testing.T) {
	w.write(t, func(ctx context.Context, tx *store.Tx) error {
		for _, table := range []string{"club_members", "clubs", "segments", "sessions"} {
			if _, err := tx.Exec(ctx, `DELETE FROM `+table); err != nil {
				return err
			}
		}
		if _, err := tx.Exec(ctx, `UPDATE tiers SET retired_at = ? WHERE retired_at IS NULL`, tx.Now); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `UPDATE users SET status = 'ERASED'`)
		return err
	})
}

// fill makes people who did this and that.
func (w *world) fill(t *testing.T, r *rand.Rand, world int) (people []*being, all goods) {
	now := w.Clock.Now()
	w.write(t, func(ctx context.Context, tx *store.Tx) error {
		people, all = nil, nil
		for i, c := range categories {
			p := tx.Product.Create().SetSku(fmt.Sprintf("%d-%d", world, i)).SetTitle("x").SetPriceMinor(1).SetCurrency("GBP")
			if c != "" {
				p.SetCategory(c)
			}
			made, err := p.Save(ctx)
			if err != nil {
				return err
			}
			all = append(all, struct {
				id       uuid.UUID
				category string
			}{made.ID, c})
		}
		tiers, clubs, err := w.handles(ctx, tx)
		if err != nil {
			return err
		}
		for range 24 {
			p := randomBeing(r, now, len(all))
			if err := p.save(ctx, tx, all, tiers, clubs); err != nil {
				return err
			}
			people = append(people, p)
		}
		return nil
	})
	slices.SortFunc(people, func(a, b *being) int { return slices.Compare(a.id[:], b.id[:]) })
	return people, all
}

// handles makes the tiers and clubs of a world.
func (w *world) handles(ctx context.Context, tx *store.Tx) (tiers, clubs map[string]uuid.UUID, err error) {
	tiers, clubs = map[string]uuid.UUID{}, map[string]uuid.UUID{}
	program := uuid.Must(uuid.NewV7())
	for i, h := range someHandles {
		tier, err := tx.Tier.Create().SetProgramID(program).SetRank(i).SetHandle(h).SetTexts(map[string]map[string]string{}).SetPerks([]schema.TierPerk{}).Save(ctx)
		if err != nil {
			return nil, nil, err
		}
		club, err := tx.Club.Create().SetHandle(h).SetTexts(map[string]map[string]string{}).SetAudience(schema.Audience{}).SetPerks([]schema.ClubPerk{}).SetStatus("ACTIVE").Save(ctx)
		if err != nil {
			return nil, nil, err
		}
		tiers[h], clubs[h] = tier.KeyID, club.ID
	}
	return tiers, clubs, nil
}

func randomBeing(r *rand.Rand, now time.Time, products int) *being {
	ago := func() time.Time { return now.Add(-time.Duration(r.IntN(90*24)) * time.Hour) }
	p := &being{
		id: uuid.Must(uuid.NewV7()), status: pick(r, []string{"ACTIVE", "ACTIVE", "ACTIVE", "ACTIVE", "BLOCKED", "PENDING"}), locale: pick(r, someLocales), interests: some(r, someInterests),
		tiers: some(r, someHandles)[:0], clubs: some(r, someHandles), birth: pick(r, someBirths), joined: ago(), searches: some(r, someSearches),
	}
	if r.IntN(2) == 0 {
		p.region, p.tiers = pick(r, someRegions), []string{pick(r, someHandles)}
	}
	for range r.IntN(5) {
		o := bought{at: ago(), status: pick(r, []string{"PLACED", "COMPLETED", "CANCELLED", "DRAFT"}), currency: pick(r, []string{"GBP", "JPY"}), paid: int64(r.IntN(2000)), cancelled: r.IntN(4) == 0}
		o.refunded = o.paid * int64(r.IntN(2))
		for range 1 + r.IntN(2) {
			o.products = append(o.products, r.IntN(products))
		}
		p.orders = append(p.orders, o)
	}
	for n := range products {
		if r.IntN(4) == 0 {
			p.views = append(p.views, seen{n, ago()})
		}
		if r.IntN(5) == 0 {
			p.wishes = append(p.wishes, seen{n, ago()})
		}
	}
	for range r.IntN(3) {
		p.sessions = append(p.sessions, used{pick(r, []string{"BROWSER", "TOKEN", "ACTING"}), ago()})
	}
	return p
}

// save writes somebody and what he did.
func (p *being) save(ctx context.Context, tx *store.Tx, all goods, tiers, clubs map[string]uuid.UUID) error {
	c := tx.User.Create().SetID(p.id).SetDisplayName("P").SetStatus(entuser.Status(p.status)).SetLocale(p.locale).SetCreatedAt(p.joined)
	if p.region != "" {
		c.SetRegion(p.region)
	}
	if p.interests != nil {
		c.SetInterests(p.interests)
	}
	if p.birth != "" {
		c.SetBirthOn(p.birth)
	}
	if err := c.Exec(ctx); err != nil {
		return err
	}
	for i, h := range p.tiers {
		err := tx.LedgerAccount.Create().SetOwnerID(p.id).SetUnit(fmt.Sprintf("PTS:%d%s", i, tiers[h])).SetKind("BONUS").SetTierID(tiers[h]).Exec(ctx)
		if err != nil {
			return err
		}
	}
	for _, h := range someHandles { // he left those that he is not in
		m := tx.ClubMember.Create().SetOwnerID(p.id).SetClubID(clubs[h]).SetJoinedAt(tx.Now)
		if !slices.Contains(p.clubs, h) {
			m.SetLeftAt(tx.Now)
		}
		if err := m.Exec(ctx); err != nil {
			return err
		}
	}
	return p.saveDeeds(ctx, tx, all)
}

func (p *being) saveDeeds(ctx context.Context, tx *store.Tx, all goods) error {
	for i, o := range p.orders {
		made, err := tx.Order.Create().SetOwnerID(p.id).SetUserID(p.id).SetNumber(fmt.Sprintf("%s-%d", p.id, i)).SetStatus(entorder.Status(o.status)).SetCurrency(o.currency).
			SetSubtotalMinor(o.paid).SetTotalMinor(o.paid).SetPaidMinor(o.paid).SetRefundedMinor(o.refunded).SetPlacedAt(o.at).Save(ctx)
		if err != nil {
			return err
		}
		for n, product := range o.products {
			l := tx.OrderLine.Create().SetOwnerID(p.id).SetOrderID(made.ID).SetPosition(n).SetProductID(all[product].id).SetSku("x").SetTitle("x").
				SetQuantity(2).SetCurrency(o.currency).SetUnitPriceMinor(1).SetTotalMinor(2)
			if all[product].category != "" {
				l.SetCategory(all[product].category)
			}
			if o.cancelled {
				l.SetCancelled(2)
			}
			if err := l.Exec(ctx); err != nil {
				return err
			}
		}
	}
	for _, v := range p.views {
		if err := tx.ViewedProduct.Create().SetUserID(p.id).SetProductID(all[v.product].id).SetViewedAt(v.at).Exec(ctx); err != nil {
			return err
		}
	}
	for _, v := range p.wishes {
		if err := tx.WishlistItem.Create().SetUserID(p.id).SetProductID(all[v.product].id).SetPriceSeenMinor(1).SetPriceToldMinor(1).SetCurrency("GBP").SetCreatedAt(v.at).Exec(ctx); err != nil {
			return err
		}
	}
	for _, text := range p.searches {
		if err := tx.ArticleSeeker.Create().SetUserID(p.id).SetWords(strings.Join(store.SeekWords(text), " ")).SetSoughtAt(tx.Now).Exec(ctx); err != nil {
			return err
		}
	}
	for _, s := range p.sessions {
		token := uuid.New()
		err := tx.Session.Create().SetUserID(p.id).SetOwnerID(p.id).SetKind(entsession.Kind(s.kind)).SetTokenHash(token[:]).SetLastUsedAt(s.at).SetExpiresAt(tx.Now.Add(time.Hour)).Exec(ctx)
		if err != nil {
			return err
		}
	}
	return nil
}

// What a filter may not say is refused where it stands.
func TestFiltersAreChecked(t *testing.T) {
	t.Parallel()
	db := storetest.Open(t)
	w := newWorld(t, db)
	many := make([]string, 101)
	for i := range many {
		many[i] = fmt.Sprint(i)
	}
	five, one, zero := "5", 1, 0
	wrong := as("tkt", uuid.Must(uuid.NewV7()))
	for _, c := range []struct {
		f    broadcast.SegmentFilter
		want *fault.Fault
		path []string
	}{
		{broadcast.SegmentFilter{Regions: many}, fault.ErrTooLong, []string{"regions"}},
		{broadcast.SegmentFilter{Regions: []string{" "}}, fault.ErrRequired, []string{"regions", "0"}},
		{broadcast.SegmentFilter{Regions: []string{strings.Repeat("x", 101)}}, fault.ErrTooLong, []string{"regions", "0"}},
		{broadcast.SegmentFilter{Tiers: []string{"a\x00b"}}, fault.ErrInvalidValue, []string{"tiers", "0"}},
		{broadcast.SegmentFilter{UserIDs: []scalar.ID{wrong}}, fault.ErrInvalidID, []string{"userIds", "0"}},
		{broadcast.SegmentFilter{Searched: []string{"?!"}}, fault.ErrInvalidValue, []string{"searched", "0"}},
		{broadcast.SegmentFilter{NotIn: []scalar.ID{as("seg", uuid.Must(uuid.NewV7()))}}, fault.ErrNotFound, []string{"notIn"}},
		{broadcast.SegmentFilter{Spent: &broadcast.SegmentSpending{Currency: "GBP"}}, fault.ErrRequired, []string{"spent", "min"}},
		{broadcast.SegmentFilter{Spent: &broadcast.SegmentSpending{Currency: "GBP", Min: ptr("-1")}}, fault.ErrInvalidValue, []string{"spent", "min"}},
		{broadcast.SegmentFilter{Spent: &broadcast.SegmentSpending{Currency: "GBP", Min: ptr("1.001")}}, fault.ErrInvalidValue, []string{"spent", "min"}},
		{broadcast.SegmentFilter{Spent: &broadcast.SegmentSpending{Currency: "GBP", Min: &five, Max: ptr("4")}}, fault.ErrInvalidValue, []string{"spent", "max"}},
		{broadcast.SegmentFilter{Spent: &broadcast.SegmentSpending{Currency: "GBP", Min: &five, Days: &zero}}, fault.ErrOutOfRange, []string{"spent", "days"}},
		{broadcast.SegmentFilter{Orders: &broadcast.SegmentOrders{}}, fault.ErrRequired, []string{"orders", "min"}},
		{broadcast.SegmentFilter{Orders: &broadcast.SegmentOrders{Min: &one, Max: &zero}}, fault.ErrInvalidValue, []string{"orders", "max"}},
		{broadcast.SegmentFilter{Bought: &broadcast.SegmentProducts{}}, fault.ErrRequired, []string{"bought", "productIds"}},
		{broadcast.SegmentFilter{ActiveDays: &zero}, fault.ErrOutOfRange, []string{"activeDays"}},
		{broadcast.SegmentFilter{BirthdayDays: ptr(367)}, fault.ErrOutOfRange, []string{"birthdayDays"}},
		{broadcast.SegmentFilter{JoinedDays: &broadcast.SegmentDays{Min: ptr(-1)}}, fault.ErrOutOfRange, []string{"joinedDays", "min"}},
	} {
		_, err := w.Size(w.staff(), broadcast.Chosen{Filter: &c.f}, nil)
		wantFault(t, err, c.want, append([]string{"filter"}, c.path...)...)
		_, err = w.SaveSegment(w.staff(), broadcast.SaveSegmentInput{Name: ptr("x"), Filter: &c.f})
		wantFault(t, err, c.want, append([]string{"input", "filter"}, c.path...)...)
	}
}

// A segment leaves out neither itself nor, round corners, those that leave it out.
func TestSegmentsGoInNoCircle(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		save := func(in broadcast.SaveSegmentInput) (*ent.Segment, error) { return w.SaveSegment(w.staff(), in) }
		a := ok[*ent.Segment](t)(save(broadcast.SaveSegmentInput{Name: ptr("a"), Filter: &broadcast.SegmentFilter{}}))
		b := ok[*ent.Segment](t)(save(broadcast.SaveSegmentInput{Name: ptr("b"), Filter: &broadcast.SegmentFilter{NotIn: []scalar.ID{a.GlobalID()}}}))
		id, other := a.GlobalID(), b.GlobalID()
		_, err := save(broadcast.SaveSegmentInput{ID: &id, Revision: ptr(1), Filter: &broadcast.SegmentFilter{NotIn: []scalar.ID{other}}})
		wantFault(t, err, broadcast.ErrSegmentCycle, "input", "filter", "notIn")
		_, err = save(broadcast.SaveSegmentInput{ID: &id, Revision: ptr(1), Filter: &broadcast.SegmentFilter{NotIn: []scalar.ID{id}}})
		wantFault(t, err, broadcast.ErrSegmentCycle, "input", "filter", "notIn")
		_, err = save(broadcast.SaveSegmentInput{ID: &id, Revision: ptr(7), Name: ptr("x")})
		wantFault(t, err, fault.ErrStaleObject, "input", "revision")
		_, err = save(broadcast.SaveSegmentInput{ID: &id, Revision: ptr(1), Name: ptr("b")})
		wantFault(t, err, broadcast.ErrAlreadyTaken, "input", "name")
		_, err = w.DeleteSegment(w.staff(), broadcast.DeleteSegmentInput{ID: id})
		wantFault(t, err, broadcast.ErrSegmentInUse, "input", "id")
		if _, err := w.DeleteSegment(w.staff(), broadcast.DeleteSegmentInput{ID: other}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.DeleteSegment(w.staff(), broadcast.DeleteSegmentInput{ID: id}); err != nil {
			t.Fatal(err)
		}
		_, err = w.DeleteSegment(w.staff(), broadcast.DeleteSegmentInput{ID: id})
		wantFault(t, err, fault.ErrNotFound, "input", "id")
	})
}
