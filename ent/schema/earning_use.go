package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
	"github.com/google/uuid"
)

// EarningUse is that a rule gave points: what its limits are counted by. What
// was reversed since does not count.
type EarningUse struct{ ent.Schema }

// Mixin of the table.
func (EarningUse) Mixin() []ent.Mixin { return []ent.Mixin{Log{}, InOwner{}} }

// Annotations of the table.
func (EarningUse) Annotations() []schema.Annotation { return []schema.Annotation{Prefix{Value: "use"}} }

// Fields of the table.
func (EarningUse) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("rule_id", uuid.UUID{}).Immutable().Comment("The rule's key_id."),
		field.Int64("version").Immutable(),
		field.UUID("entry_id", uuid.UUID{}).Immutable().Comment("Of the ledger."),
		field.Int64("points").Immutable(),
		field.Time("occurred_at").Immutable().Comment("When what it was given for happened; periods go by it."),
	}
}

// Indexes of the table.
func (EarningUse) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("owner_id", "rule_id", "occurred_at"),
		index.Fields("rule_id", "occurred_at"),
		index.Fields("entry_id", "rule_id").Unique(),
	}
}
