package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
)

// User is a person with an account.
type User struct{ ent.Schema }

// Mixin of the table.
func (User) Mixin() []ent.Mixin { return []ent.Mixin{Row{}, Revised{}, External{}, Annotated{}} }

// Annotations of the table.
func (User) Annotations() []schema.Annotation {
	return []schema.Annotation{
		Prefix{Value: "usr"},
		Shows{Fields: map[string][]string{
			"preferences": {"locale", "time_zone"}, "identities": {"id"}, "sessions": {"id"}, "memberships": {"id"}, "orders": {"id"}, "returns": {"id"},
			"bonusAccount": {"id"}, "bonusAccounts": {"id"}, "tier": {"id"}, "families": {"id"}, "familyInvitations": {"id"}, "tickets": {"id"}, "notifications": {"id"}, "streamPosition": {"id"}, "wallets": {"id"}, "topUps": {"id"}, "giftCards": {"id"},
			"progress": {"id"}, "achievements": {"id"}, "campaignEntries": {"id"}, "goals": {"id"},
			"rewardRedemptions": {"id"}, "referral": {"id"}, "offers": {"id"}, "benefits": {"id"}, "clubs": {"id"},
		}},
		entsql.Checks(map[string]string{"users_unread_count": "unread_count >= 0", "users_stream": "stream_seq >= 0 AND stream_oldest >= 0"}),
	}
}

// Fields of the table.
func (User) Fields() []ent.Field {
	return []ent.Field{
		field.Enum("kind").Values("PERSON", "SOLE_TRADER", "LEGAL_ENTITY").Default("PERSON"),
		field.Enum("status").Values("PENDING", "ACTIVE", "BLOCKED", "ERASED").Default("PENDING"),
		field.String("given_name").Optional().Nillable(),
		field.String("family_name").Optional().Nillable(),
		field.String("middle_name").Optional().Nillable(),
		field.String("display_name"),
		field.String("birth_on").Optional().Nillable().Comment("A date, YYYY-MM-DD."),
		field.String("locale").Default("en").Comment("BCP 47."),
		field.String("time_zone").Default("UTC").Comment("IANA."),
		field.Int64("stream_seq").Default(0).Comment("The last number given on the person's stream."),
		field.Int64("stream_oldest").Default(0).Comment("Events up to this number are trimmed."),
		field.Int64("unread_count").Default(0).Comment("Unread notifications, kept exact by the event tail."),
	}
}

// Edges of the table.
func (User) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("contact_points", ContactPoint.Type),
		edge.To("addresses", Address.Type),
	}
}
