package broadcast_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"kabinet/internal/notify/broadcast"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
)

// being is a person as the slow model knows him: everything at hand.
type being struct {
	id        uuid.UUID
	status    string
	locale    string
	region    string // empty: none
	interests []string
	tiers     []string
	clubs     []string
	birth     string
	joined    time.Time
	orders    []bought
	views     []seen
	wishes    []seen
	searches  []string
	sessions  []used
}

type bought struct {
	at        time.Time
	status    string
	currency  string
	paid      int64
	refunded  int64
	products  []int
	cancelled bool // its lines
}

type seen struct {
	product int
	at      time.Time
}

type used struct {
	kind string
	at   time.Time
}

// goods are products by number: id and category.
type goods []struct {
	id       uuid.UUID
	category string
}

func (b *bought) counts() bool { return b.status == "PLACED" || b.status == "COMPLETED" }

// in is the slow, obvious rule of who is in a segment.
func (p *being) in(f broadcast.SegmentFilter, all goods, now time.Time, segments map[uuid.UUID]broadcast.SegmentFilter) bool {
	return p.status == "ACTIVE" && p.holds(f, all, now, segments)
}

func (p *being) holds(f broadcast.SegmentFilter, all goods, now time.Time, segments map[uuid.UUID]broadcast.SegmentFilter) bool {
	any := func(want, have []string) bool {
		return len(want) == 0 || slices.ContainsFunc(want, func(w string) bool { return slices.Contains(have, w) })
	}
	switch {
	case !any(f.Locales, []string{p.locale, strings.Split(p.locale, "-")[0]}), !any(f.Interests, p.interests), !any(f.Tiers, p.tiers), !any(f.Clubs, p.clubs):
		return false
	case len(f.Regions) > 0 && (p.region == "" || !slices.Contains(f.Regions, p.region)):
		return false
	case len(f.UserIDs) > 0 && !slices.ContainsFunc(f.UserIDs, func(id scalar.ID) bool { return id.UUID == p.id }):
		return false
	case !p.didEnough(f, now), !p.cameWhen(f, now), !p.sought(f.Searched):
		return false
	}
	for _, x := range []struct {
		want *broadcast.SegmentProducts
		have []seen
	}{{f.Bought, p.purchases()}, {f.Viewed, p.views}, {f.Wishes, p.wishes}} {
		if x.want != nil && !slices.ContainsFunc(x.have, func(s seen) bool { return matches(*x.want, s, all, now) }) {
			return false
		}
	}
	for _, id := range f.NotIn {
		if p.holds(segments[id.UUID], all, now, segments) {
			return false
		}
	}
	return true
}

func (p *being) purchases() (all []seen) {
	for _, o := range p.orders {
		if o.counts() && !o.cancelled {
			for _, n := range o.products {
				all = append(all, seen{n, o.at})
			}
		}
	}
	return all
}

func matches(want broadcast.SegmentProducts, s seen, all goods, now time.Time) bool {
	if want.Days != nil && s.at.Before(now.AddDate(0, 0, -*want.Days)) {
		return false
	}
	g := all[s.product]
	if slices.ContainsFunc(want.ProductIDs, func(id scalar.ID) bool { return id.UUID == g.id }) {
		return true
	}
	return slices.ContainsFunc(want.Categories, func(c string) bool {
		rest, under := strings.CutPrefix(g.category, c)
		rest = strings.TrimSpace(rest)
		return g.category == c || under && (strings.HasPrefix(rest, "/") || strings.HasPrefix(rest, ">"))
	})
}

func (p *being) didEnough(f broadcast.SegmentFilter, now time.Time) bool {
	since := func(days *int, at time.Time) bool { return days == nil || !at.Before(now.AddDate(0, 0, -*days)) }
	if f.Orders != nil {
		n := 0
		for _, o := range p.orders {
			if o.counts() && since(f.Orders.Days, o.at) {
				n++
			}
		}
		if f.Orders.Min != nil && n < *f.Orders.Min || f.Orders.Max != nil && n > *f.Orders.Max {
			return false
		}
	}
	if s := f.Spent; s != nil {
		sum := int64(0)
		for _, o := range p.orders {
			if o.counts() && o.currency == s.Currency && since(s.Days, o.at) {
				sum += o.paid - o.refunded
			}
		}
		minor := func(text *string) int64 {
			m, _ := scalar.ParseMoney(*text, s.Currency)
			return m.Minor
		}
		if s.Min != nil && sum < minor(s.Min) || s.Max != nil && sum > minor(s.Max) {
			return false
		}
	}
	return true
}

