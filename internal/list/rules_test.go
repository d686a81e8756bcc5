package list

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/product"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
)

func ptr[T any](v T) *T { return &v }

func prd(n byte) scalar.ID { return scalar.ID{Prefix: "prd", UUID: uuid.UUID{15: n}} }

func TestJudge(t *testing.T) {
	t.Parallel()
	goods := func(currency string, price int64, stock *int64) *ent.Product {
		return &ent.Product{Sku: currency, Status: product.StatusACTIVE, PriceMinor: price, Currency: currency, Stock: stock}
	}
	eur := func(n int64) scalar.Money { return scalar.Money{Minor: n, Currency: "EUR"} }
	gone := goods("EUR", 100, nil)
	gone.Status = product.StatusDISCONTINUED
	for _, c := range []struct {
		name      string
		item      item
		take      int64
		kind      ListGapKind
		available int64
	}{
		{"as it was", item{quantity: 3, seen: eur(100), product: goods("EUR", 100, ptr(int64(3)))}, 3, "", 0},
		{"not counted", item{quantity: 1_000_000, seen: eur(100), product: goods("EUR", 100, nil)}, 1_000_000, "", 0},
		{"hidden", item{quantity: 1, seen: eur(100)}, 0, ListGapKindNoLongerSold, 0},
		{"discontinued", item{quantity: 1, seen: eur(100), product: gone}, 0, ListGapKindNoLongerSold, 0},
		{"out", item{quantity: 1, seen: eur(100), product: goods("EUR", 90, ptr(int64(0)))}, 0, ListGapKindOutOfStock, 0},
		{"fewer", item{quantity: 3, seen: eur(100), product: goods("EUR", 90, ptr(int64(2)))}, 2, ListGapKindFewerInStock, 2},
		{"cheaper", item{quantity: 3, seen: eur(100), product: goods("EUR", 90, nil)}, 3, ListGapKindPriceChanged, 3},
		{"another currency alone", item{quantity: 1, seen: eur(100), product: goods("USD", 100, nil)}, 1, ListGapKindPriceChanged, 1},
	} {
		lines, _, gaps, err := judge([]item{c.item})
		if err != nil || c.take > 0 && (len(lines) != 1 || lines[0].Quantity != c.take) || c.take == 0 && len(lines) > 0 {
			t.Errorf("%s: ordered %v, %v", c.name, lines, err)
		}
		if c.kind == "" && len(gaps) > 0 || c.kind != "" && (len(gaps) != 1 || gaps[0].Kind != c.kind || gaps[0].Available != c.available || gaps[0].Wanted != c.item.quantity) {
			t.Errorf("%s: gaps %+v", c.name, gaps)
		}
	}
	lines, totals, gaps, err := judge([]item{
		{quantity: 1, seen: eur(5), product: goods("EUR", 5, ptr(int64(0)))},
		{quantity: 2, seen: scalar.Money{Minor: 7, Currency: "USD"}, product: goods("USD", 7, nil)},
		{quantity: 3, seen: eur(100), product: goods("EUR", 100, nil)},
	})
	if err != nil || !reflect.DeepEqual(lines, []BasketLine{{"USD", 2}}) || !reflect.DeepEqual(totals, []scalar.Money{eur(300), {Minor: 14, Currency: "USD"}}) ||
		len(gaps) != 2 || gaps[0].Kind != ListGapKindOutOfStock || gaps[1].Kind != ListGapKindOtherCurrency {
		t.Errorf("mixed: %v %v %v %v", lines, totals, gaps, err)
	}
	if _, _, _, err := judge([]item{{quantity: maxQuantity, product: goods("EUR", 1<<50, nil)}}); !errors.Is(err, fault.ErrOutOfRange) {
		t.Errorf("a sum beyond what is kept: %v", err)
	}
}

func TestAvailability(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		status product.Status
		stock  *int64
		want   ProductAvailability
	}{
		{product.StatusACTIVE, nil, ProductAvailabilityAvailable},
		{product.StatusACTIVE, ptr(int64(1)), ProductAvailabilityAvailable},
		{product.StatusACTIVE, ptr(int64(0)), ProductAvailabilityOutOfStock},
		{product.StatusDISCONTINUED, ptr(int64(1)), ProductAvailabilityNotSold},
		{product.StatusDRAFT, nil, ProductAvailabilityNotSold},
	} {
		if got := availability(c.status, c.stock); got != c.want {
			t.Errorf("%s: %s, want %s", c.status, got, c.want)
		}
	}
}

