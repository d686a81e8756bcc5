package wallet

import (
	"context"
	"net/url"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/ledgeraccount"
	"kabinet/ent/generated/ledgerentry"
	"kabinet/ent/generated/topup"
	"kabinet/internal/fault"
	"kabinet/internal/ledger"
	"kabinet/internal/locale"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// TopUpLife is how long a payment that was begun can be paid.
const TopUpLife = 24 * time.Hour

// begun bounds how often one person begins to pay: each asks the provider.
var begun = store.Limit{Name: "wallet.topup", Free: 60, Forget: time.Hour, Window: true}

// ToppedUp is what the verbs that bring money in give.
type ToppedUp struct {
	Done
	TopUp *ent.TopUp
}

// TopUp begins a payment through the provider. The row is written before the
// provider is asked and says by which reference: an answer that was lost is
// asked for again under the same idempotency key, and the provider's message
// finds the row whatever became of the answer. Faults: TOP_UP_NOT_CONFIGURED,
// INVALID_ID, NOT_FOUND, WRONG_CURRENCY, INVALID_VALUE, OUT_OF_RANGE, those of
// store.Tx.Once; UNAVAILABLE where the provider is, RATE_LIMITED, FORBIDDEN.
func (s *Wallets) TopUp(ctx context.Context, in TopUpWalletInput) (ToppedUp, error) {
	if s.Payments == nil {
		return ToppedUp{}, ErrTopUpNotConfigured
	}
	if err := checkReturn(in.ReturnURL); err != nil {
		return ToppedUp{}, err
	}
	if !isDry(in.DryRun) {
		if err := s.count(ctx, store.Use{Limit: begun, Of: viewer.From(ctx).UserID.String()}); err != nil {
			return ToppedUp{}, err
		}
	}
	input := in
	input.IdempotencyKey, input.DryRun = "", nil
	var t *ent.TopUp
	done, id, err := s.once(ctx, "topUpWallet", in.IdempotencyKey, in.DryRun, input, func(ctx context.Context, tx *store.Tx) (Done, uuid.UUID, error) {
		a, err := usable(ctx, tx.Client, in.WalletID, "input", "walletId")
		if err != nil {
			return Done{}, uuid.Nil, err
		}
		minor, err := positive(in.Amount, a.Unit, "input", "amount")
		if err != nil {
			return Done{}, uuid.Nil, err
		}
		t, err = tx.TopUp.Create().SetOwnerID(a.OwnerID).SetNillableUserID(viewer.From(ctx).Actor()).SetAccountID(a.ID).SetMethod(topup.MethodPROVIDER).
			SetCurrency(a.Unit).SetAmountMinor(minor).SetProvider(s.Payments.Name).SetNillableReturnURL(in.ReturnURL).SetExpiresAt(tx.Now.Add(TopUpLife)).Save(system(ctx))
		if err != nil {
			return Done{}, uuid.Nil, err
		}
		return Done{}, t.ID, nil
	})
	if err != nil {
		return ToppedUp{}, err
	}
	if !isDry(in.DryRun) {
		if t, err = s.begin(ctx, id); err != nil {
			return ToppedUp{}, err
		}
	}
	return ToppedUp{Done: done, TopUp: t}, nil
}

// count takes one of a limit's uses, in a transaction of its own.
func (s *Wallets) count(ctx context.Context, use store.Use) error {
	return s.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		wait, err := tx.Reserve(ctx, use)
		if err == nil && wait > 0 {
			err = fault.ErrRateLimited.After(wait)
		}
		return err
	})
}

func checkReturn(to *string) error {
	if to == nil {
		return nil
	}
	u, err := url.Parse(*to)
	if err != nil || u.Host == "" || u.User != nil || u.Scheme != "https" && u.Scheme != "http" || len(*to) > 2048 {
		return fault.ErrInvalidValue.At("input", "returnUrl")
	}
	return nil
}

// begin asks the provider for a payment that it was not asked for, or whose
// answer was lost, and keeps where it is paid.
func (s *Wallets) begin(ctx context.Context, id uuid.UUID) (*ent.TopUp, error) {
	t, err := s.Store.Client.TopUp.Query().Where(topup.ID(id)).Only(system(ctx))
	if err != nil || t.Status != topup.StatusPENDING || t.URL != nil || t.Provider == nil || *t.Provider != s.Payments.Name {
		return t, store.Translate(err)
	}
	intent := Intent{Reference: t.GlobalID().String(), Amount: t.Amount(), Locale: lang(ctx), Description: locale.Text(lang(ctx), "wallet.topup.description", nil)}
	if t.ExpiresAt != nil {
		intent.ExpiresAt = *t.ExpiresAt
	}
	if t.ReturnURL != nil {
		intent.ReturnURL = *t.ReturnURL
	}
	created, err := s.Payments.Create(ctx, intent)
	if err != nil {
		return nil, fault.ErrUnavailable.Because(err)
	}
	err = s.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		// The provider's message may have come first: then there is nothing to pay.
		_, err := tx.TopUp.Update().Where(topup.ID(id), topup.StatusEQ(topup.StatusPENDING), topup.URLIsNil()).SetProviderRef(created.Ref).SetURL(created.URL).Save(system(ctx))
		if err != nil {
			return err
		}
		t, err = tx.TopUp.Query().Where(topup.ID(id)).Only(system(ctx))
		return err
	})
	return t, err
}

