package main

import (
	"context"
	"errors"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/internal/adapter/hook"
	"kabinet/internal/adapter/payment"
	"kabinet/internal/article"
	"kabinet/internal/fault"
	"kabinet/internal/live"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/support"
	"kabinet/internal/support/card"
	"kabinet/internal/support/clock"
	queue "kabinet/internal/support/desk"
)

// wireSupport builds the support desk. The rooms beside the tickets fill what
// must happen in the tickets' transactions.
func (k *kabinet) wireSupport(streams *live.Streams, sealer *store.Sealer) {
	k.tickets = &support.Tickets{Store: k.store, Streams: streams, Reach: k.people.ReachNow}
	k.wireClock()
	k.wireQueue()
	k.wireTalk()
	k.wireBot()
	k.wireArticles(sealer)
	k.wireCards(sealer)
}

// wireArticles builds the knowledge base.
func (k *kabinet) wireArticles(sealer *store.Sealer) {
	k.articles = &article.Articles{Store: k.store, Sealer: sealer}
}

// wireTalk ties the files of messages to who keeps them.
func (k *kabinet) wireTalk() {
	k.tickets.Attach = func(ctx context.Context, tx *store.Tx, documents []uuid.UUID, _ *ent.Ticket) ([]support.Attachment, error) {
		files, err := k.documents.Attachable(ctx, tx, documents, "input", "attachmentIds")
		if err != nil {
			return nil, err
		}
		all := make([]support.Attachment, len(files))
		for i, d := range files {
			all[i] = support.Attachment{DocumentID: d.ID, Title: d.Title, Mime: *d.Mime, Size: *d.Size}
		}
		return all, nil
	}
	k.tickets.FileURL = func(ctx context.Context, attachment uuid.UUID) *string {
		return k.documents.LentURL(ctx, scalar.ID{Prefix: "att", UUID: attachment})
	}
	k.documents.Lent = func(ctx context.Context, of scalar.ID, person uuid.UUID) (uuid.UUID, error) {
		if of.Prefix != "att" {
			return uuid.Nil, fault.ErrNotFound
		}
		return k.tickets.Attached(ctx, of.UUID, person)
	}
}

// wireClock ties the clock to the tickets: every act that matters to time is
// told to it in its transaction.
func (k *kabinet) wireClock() {
	k.clocks = &clock.Clocks{Store: k.store}
	k.tickets.Clock = k.clocks.Note
}

// wireQueue builds where operators work: who is given which ticket.
func (k *kabinet) wireQueue() {
	k.queue = &queue.Queue{Store: k.store, Tickets: k.tickets}
}

// wireCards builds the customer card.
func (k *kabinet) wireCards(sealer *store.Sealer) {
	guard := &hook.Guard{Allow: k.cfg.WebhookAllow}
	out := hook.NewOutgoing(hook.OutgoingOptions{Guard: guard, Sign: payment.Sign, Now: k.store.Now})
	k.customerCards = &card.Cards{
		Store: k.store, Sealer: sealer, Guard: guard.Check, Reassign: k.reassign,
		Ask: func(ctx context.Context, q card.Question) card.Answer {
			h := out.Ask(ctx, hook.Message{URL: q.URL, ID: q.ID, Secrets: [][]byte{q.Secret}, Body: q.Body}, q.Most)
			return card.Answer{Status: h.Status, Failure: h.Failure, Body: h.Body}
		},
	}
}

// reassign gives the tickets of a customer to his new manager: a few, each
// under its lock and with its own event, as when it is assigned by hand. One on
// whose customer's side the caller or the new manager stands stays where it is.
func (k *kabinet) reassign(ctx context.Context, tx *store.Tx, tickets []uuid.UUID, to *uuid.UUID) (moved int, err error) {
	for _, id := range tickets {
		t, err := k.tickets.LockIn(ctx, tx, id, "input", "userId")
		if errors.Is(err, fault.ErrForbidden) {
			continue
		}
		if err != nil {
			return 0, err
		}
		if to != nil {
			if his, err := support.OnCustomersSideIn(ctx, tx, t, *to); err != nil {
				return 0, err
			} else if his[*to] {
				continue
			}
		}
		if err := k.tickets.AssignIn(ctx, tx, t, to); err != nil {
			return 0, err
		}
		moved++
	}
	return moved, nil
}
