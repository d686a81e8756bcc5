package schema

import (
	"encoding/json"

	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
	"github.com/google/uuid"
)

// Setting is a small document without behaviour of its own: the stream epoch,
// switches, forms. Each kind is written by one package.
type Setting struct{ ent.Schema }

// Mixin of the table.
func (Setting) Mixin() []ent.Mixin { return []ent.Mixin{Log{}, Versioned{}} }

// Annotations of the table.
func (Setting) Annotations() []schema.Annotation {
	return []schema.Annotation{Prefix{Value: "set", Column: "KeyID"}}
}

// Fields of the table.
func (Setting) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("scope_id", uuid.UUID{}).Immutable(),
		field.String("kind").Immutable(),
		field.String("handle").Immutable(),
		field.JSON("value", json.RawMessage{}).Optional().Immutable(),
	}
}

// Indexes of the table.
func (Setting) Indexes() []ent.Index {
	return []ent.Index{index.Fields("scope_id", "kind", "handle").Unique().StorageKey("setting_in_force").Annotations(entsql.IndexWhere("retired_at is null"))}
}
