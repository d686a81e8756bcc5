package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
	"github.com/google/uuid"
)

// PromoUse is one use of a promotion: reserved for a basket, used by an order,
// or given back.
type PromoUse struct{ ent.Schema }

// Mixin of the table.
func (PromoUse) Mixin() []ent.Mixin { return []ent.Mixin{Row{}, OfOwner{}} }

// Annotations of the table.
func (PromoUse) Annotations() []schema.Annotation {
	return []schema.Annotation{
		entsql.Checks(map[string]string{
			"promo_uses_status":  "status IN ('RESERVED','USED','RELEASED')",
			"promo_uses_reduced": "reduced_minor >= 0",
			"promo_uses_of":      "status <> 'USED' OR order_id IS NOT NULL",
		}),
	}
}

// Fields of the table.
func (PromoUse) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("promotion_id", uuid.UUID{}).Immutable(),
		field.UUID("code_id", uuid.UUID{}).Optional().Nillable().Immutable().Comment("The code or the activated offer."),
		field.Enum("status").Values("RESERVED", "USED", "RELEASED"),
		field.Int("slot").Optional().Nillable().Comment("The owner's use, from 1, where there is a limit per owner; null once it is released."),
		field.String("reference").Optional().Nillable().Immutable().Comment("The basket it is reserved for."),
		field.UUID("order_id", uuid.UUID{}).Optional().Nillable(),
		field.Int64("reduced_minor").Default(0).Comment("Minor units of currency."),
		field.String("currency").Default(""),
		field.Int64("points").Default(0).Comment("To be given when the order is delivered."),
		field.Int64("multiplier_basis_points").Default(0).Comment("Of the order's points, likewise."),
		field.Time("reserved_until_at").Optional().Nillable(),
	}
}

// Indexes of the table.
func (PromoUse) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("promotion_id", "owner_id", "slot").Unique().StorageKey("promo_use_per_owner").Annotations(entsql.IndexWhere("slot is not null")),
		index.Fields("promotion_id", "order_id").Unique().StorageKey("promo_use_once_an_order").Annotations(entsql.IndexWhere("status = 'USED'")),
		index.Fields("code_id", "owner_id", "reference").Unique().StorageKey("promo_use_one_reservation").Annotations(entsql.IndexWhere("status = 'RESERVED'")),
		index.Fields("order_id").StorageKey("promo_use_of_order").Annotations(entsql.IndexWhere("order_id is not null")),
		index.Fields("promotion_id", "status", "currency", "reduced_minor"),
		index.Fields("reserved_until_at").StorageKey("promo_use_to_release").Annotations(entsql.IndexWhere("status = 'RESERVED'")),
	}
}
