// Kabinet is one binary that serves one GraphQL API. This file is the one
// visible list: it opens the store, builds the domains, says who hears which
// event, and serves.
package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"slices"
	"syscall"
	_ "time/tzdata" // time zones on machines that have none

	"github.com/99designs/gqlgen/graphql"

	"kabinet/graph"
	gql "kabinet/graph/generated"
	"kabinet/internal/account"
	"kabinet/internal/account/arrival"
	"kabinet/internal/account/contact"
	"kabinet/internal/account/desk"
	"kabinet/internal/account/factor"
	"kabinet/internal/account/social"
	"kabinet/internal/adapter/mail"
	"kabinet/internal/adapter/oidc"
	"kabinet/internal/adapter/push"
	"kabinet/internal/adapter/telegram"
	"kabinet/internal/article"
	"kabinet/internal/bonus"
	"kabinet/internal/bonus/earning"
	"kabinet/internal/campaign"
	"kabinet/internal/compiled"
	"kabinet/internal/config"
	"kabinet/internal/demo/outbox"
	"kabinet/internal/document"
	"kabinet/internal/job"
	"kabinet/internal/ledger"
	"kabinet/internal/list"
	"kabinet/internal/live"
	"kabinet/internal/notify"
	"kabinet/internal/notify/broadcast"
	"kabinet/internal/notify/delivery"
	"kabinet/internal/notify/endpoint"
	"kabinet/internal/notify/preference"
	"kabinet/internal/notify/send"
	"kabinet/internal/notify/template"
	"kabinet/internal/order"
	"kabinet/internal/order/after"
	"kabinet/internal/order/goods"
	"kabinet/internal/order/history"
	"kabinet/internal/order/invoice"
	"kabinet/internal/paper"
	"kabinet/internal/privacy"
	"kabinet/internal/profile"
	"kabinet/internal/promotion"
	"kabinet/internal/recommend"
	"kabinet/internal/referral"
	"kabinet/internal/reward"
	"kabinet/internal/store"
	"kabinet/internal/support"
	"kabinet/internal/support/bot"
	"kabinet/internal/support/card"
	"kabinet/internal/support/clock"
	queue "kabinet/internal/support/desk"
	"kabinet/internal/support/post"
	"kabinet/internal/support/survey"
	"kabinet/internal/tier"
	"kabinet/internal/viewer"
	"kabinet/internal/wallet"
	"kabinet/internal/web"
	"kabinet/internal/web/limit"
	"kabinet/internal/webhook"
)

// version is set by the release build: -ldflags "-X main.version=v1.2.3".
var version = "devel"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	err := run(ctx, os.Args[1:], config.Environ, os.Stdin, os.Stdout, os.Stderr)
	stop()
	var exit config.Exit
	switch {
	case err == nil:
	case errors.As(err, &exit):
		os.Exit(exit.Code)
	default:
		fmt.Fprintln(os.Stderr, "kabinet:", err)
		os.Exit(2)
	}
}

// run is main without the process.
func run(ctx context.Context, args []string, env func(string) (string, bool), stdin io.Reader, stdout, stderr io.Writer) error {
	cfg, command, err := config.Parse(args, env, stdout)
	if err != nil {
		return err
	}
	log := slog.New(slog.NewJSONHandler(stderr, &slog.HandlerOptions{Level: cfg.LogLevel}))
	slog.SetDefault(log)
	if _, ok := command.(config.Version); ok {
		fmt.Fprintln(stdout, "kabinet", version)
		return nil
	}
	_, serves := command.(config.Serve)
	p := parts{cfg: cfg, log: log, secret: []byte(rand.Text() + rand.Text()), passing: true} // commands seal nothing that outlives them
	if p.trusted, err = trusted(cfg, log, serves); err != nil {
		return err
	}
	if done, err := keeps(ctx, cfg, log, command, stdout, stderr); done {
		return err
	}
	s, err := store.Open(ctx, store.Options{URL: databaseURL(cfg.Database), Log: log})
	if err != nil {
		return err
	}
	defer s.Close()
	switch command.(type) {
	case config.MigrateStatus:
		return migrateStatus(ctx, s, stdout)
	case config.MigrateUp:
		return migrateUp(ctx, s, stdout)
	}
	if err := upgrade(ctx, s); err != nil {
		return err
	}
	if p.outside, err = pretendOutside(ctx, s, cfg, log); err != nil {
		return err
	}
	defer p.outside.close()
	_, rotates := command.(config.RotateKey)
	if err := p.complete(serves, rotates); err != nil {
		return err
	}
	k, err := assemble(ctx, s, p)
	if err != nil {
		return err
	}
	defer k.close()
	return k.do(ctx, command, stdin, stdout, stderr)
}

