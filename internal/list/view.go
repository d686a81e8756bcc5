package list

import (
	"context"
	"strings"
	"sync"

	ent "kabinet/ent/generated"
	"kabinet/internal/locale"
	"kabinet/internal/scalar"
	"kabinet/internal/viewer"
)

// Cart is what a person is about to buy, over a row of shopping_lists. What is
// in it is read and judged once, whichever of its fields is asked for.
type Cart struct {
	*ent.ShoppingList

	once   sync.Once
	items  []*ent.ListItem
	totals []*scalar.Money
	gaps   []*ListGap
	err    error
}

// ForCompanyID is the company a cart is for; nil where it is for a person.
func ForCompanyID(c *Cart) *scalar.ID {
	if c.ForID == nil || *c.ForID == c.OwnerID {
		return nil
	}
	return &scalar.ID{Prefix: "com", UUID: *c.ForID}
}

// Shared says whether a list belongs to a company, and not to who made it.
func Shared(s *ent.ShoppingList) bool { return s.UserID == nil || *s.UserID != s.OwnerID }

// CompanyID is the company a list is shared in; nil where it is a person's own.
func CompanyID(s *ent.ShoppingList) *scalar.ID {
	if !Shared(s) {
		return nil
	}
	return &scalar.ID{Prefix: "com", UUID: s.OwnerID}
}

// Availability says whether a product can be had.
func Availability(p *ent.Product) ProductAvailability { return availability(p.Status, p.Stock) }

// Rating is the mean of a product's published reviews; nil where there are none.
func Rating(p *ent.Product) *string { return rating(p.RatingSum, p.RatingCount) }

// sees says whether what is between the author and staff is the viewer's to read.
func sees(v viewer.Viewer, r *ent.Review) bool {
	return v.SignedIn() && r.UserID == v.UserID || v.IsSystem() || v.Staff && v.Reach("order", "read") == viewer.ReachAll
}

// AuthorID is shown to the author and staff alone, as are OrderLineID and
// RejectReason.
func AuthorID(v viewer.Viewer, r *ent.Review) *scalar.ID {
	if !sees(v, r) {
		return nil
	}
	return &scalar.ID{Prefix: "usr", UUID: r.UserID}
}

// OrderLineID is by which line the product was bought; see AuthorID.
func OrderLineID(v viewer.Viewer, r *ent.Review) *scalar.ID {
	if !sees(v, r) {
		return nil
	}
	return &scalar.ID{Prefix: "line", UUID: r.OrderLineID}
}

// RejectReason is why a review was rejected; see AuthorID.
func RejectReason(v viewer.Viewer, r *ent.Review) *string {
	if !sees(v, r) {
		return nil
	}
	return r.RejectReason
}

// Message is what is in the way, in the caller's language.
func (g *ListGap) Message(ctx context.Context) string {
	lang := viewer.From(ctx).Locale
	params := map[string]any{"wanted": g.Wanted, "available": g.Available, "then": locale.Money(lang, g.PriceSeen.Minor, g.PriceSeen.Currency)}
	if g.PriceNow != nil {
		params["now"] = locale.Money(lang, g.PriceNow.Minor, g.PriceNow.Currency)
	}
	return locale.Text(lang, "list.gap."+strings.ToLower(string(g.Kind)), params)
}
