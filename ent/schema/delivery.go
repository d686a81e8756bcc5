package schema

import (
	"time"

	"entgo.io/contrib/entgql"
	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
	"github.com/google/uuid"
)

// Delivery is one message to a person over one channel to one address. What
// became of it on the way (status) and what the person did with it
// (opened_at, clicked_at) are two things.
type Delivery struct{ ent.Schema }

// DeliveryAttempt is one try by one provider. Nothing of what it said but a
// word for programs.
type DeliveryAttempt struct {
	At       time.Time `json:"at"`
	Provider string    `json:"provider"`
	TookMs   int       `json:"tookMs"`
	Status   *int      `json:"status,omitempty"`  // of HTTP, or the code of SMTP
	Failure  *string   `json:"failure,omitempty"` // a word for programs; nil: taken
}

// Mixin of the table.
func (Delivery) Mixin() []ent.Mixin { return []ent.Mixin{Row{}, OfUser{}} }

// Annotations of the table.
func (Delivery) Annotations() []schema.Annotation {
	return []schema.Annotation{
		Prefix{Value: "dly"},
		Shows{Fields: map[string][]string{"customerId": {"user_id"}, "address": {"channel", "endpoint_id"}, "reason": {"status_reason"}}},
		entsql.Checks(map[string]string{
			"deliveries_due": "((status IN ('HELD', 'QUEUED', 'FAILED')) = (due_at IS NOT NULL))",
		}),
	}
}

// Fields of the table.
func (Delivery) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("notification_id", uuid.UUID{}).Immutable(),
		field.String("type").Immutable().Comment("Of the notification."),
		field.Enum("channel").Values("EMAIL", "SMS", "TELEGRAM", "WHATSAPP", "WEB_PUSH", "MOBILE_PUSH").Immutable(),
		field.UUID("endpoint_id", uuid.UUID{}).Immutable().Annotations(entgql.Skip(entgql.SkipAll)).Comment("The contact point, push endpoint or messenger link it goes to; the notification where there was none."),
		field.Enum("status").Values("HELD", "QUEUED", "SENT", "DELIVERED", "FAILED", "DEAD", "SKIPPED").Default("QUEUED").
			Comment("HELD until due_at; FAILED is tried again; DEAD is not; SENT was taken by the provider; DELIVERED is its word that it arrived."),
		field.Enum("status_reason").Values("QUIET_HOURS", "DIGEST", "THROTTLED", "NOT_WANTED", "NO_CONSENT", "NO_ADDRESS", "EXPIRED", "READ", "GONE", "REFUSED", "TRIES_SPENT", "CANCELLED", "NOT_CONFIGURED", "ESCALATION").Optional().Nillable(),
		field.String("provider").Optional().Nillable().Comment("Who took it."),
		field.String("provider_ref").Optional().Nillable().Comment("What the provider calls it."),
		field.JSON("attempts", []DeliveryAttempt{}).Comment("The last 50."),
		field.Int("round").Default(1).Annotations(entgql.Skip(entgql.SkipAll)).Comment("Raised by each retry asked for; the job of an older round does nothing."),
		field.Int("tries").Default(0).Annotations(entgql.Skip(entgql.SkipAll)).Comment("Of the round, that began: counted before a provider is asked."),
		field.Time("asked_at").Optional().Nillable().Annotations(entgql.Skip(entgql.SkipAll)).Comment("Since when a provider is being asked; empty while nobody is."),
		field.Int("step").Default(0).Annotations(entgql.Skip(entgql.SkipAll)).Comment("Of the escalation; 0: from the start."),
		field.String("digest_key").Optional().Nillable().Annotations(entgql.Skip(entgql.SkipAll)).Comment("What is sent in one message: the same person, channel and key."),
		field.UUID("sent_with_id", uuid.UUID{}).Optional().Nillable().Comment("The delivery whose message it went with."),
		field.Bool("required").Default(false).Immutable(),
		field.Bool("test").Default(false).Immutable(),
		field.Time("due_at").Optional().Nillable().Comment("When it is tried next."),
		field.Time("expires_at").Optional().Nillable().Immutable(),
		field.Time("sent_at").Optional().Nillable(),
		field.Time("delivered_at").Optional().Nillable(),
		field.Time("opened_at").Optional().Nillable(),
		field.Time("clicked_at").Optional().Nillable(),
	}
}

// Indexes of the table.
func (Delivery) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("notification_id", "channel", "endpoint_id").Unique(),
		index.Fields("user_id", "digest_key").StorageKey("delivery_digest").Annotations(entsql.IndexWhere("digest_key is not null")),
		index.Fields("user_id", "type", "channel", "created_at").StorageKey("delivery_throttle"),
		index.Fields("due_at").StorageKey("delivery_due").Annotations(entsql.IndexWhere("due_at is not null")),
		index.Fields("status", "id"),
		index.Fields("channel", "provider_ref").StorageKey("delivery_provider_ref").Annotations(entsql.IndexWhere("provider_ref is not null")),
		index.Fields("created_at").StorageKey("delivery_old"),
	}
}
