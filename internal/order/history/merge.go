package history

import (
	"bytes"
	"slices"
)

// newer sorts payments: newest first, of one moment the later id first.
func newer(a, b *PaymentRecord) int {
	if by := b.OccurredAt.Compare(a.OccurredAt); by != 0 {
		return by
	}
	return bytes.Compare(b.ID.UUID[:], a.ID.UUID[:])
}

// merge joins pages of several lists into one page of at most n, newest first.
// Each list gave what it has from the place where the page begins, n+1 at most:
// its newest, or where the page goes backwards its oldest, as far as the place
// where it ends. more says that something lies beyond.
func merge(n int, backwards bool, lists ...[]*PaymentRecord) (page []*PaymentRecord, more bool) {
	all := slices.Concat(lists...)
	slices.SortFunc(all, newer)
	if len(all) <= n {
		return all, false
	}
	if backwards {
		return all[len(all)-n:], true
	}
	return all[:n], true
}
