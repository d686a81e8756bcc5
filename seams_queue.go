package main

import (
	queue "kabinet/internal/support/desk"
)

// wireQueue builds where operators work: who is given which ticket.
func (k *kabinet) wireQueue() {
	k.queue = &queue.Queue{Store: k.store, Tickets: k.tickets}
}
