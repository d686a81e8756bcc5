package schema

import (
	"encoding/json"
	"time"

	"entgo.io/contrib/entgql"
	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
	"github.com/google/uuid"
)

// WebhookDelivery is one fact on its way to one endpoint. What is sent is read when it
// is sent, so that it is never older than what the other side knows, and is not
// kept here.
type WebhookDelivery struct{ ent.Schema }

// WebhookAttempt is one try. Nothing of what the other side said but its status.
type WebhookAttempt struct {
	At             time.Time `json:"at"`
	ResponseStatus *int      `json:"status,omitempty"`
	TookMs         int       `json:"tookMs"`
	Failure        *string   `json:"failure,omitempty"` // a word for programs
}

// Mixin of the table.
func (WebhookDelivery) Mixin() []ent.Mixin { return []ent.Mixin{Row{}} }

// Annotations of the table.
func (WebhookDelivery) Annotations() []schema.Annotation {
	return []schema.Annotation{
		Prefix{Value: "dlv"},
		Shows{Fields: map[string][]string{"eventId": {"event_id"}, "subjectId": {"subject_kind", "subject_id"}}},
		entsql.Checks(map[string]string{
			"webhook_deliveries_due": "((status IN ('QUEUED', 'FAILED')) = (due_at IS NOT NULL))",
			"webhook_deliveries_ok":  "((status = 'DELIVERED') = (delivered_at IS NOT NULL))",
		}),
	}
}

// Fields of the table.
func (WebhookDelivery) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("endpoint_id", uuid.UUID{}).Immutable(),
		field.UUID("event_id", uuid.UUID{}).Immutable().Annotations(entgql.OrderField("EVENT_ID")).Comment("Of account_events; of a test its own."),
		field.String("kind").Immutable().Comment("Of the fact."),
		field.String("subject_kind").Immutable(),
		field.UUID("subject_id", uuid.UUID{}).Immutable(),
		field.Time("occurred_at").Immutable(),
		field.JSON("payload", json.RawMessage{}).Immutable().Annotations(entgql.Skip(entgql.SkipAll)).Comment("The fact as the log has it: ids, changed fields, counters after."),
		field.Bool("test").Default(false).Immutable(),
		field.Enum("status").Values("HELD", "QUEUED", "DELIVERED", "FAILED", "DEAD", "SKIPPED").Default("QUEUED"),
		field.JSON("attempts", []WebhookAttempt{}).Comment("The last 50."),
		field.Int("round").Default(1).Annotations(entgql.Skip(entgql.SkipAll)).Comment("Raised by each retry asked for; the job of an older round does nothing."),
		field.Time("due_at").Optional().Nillable().Comment("When it is tried next."),
		field.Time("delivered_at").Optional().Nillable(),
	}
}

// Edges of the table.
func (WebhookDelivery) Edges() []ent.Edge {
	return []ent.Edge{edge.From("endpoint", WebhookEndpoint.Type).Ref("deliveries").Field("endpoint_id").Unique().Required().Immutable()}
}

// Indexes of the table.
func (WebhookDelivery) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("endpoint_id", "event_id").Unique(), // and the order of an endpoint's list
		index.Fields("event_id", "id"),
		index.Fields("status", "event_id"),
		index.Fields("subject_id"),
		index.Fields("endpoint_id", "id").StorageKey("webhook_delivery_held").Annotations(entsql.IndexWhere("status = 'HELD'")),
	}
}
