package demo

import (
	"context"
	"time"

	entorder "kabinet/ent/generated/order"
	"kabinet/internal/bonus"
	"kabinet/internal/bonus/earning"
	"kabinet/internal/order"
	"kabinet/internal/scalar"
)

// earning lets the default programme live by rules alone: 5 % of orders, double
// points on one product for a while, a registration, a visit a day, a birthday.
// Then an order is delivered, so that there is something to explain.
func (d *load) earning(ctx context.Context) error {
	staff, customer := AsStaff(ctx, d.staff), as(ctx, d.customer, d.customer)
	prog, err := d.Points.Program(ctx, nil)
	if err != nil {
		return err
	}
	if prog.EarnPoints > 0 {
		id := prog.GlobalID()
		if _, err := d.Points.SaveProgram(staff, bonus.SaveBonusProgramInput{ID: &id, EarnPoints: new(int64(0)), Texts: []*bonus.BonusProgramTextInput{
			{Locale: "en", Name: "Points", UnitName: "points", Terms: new("5 % of every delivered order in points, and more by the rules of the day. Points expire 365 days after they become spendable.")},
			{Locale: "ru", Name: "Баллы", UnitName: "баллы", Terms: new("5 % баллами с каждого доставленного заказа, и больше по правилам дня. Доступные баллы сгорают через 365 дней.")},
		}}); err != nil {
			return err
		}
	}
	for _, r := range demoRules(d.Store.Now()) {
		_, err := d.Earnings.SaveEarningRule(staff, earning.SaveEarningRuleInput{Rule: r, IdempotencyKey: "demo-rule-" + r.Handle})
		if err != nil {
			return err
		}
	}
	placed, err := d.Orders.Place(customer, order.PlaceOrderInput{IdempotencyKey: "demo-earns", Lines: []*order.PlaceOrderLineInput{
		{Sku: "85123A", Quantity: 3}, {Sku: "71053", Quantity: 4}}})
	if err != nil {
		return err
	}
	paid, delivered := entorder.PaymentStatusPAID, entorder.FulfillmentStatusDELIVERED
	if _, err = d.Orders.SetStatus(staff, order.SetOrderStatusInput{OrderID: placed.Order.GlobalID(), PaymentStatus: &paid,
		FulfillmentStatus: &delivered, IdempotencyKey: "demo-earned"}); err != nil {
		return err
	}
	_, err = d.Earnings.RecordVisit(customer, earning.RecordVisitInput{IdempotencyKey: "demo-visit"})
	return err
}

// demoRules hold their window where it was, so that a load that was cut off
// says the same again.
func demoRules(now time.Time) []earning.EarningRuleInput {
	from := time.Date(now.Year(), now.Month(), 1, 0, 0, 0, 0, time.UTC)
	until := from.AddDate(0, 2, 0)
	act := func(s string) *string { return &s }
	return []earning.EarningRuleInput{
		{Handle: "five-percent", Trigger: earning.EarningTriggerOrder, Texts: texts("5 % of orders", "5 points for every pound.", "5 % с заказов", "5 баллов за каждый фунт."),
			RatePoints: new(int64(5)), RatePer: &scalar.MoneyInput{Amount: "1.00", Currency: "GBP"}, Basis: new(earning.EarningBasisOrder), CapPerOrder: new(int64(5000))},
		{Handle: "double-hearts", Trigger: earning.EarningTriggerOrder, Texts: texts("Double points on white hearts", "For two months.", "Двойные баллы за белые сердца", "Два месяца."),
			MultiplierBasisPoints: basisPoints(20_000), Selector: &earning.EarningLinesInput{Skus: []string{"85123A"}}, StartsAt: &from, EndsAt: &until},
		{Handle: "registration", Trigger: earning.EarningTriggerAct, Act: act(earning.ActRegistration), Texts: texts("Welcome", "For registering.", "Добро пожаловать", "За регистрацию."),
			FixedPoints: new(int64(100)), PerOwner: new(1)},
		{Handle: "birthday", Trigger: earning.EarningTriggerDate, Act: act(earning.ActBirthday), Texts: texts("Happy birthday", "Once a year.", "С днём рождения", "Раз в год."),
			FixedPoints: new(int64(200))},
		{Handle: "visit", Trigger: earning.EarningTriggerAct, Act: act(earning.ActVisit), Texts: texts("A visit a day", "At most 60 points a month.", "Визит в день", "Не больше 60 баллов в месяц."),
			FixedPoints: new(int64(2)), CapPerPeriod: new(int64(60)), Period: new(earning.EarningPeriodMonth)},
	}
}
