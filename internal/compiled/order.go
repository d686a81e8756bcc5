package compiled

import (
	"entgo.io/ent/dialect/sql"

	ent "kabinet/ent/generated"
	entorder "kabinet/ent/generated/order"
	"kabinet/internal/order"
)

var orderObjects = map[string]*object{
	"Order": {typ: "Order", fields: map[string]field{
		"lines":            many{from: "id", on: "order_id", listing: sorted("position")},
		"payments":         many{from: "id", on: "order_id", listing: ofKind("PAYMENT")},
		"refunds":          many{from: "id", on: "order_id", listing: ofKind("REFUND")},
		"shipments":        many{from: "id", on: "order_id", listing: sorted("id")},
		"returns":          many{from: "id", on: "order_id", listing: sorted("requested_at", "id")},
		"events":           connection{from: "id", on: "order_id", listing: oldest},
		"statusLabel":      computed(orderLabel),
		"availableActions": computed(orderActions),
		"companyId":        computed(orderCompany),
	}},
	"OrderLine":  {typ: "OrderLine"},
	"OrderEvent": {typ: "OrderEvent"},
	"Product": {typ: "Product", fields: map[string]field{
		"availability": computed(productAvailability),
		"rating":       computed(productRating),
	}},
	"Payment":  {typ: "Payment"},
	"Refund":   {typ: "Payment"},
	"Shipment": {typ: "Shipment"},
	"ReturnRequest": {typ: "ReturnRequest", fields: map[string]field{
		"orderId": computed(func(c *call, v []value) error { return c.writeOptionalID("order", v[0]) }),
	}},
}

// orderRoot is order(by:): the conditions depend on which key names it.
var orderRoot = one{
	settle: func(g *given, _ map[string]any) error {
		by := g.args["by"].(order.OrderRef)
		switch {
		case by.ID != nil:
			g.key = "id"
		case by.Number != nil:
			g.key = "number"
		case by.External != nil:
			g.key = "external"
		}
		_, err := by.Named() // what cannot be is told by the ordinary way
		return err
	},
	listing: func(n int, args map[string]any) (listing, error) {
		by := func(part func(order.OrderRef) any) param {
			return func(c *call) (any, error) { return part(c.given[n].args["by"].(order.OrderRef)), nil }
		}
		switch named := args["by"].(order.OrderRef); {
		case named.ID != nil:
			return where(sql.FieldEQ("id", by(func(r order.OrderRef) any { return r.ID.UUID }))), nil
		case named.Number != nil:
			return where(sql.FieldEQ("number", by(func(r order.OrderRef) any { return *r.Number }))), nil
		}
		l := where(sql.FieldEQ("source", by(func(r order.OrderRef) any { return r.External.Source })))
		l.where = append(l.where, sql.FieldEQ("external_id", by(func(r order.OrderRef) any { return r.External.ID })))
		return l, nil
	},
}

var orderSorts = []string{"placed_at", "total_minor"}

func ordersListing(_ int, args map[string]any) (listing, error) {
	filter, _ := args["filter"].(*order.OrderFilter)
	if filter != nil && (filter.Text != nil || filter.Check() != nil) {
		return listing{}, errNot // a search asks the database first; a refusal has its words
	}
	sort, _ := args["sort"].(*order.OrderSort)
	column, desc := order.SortedBy(sort)
	return listing{where: all(filter.Predicates()), by: column, desc: desc}, nil
}

// sorted sorts a whole list by columns, first first.
func sorted(columns ...string) listingOf {
	var l listing
	for _, column := range columns {
		l.order = append(l.order, sql.OrderByField(column).ToFunc())
	}
	return func(int, map[string]any) (listing, error) { return l, nil }
}

func ofKind(kind string) listingOf {
	return func(int, map[string]any) (listing, error) {
		l := where(sql.FieldEQ("kind", kind))
		l.order = append(l.order, sql.OrderByField("id").ToFunc())
		return l, nil
	}
}

// oldest is a connection by id, first first.
func oldest(int, map[string]any) (listing, error) { return listing{by: "id"}, nil }

// standing is an order with where it stands: status, payment and fulfillment.
// It is good until the next call.
func (c *call) standing(v []value) (*ent.Order, error) {
	var text [3]string
	for i := range text {
		var err error
		if text[i], err = v[i].str(); err != nil {
			return nil, err
		}
	}
	c.order.Status, c.order.PaymentStatus = entorder.Status(text[0]), entorder.PaymentStatus(text[1])
	c.order.FulfillmentStatus = entorder.FulfillmentStatus(text[2])
	return &c.order, nil
}

func orderLabel(c *call, v []value) error {
	o, err := c.standing(v)
	if err != nil {
		return err
	}
	return c.writeString(order.Label(c.who.Locale, o))
}

func orderActions(c *call, v []value) error {
	o, err := c.standing(v)
	if err != nil {
		return err
	}
	if o.OwnerID, err = v[3].uuid(); err != nil {
		return err
	}
	if o.UserID, err = v[4].optionalUUID(); err != nil {
		return err
	}
	if o.TotalMinor, err = v[5].int(); err != nil {
		return err
	}
	if o.PaidMinor, err = v[6].int(); err != nil {
		return err
	}
	return writeStrings(c, c.reads.o.Orders.Actions(c.ctx, o))
}

func orderCompany(c *call, v []value) error {
	owner, err := v[0].uuid()
	if err != nil {
		return err
	}
	user, err := v[1].optionalUUID()
	if err != nil {
		return err
	}
	if order.CompanyID(&ent.Order{OwnerID: owner, UserID: user}) == nil {
		return c.null()
	}
	return c.writeID("com", v[0])
}
