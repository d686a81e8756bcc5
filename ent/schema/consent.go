package schema

import (
	"entgo.io/contrib/entgql"
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
	"github.com/google/uuid"
)

// Consent is one word of a person on one version of a document: that he agrees,
// or does no more. Append-only by trigger; the newest of a document counts.
type Consent struct{ ent.Schema }

// Mixin of the table.
func (Consent) Mixin() []ent.Mixin { return []ent.Mixin{Log{}, OfUser{}} }

// Annotations of the table.
func (Consent) Annotations() []schema.Annotation {
	return []schema.Annotation{
		Prefix{Value: "cns"},
		Shows{Fields: map[string][]string{
			"document": {"document_id", "version"}, "given": {"decision"}, "isCurrent": {"document_id", "version", "decision"}, "decidedAt": {"created_at"},
		}},
	}
}

// Fields of the table.
func (Consent) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("document_id", uuid.UUID{}).Immutable().Comment("The document's key_id."),
		field.Int64("version").Immutable().Comment("Of the document: what the person saw."),
		field.Enum("decision").Values("GIVEN", "WITHDRAWN").Immutable(),
		field.String("locale").Immutable().Comment("In which language he saw it."),
		field.UUID("session_id", uuid.UUID{}).Optional().Nillable().Immutable().Annotations(entgql.Skip(entgql.SkipAll)),
		field.String("ip").Optional().Nillable().Annotations(entgql.Skip(entgql.SkipAll)).Comment("Blanked when the person is erased."),
		field.String("user_agent").Optional().Nillable().Annotations(entgql.Skip(entgql.SkipAll)).Comment("Blanked when the person is erased."),
	}
}

// Indexes of the table.
func (Consent) Indexes() []ent.Index {
	return []ent.Index{index.Fields("user_id", "document_id", "id"), index.Fields("document_id", "version")}
}
