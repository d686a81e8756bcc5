package schema

import (
	"entgo.io/contrib/entgql"
	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
	"github.com/google/uuid"
)

// LedgerEntry is one balanced pair of postings: +amount to (account, bucket)
// and -amount to (contra, contra_bucket). Append-only by trigger.
type LedgerEntry struct{ ent.Schema }

// Mixin of the table.
func (LedgerEntry) Mixin() []ent.Mixin { return []ent.Mixin{Log{}, InOwner{}} }

// Annotations of the table.
func (LedgerEntry) Annotations() []schema.Annotation {
	return []schema.Annotation{
		Prefix{Value: "ent"},
		Shows{
			As: []string{"BonusAccrual", "BonusRedemption", "BonusHold", "BonusExpiry", "BonusReversal", "BonusAdjustment", "BonusTransfer", "WalletEntry"},
			Fields: map[string][]string{
				"label": {"kind", "bucket", "explain", "amount"}, "counterpart": {"transfer_id"}, "reason": {"note"}, "remaining": {"account_id", "parent_id"}, "state": {"account_id", "parent_id"},
				"until": {"account_id", "parent_id"}, "holdId": {"parent_id"}, "reference": {"note"},
				"explanation": {"kind", "bucket", "explain", "amount", "account_id"}, "counterparty": {"transfer_id", "owner_id"},
			},
			Always: []string{"kind", "unit"},
		},
		entsql.Checks(map[string]string{
			"ledger_entries_amount":  "amount <> 0",
			"ledger_entries_buckets": "bucket IN ('PENDING','ACTIVE','HELD') AND contra_bucket IN ('PENDING','ACTIVE','HELD')",
			"ledger_entries_pair":    "account_id <> contra_id OR bucket <> contra_bucket",
		}),
	}
}

// Fields of the table.
func (LedgerEntry) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("account_id", uuid.UUID{}).Immutable(),
		field.Int64("seq").Immutable().Comment("Dense within the account."),
		field.UUID("transfer_id", uuid.UUID{}).Optional().Nillable().Immutable(),
		field.Enum("kind").Values("ACCRUAL", "ACTIVATION", "REDEMPTION", "HOLD", "CAPTURE", "RELEASE", "EXPIRY", "REFUND", "REVERSAL", "ADJUSTMENT", "TRANSFER", "TOPUP", "GIFT_CARD", "PAYMENT", "PAYOUT", "FEE").Immutable(),
		field.Int64("amount").Immutable().Comment("Signed: what the account's bucket gains."),
		field.Enum("bucket").Values("PENDING", "ACTIVE", "HELD").Immutable(),
		field.UUID("contra_id", uuid.UUID{}).Immutable(),
		field.Enum("contra_bucket").Values("PENDING", "ACTIVE", "HELD").Immutable(),
		field.String("unit").Immutable(),
		field.Int64("balance_after").Immutable().Comment("The account's active + held after this entry."),
		field.UUID("parent_id", uuid.UUID{}).Optional().Nillable().Immutable().Comment("The entry that this one reverses, refunds, activates, expires, captures, releases or is the fee of."),
		field.UUID("order_id", uuid.UUID{}).Optional().Nillable().Immutable(),
		field.String("cause_key").Immutable().Comment("Why, once for ever: order:<id>:earn, mutation:<actor>:<key> …"),
		field.JSON("explain", map[string]any{}).Optional().Immutable(),
		field.String("note").Optional().Nillable().Immutable(),
		field.UUID("actor_id", uuid.UUID{}).Optional().Nillable().Immutable(),
		field.Bytes("hash").Immutable().Annotations(entgql.Skip(entgql.SkipAll)).Comment("sha256(previous hash || canonical row)."),
	}
}

// Indexes of the table.
func (LedgerEntry) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("account_id", "seq").Unique(),
		index.Fields("account_id", "cause_key").Unique(),
		index.Fields("account_id", "id"),
		index.Fields("parent_id").Unique().StorageKey("ledger_entry_one_reversal").Annotations(entsql.IndexWhere("kind = 'REVERSAL'")),
		index.Fields("parent_id", "id").StorageKey("ledger_entry_children").Annotations(entsql.IndexWhere("parent_id is not null")),
		index.Fields("order_id"),
		index.Fields("transfer_id"),
		index.Fields("contra_id", "id"),
	}
}
