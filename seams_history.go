package main

import "kabinet/internal/order/history"

// wireHistory makes the search over orders and what is shown of them; orders
// keep their words in their own transaction.
func (k *kabinet) wireHistory() {
	k.history = &history.History{Store: k.store, Orders: k.orders}
	k.orders.Index, k.orders.Find = k.history.Index, k.history.Find
}
