package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
)

// Reason is one reason of the catalogue: why an order is cancelled, goods come
// back, or a return is refused.
type Reason struct{ ent.Schema }

// Mixin of the table.
func (Reason) Mixin() []ent.Mixin { return []ent.Mixin{Log{}, Versioned{}} }

// Annotations of the table.
func (Reason) Annotations() []schema.Annotation {
	return []schema.Annotation{
		Prefix{Value: "rsn", Column: "KeyID"},
		Shows{Fields: map[string][]string{
			"name": {"texts", "handle"}, "description": {"texts"}, "translations": {"texts"}, "retired": {"retired_at"},
		}},
		entsql.Checks(map[string]string{
			"reasons_kind": "kind IN ('CANCEL','RETURN','REFUSE')",
			"reasons_fee":  "fee_basis_points >= 0 AND fee_basis_points <= 10000",
		}),
	}
}

// Fields of the table.
func (Reason) Fields() []ent.Field {
	return []ent.Field{
		field.Enum("kind").Values("CANCEL", "RETURN", "REFUSE").Immutable(),
		field.String("handle").Immutable().Comment("How programs name it."),
		field.JSON("texts", map[string]map[string]string{}).Immutable().Comment("locale -> name, description."),
		field.Int("position").Default(0).Immutable().Comment("The order in which they are shown."),
		field.Strings("categories").Optional().Immutable().Comment("Of goods it is offered for; none: for all."),
		field.Int("fee_basis_points").Default(0).Immutable().Comment("Of RETURN: what is kept of the goods' worth; 500 is 5 %."),
		field.Bool("photo_required").Default(false).Immutable().Comment("Of RETURN: whether a photo has to be there."),
	}
}

// Indexes of the table.
func (Reason) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("kind", "handle").Unique().StorageKey("reason_in_force").Annotations(entsql.IndexWhere("retired_at is null")),
	}
}