// do is the command that was asked for.
func (k *kabinet) do(ctx context.Context, command config.Command, stdin io.Reader, stdout, stderr io.Writer) error {
	switch c := command.(type) {
	case config.CheckLedger:
		return k.checkLedger(ctx, stdout)
	case config.UserCreate:
		return k.createUser(ctx, c, stdin, stdout)
	case config.ImportOrders:
		return k.importOrders(ctx, c, stdout, stderr)
	case config.ImportFile:
		return k.importFile(ctx, c, stdout, stderr)
	case config.ExportFile:
		return k.exportFile(ctx, c, stdout, stderr)
	case config.RotateKey:
		return k.rotateKey(ctx, stdout)
	case config.Serve:
		return k.serve(ctx, c, stdout)
	}
	return fmt.Errorf("unknown command %T", command)
}

func databaseURL(d config.Database) string {
	if d.Dialect == config.SQLite {
		return "sqlite://" + d.Path
	}
	return d.URL
}

// parts are what assemble is given beside the store.
type parts struct {
	cfg     *config.Config
	log     *slog.Logger
	secret  []byte                                                  // of the sealer, 32 bytes or more
	passing bool                                                    // the secret ends with the command: nothing is sealed, and nothing can be opened
	older   [][]byte                                                // what they sealed is still read
	send    account.Send                                            // nil: letters wait
	mail    mail.Sender                                             // the same with all that a letter may have; nil where send stands for it
	text    account.SendSMS                                         // nil: texts go nowhere
	outside pretence                                                // of a demonstration
	trusted *limit.Trusted                                          // nil: no manifest
	look    func(graphql.ExecutableSchema) graphql.ExecutableSchema // tests watch the schema at work; nil
}

// kabinet is the whole, assembled.
type kabinet struct {
	cfg             *config.Config
	log             *slog.Logger
	store           *store.Store
	bus             *live.Bus
	people          *account.People
	desk            *desk.Desk
	contacts        *contact.Contacts
	factors         *factor.Factors
	social          *social.Social
	pretend         *oidc.Pretend // the provider of a demonstration; nil else
	privacy         *privacy.Privacy
	papers          *paper.Papers       // seams_paper.go fills it
	documents       *document.Documents // files.go fills it, and the next
	cards           *profile.PaymentMethods
	profiles        *profile.Profiles
	lists           *list.Lists
	recommendations *recommend.Recommendations // seams_list.go fills it
	orders          *order.Orders
	history         *history.History // seams_order.go fills it
	goods           *goods.Goods     // seams_intake.go fills this and the next
	arrivals        *arrival.Arrivals
	after           *after.Acts    // seams_order.go fills it
	invoices        *invoice.Bills // seams_order.go fills it
	books           *ledger.Books
	points          *bonus.Points
	earnings        *earning.Earnings
	tiers           *tier.Tiers
	promotions      *promotion.Promotions
	rewards         *reward.Rewards
	referrals       *referral.Referrals
	campaigns       *campaign.Campaigns
	wallets         *wallet.Wallets
	tickets         *support.Tickets
	queue           *queue.Queue  // seams_support.go fills it
	post            *post.Post    // seams_post.go fills it
	clocks          *clock.Clocks // seams_support.go fills it
	bot             *bot.Bot      // seams_bot.go fills it, and the next
	surveys         *survey.Surveys
	customerCards   *card.Cards // seams_support.go fills it
	inbox           *notify.Inbox
	preferences     *preference.Preferences // seams_notify.go fills this and the next
	templates       *template.Templates
	endpoints       *endpoint.Endpoints
	webPush         *push.Sender  // seams_endpoint.go fills this and the next
	telegram        *telegram.Bot // nil: there is none
	deliveries      *delivery.Deliveries
	sending         *send.Sending
	broadcasts      *broadcast.Broadcasts
	webhooks        *webhook.Webhooks // seams_webhook.go fills it
	outbox          *outbox.Outbox    // what a demonstration sends; nil else
	articles        *article.Articles // seams_support.go fills it
	hearers         []store.Hearer
	relay           *live.Relay
	jobs            *job.Client
	edge            *web.Edge
}

// assemble builds the domains over a migrated store and ties them together.
func assemble(ctx context.Context, s *store.Store, p parts) (*kabinet, error) {
	sealer, err := store.NewSealer(p.secret, p.older...)
	if err != nil {
		return nil, err
	}
	bus, err := live.StartBus(ctx, live.Options{NATSURL: p.cfg.NATSURL, Log: p.log, Heads: s.Heads})
	if err != nil {
		return nil, err
	}
	streams := &live.Streams{Hub: bus.Hub(), Read: s.ReadStream, Heads: s.Heads, Epoch: s.Epoch, Signal: bus.Signal}
	k := &kabinet{cfg: p.cfg, log: p.log, store: s, bus: bus, outbox: p.outside.box}

	// The domains. A func field is what must happen in the caller's transaction.
	k.points = &bonus.Points{Store: s, Streams: streams}
	if err := k.identities(s, streams, sealer); err != nil {
		bus.Close()
		return nil, err
	}
	k.wireOrders(streams)
	k.wireIntake()
	k.points.Spent, k.points.Earned, k.points.ByEmail = k.orders.NoteSpent, k.orders.NoteEarned, k.byEmail
	k.books = k.points.Books()
	k.benefits(s, streams, sealer)
	if err := k.wireFiles(sealer); err != nil {
		bus.Close()
		return nil, err
	}
	k.wireLists()
	k.wireAfter(sealer)
	k.wireSupport(streams, sealer)
	k.wireNotify(streams, sealer)
	k.wirePrivacy()
	k.wirePost(sealer)
	k.wireWebhooks(sealer)
	if err := k.deliverySends(p); err != nil {
		bus.Close()
		return nil, err
	}

	k.hearers = k.hearsWhat()
	s.Hearing(k.hearers)

	k.relay = &live.Relay{Claim: s.Claim, Ring: bus.Ring, Hear: k.hear, Log: p.log}
	s.OnTold(k.wake)
	if err := k.prepare(ctx, p); err != nil {
		k.close()
		return nil, err
	}
	return k, nil
}

