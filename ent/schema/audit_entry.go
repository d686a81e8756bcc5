package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
	"github.com/google/uuid"
)

// AuditEntry is one act on record. Append-only by trigger.
type AuditEntry struct{ ent.Schema }

// Mixin of the table.
func (AuditEntry) Mixin() []ent.Mixin { return []ent.Mixin{Log{}} }

// Annotations of the table.
func (AuditEntry) Annotations() []schema.Annotation {
	return []schema.Annotation{
		Prefix{Value: "aud"},
		Shows{As: []string{"AuditEntry", "SecurityActivity"}, Fields: map[string][]string{
			"subjectId": {"subject_kind", "subject_id"},
			"at":        {"created_at"}, "label": {"action", "changes"}, "by": {"actor_kind", "actor_id"}, "staffName": {"actor_kind", "actor_id"},
			"device": {"user_agent"}, "place": {"session_id"},
		}},
	}
}

// Fields of the table.
func (AuditEntry) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("owner_id", uuid.UUID{}).Optional().Nillable().Immutable(),
		field.UUID("actor_id", uuid.UUID{}).Optional().Nillable().Immutable(),
		field.String("actor_kind").Immutable().Comment("USER, STAFF, SYSTEM:<name> or NOBODY."),
		field.UUID("session_id", uuid.UUID{}).Optional().Nillable().Immutable(),
		field.String("action").Immutable().Comment("The verb, such as order.cancel."),
		field.String("subject_kind").Optional().Nillable().Immutable(),
		field.UUID("subject_id", uuid.UUID{}).Optional().Nillable().Immutable(),
		field.JSON("changes", map[string]any{}).Optional().Immutable(),
		field.String("ip").Optional().Nillable(),
		field.String("user_agent").Optional().Nillable(),
		field.String("request_id").Optional().Nillable().Immutable(),
	}
}

// Indexes of the table.
func (AuditEntry) Indexes() []ent.Index {
	return []ent.Index{index.Fields("owner_id", "id"), index.Fields("actor_id", "id"), index.Fields("subject_id", "id")}
}
