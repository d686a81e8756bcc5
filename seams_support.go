package main

import (
	"kabinet/internal/live"
	"kabinet/internal/support"
)

// wireSupport builds the support desk. The rooms beside the tickets fill what
// must happen in the tickets' transactions.
func (k *kabinet) wireSupport(streams *live.Streams) {
	k.tickets = &support.Tickets{Store: k.store, Streams: streams}
	k.wireTalk()
	k.wireBot()
}
