package schema

import (
	"entgo.io/contrib/entgql"
	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"github.com/google/uuid"
)

// WebhookEndpoint is an outside address that is told what happens here.
type WebhookEndpoint struct{ ent.Schema }

// Mixin of the table.
func (WebhookEndpoint) Mixin() []ent.Mixin { return []ent.Mixin{Row{}, Revised{}} }

// Annotations of the table.
func (WebhookEndpoint) Annotations() []schema.Annotation {
	return []schema.Annotation{
		Prefix{Value: "end"},
		Shows{Fields: map[string][]string{"url": {"address"}, "role": {"role_id"}}},
		entsql.Checks(map[string]string{
			"webhook_endpoints_failures": "failures >= 0",
			"webhook_endpoints_reason":   "((status = 'ACTIVE') = (status_reason IS NULL))",
		}),
	}
}

// Fields of the table.
func (WebhookEndpoint) Fields() []ent.Field {
	return []ent.Field{
		field.String("name"),
		field.String("address").Comment("Where it is; the guard has seen it."),
		field.String("address_key").Unique().Annotations(entgql.Skip(entgql.SkipAll)).Comment("SHA-256 of the address, hex."),
		field.JSON("events", []string{}).Comment("Kinds of facts, each once, sorted."),
		field.String("selection").Optional().Nillable().Comment("A query of the API, whose answer is the data; none: the fact itself."),
		field.UUID("role_id", uuid.UUID{}).Annotations(entgql.Skip(entgql.SkipAll)).Comment("The staff role, by its key, that bodies are read as: of whoever saved it last."),
		field.UUID("saved_by_id", uuid.UUID{}).Comment("Who saved it last."),
		field.Bytes("secrets").Sensitive().Annotations(entgql.Skip(entgql.SkipAll)).Comment("Sealed JSON: the secret that signs, and the former one."),
		field.Time("former_secret_ends_at").Optional().Nillable().Comment("Until then the former secret signs as well."),
		field.Enum("status").Values("ACTIVE", "PAUSED", "DISABLED").Default("ACTIVE"),
		field.Enum("status_reason").Values("BY_STAFF", "REPEATED_FAILURE", "GONE", "ROLE_ENDED").Optional().Nillable(),
		field.Int("failures").Default(0).Comment("Tries that failed since the last one that did not."),
		field.Time("failing_since_at").Optional().Nillable().Comment("The first of them."),
		field.Time("last_ok_at").Optional().Nillable(),
	}
}

// Edges of the table.
func (WebhookEndpoint) Edges() []ent.Edge {
	return []ent.Edge{edge.To("deliveries", WebhookDelivery.Type).Annotations(entgql.Skip(entgql.SkipAll))}
}
