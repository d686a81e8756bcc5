package main

import (
	"context"

	"github.com/google/uuid"

	"kabinet/ent/generated/contactpoint"
	"kabinet/ent/generated/identity"
	entorder "kabinet/ent/generated/order"
	"kabinet/internal/account"
	"kabinet/internal/bonus"
	"kabinet/internal/order"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/support"
	"kabinet/internal/viewer"
)

const demoText = `sign in as customer@example.com, partner@example.com or staff@example.com, password kabinet-demo
open http://%[1]s for GraphiQL, or paste:
  curl -s http://%[1]s/graphql -H 'Content-Type: application/json' -d '{"query": "mutation { signIn(input: {login: \"customer@example.com\", password: \"kabinet-demo\"}) { session { token } userErrors { message } } }"}'
then, with that token:
  curl -s http://%[1]s/graphql -H 'Content-Type: application/json' -H 'Authorization: Bearer TOKEN' -d '{"query": "{ me { displayName unreadCount orders(first: 3) { nodes { number statusLabel total { amount currency } lines { title quantity } } } bonusAccount { balance } tickets(first: 3) { nodes { subject lastMessage { body } } } notifications(first: 5) { nodes { title body } } } }"}'
`

const demoPassword = "kabinet-demo"

// demoCustomer is whose history of the real set customer@example.com gets.
const demoCustomer = "17850"

// demonstrate loads demonstration data into a database in which nobody has an
// account; a load that was cut off goes on where it stopped. Any other
// database is left as it is.
func (k *kabinet) demonstrate(ctx context.Context) error {
	ctx = viewer.AsSystem(ctx, "demo")
	var state string
	if _, err := k.store.Setting(ctx, "demo", "state", &state); err != nil {
		return err
	}
	if state == "done" {
		return nil
	}
	if state == "" {
		if there, err := k.store.Client.Identity.Query().Where(identity.KindEQ(identity.KindPASSWORD)).Exist(ctx); err != nil || there {
			return err
		}
		if err := k.demoState(ctx, "begun"); err != nil {
			return err
		}
	}
	d := &demo{kabinet: k}
	steps := []func(context.Context) error{
		d.people, d.history, d.tiers, d.earning, d.promotion, d.acts, d.bonus, d.reward, d.campaigns, d.wallet, d.files, d.reception, d.talk,
	}
	for _, step := range steps {
		if err := step(ctx); err != nil {
			return err
		}
	}
	if err := untilDone(ctx, k.hear); err != nil {
		return err
	}
	return k.demoState(ctx, "done")
}

func (k *kabinet) demoState(ctx context.Context, state string) error {
	return k.store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		return tx.SaveSetting(ctx, "demo", "state", state)
	})
}

// demo holds who is who while the data is loaded.
type demo struct {
	*kabinet
	customer, partner, staff, company uuid.UUID
}

func (d *demo) people(ctx context.Context) (err error) {
	if d.customer, err = d.person(ctx, account.CreateUser{Email: "customer@example.com", Name: "Emma Wilson", Source: "online-retail", ExternalID: demoCustomer}); err != nil {
		return err
	}
	if d.partner, err = d.person(ctx, account.CreateUser{Email: "partner@example.com", Name: "Paul Baker"}); err != nil {
		return err
	}
	if d.staff, err = d.person(ctx, account.CreateUser{Email: "staff@example.com", Name: "Sofia Clark", Staff: true}); err != nil {
		return err
	}
	if d.company, err = d.kabinet.people.CreateCompany(ctx, account.CreateCompany{Name: "Baker & Daughters", LegalName: "Baker & Daughters Ltd", TaxID: "GB123456789", Source: "demo", ExternalID: "baker"}); err != nil {
		return err
	}
	return d.kabinet.people.AddMember(ctx, d.company, d.partner, "Owner")
}

