package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
	"github.com/google/uuid"
)

// Invitation asks somebody into a family: whoever proves the address, or
// the person named. It is made alike whether anybody is behind it or not.
type Invitation struct{ ent.Schema }

// Mixin of the table.
func (Invitation) Mixin() []ent.Mixin { return []ent.Mixin{Row{}, InOwner{}} }

// Annotations of the table.
func (Invitation) Annotations() []schema.Annotation {
	return []schema.Annotation{
		Prefix{Value: "inv"},
		entsql.Checks(map[string]string{"invitations_whom": "email_key IS NOT NULL OR invited_id IS NOT NULL"}),
	}
}

// Fields of the table.
func (Invitation) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("inviter_id", uuid.UUID{}).Immutable().Comment("Who invites."),
		field.UUID("role_id", uuid.UUID{}).Immutable().Comment("The role's key_id."),
		field.String("email").Optional().Nillable().Immutable().Comment("The address as it was given."),
		field.String("email_key").Optional().Nillable().Immutable().Comment("The address folded, as in contact_points.value_key."),
		field.UUID("invited_id", uuid.UUID{}).Optional().Nillable().Immutable().Comment("The person, where he was named by id."),
		field.Enum("status").Values("OPEN", "ACCEPTED", "DECLINED", "WITHDRAWN").Default("OPEN"),
		field.Time("expires_at").Immutable(),
	}
}

// Indexes of the table.
func (Invitation) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("owner_id", "email_key").Unique().StorageKey("invitation_open_email").Annotations(entsql.IndexWhere("status = 'OPEN' and email_key is not null")),
		index.Fields("owner_id", "invited_id").Unique().StorageKey("invitation_open_person").Annotations(entsql.IndexWhere("status = 'OPEN' and invited_id is not null")),
		index.Fields("email_key", "status"),
		index.Fields("invited_id", "status"),
		index.Fields("owner_id", "status"),
	}
}
