package data

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"
)

// House is what kabinet made by itself at its first start.
type House struct {
	Program uuid.UUID // key of the default programme
	Unit    string
	Issued  uuid.UUID // the House's account of points given
	Spent   uuid.UUID // and of points redeemed
	Staff   uuid.UUID // the administrator
}

// Account is a person's points.
type Account struct {
	ID      uuid.UUID
	Active  int64
	Head    []byte
	Due     *time.Time
	Entries []Entry // oldest first
	Lots    []Lot
	Moves   []Move
}

// Entry is one entry of a book of points.
type Entry struct {
	ID      uuid.UUID
	At      time.Time
	Kind    string
	Amount  int64
	Contra  uuid.UUID
	Balance int64
	Order   *uuid.UUID
	Cause   string
	Explain string // JSON, keys sorted
	Note    *string
	Actor   *uuid.UUID
	Hash    []byte
}

// Lot is points that came together.
type Lot struct {
	ID, Entry         uuid.UUID
	At                time.Time
	Amount, Remaining int64
}

// Due is when the lot expires: far enough ahead that no run meets it.
func (l Lot) Due() time.Time { return l.At.Add(3650 * day) }

// Move is what an entry did to a lot.
type Move struct {
	Entry, Lot uuid.UUID
	Amount     int64
}

// bookkeeper writes one account.
type bookkeeper struct {
	r       random
	u       *Person
	h       House
	account Account
	explain string
	open    int // the first lot that holds points
}

// book gives points for the delivered orders among the newest, and now and
// then by staff, and spends some, until there are n entries.
func book(r random, u *Person, n int, h House) Account {
	b := &bookkeeper{r: r, u: u, h: h, explain: fmt.Sprintf(`{"programId":%q,"version":1}`, TypeID("prog", h.Program))}
	b.account.ID = r.id(u.Created)
	orders := u.Orders[max(0, len(u.Orders)-n*2/5):]
	for i := range orders {
		o := &orders[i]
		if i == 0 { // something to spend from
			b.give(o.Placed.Add(-time.Hour), 50)
		}
		b.earn(o)
		b.spend(o.Placed.Add(8*time.Hour), int64(r.between(1, 20)))
		if i%2 == 0 {
			b.give(o.Placed.Add(9*time.Hour), int64(r.between(5, 50)))
		}
	}
	for at := epoch.Add(-12 * time.Hour); len(b.account.Entries) < n; at = at.Add(time.Minute) {
		b.give(at, 1)
	}
	for _, l := range b.account.Lots {
		if l.Remaining > 0 {
			due := l.Due()
			b.account.Due = &due
			break
		}
	}
	return b.account
}

// earn gives a point for each pound of each line, as the default terms do.
func (b *bookkeeper) earn(o *Order) {
	if o.Got.IsZero() {
		return
	}
	for i := range o.Lines {
		l := &o.Lines[i]
		l.Points = l.Total() / 100
		o.Points += l.Points
	}
	if o.Points > 0 {
		b.fill(b.post(Entry{At: o.Got, Kind: "ACCRUAL", Amount: o.Points, Contra: b.h.Issued, Order: &o.ID, Cause: "order:" + o.ID.String() + ":earn", Explain: b.explain}))
	}
}

func (b *bookkeeper) give(at time.Time, n int64) {
	note, staff := "Thank you for your patience", b.h.Staff
	b.fill(b.post(Entry{At: at, Kind: "ACCRUAL", Amount: n, Contra: b.h.Issued, Cause: b.cause(), Explain: b.explain, Note: &note, Actor: &staff}))
}

func (b *bookkeeper) spend(at time.Time, n int64) {
	if n = min(n, b.account.Active); n == 0 {
		return
	}
	b.take(b.post(Entry{At: at, Kind: "REDEMPTION", Amount: -n, Contra: b.h.Spent, Cause: b.cause(), Explain: b.explain, Actor: &b.u.ID}))
}

func (b *bookkeeper) cause() string { return fmt.Sprintf("bench:%d", len(b.account.Entries)) }

func (b *bookkeeper) post(e Entry) Entry {
	a := &b.account
	if n := len(a.Entries); n > 0 && !e.At.After(a.Entries[n-1].At) {
		e.At = a.Entries[n-1].At.Add(time.Millisecond) // a book is written in the order of time
	}
	e.ID = b.r.id(e.At)
	a.Active += e.Amount
	e.Balance = a.Active
	e.Hash = chain(a.Head, b.u.ID, a.ID, len(a.Entries)+1, b.h.Unit, e)
	a.Head = e.Hash
	a.Entries = append(a.Entries, e)
	return e
}

func (b *bookkeeper) fill(e Entry) {
	l := Lot{ID: b.r.id(e.At), Entry: e.ID, At: e.At, Amount: e.Amount, Remaining: e.Amount}
	b.account.Lots = append(b.account.Lots, l)
	b.account.Moves = append(b.account.Moves, Move{Entry: e.ID, Lot: l.ID, Amount: e.Amount})
}

// take empties the lots that fall due first.
func (b *bookkeeper) take(e Entry) {
	for left := -e.Amount; left > 0; {
		l := &b.account.Lots[b.open]
		n := min(left, l.Remaining)
		if l.Remaining -= n; l.Remaining == 0 {
			b.open++
		}
		left -= n
		b.account.Moves = append(b.account.Moves, Move{Entry: e.ID, Lot: l.ID, Amount: -n})
	}
}

// chain is the hash of an entry by docs/adr/0018 and internal/ledger/chain.go,
// written a second time: the form is a promise to whoever checks the books
// from outside, and so the bench does not compile ent.
func chain(previous []byte, owner, account uuid.UUID, seq int, unit string, e Entry) []byte {
	var row bytes.Buffer
	enc := json.NewEncoder(&row)
	enc.SetEscapeHTML(false)
	err := enc.Encode([]any{
		"kabinet-ledger-2", e.ID, owner, account, seq, nil, e.Kind, e.Amount, "ACTIVE", e.Contra, "ACTIVE", unit, e.Balance, nil,
		e.Order, e.Cause, json.RawMessage(e.Explain), e.Actor, e.At.Format("2006-01-02T15:04:05.000000Z"),
	})
	if err != nil {
		panic(err) // all of it is ours
	}
	sum := sha256.Sum256(append(bytes.Clone(previous), bytes.TrimSuffix(row.Bytes(), []byte("\n"))...))
	return sum[:]
}
