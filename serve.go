package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"runtime/debug"
	"sync"
	"time"

	"github.com/riverqueue/river"

	"kabinet/graph"
	"kabinet/internal/account"
	"kabinet/internal/adapter/hook"
	"kabinet/internal/adapter/mail"
	"kabinet/internal/config"
	"kabinet/internal/demo"
	"kabinet/internal/job"
	"kabinet/internal/notify/delivery"
	"kabinet/internal/paper"
	"kabinet/internal/privacy"
	"kabinet/internal/scalar"
	"kabinet/internal/support/bot"
	"kabinet/internal/viewer"
	"kabinet/internal/web"
	"kabinet/internal/web/limit"
	"kabinet/internal/webhook"
)

// work says which jobs there are and what is done by the clock.
func (k *kabinet) work(p parts) (*job.Client, error) {
	workers := river.NewWorkers()
	job.HandleHearAgain(workers, k.store, k.hearers)
	if p.send != nil {
		letter := k.people.SendLetter(account.Senders{Mail: p.send, SMS: p.text, Permanent: func(err error) bool {
			return errors.Is(err, mail.ErrPermanent) || errors.Is(err, hook.ErrRefused)
		}})
		job.Handle(workers, func(ctx context.Context, j *river.Job[account.Letter]) error { return letter(ctx, j.Args) })
	} else {
		job.Handle(workers, func(context.Context, *river.Job[account.Letter]) error {
			return river.JobSnooze(time.Minute) // until KABINET_SMTP_URL is set
		})
	}
	k.makeCodes(workers)
	k.alertWishers(workers)
	job.Handle(workers, k.documents.Drop)
	job.Handle(workers, k.cards.Forget)
	k.webhooks.Work(workers)
	k.postSends(p)
	k.post.Work(workers)
	k.bot.Work(workers)
	k.deliveries.Work(workers)
	k.sending.Work(workers)
	queues := map[string]int{webhook.Queue: webhooksAtOnce, bot.Queue: botsAtOnce}
	for _, name := range delivery.Queues {
		queues[name] = deliveriesAtOnce
	}
	return job.New(k.store, job.Options{Workers: workers, Queues: queues, Periodic: job.Chores(workers, k.housework()...), Log: k.log})
}

// housework is what is done by the clock.
func (k *kabinet) housework() []job.Housework {
	batch := func(do func(context.Context, int) (int, error)) func(context.Context) error {
		return func(ctx context.Context) error { return untilDone(viewer.AsSystem(ctx, "clock"), do) }
	}
	system := func(do func(context.Context) error) func(context.Context) error {
		return func(ctx context.Context) error { return do(viewer.AsSystem(ctx, "clock")) }
	}
	return append([]job.Housework{
		{Name: "settle-points", Every: time.Minute, Do: batch(k.points.SettleDue)},
		{Name: "review-tiers", Every: time.Minute, Do: batch(k.tiers.ReviewDue)},
		{Name: "remind-points", Every: time.Hour, Do: batch(k.points.RemindExpiring)},
		{Name: "give-birthdays", Every: time.Hour, Do: batch(k.earnings.BirthdaysDue)},
		{Name: "expire-rewards", Every: time.Minute, Do: batch(k.rewards.ExpireDue)},
		{Name: "due-referrals", Every: time.Minute, Do: batch(k.referrals.Due)},
		{Name: "release-codes", Every: time.Minute, Do: batch(k.promotions.ReleaseDue)},
		{Name: "release-goods", Every: time.Minute, Do: batch(k.lists.ReleaseGoods)},
		{Name: "count-goods", Every: time.Hour, Timeout: countTime, Do: system(k.countGoods)},
		{Name: "make-codes", Every: time.Minute, Do: batch(k.promotions.CodesDue)},
		{Name: "move-campaigns", Every: time.Minute, Do: batch(k.campaigns.MoveDue)},
		{Name: "forget-photos", Every: time.Hour, Do: system(k.campaigns.ForgetPhotos)},
		{Name: "expire-payments", Every: time.Minute, Do: batch(k.after.ExpireDue)},
		{Name: "refund-payments", Every: time.Minute, Do: batch(k.after.RefundDue)},
		{Name: "tell-overdue-invoices", Every: time.Minute, Do: batch(k.invoices.TellOverdue)},
		{Name: "tidy-wallets", Every: time.Minute, Do: batch(k.wallets.TidyDue)},
		{Name: "end-accounts", Every: time.Minute, Do: batch(k.privacy.DeletionsDue)},
		{Name: "export-data", Every: 15 * time.Second, Timeout: privacy.ExportTime, Do: batch(k.privacy.ExportsDue)},
		{Name: "make-tables", Every: 5 * time.Second, Timeout: paper.TableTime, Do: batch(k.papers.TablesDue)},
		{Name: "tidy-documents", Every: time.Minute, Do: batch(k.documents.TidyDue)},
		{Name: "drop-loose-files", Every: 6 * time.Hour, Do: system(k.documents.DropLoose)},
		{Name: "tidy-payment-methods", Every: time.Hour, Do: batch(k.cards.TidyDue)},
		{Name: "warn-temporary-passwords", Every: time.Hour, Do: batch(k.desk.PasswordsDue)},
		{Name: "end-representations", Every: time.Minute, Do: batch(k.desk.RepresentationsDue)},
		{Name: "fold-names", Every: time.Hour, Do: batch(k.desk.FoldDue)},
		{Name: "index-orders", Every: time.Hour, Do: batch(k.history.IndexDue)},
		{Name: "publish-articles", Every: time.Minute, Do: batch(k.articles.PublishDue)},
		{Name: "forget-searches", Every: 24 * time.Hour, Do: system(k.articles.ForgetSearches)},
		{Name: "wake-tickets", Every: time.Minute, Do: batch(k.tickets.WakeSnoozed)},
		{Name: "route-tickets", Every: time.Minute, Do: batch(k.queue.Due)},
		{Name: "tick-clocks", Every: 15 * time.Second, Do: batch(k.clocks.TickDue)},
		{Name: "end-bots", Every: time.Minute, Do: batch(k.bot.Due)},
		{Name: "ask-surveys", Every: time.Minute, Do: batch(k.surveys.Due)},
		{Name: "trim-events", Every: time.Hour, Do: system(func(ctx context.Context) error {
			return k.store.Trim(ctx, k.cfg.EventRetention)
		})},
		{Name: "trim-webhooks", Every: time.Hour, Do: batch(k.webhooks.TrimDue)},
		{Name: "forget-keys", Every: time.Hour, Do: system(k.store.ForgetKeys)},
		{Name: "forget-letters", Every: 24 * time.Hour, Do: system(k.post.Forget)},
		{Name: "forget-sign-ins", Every: time.Hour, Do: system(k.people.Housekeeping)},
	}, k.notifyHousework(batch)...)
}

