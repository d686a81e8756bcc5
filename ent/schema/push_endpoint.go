package schema

import (
	"entgo.io/contrib/entgql"
	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
	"github.com/google/uuid"
)

// PushEndpoint is a browser or a device of a person that takes push messages.
type PushEndpoint struct{ ent.Schema }

// Mixin of the table.
func (PushEndpoint) Mixin() []ent.Mixin { return []ent.Mixin{Row{}, OfUser{}} }

// Annotations of the table.
func (PushEndpoint) Annotations() []schema.Annotation {
	return []schema.Annotation{
		Prefix{Value: "pep"},
		Shows{Fields: map[string][]string{"current": {"session_id"}}},
		entsql.Checks(map[string]string{"push_endpoints_ended": "((status = 'ACTIVE') = (ended_at IS NULL))"}),
	}
}

// Fields of the table.
func (PushEndpoint) Fields() []ent.Field {
	return []ent.Field{
		field.Enum("kind").Values("WEB", "MOBILE").Immutable(),
		field.String("platform").Optional().Nillable().Comment("Of MOBILE: ios or android, or what the app calls itself."),
		field.String("label").Optional().Nillable().Comment("What the person calls it, or what the browser says it is."),
		field.String("address_key").Annotations(entgql.Skip(entgql.SkipAll)).Comment("HMAC of the address: one row a browser."),
		field.Bytes("sealed").Sensitive().Annotations(entgql.Skip(entgql.SkipAll)).Comment("Sealed JSON: the address and keys of RFC 8291, or the token of a device."),
		field.UUID("session_id", uuid.UUID{}).Optional().Nillable().Annotations(entgql.Skip(entgql.SkipAll)).Comment("Where it was registered: it ends with it."),
		field.Enum("status").Values("ACTIVE", "GONE", "REMOVED").Default("ACTIVE"),
		field.Time("ended_at").Optional().Nillable(),
		field.Time("last_ok_at").Optional().Nillable().Comment("When a message was taken last."),
		field.Int("failures").Default(0).Annotations(entgql.Skip(entgql.SkipAll)).Comment("One after the other, since a message was taken last."),
	}
}

// Indexes of the table.
func (PushEndpoint) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("kind", "address_key").Unique().StorageKey("push_endpoint_address").Annotations(entsql.IndexWhere("status = 'ACTIVE'")),
		index.Fields("user_id", "status"),
		index.Fields("session_id"),
		index.Fields("ended_at").StorageKey("push_endpoint_ended").Annotations(entsql.IndexWhere("ended_at is not null")),
	}
}
