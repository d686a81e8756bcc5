package intake

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/address"
	"kabinet/ent/generated/contactpoint"
	entorder "kabinet/ent/generated/order"
	entproduct "kabinet/ent/generated/product"
	"kabinet/ent/generated/user"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
)

// Columns are what Export writes of a kind, in order: fields of a mapping.
func Columns(kind Kind) []string { return slices.Clone(exported[kind]) }

var exported = map[Kind][]string{
	Products: {"sku", "title", "category", "imageUrl", "url", "price.amount", "price.currency", "stock", "status", "external.source", "external.id", "sourceUpdatedAt", "metadata"},
	Stock:    {"product.sku", "price.amount", "price.currency", "stock", "sourceUpdatedAt"},
	Users: {"external.source", "external.id", "sourceUpdatedAt", "kind", "displayName", "givenName", "familyName", "middleName", "birthOn", "sex", "locale", "timeZone",
		"email", "email.verified", "phone", "phone.verified", "metadata",
		"address.label", "address.name", "address.organization", "address.phone", "address.country", "address.lines", "address.district", "address.city", "address.region", "address.postalCode", "address.note"},
	Orders: {"external.source", "external.id", "sourceUpdatedAt", "number", "channel", "placedAt", "currency", "customer.external.source", "customer.external.id", "customer.email",
		"shipping", "status", "paymentStatus", "fulfillmentStatus", "metadata",
		"lines.sku", "lines.title", "lines.category", "lines.quantity", "lines.unitPrice", "lines.discount", "lines.tax"},
}

// Rows takes what Export writes: a string, an int64 or nil a cell.
type Rows interface{ Row(cells []any) error }

// Exported says what Export wrote.
type Exported struct {
	Items  int64
	Rows   int64
	NoName int64 // people and orders that no outside system has a key for: they are not in the file
}

// atOnce is how many rows are read at a time.
const atOnce = 500

// Export writes all of a kind so that Import takes it over again by Standard.
// Only a system viewer may: it steps past every fence. What changes meanwhile
// is written as it was or as it is.
func Export(ctx context.Context, st *store.Store, kind Kind, to Rows, moved func(Exported)) (done Exported, err error) {
	after := uuid.Nil
	page := map[Kind]func(context.Context, *store.Store, uuid.UUID, func([]any) error, *Exported) (uuid.UUID, error){
		Products: products, Stock: stocks, Users: people, Orders: orders,
	}[kind]
	put := func(cells []any) error {
		done.Rows++
		return to.Row(cells)
	}
	for {
		last, err := page(ctx, st, after, put, &done)
		if err != nil || last == uuid.Nil {
			return done, err
		}
		if after = last; moved != nil {
			moved(done)
		}
	}
}

func past(after uuid.UUID) func(*sql.Selector) {
	return func(s *sql.Selector) {
		if after != uuid.Nil {
			s.Where(sql.GT(s.C("id"), after))
		}
		s.OrderBy(s.C("id"))
	}
}

func products(ctx context.Context, st *store.Store, after uuid.UUID, put func([]any) error, done *Exported) (last uuid.UUID, err error) {
	rows, err := st.Client.Product.Query().Where(past(after)).Limit(atOnce).All(ctx)
	if err != nil {
		return last, store.Translate(err)
	}
	for _, p := range rows {
		last = p.ID
		done.Items++
		err := put([]any{p.Sku, p.Title, text(p.Category), text(p.ImageURL), text(p.URL), p.Price().Amount(), p.Currency, number(p.Stock), string(p.Status),
			text(p.Source), text(p.ExternalID), moment(latest(p.SourceUpdatedAt, p.PriceSourceAt, p.StockSourceAt, &p.UpdatedAt)), object(p.Metadata)})
		if err != nil {
			return last, err
		}
	}
	return last, nil
}

func stocks(ctx context.Context, st *store.Store, after uuid.UUID, put func([]any) error, done *Exported) (last uuid.UUID, err error) {
	rows, err := st.Client.Product.Query().Where(past(after)).Limit(atOnce).
		Select(entproduct.FieldID, entproduct.FieldSku, entproduct.FieldPriceMinor, entproduct.FieldCurrency, entproduct.FieldStock, entproduct.FieldPriceSourceAt, entproduct.FieldStockSourceAt, entproduct.FieldUpdatedAt).All(ctx)
	if err != nil {
		return last, store.Translate(err)
	}
	for _, p := range rows {
		last = p.ID
		done.Items++
		if err := put([]any{p.Sku, p.Price().Amount(), p.Currency, number(p.Stock), moment(latest(p.PriceSourceAt, p.StockSourceAt, &p.UpdatedAt))}); err != nil {
			return last, err
		}
	}
	return last, nil
}

