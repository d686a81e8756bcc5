package ledger

import (
	"context"
	"crypto/sha256"
	"strings"

	"github.com/google/uuid"

	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// The House's accounts of each unit: the other side of every entry that is not
// between two buckets of one account. They hold no balance and no entries of
// their own, so that no row of the ledger is hot; they are summed when asked.
const (
	Issued   = "ISSUED"   // points given, less those taken back
	Spent    = "SPENT"    // redeemed or paid, less what was refunded
	Expired  = "EXPIRED"  // points that fell due
	Adjusted = "ADJUSTED" // corrections by staff, and what a return forgave
	Fees     = "FEES"     // what transfers cost
	TopUp    = "TOPUP"    // money that came in
	Payout   = "PAYOUT"   // money that went out
	Gift     = "GIFT"     // gift cards redeemed: what was owed for them
	Transit  = "TRANSIT"  // on the way between two accounts: nothing when a transfer is done
)

var houseAccounts = []string{Issued, Spent, Expired, Adjusted, Fees, TopUp, Payout, Gift, Transit}

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

// MakeSystemAccounts makes the House's accounts of a unit that are missing, in
// one statement; program is the programme's key_id of points.
func MakeSystemAccounts(ctx context.Context, tx *store.Tx, unit string, program *uuid.UUID) error {
	const row = `(?, ?, ?, ?, ?, 'SYSTEM', ?, ?, ?)`
	var args []any
	for _, name := range houseAccounts {
		args = append(args, systemID(unit, name), tx.Now, tx.Now, viewer.House, unit, name, program, false)
	}
	_, err := tx.Exec(ctx, `INSERT INTO ledger_accounts (id, created_at, updated_at, owner_id, unit, kind, name, program_id, lotted)
		VALUES `+row+strings.Repeat(", "+row, len(houseAccounts)-1)+` ON CONFLICT DO NOTHING`, args...)
	return err
}
