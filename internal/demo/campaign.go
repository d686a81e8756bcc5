package demo

import (
	"context"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	entcampaign "kabinet/ent/generated/campaign"
	"kabinet/ent/generated/user"
	"kabinet/internal/campaign"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
)

// campaigns makes a raffle that is open, with entries, a survey, a challenge, an
// achievement that the customer has earned, and a goal of hers.
func (d *load) campaigns(ctx context.Context) error {
	ends := d.Store.Now().Add(30 * 24 * time.Hour).Truncate(24 * time.Hour)
	for _, in := range demoCampaigns(ends) {
		c, err := d.campaign(ctx, in)
		if err != nil {
			return err
		}
		if c.Kind == entcampaign.KindRAFFLE {
			if err := d.enterRaffle(ctx, c); err != nil {
				return err
			}
		}
	}
	emma, name := as(ctx, d.customer, d.customer), "Two orders a month"
	month := campaign.GoalEachMonth
	if _, err := d.Campaigns.SaveGoal(emma, campaign.SaveGoalInput{Counter: campaign.GoalOrders, Period: &month, Target: 2, Name: &name}); err != nil {
		return err
	}
	if err := d.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		return d.Campaigns.NoteAct(ctx, tx, d.customer, "visit", tx.Now.Format(time.DateOnly), tx.Now)
	}); err != nil {
		return err
	}
	return d.Hear(ctx)
}

// campaign saves and opens one, or finds it where the load was cut off before.
func (d *load) campaign(ctx context.Context, in campaign.SaveCampaignInput) (*ent.Campaign, error) {
	c, err := d.Store.Client.Campaign.Query().Where(entcampaign.Handle(*in.Handle)).First(ctx)
	if ent.IsNotFound(err) {
		c, err = d.Campaigns.Save(ctx, in)
	}
	if err != nil || c.Status != entcampaign.StatusDRAFT {
		return c, err
	}
	return d.Campaigns.SetStatus(ctx, campaign.SetCampaignStatusInput{CampaignID: c.GlobalID(), Status: campaign.StatusOpen})
}

// enterRaffle lets the customer, the partner and some customers of the real set
// take part.
func (d *load) enterRaffle(ctx context.Context, c *ent.Campaign) error {
	some, err := d.Store.Client.User.Query().Where(user.Source("online-retail"), user.IDNEQ(d.customer)).Order(user.ByID()).Limit(20).IDs(ctx)
	if err != nil {
		return err
	}
	for _, id := range append([]uuid.UUID{d.customer, d.partner}, some...) {
		if _, err := d.Campaigns.Enter(as(ctx, id, id), campaign.EnterCampaignInput{CampaignID: c.GlobalID(), IdempotencyKey: "demo-raffle"}); err != nil {
			return err
		}
	}
	return nil
}

func demoCampaigns(ends time.Time) []campaign.SaveCampaignInput {
	words := func(en, ru, enMore, ruMore string) []*scalar.Translation {
		return []*scalar.Translation{{Locale: "en", Name: en, Description: &enMore}, {Locale: "ru", Name: ru, Description: &ruMore}}
	}
	name := func(en, ru string) []*scalar.Translation {
		return []*scalar.Translation{{Locale: "en", Name: en}, {Locale: "ru", Name: ru}}
	}
	handle := func(s string) *string { return &s }
	kind := func(k campaign.CampaignKind) *campaign.CampaignKind { return &k }
	points := func(n int64) *int64 { return &n }
	once, yes, monthly := 1, true, campaign.PeriodMonth
	until := graphql.OmittableOf(&ends)
	return []campaign.SaveCampaignInput{
		{
			Kind: kind(campaign.KindRaffle), Handle: handle("winter-raffle"), EndsAt: until,
			Texts:      words("Winter raffle", "Зимний розыгрыш", "Three hampers and twenty times 200 points. One entry each.", "Три подарочные корзины и двадцать раз по 200 баллов. Одна заявка на человека."),
			EntryRules: &campaign.CampaignEntryRulesInput{PerPerson: &once, AutoApprove: &yes},
			Prizes: []*campaign.CampaignPrizeInput{
				{Texts: name("A hamper", "Подарочная корзина"), Count: 3}, {Texts: name("200 points", "200 баллов"), Count: 20, Points: points(200)},
			},
		},
		{
			Kind: kind(campaign.KindSurvey), Handle: handle("how-we-do"), EndsAt: until, EntryRules: &campaign.CampaignEntryRulesInput{AutoApprove: &yes, Points: points(20)},
			Texts: words("How are we doing?", "Как у нас дела?", "One question, 20 points.", "Один вопрос, 20 баллов."),
			Questions: []*campaign.CampaignQuestionInput{{Key: "delivery", Kind: campaign.QuestionSingle, Texts: name("How was the last delivery?", "Как прошла последняя доставка?"), Options: []*campaign.CampaignOptionInput{
				{Key: "good", Texts: name("Good", "Хорошо")}, {Key: "so-so", Texts: name("So-so", "Так себе")}, {Key: "bad", Texts: name("Bad", "Плохо")}}}},
		},
		{
			Kind: kind(campaign.KindChallenge), Handle: handle("spend-100"), EndsAt: until,
			Texts:       words("Spend £100", "Потратьте 100 фунтов", "Complete orders of £100 this month and get 100 points.", "Сделайте покупки на 100 фунтов за месяц и получите 100 баллов."),
			Achievement: &campaign.CampaignAchievementInput{ProgressRule: "spent", Target: 10_000, Unit: "GBP", Points: points(100)},
		},
		{
			Kind: kind(campaign.KindAchievement), Handle: handle("regular"),
			Texts:       words("A regular", "Постоянный покупатель", "Ten orders completed.", "Десять завершённых заказов."),
			Achievement: &campaign.CampaignAchievementInput{ProgressRule: "orders", Target: 10, Unit: "orders", Points: points(150)},
		},
		{
			Kind: kind(campaign.KindAchievement), Handle: handle("curious"),
			Texts:       words("Curious", "Любопытство", "Five visits in a month.", "Пять визитов за месяц."),
			Achievement: &campaign.CampaignAchievementInput{ProgressRule: "visits", Target: 5, Unit: "visits", Period: &monthly, Repeats: &yes, Points: points(25)},
		},
	}
}
