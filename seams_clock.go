package main

import "kabinet/internal/support/clock"

// wireClock ties the clock to the tickets: every act that matters to time is
// told to it in its transaction.
func (k *kabinet) wireClock() {
	k.clocks = &clock.Clocks{Store: k.store}
	k.tickets.Clock = k.clocks.Note
}
