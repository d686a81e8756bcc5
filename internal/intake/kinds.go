package intake

import (
	"time"

	"github.com/99designs/gqlgen/graphql"

	"kabinet/ent/generated/contactpoint"
	entorder "kabinet/ent/generated/order"
	entproduct "kabinet/ent/generated/product"
	"kabinet/ent/generated/user"
	"kabinet/internal/account/arrival"
	"kabinet/internal/order"
	"kabinet/internal/order/goods"
	"kabinet/internal/scalar"
)

// fields are what can be mapped, by kind.
var fields = map[Kind]map[string]valueKind{
	Products: {
		"sku": aText, "title": aText, "category": aText, "imageUrl": aText, "url": aText, "price.amount": anAmount, "price.currency": aWord,
		"stock": aNumber, "status": aWord, "external.source": aText, "external.id": aText, "sourceUpdatedAt": aTime, "metadata": data,
	},
	Stock: {
		"product.sku": aText, "product.external.source": aText, "product.external.id": aText,
		"price.amount": anAmount, "price.currency": aWord, "stock": aNumber, "sourceUpdatedAt": aTime,
	},
	Users: {
		"external.source": aText, "external.id": aText, "sourceUpdatedAt": aTime, "kind": aWord, "displayName": aText, "givenName": aText,
		"familyName": aText, "middleName": aText, "birthOn": aDate, "sex": aWord, "locale": aWord, "timeZone": aWord,
		"email": aText, "email.verified": aBool, "phone": aText, "phone.verified": aBool, "clubs": aList, "metadata": data,
		"address.label": aText, "address.name": aText, "address.organization": aText, "address.phone": aText, "address.country": aWord, "address.lines": aList,
		"address.district": aText, "address.city": aText, "address.region": aText, "address.postalCode": aText, "address.note": aText,
	},
	Orders: {
		"external.source": aText, "external.id": aText, "sourceUpdatedAt": aTime, "number": aText, "channel": aWord, "placedAt": aTime, "currency": aWord,
		"customer.email": aText, "customer.external.source": aText, "customer.external.id": aText, "shipping": anAmount,
		"status": aWord, "paymentStatus": aWord, "fulfillmentStatus": aWord, "metadata": data,
		"lines.sku": aText, "lines.title": aText, "lines.category": aText, "lines.quantity": aNumber, "lines.unitPrice": anAmount, "lines.discount": anAmount, "lines.tax": anAmount,
	},
}

// needed are the fields without which no row of a kind can be taken.
var needed = map[Kind][]string{
	Products: {"sku"},
	Users:    {"external.source", "external.id"},
	Orders:   {"external.source", "external.id", "placedAt", "currency", "lines.sku", "lines.title", "lines.quantity", "lines.unitPrice"},
}

// key is a key of an outside system; nil where none is said.
func (r *record) key(under string) *scalar.ExternalKey {
	source, id := r.text(under+".source"), r.text(under+".id")
	if id == "" { // the source alone, such as a constant, names nothing
		return nil
	}
	return &scalar.ExternalKey{Source: source, ID: id}
}

// changed is when the outside system changed the row: the file's own time where
// it says nothing.
func (r *record) changed(file time.Time) time.Time {
	if t := r.when("sourceUpdatedAt"); t != nil {
		return *t
	}
	return file
}

func (r *record) product(file time.Time) *goods.UpsertProductInput {
	at := r.changed(file)
	return &goods.UpsertProductInput{
		Sku: r.text("sku"), Title: r.opt("title"), Category: r.may("category"), ImageURL: r.link("imageUrl"), URL: r.link("url"),
		Price: r.money("price.amount", "price.currency"), Stock: r.count("stock"),
		Status:   word(r, "status", entproduct.StatusACTIVE, entproduct.StatusDISCONTINUED, entproduct.StatusDRAFT),
		External: r.key("external"), SourceUpdatedAt: &at, Metadata: r.object("metadata"),
	}
}

func (r *record) stock(file time.Time) *goods.UpsertStockItemInput {
	ref := &order.ProductRef{Sku: r.opt("product.sku")}
	if ref.Sku == nil {
		ref.External = r.key("product.external")
	}
	return &goods.UpsertStockItemInput{
		Product: ref, SourceUpdatedAt: r.changed(file), Price: r.money("price.amount", "price.currency"), Stock: r.count("stock"),
	}
}

