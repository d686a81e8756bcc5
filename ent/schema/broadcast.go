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

// Broadcast sends one notification to everybody of a segment, in lots.
type Broadcast struct{ ent.Schema }

// Mixin of the table.
func (Broadcast) Mixin() []ent.Mixin { return []ent.Mixin{Row{}, Revised{}} }

// Annotations of the table.
func (Broadcast) Annotations() []schema.Annotation {
	return []schema.Annotation{
		Prefix{Value: "brc"},
		Shows{Fields: map[string][]string{"segment": {"segment_id"}, "progress": {"done", "total", "skipped", "status", "began_at", "ended_at"}, "results": {"id"}}},
		entsql.Checks(map[string]string{"broadcasts_counts": "done >= 0 AND skipped >= 0"}),
	}
}

// Fields of the table.
func (Broadcast) Fields() []ent.Field {
	return []ent.Field{
		field.String("name"),
		field.String("type").Comment("Of the notifications."),
		field.UUID("segment_id", uuid.UUID{}).Optional().Nillable().Annotations(entgql.Skip(entgql.SkipAll)),
		field.JSON("filter", SegmentFilter{}).Comment("Whom it goes to: of the segment as it was when it began."),
		field.Enum("severity").Values("INFO", "SUCCESS", "WARNING", "CRITICAL").Default("INFO"),
		field.JSON("texts", map[string]map[string]string{}).Comment("locale -> title, body; templates over customer.…"),
		field.String("url").Optional().Nillable(),
		field.JSON("actions", []NotificationAction{}).Optional(),
		field.JSON("channels", []string{}).Optional().Comment("Narrows the channels of the type; nil: all of them."),
		field.Enum("status").Values("DRAFT", "SCHEDULED", "RUNNING", "PAUSED", "DONE", "CANCELLED").Default("DRAFT"),
		field.Time("starts_at").Optional().Nillable(),
		field.Time("began_at").Optional().Nillable(),
		field.Time("ended_at").Optional().Nillable(),
		field.Int("total").Optional().Nillable().Comment("Of people, counted when it began."),
		field.Int("done").Default(0),
		field.Int("skipped").Default(0).Comment("Of those: gone or blocked since."),
		field.UUID("reached", uuid.UUID{}).Optional().Nillable().Annotations(entgql.Skip(entgql.SkipAll)).Comment("The last person of the last lot."),
		field.UUID("saved_by_id", uuid.UUID{}).Optional().Nillable(),
	}
}

// Indexes of the table.
func (Broadcast) Indexes() []ent.Index {
	return []ent.Index{index.Fields("status", "id"),
		index.Fields("starts_at").StorageKey("broadcast_due").Annotations(entsql.IndexWhere("status in ('SCHEDULED', 'RUNNING')"))}
}
