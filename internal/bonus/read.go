package bonus

import (
	"context"
	"time"

	"entgo.io/contrib/entgql"
	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/ledgeraccount"
	"kabinet/ent/generated/ledgerentry"
	"kabinet/ent/generated/ledgerlot"
	"kabinet/ent/generated/predicate"
	"kabinet/internal/fault"
	"kabinet/internal/ledger"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// AccountOf is a person's account in a programme, the default one for nil,
// with what fell due settled. The caller's own is made at first need; another
// person's that is not there yet, or not the caller's to see, is NOT_FOUND.
// Faults: INVALID_ID, PROGRAM_NOT_FOUND, NOT_FOUND.
func (p *Points) AccountOf(ctx context.Context, user uuid.UUID, programID *scalar.ID) (*Account, error) {
	prog, err := p.ProgramIn(ctx, p.Store.Client, programID)
	if err != nil {
		return nil, err
	}
	a, err := p.find(ctx, user, prog)
	if ent.IsNotFound(err) && user == viewer.From(ctx).UserID {
		a, err = p.open(ctx, user, prog)
	}
	if err != nil {
		return nil, store.Translate(err)
	}
	return p.Settled(ctx, a)
}

// CustomerAccount is AccountOf for staff, who see every customer's, made at
// first need. Faults: as of AccountOf; UNAUTHENTICATED, FORBIDDEN.
func (p *Points) CustomerAccount(ctx context.Context, userID scalar.ID, programID *scalar.ID) (*Account, error) {
	if err := Staff(ctx, "read"); err != nil {
		return nil, err
	}
	if userID.Prefix != "usr" {
		return nil, fault.ErrInvalidID.At("userId")
	}
	prog, err := p.ProgramIn(ctx, p.Store.Client, programID)
	if err != nil {
		return nil, err
	}
	a, err := p.find(ctx, userID.UUID, prog)
	if ent.IsNotFound(err) {
		a, err = p.open(ctx, userID.UUID, prog)
	}
	if err != nil {
		return nil, store.Translate(err)
	}
	return p.Settled(ctx, a)
}

func (p *Points) find(ctx context.Context, owner uuid.UUID, prog *ent.BonusProgram) (*ent.LedgerAccount, error) {
	q, err := p.Store.Client.LedgerAccount.Query().Where(ledgeraccount.OwnerID(owner)).Where(inProgram(prog)...).CollectFields(ctx)
	if err != nil {
		return nil, err
	}
	return q.Only(ctx)
}

func inProgram(prog *ent.BonusProgram) []predicate.LedgerAccount {
	return []predicate.LedgerAccount{ledgeraccount.Unit(prog.Unit), ledgeraccount.KindEQ(ledgeraccount.KindBONUS), ledgeraccount.Name("")}
}

// Unit is what the accounts of a programme are kept in, the default one's for
// nil. Faults: INVALID_ID, PROGRAM_NOT_FOUND.
func (p *Points) Unit(ctx context.Context, programID *scalar.ID) (string, error) {
	prog, err := p.ProgramIn(ctx, p.Store.Client, programID)
	if err != nil {
		return "", err
	}
	return prog.Unit, nil
}

// open makes a person's account in a transaction of its own.
func (p *Points) open(ctx context.Context, user uuid.UUID, prog *ent.BonusProgram) (*ent.LedgerAccount, error) {
	err := p.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		if _, err := Customer(ctx, tx, scalar.ID{Prefix: "usr", UUID: user}); err != nil {
			return err
		}
		return ledger.Make(ctx, tx, AccountOf(user, prog))
	})
	if err != nil {
		return nil, err
	}
	return p.find(ctx, user, prog)
}

// AccountsOf are a person's accounts in all programmes; the caller has one in
// the default programme at least.
func (p *Points) AccountsOf(ctx context.Context, user uuid.UUID) ([]*Account, error) {
	q, err := p.Store.Client.LedgerAccount.Query().Where(ledgeraccount.OwnerID(user), ledgeraccount.KindEQ(ledgeraccount.KindBONUS)).
		Order(ledgeraccount.ByID()).Limit(maxAccounts).CollectFields(ctx)
	if err != nil {
		return nil, err
	}
	rows, err := q.All(ctx)
	if err != nil {
		return nil, store.Translate(err)
	}
	accounts := make([]*Account, 0, max(len(rows), 1))
	for _, a := range rows {
		s, err := p.Settled(ctx, a)
		if err != nil {
			return nil, err
		}
		accounts = append(accounts, s)
	}
	if len(rows) == 0 && user == viewer.From(ctx).UserID {
		a, err := p.AccountOf(ctx, user, nil)
		if fault.KindOf(err) == fault.NotFound { // there is no programme
			return accounts, nil
		}
		return append(accounts, a), err
	}
	return accounts, nil
}

// CompanyAccount is the account of the company or family that the caller acts
// for; staff see everybody's. It is not made: one that earned nothing has none.
// Faults: FORBIDDEN without the grant to read its bonuses, INVALID_ID,
// PROGRAM_NOT_FOUND, NOT_FOUND.
func (p *Points) CompanyAccount(ctx context.Context, company uuid.UUID, programID *scalar.ID) (*Account, error) {
	if err := reads(ctx, company); err != nil {
		return nil, err
	}
	prog, err := p.ProgramIn(ctx, p.Store.Client, programID)
	if err != nil {
		return nil, err
	}
	a, err := p.find(ctx, company, prog)
	if err != nil {
		return nil, store.Translate(err)
	}
	return p.Settled(ctx, a)
}

