package hook

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// BotQuestion is what a bot of the business is asked: a talk without a name, an
// address or a note.
type BotQuestion struct {
	TicketID  string       `json:"ticketId"`
	MessageID string       `json:"messageId"`
	Number    string       `json:"number"`
	Kind      string       `json:"kind"`
	Subject   string       `json:"subject"`
	Locale    string       `json:"locale"`
	OrderID   string       `json:"orderId,omitempty"`
	Turn      int          `json:"turn"`
	TurnsLeft int          `json:"turnsLeft"`
	Messages  []BotMessage `json:"messages"`
}

// BotMessage is one message of the talk.
type BotMessage struct {
	ID     string    `json:"id"`
	Author string    `json:"author"`
	Body   string    `json:"body"`
	At     time.Time `json:"at"`
}

// BotAnswer is what the bot says. Whoever shows it checks it first.
type BotAnswer struct {
	Action     string   `json:"action"`
	Text       string   `json:"text"`
	ArticleIDs []string `json:"articleIds"`
}

// largestBotAnswer is in bytes.
const largestBotAnswer = 64 << 10

// AskBot asks a bot about one message, once; webhook-id is the same where that
// message is asked about again. An error means that it gave no answer; it holds
// a word, never what the bot said.
func (o *Outgoing) AskBot(ctx context.Context, url string, secrets [][]byte, q BotQuestion) (a BotAnswer, err error) {
	body, err := json.Marshal(struct {
		Type string      `json:"type"`
		Data BotQuestion `json:"data"`
	}{"bot.answer", q})
	if err != nil {
		return a, fmt.Errorf("hook: %w", err)
	}
	heard := o.Ask(ctx, Message{URL: url, ID: "bot_" + q.MessageID, Secrets: secrets, Body: body}, largestBotAnswer)
	if heard.Failure != "" {
		return a, fmt.Errorf("hook: the bot: %s, status %d", heard.Failure, heard.Status)
	}
	if json.Unmarshal(heard.Body, &a) != nil || a.Action == "" {
		return a, errors.New("hook: the bot's answer is none")
	}
	return a, nil
}