// person makes somebody, or finds him where the load was cut off before.
func (d *demo) person(ctx context.Context, in account.CreateUser) (uuid.UUID, error) {
	p, err := d.store.Client.ContactPoint.Query().Where(contactpoint.ValueKey(in.Email)).First(ctx)
	if err == nil {
		return p.UserID, nil
	}
	in.Password, in.Verified, in.AnyPassword = demoPassword, true, true
	return d.kabinet.people.CreateUser(ctx, in)
}

// history is an excerpt of a real shop's orders, see the README's attribution.
func (d *demo) history(ctx context.Context) error {
	src, err := excerpt()
	if err != nil {
		return err
	}
	_, err = d.orders.Import(ctx, src, order.ImportOptions{})
	return err
}

// acts are what happened lately: points, an order on its way, one of the company.
func (d *demo) acts(ctx context.Context) error {
	staff, customer, partner := d.asStaff(ctx), as(ctx, d.customer, d.customer), d.asPartner(ctx)
	_, err := d.points.Accrue(staff, bonus.AccruePointsInput{UserID: scalar.ID{Prefix: "usr", UUID: d.customer}, Amount: 500, Reason: "Welcome", IdempotencyKey: "demo-welcome"})
	if err != nil {
		return err
	}
	placed, err := d.orders.Place(customer, order.PlaceOrderInput{IdempotencyKey: "demo-1", Lines: []*order.PlaceOrderLineInput{
		{Sku: "85123A", Quantity: 6}, {Sku: "71053", Quantity: 2}}})
	if err != nil {
		return err
	}
	paid, shipped := entorder.PaymentStatusPAID, entorder.FulfillmentStatusSHIPPED
	carrier, number := "Royal Mail", "RM123456789GB"
	_, err = d.orders.SetStatus(staff, order.SetOrderStatusInput{OrderID: placed.Order.GlobalID(), PaymentStatus: &paid,
		FulfillmentStatus: &shipped, Carrier: &carrier, TrackingNumber: &number, IdempotencyKey: "demo-2"})
	if err != nil {
		return err
	}
	_, err = d.orders.Place(partner, order.PlaceOrderInput{IdempotencyKey: "demo-3", Lines: []*order.PlaceOrderLineInput{{Sku: "85123A", Quantity: 48}}})
	return err
}

func (d *demo) talk(ctx context.Context) error {
	id := "demo-ticket"
	opened, err := d.tickets.Open(as(ctx, d.customer, d.customer), support.OpenTicketInput{
		Subject: "Can I change the delivery day?", Body: "I am away on Friday. Could the parcel come on Saturday?", ClientMessageID: &id})
	if err != nil {
		return err
	}
	answer := "demo-answer"
	_, _, err = d.tickets.Reply(d.asStaff(ctx), support.ReplyToTicketInput{TicketID: opened.GlobalID(), ClientMessageID: &answer,
		Body: "Of course: Saturday between 10 and 14. You will get a message when it is on its way."})
	return err
}

func as(ctx context.Context, user, owner uuid.UUID) context.Context {
	return viewer.With(ctx, viewer.Viewer{UserID: user, OwnerID: owner, Locale: "en", TimeZone: "UTC"})
}

func (d *demo) asPartner(ctx context.Context) context.Context {
	v := viewer.From(as(ctx, d.partner, d.company))
	v.Grants = map[viewer.Permission]viewer.Reach{{Resource: "order", Operation: "read"}: viewer.ReachOwner, {Resource: "order", Operation: "write"}: viewer.ReachOwner}
	return viewer.With(ctx, v)
}

func (d *demo) asStaff(ctx context.Context) context.Context {
	v := viewer.From(as(ctx, d.staff, d.staff))
	v.Staff, v.Grants = true, map[viewer.Permission]viewer.Reach{}
	for _, resource := range []string{"user", "order", "product", "bonus", "ticket"} {
		for _, operation := range []string{"read", "write"} {
			v.Grants[viewer.Permission{Resource: resource, Operation: operation}] = viewer.ReachAll
		}
	}
	return viewer.With(ctx, v)
}
