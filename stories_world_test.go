package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"

	entorder "kabinet/ent/generated/order"
	"kabinet/ent/generated/product"
	"kabinet/internal/account"
	"kabinet/internal/adapter/mail"
	"kabinet/internal/adapter/oidc/oidctest"
	"kabinet/internal/adapter/telegram/telegramtest"
	"kabinet/internal/bonus"
	"kabinet/internal/config"
	"kabinet/internal/demo"
	"kabinet/internal/job"
	"kabinet/internal/notify/preference"
	"kabinet/internal/order"
	"kabinet/internal/order/goods"
	"kabinet/internal/scalar"
	"kabinet/internal/store/storetest"
	"kabinet/internal/viewer"
)

// world is a whole Kabinet over a test's database, with people in it.
type world struct {
	app    *kabinet
	db     *storetest.DB
	url    string
	vars   map[string]string
	tokens map[string]string
	twice  bool // each query is answered twice: statements are not counted

	providers map[string]*oidctest.Hostile
	telegram  *telegramtest.API // nil: the business has no bot
	device    device
	log       logBook

	mu        sync.Mutex
	letters   []string
	elsewhere account.Send // in place of letters, where it is set
}

const password = "correct horse battery"

var (
	code = regexp.MustCompile(`\b\d{6}\b`)
	link = regexp.MustCompile(`#challenge=(chl_\w+)&code=(\w+)`)
)

// newWorld assembles Kabinet as server.go does, in development mode.
func newWorld(t testing.TB, db *storetest.DB) *world { return newWorldWith(t, db, nil) }

// newWorldWith lets a test look on while the schema works.
func newWorldWith(t testing.TB, db *storetest.DB, look func(graphql.ExecutableSchema) graphql.ExecutableSchema) *world {
	return newWorldOf(t, db, nil, look)
}

// newWorldOf has more settings.
func newWorldOf(t testing.TB, db *storetest.DB, more map[string]string, look func(graphql.ExecutableSchema) graphql.ExecutableSchema) *world {
	t.Helper()
	ctx := context.Background()
	check(t, job.Migrate(ctx, db.Store))
	env := map[string]string{"KABINET_MODE": "development", "KABINET_DATABASE_URL": db.URL,
		"KABINET_SECRET_KEY":     "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=",
		"KABINET_FILES_URL":      "file://" + t.TempDir(),
		"KABINET_PASSKEY_DOMAIN": "shop.example",
		"KABINET_SESSION_LOCK":   "0", // or each jump of the clock would lock everybody out
		"KABINET_RATE_NODES":     "0", "KABINET_COMPILED_READS": cmp.Or(os.Getenv("KABINET_TEST_COMPILED_READS"), "true")}
	w := &world{db: db, vars: map[string]string{}, tokens: map[string]string{}}
	w.storyProviders(t, env)
	w.storyTelegram(t, env, more)
	maps.Copy(env, more)
	env[""] = strings.Join(slices.Collect(maps.Keys(env)), "\n") // see config.Environ
	cfg, _, err := config.Parse([]string{"serve"}, func(k string) (string, bool) { v, ok := env[k]; return v, ok }, io.Discard)
	check(t, err)
	secret, err := cfg.SecretKey()
	check(t, err)
	out, err := w.sender(cfg)
	check(t, err)
	w.app, err = assemble(ctx, db.Store, parts{cfg: cfg, log: testLogInto(&w.log), secret: secret, send: w.post, mail: out, text: w.text, look: look})
	check(t, err)
	srv := httptest.NewServer(w.app.edge.Handler())
	w.url = srv.URL
	w.vars["url"] = srv.URL
	w.vars["receiver"] = newReceiver(t).url
	behind, stop := context.WithCancel(ctx)
	var wg sync.WaitGroup
	wg.Go(func() { w.app.relay.Run(behind) })
	check(t, w.app.jobs.Start(behind))
	t.Cleanup(func() {
		_ = w.app.edge.Shutdown(ctx)
		srv.Close()
		end, cancel := context.WithTimeout(ctx, 5*time.Second)
		defer cancel()
		_ = w.app.jobs.Stop(end)
		stop()
		wg.Wait()
		w.app.close()
	})
	w.populate(t)
	return w
}

func testLog() *slog.Logger { return testLogInto(&logBook{}) }

func testLogInto(b *logBook) *slog.Logger { return slog.New(slog.NewTextHandler(b, nil)) }

