package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
	"github.com/google/uuid"
)

// OutsideCard is what a source told about a customer last.
type OutsideCard struct{ ent.Schema }

// Mixin of the table.
func (OutsideCard) Mixin() []ent.Mixin { return []ent.Mixin{Row{}, OfUser{}} }

// Annotations of the table.
func (OutsideCard) Annotations() []schema.Annotation {
	return []schema.Annotation{
		Prefix{Value: "ocd"},
	}
}

// CardRow is one line of an outside card.
type CardRow struct {
	Label string `json:"label"`
	Value string `json:"value"`
	Link  string `json:"link,omitempty"`
}

// Fields of the table.
func (OutsideCard) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("source_id", uuid.UUID{}).Immutable(),
		field.String("title").Default(""),
		field.JSON("rows", []CardRow{}).Optional(),
		field.String("link").Optional().Nillable(),
		field.Time("fetched_at").Optional().Nillable(),
		field.Time("expires_at").Optional().Nillable(),
		field.String("error").Optional().Nillable().Comment("A code: why nothing newer is there."),
		field.Time("failed_at").Optional().Nillable(),
		field.Time("fetching_until").Optional().Nillable().Comment("Somebody asks its source now, and gives up by then."),
	}
}

// Indexes of the table.
func (OutsideCard) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("source_id", "user_id").Unique(),
	}
}
