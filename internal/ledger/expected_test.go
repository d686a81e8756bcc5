package ledger_test

import (
	"cmp"
	"slices"
	"time"

	"github.com/google/uuid"

	"kabinet/internal/ledger"
)

// model is what accounts hold, by somebody who knows nothing of entries,
// hashes or SQL.
type model struct {
	now   func() time.Time
	lives time.Duration
	grace time.Duration
	made  int
}

type modelAccount struct {
	key      ledger.Key
	id       uuid.UUID
	debt     int64
	lots     []*modelLot
	holds    []*modelHold
	spends   []*modelSpend
	accruals []*modelAccrual
}

type modelLot struct {
	at      int // when it was made, among all
	pending bool
	left    int64
	gone    int64 // expired
	due     time.Time
	never   bool
	of      *modelAccrual
}

type part struct {
	lot *modelLot
	n   int64
}

type modelHold struct {
	entry uuid.UUID
	parts []part // what is left, those that fall due first first
	until time.Time
}

type modelSpend struct {
	entry uuid.UUID
	left  int64 // not given back yet
	parts []part
}

type modelAccrual struct {
	entry    uuid.UUID
	amount   int64
	lot      *modelLot
	reversed bool
}

// later orders by due time, never last, then by when they were made.
func later(a, b *modelLot) int {
	switch {
	case a.never != b.never && a.never:
		return 1
	case a.never != b.never:
		return -1
	}
	return cmp.Or(a.due.Compare(b.due), cmp.Compare(a.at, b.at))
}

func (a *modelAccount) sum(pending bool) (n int64) {
	for _, l := range a.lots {
		if l.pending == pending {
			n += l.left
		}
	}
	return n
}

func (a *modelAccount) held() (n int64) {
	for _, h := range a.holds {
		n += total(h.parts)
	}
	return n
}

func total(parts []part) (n int64) {
	for _, p := range parts {
		n += p.n
	}
	return n
}

// settle lets what fell due take effect, one after the other.
func (m *model) settle(a *modelAccount) {
	for {
		var first *modelLot
		for _, l := range a.lots {
			if l.left > 0 && !l.never && !l.due.After(m.now()) && (first == nil || later(l, first) < 0) {
				first = l
			}
		}
		i := slices.IndexFunc(a.holds, func(h *modelHold) bool {
			return total(h.parts) > 0 && !h.until.After(m.now()) && (first == nil || h.until.Before(first.due))
		})
		switch {
		case i >= 0:
			m.release(a, a.holds[i], total(a.holds[i].parts))
		case first == nil:
			return
		case first.pending:
			n := first.left
			first.left = 0
			made := m.fill(a, n, m.after(first.due))
			if first.of != nil {
				first.of.lot = made
			}
		default:
			first.gone, first.left = first.gone+first.left, 0
		}
	}
}

func (m *model) after(at time.Time) time.Time { return at.Add(m.lives) }

// fill pays the debt first; what is over becomes a lot.
func (m *model) fill(a *modelAccount, n int64, due time.Time) *modelLot {
	pay := min(n, a.debt)
	a.debt -= pay
	if n == pay {
		return nil
	}
	return m.lot(a, n-pay, due)
}

func (m *model) lot(a *modelAccount, n int64, due time.Time) *modelLot {
	m.made++
	l := &modelLot{at: m.made, left: n, due: due, never: due.IsZero()}
	a.lots = append(a.lots, l)
	return l
}

// take takes active points, of those first first.
func (m *model) take(a *modelAccount, n int64, first ...*modelLot) (out []part) {
	open := slices.DeleteFunc(slices.Clone(a.lots), func(l *modelLot) bool { return l.pending || slices.Contains(first, l) })
	slices.SortFunc(open, later)
	for _, l := range append(slices.DeleteFunc(slices.Clone(first), func(l *modelLot) bool { return l == nil }), open...) {
		if k := min(n, l.left); k > 0 && !l.pending {
			l.left, n = l.left-k, n-k
			out = append(out, part{l, k})
		}
	}
	return out
}

// release gives n of a hold back, those that fall due last first; a debt takes
// the rest.
func (m *model) release(a *modelAccount, h *modelHold, n int64) {
	out := cut(&h.parts, n)
	room := n - min(n, a.debt)
	a.debt -= n - room
	for _, p := range out {
		k := min(room, p.n)
		p.lot.left, room = p.lot.left+k, room-k
	}
}

// cut takes n off the end of parts.
func cut(parts *[]part, n int64) (out []part) {
	for n > 0 {
		last := &(*parts)[len(*parts)-1]
		k := min(n, last.n)
		out = append(out, part{last.lot, k})
		last.n, n = last.n-k, n-k
		if last.n == 0 {
			*parts = (*parts)[:len(*parts)-1]
		}
	}
	return out
}

// capture takes n of a hold, those that fall due first.
func (m *model) capture(h *modelHold, n int64) (out []part) {
	for n > 0 {
		k := min(n, h.parts[0].n)
		out = append(out, part{h.parts[0].lot, k})
		h.parts[0].n, n = h.parts[0].n-k, n-k
		if h.parts[0].n == 0 {
			h.parts = h.parts[1:]
		}
	}
	return out
}

// refund gives n of what was spent back, into the lots that fall due last first.
func (m *model) refund(a *modelAccount, s *modelSpend, n int64) {
	s.left -= n
	room := n - min(n, a.debt)
	a.debt -= n - room
	slices.SortFunc(s.parts, func(x, y part) int { return later(x.lot, y.lot) })
	for _, p := range cut(&s.parts, room) {
		if m.grace > 0 && !p.lot.never && !p.lot.due.After(m.now()) {
			m.lot(a, p.n, m.now().Add(m.grace))
			continue
		}
		p.lot.left += p.n
	}
	m.settle(a)
}

// replace lets n stand of an accrual; it says what of its debt is new.
func (m *model) replace(a *modelAccount, acc *modelAccrual, n int64, short ledger.Short) (kept *modelAccrual, done bool) {
	own := acc.lot
	waits := own != nil && own.pending && own.left > 0
	whole := acc.amount
	switch {
	case waits:
		whole = own.left
	case own != nil:
		whole -= own.gone
	}
	if n >= whole || short == ledger.ShortLeft && !waits {
		return nil, false
	}
	acc.reversed = true
	if n > 0 {
		due := m.after(m.now())
		if own != nil {
			due = own.due
		}
		kept = &modelAccrual{amount: n}
		if waits {
			kept.lot = m.lot(a, n, due)
			kept.lot.pending, kept.lot.of = true, kept
		} else {
			kept.lot = m.fill(a, n, due)
		}
		a.accruals = append(a.accruals, kept)
	}
	if waits {
		own.left = 0
		return kept, true
	}
	first := []*modelLot{own}
	if kept != nil {
		first = append(first, kept.lot)
	}
	got := min(whole, a.sum(false))
	m.take(a, got, first...)
	if short == ledger.ShortOwed {
		a.debt += whole - got
	}
	return kept, true
}

// move gives n of one account to another one, with their due times.
func (m *model) move(from, to *modelAccount, n, fee int64) {
	taken := m.take(from, n)
	room := n - min(n, to.debt)
	to.debt -= n - room
	var last *modelLot
	for _, p := range slices.Backward(taken) {
		k := min(room, p.n)
		if room -= k; k == 0 {
			continue
		}
		if last != nil && last.never == p.lot.never && last.due.Equal(p.lot.due) {
			last.left += k
			continue
		}
		last = m.lot(to, k, p.lot.due)
	}
	m.take(from, fee)
}
