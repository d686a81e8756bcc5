package wallet

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"kabinet/internal/store"
)

// checks are what must hold between wallets' business and their books; each
// statement names the rows of which it does not.
var checks = []struct{ what, query string }{
	{"top-up that succeeded is not its entry", `SELECT t.id FROM top_ups t LEFT JOIN ledger_entries e ON e.id = t.entry_id
		WHERE t.status = 'SUCCEEDED' AND (e.id IS NULL OR e.kind <> 'TOPUP' OR e.amount <> t.amount_minor OR e.account_id <> t.account_id OR e.unit <> t.currency)`},
	{"entry of a top-up has none, nor a refund", `SELECT e.id FROM ledger_entries e LEFT JOIN top_ups t ON t.entry_id = e.id WHERE e.kind = 'TOPUP' AND t.id IS NULL
		AND e.id NOT IN (SELECT r.id ` + refunds + `)`},
	{"refund into a wallet has no entry", `SELECT p.id FROM payments p WHERE p.kind = 'REFUND' AND p.status = 'SUCCEEDED' AND p.method = 'WALLET' AND p.id NOT IN (SELECT p.id ` + refunds + `)`},
	{"gift card that was redeemed is not its entry", `SELECT g.id FROM gift_cards g LEFT JOIN ledger_entries e ON e.id = g.entry_id
		WHERE g.status = 'REDEEMED' AND (e.id IS NULL OR e.kind <> 'GIFT_CARD' OR e.amount <> g.initial_minor OR e.account_id <> g.account_id OR e.unit <> g.currency)`},
	{"entry of a gift card has none", `SELECT e.id FROM ledger_entries e LEFT JOIN gift_cards g ON g.entry_id = e.id WHERE e.kind = 'GIFT_CARD' AND g.id IS NULL`},
	{"transfer is not its entries", `SELECT t.id FROM transfers t LEFT JOIN ledger_entries e ON e.transfer_id = t.id AND e.unit = t.currency GROUP BY t.id, t.status, t.amount_minor, t.fee_minor, t.from_account_id, t.to_account_id
		HAVING (t.status = 'QUOTED' AND count(e.id) > 0) OR (t.status = 'COMPLETED' AND (
			coalesce(sum(CASE WHEN e.kind = 'TRANSFER' AND e.account_id = t.from_account_id THEN -e.amount ELSE 0 END), 0) <> t.amount_minor OR
			coalesce(sum(CASE WHEN e.kind = 'TRANSFER' AND e.account_id = t.to_account_id THEN e.amount ELSE 0 END), 0) <> t.amount_minor OR
			coalesce(sum(CASE WHEN e.kind = 'FEE' AND e.account_id = t.from_account_id THEN -e.amount ELSE 0 END), 0) <> t.fee_minor))`},
	{"entry of a payment has none on an order", `SELECT e.id FROM ledger_entries e LEFT JOIN payments p ON p.provider = 'wallet' AND p.provider_ref = CAST(e.id AS text) AND p.amount_minor = -e.amount
		WHERE e.kind = 'PAYMENT' AND p.id IS NULL`},
	{"payment from a wallet has no entry", `SELECT p.id FROM payments p LEFT JOIN ledger_entries e ON CAST(e.id AS text) = p.provider_ref
		WHERE p.provider = 'wallet' AND p.kind = 'PAYMENT' AND e.id IS NULL`},
}

// refunds are those into wallets, p, each with its entry r.
const refunds = `FROM payments p JOIN ledger_accounts a ON a.owner_id = p.owner_id AND a.kind = 'WALLET'
	JOIN ledger_entries r ON r.account_id = a.id AND r.cause_key = 'refund:' || CAST(p.id AS text) AND r.amount = p.amount_minor AND r.unit = p.currency
	WHERE p.kind = 'REFUND' AND p.status = 'SUCCEEDED' AND p.method = 'WALLET'`

// Check proves that wallets' business and their books agree, and names what is
// wrong, at most 100 rows a check; nothing means that all holds.
func Check(ctx context.Context, s *store.Store) (wrong []string, err error) {
	for _, c := range checks {
		err := s.InSnapshot(ctx, func(ctx context.Context, snap *store.Snapshot) error {
			rows, err := snap.Query(ctx, c.query+` LIMIT 100`)
			if err != nil {
				return err
			}
			defer rows.Close()
			for rows.Next() {
				var id uuid.UUID
				if err := rows.Scan(&id); err != nil {
					return err
				}
				wrong = append(wrong, fmt.Sprintf("%s: %s", id, c.what))
			}
			return rows.Err()
		})
		if err != nil {
			return nil, err
		}
	}
	return wrong, nil
}
