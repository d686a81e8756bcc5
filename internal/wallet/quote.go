package wallet

import (
	"context"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/ledgeraccount"
	"kabinet/internal/fault"
	"kabinet/internal/ledger"
	"kabinet/internal/locale"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// QuoteLife is how long a quote holds.
const QuoteLife = 5 * time.Minute

// recipient is to whom a transfer goes.
type recipient struct {
	owner   uuid.UUID
	account *ent.LedgerAccount // nil: whichever he receives in
}

// Quote says what a transfer would cost and whom it would reach, and keeps it
// for confirmTransfer. Faults: INVALID_ID, NOT_FOUND and WRONG_CURRENCY of the
// wallets, SELF_TRANSFER, RECIPIENT_UNAVAILABLE, INVALID_VALUE and OUT_OF_RANGE
// of the amount, REQUIRED; RATE_LIMITED, FORBIDDEN.
func (s *Wallets) Quote(ctx context.Context, in QuoteTransferInput) (*TransferQuote, error) {
	var q *TransferQuote
	err := ledger.Misses(ctx, s.Store, ErrRecipientUnavailable, func() error {
		return s.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
			q, err = s.quote(ctx, tx, in)
			return err
		})
	})
	if err != nil {
		return nil, err
	}
	return q, nil
}

func (s *Wallets) quote(ctx context.Context, tx *store.Tx, in QuoteTransferInput) (*TransferQuote, error) {
	from, err := usable(ctx, tx.Client, in.FromWalletID, "input", "fromWalletId")
	if err != nil {
		return nil, err
	}
	minor, err := positive(in.Amount, from.Unit, "input", "amount")
	if err != nil {
		return nil, err
	}
	to, err := s.recipient(ctx, tx, from, in.To)
	if err != nil {
		return nil, err
	}
	return s.saveQuote(ctx, tx, from, to, minor)
}

// saveQuote works a quote out and keeps it.
func (s *Wallets) saveQuote(ctx context.Context, tx *store.Tx, from *ent.LedgerAccount, to recipient, minor int64) (*TransferQuote, error) {
	t := &ent.Transfer{OwnerID: from.OwnerID, FromAccountID: from.ID, ToOwnerID: to.owner, Own: to.owner == from.OwnerID, Currency: from.Unit, AmountMinor: minor}
	if to.account != nil {
		t.ToAccountID = &to.account.ID
	}
	price, err := s.price(ctx, tx, t)
	if err != nil {
		return nil, err
	}
	t, err = tx.Transfer.Create().SetOwnerID(t.OwnerID).SetNillableUserID(viewer.From(ctx).Actor()).SetFromAccountID(t.FromAccountID).
		SetToOwnerID(t.ToOwnerID).SetNillableToAccountID(t.ToAccountID).SetOwn(t.Own).SetCurrency(t.Currency).SetAmountMinor(t.AmountMinor).
		SetFeeMinor(t.FeeMinor).SetNillableFreeLeft(t.FreeLeft).SetNillableFeeRuleID(t.FeeRuleID).SetExpiresAt(tx.Now.Add(QuoteLife)).Save(system(ctx))
	if err != nil {
		return nil, err
	}
	name, err := s.recipientName(ctx, tx, t)
	if err != nil {
		return nil, err
	}
	return viewQuote(ctx, t, name, why(ctx, t, price)), nil
}

// price puts into a transfer what it costs now: nothing between one's own
// wallets, or where there is no rule.
func (s *Wallets) price(ctx context.Context, tx *store.Tx, t *ent.Transfer) (p price, err error) {
	if !t.Own {
		p, err = s.priceOf(ctx, tx, OperationTransfer, t.OwnerID, t.Currency, t.AmountMinor)
	}
	t.FeeMinor, t.FreeLeft, t.FeeRuleID = p.fee, p.freeLeft, p.ruleID()
	return p, err
}

// recipient finds to whom a transfer goes.
func (s *Wallets) recipient(ctx context.Context, tx *store.Tx, from *ent.LedgerAccount, in TransferRecipientInput) (to recipient, err error) {
	switch {
	case in.WalletID != nil:
		return ownWallet(ctx, tx, from, *in.WalletID)
	case in.Number != nil:
		return byNumber(ctx, tx, from, *in.Number)
	case in.UserID != nil:
		if in.UserID.Prefix != "usr" {
			return to, fault.ErrInvalidID.At("input", "to", "userId")
		}
		to.owner = in.UserID.UUID
	case in.Email != nil:
		if s.ByEmail != nil {
			to.owner, err = s.ByEmail(ctx, tx, *in.Email)
		}
	case in.Phone != nil:
		to.owner, err = byPhone(ctx, tx, *in.Phone)
	default:
		return to, fault.ErrRequired.At("input", "to")
	}
	if err != nil {
		return to, err
	}
	if to.owner == from.OwnerID {
		return to, ErrSelfTransfer.At("input", "to")
	}
	var there bool
	err = tx.QueryRow(ctx, `SELECT EXISTS (SELECT 1 FROM users WHERE id = ? AND status = 'ACTIVE')`, to.owner).Scan(&there)
	if err == nil && !there {
		err = ErrRecipientUnavailable.At("input", "to")
	}
	return to, err
}

