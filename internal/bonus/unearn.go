package bonus

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/bonusprogram"
	"kabinet/ent/generated/ledgerentry"
	"kabinet/internal/ledger"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// orderEntry is an entry about an order, as far as undoing it goes.
type orderEntry struct {
	id, account uuid.UUID
	kind        ledgerentry.Kind
	amount      int64
	explain     []byte
}

// UnearnForOrder undoes what an order did to points when it is cancelled, in
// the transaction that cancels it, whose row the caller holds locked: what was
// spent on it comes back, into the lots it was taken from; what it earned is
// taken back as the programme's return policy says. Done again it does nothing.
func (p *Points) UnearnForOrder(ctx context.Context, tx *store.Tx, o *ent.Order) error {
	entries, err := entriesOf(ctx, tx, o.ID)
	if err != nil {
		return err
	}
	for len(entries) > 0 { // an account at a time, by ascending id
		n := 1
		for n < len(entries) && entries[n].account == entries[0].account {
			n++
		}
		if err := p.unearn(ctx, tx, o.ID, entries[:n]); err != nil {
			return err
		}
		entries = entries[n:]
	}
	return nil
}

// entriesOf lists an order's redemptions and accruals, by account, redemptions
// first: what comes back is there to be taken.
func entriesOf(ctx context.Context, tx *store.Tx, order uuid.UUID) ([]orderEntry, error) {
	rows, err := tx.Query(ctx, `SELECT id, account_id, kind, amount, explain FROM ledger_entries
		WHERE order_id = ? AND kind IN ('ACCRUAL', 'REDEMPTION') ORDER BY account_id, seq`, order)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var entries []orderEntry
	for rows.Next() {
		var e orderEntry
		if err := rows.Scan(&e.id, &e.account, &e.kind, &e.amount, &e.explain); err != nil {
			return nil, err
		}
		entries = append(entries, e)
	}
	slices.SortStableFunc(entries, func(a, b orderEntry) int {
		return cmp.Or(slices.Compare(a.account[:], b.account[:]), -cmp.Compare(a.kind, b.kind))
	})
	return entries, rows.Err()
}

func (p *Points) unearn(ctx context.Context, tx *store.Tx, order uuid.UUID, entries []orderEntry) error {
	b, err := p.Books().Lock(ctx, tx, entries[0].account, viewer.From(ctx).Actor())
	if b == nil && err == nil {
		err = fmt.Errorf("bonus: account %s of order %s is not there", entries[0].account, order)
	}
	if err != nil {
		return err
	}
	for _, e := range entries {
		if e.kind == ledgerentry.KindREDEMPTION {
			_, err = b.Refund(ctx, e.id, 0, ledger.Posting{Cause: fmt.Sprintf("order:%s:cancel:refund:%s", order, e.id)})
		} else {
			err = p.reverse(ctx, tx, b, order, e)
		}
		if err != nil {
			return err
		}
	}
	return b.Close(ctx)
}

// reverse takes back what an order earned, once.
func (p *Points) reverse(ctx context.Context, tx *store.Tx, b *ledger.Book, order uuid.UUID, e orderEntry) error {
	prog, err := p.decidedBy(ctx, tx, b.Account(), e.explain)
	if err != nil {
		return err
	}
	_, err = b.Reverse(ctx, e.id, ledger.Posting{Cause: fmt.Sprintf("order:%s:cancel:reverse:%s", order, e.id), Short: short(prog)})
	if errors.Is(err, ledger.ErrAlreadyReversed) {
		return nil
	}
	return err
}

// short is what a programme does where points that a return takes back are spent.
func short(prog *ent.BonusProgram) ledger.Short {
	switch prog.ReturnPolicy {
	case bonusprogram.ReturnPolicyPENDING_ONLY:
		return ledger.ShortLeft
	case bonusprogram.ReturnPolicyALLOW_NEGATIVE:
		return ledger.ShortOwed
	}
	return ledger.ShortForgiven
}
