package main

import (
	"context"
	"crypto/hmac"
	"encoding/base32"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/google/uuid"

	"kabinet/internal/adapter/hook"
	"kabinet/internal/adapter/mail"
	"kabinet/internal/adapter/payment"
	"kabinet/internal/config"
	"kabinet/internal/fault"
	"kabinet/internal/notify/delivery"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// Messages to customers: who takes them, and what providers say of them.

// deliveriesAtOnce is how many messages of a queue an instance sends side by side.
const deliveriesAtOnce = 16

const (
	mailPatience = 20 * time.Second
	hookPatience = 10 * time.Second
)

// deliverySends says who sends notifications, in the order in which they are
// asked. Without a channel's settings there is no such channel.
func (k *kabinet) deliverySends(p parts) error {
	d := k.deliveries
	d.Site, d.Log = strings.TrimSuffix(k.cfg.PublicURL.String(), "/"), p.log
	if p.mail != nil {
		d.Providers = append(d.Providers, k.mailProvider("smtp", p.mail))
	}
	if second := k.cfg.Messages.FallbackSMTPURL; second != "" {
		send, err := mail.SMTP(second, k.cfg.Mail.From)
		if err != nil {
			return fmt.Errorf("KABINET_SMTP_FALLBACK_URL: %w", err)
		}
		d.Providers = append(d.Providers, k.mailProvider("smtp-fallback", send))
	}
	if err := k.hookProviders(); err != nil {
		return err
	}
	if k.cfg.SMS.URL == nil && k.cfg.Demo && p.text != nil {
		d.Providers = append(d.Providers, delivery.Provider{Name: "demo", Channel: "SMS", Send: func(ctx context.Context, m delivery.Message) (delivery.Reply, error) {
			return delivery.Reply{}, p.text(ctx, m.To, m.Text, m.ID)
		}})
	}
	d.Providers = append(d.Providers, k.pushProvider())
	if telegram, there := k.telegramProvider(); there {
		d.Providers = append(d.Providers, telegram)
	}
	k.post.Returned = k.letterReturned
	return nil
}

// mailProvider hands letters to a server.
func (k *kabinet) mailProvider(name string, send mail.Sender) delivery.Provider {
	return delivery.Provider{Name: name, Channel: "EMAIL", Timeout: mailPatience, Send: func(ctx context.Context, m delivery.Message) (delivery.Reply, error) {
		err := send(ctx, mail.Message{To: m.To, Subject: m.Title, Text: m.Text, HTML: m.HTML, ID: m.ID, Unsubscribe: m.UnsubscribeURL, ReturnTo: k.returnPath(m.ID)})
		return delivery.Reply{}, letterFailed(err)
	}}
}

// letterFailed says a mail server's no in delivery's words. What it does not like
// about the recipient is so at every server; what it does not like about us, or
// about the letter, another one may not mind.
func letterFailed(err error) error {
	var said mail.Refused
	switch {
	case err == nil:
		return nil
	case errors.As(err, &said) && said.Status > 0:
		return failedBy(err, said.Status, "STATUS", said.Gone, said.Recipient && said.Status >= 500, 0)
	case errors.Is(err, mail.ErrPermanent): // it is no letter
		return errors.Join(delivery.ErrPermanent, err)
	case errors.Is(err, context.DeadlineExceeded):
		return err
	}
	return failedBy(err, 0, "CONNECTION", false, false, 0)
}

// hookProviders hand messages to addresses of the business by signed requests.
func (k *kabinet) hookProviders() error {
	open := func(env string, a config.SignedAddress) (*hook.Endpoint, error) {
		e, err := hook.New(hook.Options{URL: a.URL.String(), Secret: a.Secrets[0], Sign: payment.Sign, Patience: hookPatience, Now: k.store.Now})
		if err != nil {
			return nil, fmt.Errorf("%s: %w", env, err)
		}
		return e, nil
	}
	if k.cfg.SMS.URL != nil {
		e, err := open("KABINET_SMS_URL", config.SignedAddress(k.cfg.SMS))
		if err != nil {
			return err
		}
		k.deliveries.Providers = append(k.deliveries.Providers, delivery.Provider{Name: "sms-hook", Channel: "SMS", Timeout: hookPatience, Send: func(ctx context.Context, m delivery.Message) (delivery.Reply, error) {
			return hookReply(e.TextMessage(ctx, m.To, m.Text, m.ID))
		}})
	}
	for _, c := range []struct {
		env, name, channel string
		to                 config.SignedAddress
	}{
		{"KABINET_WHATSAPP_URL", "whatsapp-hook", "WHATSAPP", k.cfg.Messages.WhatsApp},
		{"KABINET_MOBILE_PUSH_URL", "mobile-push-hook", "MOBILE_PUSH", k.cfg.Messages.MobilePush},
	} {
		if c.to.URL == nil {
			continue
		}
		e, err := open(c.env, c.to)
		if err != nil {
			return err
		}
		k.deliveries.Providers = append(k.deliveries.Providers, delivery.Provider{Name: c.name, Channel: c.channel, Timeout: hookPatience, Send: noticeTo(e, c.channel)})
	}
	return nil
}

// noticeTo writes a message as message.send of docs/hooks.md.
func noticeTo(e *hook.Endpoint, channel string) func(context.Context, delivery.Message) (delivery.Reply, error) {
	return func(ctx context.Context, m delivery.Message) (delivery.Reply, error) {
		n := hook.Notice{ID: m.ID, Channel: channel, To: m.To, Title: m.Title, Text: m.Text, URL: m.URL, Locale: m.Locale, Data: m.Data}
		if channel == "MOBILE_PUSH" { // platform and token
			n.To = json.RawMessage(m.To)
		}
		for _, a := range m.Actions {
			n.Actions = append(n.Actions, hook.NoticeAction(a))
		}
		return hookReply(e.Notify(ctx, n))
	}
}

// hookReply says a hook's answer in delivery's words.
func hookReply(t hook.Taken, err error) (delivery.Reply, error) {
	if err == nil {
		return delivery.Reply{Ref: t.Ref, Status: t.Status}, nil
	}
	var said hook.Answered
	word := "CONNECTION"
	if errors.As(err, &said) {
		word = "STATUS"
	}
	if errors.Is(err, context.DeadlineExceeded) {
		word = "TIMEOUT"
	}
	return delivery.Reply{}, failedBy(err, said.Status, word, errors.Is(err, hook.ErrGone), errors.Is(err, hook.ErrRefused), said.RetryAfter)
}

// deliveryHook is where providers say what became of messages.
const deliveryHook = "POST /deliveries/{channel}"

// withDeliveryHook adds its route where there is a secret.
func (k *kabinet) withDeliveryHook(routes map[string]http.Handler) map[string]http.Handler {
	if len(k.cfg.Messages.Secrets) == 0 {
		return routes
	}
	if routes == nil {
		routes = map[string]http.Handler{}
	}
	routes[deliveryHook] = http.HandlerFunc(k.hearDelivery)
	return routes
}

// largestWord is how many bytes a provider's word on a message may have.
const largestWord = 16 << 10

// sayAgain is after how many seconds a word that came too early is worth saying again.
const sayAgain = "10"

// hearDelivery takes one word of a provider: 2xx says that it is kept and need
// not be sent again, and so does 404, that the message is none of ours.
func (k *kabinet) hearDelivery(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, largestWord))
	if err != nil {
		w.WriteHeader(http.StatusRequestEntityTooLarge)
		return
	}
	if _, err := payment.Verify(r.Header, k.cfg.Messages.Secrets, k.store.Now(), body); err != nil {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	said, ok := readWord(body, strings.ToUpper(strings.ReplaceAll(r.PathValue("channel"), "-", "_")))
	if !ok {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	found, err := k.deliveries.Hear(viewer.With(r.Context(), viewer.Viewer{Locale: k.cfg.Locale}), said)
	switch {
	case errors.Is(err, delivery.ErrTooEarly):
		w.Header().Set("Retry-After", sayAgain)
		w.WriteHeader(http.StatusServiceUnavailable)
	case fault.KindOf(err) == fault.Unavailable:
		w.WriteHeader(http.StatusServiceUnavailable)
	case err != nil:
		k.log.Error("a provider's word on a message", "webhookId", r.Header.Get("webhook-id"), "error", err.Error())
		w.WriteHeader(http.StatusInternalServerError)
	case !found:
		w.WriteHeader(http.StatusNotFound)
	default:
		w.WriteHeader(http.StatusNoContent)
	}
}

// readWord reads a message of a provider.
func readWord(body []byte, channel string) (delivery.Said, bool) {
	var m struct {
		Type string `json:"type"`
		Data struct {
			ID   string    `json:"id"`
			Ref  string    `json:"ref"`
			At   time.Time `json:"at"`
			Gone bool      `json:"gone"`
		} `json:"data"`
	}
	if json.Unmarshal(body, &m) != nil || !delivery.Known(m.Type) || !delivery.IsChannel(channel) || m.Data.ID == "" && m.Data.Ref == "" {
		return delivery.Said{}, false
	}
	return delivery.Said{Type: m.Type, Channel: channel, ID: m.Data.ID, Ref: m.Data.Ref, At: m.Data.At, Gone: m.Data.Gone}, true
}

// Letters of notifications come back to an address of support that names the
// message and is signed, where there is room for that before the @.

var returnAlphabet = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

const (
	returnMark  = "dly-"
	returnPlace = "delivery/return"
	returnBytes = 8  // of the signature
	longestPart = 64 // characters before the @, RFC 5321
)

// returnPath is where is told that a letter did not arrive; empty: its sender.
func (k *kabinet) returnPath(id string) string {
	id = delivery.BareID(id)
	local, domain, ok := strings.Cut(k.cfg.MailIn.Address, "@")
	_, ours, _ := strings.Cut(strings.Trim(k.cfg.Mail.From[strings.LastIndexByte(k.cfg.Mail.From, '<')+1:], "> "), "@")
	if !ok || !strings.EqualFold(domain, ours) { // a return path of another domain than the sender's would look forged
		return ""
	}
	mac := returnAlphabet.EncodeToString(k.deliveries.Sealer.MAC(id, returnPlace)[:returnBytes])
	local += "+" + returnMark + strings.TrimPrefix(id, "dly_") + "-" + mac
	if len(local) > longestPart {
		return ""
	}
	return local + "@" + domain
}

// letterReturned hears that a letter came back to an address of ours; behind is
// what stands behind its +. found is false where it names no letter that was sent.
func (k *kabinet) letterReturned(ctx context.Context, tx *store.Tx, behind string, final, gone bool) (found bool, err error) {
	suffix, mac, ok := strings.Cut(strings.TrimPrefix(behind, returnMark), "-")
	given, bad := returnAlphabet.DecodeString(mac)
	if !ok || bad != nil || len(given) != returnBytes || !strings.HasPrefix(behind, returnMark) {
		return false, nil
	}
	id, err := scalar.ParseID("dly_" + suffix)
	if err != nil || id.UUID == uuid.Nil {
		return false, nil
	}
	for _, kept := range k.deliveries.Sealer.MACs(id.String(), returnPlace) {
		if hmac.Equal(kept[:returnBytes], given) {
			return k.deliveries.Returned(ctx, tx, id.UUID, final, gone)
		}
	}
	return false, nil
}
