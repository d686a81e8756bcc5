package main

import (
	"strings"

	"kabinet/internal/live"
	"kabinet/internal/notify"
	"kabinet/internal/notify/broadcast"
	"kabinet/internal/notify/delivery"
	"kabinet/internal/notify/endpoint"
	"kabinet/internal/notify/preference"
	"kabinet/internal/notify/send"
	"kabinet/internal/notify/template"
	"kabinet/internal/store"
)

// wireNotify builds the feed and what stands around it.
func (k *kabinet) wireNotify(streams *live.Streams, sealer *store.Sealer) {
	public := ""
	if k.cfg.PublicURL != nil {
		public = strings.TrimSuffix(k.cfg.PublicURL.String(), "/")
	}
	k.preferences = &preference.Preferences{Store: k.store, Settings: &preference.Settings{Store: k.store}, Sealer: sealer, Public: public}
	k.templates = &template.Templates{Store: k.store}
	k.inbox = &notify.Inbox{Store: k.store, Streams: streams}
	k.endpoints = &endpoint.Endpoints{Store: k.store, Sealer: sealer}
	k.deliveries = &delivery.Deliveries{Store: k.store, Preferences: k.preferences, Templates: k.templates, Endpoints: k.endpoints}
	k.sending = &send.Sending{Store: k.store, Inbox: k.inbox}
	k.broadcasts = &broadcast.Broadcasts{Store: k.store, Streams: streams, Inbox: k.inbox}
}
