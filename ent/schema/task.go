package schema

import (
	"encoding/json"

	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
	"github.com/google/uuid"
)

// Task is long work that one can watch and resume: an import, an export.
type Task struct{ ent.Schema }

// Mixin of the table.
func (Task) Mixin() []ent.Mixin { return []ent.Mixin{Row{}, OfOwner{}} }

// Annotations of the table.
func (Task) Annotations() []schema.Annotation { return []schema.Annotation{Prefix{Value: "task"}} }

// Fields of the table.
func (Task) Fields() []ent.Field {
	return []ent.Field{
		field.String("kind").Immutable(),
		field.Enum("status").Values("WAITING", "RUNNING", "DONE", "FAILED", "CANCELLED").Default("WAITING"),
		field.String("dedup_key").Optional().Nillable().Unique().Immutable(),
		field.JSON("input", json.RawMessage{}).Optional(),
		field.JSON("cursor", json.RawMessage{}).Optional().Comment("Where to go on."),
		field.JSON("counts", map[string]int64{}).Optional(),
		field.Int64("total").Optional().Nillable(),
		field.Time("finished_at").Optional().Nillable(),
		field.UUID("approver_id", uuid.UUID{}).Optional().Nillable().Comment("Who decided, where it waited for a decision."),
		field.String("note").Optional().Nillable().Comment("Why it was decided so."),
	}
}

// Indexes of the table.
func (Task) Indexes() []ent.Index { return []ent.Index{index.Fields("status", "kind")} }
