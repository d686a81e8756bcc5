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

// CampaignPhoto is a small picture of an entry. It is sent in parts, then
// decoded and encoded anew, so that it holds pixels and nothing else.
type CampaignPhoto struct{ ent.Schema }

// Mixin of the table.
func (CampaignPhoto) Mixin() []ent.Mixin { return []ent.Mixin{Row{}, OfOwner{}} }

// Annotations of the table.
func (CampaignPhoto) Annotations() []schema.Annotation {
	return []schema.Annotation{
		Prefix{Value: "cph"},
		Shows{Fields: map[string][]string{"data": {"id"}}},
		entsql.Checks(map[string]string{"campaign_photos_size": "size >= 0 AND width >= 0 AND height >= 0"}),
	}
}

// Fields of the table.
func (CampaignPhoto) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("campaign_id", uuid.UUID{}).Immutable(),
		field.UUID("entry_id", uuid.UUID{}).Optional().Nillable().Comment("Null until it is entered; such ones are deleted after a day."),
		field.Bool("is_ready").Default(false).Comment("All parts came and it is a picture."),
		field.String("content_type").Default("").Comment("image/jpeg or image/png once it is ready."),
		field.Int("size").Default(0).Comment("Bytes so far."),
		field.Int("width").Default(0),
		field.Int("height").Default(0),
		field.Bytes("content").Optional().Sensitive().Annotations(entgql.Skip(entgql.SkipAll)),
	}
}

// Indexes of the table.
func (CampaignPhoto) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("entry_id"),
		index.Fields("created_at").StorageKey("campaign_photo_unused").Annotations(entsql.IndexWhere("entry_id is null")),
	}
}
