package schema

import (
	"entgo.io/contrib/entgql"
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
)

// Identity is one way in which a person proves who he is.
type Identity struct{ ent.Schema }

// Mixin of the table.
func (Identity) Mixin() []ent.Mixin { return []ent.Mixin{Row{}, OfUser{}} }

// Annotations of the table.
func (Identity) Annotations() []schema.Annotation { return []schema.Annotation{Prefix{Value: "idn"}} }

// Fields of the table.
func (Identity) Fields() []ent.Field {
	return []ent.Field{
		field.Enum("kind").Values("PASSWORD", "OIDC", "PASSKEY", "CERTIFICATE", "TOTP", "RECOVERY_CODE"),
		field.String("issuer").Default("").Comment("Of OIDC; empty for the rest."),
		field.String("subject").Comment("The issuer's name for the person; for a password and a TOTP the user's id, so that there is one of each."),
		field.Bytes("secret").Optional().Sensitive().Annotations(entgql.Skip(entgql.SkipAll)).Comment("Hash, public key or sealed secret."),
		field.String("label").Optional().Nillable(),
		field.Int64("counter").Default(0).Comment("Of a passkey; the last step of a TOTP."),
		field.Time("must_change_by_at").Optional().Nillable().Comment("Of a password issued by staff."),
		field.Time("last_used_at").Optional().Nillable(),
	}
}

// Indexes of the table.
func (Identity) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("kind", "issuer", "subject").Unique(),
	}
}
