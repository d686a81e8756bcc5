package schema

import (
	"entgo.io/contrib/entgql"
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
	"github.com/google/uuid"
)

// Segment is a named choice of customers, asked anew whenever it is used.
type Segment struct{ ent.Schema }

// SegmentFilter says who is in a segment; kept as JSON. All that is said must
// hold; of a list, one. The zero value is everybody with an account.
type SegmentFilter struct {
	Locales      []string    `json:"locales,omitempty"`
	Regions      []string    `json:"regions,omitempty"`
	Interests    []string    `json:"interests,omitempty"`
	Tiers        []string    `json:"tiers,omitempty"` // handles
	Clubs        []string    `json:"clubs,omitempty"` // handles
	UserIDs      []uuid.UUID `json:"userIds,omitempty"`
	Spent        *SegmentSum `json:"spent,omitempty"`
	Orders       *SegmentNum `json:"orders,omitempty"`       // that were not cancelled
	Bought       *SegmentOf  `json:"bought,omitempty"`       // products
	Viewed       *SegmentOf  `json:"viewed,omitempty"`       // products
	Wishes       *SegmentOf  `json:"wishes,omitempty"`       // products
	Searched     []string    `json:"searched,omitempty"`     // words looked for in the knowledge base
	ActiveDays   *int        `json:"activeDays,omitempty"`   // signed in within so many days
	InactiveDays *int        `json:"inactiveDays,omitempty"` // not signed in for so many days
	JoinedDays   *SegmentNum `json:"joinedDays,omitempty"`   // days since the registration
	Birthday     *int        `json:"birthday,omitempty"`     // within so many days from today
	Not          []uuid.UUID `json:"not,omitempty"`          // segments whose people are left out

	// NotIn are the filters of Not, where it must not matter what becomes of them.
	NotIn []SegmentFilter `json:"notIn,omitempty"`
}

// SegmentSum bounds money, in minor units.
type SegmentSum struct {
	Currency string `json:"currency"`
	Min      *int64 `json:"min,omitempty"`
	Max      *int64 `json:"max,omitempty"`
	Days     *int   `json:"days,omitempty"` // the last so many; all when nil
}

// SegmentNum bounds a number.
type SegmentNum struct {
	Min  *int `json:"min,omitempty"`
	Max  *int `json:"max,omitempty"`
	Days *int `json:"days,omitempty"`
}

// SegmentOf names products.
type SegmentOf struct {
	ProductIDs []uuid.UUID `json:"productIds,omitempty"`
	Categories []string    `json:"categories,omitempty"` // paths; what is below counts
	Days       *int        `json:"days,omitempty"`
}

// Mixin of the table.
func (Segment) Mixin() []ent.Mixin { return []ent.Mixin{Row{}, Revised{}} }

// Annotations of the table.
func (Segment) Annotations() []schema.Annotation {
	return []schema.Annotation{Prefix{Value: "seg"}}
}

// Fields of the table.
func (Segment) Fields() []ent.Field {
	return []ent.Field{
		field.String("name").Unique().Annotations(entgql.OrderField("NAME")),
		field.String("description").Optional().Nillable(),
		field.JSON("filter", SegmentFilter{}),
		field.UUID("saved_by_id", uuid.UUID{}).Optional().Nillable(),
	}
}
