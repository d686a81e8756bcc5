package wallet

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"entgo.io/contrib/entgql"
	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/ledgeraccount"
	"kabinet/ent/generated/ledgerentry"
	"kabinet/ent/generated/topup"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// Page is where a page of a list begins and how long it is.
type Page struct {
	After  *ent.Cursor
	First  *int
	Before *ent.Cursor
	Last   *int
}

// Wallet is one that the caller may see. Faults: INVALID_ID, NOT_FOUND.
func (s *Wallets) Wallet(ctx context.Context, id scalar.ID) (*WalletAccount, error) {
	a, err := byID(ctx, s.Store.Client, id, "id")
	if err != nil {
		return nil, store.Translate(err)
	}
	return s.Shown(ctx, a)
}

// Shown is a wallet that the caller may see. Fault: NOT_FOUND.
func (s *Wallets) Shown(ctx context.Context, a *ent.LedgerAccount) (*WalletAccount, error) {
	if a.Kind != ledgeraccount.KindWALLET || !mayRead(ctx, a.OwnerID) {
		return nil, fault.ErrNotFound.At("id")
	}
	return ViewAccount(a), nil
}

// ShownEntry is an entry of a wallet that the caller may see, found by its id.
// Fault: NOT_FOUND.
func (s *Wallets) ShownEntry(ctx context.Context, id uuid.UUID) (*WalletEntry, error) {
	e, err := s.Store.Client.LedgerEntry.Query().Where(ledgerentry.ID(id)).Only(system(ctx))
	if err != nil {
		return nil, store.Translate(err)
	}
	a, err := s.Store.Client.LedgerAccount.Query().Where(ledgeraccount.ID(e.AccountID)).Only(system(ctx))
	if err != nil {
		return nil, store.Translate(err)
	}
	if _, err := s.Shown(ctx, a); err != nil {
		return nil, err
	}
	return s.entry(e), nil
}

// Of are an owner's wallets, oldest first; none where the caller may not see
// them. Hidden ones are left out unless asked for.
func (s *Wallets) Of(ctx context.Context, owner uuid.UUID, hidden *bool) ([]*WalletAccount, error) {
	if !mayRead(ctx, owner) {
		return []*WalletAccount{}, nil
	}
	q := s.Store.Client.LedgerAccount.Query().Where(ledgeraccount.OwnerID(owner), ledgeraccount.KindEQ(ledgeraccount.KindWALLET)).
		Order(ledgeraccount.ByID()).Limit(mostWallets)
	if !isDry(hidden) {
		q.Where(ledgeraccount.Visible(true))
	}
	rows, err := q.All(system(ctx))
	if err != nil {
		return nil, store.Translate(err)
	}
	wallets := make([]*WalletAccount, len(rows))
	for i, a := range rows {
		wallets[i] = ViewAccount(a)
	}
	return wallets, nil
}

// OfCustomer is Of for staff, hidden ones too. Faults: INVALID_ID;
// UNAUTHENTICATED, FORBIDDEN.
func (s *Wallets) OfCustomer(ctx context.Context, id scalar.ID) ([]*WalletAccount, error) {
	if err := staff(ctx, "read"); err != nil {
		return nil, err
	}
	if id.Prefix != "usr" && id.Prefix != "com" {
		return nil, fault.ErrInvalidID.At("userId")
	}
	all := true
	return s.Of(ctx, id.UUID, &all)
}

// Entries is a page of a wallet's book, newest first. Fault: INVALID_ID.
func (s *Wallets) Entries(ctx context.Context, a *WalletAccount, f *WalletEntryFilter, page Page) (*WalletEntryConnection, error) {
	q := s.Store.Client.LedgerEntry.Query().Where(ledgerentry.AccountID(a.ID))
	if f != nil {
		if f.OrderID != nil {
			if f.OrderID.Prefix != "order" {
				return nil, fault.ErrInvalidID.At("filter", "orderId")
			}
			q.Where(ledgerentry.OrderID(f.OrderID.UUID))
		}
		if len(f.Kinds) > 0 {
			kinds := make([]ledgerentry.Kind, len(f.Kinds))
			for i, k := range f.Kinds {
				kinds[i] = ledgerentry.Kind(k)
			}
			q.Where(ledgerentry.KindIn(kinds...))
		}
		if f.From != nil {
			q.Where(ledgerentry.CreatedAtGTE(cut(*f.From)))
		}
		if f.Before != nil {
			q.Where(ledgerentry.CreatedAtLT(cut(*f.Before)))
		}
	}
	newest := &ent.LedgerEntryOrder{Direction: entgql.OrderDirectionDesc, Field: ent.DefaultLedgerEntryOrder.Field}
	found, err := q.Paginate(system(ctx), page.After, page.First, page.Before, page.Last, ent.WithLedgerEntryOrder(newest))
	if err != nil {
		return nil, store.Translate(err)
	}
	c := &WalletEntryConnection{Edges: make([]*WalletEntryEdge, len(found.Edges)), PageInfo: found.PageInfo, TotalCount: found.TotalCount}
	rows := make([]*ent.LedgerEntry, len(found.Edges))
	for i, e := range found.Edges {
		rows[i] = e.Node
	}
	peers := &peers{s: s, entries: rows}
	for i, e := range found.Edges {
		c.Edges[i] = &WalletEntryEdge{Node: &WalletEntry{e.Node, peers}, Cursor: e.Cursor}
	}
	return c, nil
}

