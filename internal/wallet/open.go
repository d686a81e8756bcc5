package wallet

import (
	"context"
	"crypto/rand"
	"math/big"
	"slices"
	"strconv"
	"strings"

	"github.com/bojanz/currency"
	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/ledgeraccount"
	"kabinet/internal/fault"
	"kabinet/internal/ledger"
	"kabinet/internal/store"
)

const (
	mostOfCurrency = 10 // wallets of one owner in one currency
	mostWallets    = 50 // of one owner in all
	labelLimit     = 60 // characters
)

// Open opens a further wallet of the acting owner. Faults: INVALID_VALUE of a
// currency that is none, TOO_MANY_ITEMS, those of texts and of store.Tx.Once;
// UNAUTHENTICATED, FORBIDDEN.
func (s *Wallets) Open(ctx context.Context, in OpenWalletInput) (Done, error) {
	owner, err := actingOwner(ctx)
	if err != nil {
		return Done{}, err
	}
	if in.Currency == "" || !currency.IsValid(in.Currency) {
		return Done{}, fault.ErrInvalidValue.At("input", "currency")
	}
	if in.Label != nil {
		label, err := text(*in.Label, labelLimit, "input", "label")
		if err != nil {
			return Done{}, err
		}
		in.Label = &label
	}
	input := struct {
		Owner    uuid.UUID
		Currency string
		Label    *string
	}{owner, in.Currency, in.Label}
	done, _, err := s.once(ctx, "openWallet", in.IdempotencyKey, in.DryRun, input, func(ctx context.Context, tx *store.Tx) (Done, uuid.UUID, error) {
		a, err := s.open(ctx, tx, owner, in.Currency, in.Label)
		if err != nil {
			return Done{}, uuid.Nil, err
		}
		return Done{Wallet: ViewAccount(a)}, uuid.Nil, nil
	})
	return done, err
}

func (s *Wallets) open(ctx context.Context, tx *store.Tx, owner uuid.UUID, unit string, label *string) (*ent.LedgerAccount, error) {
	// Two at once open two: the owner's row makes them take turns.
	for _, table := range []string{"users", "companies"} {
		if err := tx.Lock(ctx, table, "id", owner); err != nil {
			return nil, err
		}
	}
	there, err := tx.LedgerAccount.Query().Where(ledgeraccount.OwnerID(owner), ledgeraccount.KindEQ(ledgeraccount.KindWALLET)).All(system(ctx))
	if err != nil {
		return nil, err
	}
	var names []string
	for _, a := range there {
		if a.Unit == unit {
			names = append(names, a.Name)
		}
	}
	if len(names) >= mostOfCurrency {
		return nil, ErrTooManyItems.At("input", "currency").With("limit", mostOfCurrency)
	}
	if len(there) >= mostWallets {
		return nil, ErrTooManyItems.At("input").With("limit", mostWallets)
	}
	name := ""
	for n := 2; slices.Contains(names, name); n++ {
		name = strconv.Itoa(n)
	}
	return s.make(ctx, tx, owner, unit, name, label)
}

// make makes a wallet with a number, or finds it where another transaction was
// first.
func (s *Wallets) make(ctx context.Context, tx *store.Tx, owner uuid.UUID, unit, name string, label *string) (*ent.LedgerAccount, error) {
	if err := ledger.Make(ctx, tx, ledger.Key{Owner: owner, Unit: unit, Kind: ledgeraccount.KindWALLET, Name: name}); err != nil {
		return nil, err
	}
	_, err := tx.Exec(ctx, `UPDATE ledger_accounts SET number = ?, label = ? WHERE owner_id = ? AND unit = ? AND kind = 'WALLET' AND name = ? AND number IS NULL`,
		newNumber(), label, owner, unit, name)
	if err != nil {
		return nil, err
	}
	return tx.LedgerAccount.Query().Where(ledgeraccount.OwnerID(owner), ledgeraccount.Unit(unit),
		ledgeraccount.KindEQ(ledgeraccount.KindWALLET), ledgeraccount.Name(name)).Only(system(ctx))
}

// receiving is the wallet into which an owner gets money of a currency when he
// did not say which: his oldest one, made at first need.
func (s *Wallets) receiving(ctx context.Context, tx *store.Tx, owner uuid.UUID, unit string) (*ent.LedgerAccount, error) {
	a, err := tx.LedgerAccount.Query().Where(ledgeraccount.OwnerID(owner), ledgeraccount.Unit(unit), ledgeraccount.KindEQ(ledgeraccount.KindWALLET)).
		Order(ledgeraccount.ByID()).First(system(ctx))
	if ent.IsNotFound(err) {
		return s.make(ctx, tx, owner, unit, "", nil)
	}
	return a, err
}

// Update names a wallet, hides it or shows it again. Faults: INVALID_ID,
// NOT_FOUND, those of texts; FORBIDDEN.
func (s *Wallets) Update(ctx context.Context, in UpdateWalletInput) (*WalletAccount, error) {
	label, named := in.Label.ValueOK()
	if named && label != nil {
		clean, err := text(*label, labelLimit, "input", "label")
		if err != nil {
			return nil, err
		}
		label = &clean
	}
	var out *WalletAccount
	err := s.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		a, err := usable(ctx, tx.Client, in.WalletID, "input", "walletId")
		if err != nil {
			return err
		}
		set, args := []string{"updated_at = ?"}, []any{tx.Now}
		if named {
			set, args, a.Label = append(set, "label = ?"), append(args, label), label
		}
		if in.Visible != nil {
			set, args, a.Visible = append(set, "visible = ?"), append(args, *in.Visible), *in.Visible
		}
		out = ViewAccount(a)
		_, err = tx.Exec(ctx, `UPDATE ledger_accounts SET `+strings.Join(set, ", ")+` WHERE id = ? AND kind = 'WALLET'`, append(args, a.ID)...)
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// newNumber makes what others send money to: twelve random digits and one that
// proves them (Luhn), so that a slip of the finger reaches nobody.
func newNumber() string {
	n, err := rand.Int(rand.Reader, big.NewInt(900_000_000_000))
	if err != nil {
		panic(err) // the system has no randomness
	}
	digits := strconv.FormatInt(n.Int64()+100_000_000_000, 10)
	return digits + strconv.Itoa((10-luhn(digits+"0"))%10)
}

// parseNumber reads a number as people write it, with spaces and hyphens.
func parseNumber(s string) (string, bool) {
	s = strings.NewReplacer(" ", "", "-", "", "\u00a0", "").Replace(s)
	if len(s) != 13 || strings.Trim(s, "0123456789") != "" {
		return "", false
	}
	return s, luhn(s) == 0
}

// luhn is the check sum of digits, modulo 10.
func luhn(digits string) int {
	sum := 0
	for i := range len(digits) {
		d := int(digits[len(digits)-1-i] - '0')
		if i%2 == 1 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return sum % 10
}

// maskedNumber shows the end of a wallet's number.
func maskedNumber(a *ent.LedgerAccount) string {
	if a.Number == nil || len(*a.Number) < 4 {
		return a.Unit
	}
	return "•••• " + (*a.Number)[len(*a.Number)-4:]
}
