package schema

import (
	"entgo.io/contrib/entgql"
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
	"github.com/google/uuid"
)

// Company is an owner that several people act for; the House is one of them.
type Company struct{ ent.Schema }

// Mixin of the table.
func (Company) Mixin() []ent.Mixin { return []ent.Mixin{Row{}, Revised{}, External{}, Annotated{}} }

// Annotations of the table.
func (Company) Annotations() []schema.Annotation {
	return []schema.Annotation{
		Prefix{Value: "com"},
		Shows{Fields: map[string][]string{"orders": {"id"}, "shoppingLists": {"id"}, "tickets": {"id"}, "wallets": {"id"}, "bonusAccount": {"id"}, "bonusAccounts": {"id"}, "invoices": {"id"}, "organisation": {"id", "requisites"}}},
	}
}

// Fields of the table.
func (Company) Fields() []ent.Field {
	return []ent.Field{
		field.Enum("kind").Values("HOUSE", "COMPANY", "FAMILY").Default("COMPANY"),
		field.Enum("status").Values("PENDING", "ACTIVE", "BLOCKED").Default("ACTIVE"),
		field.String("name"),
		field.String("legal_name").Optional().Nillable(),
		field.String("tax_id").Optional().Nillable(),
		field.JSON("requisites", &Requisites{}).Optional().Annotations(entgql.Skip(entgql.SkipAll)),
		field.UUID("parent_id", uuid.UUID{}).Optional().Nillable(),
	}
}

// Indexes of the table.
func (Company) Indexes() []ent.Index {
	return []ent.Index{index.Fields("tax_id"), index.Fields("parent_id")}
}