// hearsWhat is who hears which event.
func (k *kabinet) hearsWhat() []store.Hearer {
	return slices.Concat(
		k.tickets.Hearers(), k.queue.Hearers(), k.post.Hearers(), k.clocks.Hearers(), k.bot.Hearers(), k.surveys.Hearers(),
		k.earnings.Hearers(), k.tiers.Hearers(), k.referrals.Hearers(), k.promotions.Hearers(), k.campaigns.Hearers(),
		k.lists.Hearers(), k.invoices.Hearers(), k.inbox.Hearers(), k.sending.Hearers(), k.endpoints.Hearers(), k.deliveries.Hearers(), k.webhooks.Hearers())
}

// prepare makes what must be there before the first request.
func (k *kabinet) prepare(ctx context.Context, p parts) (err error) {
	system := viewer.AsSystem(ctx, "start")
	if err := k.people.EnsureHouse(system); err != nil {
		return err
	}
	if err := k.points.EnsureDefaultProgram(system); err != nil {
		return err
	}
	if err := k.after.Prepare(system); err != nil {
		return err
	}
	if !p.passing {
		if err := k.ensurePushKeys(system); err != nil {
			return err
		}
	}
	if k.jobs, err = k.work(p); err != nil {
		return err
	}
	o := k.edgeOptions(p.trusted)
	if o.Routes, err = k.payments(); err != nil {
		return err
	}
	o.Routes = k.withOutbox(k.withNotifyLinks(k.withDeliveryHook(k.withTelegramHook(k.withMailHook(k.callback(o.Routes))))))
	schema := k.schema(p.look)
	k.openWebhooks(schema, o)
	k.edge, err = web.New(schema, o)
	if err == nil {
		k.edge.GraphQL().AroundFields(graph.JustSignedIn)
		k.edge.GraphQL().AroundFields(graph.PlaceFirst(k.inbox))
	}
	return err
}

// schema is the API: the resolvers, and the short way past them for reads.
func (k *kabinet) schema(look func(graphql.ExecutableSchema) graphql.ExecutableSchema) graphql.ExecutableSchema {
	es := gql.NewExecutableSchema(gql.Config{
		Resolvers: &graph.Resolver{
			Client: k.store.Client, People: k.people, Contacts: k.contacts, Factors: k.factors, Social: k.social, Desk: k.desk, Privacy: k.privacy, Orders: k.orders, History: k.history, After: k.after, Invoices: k.invoices, Goods: k.goods, Arrivals: k.arrivals,
			Points: k.points, Earnings: k.earnings, Tiers: k.tiers, Promotions: k.promotions, Rewards: k.rewards, Referrals: k.referrals,
			Profiles: k.profiles, Documents: k.documents, Papers: k.papers, PaymentMethods: k.cards,
			Campaigns: k.campaigns, Wallets: k.wallets, Tickets: k.tickets, Queue: k.queue, Post: k.post, Clocks: k.clocks, Bot: k.bot, Surveys: k.surveys, Cards: k.customerCards, Inbox: k.inbox, Preferences: k.preferences, Templates: k.templates, Endpoints: k.endpoints, Deliveries: k.deliveries, Sending: k.sending, Broadcasts: k.broadcasts, Lists: k.lists, Recommendations: k.recommendations, Webhooks: k.webhooks, KnowledgeBase: k.articles,
		},
		Directives: gql.DirectiveRoot{Access: graph.Access},
	})
	es = k.broadcasts.Together(k.history.Loading(es))
	if k.cfg.CompiledReads {
		es = compiled.Wrap(es, compiled.Options{Store: k.store, Streams: k.orders.Streams, Points: k.points, Orders: k.orders, Admits: graph.Admits})
	}
	if look != nil {
		es = look(es)
	}
	return es
}

func (k *kabinet) close() { k.bus.Close() }

// wake wakes the relay after a commit; its hearers only where one hears.
func (k *kabinet) wake(heard bool) {
	if heard {
		k.relay.Wake()
	} else {
		k.relay.WakeBells()
	}
}

// hear runs the hearers of facts that nobody has heard yet.
func (k *kabinet) hear(ctx context.Context, limit int) (int, error) {
	return k.store.Hear(viewer.AsSystem(ctx, "hear"), limit, k.hearers, job.HearFailed(k.log))
}
