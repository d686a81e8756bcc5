package schema

import (
	"entgo.io/contrib/entgql"
	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
	"github.com/google/uuid"
)

// Membership says who may act for whom: staff, company and family members.
type Membership struct{ ent.Schema }

// Mixin of the table.
func (Membership) Mixin() []ent.Mixin { return []ent.Mixin{Row{}, Revised{}, OfUser{}} }

// Annotations of the table.
func (Membership) Annotations() []schema.Annotation {
	return []schema.Annotation{
		Prefix{Value: "mbr"},
		Shows{Fields: map[string][]string{"roleName": {"role_id"}}},
	}
}

// Fields of the table.
func (Membership) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("owner_id", uuid.UUID{}).Immutable(),
		field.Enum("kind").Values("STAFF", "COMPANY", "FAMILY", "REPRESENTATIVE").Immutable(),
		field.UUID("role_id", uuid.UUID{}).Comment("The role's key_id."),
		field.Enum("status").Values("INVITED", "ACTIVE", "SUSPENDED", "ENDED").Default("ACTIVE"),
		field.Time("valid_until_at").Optional().Nillable(),
		field.Enum("basis").Values("PARENT", "ADOPTIVE_PARENT", "GUARDIAN").Optional().Nillable().Comment("Of a representative: by what right."),
		field.String("document_note").Optional().Nillable().Annotations(entgql.Skip(entgql.SkipAll)).Comment("Of a representative: the document staff has seen. For staff."),
		field.Bool("earns_to_owner").Default(false).Comment("Of a family: the person's orders earn into its card. True in one family at most."),
	}
}

// Edges of the table.
func (Membership) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("user", User.Type).Field("user_id").Unique().Required().Immutable(),
		edge.To("company", Company.Type).Field("owner_id").Unique().Required().Immutable(),
	}
}

// Indexes of the table.
func (Membership) Indexes() []ent.Index {
	return []ent.Index{index.Fields("user_id", "owner_id").Unique(), index.Fields("owner_id", "status"),
		index.Fields("valid_until_at").StorageKey("membership_due").Annotations(entsql.IndexWhere("valid_until_at is not null and status = 'ACTIVE'")),
		index.Fields("user_id").Unique().StorageKey("membership_one_earner").Annotations(entsql.IndexWhere("earns_to_owner"))}
}
