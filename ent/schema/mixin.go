// Package schema holds the tables, one a file. It imports entgo.io and uuid
// only: no hooks, no policies, no business. Ownership is fenced in
// internal/store/scope.go, and ARCHITECTURE.md says who writes each table.
package schema

import (
	"entgo.io/contrib/entgql"
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
	"entgo.io/ent/schema/mixin"
	"github.com/google/uuid"
)

// Prefix names the TypeID prefix of a table's rows at the edge. A table whose
// edge id is not its own id (versions) sets Column.
type Prefix struct {
	Value  string
	Column string            // the Go field that is the edge id; ID when empty
	ByKind map[string]string // prefixes that depend on the kind column
}

// Name implements schema.Annotation.
func (Prefix) Name() string { return "Prefix" }

var _ schema.Annotation = Prefix{}

// Shows says what the SDL makes of a row where a name does not say it: a field
// that no column or edge is called by, or that looks at more than its own. A
// field that reads other tables lists what it looks at in this row. The
// generator stops at a field of the SDL that is neither stored nor listed.
type Shows struct {
	As     []string            // the SDL's types over the row; the table's own name when empty
	Fields map[string][]string // by field of the SDL, the columns behind it
	Always []string            // columns that reading a row needs, whatever is asked for
}

// Name implements schema.Annotation.
func (Shows) Name() string { return "Shows" }

var _ schema.Annotation = Shows{}

func newID() uuid.UUID { return uuid.Must(uuid.NewV7()) }

// Log gives id and created_at, for rows that never change.
type Log struct{ mixin.Schema }

// Fields of the mixin.
func (Log) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("id", uuid.UUID{}).Default(newID).Immutable().Comment("UUIDv7 made in Go."),
		field.Time("created_at").Immutable().Comment("UTC, microseconds; set by internal/store from its clock."),
	}
}

// Row gives id, created_at and updated_at.
type Row struct{ mixin.Schema }

// Fields of the mixin.
func (Row) Fields() []ent.Field {
	return append(Log{}.Fields(),
		field.Time("updated_at").Comment("UTC, microseconds; set by internal/store from its clock."))
}

// Revised gives the revision that stale writes are refused by (R).
type Revised struct{ mixin.Schema }

// Fields of the mixin.
func (Revised) Fields() []ent.Field {
	return []ent.Field{field.Int64("revision").Default(1).Comment("Raised by every update; a stale one is STALE_OBJECT.")}
}

// Versioned rows are never edited: an edit inserts a row and retires the old
// one, so that what a rule decided can be explained by that rule (V).
type Versioned struct{ mixin.Schema }

// Fields of the mixin.
func (Versioned) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("key_id", uuid.UUID{}).Default(newID).Immutable().Comment("The edge id, the same in all versions."),
		field.Int64("version").Default(1).Immutable(),
		field.Time("retired_at").Optional().Nillable(),
	}
}

// Indexes of the mixin.
func (Versioned) Indexes() []ent.Index {
	return []ent.Index{index.Fields("key_id", "version").Unique()}
}

// External gives the key under which an outside system knows the row (X).
type External struct{ mixin.Schema }

// Fields of the mixin.
func (External) Fields() []ent.Field {
	return []ent.Field{
		field.String("source").Optional().Nillable().Comment("The outside system, such as online-retail."),
		field.String("external_id").Optional().Nillable().Comment("Its key there, unique per source."),
		field.Time("source_updated_at").Optional().Nillable().Comment("An older one never overwrites."),
	}
}

// Indexes of the mixin.
func (External) Indexes() []ent.Index {
	return []ent.Index{index.Fields("source", "external_id").Unique()}
}

// Annotated gives free metadata (M).
type Annotated struct{ mixin.Schema }

// Fields of the mixin.
func (Annotated) Fields() []ent.Field {
	return []ent.Field{
		field.JSON("metadata", map[string]any{}).Optional().Comment("Public: the owner reads it."),
		field.JSON("private_metadata", map[string]any{}).Optional().Annotations(entgql.Skip(entgql.SkipAll)).Comment("For staff."),
	}
}

// OfUser rows belong to a person (U).
type OfUser struct{ mixin.Schema }

// Fields of the mixin.
func (OfUser) Fields() []ent.Field {
	return []ent.Field{field.UUID("user_id", uuid.UUID{}).Immutable().Comment("Whose it is; the fence's column.")}
}

// Indexes of the mixin.
func (OfUser) Indexes() []ent.Index { return []ent.Index{index.Fields("user_id")} }

// OfOwner rows belong to an owner: a user, a company, a family or the House (O).
type OfOwner struct{ mixin.Schema }

// Fields of the mixin.
func (OfOwner) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("owner_id", uuid.UUID{}).Comment("Whose it is; the fence's column."),
		field.UUID("user_id", uuid.UUID{}).Optional().Nillable().Comment("Who acted for the owner."),
	}
}

// Indexes of the mixin.
func (OfOwner) Indexes() []ent.Index { return []ent.Index{index.Fields("owner_id", "id")} }

// InOwner rows carry the owner of their aggregate, for the fence.
type InOwner struct{ mixin.Schema }

// Fields of the mixin.
func (InOwner) Fields() []ent.Field {
	return []ent.Field{field.UUID("owner_id", uuid.UUID{}).Comment("Of the aggregate; the fence's column.")}
}
