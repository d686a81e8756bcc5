package ledger

import (
	"database/sql"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/ledgerentry"
)

// checkedAccount is the account that the checker goes over, and what its
// entries add up to so far: active, pending, held.
type checkedAccount struct {
	id, owner   uuid.UUID
	unit, kind  string
	floor, seq  int64
	head        []byte
	holds, sums [3]int64
	lastSeq     int64
	lastHash    []byte
}

func (a *checkedAccount) move(bucket string, n int64) {
	switch bucket {
	case "ACTIVE":
		a.sums[0] += n
	case "PENDING":
		a.sums[1] += n
	case "HELD":
		a.sums[2] += n
	}
}

// checkedRow is an account with one of its entries, or without any.
type checkedRow struct {
	account checkedAccount
	entry   *ent.LedgerEntry
}

// scanChecked reads a row of the pass; every column of the entry may be null.
func scanChecked(rows *sql.Rows) (r checkedRow, err error) {
	var e struct {
		id, owner, contra                      uuid.NullUUID
		at                                     *time.Time
		seq, amount, after                     sql.NullInt64
		kind, bucket, contraBucket, unit, note sql.NullString
		cause                                  sql.NullString
		transfer, parent, order, actor         *uuid.UUID
		explain, hash                          []byte
	}
	a := &r.account
	err = rows.Scan(&a.id, &a.owner, &a.unit, &a.kind, &a.holds[0], &a.holds[1], &a.holds[2], &a.floor, &a.seq, &a.head,
		&e.id, dbTimeOrNull{&e.at}, &e.owner, &e.seq, &e.transfer, &e.kind, &e.amount, &e.bucket, &e.contra, &e.contraBucket, &e.unit,
		&e.after, &e.parent, &e.order, &e.cause, &e.explain, &e.note, &e.actor, &e.hash)
	if err != nil || !e.id.Valid {
		return r, err
	}
	explain, err := plainExplain(e.explain)
	if err != nil { // nothing that was written reads so: the hash will tell
		explain = map[string]any{"unreadable": err.Error()}
	}
	r.entry = &ent.LedgerEntry{
		ID: e.id.UUID, OwnerID: e.owner.UUID, Seq: e.seq.Int64, TransferID: e.transfer, Kind: ledgerentry.Kind(e.kind.String),
		Amount: e.amount.Int64, Bucket: ledgerentry.Bucket(e.bucket.String), ContraID: e.contra.UUID,
		ContraBucket: ledgerentry.ContraBucket(e.contraBucket.String), Unit: e.unit.String, BalanceAfter: e.after.Int64,
		ParentID: e.parent, OrderID: e.order, CauseKey: e.cause.String, Explain: explain, ActorID: e.actor, Hash: e.hash,
	}
	if e.at != nil {
		r.entry.CreatedAt = *e.at
	}
	if e.note.Valid {
		r.entry.Note = &e.note.String
	}
	return r, nil
}