func people(ctx context.Context, st *store.Store, after uuid.UUID, put func([]any) error, done *Exported) (last uuid.UUID, err error) {
	rows, err := st.Client.User.Query().Where(past(after), user.StatusNEQ(user.StatusERASED)).
		WithContactPoints(func(q *ent.ContactPointQuery) { q.Where(contactpoint.IsPrimary(true)) }).
		WithAddresses(func(q *ent.AddressQuery) { q.Where(address.KindEQ(address.KindADDRESS), address.LabelNotNil()) }).Limit(atOnce).All(ctx)
	if err != nil {
		return last, store.Translate(err)
	}
	for _, u := range rows {
		last = u.ID
		if u.Source == nil || u.ExternalID == nil {
			done.NoName++
			continue
		}
		done.Items++
		cells := []any{*u.Source, *u.ExternalID, moment(latest(u.SourceUpdatedAt, &u.UpdatedAt)), string(u.Kind), u.DisplayName, text(u.GivenName), text(u.FamilyName), text(u.MiddleName),
			text(u.BirthOn), text((*string)(u.Sex)), u.Locale, u.TimeZone, nil, nil, nil, nil, object(u.Metadata)}
		for _, c := range u.Edges.ContactPoints {
			at := 12
			if c.Kind == contactpoint.KindPHONE {
				at = 14
			}
			cells[at], cells[at+1] = c.Value, map[bool]string{true: "true", false: "false"}[c.VerifiedAt != nil]
		}
		if err := put(append(cells, addressCells(u.Edges.Addresses)...)); err != nil {
			return last, err
		}
	}
	return last, nil
}

// addressCells are the person's first address: the default one before others.
func addressCells(list []*ent.Address) []any {
	if len(list) == 0 {
		return make([]any, 11)
	}
	a := slices.MinFunc(list, func(a, b *ent.Address) int {
		if a.IsDefault != b.IsDefault {
			return map[bool]int{true: -1, false: 1}[a.IsDefault]
		}
		return slices.Compare(a.ID[:], b.ID[:])
	})
	return []any{text(a.Label), text(a.Name), text(a.Organization), text(a.Phone), text(a.Country), strings.Join(a.Lines, "|"), text(a.District), text(a.City), text(a.Region), text(a.PostalCode), text(a.Note)}
}

func orders(ctx context.Context, st *store.Store, after uuid.UUID, put func([]any) error, done *Exported) (last uuid.UUID, err error) {
	rows, err := st.Client.Order.Query().Where(past(after), entorder.StatusIn(entorder.StatusPLACED, entorder.StatusCOMPLETED, entorder.StatusCANCELLED)).
		WithLines().WithCustomer(func(q *ent.UserQuery) {
		q.WithContactPoints(func(q *ent.ContactPointQuery) {
			q.Where(contactpoint.KindEQ(contactpoint.KindEMAIL), contactpoint.VerifiedAtNotNil(), contactpoint.IsPrimary(true))
		})
	}).Limit(atOnce).All(ctx)
	if err != nil {
		return last, store.Translate(err)
	}
	for _, o := range rows {
		last = o.ID
		if o.Source == nil || o.ExternalID == nil {
			done.NoName++
			continue
		}
		done.Items++
		if err := orderRows(o, put); err != nil {
			return last, err
		}
	}
	return last, nil
}

func orderRows(o *ent.Order, put func([]any) error) error {
	var source, id, email any
	if c := o.Edges.Customer; c != nil {
		if source, id = text(c.Source), text(c.ExternalID); source == nil && len(c.Edges.ContactPoints) > 0 {
			email = c.Edges.ContactPoints[0].Value
		}
	}
	money := func(minor int64) string { return scalar.Money{Minor: minor, Currency: o.Currency}.Amount() }
	head := []any{*o.Source, *o.ExternalID, moment(latest(o.SourceUpdatedAt, &o.UpdatedAt)), o.Number, string(o.Channel), moment(&o.PlacedAt), o.Currency, source, id, email,
		money(o.ShippingMinor), string(o.Status), string(o.PaymentStatus), string(o.FulfillmentStatus), object(o.Metadata)}
	lines := slices.SortedFunc(slices.Values(o.Edges.Lines), func(a, b *ent.OrderLine) int { return a.Position - b.Position })
	for _, l := range lines {
		err := put(append(slices.Clone(head), l.Sku, l.Title, text(l.Category), l.Quantity, money(l.UnitPriceMinor), money(l.DiscountMinor), money(l.TaxMinor)))
		if err != nil {
			return err
		}
	}
	return nil
}

// latest is the last of times; at least one is there.
func latest(times ...*time.Time) *time.Time {
	var last *time.Time
	for _, t := range times[:len(times)-1] {
		if t != nil && (last == nil || t.After(*last)) {
			last = t
		}
	}
	if last == nil {
		last = times[len(times)-1] // ours, where no outside system said one
	}
	return last
}

func text(s *string) any {
	if s == nil {
		return nil
	}
	return *s
}

func number(n *int64) any {
	if n == nil {
		return nil
	}
	return *n
}

func moment(t *time.Time) any { return t.UTC().Format(time.RFC3339Nano) }

func object(m map[string]any) any {
	if m == nil {
		return nil
	}
	b, err := json.Marshal(m)
	if err != nil {
		return nil
	}
	return string(b)
}
