package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
	"github.com/google/uuid"
)

// CannedReply is a text that operators answer with.
type CannedReply struct{ ent.Schema }

// Mixin of the table.
func (CannedReply) Mixin() []ent.Mixin { return []ent.Mixin{Log{}, Versioned{}} }

// Annotations of the table.
func (CannedReply) Annotations() []schema.Annotation {
	return []schema.Annotation{
		Prefix{Value: "can", Column: "KeyID"},
	}
}

// Fields of the table.
func (CannedReply) Fields() []ent.Field {
	return []ent.Field{
		field.String("handle").Immutable(),
		field.JSON("texts", map[string]string{}).Immutable().Comment("locale -> text with {{variables}}."),
		field.UUID("team_id", uuid.UUID{}).Optional().Nillable().Immutable().Comment("Of this team alone."),
	}
}

// Indexes of the table.
func (CannedReply) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("handle").Unique().StorageKey("canned_reply_in_force").Annotations(entsql.IndexWhere("retired_at is null")),
	}
}
