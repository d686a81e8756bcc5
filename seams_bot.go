package main

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	entarticle "kabinet/ent/generated/article"
	"kabinet/internal/adapter/hook"
	"kabinet/internal/adapter/payment"
	"kabinet/internal/config"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/support/bot"
	"kabinet/internal/support/survey"
)

const (
	botsAtOnce  = 8 // questions that an instance asks the bot side by side
	botPatience = 20 * time.Second
)

// wireBot builds the bot that answers first, and the surveys that ask last.
func (k *kabinet) wireBot() {
	k.surveys = &survey.Surveys{Store: k.store, Tickets: k.tickets}
	k.bot = &bot.Bot{Store: k.store, Tickets: k.tickets, Log: k.log}
	switch k.cfg.Bot.Kind {
	case config.BotHook:
		k.bot.Ask = k.askBot()
	case config.BotArticles:
		k.bot.Ask = bot.FromArticles(k.findArticles)
	}
	k.bot.Readable = k.readableArticles
	k.tickets.BotTakes = k.bot.Takes
}

// askBot asks the bot of the business, behind the guard of all addresses.
func (k *kabinet) askBot() func(ctx context.Context, q bot.Question) (bot.Answer, error) {
	out := hook.NewOutgoing(hook.OutgoingOptions{Guard: &hook.Guard{Allow: k.cfg.WebhookAllow}, Sign: payment.Sign, Patience: botPatience, Now: k.store.Now})
	return func(ctx context.Context, q bot.Question) (bot.Answer, error) {
		asked := hook.BotQuestion{
			TicketID: q.TicketID.String(), MessageID: q.MessageID.String(), Number: q.Number, Kind: q.Kind, Subject: q.Subject, Locale: q.Locale,
			Turn: q.Turn, TurnsLeft: q.TurnsLeft, Messages: make([]hook.BotMessage, len(q.Messages)),
		}
		if q.OrderID != nil {
			asked.OrderID = q.OrderID.String()
		}
		for i, m := range q.Messages {
			asked.Messages[i] = hook.BotMessage{ID: m.ID.String(), Author: m.Author, Body: m.Body, At: m.At}
		}
		said, err := out.AskBot(ctx, k.cfg.Bot.URL.String(), k.cfg.Bot.Secrets, asked)
		if err != nil {
			return bot.Answer{}, err
		}
		a := bot.Answer{Action: bot.Action(said.Action), Text: said.Text}
		for _, text := range said.ArticleIDs {
			id, err := scalar.ParseID(text)
			if err != nil || id.Prefix != "art" {
				continue // none that could be shown
			}
			a.Articles = append(a.Articles, id.UUID)
		}
		return a, nil
	}
}

// leastShare is how much of a question an article must have to be offered, of 100.
const leastShare = 30

// findArticles are those that fit a text, as the viewer reads them, the best
// first.
func (k *kabinet) findArticles(ctx context.Context, text, lang string, limit int) ([]bot.Found, error) {
	const looked = 10 // they are sorted by where they have the words, too
	all, err := k.articles.Answer(ctx, text, lang, looked)
	if err != nil {
		return nil, err
	}
	var some []bot.Found
	for _, a := range all {
		if len(some) < limit && a.Share >= leastShare {
			some = append(some, bot.Found{ID: a.ID, Title: a.Title, Summary: a.Summary})
		}
	}
	return some, nil
}

// readableArticles are those of some that the viewer may read, in their order:
// the fence says which.
func (k *kabinet) readableArticles(ctx context.Context, keys []uuid.UUID) ([]uuid.UUID, error) {
	rows, err := k.store.Client.Article.Query().Where(entarticle.KeyIDIn(keys...), entarticle.StatusEQ(entarticle.StatusPUBLISHED)).
		Select(entarticle.FieldKeyID).All(ctx)
	if err != nil {
		return nil, store.Translate(err)
	}
	return slices.DeleteFunc(slices.Clone(keys), func(key uuid.UUID) bool {
		return !slices.ContainsFunc(rows, func(r *ent.Article) bool { return r.KeyID == key })
	}), nil
}
