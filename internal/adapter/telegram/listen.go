package telegram

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/go-telegram/bot"
	"github.com/go-telegram/bot/models"
)

// Hear says who is given what people say; call it before Listen and Webhook.
func (b *Bot) Hear(do func(ctx context.Context, s Said) (answer string, err error)) { b.hear = do }

// Listen asks Telegram what people said, over and over until ctx ends. One at a
// time does so for a bot.
func (b *Bot) Listen(ctx context.Context) {
	// With a webhook in force Telegram answers no such question.
	if _, err := b.api.DeleteWebhook(ctx, &bot.DeleteWebhookParams{}); err != nil {
		b.onError(err)
	}
	b.api.Start(ctx)
}

// SetWebhook tells Telegram where to say it instead. The secret comes back with
// each request.
func (b *Bot) SetWebhook(ctx context.Context, url, secret string) error {
	_, err := b.api.SetWebhook(ctx, &bot.SetWebhookParams{URL: url, SecretToken: secret, AllowedUpdates: listens})
	if err != nil {
		return b.failure(err)
	}
	return nil
}

const (
	secretHeader  = "X-Telegram-Bot-Api-Secret-Token"
	largestUpdate = 256 << 10 // bytes
)

// Webhook takes what Telegram says by itself. What cannot be read is taken, or
// it would come again for a day; what failed here is asked for again.
func (b *Bot) Webhook(secrets ...string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		said := []byte(r.Header.Get(secretHeader))
		known := 0
		for _, s := range secrets {
			known |= subtle.ConstantTimeCompare(said, []byte(s))
		}
		if known != 1 {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		raw, err := io.ReadAll(http.MaxBytesReader(w, r.Body, largestUpdate))
		if err != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		var u models.Update
		if err := json.Unmarshal(raw, &u); err != nil {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		if err := b.take(r.Context(), &u); err != nil {
			b.log("an update could not be taken: " + err.Error())
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		w.WriteHeader(http.StatusNoContent)
	})
}

// longestStay is how long an update that could not be taken is tried again:
// Telegram does not say it twice to who asks. The others wait in their order.
const (
	firstPause  = 250 * time.Millisecond
	longestStay = 2 * time.Minute
)

func (b *Bot) onUpdate(ctx context.Context, _ *bot.Bot, u *models.Update) {
	pause, end := firstPause, time.Now().Add(longestStay)
	for {
		err := b.take(ctx, u)
		if err == nil {
			return
		}
		b.log("an update could not be taken: " + err.Error())
		if time.Now().Add(pause).After(end) {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
		pause *= 2
	}
}

// take hears one update, and says the answer.
func (b *Bot) take(ctx context.Context, u *models.Update) error {
	s, ok := read(u)
	if !ok || b.hear == nil {
		return nil
	}
	answer, err := b.hear(ctx, s)
	if err != nil || answer == "" {
		return err
	}
	if _, err := b.Send(ctx, s.Chat, Message{Text: answer}); err != nil {
		b.log(err.Error()) // what was said is done; the answer alone is lost
	}
	return nil
}

// read says what of an update is somebody's word in a chat of his own.
func read(u *models.Update) (s Said, ok bool) {
	switch {
	case u.Message != nil && u.Message.From != nil && u.Message.Chat.Type == models.ChatTypePrivate && !u.Message.From.IsBot:
		m := u.Message
		return Said{Chat: strconv.FormatInt(m.Chat.ID, 10), Text: m.Text, Name: name(m.From), Language: m.From.LanguageCode}, true
	case u.MyChatMember != nil && u.MyChatMember.Chat.Type == models.ChatTypePrivate && u.MyChatMember.NewChatMember.Type == models.ChatMemberTypeBanned:
		return Said{Chat: strconv.FormatInt(u.MyChatMember.Chat.ID, 10), Blocked: true}, true
	}
	return s, false
}

// name is what a person is called there, his own words.
func name(u *models.User) string {
	if u.Username != "" {
		return "@" + u.Username
	}
	return strings.TrimSpace(u.FirstName + " " + u.LastName)
}
