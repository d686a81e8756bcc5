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

// Document is all that can be downloaded: issued papers, invoices, uploads,
// avatars, exports. Its bytes lie in the store of files, under blob_key.
type Document struct{ ent.Schema }

// Mixin of the table.
func (Document) Mixin() []ent.Mixin {
	return []ent.Mixin{Row{}, OfOwner{}, External{}, Annotated{}}
}

// Annotations of the table.
func (Document) Annotations() []schema.Annotation {
	return []schema.Annotation{
		Prefix{Value: "doc"},
		Shows{Fields: map[string][]string{"downloadUrl": {"id", "status", "expires_at"}, "sha256": {"sha256"}}},
		entsql.Checks(map[string]string{
			"documents_size": "size IS NULL OR size >= 0",
		}),
	}
}

// Fields of the table.
func (Document) Fields() []ent.Field {
	return []ent.Field{
		field.Enum("kind").Values("AVATAR", "UPLOAD", "EXPORT", "INVOICE", "ACT", "RECEIPT", "STATEMENT", "CONTRACT", "WAYBILL", "OTHER").Immutable(),
		field.Enum("status").Values("PENDING", "READY", "QUARANTINED", "ISSUED", "PAID", "VOID").Default("PENDING"),
		field.String("title").Comment("What it is called when it is downloaded; of an upload, the name the person gave."),
		field.String("series").Optional().Nillable(),
		field.String("number").Optional().Nillable(),
		field.String("from_on").Optional().Nillable().Comment("A date, YYYY-MM-DD."),
		field.String("to_on").Optional().Nillable().Comment("A date, YYYY-MM-DD."),
		field.String("subject_kind").Optional().Nillable().Comment("The prefix of what it is about."),
		field.UUID("subject_id", uuid.UUID{}).Optional().Nillable().Comment("What it is about."),
		field.Time("due_at").Optional().Nillable(),
		field.String("mime").Optional().Nillable().Comment("Of the bytes as they were found, never as they were said to be."),
		field.Int64("size").Optional().Nillable().Comment("Bytes; of an upload that has not come, the most that may."),
		field.Bytes("sha256").Optional().Nillable().Annotations(entgql.Skip(entgql.SkipAll)),
		field.String("blob_key").Optional().Nillable().Unique().Sensitive().Annotations(entgql.Skip(entgql.SkipAll)).Comment("Where the bytes lie; none until they come."),
		field.Enum("visibility").Values("ALL", "STAFF").Default("ALL"),
		field.Time("expires_at").Optional().Nillable().Comment("When it is deleted; of an upload that has not come, when its link ends."),
	}
}

// Indexes of the table.
func (Document) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("series", "number").Unique(),
		index.Fields("owner_id", "kind", "id"),
		index.Fields("subject_id"),
		index.Fields("expires_at").StorageKey("document_due").Annotations(entsql.IndexWhere("expires_at is not null")),
	}
}
