package campaign

import (
	"context"
	"slices"
	"strings"

	ent "kabinet/ent/generated"
	entcampaign "kabinet/ent/generated/campaign"
	"kabinet/ent/generated/campaignentry"
	"kabinet/ent/schema"
	"kabinet/internal/audience"
	"kabinet/internal/locale"
	"kabinet/internal/scalar"
	"kabinet/internal/viewer"
)

// pick is a stored text in the caller's language; nil where there is none.
func pick(ctx context.Context, texts map[string]map[string]string, key string) *string {
	if text := scalar.Pick(texts, key, locale.Match(viewer.From(ctx).Locale), locale.Default); text != "" {
		return &text
	}
	return nil
}

// Name is a campaign's name in the caller's language.
func Name(ctx context.Context, c *ent.Campaign) string {
	if name := pick(ctx, c.Texts, scalar.TextName); name != nil {
		return *name
	}
	return c.Handle
}

// Text is another text of a campaign in the caller's language: description or terms.
func Text(ctx context.Context, c *ent.Campaign, key string) *string { return pick(ctx, c.Texts, key) }

// Handle is how the business calls a campaign; for staff.
func Handle(ctx context.Context, c *ent.Campaign) *string {
	if !staffReads(ctx) {
		return nil
	}
	return &c.Handle
}

// AudienceOf is for whom a campaign is; for staff.
func AudienceOf(ctx context.Context, c *ent.Campaign) *audience.View {
	if !staffReads(ctx) {
		return nil
	}
	return audience.Show(c.Audience)
}

// Translations are all texts of a campaign; for staff.
func Translations(ctx context.Context, c *ent.Campaign) []*scalar.Translation {
	if !staffReads(ctx) {
		return nil
	}
	return pointers(scalar.Translations(c.Texts))
}

func pointers[T any](in []T) []*T {
	out := make([]*T, len(in))
	for i := range in {
		out[i] = &in[i]
	}
	return out
}

func some[T comparable](v T) *T {
	var none T
	if v == none {
		return nil
	}
	return &v
}

// EntryRules say how one takes part.
func EntryRules(c *ent.Campaign) *CampaignEntryRules {
	r := c.Rules
	v := &CampaignEntryRules{
		PerPerson: some(r.PerPerson), PerDay: some(r.PerDay), Points: some(r.Points), AutoApprove: r.AutoApprove,
		MinPhotos: r.MinPhotos, MaxPhotos: r.MaxPhotos, ReceiptFrom: r.ReceiptFrom, ManyPrizes: r.ManyPrizes,
	}
	if r.MinMinor > 0 {
		v.MinReceipt = &scalar.Money{Minor: r.MinMinor, Currency: r.Currency}
	}
	return v
}

// Prizes are what one can win.
func Prizes(ctx context.Context, c *ent.Campaign) []*CampaignPrize {
	out := []*CampaignPrize{}
	for _, p := range c.Rules.Prizes {
		out = append(out, showPrize(ctx, p))
	}
	return out
}

func showPrize(ctx context.Context, p schema.CampaignPrize) *CampaignPrize {
	v := &CampaignPrize{Description: pick(ctx, p.Texts, scalar.TextDescription), Count: p.Count, Points: some(p.Points)}
	if name := pick(ctx, p.Texts, scalar.TextName); name != nil {
		v.Name = *name
	}
	return v
}

// Questions are those of a survey.
func Questions(ctx context.Context, c *ent.Campaign) []*CampaignQuestion {
	out := []*CampaignQuestion{}
	for _, q := range c.Rules.Questions {
		v := &CampaignQuestion{Key: q.ID, Kind: CampaignQuestionKind(q.Kind), Text: q.ID, Help: pick(ctx, q.Texts, scalar.TextDescription),
			Required: q.Required, Options: []*CampaignOption{}, Min: q.Min, Max: q.Max}
		if text := pick(ctx, q.Texts, scalar.TextName); text != nil {
			v.Text = *text
		}
		for _, o := range q.Options {
			shown := &CampaignOption{Key: o.ID, Text: o.ID}
			if text := pick(ctx, o.Texts, scalar.TextName); text != nil {
				shown.Text = *text
			}
			v.Options = append(v.Options, shown)
		}
		out = append(out, v)
	}
	return out
}

// Asks is what an achievement or challenge asks for; nil of other kinds.
func Asks(ctx context.Context, c *ent.Campaign) *CampaignAchievement {
	a := c.Rules.Achievement
	if a == nil {
		return nil
	}
	v := &CampaignAchievement{Target: a.Target, Unit: a.Unit, Period: AchievementPeriod(a.Period), Repeats: a.Repeats, Points: some(c.Rules.Points)}
	if staffReads(ctx) {
		v.ProgressRule, v.Condition = &a.Progress, some(a.Condition)
	}
	return v
}

// EntropySource is the public source whose value is mixed into a draw.
func EntropySource(c *ent.Campaign) *string { return some(c.Rules.Entropy) }

