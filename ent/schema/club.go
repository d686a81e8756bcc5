package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
)

// Club is what customers join, such as young parents, and what it gives them.
type Club struct{ ent.Schema }

// Mixin of the table.
func (Club) Mixin() []ent.Mixin { return []ent.Mixin{Row{}, Revised{}} }

// Annotations of the table.
func (Club) Annotations() []schema.Annotation {
	return []schema.Annotation{
		Prefix{Value: "club"},
		Shows{Fields: map[string][]string{
			"name": {"texts", "handle"}, "description": {"texts"}, "terms": {"texts"}, "perks": {"perks"}, "joinedAt": {"id"}, "whyNot": {"id", "audience"},
			"members": {"id"}, "audience": {"audience"}, "translations": {"texts"},
		}},
		entsql.Checks(map[string]string{"clubs_status": "status IN ('DRAFT','ACTIVE','CLOSED')"}),
	}
}

// ClubPerk is one thing that a club gives. Which of the numbers it holds
// depends on its kind.
type ClubPerk struct {
	Kind                string                       `json:"kind"`                          // DISCOUNT, FREE_DELIVERY or OTHER
	DiscountBasisPoints *int                         `json:"discountBasisPoints,omitempty"` // of DISCOUNT: 500 is 5 %
	Texts               map[string]map[string]string `json:"texts,omitempty"`               // locale -> name, description
}

// Fields of the table.
func (Club) Fields() []ent.Field {
	return []ent.Field{
		field.String("handle").Unique().Immutable().Comment("How rules and audiences name it."),
		field.JSON("texts", map[string]map[string]string{}).Comment("locale -> name, description, terms."),
		field.JSON("audience", Audience{}).Comment("Who may join."),
		field.JSON("perks", []ClubPerk{}),
		field.Enum("status").Values("DRAFT", "ACTIVE", "CLOSED").Default("DRAFT"),
	}
}

// Indexes of the table.
func (Club) Indexes() []ent.Index { return []ent.Index{index.Fields("status", "id")} }
