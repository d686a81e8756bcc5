package schema

import (
	"entgo.io/contrib/entgql"
	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
	"github.com/google/uuid"
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
			"preferences": {"locale", "time_zone", "contact_channel", "ui", "privacy", "delivery"},
			"recipients":  {"id"}, "organisation": {"kind", "requisites"}, "interests": {"interests"},
			"profileCompleteness": {"id", "kind", "given_name", "family_name", "birth_on", "contact_channel", "interests", "requisites"},
			"identities":          {"id"}, "twoFactor": {"id"}, "passkeys": {"id"}, "sessions": {"id"}, "memberships": {"id"}, "orders": {"id"}, "returns": {"id"},
			"bonusAccount": {"id"}, "bonusAccounts": {"id"}, "tier": {"id"}, "families": {"id"}, "familyInvitations": {"id"}, "tickets": {"id"}, "notifications": {"id"}, "unreadCounts": {"id"}, "notificationGroups": {"id"}, "notificationPreferences": {"id", "notify", "time_zone"}, "pushEndpoints": {"id"}, "messengerLinks": {"id"}, "reminders": {"id"}, "streamPosition": {"id"}, "wallets": {"id"}, "topUps": {"id"}, "giftCards": {"id"},
			"progress": {"id"}, "achievements": {"id"}, "campaignEntries": {"id"}, "goals": {"id"},
			"block": {"block_reason", "blocked_note", "blocked_at"}, "mustChangePasswordBy": {"id"}, "actingStaff": {"id"}, "represents": {"id"}, "representatives": {"id"}, "recentActivity": {"id"},
			"rewardRedemptions": {"id"}, "referral": {"id"}, "offers": {"id"}, "benefits": {"id"}, "clubs": {"id"},
			"cart": {"id"}, "shoppingLists": {"id"}, "wishlist": {"id"}, "spending": {"id"}, "payments": {"id"}, "tableExports": {"id"}, "invoices": {"id"}, "recommendations": {"id"}, "recentlyViewed": {"id"}, "reviews": {"id"},
			"avatar": {"id", "display_name", "given_name", "family_name", "avatar_id", "avatar_width", "avatar_height"}, "documents": {"id"}, "paymentMethods": {"id"},
			"consents": {"id"}, "consentsDue": {"id"}, "dataExports": {"id"}, "deletion": {"id"}, "deletionReview": {"id"}, "personalManager": {"id", "manager_id"}, "surveys": {"id"},
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
		field.String("nickname").Optional().Nillable(),
		field.Enum("sex").Values("FEMALE", "MALE").Optional().Nillable(),
		field.String("job_title").Optional().Nillable(),
		field.String("region").Optional().Nillable(),
		field.JSON("interests", []string{}).Optional().Annotations(entgql.Skip(entgql.SkipAll)).Comment("In the person's own order."),
		field.Enum("contact_channel").Values("EMAIL", "SMS", "PHONE", "MESSENGER", "PUSH").Optional().Nillable(),
		field.JSON("ui", map[string]any{}).Optional().Annotations(entgql.Skip(entgql.SkipAll)).Comment("What front ends keep, by keys of their own."),
		field.JSON("privacy", &Privacy{}).Optional().Annotations(entgql.Skip(entgql.SkipAll)),
		field.JSON("requisites", &Requisites{}).Optional().Annotations(entgql.Skip(entgql.SkipAll)).Comment("Of a business."),
		field.JSON("delivery", &DeliveryPreference{}).Optional().Annotations(entgql.Skip(entgql.SkipAll)).Comment("How goods are delivered when nothing else is said."),
		field.JSON("notify", &NotifyPreferences{}).Optional().Annotations(entgql.Skip(entgql.SkipAll)).Comment("What the person wants to be told, where and when; written by internal/notify/preference."),
		field.String("locale").Default("en").Comment("BCP 47."),
		field.String("time_zone").Default("UTC").Comment("IANA."),
		field.String("name_key").Optional().Nillable().Annotations(entgql.Skip(entgql.SkipAll)).Comment("display_name folded in Go by internal/store, for the search by its beginning."),
		field.String("family_key").Optional().Nillable().Annotations(entgql.Skip(entgql.SkipAll)).Comment("family_name folded the same way; empty where there is none."),
		field.Enum("block_reason").Values("ACCOUNT_TAKEN_OVER", "FRAUD_SUSPECTED", "TERMS_VIOLATED", "PAYMENT_DISPUTE", "DATA_NOT_TRUE", "PERSON_ASKED", "DECEASED", "OTHER").Optional().Nillable().Annotations(entgql.Skip(entgql.SkipAll)),
		field.String("blocked_note").Optional().Nillable().Annotations(entgql.Skip(entgql.SkipAll)).Comment("For staff alone."),
		field.Time("blocked_at").Optional().Nillable().Annotations(entgql.Skip(entgql.SkipAll)),
		field.Int64("stream_seq").Default(0).Comment("The last number given on the person's stream."),
		field.Int64("stream_oldest").Default(0).Comment("Events up to this number are trimmed."),
		field.UUID("avatar_id", uuid.UUID{}).Optional().Nillable().Annotations(entgql.Skip(entgql.SkipAll)).Comment("The person's picture: at random, for its address is all that guards it."),
		field.Int("avatar_width").Default(0).Annotations(entgql.Skip(entgql.SkipAll)).Comment("Pixels of the picture, so that lists of people read no other table."),
		field.Int("avatar_height").Default(0).Annotations(entgql.Skip(entgql.SkipAll)),
		field.UUID("manager_id", uuid.UUID{}).Optional().Nillable().Annotations(entgql.Skip(entgql.SkipAll)).Comment("The staff member who looks after the person."),
		field.JSON("manager_contacts", []uuid.UUID{}).Optional().Annotations(entgql.Skip(entgql.SkipAll)).Comment("Of a staff member: the contact points that the customers he looks after see."),
		field.Time("delete_at").Optional().Nillable().Annotations(entgql.Skip(entgql.SkipAll)).Comment("When the account is erased; written by internal/privacy."),
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

// Indexes of the table.
func (User) Indexes() []ent.Index {
	return []ent.Index{index.Fields("manager_id"), index.Fields("created_at").StorageKey("user_pending").Annotations(entsql.IndexWhere("status = 'PENDING'")),
		index.Fields("delete_at").StorageKey("user_delete_due").Annotations(entsql.IndexWhere("delete_at is not null")),
		index.Fields("name_key").StorageKey("user_name_key").Annotations(entsql.OpClass("text_pattern_ops")),
		index.Fields("family_key").StorageKey("user_family_key").Annotations(entsql.OpClass("text_pattern_ops"))}
}