// CompanyAccounts are those of the company or family that the caller acts for.
// Faults: FORBIDDEN.
func (p *Points) CompanyAccounts(ctx context.Context, company uuid.UUID) ([]*Account, error) {
	if err := reads(ctx, company); err != nil {
		return nil, err
	}
	return p.AccountsOf(ctx, company)
}

// reads lets through who may see the points of a company or family: staff, and
// the member who acts for it, where his role says so.
func reads(ctx context.Context, company uuid.UUID) error {
	v := viewer.From(ctx)
	reach := max(v.Reach("bonus", "read"), v.Reach("bonus", "write"))
	if reach == viewer.ReachAll || v.OwnerID == company && reach >= viewer.ReachOwner {
		return nil
	}
	return fault.ErrForbidden
}

// maxAccounts bounds a person's accounts, one a programme.
const maxAccounts = 100

// Settled shows an account as it is now: what fell due since it was last
// written is settled first, so that no reader sees points that are gone.
func (p *Points) Settled(ctx context.Context, a *ent.LedgerAccount) (*Account, error) {
	if a.NextDueAt == nil || a.NextDueAt.After(p.Store.Now()) {
		return ViewAccount(a), nil
	}
	if err := p.Books().Settle(ctx, a.ID); err != nil {
		return nil, err
	}
	q := p.Store.Client.LedgerAccount.Query().Where(ledgeraccount.ID(a.ID))
	q.Select(ent.Stored["LedgerAccount"].Shown()...) // the callers stand at different fields
	a, err := q.Only(ctx)
	if err != nil {
		return nil, store.Translate(err)
	}
	return ViewAccount(a), nil
}

// ProgramOf is an account's programme: the version in force, or the last one.
func (p *Points) ProgramOf(ctx context.Context, a *Account) (*ent.BonusProgram, error) {
	if a.ProgramID == nil {
		return nil, ErrProgramNotFound
	}
	return p.ProgramVersion(ctx, p.Store.Client, *a.ProgramID, 0)
}

// Expiring is how many points an account loses before a time if they are not spent.
func (p *Points) Expiring(ctx context.Context, a *Account, before time.Time) (int64, error) {
	sum := func(s *sql.Selector) string {
		return sql.As("CAST(coalesce(sum("+s.C(ledgerlot.FieldRemaining)+"), 0) AS bigint)", "sum")
	}
	n, err := p.Store.Client.LedgerLot.Query().Where(ledgerlot.AccountID(a.ID), ledgerlot.BucketEQ(ledgerlot.BucketACTIVE),
		ledgerlot.RemainingGT(0), ledgerlot.DueAtLT(before.UTC().Truncate(time.Microsecond))).Aggregate(sum).Int(ctx)
	return int64(n), store.Translate(err)
}

// MaxLots bounds the open lots that are shown.
const MaxLots = 100

// Lots are an account's open lots, first due first, at most 100.
func (p *Points) Lots(ctx context.Context, a *Account) ([]*ent.LedgerLot, error) {
	q, err := p.Store.Client.LedgerLot.Query().Where(ledgerlot.AccountID(a.ID), ledgerlot.RemainingGT(0)).
		Order(ledgerlot.ByDueAt(sql.OrderNullsLast()), ledgerlot.ByID()).Limit(MaxLots).CollectFields(ctx)
	if err != nil {
		return nil, err
	}
	lots, err := q.All(ctx)
	return lots, store.Translate(err)
}

// Entries is a page of an account's book, newest first.
func (p *Points) Entries(ctx context.Context, a *Account, filter *BonusEntryFilter, after *ent.Cursor, first *int, before *ent.Cursor, last *int) (*EntryConnection, error) {
	where, err := filter.Predicates()
	if err != nil {
		return nil, err
	}
	newest := &ent.LedgerEntryOrder{Direction: entgql.OrderDirectionDesc, Field: ent.DefaultLedgerEntryOrder.Field}
	page, err := p.Store.Client.LedgerEntry.Query().Where(append(where, ledgerentry.AccountID(a.ID))...).
		Paginate(ctx, after, first, before, last, ent.WithLedgerEntryOrder(newest))
	if err != nil {
		return nil, store.Translate(err)
	}
	c := &EntryConnection{Edges: make([]*EntryEdge, len(page.Edges)), PageInfo: page.PageInfo, TotalCount: page.TotalCount}
	together := newAbout()
	for i, e := range page.Edges {
		together.add(e.Node)
		c.Edges[i] = &EntryEdge{Node: viewEntry(e.Node, together), Cursor: e.Cursor}
	}
	return c, nil
}

// Predicates are what a filter narrows a book by. Faults: INVALID_ID.
func (f *BonusEntryFilter) Predicates() (where []predicate.LedgerEntry, err error) {
	if f == nil {
		return nil, nil
	}
	if f.OrderID != nil {
		if f.OrderID.Prefix != "order" {
			return nil, fault.ErrInvalidID.At("filter", "orderId")
		}
		where = append(where, ledgerentry.OrderID(f.OrderID.UUID))
	}
	if f.From != nil {
		where = append(where, ledgerentry.CreatedAtGTE(f.From.UTC().Truncate(time.Microsecond)))
	}
	if f.Before != nil {
		where = append(where, ledgerentry.CreatedAtLT(f.Before.UTC().Truncate(time.Microsecond)))
	}
	return where, nil
}
