package main

import (
	"context"
	"errors"

	"github.com/google/uuid"

	"kabinet/internal/adapter/hook"
	"kabinet/internal/adapter/payment"
	"kabinet/internal/fault"
	"kabinet/internal/store"
	"kabinet/internal/support"
	"kabinet/internal/support/card"
)

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
