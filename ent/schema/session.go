package schema

import (
	"entgo.io/contrib/entgql"
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
	"github.com/google/uuid"
)

// Session says who calls, found by the hash of its token in one read.
type Session struct{ ent.Schema }

// Mixin of the table.
func (Session) Mixin() []ent.Mixin { return []ent.Mixin{Row{}, OfUser{}} }

// Annotations of the table.
func (Session) Annotations() []schema.Annotation {
	return []schema.Annotation{
		Prefix{Value: "ses", ByKind: map[string]string{"API_KEY": "key"}},
		Shows{Fields: map[string][]string{"current": {"id"}}},
	}
}

// Fields of the table.
func (Session) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("owner_id", uuid.UUID{}).Comment("The user, or the company of an API key."),
		field.Enum("kind").Values("BROWSER", "TOKEN", "API_KEY"),
		field.Bytes("token_hash").Sensitive().Unique().Annotations(entgql.Skip(entgql.SkipAll)).Comment("SHA-256 of 160 random bits."),
		field.Int("aal").Default(1).Comment("Authenticator assurance level: 1 one factor, 2 two."),
		field.Time("stepped_up_at").Optional().Nillable(),
		field.String("user_agent").Optional().Nillable(),
		field.String("ip").Optional().Nillable(),
		field.Time("last_used_at").Comment("Written once a minute at most."),
		field.Time("expires_at").Comment("The absolute end."),
		field.Time("revoked_at").Optional().Nillable(),
	}
}

// Indexes of the table.
func (Session) Indexes() []ent.Index { return []ent.Index{index.Fields("expires_at")} }