// posts sends the letters about accounts by something else from now on.
func (w *world) posts(send account.Send) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.elsewhere = send
}

// post catches the letters.
func (w *world) post(ctx context.Context, to, subject, text, html, id string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.elsewhere != nil {
		return w.elsewhere(ctx, to, subject, text, html, id)
	}
	w.letters = append(w.letters, subject+"\n"+text)
	if c := code.FindString(text); c != "" {
		w.vars["letter"] = c
	}
	if m := link.FindStringSubmatch(text); m != nil { // of a link: what its page reads
		w.vars["linkChallenge"], w.vars["linkCode"] = m[1], m[2]
	}
	return nil
}

// sender is how letters leave where KABINET_SMTP_URL is set: into the world's
// own hands from letters.example, by SMTP from other servers.
func (w *world) sender(cfg *config.Config) (mail.Sender, error) {
	switch {
	case cfg.Mail.SMTPURL == "":
		return nil, nil
	case strings.Contains(cfg.Mail.SMTPURL, "letters.example"):
		return func(ctx context.Context, m mail.Message) error {
			return w.post(ctx, m.To, m.Subject, m.Text, m.HTML, m.ID)
		}, nil
	}
	return mail.SMTP(cfg.Mail.SMTPURL, cfg.Mail.From)
}

// text catches what goes by SMS.
func (w *world) text(ctx context.Context, to, text, id string) error {
	return w.post(ctx, to, "SMS", text, "", id)
}

// settle lets everything that was told be heard, done and rung.
func (w *world) settle(t testing.TB) {
	t.Helper()
	ctx := viewer.AsSystem(context.Background(), "story")
	check(t, w.app.countGoods(ctx))
	check(t, untilDone(ctx, w.app.tickets.WakeSnoozed))
	check(t, untilDone(ctx, w.app.inbox.WakeDue))
	check(t, untilDone(ctx, w.app.inbox.TrimDue))
	check(t, untilDone(ctx, w.app.clocks.TickDue))
	check(t, untilDone(ctx, w.app.articles.PublishDue))
	check(t, untilDone(ctx, w.app.broadcasts.Due))
	check(t, untilDone(ctx, w.app.broadcasts.AnnouncementsDue))
	check(t, untilDone(ctx, w.app.sending.RemindersDue))
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		check(t, untilDone(ctx, w.app.hear))
		check(t, untilDone(ctx, w.app.privacy.ExportsDue))
		check(t, untilDone(ctx, w.app.papers.TablesDue))
		check(t, untilDone(ctx, w.app.privacy.DeletionsDue))
		check(t, untilDone(ctx, w.app.bot.Due))
		check(t, untilDone(ctx, w.app.surveys.Due))
		check(t, untilDone(ctx, w.app.deliveries.Due))
		const events = `SELECT count(*) FROM account_events WHERE NOT relayed OR NOT heard`
		const jobs = `SELECT count(*) FROM river_job WHERE kind IN ('letter', 'ticket-answer', 'ticket-receipt', 'hear_again', 'wish_alert') AND state NOT IN ('completed', 'cancelled', 'discarded') OR queue = 'webhook' AND state IN ('available', 'running') OR (queue = 'bot' OR queue LIKE 'delivery%') AND state IN ('available', 'running')`
		// In one statement: a job that ends between two would tell unseen.
		waiting := w.count(t, `SELECT (`+events+`) + (`+jobs+`)`)
		if waiting == 0 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d events and jobs still wait", waiting)
		}
	}
}

func (w *world) count(t testing.TB, query string) (n int) {
	t.Helper()
	rows, err := w.db.Query(context.Background(), query)
	check(t, err)
	defer rows.Close()
	for rows.Next() {
		check(t, rows.Scan(&n))
	}
	check(t, rows.Err())
	return n
}

// token signs the person in at his first step.
func (w *world) token(t testing.TB, who string) string {
	t.Helper()
	if who == "nobody" {
		return ""
	}
	if token, ok := w.tokens[who]; ok {
		return token
	}
	if w.vars[who] == "" {
		t.Fatalf("nobody is called %s", who)
	}
	query := fmt.Sprintf(`mutation { signIn(input: {login: "%s@example.com", password: "%s"}) { session { token } userErrors { code } } }`, who, password)
	answer := w.send(t, step{name: "sign-in", as: "nobody"}, query)
	token, ok := dig(answer, "data.signIn.session.token")
	if !ok {
		t.Fatalf("%s cannot sign in: %v", who, answer)
	}
	w.tokens[who] = fmt.Sprint(token)
	return w.tokens[who]
}

