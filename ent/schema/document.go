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
		Shows{Fields: map[string][]string{"downloadUrl": {"id", "status", "expires_at", "mime"}, "sha256": {"sha256"},
			"period": {"from_on", "to_on"}, "subjectId": {"subject_kind", "subject_id"}, "subject": {"subject_kind", "subject_id"}, "replacesId": {"replaces_id"}}},
		entsql.Checks(map[string]string{
			"documents_size":    "size IS NULL OR size >= 0",
			"documents_money":   "paid_minor >= 0 AND paid_minor <= coalesce(amount_minor, 0) AND (amount_minor IS NULL) = (currency IS NULL)",
			"documents_invoice": "kind <> 'INVOICE' OR amount_minor IS NOT NULL",
		}),
	}
}

// Fields of the table.
func (Document) Fields() []ent.Field {
	return []ent.Field{
		field.Enum("kind").Values("AVATAR", "UPLOAD", "EXPORT", "INVOICE", "ACT", "RECEIPT", "STATEMENT", "CONTRACT", "WAYBILL", "CERTIFICATE", "OTHER").Immutable(),
		field.Enum("status").Values("PENDING", "READY", "QUARANTINED", "ISSUED", "PAID", "VOID").Default("PENDING"),
		field.String("title").Comment("What it is called when it is downloaded; of an upload, the name the person gave."),
		field.String("series").Optional().Nillable(),
		field.String("number").Optional().Nillable(),
		field.String("from_on").Optional().Nillable().Comment("A date, YYYY-MM-DD."),
		field.String("to_on").Optional().Nillable().Comment("A date, YYYY-MM-DD."),
		field.String("subject_kind").Optional().Nillable().Comment("The prefix of what it is about."),
		field.UUID("subject_id", uuid.UUID{}).Optional().Nillable().Comment("What it is about."),
		field.String("currency").Optional().Nillable().Comment("ISO 4217, where it has an amount."),
		field.Int64("amount_minor").Optional().Nillable().Comment("What an invoice asks for, or another paper is about."),
		field.Int64("paid_minor").Default(0).Comment("What of it was paid, never more than it."),
		field.Time("paid_at").Optional().Nillable().Comment("When the last of it was paid."),
		field.String("locale").Optional().Nillable().Immutable().Comment("In which language an issued paper is written."),
		field.Int("version").Default(1).Immutable().Comment("Of an issued paper: how many there were about the same."),
		field.UUID("replaces_id", uuid.UUID{}).Optional().Nillable().Immutable().Annotations(entgql.Skip(entgql.SkipAll)).Comment("The version before, which is VOID."),
		field.String("fingerprint").Optional().Nillable().Annotations(entgql.Skip(entgql.SkipAll)).Comment("A hash, in hex, of what an issued paper says and about what: the same is not issued twice."),
		field.Time("issued_at").Optional().Nillable().Comment("When it was issued, where that is not when it came here."),
		field.Time("due_at").Optional().Nillable(),
		field.Time("overdue_told_at").Optional().Nillable().Annotations(entgql.Skip(entgql.SkipAll)).Comment("When it was told that an invoice is overdue."),
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
		index.Fields("fingerprint").Unique().StorageKey("document_in_force").Annotations(entsql.IndexWhere("fingerprint is not null and status <> 'VOID'")),
		index.Fields("due_at").StorageKey("document_overdue").Annotations(entsql.IndexWhere("kind = 'INVOICE' and status = 'ISSUED' and overdue_told_at is null")),
		index.Fields("expires_at").StorageKey("document_due").Annotations(entsql.IndexWhere("expires_at is not null")),
	}
}
