package limit

import (
	"container/list"
	"context"
	"sync"
)

// TextCache keeps what was used last until its entries weigh more than it may
// hold. gqlgen's counts entries, and a client chooses how big an entry is.
type TextCache[T any] struct {
	bytes int
	weigh func(key string, value T) int

	mu    sync.Mutex
	used  int
	order *list.List // of *textEntry[T], last used first
	byKey map[string]*list.Element
}

type textEntry[T any] struct {
	key    string
	value  T
	weight int
}

// entryWeight is what an entry takes besides its text, in bytes.
const entryWeight = 256

// NewQueryTexts keeps the texts of persisted queries.
func NewQueryTexts(bytes int) *TextCache[string] {
	return newTextCache(bytes, func(key, value string) int { return len(key) + len(value) + entryWeight })
}

func newTextCache[T any](bytes int, weigh func(string, T) int) *TextCache[T] {
	return &TextCache[T]{bytes: bytes, weigh: weigh, order: list.New(), byKey: map[string]*list.Element{}}
}

// Get is graphql.Cache's.
func (c *TextCache[T]) Get(_ context.Context, key string) (value T, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.byKey[key]
	if !ok {
		return value, false
	}
	c.order.MoveToFront(e)
	return e.Value.(*textEntry[T]).value, true
}

// Add is graphql.Cache's. What weighs more than a sixteenth of everything is
// not kept, so that no single entry empties the cache.
func (c *TextCache[T]) Add(_ context.Context, key string, value T) {
	weight := c.weigh(key, value)
	if weight > c.bytes/16 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if e, ok := c.byKey[key]; ok {
		c.order.MoveToFront(e)
		return // a key stands for one text: nothing to replace
	}
	c.byKey[key] = c.order.PushFront(&textEntry[T]{key, value, weight})
	c.used += weight
	for c.used > c.bytes {
		entry := c.order.Remove(c.order.Back()).(*textEntry[T])
		delete(c.byKey, entry.key)
		c.used -= entry.weight
	}
}

// Used is the weight held now, in bytes.
func (c *TextCache[T]) Used() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.used
}
