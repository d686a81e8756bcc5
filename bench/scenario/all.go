package scenario

import (
	"fmt"
	"slices"
	"strings"
)

// All are the scenarios, in the order of reports.
var All = []*Scenario{
	{Name: "dashboard", Title: "dashboard", Users: bench, Ways: map[string]Way{Kabinet: dashboardOfKabinet, Limit: dashboardOfLimit, GraphJin: dashboardOfGraphJin, PostGraphile: dashboardOfPostGraphile}},
	{Name: "history", Title: "order history, a page in the middle", Users: bench, Ways: map[string]Way{Kabinet: historyOfKabinet, Limit: historyOfLimit, GraphJin: historyOfGraphJin, PostGraphile: historyOfPostGraphile}},
	{Name: "heavy", Title: "the same of a user with 50,000 orders", Users: heavy, Ways: map[string]Way{Kabinet: historyOfKabinet, Limit: historyOfLimit, GraphJin: historyOfGraphJin, PostGraphile: historyOfPostGraphile}},
	{Name: "card", Title: "order card", Users: bench, Ways: map[string]Way{Kabinet: cardOfKabinet, Limit: cardOfLimit, GraphJin: cardOfGraphJin, PostGraphile: cardOfPostGraphile}},
	{Name: "thread", Title: "ticket thread", Users: bench, Ways: map[string]Way{Kabinet: threadOfKabinet, Limit: threadOfLimit, GraphJin: threadOfGraphJin, PostGraphile: threadOfPostGraphile}},
	{Name: "feed", Title: "notification feed", Users: bench, Ways: map[string]Way{Kabinet: feedOfKabinet, Limit: feedOfLimit, GraphJin: feedOfGraphJin, PostGraphile: feedOfPostGraphile}},
	{Name: "signedin", Title: "sign-in check", Users: bench, Ways: map[string]Way{Kabinet: signedInOfKabinet, Limit: signedInOfLimit, GraphJin: signedInOfGraphJin, PostGraphile: signedInOfPostGraphile}},
	{Name: "place", Title: "place an order", Writes: true, Users: bench, Ways: map[string]Way{Kabinet: placeOfKabinet, Limit: placeOfLimit}},
	{Name: "redeem", Title: "redeem points", Writes: true, Users: bench, Ways: map[string]Way{Kabinet: redeemOfKabinet, Limit: redeemOfLimit}},
	{Name: "upsert", Title: "upsert 100 orders", Writes: true, Users: bench, Ways: map[string]Way{Kabinet: upsertOfKabinet, Limit: upsertOfLimit}},
}

// Named gives scenarios by their names, all for none.
func Named(names []string) ([]*Scenario, error) {
	if len(names) == 0 {
		return All, nil
	}
	var list []*Scenario
	for _, name := range names {
		i := slices.IndexFunc(All, func(s *Scenario) bool { return s.Name == name })
		if i < 0 {
			return nil, fmt.Errorf("no scenario %q; there are %s", name, strings.Join(Names(), ", "))
		}
		list = append(list, All[i])
	}
	return list, nil
}

// Names of all scenarios.
func Names() (names []string) {
	for _, s := range All {
		names = append(names, s.Name)
	}
	return names
}
