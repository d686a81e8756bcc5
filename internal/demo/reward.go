package demo

import (
	"context"

	entorder "kabinet/ent/generated/order"
	"kabinet/internal/account"
	"kabinet/internal/order"
	"kabinet/internal/referral"
	"kabinet/internal/reward"
	"kabinet/internal/scalar"
)

// demoRewards are three things to exchange points for.
var demoRewards = []struct {
	key, en, ru, about string
	change             func(*reward.SaveRewardInput)
	codes              []string
}{
	{"delivery", "Free delivery", "Бесплатная доставка", "On your next order, at the till or by phone.", func(in *reward.SaveRewardInput) {
		in.Kind, in.Cost, in.ValidDays = reward.RewardKindDelivery, 50, atMost(60)
	}, nil},
	{"holder", "White hanging heart T-light holder", "Подсвечник-сердце", "Fetch it in the shop or have it sent.", func(in *reward.SaveRewardInput) {
		sku, stock, back := "85123A", int64(20), reward.RewardExpiryPointsBack
		in.Kind, in.Cost, in.Sku, in.Stock, in.PerOwner, in.ValidDays, in.OnExpiry = reward.RewardKindGoods, 300, &sku, &stock, atMost(2), atMost(30), &back
	}, nil},
	{"book", "Book voucher", "Купон в книжный магазин", "Ten pounds at the bookshop next door.", func(in *reward.SaveRewardInput) {
		in.Kind, in.Cost, in.PeriodLimit, in.PeriodDays = reward.RewardKindGift, 1000, atMost(1), atMost(30)
	}, []string{"BOOK-7QX2-11", "BOOK-M4ZC-12", "BOOK-9TRD-13"}},
}

// reward makes rewards, of which the customer takes one, and a friend whom he
// brought and who has bought something.
func (d *load) reward(ctx context.Context) error {
	for _, r := range demoRewards {
		in := reward.SaveRewardInput{Texts: []*scalar.Translation{{Locale: "en", Name: r.en, Description: &r.about}, {Locale: "ru", Name: r.ru}}, IdempotencyKey: "demo-reward-" + r.key}
		r.change(&in)
		saved, err := d.Rewards.Save(ctx, in)
		if err != nil {
			return err
		}
		id := saved.Reward.GlobalID()
		if _, err := d.Rewards.SetStatus(ctx, reward.SetRewardStatusInput{ID: id, Status: reward.RewardStatusActive}); err != nil {
			return err
		}
		if len(r.codes) > 0 {
			if _, err := d.Rewards.AddCodes(ctx, reward.AddRewardCodesInput{RewardID: id, Codes: r.codes, IdempotencyKey: "demo-codes-" + r.key}); err != nil {
				return err
			}
		}
		if r.key == "delivery" {
			taken := reward.ExchangeRewardInput{RewardID: id, IdempotencyKey: "demo-exchange"}
			if _, err := d.Rewards.Exchange(as(ctx, d.customer, d.customer), taken); err != nil {
				return err
			}
		}
	}
	return d.friend(ctx)
}

// friend is somebody who came by the customer's link; the hearers reward both.
func (d *load) friend(ctx context.Context) error {
	terms, err := d.Referrals.Program(ctx)
	if err != nil {
		return err
	}
	if terms == nil {
		about := "You both get points when your friend's first order is paid."
		_, err := d.Referrals.SaveProgram(ctx, referral.SaveReferralProgramInput{
			IsActive: true, AdvocatePoints: 200, FriendPoints: 100, CapCount: atMost(10), MinimumOrder: &scalar.MoneyInput{Amount: "5.00", Currency: "GBP"},
			Texts: []*scalar.Translation{{Locale: "en", Name: "Bring a friend", Description: &about}, {Locale: "ru", Name: "Приведи друга"}},
		})
		if err != nil {
			return err
		}
	}
	link, err := d.Referrals.CreateLink(as(ctx, d.customer, d.customer))
	if err != nil {
		return err
	}
	id, err := d.person(ctx, account.CreateUser{Email: "friend@example.com", Name: "Frank Moore"})
	if err != nil {
		return err
	}
	frank := as(ctx, id, id)
	if _, err := d.Referrals.Claim(frank, referral.ClaimReferralInput{Code: link.Code}); err != nil {
		return err
	}
	placed, err := d.Orders.Place(frank, order.PlaceOrderInput{IdempotencyKey: "demo-friend", Lines: []*order.PlaceOrderLineInput{{Sku: "85123A", Quantity: 4}}})
	if err != nil {
		return err
	}
	paid := entorder.PaymentStatusPAID
	_, err = d.Orders.SetStatus(AsStaff(ctx, d.staff), order.SetOrderStatusInput{OrderID: placed.Order.GlobalID(), PaymentStatus: &paid, IdempotencyKey: "demo-friend-paid"})
	return err
}

func atMost(n int) *int { return &n }