func untilDone(ctx context.Context, do func(context.Context, int) (int, error)) error {
	const limit = 200
	for {
		n, err := do(ctx, limit)
		if err != nil || n < limit {
			return err
		}
	}
}

// complete adds what only a server needs: the lasting secret, which its
// rotation needs as well, and how letters leave.
func (p *parts) complete(serves, rotates bool) (err error) {
	if serves || rotates {
		if p.secret, err = p.cfg.SecretKey(); err != nil {
			return err
		}
		p.older, p.passing = p.cfg.OlderKeys(), false
	}
	if !serves {
		return nil
	}
	collectRarely(p.cfg.Memory, p.log)
	if p.mail, err = sender(p.cfg, p.log); err != nil {
		return err
	}
	p.send = asAccountSends(p.mail)
	if p.outside.box != nil && p.cfg.SMS.URL == nil {
		p.text = p.outside.text
		return nil
	}
	p.text, err = texter(p.cfg, p.log)
	return err
}

// collectRarely lets memory be used before it is collected, as far as there is
// some.
func collectRarely(m config.Memory, log *slog.Logger) {
	if m.GCPercent > 0 {
		debug.SetGCPercent(m.GCPercent)
	}
	if m.Limit > 0 {
		debug.SetMemoryLimit(m.Limit)
	}
	if m != (config.Memory{}) {
		log.Info("memory", "gogc", m.GCPercent, "limitMiB", m.Limit>>20, "of", m.Of)
	}
}

// sender is how letters leave: by SMTP, or not.
func sender(cfg *config.Config, log *slog.Logger) (mail.Sender, error) {
	if cfg.Mail.SMTPURL == "" {
		log.Warn("letters wait, for KABINET_SMTP_URL is not set", "example", "smtp://user:password@mail.example.com:587")
		return nil, nil
	}
	smtp, err := mail.SMTP(cfg.Mail.SMTPURL, cfg.Mail.From)
	if err != nil {
		return nil, fmt.Errorf("KABINET_SMTP_URL or KABINET_MAIL_FROM: %w", err)
	}
	return smtp, nil
}

