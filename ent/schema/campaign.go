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

// Campaign is something customers take part in: a raffle, a contest, receipts,
// a survey, codes of a pack, a challenge, an achievement.
type Campaign struct{ ent.Schema }

// CampaignRules say how one takes part and what one gets.
type CampaignRules struct {
	PerPerson   int                  `json:"perPerson,omitempty"` // entries of a person in all; 0: any number
	PerDay      int                  `json:"perDay,omitempty"`    // entries of a person on a day of UTC; 0: any number
	AutoApprove bool                 `json:"autoApprove,omitempty"`
	Points      int64                `json:"points,omitempty"` // for an approved entry, or for an achievement
	ProgramID   *uuid.UUID           `json:"programId,omitempty"`
	Prizes      []CampaignPrize      `json:"prizes,omitempty"`
	ManyPrizes  bool                 `json:"manyPrizes,omitempty"` // a person may win more than one
	Entropy     string               `json:"entropy,omitempty"`    // the public source of the draw's second half
	Questions   []CampaignQuestion   `json:"questions,omitempty"`
	MinPhotos   int                  `json:"minPhotos,omitempty"`
	MaxPhotos   int                  `json:"maxPhotos,omitempty"`
	MinMinor    int64                `json:"minMinor,omitempty"` // a receipt's least sum
	Currency    string               `json:"currency,omitempty"` // of receipts and of the counter spent
	ReceiptFrom *string              `json:"receiptFrom,omitempty"`
	Codes       int64                `json:"codes,omitempty"` // how many codes of the pack there are
	Achievement *CampaignAchievement `json:"achievement,omitempty"`
}

// CampaignPrize is one kind of prize, first prizes first.
type CampaignPrize struct {
	Texts  map[string]map[string]string `json:"texts"` // locale -> name, description
	Count  int                          `json:"count"`
	Points int64                        `json:"points,omitempty"`
	Code   string                       `json:"code,omitempty"` // shown to who won it
}

// CampaignQuestion is one question of a survey.
type CampaignQuestion struct {
	ID       string                       `json:"id"`
	Kind     string                       `json:"kind"`  // SINGLE MULTIPLE TEXT NUMBER
	Texts    map[string]map[string]string `json:"texts"` // locale -> name, description
	Required bool                         `json:"required,omitempty"`
	Options  []CampaignOption             `json:"options,omitempty"`
	Min      *int                         `json:"min,omitempty"` // NUMBER: the least; MULTIPLE: so many at least
	Max      *int                         `json:"max,omitempty"` // NUMBER: the most; MULTIPLE, TEXT: so many at most
}

// CampaignOption is one answer to choose.
type CampaignOption struct {
	ID    string                       `json:"id"`
	Texts map[string]map[string]string `json:"texts"` // locale -> name
}

// CampaignAchievement says what is counted and when it is enough.
type CampaignAchievement struct {
	Progress  string `json:"progress"`            // CEL, int, over the counters
	Target    int64  `json:"target"`              // progress that is enough
	Condition string `json:"condition,omitempty"` // CEL, bool: what must hold too
	Period    string `json:"period"`              // CAMPAIGN DAY WEEK MONTH QUARTER YEAR
	Repeats   bool   `json:"repeats,omitempty"`   // once in each period, not once for ever
	Unit      string `json:"unit"`                // of the SDL's ProgressUnit
}

// CampaignWinner is one prize drawn.
type CampaignWinner struct {
	Place  int       `json:"place"`
	Entry  uuid.UUID `json:"entry"`
	Person string    `json:"person"` // as in the list that was hashed
	Prize  int       `json:"prize"`  // of the rules' prizes, from 0
}

// CampaignResult is what a draw publishes.
type CampaignResult struct {
	Algorithm string           `json:"algorithm"`
	Seed      string           `json:"seed"` // hex
	Entropy   string           `json:"entropy,omitempty"`
	Hash      string           `json:"hash"`  // hex, of the list of entries
	Count     int              `json:"count"` // of the entries in the list
	Winners   []CampaignWinner `json:"winners"`
}

// Mixin of the table.
func (Campaign) Mixin() []ent.Mixin { return []ent.Mixin{Row{}, Revised{}, Annotated{}} }

// Annotations of the table.
func (Campaign) Annotations() []schema.Annotation {
	return []schema.Annotation{
		Prefix{Value: "cmp"},
		Shows{Fields: map[string][]string{
			"handle": {"handle"}, "name": {"texts", "handle"}, "description": {"texts"}, "terms": {"texts"}, "translations": {"texts"},
			"entryRules": {"rules"}, "prizes": {"rules"}, "questions": {"rules"}, "achievement": {"kind", "rules"}, "entropySource": {"rules"},
			"audience": {"audience"}, "eligibility": {"kind", "status", "starts_at", "ends_at", "rules", "audience"},
			"raffleResult": {"result", "seed_hash", "drawn_at", "rules"}, "myEntries": {"id"}, "entryCounts": {"id"},
		}},
		entsql.Checks(map[string]string{
			"campaigns_window": "ends_at IS NULL OR starts_at IS NULL OR ends_at > starts_at",
			"campaigns_status": "status IN ('DRAFT','SCHEDULED','OPEN','CLOSED','FINISHED','CANCELLED')",
		}),
	}
}

// Fields of the table.
func (Campaign) Fields() []ent.Field {
	return []ent.Field{
		field.Enum("kind").Values("RAFFLE", "CONTEST", "RECEIPT", "SURVEY", "CODE", "CHALLENGE", "ACHIEVEMENT").Immutable(),
		field.String("handle").Unique().Comment("How the business calls it."),
		field.JSON("texts", map[string]map[string]string{}).Comment("locale -> name, description, terms."),
		field.String("image_url").Optional().Nillable(),
		field.JSON("audience", Audience{}),
		field.JSON("rules", CampaignRules{}),
		field.Enum("status").Values("DRAFT", "SCHEDULED", "OPEN", "CLOSED", "FINISHED", "CANCELLED").Default("DRAFT"),
		field.Time("starts_at").Optional().Nillable(),
		field.Time("ends_at").Optional().Nillable(),
		field.Bytes("seed").Optional().Sensitive().Annotations(entgql.Skip(entgql.SkipAll)).Comment("Sealed: the raffle's seed until it is drawn, or the key of the pack's codes."),
		field.String("seed_hash").Optional().Nillable().Comment("SHA-256 of the seed, hex; published when it opens."),
		field.JSON("result", &CampaignResult{}).Optional().Comment("What the draw published."),
		field.Time("drawn_at").Optional().Nillable(),
		field.Time("reminded_at").Optional().Nillable().Comment("When staff was told that a draw is due."),
	}
}

// Indexes of the table.
func (Campaign) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("status", "kind", "id"),
		index.Fields("status", "starts_at"),
		index.Fields("status", "ends_at"),
	}
}
