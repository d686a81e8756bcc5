package wallet

import (
	"context"
	"database/sql"
	"strings"
	"sync"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/ledgeraccount"
	"kabinet/internal/ledger"
	"kabinet/internal/store"
)

// peers are the other sides of the transfers of a page, read together when the
// first is asked for. Names are read and never stored with an entry: who is
// erased has none.
type peers struct {
	s       *Wallets
	entries []*ent.LedgerEntry

	once  sync.Once
	names map[uuid.UUID]string // by entry
	err   error
}

// entry is a single one, with what its other side is found by.
func (s *Wallets) entry(e *ent.LedgerEntry) *WalletEntry {
	return &WalletEntry{e, &peers{s: s, entries: []*ent.LedgerEntry{e}}}
}

// Counterparty is who is on the other side of a transfer; nil of other entries.
func (s *Wallets) Counterparty(ctx context.Context, e *WalletEntry) (*string, error) {
	if e.LedgerEntry.TransferID == nil || ledger.IsPoints(e.Unit) {
		return nil, nil
	}
	p := e.peers
	if p == nil {
		p = s.entry(e.LedgerEntry).peers
	}
	p.once.Do(func() { p.names, p.err = p.read(ctx) })
	if p.err != nil {
		return nil, store.Translate(p.err)
	}
	if name, ok := p.names[e.ID]; ok {
		return &name, nil
	}
	return nil, nil
}

// side is the other side of an entry: another owner, or another wallet of one's own.
type side struct{ entry, owner, account uuid.UUID }

func (p *peers) read(ctx context.Context) (map[uuid.UUID]string, error) {
	sides, err := p.sides(ctx)
	if err != nil || len(sides) == 0 {
		return nil, err
	}
	var owners, accounts []uuid.UUID
	for _, o := range sides {
		if o.owner != uuid.Nil {
			owners = append(owners, o.owner)
		} else {
			accounts = append(accounts, o.account)
		}
	}
	names := map[uuid.UUID]string{}
	if len(owners) > 0 {
		names, err = namesOf(owners[0], func(query string, args ...any) (*sql.Rows, error) { return p.s.Store.Query(ctx, query, args...) }, owners[1:]...)
		if err != nil {
			return nil, err
		}
	}
	if len(accounts) > 0 {
		own, err := p.s.Store.Client.LedgerAccount.Query().Where(ledgeraccount.IDIn(accounts...)).All(system(ctx))
		if err != nil {
			return nil, err
		}
		for _, a := range own {
			names[a.ID] = ownName(a)
		}
	}
	byEntry := map[uuid.UUID]string{}
	for _, o := range sides {
		key := o.owner
		if key == uuid.Nil {
			key = o.account
		}
		if name, ok := names[key]; ok {
			byEntry[o.entry] = name
		}
	}
	return byEntry, nil
}

func (p *peers) sides(ctx context.Context) (sides []side, err error) {
	var args []any
	for _, e := range p.entries {
		if e.TransferID != nil {
			args = append(args, e.ID)
		}
	}
	if len(args) == 0 {
		return nil, nil
	}
	rows, err := p.s.Store.Query(ctx, `SELECT e.id, e.amount, t.own, t.owner_id, t.to_owner_id, t.from_account_id, t.to_account_id
		FROM ledger_entries e JOIN transfers t ON t.id = e.transfer_id WHERE e.id IN (?`+strings.Repeat(", ?", len(args)-1)+`)`, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var o side
		var amount int64
		var own bool
		var sender, recipient, from, to uuid.UUID
		if err := rows.Scan(&o.entry, &amount, &own, &sender, &recipient, &from, &to); err != nil {
			return nil, err
		}
		o.owner, o.account = recipient, to
		if amount > 0 {
			o.owner, o.account = sender, from
		}
		if own {
			o.owner = uuid.Nil
		}
		sides = append(sides, o)
	}
	return sides, rows.Err()
}
