package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
)

// BusinessCalendar says when the business works.
type BusinessCalendar struct{ ent.Schema }

// Mixin of the table.
func (BusinessCalendar) Mixin() []ent.Mixin { return []ent.Mixin{Log{}, Versioned{}} }

// Annotations of the table.
func (BusinessCalendar) Annotations() []schema.Annotation {
	return []schema.Annotation{
		Prefix{Value: "cal", Column: "KeyID"},
	}
}

// BusinessInterval is a stretch of working time by the clock on the wall.
type BusinessInterval struct {
	Day  int    `json:"day"`  // 1 Monday to 7 Sunday, ISO 8601
	From string `json:"from"` // HH:MM
	To   string `json:"to"`   // HH:MM, after From; 24:00 is the end of the day
}

// BusinessHoliday is a day that differs: closed, or with hours of its own.
type BusinessHoliday struct {
	On        string             `json:"on"` // YYYY-MM-DD
	Name      string             `json:"name,omitempty"`
	Intervals []BusinessInterval `json:"intervals,omitempty"` // their Day is not looked at
}

// Fields of the table.
func (BusinessCalendar) Fields() []ent.Field {
	return []ent.Field{
		field.String("name").Immutable(),
		field.String("time_zone").Immutable().Comment("IANA."),
		field.JSON("intervals", []BusinessInterval{}).Immutable().Comment("Of each day of the week; several a day."),
		field.JSON("holidays", []BusinessHoliday{}).Optional().Immutable().Comment("Days that differ."),
	}
}

// Indexes of the table.
func (BusinessCalendar) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("name").StorageKey("business_calendar_in_force").Annotations(entsql.IndexWhere("retired_at is null")),
	}
}
