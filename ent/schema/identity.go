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

// Identity is one way in which a person proves who he is.
type Identity struct{ ent.Schema }

// Mixin of the table.
func (Identity) Mixin() []ent.Mixin { return []ent.Mixin{Row{}, OfUser{}} }

// Annotations of the table.
func (Identity) Annotations() []schema.Annotation {
	return []schema.Annotation{
		Prefix{Value: "idn"},
		Shows{Fields: map[string][]string{"provider": {"kind", "issuer"}, "subjectHint": {"kind", "subject"}}},
	}
}

// Fields of the table.
func (Identity) Fields() []ent.Field {
	return []ent.Field{
		field.Enum("kind").Values("PASSWORD", "OIDC", "PASSKEY", "CERTIFICATE", "TOTP", "RECOVERY_CODE", "CODE"),
		field.String("issuer").Default("").Comment("Of OIDC; empty for the rest."),
		field.String("subject").Comment("The issuer's name for the person; for a password and a TOTP the user's id, so that there is one of each."),
		field.Bytes("secret").Optional().Sensitive().Annotations(entgql.Skip(entgql.SkipAll)).Comment("Hash, public key or sealed secret."),
		field.String("login").Optional().Nillable().Comment("The login name of a password, as it was written; a mail or phone login is a contact point."),
		field.String("login_key").Optional().Nillable().Unique().Comment("Folded in Go: how it is found."),
		field.String("label").Optional().Nillable(),
		field.Int64("counter").Default(0).Comment("Of a passkey; the last step of a TOTP."),
		field.Time("must_change_by_at").Optional().Nillable().Comment("Of a password issued by staff."),
		field.UUID("issued_by_id", uuid.UUID{}).Optional().Nillable().Annotations(entgql.Skip(entgql.SkipAll)).Comment("The member of staff who issued the password."),
		field.Int("warned").Default(0).Annotations(entgql.Skip(entgql.SkipAll)).Comment("Of a password issued by staff: how many warnings that its time runs out have gone."),
		field.Time("last_used_at").Optional().Nillable(),
		field.Time("used_at").Optional().Nillable().Annotations(entgql.Skip(entgql.SkipAll)).Comment("Of a recovery code, which is good once."),
		field.JSON("params", map[string]any{}).Optional().Annotations(entgql.Skip(entgql.SkipAll)).Comment("Of a passkey: flags, transports, model."),
	}
}

// Indexes of the table.
func (Identity) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("kind", "issuer", "subject").Unique(),
		index.Fields("must_change_by_at").StorageKey("identity_must_change").Annotations(entsql.IndexWhere("must_change_by_at is not null")),
	}
}
