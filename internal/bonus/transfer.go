package bonus

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/internal/fault"
	"kabinet/internal/ledger"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
)

// What gifts of points between members are refused with.
var (
	// ErrTransfersOff: members give each other nothing in this programme.
	ErrTransfersOff = fault.New(fault.Refused, "TRANSFERS_OFF")
	// ErrSelfTransfer: the recipient is the giver.
	ErrSelfTransfer = fault.New(fault.Refused, "SELF_TRANSFER")
	// ErrRecipientUnavailable: there is no such member, or he cannot receive.
	ErrRecipientUnavailable = fault.New(fault.Refused, "RECIPIENT_UNAVAILABLE")
	// ErrLimitExceeded: params.limit, params.left.
	ErrLimitExceeded = fault.New(fault.Refused, "LIMIT_EXCEEDED")
)

const (
	maxTransferNote = 200            // characters
	transferDay     = 24 * time.Hour // for which the daily limit counts
)

// Transferred is what Transfer gives: all nil when it was refused.
type Transferred struct {
	Done
	RecipientName  *string
	Fee, DailyLeft *int64
}

// transferKey is the input that an idempotency key stands for.
type transferKey struct {
	Owner     uuid.UUID
	To        PointsRecipient
	Amount    int64
	ProgramID *scalar.ID
	Note      *string
}

// recipient is the member who gets points.
type recipient struct {
	ID   uuid.UUID `json:"id"`
	Name string    `json:"name"`
}

// Transfer gives points of the acting owner to another member, at once, those
// that expire first, which keep their due times. Faults: as of Redeem;
// TRANSFERS_OFF, SELF_TRANSFER, RECIPIENT_UNAVAILABLE, LIMIT_EXCEEDED,
// OUT_OF_RANGE of the programme's limits, TOO_LONG and INVALID_VALUE of the
// note; RATE_LIMITED after too many recipients who are not there.
func (p *Points) Transfer(ctx context.Context, in TransferPointsInput) (Transferred, error) {
	owner, err := spender(ctx)
	if err != nil {
		return Transferred{}, err
	}
	if err := checkAmount(in.Amount); err != nil {
		return Transferred{}, err
	}
	if in.Note, err = optionalText(in.Note, maxTransferNote, "input", "note"); err != nil {
		return Transferred{}, err
	}
	var to recipient
	var left *int64
	var done Done
	var replayed bool
	try := func(ctx context.Context, tx *store.Tx) (err error) {
		input := transferKey{owner, in.To, in.Amount, in.ProgramID, in.Note}
		replayed, err = tx.Once(ctx, "transferPoints", in.IdempotencyKey, input, &to, func() (err error) {
			if to, err = p.recipient(ctx, tx, owner, in.To); err != nil {
				return err
			}
			b, e, rest, err := p.transfer(ctx, tx, owner, to.ID, in)
			if err != nil {
				return err
			}
			seen := newAbout(e)
			done, left = Done{Account: ViewAccount(b.Account()), Entry: viewEntry(e, seen)}, rest
			if isDry(in.DryRun) {
				return seen.known(ctx, tx)
			}
			return nil
		})
		return err
	}
	err = ledger.Misses(ctx, p.Store, ErrRecipientUnavailable, func() error { return p.Store.InDryTx(ctx, isDry(in.DryRun), try) })
	if err != nil {
		return Transferred{}, err
	}
	if replayed {
		if done, left, err = p.transferredBefore(ctx, owner, in); err != nil {
			return Transferred{}, err
		}
	}
	done.Replayed = &replayed
	return Transferred{Done: done, RecipientName: &to.Name, Fee: new(int64), DailyLeft: left}, nil
}

func (p *Points) transfer(ctx context.Context, tx *store.Tx, owner, to uuid.UUID, in TransferPointsInput) (*ledger.Book, *ent.LedgerEntry, *int64, error) {
	prog, err := p.ProgramIn(ctx, tx.Client, in.ProgramID)
	if err != nil {
		return nil, nil, nil, err
	}
	if err := checkTransfer(prog, in.Amount); err != nil {
		return nil, nil, nil, err
	}
	books, err := p.openAll(ctx, tx, AccountOf(owner, prog), AccountOf(to, prog))
	if err != nil {
		return nil, nil, nil, err
	}
	left, err := dailyLeft(ctx, tx, prog, books[0].Account().ID, tx.Now)
	if err != nil {
		return nil, nil, nil, err
	}
	if left != nil {
		if in.Amount > *left {
			return nil, nil, nil, ErrLimitExceeded.At("input", "amount").With("limit", *prog.TransferDaily).With("left", *left)
		}
		*left -= in.Amount
	}
	out, _, _, err := ledger.Move(ctx, tx, books[0], books[1], in.Amount, 0, ledger.MoveNote{
		Transfer: uuid.Must(uuid.NewV7()), Cause: mutationCause(ctx, in.IdempotencyKey), Explain: Decision(prog), Note: in.Note,
	})
	if err != nil {
		return nil, nil, nil, keyUsedUp(err)
	}
	for _, b := range books {
		if err := b.Close(ctx); err != nil {
			return nil, nil, nil, err
		}
	}
	return books[0], out, left, nil
}

