package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
)

// ConsentDocument is a text that people agree to, such as terms of use. A
// change is a new version, so that what somebody saw can be shown again.
type ConsentDocument struct{ ent.Schema }

// Mixin of the table.
func (ConsentDocument) Mixin() []ent.Mixin { return []ent.Mixin{Log{}, Versioned{}} }

// Annotations of the table.
func (ConsentDocument) Annotations() []schema.Annotation {
	return []schema.Annotation{
		Prefix{Value: "cdo", Column: "KeyID"},
		Shows{Fields: map[string][]string{
			"name": {"texts", "handle"}, "description": {"texts"}, "terms": {"texts"}, "translations": {"texts"}, "inForceSince": {"created_at"},
		}},
	}
}

// Fields of the table.
func (ConsentDocument) Fields() []ent.Field {
	return []ent.Field{
		field.String("handle").Immutable().Comment("How programs call it."),
		field.Enum("purpose").Values("TERMS", "PRIVACY", "DATA_PROCESSING", "COOKIES", "EMAIL_MARKETING", "SMS_MARKETING", "PHONE_CALLS", "PROFILING", "OTHER").Immutable(),
		field.Bool("required").Default(false).Immutable().Comment("Nobody has an account without it."),
		field.JSON("texts", map[string]map[string]string{}).Immutable().Comment("locale -> name, description, terms."),
		field.String("url").Optional().Nillable().Immutable().Comment("Where it can be read in full."),
	}
}

// Indexes of the table.
func (ConsentDocument) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("handle").Unique().StorageKey("consent_document_handle_in_force").Annotations(entsql.IndexWhere("retired_at is null")),
	}
}