// populate makes what graph/testdata/README.md promises.
func (w *world) populate(t testing.TB) {
	t.Helper()
	ctx := storetest.System()
	ids := map[string]uuid.UUID{}
	for _, p := range []account.CreateUser{{Name: "Alice"}, {Name: "Bob"}, {Name: "Carol"}, {Name: "Staff", Staff: true}, {Name: "Support", Staff: true, Role: "Support"}} {
		who := map[string]string{"Alice": "alice", "Bob": "bob", "Carol": "carol", "Staff": "staff", "Support": "support"}[p.Name]
		p.Email, p.Password, p.Verified = who+"@example.com", password, true
		id, err := w.app.people.CreateUser(ctx, p)
		check(t, err)
		ids[who] = id
		w.vars[who] = scalar.ID{Prefix: "usr", UUID: id}.String()
	}
	acme, err := w.app.people.CreateCompany(ctx, account.CreateCompany{Name: "Acme", Source: "test", ExternalID: "acme"})
	check(t, err)
	check(t, w.app.people.AddMember(ctx, acme, ids["carol"], "Buyer"))
	w.vars["acme"] = scalar.ID{Prefix: "com", UUID: acme}.String()
	staff := demo.AsStaff(ctx, ids["staff"])
	w.products(t, staff)
	w.vars["aliceOrder"] = w.order(t, ids["alice"]).String()
	w.vars["bobOrder"] = w.order(t, ids["bob"]).String()
	id, err := scalar.ParseID(w.vars["aliceOrder"])
	check(t, err)
	paid, delivered := entorder.PaymentStatusPAID, entorder.FulfillmentStatusDELIVERED
	_, err = w.app.orders.SetStatus(staff, order.SetOrderStatusInput{OrderID: id, PaymentStatus: &paid, FulfillmentStatus: &delivered, IdempotencyKey: "w"})
	check(t, err)
	_, err = w.app.points.Accrue(staff, bonus.AccruePointsInput{UserID: scalar.ID{Prefix: "usr", UUID: ids["alice"]}, Amount: 500 - 7, Reason: "gift", IdempotencyKey: "w2"})
	check(t, err)
	_, w.vars["aliceLink"], _ = strings.Cut(w.app.preferences.PreferencesURL(ids["alice"]), preference.PreferencesPath)
	for _, who := range []string{"alice", "bob", "carol", "staff", "support"} {
		w.token(t, who) // so that no sign-in stands between the news of a story
	}
	w.settle(t)
}

func (w *world) products(t testing.TB, staff context.Context) {
	t.Helper()
	_, err := w.app.goods.Upsert(staff, goods.UpsertProductsInput{Products: []*goods.UpsertProductInput{
		anyProduct("TEA", "Assam tea", "3.50", "GBP", 100, false), anyProduct("CUP", "Stoneware cup", "12.00", "GBP", 5, false),
		uncounted("FREE", "Water"), anyProduct("GONE", "Old kettle", "20.00", "GBP", 3, true), anyProduct("EURO", "Postcard", "9.00", "EUR", 10, false),
	}})
	check(t, err)
}

func (w *world) order(t testing.TB, user uuid.UUID) scalar.ID {
	t.Helper()
	placed, err := w.app.orders.Place(storetest.As(user), order.PlaceOrderInput{IdempotencyKey: "w" + user.String(), Lines: []*order.PlaceOrderLineInput{{Sku: "TEA", Quantity: 2}}})
	check(t, err)
	return placed.Order.GlobalID()
}

func anyProduct(sku, title, price, currency string, stock int, discontinued bool) *goods.UpsertProductInput {
	p := &goods.UpsertProductInput{Sku: sku, Title: &title, Price: &scalar.MoneyInput{Amount: price, Currency: currency}, Stock: graphql.OmittableOf(&stock)}
	if discontinued {
		status := product.StatusDISCONTINUED
		p.Status = &status
	}
	return p
}

// uncounted is a product whose stock is not counted.
func uncounted(sku, title string) *goods.UpsertProductInput {
	return &goods.UpsertProductInput{Sku: sku, Title: &title, Price: &scalar.MoneyInput{Amount: "1.00", Currency: "GBP"}}
}