// checkTransfer is the rule of what may be given in one go. Faults:
// TRANSFERS_OFF, OUT_OF_RANGE.
func checkTransfer(prog *ent.BonusProgram, n int64) error {
	most := int64(scalar.MaxPoints)
	set(&most, prog.TransferMax)
	switch {
	case !prog.Transfers:
		return ErrTransfersOff.At("input", "programId")
	case n < prog.TransferMin || n > most:
		return fault.ErrOutOfRange.At("input", "amount").With("min", prog.TransferMin).With("max", most)
	}
	return nil
}

// dailyLeft is what an account may still give within these 24 hours; nil where
// there is no limit. It is asked under the account's lock, so that of many at
// once no more pass.
func dailyLeft(ctx context.Context, q querier, prog *ent.BonusProgram, account uuid.UUID, now time.Time) (*int64, error) {
	if prog.TransferDaily == nil {
		return nil, nil
	}
	rows, err := q.Query(ctx, `SELECT CAST(coalesce(-sum(e.amount), 0) AS bigint) FROM ledger_entries e JOIN ledger_accounts c ON c.id = e.contra_id
		WHERE e.account_id = ? AND e.kind = 'TRANSFER' AND e.amount < 0 AND c.name = ? AND e.created_at > ?`, account, ledger.Transit, now.Add(-transferDay))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var given int64
	if rows.Next() {
		if err := rows.Scan(&given); err != nil {
			return nil, err
		}
	}
	left := max(*prog.TransferDaily-given, 0)
	return &left, rows.Err()
}

// transferredBefore gives the first answer again, with what is left now.
func (p *Points) transferredBefore(ctx context.Context, owner uuid.UUID, in TransferPointsInput) (Done, *int64, error) {
	done, err := p.replay(ctx, owner, mutationCause(ctx, in.IdempotencyKey))
	if err != nil {
		return Done{}, nil, err
	}
	prog, err := p.ProgramOf(ctx, done.Account)
	if err != nil {
		return Done{}, nil, err
	}
	left, err := dailyLeft(ctx, p.Store, prog, done.Account.ID, p.Store.Now())
	return done, left, err
}

// recipient finds who is meant: a member who signs in and can receive. Nobody,
// one who is blocked and one whose address is not confirmed are one answer.
// Faults: INVALID_ID, SELF_TRANSFER, RECIPIENT_UNAVAILABLE.
func (p *Points) recipient(ctx context.Context, tx *store.Tx, owner uuid.UUID, to PointsRecipient) (r recipient, err error) {
	path := []string{"input", "to"}
	switch {
	case to.UserID != nil && to.UserID.Prefix != "usr":
		return r, fault.ErrInvalidID.At("input", "to", "userId")
	case to.UserID != nil:
		r.ID = to.UserID.UUID
	case to.Email != nil && p.ByEmail != nil:
		r.ID, err = p.ByEmail(ctx, tx, *to.Email)
	case to.Phone != nil:
		r.ID, err = byPhone(ctx, tx, *to.Phone)
	}
	if err != nil {
		return r, err
	}
	if r.ID == owner {
		return r, ErrSelfTransfer.At(path...)
	}
	err = tx.QueryRow(ctx, `SELECT display_name FROM users WHERE id = ? AND status = 'ACTIVE'`, r.ID).Scan(&r.Name)
	if errors.Is(err, sql.ErrNoRows) {
		return r, ErrRecipientUnavailable.At(path...)
	}
	r.Name = masked(r.Name)
	return r, err
}

func byPhone(ctx context.Context, tx *store.Tx, phone string) (id uuid.UUID, err error) {
	err = tx.QueryRow(ctx, `SELECT user_id FROM contact_points WHERE kind = 'PHONE' AND value_key = ? AND verified_at IS NOT NULL`, strings.TrimSpace(phone)).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return uuid.Nil, nil
	}
	return id, err
}

// masked shows as much of a name as tells whoever knows the person that it is
// he: the first word, of the others their first letters.
func masked(name string) string {
	words := strings.Fields(name)
	if len(words) == 0 {
		return "…"
	}
	first := []rune(words[0])
	if at := strings.IndexRune(words[0], '@'); at >= 0 || len(words) == 1 && len(first) > 3 { // an address, or all that there is
		words[0] = string(first[:min(2, len(first))]) + "…"
	}
	for i, w := range words[1:] {
		words[i+1] = string([]rune(w)[:1]) + "."
	}
	return strings.Join(words, " ")
}