// serve answers until ctx ends, then drains: sockets first, then requests,
// then jobs and the relay.
func (k *kabinet) serve(ctx context.Context, c config.Serve, stdout io.Writer) error {
	if c.Demo {
		if err := k.demonstrate(ctx); err != nil {
			return fmt.Errorf("demonstration data: %w", err)
		}
	}
	ln, err := net.Listen("tcp", k.cfg.Listen)
	if err != nil {
		return fmt.Errorf("KABINET_LISTEN=%s: %w", k.cfg.Listen, err)
	}
	defer ln.Close()
	var metrics net.Listener
	if k.cfg.MetricsListen != "" {
		if metrics, err = net.Listen("tcp", k.cfg.MetricsListen); err != nil {
			return fmt.Errorf("KABINET_METRICS_LISTEN=%s: %w", k.cfg.MetricsListen, err)
		}
		defer metrics.Close()
	}

	// What works behind the requests outlives them: it stops last.
	behind, stop := context.WithCancel(context.WithoutCancel(ctx))
	var wg sync.WaitGroup
	defer wg.Wait()
	defer stop()
	k.workBehind(behind, &wg, metrics)
	if err := k.jobs.Start(behind); err != nil {
		return err
	}
	defer func() {
		ctx, cancel := context.WithTimeout(behind, k.cfg.Drain)
		defer cancel()
		if err := k.jobs.Stop(ctx); err != nil {
			k.log.Warn("jobs were cut off", "error", err.Error())
		}
	}()

	closePostOffice, err := k.openPostOffice()
	if err != nil {
		return err
	}
	k.welcome(stdout, c, ln.Addr())
	err = k.edge.Serve(ctx, ln)
	drain, cancel := context.WithTimeout(behind, k.cfg.Drain)
	defer cancel()
	closePostOffice(drain)
	return err
}

// workBehind begins what works until ctx ends, beside requests and jobs.
func (k *kabinet) workBehind(ctx context.Context, wg *sync.WaitGroup, metrics net.Listener) {
	wg.Go(func() { k.relay.Run(ctx) })
	wg.Go(func() { k.hearTelegram(ctx) })
	if metrics != nil {
		wg.Go(func() { _ = k.edge.ServeMetrics(ctx, metrics) })
	}
}

// welcome says where it listens and, in a demonstration, how to begin.
func (k *kabinet) welcome(w io.Writer, c config.Serve, addr net.Addr) {
	fmt.Fprintf(w, "listening on http://%s\n", addr)
	switch {
	case c.Demo && k.outbox == nil:
		fmt.Fprint(w, demo.NotOursText)
		return
	case c.Demo:
		fmt.Fprintf(w, demo.Text, addr)
		fmt.Fprintf(w, demo.OutboxText, addr)
		return
	}
	if there, err := k.store.Client.Identity.Query().Exist(viewer.AsSystem(context.Background(), "start")); err == nil && !there {
		fmt.Fprintln(w, `nobody has an account yet; make the first administrator in a second terminal:
  kabinet user create --admin --email you@example.com --name "Your Name"`)
	}
}

// limits takes over the numbers that can be set; the rest are web's own.
func limits(c config.Limits) web.Limits {
	l := web.DefaultLimits()
	l.Body, l.BulkBody, l.Query, l.BulkQuery = c.Body, c.IntegrationBody, c.QueryTime, c.IntegrationTime
	l.Tokens, l.Depth, l.Aliases, l.RootFields = c.Tokens, c.Depth, c.Aliases, c.RootFields
	l.SameKey, l.Directives, l.Page, l.Nodes = c.SameKey, c.Directives, c.Page, c.Nodes
	l.RateNodes, l.RateBurst = c.RateNodes, c.RateBurst
	l.SocketInit, l.SocketMessage, l.SocketsPerUser, l.Operations = c.SocketInit, c.SocketMessage, c.SocketsPerUser, c.SocketOperations
	return l
}

// edgeOptions says what the edge is told: who calls, its limits, its checks.
func (k *kabinet) edgeOptions(trusted *limit.Trusted) web.Options {
	c := k.cfg
	o := web.Options{
		Development: c.Development(), Origins: c.Origins, TrustedProxies: c.TrustedProxies, PlaceHeader: c.Session.PlaceHeader, Limits: limits(c.Limits), Trusted: trusted,
		SignIn: func(ctx context.Context, by web.Credentials) (viewer.Viewer, error) {
			return k.people.Viewer(ctx, account.Caller(by))
		},
		Ended: k.people.Ended, CheckCursor: scalar.CheckCursor, Present: graph.Present, Now: k.store.Now, Log: k.log,
		Bulk: func(v viewer.Viewer) bool {
			return v.Staff && (v.Reach("order", "write") == viewer.ReachAll || v.Reach("user", "write") == viewer.ReachAll)
		},
		Checks: []web.Check{
			{Name: "database", Do: k.store.Ping},
			{Name: "migrations", Do: k.store.CheckMigrations},
			{Name: "bus", Do: func(context.Context) error { return k.bus.Ready() }},
			{Name: "jobs", Do: func(ctx context.Context) error { return k.jobs.Ready(ctx) }},
		},
	}
	o.Limits.Drain, o.Files = c.Drain, k.fileDoors()
	if c.PublicURL != nil {
		o.PublicURL = c.PublicURL.String()
	}
	return o
}