// Result is a draw, laid open; nil where there was none.
func Result(ctx context.Context, c *ent.Campaign) *RaffleResult {
	r := c.Result
	if r == nil || c.DrawnAt == nil || c.SeedHash == nil {
		return nil
	}
	v := &RaffleResult{
		Algorithm: r.Algorithm, Seed: r.Seed, SeedHash: *c.SeedHash, PublicEntropy: r.Entropy, EntriesHash: r.Hash, EntriesCount: r.Count,
		DrawnAt: *c.DrawnAt, Winners: []*RaffleWinner{}, campaign: c.ID,
	}
	for _, w := range r.Winners {
		v.Winners = append(v.Winners, &RaffleWinner{Place: w.Place, EntryID: scalar.ID{Prefix: "cme", UUID: w.Entry}, Person: w.Person,
			Prize: showPrize(ctx, c.Rules.Prizes[w.Prize])})
	}
	return v
}

// StatusLabel says where an entry stands, in the caller's language.
func StatusLabel(ctx context.Context, e *ent.CampaignEntry) string {
	return locale.Text(viewer.From(ctx).Locale, "campaign.entry."+strings.ToLower(string(e.Status)), nil)
}

// Receipt is the receipt of an entry.
func Receipt(e *ent.CampaignEntry) *CampaignReceipt {
	r := e.Data.Receipt
	if r == nil {
		return nil
	}
	return &CampaignReceipt{Number: r.Number, Date: r.Date, Sum: &scalar.Money{Minor: r.Minor, Currency: r.Currency}}
}

// Answers are those of an entry.
func Answers(e *ent.CampaignEntry) []*CampaignAnswer {
	out := []*CampaignAnswer{}
	for _, a := range e.Data.Answers {
		v := &CampaignAnswer{QuestionKey: a.Question, OptionKeys: a.Options, Text: some(a.Text), Number: a.Number}
		if v.OptionKeys == nil {
			v.OptionKeys = []string{}
		}
		out = append(out, v)
	}
	return out
}

// Code is the end of an entry's code.
func Code(e *ent.CampaignEntry) *string { return some(e.Data.Code) }

// Words is what the person wrote to an entry.
func Words(e *ent.CampaignEntry) *string { return some(e.Data.Text) }

// Photos are those of an entry, without their bytes.
func Photos(e *ent.CampaignEntry) []*ent.CampaignPhoto {
	out := []*ent.CampaignPhoto{}
	for _, p := range e.Data.Photos {
		out = append(out, &ent.CampaignPhoto{ID: p.ID, OwnerID: e.OwnerID, EntryID: &e.ID, IsReady: true, ContentType: p.ContentType, Size: p.Size,
			Width: p.Width, Height: p.Height, CreatedAt: p.CreatedAt})
	}
	return out
}

// Of is the campaign of an entry or achievement, which its owner may see.
func (s *Campaigns) Of(ctx context.Context, e *ent.CampaignEntry) (*ent.Campaign, error) {
	return s.of(ctx, e.CampaignID)
}

// Prize is what an entry won; nil where it won nothing.
func (s *Campaigns) Prize(ctx context.Context, e *ent.CampaignEntry) (*CampaignPrize, error) {
	p, err := s.prizeOf(ctx, e)
	if p == nil || err != nil {
		return nil, err
	}
	return showPrize(ctx, *p), nil
}

// PrizeCode is the code of what an entry won.
func (s *Campaigns) PrizeCode(ctx context.Context, e *ent.CampaignEntry) (*string, error) {
	p, err := s.prizeOf(ctx, e)
	if p == nil || err != nil {
		return nil, err
	}
	return some(p.Code), nil
}

func (s *Campaigns) prizeOf(ctx context.Context, e *ent.CampaignEntry) (*schema.CampaignPrize, error) {
	if e.PrizeIndex == nil {
		return nil, nil
	}
	c, err := s.of(ctx, e.CampaignID)
	if err != nil {
		return nil, err
	}
	if i := *e.PrizeIndex; i >= 0 && i < len(c.Rules.Prizes) {
		return &c.Rules.Prizes[i], nil
	}
	return nil, nil
}

// Actions are what the caller may do with an entry now.
func (s *Campaigns) Actions(ctx context.Context, e *ent.CampaignEntry) ([]CampaignEntryAction, error) {
	c, err := s.of(ctx, e.CampaignID)
	if err != nil {
		return nil, err
	}
	out := []CampaignEntryAction{}
	v := viewer.From(ctx)
	if v.SignedIn() && v.UserID == e.OwnerID && mayWithdraw(c, e) {
		out = append(out, ActionWithdraw)
	}
	if staffWrites(ctx) == nil {
		for _, d := range []CampaignDecision{DecideApprove, DecideReject, DecideAward, DecideSendPrize} {
			if mayDecide(c, e, d) {
				out = append(out, CampaignEntryAction(d))
			}
		}
	}
	return out, nil
}

func mayWithdraw(c *ent.Campaign, e *ent.CampaignEntry) bool {
	return (e.Status == campaignentry.StatusSUBMITTED || e.Status == campaignentry.StatusAPPROVED && e.Points == 0) &&
		slices.Contains([]entcampaign.Status{entcampaign.StatusOPEN, entcampaign.StatusCLOSED}, c.Status)
}