func (r *record) user(file time.Time) *arrival.UpsertUserInput {
	in := &arrival.UpsertUserInput{
		External: r.key("external"), SourceUpdatedAt: r.changed(file),
		Kind:        word(r, "kind", user.KindPERSON, user.KindSOLE_TRADER, user.KindLEGAL_ENTITY),
		DisplayName: r.opt("displayName"), GivenName: r.may("givenName"), FamilyName: r.may("familyName"), MiddleName: r.may("middleName"),
		BirthOn: r.day("birthOn"), Locale: some(r.checked("locale", scalar.UnmarshalLocale)), TimeZone: some(r.checked("timeZone", scalar.UnmarshalTimeZone)),
		Clubs: r.list("clubs"), Metadata: r.object("metadata"),
	}
	if _, null, said := r.cell("sex"); said {
		if sex := word(r, "sex", user.SexFEMALE, user.SexMALE); sex != nil || null {
			in.Sex = graphql.OmittableOf(sex)
		}
	}
	for _, c := range []struct {
		kind contactpoint.Kind
		name string
	}{{contactpoint.KindEMAIL, "email"}, {contactpoint.KindPHONE, "phone"}} {
		if value := r.text(c.name); value != "" {
			in.ContactPoints = append(in.ContactPoints, &arrival.UpsertContactPointInput{Kind: c.kind, Value: value, Verified: r.truth(c.name + ".verified")})
		}
	}
	if lines := r.list("address.lines"); lines != nil {
		label := r.text("address.label")
		if label == "" {
			label = "import"
		}
		in.Addresses = []*arrival.UpsertAddressInput{{
			Label: label, Name: r.opt("address.name"), Organization: r.opt("address.organization"), Phone: r.opt("address.phone"),
			Country: r.opt("address.country"), Lines: lines, District: r.opt("address.district"), City: r.opt("address.city"),
			Region: r.opt("address.region"), PostalCode: r.opt("address.postalCode"), Note: r.opt("address.note"),
		}}
	}
	return in
}

func (r *record) order(file time.Time) *order.UpsertOrderInput {
	in := &order.UpsertOrderInput{
		External: r.key("external"), SourceUpdatedAt: r.changed(file), Number: r.opt("number"),
		Channel:           word(r, "channel", entorder.ChannelONLINE, entorder.ChannelSTORE, entorder.ChannelPHONE, entorder.ChannelMARKETPLACE),
		Currency:          r.checked("currency", scalar.UnmarshalCurrencyCode),
		Status:            word(r, "status", entorder.StatusPLACED, entorder.StatusCOMPLETED, entorder.StatusCANCELLED),
		PaymentStatus:     word(r, "paymentStatus", entorder.PaymentStatusPENDING, entorder.PaymentStatusAUTHORIZED, entorder.PaymentStatusPAID, entorder.PaymentStatusPARTIALLY_REFUNDED, entorder.PaymentStatusREFUNDED),
		FulfillmentStatus: word(r, "fulfillmentStatus", entorder.FulfillmentStatusNEW, entorder.FulfillmentStatusASSEMBLING, entorder.FulfillmentStatusSHIPPED, entorder.FulfillmentStatusAT_PICKUP_POINT, entorder.FulfillmentStatusDELIVERED, entorder.FulfillmentStatusPARTIALLY_RETURNED, entorder.FulfillmentStatusRETURNED),
		Metadata:          r.object("metadata"),
	}
	if at := r.when("placedAt"); at != nil {
		in.PlacedAt = *at
	} else if len(r.troubles) == 0 {
		r.wrong("placedAt", "it says nothing")
	}
	in.Shipping = r.amount("shipping", in.Currency)
	if email := r.text("customer.email"); email != "" {
		in.Customer = &order.CustomerRef{Email: &email}
	} else if key := r.key("customer.external"); key != nil {
		in.Customer = &order.CustomerRef{External: key}
	}
	return in
}

func (r *record) line(currency string) *order.UpsertOrderLineInput {
	l := &order.UpsertOrderLineInput{
		Sku: r.text("lines.sku"), Title: r.text("lines.title"), Category: r.opt("lines.category"),
		Discount: r.amount("lines.discount", currency), Tax: r.amount("lines.tax", currency),
	}
	if n := r.count("lines.quantity").Value(); n != nil {
		l.Quantity = *n
	}
	if price := r.amount("lines.unitPrice", currency); price != nil {
		l.UnitPrice = *price
	}
	return l
}