func (p *being) cameWhen(f broadcast.SegmentFilter, now time.Time) bool {
	usedSince := func(days int) bool {
		return slices.ContainsFunc(p.sessions, func(s used) bool {
			return s.kind != "ACTING" && s.kind != "API_KEY" && !s.at.Before(now.AddDate(0, 0, -days))
		})
	}
	age := int(now.Sub(p.joined) / (24 * time.Hour))
	switch {
	case f.ActiveDays != nil && !usedSince(*f.ActiveDays):
		return false
	case f.InactiveDays != nil && (usedSince(*f.InactiveDays) || !p.joined.Before(now.AddDate(0, 0, -*f.InactiveDays))):
		return false
	case f.JoinedDays != nil && (f.JoinedDays.Min != nil && age < *f.JoinedDays.Min || f.JoinedDays.Max != nil && age > *f.JoinedDays.Max):
		return false
	}
	return f.BirthdayDays == nil || p.birth != "" && daysTo(p.birth, now) <= *f.BirthdayDays
}

// daysTo walks day by day to somebody's next birthday.
func daysTo(birth string, now time.Time) int {
	for n := range 800 {
		day := now.AddDate(0, 0, n)
		leapling := birth[5:] == "02-29" && day.Format("01-02") == "03-01" && day.AddDate(0, 0, -1).Day() == 28
		if day.Format("01-02") == birth[5:] || leapling {
			return n
		}
	}
	return 800
}

func (p *being) sought(want []string) bool {
	return len(want) == 0 || slices.ContainsFunc(want, func(text string) bool {
		return slices.ContainsFunc(p.searches, func(had string) bool {
			words := store.SeekWords(had)
			return !slices.ContainsFunc(store.SeekWords(text), func(w string) bool { return !slices.Contains(words, w) })
		})
	})
}

// The words that worlds and filters are made of.
var (
	someLocales   = []string{"en", "ru", "en-GB"}
	someRegions   = []string{"Bavaria", "Kent", "100%"}
	someInterests = []string{"tea", "it's", "music"}
	someHandles   = []string{"gold", "silver", "young"}
	someSearches  = []string{"returning a kettle", "возврат чайников", "kettles", "tea return"}
	someLooks     = []string{"return kettle", "чайник", "tea", "coffee"}
	categories    = []string{"Tea", "Tea/Green", "Tea > Black", "Teapots", "Tea_", ""}
	someBirths    = []string{"", "1990-02-29", "1988-11-21", "1988-11-20", "1970-12-31", "1970-01-01", "2000-03-01", "2000-02-28"}
)

func pick[T any](r *rand.Rand, all []T) T { return all[r.IntN(len(all))] }

func some[T any](r *rand.Rand, all []T) (out []T) {
	for _, v := range all {
		if r.IntN(3) == 0 {
			out = append(out, v)
		}
	}
	return out
}

func maybe[T any](r *rand.Rand, v T) *T {
	if r.IntN(2) == 0 {
		return nil
	}
	return &v
}

// randomFilter says a few things.
func randomFilter(r *rand.Rand, people []*being, all goods, segments []uuid.UUID) (f broadcast.SegmentFilter) {
	products := func() *broadcast.SegmentProducts {
		p := &broadcast.SegmentProducts{Days: maybe(r, 1+r.IntN(60)), Categories: some(r, categories[:5])}
		for _, g := range some(r, all) {
			p.ProductIDs = append(p.ProductIDs, as("prd", g.id))
		}
		if len(p.ProductIDs)+len(p.Categories) == 0 {
			p.Categories = categories[:1]
		}
		return p
	}
	least, most := r.IntN(4), 1+r.IntN(4)
	for range 1 + r.IntN(3) {
		switch r.IntN(16) {
		case 0:
			f.Locales = some(r, []string{"en", "ru"})
		case 1:
			f.Regions = some(r, someRegions)
		case 2:
			f.Interests = some(r, someInterests)
		case 3:
			f.Tiers = some(r, someHandles)
		case 4:
			f.Clubs = some(r, someHandles)
		case 5:
			f.UserIDs = []scalar.ID{as("usr", pick(r, people).id), as("usr", pick(r, people).id)}
		case 6:
			f.Spent = &broadcast.SegmentSpending{Currency: pick(r, []string{"GBP", "JPY"}), Min: ptr([]string{"0", "5", "10"}[r.IntN(3)]), Days: maybe(r, 1+r.IntN(60))}
		case 7:
			f.Spent = &broadcast.SegmentSpending{Currency: "GBP", Max: ptr([]string{"0", "5.00", "30"}[r.IntN(3)])}
		case 8:
			f.Orders = &broadcast.SegmentOrders{Min: &least, Max: ptr(least + r.IntN(3)), Days: maybe(r, 1+r.IntN(60))}
		case 9:
			f.Bought = products()
		case 10:
			f.Viewed, f.Wishes = products(), nil
		case 11:
			f.Wishes = products()
		case 12:
			f.Searched = some(r, someLooks)
		case 13:
			f.ActiveDays, f.InactiveDays = maybe(r, 1+r.IntN(60)), maybe(r, 1+r.IntN(60))
		case 14:
			f.JoinedDays, f.BirthdayDays = &broadcast.SegmentDays{Max: ptr(most * 10)}, maybe(r, r.IntN(367))
		case 15:
			for _, id := range some(r, segments) {
				f.NotIn = append(f.NotIn, as("seg", id))
			}
		}
	}
	return f
}
