package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
	"github.com/google/uuid"
)

// PromoCode is one code of a promotion, or, without a code, one owner's
// activated offer. Codes that are nobody's belong to the House.
type PromoCode struct{ ent.Schema }

// Mixin of the table.
func (PromoCode) Mixin() []ent.Mixin { return []ent.Mixin{Row{}, OfOwner{}} }

// Annotations of the table.
func (PromoCode) Annotations() []schema.Annotation {
	return []schema.Annotation{
		Prefix{Value: "code"},
		Shows{Fields: map[string][]string{
			"code": {"code", "code_key"}, "customerId": {"owner_id", "user_id"}, "promotionId": {"promotion_id"}, "batchId": {"batch_id"}, "endsAt": {"ends_at"},
		}},
		entsql.Checks(map[string]string{
			"promo_codes_uses":   "uses >= 0 AND (max_uses IS NULL OR uses <= max_uses)",
			"promo_codes_status": "status IN ('ISSUED','ACTIVE','USED','EXPIRED','VOID')",
		}),
	}
}

// Fields of the table.
func (PromoCode) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("promotion_id", uuid.UUID{}).Immutable(),
		field.String("code").Default("").Immutable().Comment("As it is shown; empty: an offer."),
		field.String("code_key").Optional().Nillable().Unique().Immutable().Comment("Folded, look-alikes made one."),
		field.Enum("status").Values("ISSUED", "ACTIVE", "USED", "EXPIRED", "VOID").Default("ISSUED").Comment("ACTIVE: an offer activated; USED: no use is left."),
		field.Int64("uses").Default(0).Comment("Uses and reservations; counted where max_uses says so."),
		field.Int64("max_uses").Optional().Nillable(),
		field.UUID("batch_id", uuid.UUID{}).Optional().Nillable().Immutable().Comment("The task that made it."),
		field.Time("activated_at").Optional().Nillable(),
		field.Time("ends_at").Optional().Nillable().Comment("Before the promotion's own end."),
	}
}

// Indexes of the table.
func (PromoCode) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("promotion_id", "status", "id"),
		index.Fields("promotion_id", "owner_id").Unique().StorageKey("promo_code_one_offer").Annotations(entsql.IndexWhere("code_key is null")),
		index.Fields("batch_id", "id").StorageKey("promo_code_of_batch").Annotations(entsql.IndexWhere("batch_id is not null")),
	}
}
