package bonus

import (
	"context"
	"slices"
	"time"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/ledgerentry"
	"kabinet/ent/generated/ledgerlot"
	"kabinet/internal/fault"
	"kabinet/internal/store"
)

// maxPeriod bounds a statement.
const maxPeriod = 366 * 24 * time.Hour

// MaxHolds bounds the open holds that are shown.
const MaxHolds = 100

// kinds are the kinds of entries in the order of a statement.
var kinds = []ledgerentry.Kind{
	ledgerentry.KindACCRUAL, ledgerentry.KindACTIVATION, ledgerentry.KindREDEMPTION, ledgerentry.KindHOLD, ledgerentry.KindCAPTURE,
	ledgerentry.KindRELEASE, ledgerentry.KindEXPIRY, ledgerentry.KindREFUND, ledgerentry.KindREVERSAL, ledgerentry.KindADJUSTMENT,
	ledgerentry.KindTRANSFER, ledgerentry.KindTOPUP, ledgerentry.KindPAYMENT, ledgerentry.KindPAYOUT, ledgerentry.KindFEE,
}

// What an entry does to the balance (active and held) and to what is pending:
// both of its sides, where the other one is the account itself.
const (
	balanceOf = `CASE WHEN bucket <> 'PENDING' THEN amount ELSE 0 END - CASE WHEN contra_id = account_id AND contra_bucket <> 'PENDING' THEN amount ELSE 0 END`
	pendingOf = `CASE WHEN bucket = 'PENDING' THEN amount ELSE 0 END - CASE WHEN contra_id = account_id AND contra_bucket = 'PENDING' THEN amount ELSE 0 END`
)

// Statement is a period of an account: from is in it, to is not, so that
// statements one after the other leave nothing out and count nothing twice. An
// entry belongs to the moment at which it was written. The account was settled
// when it was read. Faults: INVALID_VALUE, OUT_OF_RANGE.
func (p *Points) Statement(ctx context.Context, a *Account, from, to time.Time) (*BonusStatement, error) {
	from, to = from.UTC().Truncate(time.Microsecond), to.UTC().Truncate(time.Microsecond)
	now := p.Store.Now()
	switch {
	case !to.After(from):
		return nil, fault.ErrInvalidValue.At("to")
	case to.Sub(from) > maxPeriod:
		return nil, fault.ErrOutOfRange.At("from").With("min", to.Add(-maxPeriod).Format(time.RFC3339Nano))
	case to.After(now):
		return nil, fault.ErrOutOfRange.At("to").With("max", now.Format(time.RFC3339Nano))
	}
	rows, err := p.Store.Query(ctx, `SELECT kind, CASE WHEN created_at < ? THEN 0 ELSE 1 END AS within, count(*),
		CAST(sum(`+balanceOf+`) AS bigint), CAST(sum(`+pendingOf+`) AS bigint)
		FROM ledger_entries WHERE account_id = ? AND created_at < ? GROUP BY 1, 2`, from, a.ID, to)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	s := &BonusStatement{From: from, To: to, Totals: []*BonusStatementTotal{}, account: a}
	for rows.Next() {
		var t BonusStatementTotal
		var within int
		if err := rows.Scan(&t.Kind, &within, &t.Count, &t.Balance, &t.Pending); err != nil {
			return nil, err
		}
		s.ClosingBalance, s.ClosingPending = s.ClosingBalance+t.Balance, s.ClosingPending+t.Pending
		if within == 1 {
			s.Totals = append(s.Totals, &t)
			continue
		}
		s.OpeningBalance, s.OpeningPending = s.OpeningBalance+t.Balance, s.OpeningPending+t.Pending
	}
	slices.SortFunc(s.Totals, func(a, b *BonusStatementTotal) int { return slices.Index(kinds, a.Kind) - slices.Index(kinds, b.Kind) })
	return s, store.Translate(rows.Err())
}

// StatementEntries is a page of the entries of a statement's period, newest first.
func (p *Points) StatementEntries(ctx context.Context, s *BonusStatement, after *ent.Cursor, first *int, before *ent.Cursor, last *int) (*EntryConnection, error) {
	return p.Entries(ctx, s.account, &BonusEntryFilter{From: &s.From, Before: &s.To}, after, first, before, last)
}

// Holds are an account's open holds, oldest first, at most 100.
func (p *Points) Holds(ctx context.Context, a *Account) ([]*Hold, error) {
	// The open held lots of an account are few, and an index finds them; which
	// hold each is of, its first move says.
	rows, err := p.Store.Query(ctx, `SELECT DISTINCT entry_id FROM ledger_lots WHERE account_id = ? AND bucket = 'HELD' AND remaining > 0 ORDER BY entry_id LIMIT ?`, a.ID, MaxHolds)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var ids []uuid.UUID
	for rows.Next() {
		var id uuid.UUID
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	if err := rows.Err(); err != nil || len(ids) == 0 {
		return []*Hold{}, store.Translate(err)
	}
	entries, err := p.Store.Client.LedgerEntry.Query().Where(ledgerentry.IDIn(ids...)).Order(ledgerentry.ByID()).All(ctx)
	if err != nil {
		return nil, store.Translate(err)
	}
	together := newAbout(entries...)
	holds := make([]*Hold, len(entries))
	for i, e := range entries {
		holds[i] = &Hold{row{e, together}}
	}
	return holds, nil
}

// NextExpiry is the points of an account that expire next: all of the same day,
// by UTC; nil where none do.
func (p *Points) NextExpiry(ctx context.Context, a *Account) (*BonusNextExpiry, error) {
	open := p.Store.Client.LedgerLot.Query().Where(ledgerlot.AccountID(a.ID), ledgerlot.BucketEQ(ledgerlot.BucketACTIVE), ledgerlot.RemainingGT(0), ledgerlot.DueAtNotNil())
	first, err := open.Clone().Order(ledgerlot.ByDueAt(), ledgerlot.ByID()).First(ctx)
	if ent.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, store.Translate(err)
	}
	next := &BonusNextExpiry{At: *first.DueAt}
	sum := func(s *sql.Selector) string {
		return sql.As("CAST(coalesce(sum("+s.C(ledgerlot.FieldRemaining)+"), 0) AS bigint)", "sum")
	}
	n, err := open.Where(ledgerlot.DueAtLT(dayOf(next.At).AddDate(0, 0, 1))).Aggregate(sum).Int(ctx)
	next.Amount = int64(n)
	return next, store.Translate(err)
}

// dayOf is the beginning of a moment's day, by UTC.
func dayOf(t time.Time) time.Time {
	return time.Date(t.UTC().Year(), t.UTC().Month(), t.UTC().Day(), 0, 0, 0, 0, time.UTC)
}
