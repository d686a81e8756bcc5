package ledger

import (
	"context"

	"kabinet/ent/generated/ledgerlot"
)

// Forfeit lets all points of an open book expire now, those on their way too,
// whatever their lots say; what is held is not touched. A debt stays. The
// caller closes the book.
func (b *Book) Forfeit(ctx context.Context) error {
	for {
		n, err := b.tx.Exec(ctx, `UPDATE ledger_lots SET due_at = ?, updated_at = ? WHERE account_id = ? AND remaining > 0 AND bucket IN (?, ?)`,
			b.tx.Now, b.tx.Now, b.acc.ID, string(ledgerlot.BucketPENDING), string(ledgerlot.BucketACTIVE))
		if err != nil || n == 0 {
			return err
		}
		b.dirty, b.dueMoved = true, true
		if _, err := b.settle(ctx, 0); err != nil { // pending ones become active, and expire in the next round
			return err
		}
	}
}
