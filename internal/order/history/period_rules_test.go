package history

import (
	"testing"
	"time"
	_ "time/tzdata"

	"kabinet/internal/fault"
)

func TestMonthsOfAPeriod(t *testing.T) {
	t.Parallel()
	moscow, _ := time.LoadLocation("Europe/Moscow")
	berlin, _ := time.LoadLocation("Europe/Berlin")
	now := time.Date(2026, 11, 30, 22, 0, 0, 0, time.UTC) // December already in Moscow

	from, to, spans, err := months(now, moscow, nil)
	if err != nil || from != "2026-01-01" || to != "2026-12-01" || len(spans) != 12 {
		t.Fatalf("by default %s to %s, %d months: %v", from, to, len(spans), err)
	}
	if got := spans[11]; got.Month != "2026-12-01" || !got.From.Equal(time.Date(2026, 11, 30, 21, 0, 0, 0, time.UTC)) || !got.Before.Equal(time.Date(2026, 12, 1, 21, 0, 0, 0, time.UTC)) {
		t.Errorf("the running month is %+v", got)
	}

	_, _, spans, err = months(now, berlin, &SpendingPeriod{"2026-03-15", "2026-04-02"})
	if err != nil || len(spans) != 2 {
		t.Fatal(spans, err)
	}
	if spans[0].Month != "2026-03-01" || !spans[0].From.Equal(time.Date(2026, 3, 14, 23, 0, 0, 0, time.UTC)) { // before summer time
		t.Errorf("the first part is %+v", spans[0])
	}
	if !spans[0].Before.Equal(spans[1].From) || !spans[1].Before.Equal(time.Date(2026, 4, 2, 22, 0, 0, 0, time.UTC)) { // after it began
		t.Errorf("the second part is %+v", spans[1])
	}
}

func TestPeriodsThatAreNone(t *testing.T) {
	t.Parallel()
	for in, code := range map[SpendingPeriod]string{
		{"2026-02-30", "2026-03-01"}: "INVALID_VALUE",
		{"2026-03-01", "soon"}:       "INVALID_VALUE",
		{"2026-03-02", "2026-03-01"}: "INVALID_VALUE",
		{"2020-01-01", "2025-01-01"}: "OUT_OF_RANGE",
		{"2020-01-01", "2024-12-31"}: "",
		{"2026-03-01", "2026-03-01"}: "",
	} {
		_, _, _, err := months(time.Now(), time.UTC, &in)
		if f, _ := fault.As(err); (f == nil) != (code == "") || f != nil && f.Code != code {
			t.Errorf("%+v: %v, want %q", in, err, code)
		}
	}
}