func ownWallet(ctx context.Context, tx *store.Tx, from *ent.LedgerAccount, id scalar.ID) (recipient, error) {
	a, err := byID(ctx, tx.Client, id, "input", "to", "walletId")
	switch {
	case err != nil:
		return recipient{}, err
	case a.OwnerID != from.OwnerID:
		return recipient{}, fault.ErrNotFound.At("input", "to", "walletId")
	case a.ID == from.ID:
		return recipient{}, ErrSelfTransfer.At("input", "to", "walletId")
	case a.Unit != from.Unit:
		return recipient{}, ErrWrongCurrency.At("input", "to", "walletId").With("currency", from.Unit)
	}
	return recipient{a.OwnerID, a}, nil
}

func byNumber(ctx context.Context, tx *store.Tx, from *ent.LedgerAccount, given string) (recipient, error) {
	number, ok := parseNumber(given)
	if !ok {
		return recipient{}, fault.ErrInvalidValue.At("input", "to", "number")
	}
	unavailable := ErrRecipientUnavailable.At("input", "to", "number")
	a, err := tx.LedgerAccount.Query().Where(ledgeraccount.Number(number), ledgeraccount.KindEQ(ledgeraccount.KindWALLET)).Only(system(ctx))
	switch {
	case ent.IsNotFound(err):
		return recipient{}, unavailable
	case err != nil:
		return recipient{}, err
	case a.OwnerID == from.OwnerID:
		return ownWallet(ctx, tx, from, scalar.ID{Prefix: "acc", UUID: a.ID})
	case a.Unit != from.Unit: // which currencies a stranger has is his
		return recipient{}, unavailable
	}
	if _, ok, err := nameOf(ctx, tx, a.OwnerID); err != nil || !ok {
		return recipient{}, firstOf(err, unavailable)
	}
	return recipient{a.OwnerID, a}, nil
}

func firstOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// byPhone finds the active person who has proven a phone number, written with
// its country's code.
func byPhone(ctx context.Context, tx *store.Tx, phone string) (owner uuid.UUID, err error) {
	key := make([]byte, 0, 16)
	for i, r := range phone {
		switch {
		case r == '+' && i == 0, r >= '0' && r <= '9':
			key = append(key, byte(r))
		case r == ' ' || r == '-' || r == '(' || r == ')' || r == '.':
		default:
			return uuid.Nil, fault.ErrInvalidValue.At("input", "to", "phone")
		}
	}
	if len(key) < 8 || len(key) > 16 || key[0] != '+' {
		return uuid.Nil, fault.ErrInvalidValue.At("input", "to", "phone")
	}
	rows, err := tx.Query(ctx, `SELECT user_id FROM contact_points WHERE kind = 'PHONE' AND value_key = ? AND verified_at IS NOT NULL`, string(key))
	if err != nil {
		return uuid.Nil, err
	}
	defer rows.Close()
	if rows.Next() {
		err = rows.Scan(&owner)
	}
	return owner, firstOf(err, rows.Err())
}

// recipientName is whom a transfer reaches, as the sender may see him.
func (s *Wallets) recipientName(ctx context.Context, tx *store.Tx, t *ent.Transfer) (string, error) {
	if !t.Own {
		name, _, err := nameOf(ctx, tx, t.ToOwnerID)
		return name, err
	}
	a, err := tx.LedgerAccount.Query().Where(ledgeraccount.ID(*t.ToAccountID)).Only(system(ctx))
	if err != nil {
		return "", err
	}
	return ownName(a), nil
}

func moneyOf(t *ent.Transfer, minor int64) scalar.Money {
	return scalar.Money{Minor: minor, Currency: t.Currency}
}

func viewQuote(ctx context.Context, t *ent.Transfer, name, explanation string) *TransferQuote {
	q := &TransferQuote{
		ID: t.GlobalID(), Amount: t.Amount(), Fee: t.Fee(), Total: moneyOf(t, t.AmountMinor+t.FeeMinor), RecipientName: name, Own: t.Own,
		ExpiresAt: t.ExpiresAt, Explanation: explanation,
	}
	if t.FreeLeft != nil {
		left := moneyOf(t, *t.FreeLeft)
		q.FreeLeft = &left
	}
	return q
}

// why says why a transfer costs what it does.
func why(ctx context.Context, t *ent.Transfer, p price) string {
	if t.Own {
		return locale.Text(lang(ctx), "wallet.fee.own", nil)
	}
	return p.explain(ctx)
}

// noSuchMoney is more than a wallet holds, fee and all.
func noSuchMoney(b *ledger.Book, minor, fee int64) error {
	if available := b.Available(); available < minor || available-minor < fee {
		return ledger.TooFew(b.Account().Unit, available)
	}
	return nil
}
