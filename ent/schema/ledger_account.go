package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
	"github.com/google/uuid"
)

// LedgerAccount holds one owner's points (or money) of one unit. Accounts of
// kind SYSTEM are contra only and store no balance, so none is a hot row.
type LedgerAccount struct{ ent.Schema }

// Mixin of the table.
func (LedgerAccount) Mixin() []ent.Mixin { return []ent.Mixin{Row{}, OfOwner{}} }

// Annotations of the table.
func (LedgerAccount) Annotations() []schema.Annotation {
	return []schema.Annotation{
		Prefix{Value: "acc"},
		Shows{
			As: []string{"BonusAccount", "WalletAccount"},
			Fields: map[string][]string{
				"program": {"program_id"}, "balance": {"active", "held"}, "available": {"active"},
				"expiring": {"id"}, "entries": {"id"}, "lots": {"id"}, "currency": {"unit"},
				"holds": {"id"}, "nextExpiry": {"id"}, "statement": {"id"},
				"tier": {"program_id", "tier_id", "tier_review_at"}, "tierProgress": {"id"}, "tierChanges": {"id"},
			},
			Always: []string{"kind", "next_due_at", "unit", "owner_id"},
		},
		entsql.Checks(map[string]string{
			"ledger_accounts_buckets": "active >= floor AND pending >= 0 AND held >= 0",
			"ledger_accounts_system":  "kind <> 'SYSTEM' OR (active = 0 AND pending = 0 AND held = 0)",
		}),
	}
}

// Fields of the table.
func (LedgerAccount) Fields() []ent.Field {
	return []ent.Field{
		field.String("unit").Immutable().Comment("PTS:<programme handle> or an ISO 4217 currency."),
		field.Enum("kind").Values("BONUS", "WALLET", "CREDIT", "SYSTEM").Immutable(),
		field.String("name").Default("").Immutable().Comment("Of a SYSTEM account: ISSUED, SPENT, EXPIRED, ADJUSTED, FEES, TOPUP, PAYOUT, TRANSIT."),
		field.String("number").Optional().Nillable().Unique(),
		field.UUID("program_id", uuid.UUID{}).Optional().Nillable().Immutable().Comment("The programme's key_id."),
		field.Bool("lotted").Default(true).Immutable(),
		field.Int64("active").Default(0).Comment("Points that can be spent."),
		field.Int64("pending").Default(0).Comment("Points on their way."),
		field.Int64("held").Default(0).Comment("Points reserved."),
		field.Int64("floor").Default(0).Comment("How far active may fall; below zero for credit."),
		field.Int64("seq").Default(0).Comment("Of the last entry."),
		field.Bytes("head_hash").Optional().Comment("The hash of the last entry."),
		field.Time("next_due_at").Optional().Nillable().Comment("When the next lot activates, expires or is released."),
		field.String("label").Optional().Nillable().Comment("The name that its owner gave it."),
		field.Bool("visible").Default(true).Comment("Its owner is shown it."),
		field.UUID("tier_id", uuid.UUID{}).Optional().Nillable().Comment("The tier's key_id; written by internal/tier."),
		field.Time("tier_until_at").Optional().Nillable().Comment("Until when the tier is kept; written by internal/tier."),
		field.Time("tier_review_at").Optional().Nillable().Comment("When the tier is looked at again: to warn, or to decide; written by internal/tier."),
	}
}

// Indexes of the table.
func (LedgerAccount) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("owner_id", "unit", "kind", "name").Unique(),
		index.Fields("next_due_at"),
		index.Fields("tier_review_at").StorageKey("ledger_account_tier_review").Annotations(entsql.IndexWhere("tier_review_at is not null")),
		index.Fields("program_id", "id"),
	}
}
