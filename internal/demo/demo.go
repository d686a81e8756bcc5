// Package demo fills an empty database with what the first look at Kabinet
// needs: three people, a real shop's history, points, offers, a wallet, a talk.
// It does so by the verbs of the domains, as people would; it writes no table,
// and nothing of the product imports it but the command that starts it.
package demo

import (
	"context"

	"github.com/google/uuid"

	"kabinet/ent/generated/contactpoint"
	"kabinet/ent/generated/identity"
	entorder "kabinet/ent/generated/order"
	"kabinet/internal/account"
	"kabinet/internal/account/desk"
	"kabinet/internal/bonus"
	"kabinet/internal/bonus/earning"
	"kabinet/internal/campaign"
	"kabinet/internal/demo/outbox"
	"kabinet/internal/document"
	"kabinet/internal/notify/endpoint"
	"kabinet/internal/order"
	"kabinet/internal/profile"
	"kabinet/internal/promotion"
	"kabinet/internal/referral"
	"kabinet/internal/reward"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/support"
	"kabinet/internal/tier"
	"kabinet/internal/viewer"
	"kabinet/internal/wallet"
)

// OutboxText says where that is which is sent; %[1]s is the server's address.
const OutboxText = "what it sends by mail, SMS and Telegram: http://%[1]s" + outbox.Path + "\n"

// NotOursText says that nothing was made.
const NotOursText = "nothing of the demonstration was made, for people have accounts in this database\n"

// Text says how to begin; %[1]s is the server's address.
const Text = `sign in as customer@example.com, partner@example.com or staff@example.com, password kabinet-demo
open http://%[1]s for GraphiQL, or paste:
  curl -s http://%[1]s/graphql -H 'Content-Type: application/json' -d '{"query": "mutation { signIn(input: {login: \"customer@example.com\", password: \"kabinet-demo\"}) { session { token } userErrors { message } } }"}'
then, with that token:
  curl -s http://%[1]s/graphql -H 'Content-Type: application/json' -H 'Authorization: Bearer TOKEN' -d '{"query": "{ me { displayName unreadCount orders(first: 3) { nodes { number statusLabel total { amount currency } lines { title quantity } } } bonusAccount { balance } tickets(first: 3) { nodes { subject lastMessage { body } } } notifications(first: 5) { nodes { title body } } } }"}'
`

const password = "kabinet-demo"

// customerKey is whose history of the real set customer@example.com gets.
const customerKey = "17850"

// Demo is what the load is done with.
type Demo struct {
	Store      *store.Store
	People     *account.People
	Desk       *desk.Desk
	Documents  *document.Documents
	Cards      *profile.PaymentMethods
	Orders     *order.Orders
	Points     *bonus.Points
	Earnings   *earning.Earnings
	Tiers      *tier.Tiers
	Promotions *promotion.Promotions
	Rewards    *reward.Rewards
	Referrals  *referral.Referrals
	Campaigns  *campaign.Campaigns
	Wallets    *wallet.Wallets
	Tickets    *support.Tickets
	// Chats links the customer's chat; nil where the bot is a real one, or none.
	Chats *endpoint.Endpoints
	// Locale is the language of whoever has none.
	Locale string
	// History opens the excerpt of a real shop's orders.
	History func() (order.Source, error)
	// Hear has every fact heard that waits.
	Hear func(ctx context.Context) error
	// Until repeats work in batches until none is left.
	Until func(ctx context.Context, do func(context.Context, int) (int, error)) error
}

// Load loads demonstration data into a database in which nobody has an
// account; a load that was cut off goes on where it stopped. Any other
// database is left as it is.
func (s *Demo) Load(ctx context.Context) error {
	ctx = viewer.AsSystem(ctx, "demo")
	state, ours, err := stateOf(ctx, s.Store)
	if err != nil || !ours || state == "done" {
		return err
	}
	if state == "" {
		if err := s.note(ctx, "begun"); err != nil {
			return err
		}
	}
	d := &load{Demo: s}
	steps := []func(context.Context) error{
		d.people, d.history, d.tiers, d.earning, d.promotion, d.acts, d.bonus, d.reward, d.campaigns, d.wallet, d.files, d.reception, d.talk, d.chat,
	}
	for _, step := range steps {
		if err := step(ctx); err != nil {
			return err
		}
	}
	if err := s.Hear(ctx); err != nil {
		return err
	}
	return s.note(ctx, "done")
}

// Ours says whether a database is one of a demonstration, or will be when it is
// loaded: nobody has an account in it yet.
func Ours(ctx context.Context, s *store.Store) (bool, error) {
	_, ours, err := stateOf(viewer.AsSystem(ctx, "demo"), s)
	return ours, err
}

// stateOf is how far the load is: empty, begun or done.
func stateOf(ctx context.Context, s *store.Store) (state string, ours bool, err error) {
	if _, err := s.Setting(ctx, "demo", "state", &state); err != nil || state != "" {
		return state, err == nil, err
	}
	there, err := s.Client.Identity.Query().Where(identity.KindEQ(identity.KindPASSWORD)).Exist(ctx)
	return "", !there, err
}

func (s *Demo) note(ctx context.Context, state string) error {
	return s.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		return tx.SaveSetting(ctx, "demo", "state", state)
	})
}