// statementLimit is the longest period of a statement.
const statementLimit = 366 * 24 * time.Hour

// Statement is a wallet over a period, from its beginning to before its end.
// Fault: OUT_OF_RANGE of a period that ends before it begins, or is longer than
// 366 days.
func (s *Wallets) Statement(ctx context.Context, a *WalletAccount, from, to time.Time) (*WalletStatement, error) {
	from, to = cut(from), cut(to)
	if to.Before(from) || to.Sub(from) > statementLimit {
		return nil, fault.ErrOutOfRange.At("to").With("min", from.Format(time.RFC3339)).With("max", from.Add(statementLimit).Format(time.RFC3339))
	}
	var opening, in, out, fees int64
	st := &WalletStatement{From: from, To: to}
	err := s.Store.InSnapshot(ctx, func(ctx context.Context, snap *store.Snapshot) error {
		err := one(snap.Query(ctx, `SELECT balance_after FROM ledger_entries WHERE account_id = ? AND created_at < ? ORDER BY seq DESC LIMIT 1`, a.ID, from))(&opening)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		// What moves between two buckets of the wallet changes no balance.
		return one(snap.Query(ctx, `SELECT CAST(coalesce(sum(CASE WHEN contra_id <> account_id AND amount > 0 THEN amount ELSE 0 END), 0) AS bigint),
			CAST(coalesce(sum(CASE WHEN contra_id <> account_id AND amount < 0 THEN -amount ELSE 0 END), 0) AS bigint),
			CAST(coalesce(sum(CASE WHEN kind = 'FEE' THEN -amount ELSE 0 END), 0) AS bigint), count(*)
			FROM ledger_entries WHERE account_id = ? AND created_at >= ? AND created_at < ?`, a.ID, from, to))(&in, &out, &fees, &st.Count)
	})
	if err != nil {
		return nil, store.Translate(err)
	}
	st.Opening, st.Incoming, st.Outgoing, st.Fees, st.Closing = a.money(opening), a.money(in), a.money(out), a.money(fees), a.money(opening+in-out)
	return st, nil
}

// one scans the only row of a query.
func one(rows *sql.Rows, err error) func(...any) error {
	return func(into ...any) error {
		if err != nil {
			return err
		}
		defer rows.Close()
		if !rows.Next() {
			return errors.Join(rows.Err(), sql.ErrNoRows)
		}
		return rows.Scan(into...)
	}
}

// TopUps is a page of an owner's top-ups, newest first: those that were begun
// and those that were paid.
func (s *Wallets) TopUps(ctx context.Context, owner uuid.UUID, page Page) (*ent.TopUpConnection, error) {
	c, err := s.Store.Client.TopUp.Query().Where(topup.OwnerID(owner), topup.Or(topup.URLNotNil(), topup.StatusNEQ(topup.StatusPENDING))).
		Paginate(ctx, page.After, page.First, page.Before, page.Last,
			ent.WithTopUpOrder(&ent.TopUpOrder{Direction: entgql.OrderDirectionDesc, Field: ent.DefaultTopUpOrder.Field}))
	return c, store.Translate(err)
}

// WalletOf is the wallet of a top-up; nil where the caller may not see it.
func (s *Wallets) WalletOf(ctx context.Context, account uuid.UUID) (*WalletAccount, error) {
	w, err := s.Wallet(ctx, scalar.ID{Prefix: "acc", UUID: account})
	if fault.KindOf(err) == fault.NotFound {
		return nil, nil
	}
	return w, err
}

// cut is a time as both databases keep it.
func cut(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }

func lang(ctx context.Context) string { return viewer.From(ctx).Locale }
