package main

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"kabinet/internal/adapter/mail"
	"kabinet/internal/adapter/telegram"
	"kabinet/internal/config"
	"kabinet/internal/demo"
	"kabinet/internal/demo/outbox"
	"kabinet/internal/store"
)

// demonstrate loads demonstration data into an empty database.
func (k *kabinet) demonstrate(ctx context.Context) error {
	d := &demo.Demo{
		Store: k.store, People: k.people, Desk: k.desk, Documents: k.documents, Cards: k.cards, Orders: k.orders, Points: k.points,
		Earnings: k.earnings, Tiers: k.tiers, Promotions: k.promotions, Rewards: k.rewards, Referrals: k.referrals, Campaigns: k.campaigns,
		Wallets: k.wallets, Tickets: k.tickets, Locale: k.cfg.Locale, History: excerpt,
		Hear: func(ctx context.Context) error { return untilDone(ctx, k.hear) }, Until: untilDone,
	}
	if k.outbox != nil && k.outbox.Say != nil {
		d.Chats = k.endpoints
	}
	return d.Load(ctx)
}

// pretence is what a demonstration has in place of the world outside.
type pretence struct {
	box *outbox.Outbox
	end []func()
}

// pretendOutside starts, for a demonstration, an SMTP server and a Bot API on
// this machine where the settings name none, and sets them: from there on the
// real adapters talk to them as they would to others. A database in which there
// are people of somebody else's gets none, for the page shows everybody's
// letters to everybody.
func pretendOutside(ctx context.Context, s *store.Store, cfg *config.Config, log *slog.Logger) (o pretence, err error) {
	if !cfg.Demo {
		return o, nil
	}
	if ours, err := demo.Ours(ctx, s); err != nil || !ours {
		return o, err
	}
	o.box = &outbox.Outbox{Now: s.Now, Ways: []outbox.Way{
		{Channel: outbox.Email, Setting: "KABINET_SMTP_URL", Leaves: cfg.Mail.SMTPURL != ""},
		{Channel: outbox.SMS, Setting: "KABINET_SMS_URL", Leaves: cfg.SMS.URL != nil},
		{Channel: outbox.Telegram, Setting: "KABINET_TELEGRAM_TOKEN", Leaves: cfg.Channels.Telegram.Token != ""},
	}}
	if cfg.Mail.SMTPURL == "" {
		if err := o.catchLetters(cfg, log); err != nil {
			return o, err
		}
	}
	if cfg.Channels.Telegram.Token == "" {
		if err := o.pretendTelegram(cfg); err != nil {
			o.close()
			return o, err
		}
	}
	return o, nil
}

func (o *pretence) close() {
	for _, end := range o.end {
		end()
	}
}

// catchLetters makes an SMTP server of the outbox the one that letters are
// handed to.
func (o *pretence) catchLetters(cfg *config.Config, log *slog.Logger) error {
	c, err := mail.Catch(mail.CatcherOptions{Took: func(l mail.Caught) {
		m, err := l.Open()
		if err != nil {
			log.Warn("a letter of the demonstration cannot be shown", "error", err.Error())
			return
		}
		o.box.Add(outbox.Message{Channel: outbox.Email, From: l.From, To: l.To, Title: m.Subject, Text: m.Text, HTML: m.HTML, Files: m.Files})
	}})
	if err != nil {
		return fmt.Errorf("the mail catcher of the demonstration: %w", err)
	}
	o.end = append(o.end, c.Close)
	cfg.Mail.SMTPURL = "smtp://" + c.Addr + "?tls=none"
	cfg.Mail.From = cmp.Or(cfg.Mail.From, "Kabinet <account@shop.example.com>")
	return nil
}

// The bot of a demonstration. Its token opens nothing.
const (
	demoBot   = "kabinet_demo_bot"
	demoToken = "100000001:demonstration"
)

// pretendTelegram makes a Bot API of the outbox the one that messages are
// handed to.
func (o *pretence) pretendTelegram(cfg *config.Config) error {
	api := telegram.NewPretend(demoToken, demoBot, func(s telegram.Sent) {
		title, text := s.Shown()
		o.box.Add(outbox.Message{Channel: outbox.Telegram, From: "@" + demoBot, To: s.Chat, Title: title, Text: text, URL: s.Button, Label: s.Label})
	})
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("the Telegram of the demonstration: %w", err)
	}
	server := &http.Server{Handler: api, ReadHeaderTimeout: 10 * time.Second}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.Serve(ln) // ends with Close
	}()
	o.end = append(o.end, func() { _ = server.Close(); <-done })
	cfg.Channels.Telegram.Token, cfg.Channels.Telegram.URL = demoToken, &url.URL{Scheme: "http", Host: ln.Addr().String()}
	o.box.Say = func(chat int64, text string) error {
		return api.Say(telegram.Speaker{Chat: chat, Name: "chat" + strconv.FormatInt(chat, 10), Language: cfg.Locale}, text)
	}
	return nil
}

// text takes an SMS of a demonstration.
func (o *pretence) text(_ context.Context, to, text, _ string) error {
	o.box.Add(outbox.Message{Channel: outbox.SMS, To: to, Text: text})
	return nil
}

// withOutbox adds the page of what a demonstration has sent.
func (k *kabinet) withOutbox(routes map[string]http.Handler) map[string]http.Handler {
	if k.outbox == nil {
		return routes
	}
	if routes == nil {
		routes = map[string]http.Handler{}
	}
	for pattern, page := range k.outbox.Routes() {
		routes[pattern] = page
	}
	return routes
}
