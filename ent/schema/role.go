package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
	"github.com/google/uuid"
)

// Role is a named set of permissions, of the House or of a company.
type Role struct{ ent.Schema }

// Mixin of the table.
func (Role) Mixin() []ent.Mixin { return []ent.Mixin{Log{}, Versioned{}} }

// Annotations of the table.
func (Role) Annotations() []schema.Annotation {
	return []schema.Annotation{Prefix{Value: "role", Column: "KeyID"}}
}

// Grant is one permission of a role: resource x operation x reach.
type Grant struct {
	Resource  string `json:"resource"`
	Operation string `json:"operation"`
	Reach     string `json:"reach"`
}

// Fields of the table.
func (Role) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("owner_id", uuid.UUID{}).Immutable(),
		field.String("name").Immutable(),
		field.Enum("audience").Values("STAFF", "COMPANY", "FAMILY", "REPRESENTATIVE").Immutable(),
		field.JSON("permissions", []Grant{}).Immutable(),
	}
}

// Indexes of the table.
func (Role) Indexes() []ent.Index {
	return []ent.Index{index.Fields("owner_id", "name").Unique().StorageKey("role_name_in_force").Annotations(entsql.IndexWhere("retired_at is null"))}
}
