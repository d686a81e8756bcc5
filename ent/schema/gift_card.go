package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
	"github.com/google/uuid"
)

// GiftCard is money that whoever knows its code may put into a wallet. Its
// owner is whom it was given to, then who redeemed it; else the House.
type GiftCard struct{ ent.Schema }

// Mixin of the table.
func (GiftCard) Mixin() []ent.Mixin { return []ent.Mixin{Row{}, OfOwner{}} }

// Annotations of the table.
func (GiftCard) Annotations() []schema.Annotation {
	return []schema.Annotation{
		Prefix{Value: "gift"},
		entsql.Checks(map[string]string{
			"gift_cards_worth":  "initial_minor > 0 AND remaining_minor >= 0 AND remaining_minor <= initial_minor",
			"gift_cards_status": "status = 'ISSUED' OR status = 'ACTIVE' OR remaining_minor = 0",
		}),
	}
}

// Fields of the table.
func (GiftCard) Fields() []ent.Field {
	return []ent.Field{
		field.String("code_key").Unique().Immutable().Comment("sha256 of the folded code, which has 120 random bits, in hex."),
		field.String("hint").Immutable().Comment("The last four characters of the code."),
		field.Enum("status").Values("ISSUED", "ACTIVE", "REDEEMED", "VOID", "EXPIRED").Default("ACTIVE"),
		field.String("currency").Immutable(),
		field.Int64("initial_minor").Immutable(),
		field.Int64("remaining_minor"),
		field.Time("expires_at").Optional().Nillable().Immutable(),
		field.UUID("buyer_id", uuid.UUID{}).Optional().Nillable().Immutable().Comment("A user."),
		field.UUID("recipient_id", uuid.UUID{}).Optional().Nillable().Immutable().Comment("A user."),
		field.UUID("account_id", uuid.UUID{}).Optional().Nillable().Comment("The wallet it was redeemed into."),
		field.UUID("entry_id", uuid.UUID{}).Optional().Nillable().Comment("The entry that it became."),
		field.Time("redeemed_at").Optional().Nillable(),
		field.String("note").Optional().Nillable().Comment("For staff."),
	}
}

// Indexes of the table.
func (GiftCard) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("status", "id"),
		index.Fields("expires_at").StorageKey("gift_card_due").Annotations(entsql.IndexWhere("remaining_minor > 0 and expires_at is not null")),
	}
}
