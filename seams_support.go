package main

import (
	"kabinet/internal/article"
	"kabinet/internal/live"
	"kabinet/internal/store"
	"kabinet/internal/support"
)

// wireSupport builds the support desk. The rooms beside the tickets fill what
// must happen in the tickets' transactions.
func (k *kabinet) wireSupport(streams *live.Streams) {
	k.tickets = &support.Tickets{Store: k.store, Streams: streams, Reach: k.people.ReachNow}
	k.wireClock()
	k.wireQueue()
	k.wireTalk()
	k.wireBot()
}

// wireArticles builds the knowledge base.
func (k *kabinet) wireArticles(sealer *store.Sealer) {
	k.articles = &article.Articles{Store: k.store, Sealer: sealer}
}
