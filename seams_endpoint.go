package main

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/google/uuid"

	"kabinet/internal/account"
	"kabinet/internal/adapter/hook"
	"kabinet/internal/adapter/push"
	"kabinet/internal/adapter/telegram"
	"kabinet/internal/locale"
	"kabinet/internal/notify/delivery"
	"kabinet/internal/notify/endpoint"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
)

// Push messages and messengers: where people are reached, and who takes
// messages there.

const (
	pushPatience     = 10 * time.Second
	telegramPatience = 15 * time.Second
)

// newEndpoints builds where people are reached beside mail and phone, and the
// bot that hears their codes.
func (k *kabinet) newEndpoints(sealer *store.Sealer) (*endpoint.Endpoints, error) {
	guard := &hook.Guard{Allow: k.cfg.PushAllow} // what customers type in: never the networks that staff's webhooks may go to
	s := k.cfg.Session
	e := &endpoint.Endpoints{
		Store: k.store, Sealer: sealer, Locale: k.cfg.Locale, Guard: guard.Check,
		Lives: endpoint.Lives{Idle: s.Idle, StaffIdle: s.StaffIdle, StaffAbsolute: s.StaffAbsolute},
		News: func(ctx context.Context, tx *store.Tx, user uuid.UUID, change string, subject scalar.ID) error {
			return k.people.News(ctx, tx, user, account.Change(change), subject, nil)
		},
	}
	k.webPush = &push.Sender{Contact: k.cfg.PushSubject(), Client: guard.Client(pushPatience, nil), Barred: hook.ErrAddress, Now: k.store.Now,
		Keys: func() push.Keys { return push.Keys(*e.KeyPair()) }}
	t := k.cfg.Channels.Telegram
	if t.Token == "" {
		return e, nil
	}
	o := telegram.Options{Token: t.Token, Log: func(text string) { k.log.Warn("the bot of Telegram", "error", text) }}
	if t.URL != nil {
		o.URL = t.URL.String()
	}
	var err error
	if k.telegram, err = telegram.New(o); err != nil {
		return nil, fmt.Errorf("KABINET_TELEGRAM_TOKEN: %w", err)
	}
	k.telegram.Hear(func(ctx context.Context, s telegram.Said) (string, error) { return e.OnSaid(ctx, endpoint.Said(s)) })
	e.BotName = k.telegram.Name
	return e, nil
}

// ensurePushKeys makes the key pair of web push at the first start of all.
func (k *kabinet) ensurePushKeys(ctx context.Context) error {
	return k.endpoints.EnsureKeys(ctx, func() (endpoint.Keys, error) {
		made, err := push.NewKeys()
		return endpoint.Keys(made), err
	})
}

// pushProvider takes messages to browsers.
func (k *kabinet) pushProvider() delivery.Provider {
	return delivery.Provider{Name: "web-push", Channel: endpoint.ChannelWebPush, Timeout: pushPatience,
		Send: func(ctx context.Context, m delivery.Message) (delivery.Reply, error) {
			var to push.Subscription
			if err := json.Unmarshal([]byte(m.To), &to); err != nil {
				return delivery.Reply{}, delivery.Failed{Word: "ADDRESS", Err: delivery.ErrPermanent}
			}
			said, err := k.webPush.Send(ctx, to, push.Message{
				Title: m.Title, Body: m.Text, URL: m.URL, Tag: m.Data.CollapseKey, NotificationID: m.Data.NotificationID,
				Urgency: pushUrgency(m.Data.Severity), ExpiresAt: m.Data.ExpiresAt,
			})
			if failed := new(push.Error); errors.As(err, &failed) {
				return delivery.Reply{}, failedBy(err, failed.Status, failed.Word, failed.Gone, failed.Permanent, failed.RetryAfter)
			}
			return delivery.Reply{Ref: said.Ref, Status: said.Status}, err
		}}
}

