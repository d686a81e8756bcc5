// Package goods takes over products, their prices and their stock from outside
// systems. It is a part of order and writes products, but for what reviews and
// audiences keep there. It never sells anything.
package goods

import "kabinet/internal/store"

// Goods is the service of this room.
type Goods struct {
	Store *store.Store
}

// The lengths of texts, in characters.
const (
	maxKey   = 100
	maxTitle = 300
	maxURL   = 2048
)
