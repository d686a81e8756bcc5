package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
)

// NotificationSetting is what the House says about a type of notifications:
// one that is compiled in, or one of its own.
type NotificationSetting struct{ ent.Schema }

// NotificationThrottle bounds how many messages of a type a person gets on a
// channel in a window; the rest are skipped.
type NotificationThrottle struct {
	Limit   int `json:"limit"`
	Seconds int `json:"seconds"`
}

// NotificationBatch gathers messages of a type for a person into one.
type NotificationBatch struct {
	Kind            string `json:"kind"`                      // FIXED: counted from the first; SLIDING: each one begins it anew
	Seconds         int    `json:"seconds"`                   // the window
	LimitSeconds    int    `json:"limitSeconds,omitempty"`    // of SLIDING: no longer than this from the first
	MaxItems        int    `json:"maxItems,omitempty"`        // sent when so many have come; 50 when 0
	LeadImmediately bool   `json:"leadImmediately,omitempty"` // the first is sent at once
}

// NotificationEscalation sends by another channel when one was of no use.
type NotificationEscalation struct {
	Channel string `json:"channel"`
	After   int    `json:"after"`  // seconds since the one before it was sent
	Unless  string `json:"unless"` // READ DELIVERED
}

// Mixin of the table.
func (NotificationSetting) Mixin() []ent.Mixin { return []ent.Mixin{Row{}, Revised{}} }

// Annotations of the table.
func (NotificationSetting) Annotations() []schema.Annotation {
	return []schema.Annotation{Prefix{Value: "nst"}}
}

// Fields of the table.
func (NotificationSetting) Fields() []ent.Field {
	return []ent.Field{
		field.String("type").Immutable().Comment("Such as order.shipped, or one of the House's own."),
		field.Bool("own").Default(false).Immutable().Comment("The House's own type; false: what is compiled in is changed."),
		field.Enum("topic").Values("ORDER", "PROMOTION", "SERVICE", "SUPPORT", "BONUS", "SECURITY", "REMINDER").Optional().Nillable().Comment("Of own types."),
		field.JSON("names", map[string]string{}).Optional().Comment("locale -> what the preference page calls it; of own types."),
		field.JSON("variables", []string{}).Optional().Comment("Of own types: what its templates may name."),
		field.Bool("active").Default(true).Comment("False: none of the type is made any more."),
		field.Bool("required").Optional().Nillable().Comment("The person cannot turn it off, and quiet hours do not hold it; nil: as compiled in."),
		field.Bool("commercial").Optional().Nillable().Comment("Sent outside the feed only to those who agreed to marketing on the channel; nil: as compiled in."),
		field.JSON("channels", []string{}).Optional().Comment("On which channels it goes when the person has not chosen; nil: as compiled in."),
		field.JSON("throttle", &NotificationThrottle{}).Optional(),
		field.JSON("batch", &NotificationBatch{}).Optional(),
		field.JSON("escalation", []NotificationEscalation{}).Optional(),
		field.Int("expires_s").Optional().Nillable().Comment("A message not sent by then is dropped; seconds."),
	}
}

// Indexes of the table.
func (NotificationSetting) Indexes() []ent.Index {
	return []ent.Index{index.Fields("type").Unique()}
}
