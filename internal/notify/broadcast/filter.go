package broadcast

import (
	"slices"
	"strconv"

	"github.com/google/uuid"

	"kabinet/ent/schema"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
)

// The bounds of a filter.
const (
	mostLocales  = 10
	mostNamed    = 100 // regions, interests, tiers, clubs, products, categories
	mostPeople   = 1_000
	mostSearched = 20
	mostNot      = 10
	longestWord  = 100 // characters
	mostDays     = 3_660
	mostJoined   = 36_600
	mostBirthday = 366
	mostOrders   = 1_000_000
)

// read is a filter as it is kept; nil: everybody. Faults below it: TOO_LONG,
// REQUIRED, INVALID_ID, INVALID_VALUE, OUT_OF_RANGE.
func (f *SegmentFilter) read() (out schema.SegmentFilter, err error) {
	if f == nil {
		return out, nil
	}
	for _, l := range []struct {
		name string
		in   []string
		most int
		to   *[]string
	}{
		{"locales", f.Locales, mostLocales, &out.Locales}, {"regions", f.Regions, mostNamed, &out.Regions}, {"interests", f.Interests, mostNamed, &out.Interests},
		{"tiers", f.Tiers, mostNamed, &out.Tiers}, {"clubs", f.Clubs, mostNamed, &out.Clubs}, {"searched", f.Searched, mostSearched, &out.Searched},
	} {
		if *l.to, err = words(l.in, l.most, l.name); err != nil {
			return out, err
		}
	}
	for i, text := range out.Searched {
		if len(store.SeekWords(text)) == 0 {
			return out, fault.ErrInvalidValue.At("searched", strconv.Itoa(i))
		}
	}
	if out.UserIDs, err = keys(f.UserIDs, "usr", mostPeople, "userIds"); err != nil {
		return out, err
	}
	if out.Not, err = keys(f.NotIn, segmentPrefix, mostNot, "notIn"); err != nil {
		return out, err
	}
	if err = f.readNumbers(&out); err != nil {
		return out, err
	}
	for _, p := range []struct {
		name string
		in   *SegmentProducts
		to   **schema.SegmentOf
	}{{"bought", f.Bought, &out.Bought}, {"viewed", f.Viewed, &out.Viewed}, {"wishes", f.Wishes, &out.Wishes}} {
		if *p.to, err = p.in.read(); err != nil {
			return out, under(err, p.name)
		}
	}
	return out, nil
}

// readNumbers reads what has bounds.
func (f *SegmentFilter) readNumbers(out *schema.SegmentFilter) (err error) {
	for _, n := range []struct {
		name        string
		in          *int
		least, most int
		to          **int
	}{{"activeDays", f.ActiveDays, 1, mostDays, &out.ActiveDays}, {"inactiveDays", f.InactiveDays, 1, mostDays, &out.InactiveDays}, {"birthdayDays", f.BirthdayDays, 0, mostBirthday, &out.Birthday}} {
		if err := within(n.in, n.least, n.most, n.name); err != nil {
			return err
		}
		*n.to = n.in
	}
	if f.Orders != nil {
		if err := bounds(f.Orders.Min, f.Orders.Max, mostOrders, "orders"); err != nil {
			return err
		}
		if err := within(f.Orders.Days, 1, mostDays, "orders", "days"); err != nil {
			return err
		}
		out.Orders = &schema.SegmentNum{Min: f.Orders.Min, Max: f.Orders.Max, Days: f.Orders.Days}
	}
	if f.JoinedDays != nil {
		if err := bounds(f.JoinedDays.Min, f.JoinedDays.Max, mostJoined, "joinedDays"); err != nil {
			return err
		}
		out.JoinedDays = &schema.SegmentNum{Min: f.JoinedDays.Min, Max: f.JoinedDays.Max}
	}
	out.Spent, err = f.Spent.read()
	return under(err, "spent")
}

// read is what was spent, in minor units.
func (s *SegmentSpending) read() (*schema.SegmentSum, error) {
	if s == nil {
		return nil, nil
	}
	out := &schema.SegmentSum{Currency: s.Currency, Days: s.Days}
	if s.Min == nil && s.Max == nil {
		return nil, fault.ErrRequired.At("min")
	}
	for _, a := range []struct {
		name string
		in   *string
		to   **int64
	}{{"min", s.Min, &out.Min}, {"max", s.Max, &out.Max}} {
		if a.in == nil {
			continue
		}
		m, err := scalar.ParseMoney(*a.in, s.Currency)
		if err != nil || m.Minor < 0 {
			return nil, fault.ErrInvalidValue.At(a.name)
		}
		*a.to = &m.Minor
	}
	if out.Min != nil && out.Max != nil && *out.Min > *out.Max {
		return nil, fault.ErrInvalidValue.At("max")
	}
	return out, within(s.Days, 1, mostDays, "days")
}

