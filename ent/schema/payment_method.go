package schema

import (
	"entgo.io/contrib/entgql"
	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
)

// PaymentMethod is a card or account that the payment provider keeps for a
// person; here are its token there and what a person knows it by.
type PaymentMethod struct{ ent.Schema }

// Mixin of the table.
func (PaymentMethod) Mixin() []ent.Mixin { return []ent.Mixin{Row{}, OfOwner{}} }

// Annotations of the table.
func (PaymentMethod) Annotations() []schema.Annotation {
	return []schema.Annotation{
		Prefix{Value: "pm"},
		Shows{Fields: map[string][]string{"expired": {"expires_on"}, "expiresSoon": {"expires_on"}}},
		entsql.Checks(map[string]string{
			"payment_methods_token":   "((status = 'ACTIVE') = (token IS NOT NULL))",
			"payment_methods_default": "NOT is_default OR status = 'ACTIVE'",
			"payment_methods_last4":   "last4 IS NULL OR length(last4) <= 4",
		}),
	}
}

// Fields of the table.
func (PaymentMethod) Fields() []ent.Field {
	return []ent.Field{
		field.Enum("status").Values("PENDING", "ACTIVE", "FAILED").Default("PENDING"),
		field.String("provider").Immutable(),
		field.String("setup_ref").Optional().Nillable().Annotations(entgql.Skip(entgql.SkipAll)).Comment("The provider's id of the page; none until it has answered."),
		field.String("token").Optional().Nillable().Sensitive().Annotations(entgql.Skip(entgql.SkipAll)).Comment("The provider's name for the card: no number."),
		field.String("url").Optional().Nillable().Annotations(entgql.Skip(entgql.SkipAll)).Comment("Where the person gives the card to the provider; none once it is settled."),
		field.String("return_url").Optional().Nillable().Immutable().Annotations(entgql.Skip(entgql.SkipAll)),
		field.Bool("wants_default").Default(false).Immutable().Annotations(entgql.Skip(entgql.SkipAll)).Comment("Becomes the default one when it is saved."),
		field.String("brand").Optional().Nillable(),
		field.String("last4").Optional().Nillable(),
		field.String("expires_on").Optional().Nillable().Comment("The last day it is good, YYYY-MM-DD."),
		field.String("label").Optional().Nillable(),
		field.String("failure").Optional().Nillable(),
		field.Bool("is_default").Default(false),
		field.Time("told_at").Optional().Nillable().Annotations(entgql.Skip(entgql.SkipAll)).Comment("The provider's time of what was last believed; older messages change nothing."),
		field.Time("expires_at").Optional().Nillable().Annotations(entgql.Skip(entgql.SkipAll)).Comment("When a page that was not answered is given up."),
	}
}

// Indexes of the table.
func (PaymentMethod) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("provider", "token").Unique(),
		index.Fields("owner_id").Unique().StorageKey("payment_method_one_default").Annotations(entsql.IndexWhere("is_default")),
		index.Fields("expires_at").StorageKey("payment_method_due").Annotations(entsql.IndexWhere("status <> 'ACTIVE'")),
	}
}
