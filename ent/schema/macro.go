package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
	"github.com/google/uuid"
)

// Macro is several acts of an operator in one.
type Macro struct{ ent.Schema }

// Mixin of the table.
func (Macro) Mixin() []ent.Mixin { return []ent.Mixin{Log{}, Versioned{}} }

// Annotations of the table.
func (Macro) Annotations() []schema.Annotation {
	return []schema.Annotation{
		Prefix{Value: "mac", Column: "KeyID"},
	}
}

// MacroAct is one act of a macro; which fields it has follows its kind.
type MacroAct struct {
	Kind     string            `json:"kind"` // REPLY, NOTE, SET_STATUS, SET_PRIORITY, ASSIGN, SET_TEAM
	Texts    map[string]string `json:"texts,omitempty"`
	CannedID string            `json:"cannedId,omitempty"`
	Status   string            `json:"status,omitempty"`
	Reason   string            `json:"reason,omitempty"`
	Hours    int               `json:"hours,omitempty"` // of SNOOZED
	Priority string            `json:"priority,omitempty"`
	To       string            `json:"to,omitempty"` // ME, NOBODY, or the id of a person or team
}

// Fields of the table.
func (Macro) Fields() []ent.Field {
	return []ent.Field{
		field.String("name").Immutable(),
		field.JSON("acts", []MacroAct{}).Immutable(),
		field.UUID("team_id", uuid.UUID{}).Optional().Nillable().Immutable(),
	}
}

// Indexes of the table.
func (Macro) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("name").Unique().StorageKey("macro_in_force").Annotations(entsql.IndexWhere("retired_at is null")),
	}
}
