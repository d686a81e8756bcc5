package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
	"github.com/google/uuid"
)

// InvoiceQuote is what paying an invoice from a wallet costs: first a quote,
// then done or forgotten. The payment names its entry of the ledger.
type InvoiceQuote struct{ ent.Schema }

// Mixin of the table.
func (InvoiceQuote) Mixin() []ent.Mixin { return []ent.Mixin{Row{}, OfOwner{}} }

// Annotations of the table.
func (InvoiceQuote) Annotations() []schema.Annotation {
	return []schema.Annotation{
		Prefix{Value: "ivq"},
		entsql.Checks(map[string]string{
			"invoice_quotes_amounts": "amount_minor > 0 AND fee_minor >= 0",
			"invoice_quotes_done":    "status <> 'QUOTED' AND completed_at IS NOT NULL AND entry_id IS NOT NULL OR status = 'QUOTED' AND completed_at IS NULL AND entry_id IS NULL",
		}),
	}
}

// Fields of the table.
func (InvoiceQuote) Fields() []ent.Field {
	return []ent.Field{
		field.Enum("status").Values("QUOTED", "COMPLETED").Default("QUOTED"),
		field.UUID("account_id", uuid.UUID{}).Immutable().Comment("The wallet that pays."),
		field.UUID("invoice_id", uuid.UUID{}).Immutable(),
		field.String("currency").Immutable(),
		field.Int64("amount_minor").Immutable().Comment("What of the invoice is paid."),
		field.Int64("fee_minor").Default(0).Immutable(),
		field.Int64("free_left").Optional().Nillable().Immutable().Comment("Minor units that are free after it; none where nothing is charged."),
		field.UUID("fee_rule_id", uuid.UUID{}).Optional().Nillable().Immutable().Comment("The version that decided."),
		field.UUID("entry_id", uuid.UUID{}).Optional().Nillable().Comment("The entry that paid."),
		field.Time("expires_at").Immutable().Comment("Of the quote."),
		field.Time("completed_at").Optional().Nillable(),
	}
}

// Indexes of the table.
func (InvoiceQuote) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("owner_id", "currency", "completed_at").StorageKey("invoice_quote_charged").Annotations(entsql.IndexWhere("status = 'COMPLETED'")),
		index.Fields("expires_at").StorageKey("invoice_quote_quoted").Annotations(entsql.IndexWhere("status = 'QUOTED'")),
		index.Fields("invoice_id"),
	}
}