func TestCheckItems(t *testing.T) {
	t.Parallel()
	many := make([]*ListItemInput, maxItems+1)
	for _, c := range []struct {
		name  string
		items []*ListItemInput
		want  error
	}{
		{"none", nil, nil},
		{"the bounds", []*ListItemInput{{prd(1), 1}, {prd(2), maxQuantity}}, nil},
		{"zero", []*ListItemInput{{prd(1), 0}}, fault.ErrOutOfRange},
		{"negative", []*ListItemInput{{prd(1), -1}}, fault.ErrOutOfRange},
		{"huge", []*ListItemInput{{prd(1), maxQuantity + 1}}, fault.ErrOutOfRange},
		{"twice", []*ListItemInput{{prd(1), 1}, {prd(1), 1}}, fault.ErrInvalidValue},
		{"another kind", []*ListItemInput{{scalar.ID{Prefix: "order"}, 1}}, fault.ErrInvalidID},
		{"too many", many, ErrTooManyItems},
	} {
		if _, err := checkItems(c.items); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
	}
}

func TestMerged(t *testing.T) {
	t.Parallel()
	a, b, c := prd(1).UUID, prd(2).UUID, prd(3).UUID
	got, err := merged([]wanted{{a, 2}, {b, maxQuantity}}, []wanted{{c, 1}, {b, 5}, {a, 3}})
	if want := []wanted{{a, 5}, {b, maxQuantity}, {c, 1}}; err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%v %v, want %v", got, err, want)
	}
	full := make([]wanted, maxItems)
	for i := range full {
		full[i] = wanted{uuid.UUID{0: 1, 14: byte(i >> 8), 15: byte(i)}, 1}
	}
	if _, err := merged(full, []wanted{{a, 1}}); !errors.Is(err, ErrTooManyItems) {
		t.Errorf("more than fit: %v", err)
	}
	if _, err := merged(full, full); err != nil {
		t.Errorf("the same again: %v", err)
	}
}

func TestRating(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		sum, count int64
		want       string
	}{{0, 0, ""}, {5, 1, "5.0"}, {9, 2, "4.5"}, {14, 3, "4.7"}, {13, 3, "4.3"}, {17, 4, "4.3"}, {1, 1, "1.0"}} {
		got := ""
		if s := rating(c.sum, c.count); s != nil {
			got = *s
		}
		if got != c.want {
			t.Errorf("%d of %d: %q, want %q", c.sum, c.count, got, c.want)
		}
	}
}

func TestCounted(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		from, to   ReviewStatus
		was, now   int
		sum, count int64
	}{
		{ReviewStatusPending, ReviewStatusPublished, 4, 4, 4, 1},
		{ReviewStatusPublished, ReviewStatusPending, 4, 2, -4, -1},
		{ReviewStatusPublished, ReviewStatusRejected, 4, 4, -4, -1},
		{ReviewStatusPending, ReviewStatusRejected, 4, 4, 0, 0},
		{ReviewStatusPublished, ReviewStatusPublished, 4, 5, 1, 0},
	} {
		if sum, count := counted(c.from, c.to, c.was, c.now); sum != c.sum || count != c.count {
			t.Errorf("%s to %s: %d %d", c.from, c.to, sum, count)
		}
	}
}

func TestCheckReview(t *testing.T) {
	t.Parallel()
	text := func(s string) graphql.Omittable[*string] { return graphql.OmittableOf(&s) }
	for _, c := range []struct {
		name  string
		in    SaveReviewInput
		fresh bool
		want  error
	}{
		{"stars alone", SaveReviewInput{Rating: ptr(5)}, true, nil},
		{"no stars", SaveReviewInput{}, true, fault.ErrRequired},
		{"no stars again", SaveReviewInput{Body: text("x")}, false, nil},
		{"none", SaveReviewInput{Rating: ptr(0)}, true, fault.ErrOutOfRange},
		{"six", SaveReviewInput{Rating: ptr(6)}, false, fault.ErrOutOfRange},
		{"cleared", SaveReviewInput{Body: graphql.OmittableOf[*string](nil)}, false, nil},
		{"blank", SaveReviewInput{Rating: ptr(1), Title: text("  ")}, true, fault.ErrRequired},
		{"the longest title", SaveReviewInput{Rating: ptr(1), Title: text(strings.Repeat("ё", maxHeadline))}, true, nil},
		{"too long", SaveReviewInput{Rating: ptr(1), Body: text(strings.Repeat("ё", maxBody+1))}, true, fault.ErrTooLong},
		{"a zero byte", SaveReviewInput{Rating: ptr(1), Body: text("a\x00b")}, true, fault.ErrInvalidValue},
	} {
		if err := checkReview(c.in, c.fresh); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
	}
}

