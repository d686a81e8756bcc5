package bonus

import (
	"context"
	"database/sql"
	"errors"
	"slices"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/ledgerentry"
	"kabinet/ent/schema"
	"kabinet/internal/fault"
	"kabinet/internal/ledger"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// ErrNoExchangeRate says that points of the one programme are not exchanged into the other.
var ErrNoExchangeRate = fault.New(fault.Refused, "NO_EXCHANGE_RATE")

// exchanged marks, in explain, the two entries of an exchange.
const exchanged = "exchange"

// exchangeKey is the input that an idempotency key stands for.
type exchangeKey struct {
	Owner         uuid.UUID
	FromProgramID *scalar.ID
	ToProgramID   scalar.ID
	Amount        int64
}

// Exchanged is what Exchange gives: all nil when it was refused.
type Exchanged struct {
	From, To   *Account
	Given, Got Entry
	Remainder  *int64
	Replayed   *bool
}

// moved is what an idempotency key keeps of two entries in one transfer.
type moved struct {
	Transfer uuid.UUID `json:"transfer"`
	Rest     int64     `json:"rest"`
}

// Exchange turns points of one programme into those of another one of the same
// owner, by the first one's rate: as many whole rates as the amount holds; the
// remainder stays. Faults: as of Redeem; NO_EXCHANGE_RATE, OUT_OF_RANGE of an
// amount that does not fill the rate once.
func (p *Points) Exchange(ctx context.Context, in ExchangePointsInput) (Exchanged, error) {
	owner, err := spender(ctx)
	if err != nil {
		return Exchanged{}, err
	}
	if err := checkAmount(in.Amount); err != nil {
		return Exchanged{}, err
	}
	var kept moved
	var done Exchanged
	var replayed bool
	input := exchangeKey{owner, in.FromProgramID, in.ToProgramID, in.Amount}
	err = p.Store.InDryTx(ctx, isDry(in.DryRun), func(ctx context.Context, tx *store.Tx) (err error) {
		replayed, err = tx.Once(ctx, "exchangePoints", in.IdempotencyKey, input, &kept, func() (err error) {
			done, kept, err = p.exchange(ctx, tx, owner, in)
			return err
		})
		return err
	})
	if err != nil {
		return Exchanged{}, err
	}
	if replayed {
		if done, err = p.exchangedBefore(ctx, owner, kept); err != nil {
			return Exchanged{}, err
		}
	}
	done.Remainder, done.Replayed = &kept.Rest, &replayed
	return done, nil
}

func (p *Points) exchange(ctx context.Context, tx *store.Tx, owner uuid.UUID, in ExchangePointsInput) (Exchanged, moved, error) {
	from, err := p.ProgramIn(ctx, tx.Client, in.FromProgramID)
	if err != nil {
		return Exchanged{}, moved{}, at(err, "input", "fromProgramId")
	}
	to, err := p.ProgramIn(ctx, tx.Client, &in.ToProgramID)
	if err != nil {
		return Exchanged{}, moved{}, at(err, "input", "toProgramId")
	}
	give, get, err := byRate(from, to, in.Amount)
	if err != nil {
		return Exchanged{}, moved{}, err
	}
	books, err := p.openAll(ctx, tx, AccountOf(owner, from), AccountOf(owner, to))
	if err != nil {
		return Exchanged{}, moved{}, err
	}
	kept := moved{Transfer: uuid.Must(uuid.NewV7()), Rest: in.Amount - give}
	explain := Decision(from)
	explain[exchanged], explain["given"], explain["got"], explain["rounding"] = true, give, get, "DOWN"
	explain["toProgramId"], explain["toVersion"], explain["remainder"] = to.GlobalID().String(), to.Version, kept.Rest
	posting := ledger.Posting{
		Kind: ledgerentry.KindTRANSFER, Amount: give, Contra: ledger.Spent, Transfer: &kept.Transfer,
		Cause: mutationCause(ctx, in.IdempotencyKey), Explain: explain,
	}
	out, err := books[0].Take(ctx, posting)
	if err != nil {
		return Exchanged{}, moved{}, keyUsedUp(err)
	}
	posting.Amount, posting.Contra = get, ledger.Issued
	posting.Explain = Decision(to)
	posting.Explain[exchanged], posting.Explain["given"], posting.Explain["got"], posting.Explain["fromProgramId"] = true, give, get, from.GlobalID().String()
	got, err := books[1].Give(ctx, posting, Expires(to, tx.Now))
	if err != nil {
		return Exchanged{}, moved{}, keyUsedUp(err)
	}
	for _, b := range books {
		if err := b.Close(ctx); err != nil {
			return Exchanged{}, moved{}, err
		}
	}
	return Exchanged{From: ViewAccount(books[0].Account()), To: ViewAccount(books[1].Account()), Given: ViewEntry(out), Got: ViewEntry(got)}, kept, nil
}

// byRate is how many points of one programme become how many of another: whole
// rates only, so that nothing is rounded away. Faults: NO_EXCHANGE_RATE,
// OUT_OF_RANGE.
func byRate(from, to *ent.BonusProgram, n int64) (give, get int64, err error) {
	i := slices.IndexFunc(from.ExchangeRates, func(r schema.ExchangeRate) bool { return r.ProgramID == to.KeyID })
	if i < 0 {
		return 0, 0, ErrNoExchangeRate.At("input", "toProgramId")
	}
	rate := from.ExchangeRates[i]
	times := n / rate.Give
	get, fits := scalar.MulMinor(times, rate.Get)
	if times == 0 || !fits || get > scalar.MaxPoints {
		return 0, 0, fault.ErrOutOfRange.At("input", "amount").With("min", rate.Give).With("max", int64(scalar.MaxPoints))
	}
	return times * rate.Give, get, nil
}

// exchangedBefore gives the first answer again.
func (p *Points) exchangedBefore(ctx context.Context, owner uuid.UUID, kept moved) (done Exchanged, err error) {
	entries, err := p.Store.Client.LedgerEntry.Query().Where(ledgerentry.TransferID(kept.Transfer), ledgerentry.OwnerID(owner)).All(ctx)
	if err != nil {
		return done, store.Translate(err)
	}
	for _, e := range entries {
		a, err := p.Store.Client.LedgerAccount.Get(ctx, e.AccountID)
		if err != nil {
			return done, store.Translate(err)
		}
		if e.Amount < 0 {
			done.From, done.Given = ViewAccount(a), ViewEntry(e)
		} else {
			done.To, done.Got = ViewAccount(a), ViewEntry(e)
		}
	}
	return done, nil
}

// openAll opens several accounts, those at first need too, in the order that
// all transactions keep; they come back as they were asked for.
func (p *Points) openAll(ctx context.Context, tx *store.Tx, keys ...ledger.Key) ([]*ledger.Book, error) {
	ids := make([]uuid.UUID, len(keys))
	for i, key := range keys {
		id, err := accountID(ctx, tx, key)
		if errors.Is(err, sql.ErrNoRows) {
			if err = ledger.Make(ctx, tx, key); err == nil {
				id, err = accountID(ctx, tx, key)
			}
		}
		if err != nil {
			return nil, err
		}
		ids[i] = id
	}
	byID, err := p.Books().LockAll(ctx, tx, viewer.From(ctx).Actor(), ids...)
	if err != nil {
		return nil, err
	}
	books := make([]*ledger.Book, len(keys))
	for i, id := range ids {
		books[i] = byID[id]
	}
	return books, nil
}

func accountID(ctx context.Context, tx *store.Tx, k ledger.Key) (id uuid.UUID, err error) {
	err = tx.QueryRow(ctx, `SELECT id FROM ledger_accounts WHERE owner_id = ? AND unit = ? AND kind = ? AND name = ?`, k.Owner, k.Unit, string(k.Kind), k.Name).Scan(&id)
	return id, err
}

// at says where in the input a refusal lies that another input's field made.
func at(err error, path ...string) error {
	if f, ok := fault.As(err); ok && f.Kind != fault.Internal {
		return f.At(path...)
	}
	return err
}
