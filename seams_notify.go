package main

import (
	"context"
	"strings"
	"time"

	"github.com/google/uuid"

	"kabinet/internal/live"
	"kabinet/internal/notify"
	"kabinet/internal/notify/broadcast"
	"kabinet/internal/notify/delivery"
	"kabinet/internal/notify/preference"
	"kabinet/internal/notify/send"
	"kabinet/internal/notify/template"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// wireNotify builds the feed and what stands around it.
func (k *kabinet) wireNotify(streams *live.Streams, sealer *store.Sealer) {
	public := ""
	if k.cfg.PublicURL != nil {
		public = strings.TrimSuffix(k.cfg.PublicURL.String(), "/")
	}
	k.preferences = &preference.Preferences{Store: k.store, Settings: &preference.Settings{Store: k.store}, Sealer: sealer, Public: public}
	k.templates = &template.Templates{Store: k.store, Preferences: k.preferences, Log: k.log}
	k.inbox = &notify.Inbox{Store: k.store, Streams: streams, Retention: k.cfg.Notifications, Wants: k.wantsInFeed, Words: k.wordsInFeed}
	k.deliveries = &delivery.Deliveries{Store: k.store, Preferences: k.preferences, Templates: k.templates, Endpoints: k.endpoints, Sealer: sealer,
		Narrowed: func(ctx context.Context, tx *store.Tx, id uuid.UUID) ([]string, error) {
			return broadcast.Narrowed(ctx, tx.Client, id)
		}}
	k.templates.Try = k.deliveries.SendTest
	k.sending = &send.Sending{Store: k.store, Inbox: k.inbox, Preferences: k.preferences, Log: k.log, Offer: k.offerEnds}
	k.broadcasts = &broadcast.Broadcasts{Store: k.store, Streams: streams, Inbox: k.inbox, Settings: k.preferences.Settings,
		Going: func(at time.Time) (string, []any) { return k.endpoints.Going(at) }}
}

// wantsInFeed says whether a person wants a type of notifications in the feed.
func (k *kabinet) wantsInFeed(ctx context.Context, tx *store.Tx, w notify.Wish) (bool, error) {
	return k.preferences.InFeed(ctx, tx, w.Type, w.Preferences)
}

// wordsInFeed is how the House words a notification of the feed.
func (k *kabinet) wordsInFeed(ctx context.Context, tx *store.Tx, w notify.Wording) (title, body string) {
	return k.templates.InApp(ctx, tx.Client, template.Ask{Type: w.Type, Locale: w.Locale, TimeZone: w.TimeZone, Params: w.Params, Title: w.Title, Body: w.Body, URL: w.URL})
}

// offerEnds finds an offer of a person: what it is called and when it ends for
// him.
func (k *kabinet) offerEnds(ctx context.Context, user, offer uuid.UUID) (o send.OfferEnd, found bool, err error) {
	mine := viewer.With(ctx, viewer.Viewer{UserID: user, OwnerID: user})
	page, err := k.promotions.OffersOf(mine, user, nil, nil, nil, nil, nil)
	for after := (*scalar.Cursor)(nil); err == nil; page, err = k.promotions.OffersOf(mine, user, nil, after, nil, nil, nil) {
		for _, e := range page.Edges {
			if e.Node.ID.UUID == offer {
				return send.OfferEnd{Title: e.Node.Name, EndsAt: e.Node.ExpiresAt}, true, nil
			}
		}
		if !page.PageInfo.HasNextPage {
			return o, false, nil
		}
		after = page.PageInfo.EndCursor
	}
	return o, false, err
}
