package ledger

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
)

// chainForm names the canonical form below; another form is another name, so
// that old entries stay provable.
const chainForm = "kabinet-ledger-2"

// hashEntry is sha256(previous hash || canonical row). The previous hash is
// that of the account's entry before, 32 bytes; nothing for the first.
func hashEntry(previous []byte, e *ent.LedgerEntry) ([]byte, error) {
	row, err := canonical(e)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(append(bytes.Clone(previous), row...))
	return sum[:], nil
}

// canonical writes an entry as bytes that every database and language can make
// again: a JSON array without spaces, in UTF-8, of
//
//	"kabinet-ledger-2", id, owner_id, account_id, seq, transfer_id, kind,
//	amount, bucket, contra_id, contra_bucket, unit, balance_after, parent_id,
//	order_id, cause_key, explain, actor_id, created_at
//
// The note is not in it: it is what somebody wrote, and goes when he is erased,
// while the chain stays whole (ADR 0032).
//
// Ids are UUIDs in lower case, whole numbers plain decimals, what is not there
// is null, times are RFC 3339 in UTC with six digits after the point. Objects
// inside explain have their keys sorted by bytes. Strings escape only ", \,
// control characters (\b \f \n \r \t, else \u00xx), U+2028 and U+2029. The hash
// itself is not in it.
func canonical(e *ent.LedgerEntry) ([]byte, error) {
	var explain any
	if len(e.Explain) > 0 {
		plain, err := canonicalJSON(e.Explain)
		if err != nil {
			return nil, fmt.Errorf("canonical form of entry %s: %w", e.ID, err)
		}
		explain = plain
	}
	return encode([]any{
		chainForm, e.ID, e.OwnerID, e.AccountID, e.Seq, optional(e.TransferID), e.Kind,
		e.Amount, e.Bucket, e.ContraID, e.ContraBucket, e.Unit, e.BalanceAfter, optional(e.ParentID),
		optional(e.OrderID), e.CauseKey, explain, optional(e.ActorID),
		e.CreatedAt.UTC().Format("2006-01-02T15:04:05.000000Z"),
	})
}

// canonicalJSON sorts the keys and keeps the digits of numbers as they are
// read, since PostgreSQL keeps JSON in an order of its own.
func canonicalJSON(v map[string]any) (json.RawMessage, error) {
	b, err := encode(v)
	if err != nil {
		return nil, err
	}
	return readJSON(b)
}

// readJSON brings stored JSON into the canonical form.
func readJSON(b []byte) (json.RawMessage, error) {
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	var plain any
	if err := d.Decode(&plain); err != nil {
		return nil, err
	}
	return encode(plain)
}

func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

func optional(id *uuid.UUID) any {
	if id == nil {
		return nil
	}
	return *id
}

// cut is a time as both databases keep it.
func cut(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }
