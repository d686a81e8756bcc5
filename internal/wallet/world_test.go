package wallet_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"

	"kabinet/ent/generated/user"
	"kabinet/internal/fault"
	"kabinet/internal/ledger"
	"kabinet/internal/order"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
	"kabinet/internal/viewer"
	"kabinet/internal/wallet"
)

// world is the wallets of one test; storetest proves the ledger when it ends.
type world struct {
	*storetest.DB
	t                testing.TB
	wallets          *wallet.Wallets
	orders           *order.Orders
	keys             atomic.Int64
	alice, bob, desk uuid.UUID
}

func open(t testing.TB, db *storetest.DB) *world {
	t.Helper()
	w := &world{DB: db, t: t}
	w.wallets = &wallet.Wallets{Store: db.Store, Books: &ledger.Books{Store: db.Store}}
	w.orders = &order.Orders{Store: db.Store, Repay: w.wallets.Repay}
	w.wallets.Bill = func(ctx context.Context, tx *store.Tx, owner, id uuid.UUID) (wallet.Bill, error) {
		o, open, err := w.orders.Payable(ctx, tx, owner, id)
		if err != nil {
			return wallet.Bill{}, err
		}
		return wallet.Bill{Currency: o.Currency, Open: open, Pay: func(ctx context.Context, minor int64, entry uuid.UUID) error {
			return w.orders.PayFromWallet(ctx, tx, o, minor, entry)
		}}, nil
	}
	w.alice, w.bob, w.desk = w.person("Alice Archer"), w.person("Bob Baker"), w.person("Staff")
	t.Cleanup(func() {
		wrong, err := wallet.Check(context.Background(), db.Store)
		if err != nil || len(wrong) > 0 {
			t.Errorf("check: %v %v", wrong, err)
		}
	})
	return w
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) person(name string) (id uuid.UUID) {
	w.t.Helper()
	w.must(w.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error {
		u, err := tx.User.Create().SetDisplayName(name).SetStatus(user.StatusACTIVE).Save(ctx)
		if err == nil {
			id = u.ID
		}
		return err
	}))
	return id
}

func as(id uuid.UUID) context.Context { return storetest.As(id) }

// staff is somebody who may do everything with wallets.
func (w *world) staff() context.Context { return staffAs(w.desk) }

func staffAs(id uuid.UUID) context.Context {
	return viewer.With(context.Background(), viewer.Viewer{UserID: id, OwnerID: id, Staff: true, Locale: "en", Grants: map[viewer.Permission]viewer.Reach{
		{Resource: "wallet", Operation: "read"}: viewer.ReachAll, {Resource: "wallet", Operation: "write"}: viewer.ReachAll,
	}})
}

func (w *world) key() string { return fmt.Sprintf("key-%d", w.keys.Add(1)) }

// open makes a wallet and puts so many minor units into it.
func (w *world) open(owner uuid.UUID, currency string, minor int64) *wallet.WalletAccount {
	w.t.Helper()
	done, err := w.wallets.Open(as(owner), wallet.OpenWalletInput{Currency: currency, IdempotencyKey: w.key()})
	w.must(err)
	if minor > 0 {
		w.cash(done.Wallet, minor)
	}
	return done.Wallet
}

func (w *world) cash(a *wallet.WalletAccount, minor int64) {
	w.t.Helper()
	id := a.GlobalID()
	_, err := w.wallets.ReceiveCash(w.staff(), wallet.ReceiveCashInput{WalletID: &id, Amount: money(minor, a.Unit), ReceiptNumber: w.key(), IdempotencyKey: w.key()})
	w.must(err)
}

func money(minor int64, currency string) scalar.MoneyInput {
	return scalar.MoneyInput{Amount: scalar.Money{Minor: minor, Currency: currency}.Amount(), Currency: currency}
}

func usr(id uuid.UUID) *scalar.ID { return &scalar.ID{Prefix: "usr", UUID: id} }

// balance is what a wallet holds, read anew.
func (w *world) balance(a *wallet.WalletAccount) int64 {
	w.t.Helper()
	got, err := w.wallets.Wallet(staffAs(w.desk), a.GlobalID())
	w.must(err)
	return got.Balance().Minor
}

func (w *world) holds(what string, a *wallet.WalletAccount, want int64) {
	w.t.Helper()
	if got := w.balance(a); got != want {
		w.t.Errorf("%s: the wallet holds %d, want %d", what, got, want)
	}
}

// refused wants a fault of a code.
func refused(t testing.TB, what string, err error, code string) {
	t.Helper()
	f, ok := fault.As(err)
	if !ok || f.Code != code {
		t.Errorf("%s: %v, want %s", what, err, code)
	}
}

// together runs f n times at once.
func together(n int, f func(i int)) {
	var wg sync.WaitGroup
	start := make(chan struct{})
	for i := range n {
		wg.Go(func() { <-start; f(i) })
	}
	close(start)
	wg.Wait()
}

func isCode(err error, code string) bool {
	var f *fault.Fault
	return errors.As(err, &f) && f.Code == code
}
