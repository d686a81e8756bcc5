package history

import (
	"strings"
	"testing"
	"time"

	entorder "kabinet/ent/generated/order"
)

func TestSteps(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		at   standing
		want string
	}{
		{"placed", standing{entorder.StatusPLACED, "PENDING", "NEW", nil, nil, nil, nil}, "AHEAD AHEAD AHEAD AHEAD"},
		{"money reserved", standing{entorder.StatusPLACED, "AUTHORIZED", "NEW", nil, nil, nil, nil}, "UNDERWAY AHEAD AHEAD AHEAD"},
		{"paid", standing{entorder.StatusPLACED, "PAID", "NEW", nil, nil, nil, nil}, "DONE AHEAD AHEAD AHEAD"},
		{"in assembly", standing{entorder.StatusPLACED, "PAID", "ASSEMBLING", nil, nil, nil, nil}, "DONE UNDERWAY AHEAD AHEAD"},
		{"on the way", standing{entorder.StatusPLACED, "PAID", "SHIPPED", nil, nil, nil, nil}, "DONE DONE DONE AHEAD"},
		{"at the point, to be paid there", standing{entorder.StatusPLACED, "PENDING", "AT_PICKUP_POINT", nil, nil, nil, nil}, "AHEAD DONE DONE UNDERWAY"},
		{"received", standing{entorder.StatusCOMPLETED, "PAID", "DELIVERED", nil, nil, nil, nil}, "DONE DONE DONE DONE"},
		{"went back", standing{entorder.StatusCOMPLETED, "REFUNDED", "RETURNED", nil, nil, nil, nil}, "DONE DONE DONE DONE"},
		{"went back in part", standing{entorder.StatusPLACED, "PARTIALLY_REFUNDED", "PARTIALLY_RETURNED", nil, nil, nil, nil}, "DONE DONE DONE DONE"},
		{"cancelled unpaid", standing{entorder.StatusCANCELLED, "PENDING", "NEW", nil, nil, nil, nil}, "DROPPED DROPPED DROPPED DROPPED"},
		{"cancelled in assembly", standing{entorder.StatusCANCELLED, "REFUNDED", "ASSEMBLING", nil, nil, nil, nil}, "DONE DROPPED DROPPED DROPPED"},
	} {
		var got []string
		for _, s := range steps(c.at) {
			got = append(got, string(s.State))
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s: %v, want %s", c.name, got, c.want)
		}
	}
}

func TestStepsHaveTheTimesOfTheBook(t *testing.T) {
	t.Parallel()
	at := func(h int) *time.Time { d := time.Date(2026, 11, 21, h, 0, 0, 0, time.UTC); return &d }
	got := steps(standing{entorder.StatusPLACED, "PAID", "DELIVERED", at(1), at(2), at(3), at(4)})
	for i, kind := range []OrderStepKind{StepPaymentConfirmed, StepAssembled, StepShipped, StepReceived} {
		if got[i].Kind != kind || got[i].At == nil || got[i].At.Hour() != i+1 {
			t.Errorf("step %d is %+v", i, got[i])
		}
	}
}
