package invoice

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"kabinet/internal/store"
)

// checks are what must hold between invoices and the money that came for them;
// each statement names the rows of which it does not.
var checks = []struct{ what, query string }{
	{"invoice's status is not that of what was paid of it", `SELECT d.id FROM documents d WHERE d.kind = 'INVOICE'
		AND (d.status = 'PAID' AND d.paid_minor <> d.amount_minor OR d.status = 'ISSUED' AND d.paid_minor >= d.amount_minor)`},
	{"invoice of no order is not what its payments come to", `SELECT d.id FROM documents d
		LEFT JOIN payments p ON p.invoice_id = d.id AND p.kind = 'PAYMENT' AND p.status = 'SUCCEEDED'
		WHERE d.kind = 'INVOICE' AND (d.subject_kind IS NULL OR d.subject_kind <> 'order')
		GROUP BY d.id, d.amount_minor, d.paid_minor
		HAVING d.paid_minor <> CASE WHEN d.status = 'VOID' THEN 0 WHEN coalesce(sum(p.amount_minor - p.refunded_minor), 0) > d.amount_minor THEN d.amount_minor ELSE coalesce(sum(p.amount_minor - p.refunded_minor), 0) END`},
	{"invoice of no order keeps more than was paid of it, and no refund failed", `SELECT d.id FROM documents d
		JOIN payments p ON p.invoice_id = d.id AND p.kind = 'PAYMENT' AND p.status = 'SUCCEEDED'
		WHERE d.kind = 'INVOICE' AND (d.subject_kind IS NULL OR d.subject_kind <> 'order') AND NOT EXISTS (SELECT 1 FROM payments r WHERE r.invoice_id = d.id AND r.kind = 'REFUND' AND r.status = 'FAILED')
		GROUP BY d.id, d.paid_minor HAVING sum(p.amount_minor - p.refunded_minor) > d.paid_minor`},
	{"void invoice has money", `SELECT d.id FROM documents d WHERE d.kind = 'INVOICE' AND d.status = 'VOID' AND d.paid_minor > 0`},
	{"payment of an invoice is not of the invoice's order, owner or currency", `SELECT p.id FROM payments p LEFT JOIN documents d ON d.id = p.invoice_id
		WHERE p.invoice_id IS NOT NULL AND (d.id IS NULL OR d.currency <> p.currency OR d.owner_id <> p.owner_id
		OR (p.order_id IS NULL) <> (d.subject_kind IS NULL OR d.subject_kind <> 'order') OR p.order_id <> d.subject_id)`},
	{"refund of an invoice is not what its payment gives back", `SELECT p.id FROM payments p LEFT JOIN payments r ON r.parent_id = p.id AND r.kind = 'REFUND' AND r.status <> 'FAILED'
		WHERE p.invoice_id IS NOT NULL AND p.kind = 'PAYMENT' GROUP BY p.id, p.refunded_minor HAVING p.refunded_minor <> coalesce(sum(r.amount_minor), 0)`},
}

// Check proves that invoices and what was paid of them agree, and names what is
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