// load holds who is who while the data is loaded.
type load struct {
	*Demo
	customer, partner, staff, company uuid.UUID
}

func (d *load) people(ctx context.Context) (err error) {
	if d.customer, err = d.person(ctx, account.CreateUser{Email: "customer@example.com", Name: "Emma Wilson", Source: "online-retail", ExternalID: customerKey}); err != nil {
		return err
	}
	if d.partner, err = d.person(ctx, account.CreateUser{Email: "partner@example.com", Name: "Paul Baker"}); err != nil {
		return err
	}
	if d.staff, err = d.person(ctx, account.CreateUser{Email: "staff@example.com", Name: "Sofia Clark", Staff: true}); err != nil {
		return err
	}
	if d.company, err = d.People.CreateCompany(ctx, account.CreateCompany{Name: "Baker & Daughters", LegalName: "Baker & Daughters Ltd", TaxID: "GB123456789", Source: "demo", ExternalID: "baker"}); err != nil {
		return err
	}
	return d.People.AddMember(ctx, d.company, d.partner, "Owner")
}

// person makes somebody, or finds him where the load was cut off before.
func (d *load) person(ctx context.Context, in account.CreateUser) (uuid.UUID, error) {
	p, err := d.Store.Client.ContactPoint.Query().Where(contactpoint.ValueKey(in.Email)).First(ctx)
	if err == nil {
		return p.UserID, nil
	}
	in.Password, in.Verified, in.AnyPassword = password, true, true
	return d.People.CreateUser(ctx, in)
}

// history is an excerpt of a real shop's orders, see the README's attribution.
func (d *load) history(ctx context.Context) error {
	src, err := d.History()
	if err != nil {
		return err
	}
	_, err = d.Orders.Import(ctx, src, order.ImportOptions{})
	return err
}

// acts are what happened lately: points, an order on its way, one of the company.
func (d *load) acts(ctx context.Context) error {
	staff, customer, partner := AsStaff(ctx, d.staff), as(ctx, d.customer, d.customer), d.asPartner(ctx)
	_, err := d.Points.Accrue(staff, bonus.AccruePointsInput{UserID: scalar.ID{Prefix: "usr", UUID: d.customer}, Amount: 500, Reason: "Welcome", IdempotencyKey: "demo-welcome"})
	if err != nil {
		return err
	}
	placed, err := d.Orders.Place(customer, order.PlaceOrderInput{IdempotencyKey: "demo-1", Lines: []*order.PlaceOrderLineInput{
		{Sku: "85123A", Quantity: 6}, {Sku: "71053", Quantity: 2}}})
	if err != nil {
		return err
	}
	paid, shipped := entorder.PaymentStatusPAID, entorder.FulfillmentStatusSHIPPED
	carrier, number := "Royal Mail", "RM123456789GB"
	_, err = d.Orders.SetStatus(staff, order.SetOrderStatusInput{OrderID: placed.Order.GlobalID(), PaymentStatus: &paid,
		FulfillmentStatus: &shipped, Carrier: &carrier, TrackingNumber: &number, IdempotencyKey: "demo-2"})
	if err != nil {
		return err
	}
	_, err = d.Orders.Place(partner, order.PlaceOrderInput{IdempotencyKey: "demo-3", Lines: []*order.PlaceOrderLineInput{{Sku: "85123A", Quantity: 48}}})
	return err
}

func (d *load) talk(ctx context.Context) error {
	id := "demo-ticket"
	opened, err := d.Tickets.Open(as(ctx, d.customer, d.customer), support.OpenTicketInput{
		Subject: "Can I change the delivery day?", Body: "I am away on Friday. Could the parcel come on Saturday?", ClientMessageID: &id})
	if err != nil {
		return err
	}
	answer := "demo-answer"
	_, _, err = d.Tickets.Reply(AsStaff(ctx, d.staff), support.ReplyToTicketInput{TicketID: opened.GlobalID(), ClientMessageID: &answer,
		Body: "Of course: Saturday between 10 and 14. You will get a message when it is on its way."})
	return err
}

func as(ctx context.Context, user, owner uuid.UUID) context.Context {
	return viewer.With(ctx, viewer.Viewer{UserID: user, OwnerID: owner, Locale: "en", TimeZone: "UTC"})
}

func (d *load) asPartner(ctx context.Context) context.Context {
	v := viewer.From(as(ctx, d.partner, d.company))
	v.Grants = map[viewer.Permission]viewer.Reach{{Resource: "order", Operation: "read"}: viewer.ReachOwner, {Resource: "order", Operation: "write"}: viewer.ReachOwner}
	return viewer.With(ctx, v)
}

// AsStaff is a context in which a person acts as staff who may all of it.
func AsStaff(ctx context.Context, staff uuid.UUID) context.Context {
	v := viewer.From(as(ctx, staff, staff))
	v.Staff, v.Grants = true, map[viewer.Permission]viewer.Reach{}
	for _, resource := range []string{"user", "order", "product", "bonus", "ticket"} {
		for _, operation := range []string{"read", "write"} {
			v.Grants[viewer.Permission{Resource: resource, Operation: operation}] = viewer.ReachAll
		}
	}
	return viewer.With(ctx, v)
}
