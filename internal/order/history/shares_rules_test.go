package history

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"
)

func TestSharesOfCategories(t *testing.T) {
	t.Parallel()
	tea, cups := "Tea", "Cups"
	got := divide([]part{{&tea, "GBP", 2, 500}, {&cups, "GBP", 1, 700}, {nil, "GBP", 1, 100}, {&tea, "EUR", 1, 90}},
		map[string]int64{"GBP": 1450, "EUR": 90}, 2, "rest", "none")
	want := []string{"Cups GBP 700 1", "Tea GBP 500 2", "rest GBP 250 -", "Tea EUR 90 1"}
	if len(got) != len(want) {
		t.Fatalf("%d shares, want %v", len(got), want)
	}
	for i, s := range got {
		orders := "-"
		if s.Orders != nil {
			orders = fmt.Sprint(*s.Orders)
		}
		if text := fmt.Sprint(s.Label, " ", s.Amount.Currency, " ", s.Amount.Minor, " ", orders); text != want[i] {
			t.Errorf("share %d is %s, want %s", i, text, want[i])
		}
	}
}

// Whatever the parts, the shares of a currency come to its total.
func TestSharesComeToTheTotal(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		totals, parts := map[string]int64{}, []part{}
		for _, currency := range []string{"EUR", "RUB"} {
			totals[currency] = rapid.Int64Range(0, 1e9).Draw(t, "total")
			for i := range rapid.IntRange(0, 8).Draw(t, "parts") {
				p := part{Currency: currency, Orders: 1, Minor: rapid.Int64Range(0, 1e9).Draw(t, "minor")}
				if i > 0 {
					category := fmt.Sprint(i)
					p.Category = &category
				}
				parts = append(parts, p)
			}
		}
		most := rapid.IntRange(1, 5).Draw(t, "most")
		sums, count := map[string]int64{}, map[string]int{}
		for _, s := range divide(parts, totals, most, "rest", "none") {
			sums[s.Amount.Currency] += s.Amount.Minor
			count[s.Amount.Currency]++
		}
		for currency, total := range totals {
			if sums[currency] != total || count[currency] > most+1 {
				t.Fatalf("%s: %d in %d shares, want %d", currency, sums[currency], count[currency], total)
			}
		}
	})
}
