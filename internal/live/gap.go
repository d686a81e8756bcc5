//go:build !chaos_control

package live

// from is where a read of the log begins: after what was delivered last, so
// that what no bell has told is read too.
func (l *leg) from() int64 { return l.last.Load() }
