package bonus

import (
	"context"
	"crypto/sha256"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// The House's accounts of each unit: the other side of every entry that is not
// between two buckets of one account. They hold no balance and no entries of
// their own, so that no row of the ledger is hot; they are summed when asked.
const (
	issued   = "ISSUED"   // points given, less those taken back
	spent    = "SPENT"    // points redeemed, less those refunded
	expired  = "EXPIRED"  // points that fell due
	adjusted = "ADJUSTED" // corrections by staff, and what a return forgave
)

// systemID is the fixed id of a House account: a UUIDv7 of the time 0 over the
// hash of its unit and name, so that a posting need not look it up.
func systemID(unit, name string) uuid.UUID {
	sum := sha256.Sum256([]byte("kabinet ledger " + unit + " " + name))
	var id uuid.UUID
	copy(id[6:], sum[:10])
	id[6] = 0x70 | id[6]&0x0f // version 7
	id[8] = 0x80 | id[8]&0x3f // the RFC's variant
	return id
}

// makeSystemAccounts makes those of a programme's unit that are missing.
func makeSystemAccounts(ctx context.Context, tx *store.Tx, p *ent.BonusProgram) error {
	for _, name := range []string{issued, spent, expired, adjusted} {
		_, err := tx.Exec(ctx, `INSERT INTO ledger_accounts (id, created_at, updated_at, owner_id, unit, kind, name, program_id, lotted)
			VALUES (?, ?, ?, ?, ?, 'SYSTEM', ?, ?, ?) ON CONFLICT DO NOTHING`,
			systemID(p.Unit, name), tx.Now, tx.Now, viewer.House, p.Unit, name, p.KeyID, false)
		if err != nil {
			return err
		}
	}
	return nil
}