// ReceiveCash books cash paid at a desk. Staff only; it is put on record, and
// each receipt counts once. Faults: INVALID_ID, NOT_FOUND, REQUIRED where
// neither wallet nor customer is said, INVALID_VALUE where both are,
// WRONG_CURRENCY, OUT_OF_RANGE, ALREADY_TAKEN of the receipt, those of texts and
// of store.Tx.Once; UNAUTHENTICATED, FORBIDDEN.
func (s *Wallets) ReceiveCash(ctx context.Context, in ReceiveCashInput) (ToppedUp, error) {
	if err := staff(ctx, "write"); err != nil {
		return ToppedUp{}, err
	}
	receipt, err := text(in.ReceiptNumber, 64, "input", "receiptNumber")
	if err != nil {
		return ToppedUp{}, err
	}
	switch {
	case in.WalletID == nil && in.UserID == nil:
		return ToppedUp{}, fault.ErrRequired.At("input", "walletId")
	case in.WalletID != nil && in.UserID != nil:
		return ToppedUp{}, fault.ErrInvalidValue.At("input", "userId")
	}
	in.ReceiptNumber = receipt
	input := in
	input.IdempotencyKey, input.DryRun = "", nil
	var t *ent.TopUp
	done, id, err := s.once(ctx, "receiveCash", in.IdempotencyKey, in.DryRun, input, func(ctx context.Context, tx *store.Tx) (done Done, _ uuid.UUID, err error) {
		done, t, err = s.receive(ctx, tx, in)
		if err != nil {
			return Done{}, uuid.Nil, err
		}
		return done, t.ID, nil
	})
	if err != nil {
		return ToppedUp{}, err
	}
	if *done.Replayed {
		if t, err = s.Store.Client.TopUp.Query().Where(topup.ID(id)).Only(system(ctx)); err != nil {
			return ToppedUp{}, store.Translate(err)
		}
	}
	return ToppedUp{done, t}, nil
}

func (s *Wallets) receive(ctx context.Context, tx *store.Tx, in ReceiveCashInput) (Done, *ent.TopUp, error) {
	a, err := s.cashWallet(ctx, tx, in)
	if err != nil {
		return Done{}, nil, err
	}
	minor, err := positive(in.Amount, a.Unit, "input", "amount")
	if err != nil {
		return Done{}, nil, err
	}
	taken := ErrAlreadyTaken.At("input", "receiptNumber").With("value", in.ReceiptNumber)
	if there, err := tx.TopUp.Query().Where(topup.ReceiptNumber(in.ReceiptNumber)).Exist(system(ctx)); err != nil || there {
		return Done{}, nil, firstOf(err, taken)
	}
	id := uuid.Must(uuid.NewV7())
	b, e, err := s.give(ctx, tx, a, minor, ledger.Posting{Kind: ledgerentry.KindTOPUP, Contra: ledger.TopUp, Cause: "topup:" + id.String()})
	if err != nil {
		return Done{}, nil, err
	}
	t, err := tx.TopUp.Create().SetID(id).SetOwnerID(a.OwnerID).SetNillableUserID(viewer.From(ctx).Actor()).SetAccountID(a.ID).SetMethod(topup.MethodCASH).
		SetStatus(topup.StatusSUCCEEDED).SetCurrency(a.Unit).SetAmountMinor(minor).SetReceiptNumber(in.ReceiptNumber).SetEntryID(e.ID).SetSettledAt(tx.Now).Save(system(ctx))
	if store.IsUnique(err) { // another desk was faster
		return Done{}, nil, taken.Because(err)
	}
	if err != nil {
		return Done{}, nil, err
	}
	err = tx.Audit(ctx, "wallet.receive_cash", a.OwnerID, t.GlobalID(), map[string]any{
		"amount": t.Amount().Amount(), "currency": a.Unit, "receiptNumber": in.ReceiptNumber, "entryId": e.GlobalID().String()})
	if err != nil {
		return Done{}, nil, err
	}
	done, err := closed(ctx, tx, b, e)
	return done, t, err
}

func (s *Wallets) cashWallet(ctx context.Context, tx *store.Tx, in ReceiveCashInput) (*ent.LedgerAccount, error) {
	if in.WalletID != nil {
		return byID(ctx, tx.Client, *in.WalletID, "input", "walletId")
	}
	owner, err := person(ctx, tx, *in.UserID, "input", "userId")
	if err != nil {
		return nil, err
	}
	if _, err := positive(in.Amount, "", "input", "amount"); err != nil { // no wallet of a currency that is none
		return nil, err
	}
	return s.receiving(ctx, tx, owner, in.Amount.Currency)
}

// give opens a wallet's book and brings money in. Whoever calls closes it.
func (s *Wallets) give(ctx context.Context, tx *store.Tx, a *ent.LedgerAccount, minor int64, p ledger.Posting) (*ledger.Book, *ent.LedgerEntry, error) {
	b, err := s.Books.Lock(ctx, tx, a.ID, viewer.From(ctx).Actor())
	if err != nil {
		return nil, nil, err
	}
	if b == nil || b.Account().Kind != ledgeraccount.KindWALLET {
		return nil, nil, fault.ErrNotFound
	}
	p.Amount = minor
	e, err := b.Give(ctx, p, nil)
	return b, e, err
}
