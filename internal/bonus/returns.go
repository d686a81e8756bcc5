package bonus

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/bonusprogram"
	"kabinet/ent/generated/ledgerentry"
	"kabinet/internal/ledger"
	"kabinet/internal/rule"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// orderEntry is an entry about an order, as far as undoing it goes.
type orderEntry struct {
	id, account uuid.UUID
	kind        ledgerentry.Kind
	amount      int64
	explain     []byte
}

// undoing is what becomes of an order's points in one transaction.
type undoing struct {
	p      *Points
	tx     *store.Tx
	order  uuid.UUID
	stays  remains // of the order
	earned int64   // by how much less the order earned, in the programme that its pointsEarned is about
	spent  int64   // by how much less was spent on it
}

// UnearnForOrder undoes what an order did to points when it is cancelled, in
// the transaction that cancels it, whose row the caller holds locked: what is
// held for it comes free, what was spent on it comes back, into the lots it was
// taken from; what it earned is taken back as the programme's return policy
// says. Done again it does nothing.
func (p *Points) UnearnForOrder(ctx context.Context, tx *store.Tx, o *ent.Order) error {
	u := &undoing{p: p, tx: tx, order: o.ID}
	return u.run(ctx)
}

// ReturnForOrder brings an order's points to what it still earns when some of
// its goods came back, in the transaction that notes the return, whose order's
// row the caller holds locked; lines say what remains. Each line still earns its
// share of what it earned; of what was spent, the part comes back that the
// goods were worth. Repeated returns, in any order, come to the same. It says
// what the order's points_earned and points_spent are now.
func (p *Points) ReturnForOrder(ctx context.Context, tx *store.Tx, o *ent.Order, lines []*ent.OrderLine) (earned, spent int64, err error) {
	u := &undoing{p: p, tx: tx, order: o.ID, stays: remaining(lines)}
	if err := u.run(ctx); err != nil {
		return 0, 0, err
	}
	return o.PointsEarned - u.earned, o.PointsSpent - u.spent, nil
}

func (u *undoing) run(ctx context.Context) error {
	entries, err := u.entries(ctx)
	if err != nil {
		return err
	}
	for len(entries) > 0 { // an account at a time, by ascending id
		n := 1
		for n < len(entries) && entries[n].account == entries[0].account {
			n++
		}
		if err := u.account(ctx, entries[:n]); err != nil {
			return err
		}
		entries = entries[n:]
	}
	return nil
}

// undone says in which order: what comes back is there to be taken.
var undone = map[ledgerentry.Kind]int{ledgerentry.KindHOLD: 1, ledgerentry.KindREDEMPTION: 2, ledgerentry.KindCAPTURE: 2, ledgerentry.KindACCRUAL: 3}

// entries lists what stands of an order's holds, spendings and earnings, by
// account. What others gave because of the order is theirs to take back.
func (u *undoing) entries(ctx context.Context) ([]orderEntry, error) {
	rows, err := u.tx.Query(ctx, `SELECT e.id, e.account_id, e.kind, e.amount, e.explain FROM ledger_entries e
		WHERE e.order_id = ? AND (e.kind IN ('HOLD', 'REDEMPTION', 'CAPTURE') OR e.kind = 'ACCRUAL' AND e.cause_key LIKE 'order:%'
		AND NOT EXISTS (SELECT 1 FROM ledger_entries r WHERE r.parent_id = e.id AND r.kind = 'REVERSAL')) ORDER BY e.account_id, e.seq`, u.order)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var entries []orderEntry
	for rows.Next() {
		var e orderEntry
		if err := rows.Scan(&e.id, &e.account, &e.kind, &e.amount, &e.explain); err != nil {
			return nil, err
		}
		entries = append(entries, e)
	}
	slices.SortStableFunc(entries, func(a, b orderEntry) int {
		return cmp.Or(bytes.Compare(a.account[:], b.account[:]), cmp.Compare(undone[a.kind], undone[b.kind]))
	})
	return entries, rows.Err()
}

func (u *undoing) account(ctx context.Context, entries []orderEntry) error {
	b, err := u.p.Books().Lock(ctx, u.tx, entries[0].account, viewer.From(ctx).Actor())
	if b == nil && err == nil {
		err = fmt.Errorf("bonus: account %s of order %s is not there", entries[0].account, u.order)
	}
	if err != nil {
		return err
	}
	for _, e := range entries {
		switch e.kind {
		case ledgerentry.KindHOLD:
			err = u.release(ctx, b, e)
		case ledgerentry.KindACCRUAL:
			err = u.unearn(ctx, b, e)
		default:
			err = u.refund(ctx, b, e)
		}
		if err != nil {
			return err
		}
	}
	return b.Close(ctx)
}

// release gives free what is held for an order of which nothing remains.
func (u *undoing) release(ctx context.Context, b *ledger.Book, e orderEntry) error {
	if !u.stays.nothing() {
		return nil
	}
	_, err := b.Release(ctx, e.id, 0, ledger.Posting{Cause: fmt.Sprintf("order:%s:cancel:release:%s", u.order, e.id)})
	if errors.Is(err, ledger.ErrTooFewPoints) { // it is closed
		return nil
	}
	return err
}

