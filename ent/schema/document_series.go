package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
)

// DocumentSeries counts the papers of one series, such as INV-2026: a number is
// given in the transaction that makes its paper, so none is given twice and
// none is left out.
type DocumentSeries struct{ ent.Schema }

// Mixin of the table.
func (DocumentSeries) Mixin() []ent.Mixin { return []ent.Mixin{Log{}} }

// Annotations of the table.
func (DocumentSeries) Annotations() []schema.Annotation {
	return []schema.Annotation{
		Prefix{Value: "dse"},
		entsql.Table("document_series"),
		entsql.Checks(map[string]string{"document_series_last": "last > 0"}),
	}
}

// Fields of the table.
func (DocumentSeries) Fields() []ent.Field {
	return []ent.Field{
		field.String("series").Unique().Immutable(),
		field.Int64("last").Comment("The number given last."),
	}
}
