package schema

import (
	"entgo.io/contrib/entgql"
	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
)

// CardSource is an address of the business that tells more about a customer.
type CardSource struct{ ent.Schema }

// Mixin of the table.
func (CardSource) Mixin() []ent.Mixin { return []ent.Mixin{Row{}, Revised{}} }

// Annotations of the table.
func (CardSource) Annotations() []schema.Annotation {
	return []schema.Annotation{
		Prefix{Value: "csr"},
		Shows{Fields: map[string][]string{"url": {"address"}}},
		entsql.Checks(map[string]string{
			"card_sources_times": "ttl_seconds >= 0 AND timeout_millis > 0",
		}),
	}
}

// Fields of the table.
func (CardSource) Fields() []ent.Field {
	return []ent.Field{
		field.String("name").Unique(),
		field.String("address").Comment("The guard has seen it."),
		field.Bytes("sealed").Sensitive().Annotations(entgql.Skip(entgql.SkipAll)).Comment("What requests are signed with; read when a source is asked, and then alone."),
		field.Int("ttl_seconds").Default(300),
		field.Int("timeout_millis").Default(3000),
		field.Int("position").Default(0),
		field.Bool("enabled").Default(true),
	}
}