// refund gives back what was spent on goods that came back.
func (u *undoing) refund(ctx context.Context, b *ledger.Book, e orderEntry) error {
	cause := fmt.Sprintf("order:%s:cancel:refund:%s", u.order, e.id)
	var n int64 // all that is left
	if !u.stays.nothing() {
		var back int64
		err := u.tx.QueryRow(ctx, `SELECT CAST(coalesce(sum(amount), 0) AS bigint) FROM ledger_entries WHERE parent_id = ? AND kind = 'REFUND'`, e.id).Scan(&back)
		if err != nil {
			return err
		}
		if n = u.stays.gone(-e.amount) - back; n <= 0 {
			return nil
		}
		cause = fmt.Sprintf("order:%s:return:%d:refund:%s", u.order, b.Account().Seq+1, e.id)
	}
	r, err := b.Refund(ctx, e.id, n, ledger.Posting{Cause: cause})
	if err == nil && r != nil {
		u.spent += r.Amount
	}
	return err
}

// unearn lets stand of an accrual what the order still earns.
func (u *undoing) unearn(ctx context.Context, b *ledger.Book, e orderEntry) error {
	prog, err := u.p.decidedBy(ctx, u.tx, b.Account(), e.explain)
	if err != nil {
		return err
	}
	in := ledger.Posting{Cause: fmt.Sprintf("order:%s:cancel:reverse:%s", u.order, e.id), Short: short(prog)}
	var n int64
	if !u.stays.nothing() {
		in.Cause = fmt.Sprintf("order:%s:return:%s", u.order, e.id)
		if n, in.Explain, err = u.stays.entitled(e, rule.Rounding(prog.Rounding)); err != nil {
			return err
		}
	}
	kept, reversed, err := b.Replace(ctx, e.id, n, in)
	if err != nil || !prog.IsDefault {
		return err
	}
	for _, made := range []*ent.LedgerEntry{kept, reversed} {
		if made != nil {
			u.earned -= made.Amount
		}
	}
	return nil
}

// short is what a programme does where points that a return takes back are spent.
func short(prog *ent.BonusProgram) ledger.Short {
	switch prog.ReturnPolicy {
	case bonusprogram.ReturnPolicyPENDING_ONLY:
		return ledger.ShortLeft
	case bonusprogram.ReturnPolicyALLOW_NEGATIVE:
		return ledger.ShortOwed
	}
	return ledger.ShortForgiven
}

// remains is what is left of an order; the zero one is nothing.
type remains struct {
	left, of      map[string]int64 // things that are left, and all, by the line's edge id
	value, bought int64            // of the lines: what is left, and in all
}

func remaining(lines []*ent.OrderLine) remains {
	r := remains{left: make(map[string]int64, len(lines)), of: make(map[string]int64, len(lines))}
	for _, l := range lines {
		left := max(l.Quantity-l.Cancelled-l.Returned, 0)
		id := l.GlobalID().String()
		r.left[id], r.of[id] = left, l.Quantity
		worth := max(l.TotalMinor, 0)
		stays, _ := rule.MulDiv(worth, left, l.Quantity, rule.Down)
		r.bought, r.value = r.bought+worth, r.value+stays
	}
	return r
}

func (r remains) nothing() bool {
	for _, n := range r.left {
		if n > 0 {
			return false
		}
	}
	return true
}

// gone is the part of what was spent that the goods were worth which came back.
func (r remains) gone(spent int64) int64 {
	n, ok := rule.MulDiv(spent, r.bought-r.value, r.bought, rule.Down)
	if !ok { // the order was free
		return 0
	}
	return n
}

// earnedLine is what an accrual says of a line: all of its things counted where
// it does not say how many. Of is how it was at first.
type earnedLine struct {
	LineID   string      `json:"lineId"`
	Points   int64       `json:"points"`
	Quantity int64       `json:"quantity,omitempty"`
	Of       *earnedLine `json:"of,omitempty"`
}

// entitled is what the order still earns of an accrual, and how the accrual of
// that explains itself. Shares are always taken of what was earned at first, so
// that rounding does not add up.
func (r remains) entitled(e orderEntry, how rule.Rounding) (int64, map[string]any, error) {
	var said struct {
		Lines []earnedLine `json:"lines"`
		First *int64       `json:"earnedAtFirst"`
	}
	explain := map[string]any{}
	if len(e.explain) > 0 {
		d := json.NewDecoder(bytes.NewReader(e.explain))
		d.UseNumber()
		if err := errors.Join(json.Unmarshal(e.explain, &said), d.Decode(&explain)); err != nil {
			return 0, nil, fmt.Errorf("bonus: read explain of %s: %w", e.id, err)
		}
	}
	first := e.amount
	set(&first, said.First)
	var sum int64
	rest, lines := first, make([]any, 0, len(said.Lines))
	for _, l := range said.Lines {
		of := l
		if l.Of != nil {
			of = *l.Of
		}
		if of.Quantity == 0 {
			of.Quantity = r.of[l.LineID]
		}
		rest -= of.Points
		left := min(r.left[l.LineID], of.Quantity)
		n, _ := rule.MulDiv(of.Points, left, of.Quantity, how) // nothing of a line that is not there
		sum += n
		lines = append(lines, map[string]any{
			"lineId": l.LineID, "points": n, "quantity": left, "of": map[string]any{"lineId": l.LineID, "points": of.Points, "quantity": of.Quantity},
		})
	}
	if rest > 0 { // points of the whole order
		if n, ok := rule.MulDiv(rest, r.value, r.bought, how); ok {
			sum += n
		}
	}
	explain["lines"], explain["earnedAtFirst"] = lines, first
	return min(sum, e.amount), explain, nil
}
