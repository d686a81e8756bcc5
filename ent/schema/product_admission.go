package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
	"github.com/google/uuid"
)

// ProductAdmission admits somebody to a product that is exclusive. The fence
// reads it, so whom it is not for finds no such product anywhere.
type ProductAdmission struct{ ent.Schema }

// Mixin of the table.
func (ProductAdmission) Mixin() []ent.Mixin { return []ent.Mixin{Log{}} }

// Annotations of the table.
func (ProductAdmission) Annotations() []schema.Annotation {
	return []schema.Annotation{
		entsql.Checks(map[string]string{"product_admissions_whom": "((kind = 'EVERYONE_SIGNED_IN') = (subject_id IS NULL))"}),
	}
}

// Fields of the table.
func (ProductAdmission) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("product_id", uuid.UUID{}).Immutable(),
		field.Enum("kind").Values("EVERYONE_SIGNED_IN", "CUSTOMER", "CLUB", "TIER").Immutable(),
		field.UUID("subject_id", uuid.UUID{}).Optional().Nillable().Immutable().Comment("A person or company, a club, a tier's key_id."),
	}
}

// Indexes of the table.
func (ProductAdmission) Indexes() []ent.Index {
	return []ent.Index{index.Fields("product_id", "kind", "subject_id").Unique()}
}