// read is a choice of products.
func (p *SegmentProducts) read() (*schema.SegmentOf, error) {
	if p == nil {
		return nil, nil
	}
	ids, err := keys(p.ProductIDs, "prd", mostNamed, "productIds")
	if err != nil {
		return nil, err
	}
	categories, err := words(p.Categories, mostNamed, "categories")
	if err != nil {
		return nil, err
	}
	if len(ids)+len(categories) == 0 {
		return nil, fault.ErrRequired.At("productIds")
	}
	return &schema.SegmentOf{ProductIDs: ids, Categories: categories, Days: p.Days}, within(p.Days, 1, mostDays, "days")
}

// words are texts without spaces around them, each once.
func words(in []string, most int, name string) ([]string, error) {
	if len(in) > most {
		return nil, fault.ErrTooLong.At(name).With("limit", most)
	}
	var out []string
	for i, text := range in {
		text, bad := scalar.CleanText(text, longestWord)
		switch {
		case bad != nil && bad.Code == "TOO_LONG":
			return nil, fault.ErrTooLong.At(name, strconv.Itoa(i)).With("limit", longestWord)
		case bad != nil:
			return nil, fault.ErrInvalidValue.At(name, strconv.Itoa(i))
		case text == "":
			return nil, fault.ErrRequired.At(name, strconv.Itoa(i))
		}
		if !slices.Contains(out, text) {
			out = append(out, text)
		}
	}
	return out, nil
}

// keys are ids of one kind, each once.
func keys(in []scalar.ID, prefix string, most int, name string) ([]uuid.UUID, error) {
	if len(in) > most {
		return nil, fault.ErrTooLong.At(name).With("limit", most)
	}
	var out []uuid.UUID
	for i, id := range in {
		key, err := keyOf(id, prefix, name, strconv.Itoa(i))
		if err != nil {
			return nil, err
		}
		if !slices.Contains(out, key) {
			out = append(out, key)
		}
	}
	return out, nil
}

func within(n *int, least, most int, path ...string) error {
	if n != nil && (*n < least || *n > most) {
		return fault.ErrOutOfRange.At(path...).With("min", least).With("max", most)
	}
	return nil
}

// bounds wants one of two numbers, and no nonsense.
func bounds(least, most *int, limit int, name string) error {
	switch {
	case least == nil && most == nil:
		return fault.ErrRequired.At(name, "min")
	case least != nil && most != nil && *least > *most:
		return fault.ErrInvalidValue.At(name, "max")
	}
	if err := within(least, 0, limit, name, "min"); err != nil {
		return err
	}
	return within(most, 0, limit, name, "max")
}

// ShowFilter is a filter as staff sees it.
func ShowFilter(f schema.SegmentFilter) *SegmentFilter {
	out := &SegmentFilter{
		Locales: list(f.Locales), Regions: list(f.Regions), Interests: list(f.Interests), Tiers: list(f.Tiers), Clubs: list(f.Clubs), Searched: list(f.Searched),
		UserIDs: ids("usr", f.UserIDs), NotIn: ids(segmentPrefix, f.Not), ActiveDays: f.ActiveDays, InactiveDays: f.InactiveDays, BirthdayDays: f.Birthday,
		Bought: showProducts(f.Bought), Viewed: showProducts(f.Viewed), Wishes: showProducts(f.Wishes),
	}
	if f.Orders != nil {
		out.Orders = &SegmentOrders{Min: f.Orders.Min, Max: f.Orders.Max, Days: f.Orders.Days}
	}
	if f.JoinedDays != nil {
		out.JoinedDays = &SegmentDays{Min: f.JoinedDays.Min, Max: f.JoinedDays.Max}
	}
	if s := f.Spent; s != nil {
		amount := func(n *int64) *string {
			if n == nil {
				return nil
			}
			text := scalar.Money{Minor: *n, Currency: s.Currency}.Amount()
			return &text
		}
		out.Spent = &SegmentSpending{Currency: s.Currency, Min: amount(s.Min), Max: amount(s.Max), Days: s.Days}
	}
	return out
}

func showProducts(p *schema.SegmentOf) *SegmentProducts {
	if p == nil {
		return nil
	}
	return &SegmentProducts{ProductIDs: ids("prd", p.ProductIDs), Categories: list(p.Categories), Days: p.Days}
}

func list(all []string) []string {
	return append([]string{}, all...)
}

func ids(prefix string, keys []uuid.UUID) []scalar.ID {
	all := make([]scalar.ID, len(keys))
	for i, k := range keys {
		all[i] = idOf(prefix, k)
	}
	return all
}
