//go:build chaos_control

package live

// from, in a build that is only made to be caught by bench/chaos -control,
// believes the bell: who listens already is given what it names, and what was
// told in between is lost.
func (l *leg) from() int64 {
	last, rung := l.last.Load(), l.rung.Load()
	if l.more || rung <= last {
		return last
	}
	return rung - 1
}