func TestCheckModerate(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		in   ModerateReviewInput
		want error
	}{
		{"publish", ModerateReviewInput{Status: ReviewStatusPublished}, nil},
		{"reject", ModerateReviewInput{Status: ReviewStatusRejected, Reason: ptr("Rude.")}, nil},
		{"reject, and not say why", ModerateReviewInput{Status: ReviewStatusRejected}, fault.ErrRequired},
		{"publish, and say why", ModerateReviewInput{Status: ReviewStatusPublished, Reason: ptr("Nice.")}, fault.ErrInvalidValue},
		{"put off", ModerateReviewInput{Status: ReviewStatusPending}, fault.ErrInvalidValue},
	} {
		if err := checkModerate(c.in); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
	}
}

func TestAuthor(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		n    naming
		want string
	}{
		{naming{given: "Анна", family: "Котова", shownTo: "EVERYBODY"}, "Анна Котова"},
		{naming{given: "Анна", family: "Котова"}, "Анна К."},
		{naming{given: "Anna", shownTo: "EVERYBODY"}, "Anna"},
		{naming{given: "Anna", family: "Kay", nickname: "kay", shownTo: "NOBODY"}, "kay"},
		{naming{given: "Anna", family: "Kay", shownTo: "NOBODY"}, ""},
		{naming{nickname: "kay"}, "kay"},
		{naming{family: "Kay", shownTo: "SHORTENED"}, ""},
	} {
		got := ""
		if s := c.n.author(); s != nil {
			got = *s
		}
		if got != c.want {
			t.Errorf("%+v: %q, want %q", c.n, got, c.want)
		}
	}
}

func TestCheckAudience(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	one := []scalar.ID{prd(1)}
	for _, c := range []struct {
		name   string
		in     SetProductAudienceInput
		hidden bool
		want   error
	}{
		{"everybody", SetProductAudienceInput{ProductIDs: one}, false, nil},
		{"nobody yet", SetProductAudienceInput{ProductIDs: one, ReleasedAt: ptr(now.Add(time.Hour))}, true, nil},
		{"a club", SetProductAudienceInput{ProductIDs: one, Audience: &ProductAudienceInput{Clubs: []string{"gold"}}}, true, nil},
		{"members", SetProductAudienceInput{ProductIDs: one, Audience: &ProductAudienceInput{EveryoneSignedIn: ptr(true)}}, true, nil},
		{"nobody named", SetProductAudienceInput{ProductIDs: one, Audience: &ProductAudienceInput{}}, false, fault.ErrRequired},
		{"no product", SetProductAudienceInput{}, false, fault.ErrRequired},
		{"too many", SetProductAudienceInput{ProductIDs: make([]scalar.ID, maxGoods+1)}, false, fault.ErrTooLong},
		{"twice", SetProductAudienceInput{ProductIDs: []scalar.ID{prd(1), prd(1)}}, false, fault.ErrInvalidValue},
		{"past", SetProductAudienceInput{ProductIDs: one, ReleasedAt: &now}, false, fault.ErrInvalidValue},
		{"no customer", SetProductAudienceInput{ProductIDs: one, Audience: &ProductAudienceInput{CustomerIDs: one}}, false, fault.ErrInvalidID},
		{"no handle", SetProductAudienceInput{ProductIDs: one, Audience: &ProductAudienceInput{Tiers: []string{""}}}, false, fault.ErrRequired},
	} {
		_, a, err := checkAudience(c.in, now)
		if !errors.Is(err, c.want) || err == nil && (a != nil) != c.hidden {
			t.Errorf("%s: %+v %v, want %v", c.name, a, err, c.want)
		}
	}
}
