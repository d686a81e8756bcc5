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

// Session says who calls, found by the hash of its token in one read.
type Session struct{ ent.Schema }

// Mixin of the table.
func (Session) Mixin() []ent.Mixin { return []ent.Mixin{Row{}, OfUser{}} }

// Annotations of the table.
func (Session) Annotations() []schema.Annotation {
	return []schema.Annotation{
		Prefix{Value: "ses", ByKind: map[string]string{"API_KEY": "key"}},
		Shows{Fields: map[string][]string{"current": {"id"}, "deviceName": {"user_agent"}, "locked": {"kind", "last_used_at"}, "actingStaff": {"acting_staff_id", "acting_reason", "expires_at"}}},
	}
}

// Fields of the table.
func (Session) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("owner_id", uuid.UUID{}).Comment("The user, or the company of an API key."),
		field.Enum("kind").Values("BROWSER", "TOKEN", "REFRESHABLE", "ACTING", "API_KEY"),
		field.Bytes("token_hash").Sensitive().Unique().Annotations(entgql.Skip(entgql.SkipAll)).Comment("SHA-256 of 160 random bits."),
		field.Bytes("refresh_hash").Optional().Nillable().Sensitive().Unique().Annotations(entgql.Skip(entgql.SkipAll)).Comment("Of the refresh token in force; REFRESHABLE alone."),
		field.Bytes("refresh_prev_hash").Optional().Nillable().Sensitive().Unique().Annotations(entgql.Skip(entgql.SkipAll)).Comment("Of the one before, which is taken for ten seconds more."),
		field.Time("rotated_at").Optional().Nillable().Comment("When the token was last made anew."),
		field.Time("access_expires_at").Optional().Nillable().Comment("Until when the token itself is good; REFRESHABLE alone."),
		field.Bytes("device_hash").Optional().Nillable().Sensitive().Annotations(entgql.Skip(entgql.SkipAll)).Comment("SHA-256 of what the device calls itself by: known at later sign-ins."),
		field.String("method").Default("PASSWORD").Comment("The way in: PASSWORD, OIDC:<provider>, PASSKEY, CODE, REGISTRATION, RESET, ACTING."),
		field.String("place").Optional().Nillable().Comment("From where, as a proxy said at the last use."),
		field.UUID("acting_staff_id", uuid.UUID{}).Optional().Nillable().Comment("Who of the business acts for the person; ACTING alone."),
		field.String("acting_reason").Optional().Nillable(),
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
func (Session) Indexes() []ent.Index {
	return []ent.Index{index.Fields("expires_at"),
		index.Fields("revoked_at").StorageKey("session_revoked").Annotations(entsql.IndexWhere("revoked_at is not null")),
		index.Fields("acting_staff_id").StorageKey("session_acting_staff").Annotations(entsql.IndexWhere("acting_staff_id is not null"))}
}
