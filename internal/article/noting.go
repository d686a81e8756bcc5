package article

import (
	"sync"
	"time"
)

// The bounds of what one instance counts of the searches of an hour.
const (
	notedEach = 60     // of one person, or address: he cannot fill the report alone, nor make a write of each read
	notedFrom = 10_000 // people and addresses; who comes after them is not counted
)

// noting says whose searches are counted still. It is kept in memory: a report
// may miss some, and a row a search would be what it spares.
type noting struct {
	mu   sync.Mutex
	hour int64
	by   map[string]int
}

func (n *noting) may(from string, now time.Time) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	if hour := now.Unix() / 3600; n.by == nil || hour != n.hour {
		n.hour, n.by = hour, map[string]int{}
	}
	if n.by[from] >= notedEach || n.by[from] == 0 && len(n.by) >= notedFrom {
		return false
	}
	n.by[from]++
	return true
}
