// Package telegram speaks for the bot of the business: it sends messages to
// chats and hears what people say to the bot, by long polling or by a webhook.
// It knows no person and writes no table; who hears says what is answered.
package telegram

import (
	"context"
	"errors"
	"fmt"
	"html"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/go-telegram/bot"
	"github.com/go-telegram/bot/models"
)

// Options configure a Bot.
type Options struct {
	Token string
	URL   string // of the Bot API; Telegram's own when empty
	Poll  time.Duration
	Log   func(text string) // what went wrong while it listened, without the token
}

// Bot is the bot of the business.
type Bot struct {
	token string
	poll  time.Duration
	log   func(string)
	api   *bot.Bot
	hear  func(ctx context.Context, s Said) (answer string, err error)

	mu   sync.Mutex
	name string
}

// Said is what somebody says to the bot in a chat of his own.
type Said struct {
	Chat     string
	Text     string
	Name     string
	Language string
	Blocked  bool // in place of a text: he has blocked the bot
}

// Message is what is sent.
type Message struct {
	Title, Text string
	URL         string // of a button; may be empty
	Label       string // of the button
	Silent      bool   // makes no sound
}

// Error says why a message was not taken. It holds no chat and no token.
type Error struct {
	Status          int
	Word            string // for programs: BLOCKED REFUSED RATE_LIMITED UNAUTHORIZED CONNECTION STATUS
	Gone, Permanent bool
	RetryAfter      time.Duration
}

// Error implements error.
func (e *Error) Error() string { return "telegram: " + e.Word }

const (
	longestMessage = 4096 // characters of a message, as Telegram counts them
	usualPoll      = 50 * time.Second
	patience       = 10 * time.Second // beyond the poll
)

// listens are the kinds of updates that are asked for.
var listens = bot.AllowedUpdates{models.AllowedUpdateMessage, models.AllowedUpdateMyChatMember}

// New makes a bot; it calls nobody yet.
func New(o Options) (*Bot, error) {
	if o.Poll == 0 {
		o.Poll = usualPoll
	}
	if o.Log == nil {
		o.Log = func(string) {}
	}
	b := &Bot{token: o.Token, poll: o.Poll, log: o.Log}
	client := &http.Client{
		Timeout:       o.Poll + patience,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	options := []bot.Option{
		bot.WithSkipGetMe(), bot.WithHTTPClient(o.Poll, client), bot.WithAllowedUpdates(listens), bot.WithNotAsyncHandlers(),
		bot.WithDefaultHandler(b.onUpdate), bot.WithErrorsHandler(b.onError),
	}
	if o.URL != "" {
		options = append(options, bot.WithServerURL(strings.TrimSuffix(o.URL, "/")))
	}
	api, err := bot.New(o.Token, options...)
	if err != nil {
		return nil, errors.New("telegram: the token is empty")
	}
	b.api = api
	return b, nil
}

// Name is what the bot is called, without @; it is asked once.
func (b *Bot) Name(ctx context.Context) (string, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.name != "" {
		return b.name, nil
	}
	me, err := b.api.GetMe(ctx)
	if err != nil {
		return "", b.failure(err)
	}
	if me.Username == "" {
		return "", errors.New("telegram: the bot has no name")
	}
	b.name = me.Username
	return b.name, nil
}

// Send sends a message to a chat: all text is text, whatever stands in it. Its
// errors are *Error.
func (b *Bot) Send(ctx context.Context, chat string, m Message) (ref string, err error) {
	id, err := strconv.ParseInt(chat, 10, 64)
	if err != nil {
		return "", &Error{Word: "CHAT", Permanent: true}
	}
	p := &bot.SendMessageParams{ChatID: id, Text: compose(m.Title, m.Text), ParseMode: models.ParseModeHTML, DisableNotification: m.Silent,
		LinkPreviewOptions: &models.LinkPreviewOptions{IsDisabled: bot.True()}}
	if m.URL != "" {
		p.ReplyMarkup = &models.InlineKeyboardMarkup{InlineKeyboard: [][]models.InlineKeyboardButton{{{Text: m.Label, URL: m.URL}}}}
	}
	sent, err := b.api.SendMessage(ctx, p)
	if err != nil {
		return "", b.failure(err)
	}
	return strconv.Itoa(sent.ID), nil
}

// compose writes a title and a text as Telegram's HTML, at most 4,096 characters
// as they are shown.
func compose(title, text string) string {
	title, text = strings.TrimSpace(title), strings.TrimSpace(text)
	title = cut(title, longestMessage/4)
	if rest, again := strings.CutPrefix(text, title); again && (rest == "" || rest[0] == '\n') {
		text = strings.TrimSpace(rest) // it is said once
	}
	text = cut(text, longestMessage-utf16Len(title)-2)
	switch {
	case title == "":
		return html.EscapeString(text)
	case text == "":
		return "<b>" + html.EscapeString(title) + "</b>"
	}
	return "<b>" + html.EscapeString(title) + "</b>\n\n" + html.EscapeString(text)
}

// utf16Len is the length of a text as Telegram counts.
func utf16Len(s string) (n int) {
	for _, r := range s {
		if r > 0xFFFF {
			n++
		}
		n++
	}
	return n
}

// cut shortens a text to so many units, and says so.
func cut(s string, most int) string {
	if utf16Len(s) <= most {
		return s
	}
	for n := 0; len(s) > 0 && utf16Len(s) > most-1; n++ {
		_, size := utf8.DecodeLastRuneInString(s)
		s = s[:len(s)-size]
	}
	return s + "…"
}

// failure translates an error of the library, whose text may hold the token.
func (b *Bot) failure(err error) *Error {
	var busy *bot.TooManyRequestsError
	var moved *bot.MigrateError
	switch {
	case errors.As(err, &busy):
		return &Error{Status: http.StatusTooManyRequests, Word: "RATE_LIMITED", RetryAfter: time.Duration(min(max(busy.RetryAfter, 1), 86_400)) * time.Second}
	case errors.Is(err, bot.ErrorForbidden):
		return &Error{Status: http.StatusForbidden, Word: "BLOCKED", Gone: true, Permanent: true}
	case errors.Is(err, bot.ErrorBadRequest) && strings.Contains(err.Error(), "chat not found"):
		return &Error{Status: http.StatusBadRequest, Word: "BLOCKED", Gone: true, Permanent: true}
	case errors.Is(err, bot.ErrorBadRequest), errors.As(err, &moved):
		return &Error{Status: http.StatusBadRequest, Word: "REFUSED", Permanent: true}
	case errors.Is(err, bot.ErrorUnauthorized), errors.Is(err, bot.ErrorNotFound): // the token is wrong: not this message's fault
		return &Error{Status: http.StatusUnauthorized, Word: "UNAUTHORIZED"}
	}
	return &Error{Word: "CONNECTION"}
}

func (b *Bot) onError(err error) {
	if errors.Is(err, context.Canceled) {
		return
	}
	b.log(fmt.Sprintf("%v", b.failure(err)))
}
