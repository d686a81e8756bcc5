package schema

import (
	"time"

	"entgo.io/contrib/entgql"
	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
	"github.com/google/uuid"
)

// CampaignEntry is a person's part in a campaign: a receipt, a code, answers,
// photos, or the mere wish to win.
type CampaignEntry struct{ ent.Schema }

// CampaignEntryData is what was entered.
type CampaignEntryData struct {
	Receipt *CampaignReceipt `json:"receipt,omitempty"`
	Code    string           `json:"code,omitempty"` // its last four characters
	Answers []CampaignAnswer `json:"answers,omitempty"`
	Photos  []CampaignShot   `json:"photos,omitempty"`
	Text    string           `json:"text,omitempty"`
}

// CampaignShot is what is said of a photo without reading it.
type CampaignShot struct {
	ID          uuid.UUID `json:"id"`
	ContentType string    `json:"contentType"`
	Size        int       `json:"size"`
	Width       int       `json:"width"`
	Height      int       `json:"height"`
	CreatedAt   time.Time `json:"createdAt"`
}

// CampaignReceipt is a receipt as the person typed it.
type CampaignReceipt struct {
	Number   string `json:"number"`
	Date     string `json:"date"` // YYYY-MM-DD
	Minor    int64  `json:"minor"`
	Currency string `json:"currency"`
}

// CampaignAnswer is the answer to one question.
type CampaignAnswer struct {
	Question string   `json:"question"`
	Options  []string `json:"options,omitempty"`
	Text     string   `json:"text,omitempty"`
	Number   *int64   `json:"number,omitempty"`
}

// Mixin of the table.
func (CampaignEntry) Mixin() []ent.Mixin { return []ent.Mixin{Row{}, Revised{}, OfOwner{}} }

// Annotations of the table.
func (CampaignEntry) Annotations() []schema.Annotation {
	return []schema.Annotation{
		Prefix{Value: "cme"},
		Shows{
			Fields: map[string][]string{
				"campaign": {"campaign_id"}, "statusLabel": {"status"}, "receipt": {"data"}, "answers": {"data"}, "code": {"data"},
				"photos": {"data"}, "text": {"data"}, "prize": {"campaign_id", "prize_index"}, "prizeCode": {"campaign_id", "prize_index"},
				"customer": {"owner_id"}, "availableActions": {"status", "owner_id", "campaign_id"},
			},
			Always: []string{"owner_id"},
		},
		entsql.Checks(map[string]string{
			"campaign_entries_status": "status IN ('SUBMITTED','APPROVED','REJECTED','WITHDRAWN','WINNER','PRIZE_SENT')",
			"campaign_entries_number": "number > 0 AND points >= 0",
		}),
	}
}

// Fields of the table.
func (CampaignEntry) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("campaign_id", uuid.UUID{}).Immutable(),
		field.Int("number").Immutable().Comment("Of the person's entries in the campaign, from 1: with the unique index it holds the limits under races."),
		field.Enum("status").Values("SUBMITTED", "APPROVED", "REJECTED", "WITHDRAWN", "WINNER", "PRIZE_SENT").Default("SUBMITTED"),
		field.String("unique_key").Optional().Nillable().Comment("Of a receipt or code: it counts once in a campaign; freed by rejection and withdrawal."),
		field.JSON("data", CampaignEntryData{}).Annotations(entgql.Skip(entgql.SkipAll)),
		field.String("reason").Optional().Nillable().Comment("What staff told the person."),
		field.Time("approved_at").Optional().Nillable(),
		field.Time("decided_at").Optional().Nillable(),
		field.UUID("decided_by_id", uuid.UUID{}).Optional().Nillable(),
		field.Int("place").Optional().Nillable().Comment("Of a winner, from 1."),
		field.Int("prize_index").Optional().Nillable().Comment("Of the rules' prizes, from 0."),
		field.Int64("points").Default(0).Comment("Given for it so far."),
	}
}

// Indexes of the table.
func (CampaignEntry) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("campaign_id", "owner_id", "number").Unique(),
		index.Fields("campaign_id", "unique_key").Unique(),
		index.Fields("campaign_id", "status", "id"),
		index.Fields("status", "id"),
	}
}