// pushUrgency is what a device is woken for.
func pushUrgency(severity string) push.Urgency {
	switch severity {
	case "WARNING", "CRITICAL", "ERROR":
		return push.High
	}
	return push.Normal
}

// telegramProvider takes messages to chats; false where there is no bot.
func (k *kabinet) telegramProvider() (delivery.Provider, bool) {
	if k.telegram == nil {
		return delivery.Provider{}, false
	}
	return delivery.Provider{Name: "telegram", Channel: endpoint.ChannelTelegram, Timeout: telegramPatience,
		Send: func(ctx context.Context, m delivery.Message) (delivery.Reply, error) {
			ref, err := k.telegram.Send(ctx, m.To, telegram.Message{Title: m.Title, Text: m.Text, URL: m.URL, Label: locale.Text(m.Locale, "messenger.open", nil)})
			if failed := new(telegram.Error); errors.As(err, &failed) {
				return delivery.Reply{}, failedBy(err, failed.Status, failed.Word, failed.Gone, failed.Permanent, failed.RetryAfter)
			}
			return delivery.Reply{Ref: ref, Status: http.StatusOK}, err
		}}, true
}

// failedBy says an adapter's no in delivery's words.
func failedBy(err error, status int, word string, gone, permanent bool, after time.Duration) error {
	switch {
	case gone:
		err = errors.Join(delivery.ErrGone, err)
	case permanent:
		err = errors.Join(delivery.ErrPermanent, err)
	}
	err = delivery.Failed{Status: status, Word: word, Err: err}
	if after > 0 {
		err = delivery.RetryAfter{After: after, Err: err}
	}
	return err
}

// telegramHook is where Telegram says what people say to the bot.
const telegramHook = "POST /hooks/telegram"

// withTelegramHook adds its route where Telegram calls us.
func (k *kabinet) withTelegramHook(routes map[string]http.Handler) map[string]http.Handler {
	if !k.cfg.Channels.Telegram.Webhook {
		return routes
	}
	if routes == nil {
		routes = map[string]http.Handler{}
	}
	routes[telegramHook] = k.telegram.Webhook(k.telegramSecrets()...)
	return routes
}

// telegramSecrets are what Telegram says to be known by: worked out from the
// keys of the sealer, so that nobody has to keep one more; the first is told it.
func (k *kabinet) telegramSecrets() (all []string) {
	for _, mac := range k.endpoints.Sealer.MACs(k.cfg.Channels.Telegram.Token, "telegram.webhook") {
		all = append(all, hex.EncodeToString(mac))
	}
	return all
}

// hearTelegram has what people say to the bot heard until ctx ends: by this
// instance where no other does, or by every one that Telegram calls.
func (k *kabinet) hearTelegram(ctx context.Context) {
	if k.telegram == nil {
		return
	}
	const again = 5 * time.Second
	for ctx.Err() == nil {
		done := k.hearTelegramOnce(ctx)
		if done {
			return
		}
		select {
		case <-ctx.Done():
		case <-time.After(again):
		}
	}
}

// hearTelegramOnce says whether there is nothing more to do.
func (k *kabinet) hearTelegramOnce(ctx context.Context) bool {
	if k.cfg.Channels.Telegram.Webhook {
		address := strings.TrimSuffix(k.cfg.PublicURL.String(), "/") + strings.TrimPrefix(telegramHook, "POST ")
		err := k.telegram.SetWebhook(ctx, address, k.telegramSecrets()[0])
		if err != nil {
			k.log.Warn("Telegram could not be told where to call", "error", err.Error())
		}
		return err == nil
	}
	release, err := k.store.Exclusive(ctx, "telegram")
	if err != nil {
		if !errors.Is(err, store.ErrHeld) && ctx.Err() == nil {
			k.log.Warn("nobody hears the bot of Telegram", "error", err.Error())
		}
		return false
	}
	defer release()
	k.telegram.Listen(ctx)
	return true
}
