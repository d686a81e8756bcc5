package main

import (
	"context"

	"kabinet/internal/demo"
)

// demonstrate loads demonstration data into an empty database.
func (k *kabinet) demonstrate(ctx context.Context) error {
	d := &demo.Demo{
		Store: k.store, People: k.people, Desk: k.desk, Documents: k.documents, Cards: k.cards, Orders: k.orders, Points: k.points,
		Earnings: k.earnings, Tiers: k.tiers, Promotions: k.promotions, Rewards: k.rewards, Referrals: k.referrals, Campaigns: k.campaigns,
		Wallets: k.wallets, Tickets: k.tickets, Locale: k.cfg.Locale, History: excerpt,
		Hear: func(ctx context.Context) error { return untilDone(ctx, k.hear) }, Until: untilDone,
	}
	return d.Load(ctx)
}
