package ledger

import (
	"time"

	"github.com/google/uuid"
)

// lot is an open lot, as far as taking from it goes.
type lot struct {
	id        uuid.UUID
	remaining int64
	due       *time.Time
}

// move is what one entry does to one lot.
type move struct {
	lot    uuid.UUID
	amount int64
	empty  bool // nothing remains
	due    *time.Time
}

// allot takes n out of lots in their order, and says how many are still wanted.
func allot(lots []lot, n int64) (moves []move, wanted int64) {
	for _, l := range lots {
		if n == 0 {
			break
		}
		take := min(n, l.remaining)
		if take <= 0 {
			continue
		}
		moves = append(moves, move{l.id, -take, take == l.remaining, l.due})
		n -= take
	}
	return moves, n
}
