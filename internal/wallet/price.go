package wallet

import (
	"context"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/internal/locale"
	"kabinet/internal/store"
)

// price is what an operation of an amount costs, by the rule in force.
type price struct {
	rule     *ent.FeeRule // nil: it is free
	before   used         // what was sent in the period before it
	currency string
	amount   int64
	fee      int64
	freeLeft *int64 // what is still free after it; nil where nothing is charged
}

// charged is, by operation, what was charged in a period that began at a time:
// what was sent and what it has cost.
var charged = map[FeeOperation]string{
	OperationTransfer: `SELECT CAST(coalesce(sum(amount_minor), 0) AS bigint), CAST(coalesce(sum(fee_minor), 0) AS bigint) FROM transfers
		WHERE owner_id = ? AND currency = ? AND status = 'COMPLETED' AND NOT own AND completed_at >= ?`,
	OperationInvoicePayment: `SELECT CAST(coalesce(sum(amount_minor), 0) AS bigint), CAST(coalesce(sum(fee_minor), 0) AS bigint) FROM invoice_quotes
		WHERE owner_id = ? AND currency = ? AND status = 'COMPLETED' AND completed_at >= ?`,
}

// priceOf is what an operation of an owner costs now. Only where all his
// wallets of the currency are locked is it what it costs when it is done.
func (s *Wallets) priceOf(ctx context.Context, tx *store.Tx, operation FeeOperation, owner uuid.UUID, currency string, amount int64) (price, error) {
	p := price{currency: currency, amount: amount}
	rule, err := inForce(ctx, tx.Client, operation, currency)
	if rule == nil || err != nil {
		return p, err
	}
	t := tariffOf(rule)
	err = tx.QueryRow(ctx, charged[operation], owner, currency, cut(t.since(tx.Now, s.Zone))).Scan(&p.before.sent, &p.before.fees)
	if err != nil {
		return p, err
	}
	left := t.left(p.before, amount)
	p.rule, p.fee, p.freeLeft = rule, t.fee(p.before, amount), &left
	return p, nil
}

// ruleID is the version that decided; nil where none did.
func (p price) ruleID() *uuid.UUID {
	if p.rule == nil {
		return nil
	}
	return &p.rule.ID
}

// explain says why it costs what it does.
func (p price) explain(ctx context.Context) string {
	l := lang(ctx)
	if p.rule == nil {
		return locale.Text(l, "wallet.fee.none", nil)
	}
	words := ruleWords(l, p.rule)
	words["left"] = locale.Money(l, *p.freeLeft, p.currency)
	if p.fee == 0 && p.before.sent+p.amount <= p.rule.FreeMinor {
		return locale.Text(l, "wallet.fee.free", words)
	}
	words["over"] = locale.Money(l, min(p.amount, p.before.sent+p.amount-p.rule.FreeMinor), p.currency)
	words["fee"] = locale.Money(l, p.fee, p.currency)
	return locale.Text(l, "wallet.fee.charged", words)
}
