package support

import (
	"errors"
	"slices"
	"testing"
	"time"

	"kabinet/ent/generated/ticket"
	"kabinet/internal/fault"
	"kabinet/internal/locale"
)

// Every reason fits exactly one state, and has words in every language.
func TestEveryReasonFitsOneState(t *testing.T) {
	t.Parallel()
	all := []ticket.StatusReason{
		ticket.StatusReasonNEW, ticket.StatusReasonNEW_REPLY, ticket.StatusReasonIN_PROGRESS, ticket.StatusReasonWAITING_FOR_CUSTOMER,
		ticket.StatusReasonWAITING_FOR_DATE, ticket.StatusReasonREOPENED, ticket.StatusReasonRESOLVED, ticket.StatusReasonCLOSED_BY_CUSTOMER,
		ticket.StatusReasonDUPLICATE, ticket.StatusReasonSPAM,
	}
	for _, r := range all {
		n := 0
		for _, reasons := range fitting {
			if slices.Contains(reasons, r) {
				n++
			}
		}
		if n != 1 {
			t.Errorf("%s fits %d states", r, n)
		}
		for _, lang := range locale.Supported() {
			if text := Label(lang, r); text == "support.status."+string(r) {
				t.Errorf("%s: no label for %s", lang, r)
			}
		}
	}
}

func TestCheckStand(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	later, earlier := now.Add(time.Hour), now.Add(-time.Hour)
	open := stand{ticket.StatusOPEN, ticket.StatusReasonNEW, nil}
	snoozed := stand{ticket.StatusSNOOZED, ticket.StatusReasonWAITING_FOR_DATE, &later}
	closed := stand{ticket.StatusCLOSED, ticket.StatusReasonRESOLVED, nil}
	type S = ticket.Status
	type R = ticket.StatusReason
	s := func(v S) *S { return &v }
	r := func(v R) *R { return &v }
	for name, c := range map[string]struct {
		was  stand
		in   SetTicketStatusInput
		want stand
		err  *fault.Fault
	}{
		"nothing":             {open, SetTicketStatusInput{}, open, nil},
		"the same":            {open, SetTicketStatusInput{Status: s(ticket.StatusOPEN)}, open, nil},
		"close":               {open, SetTicketStatusInput{Status: s(ticket.StatusCLOSED)}, closed, nil},
		"close as spam":       {open, SetTicketStatusInput{Status: s(ticket.StatusCLOSED), Reason: r(ticket.StatusReasonSPAM)}, stand{ticket.StatusCLOSED, ticket.StatusReasonSPAM, nil}, nil},
		"close a snoozed one": {snoozed, SetTicketStatusInput{Status: s(ticket.StatusCLOSED)}, closed, nil},
		"only a reason":       {open, SetTicketStatusInput{Reason: r(ticket.StatusReasonIN_PROGRESS)}, stand{ticket.StatusOPEN, ticket.StatusReasonIN_PROGRESS, nil}, nil},
		"open a closed one":   {closed, SetTicketStatusInput{Status: s(ticket.StatusOPEN)}, stand{ticket.StatusOPEN, ticket.StatusReasonREOPENED, nil}, nil},
		"open a snoozed one":  {snoozed, SetTicketStatusInput{Status: s(ticket.StatusOPEN)}, stand{ticket.StatusOPEN, ticket.StatusReasonIN_PROGRESS, nil}, nil},
		"snooze":              {open, SetTicketStatusInput{Status: s(ticket.StatusSNOOZED)}, afterStaff(), nil},
		"snooze until":        {open, SetTicketStatusInput{Status: s(ticket.StatusSNOOZED), SnoozedUntilAt: &later}, snoozed, nil},
		"wait until":          {open, SetTicketStatusInput{Status: s(ticket.StatusSNOOZED), Reason: r(ticket.StatusReasonWAITING_FOR_CUSTOMER), SnoozedUntilAt: &later}, stand{ticket.StatusSNOOZED, ticket.StatusReasonWAITING_FOR_CUSTOMER, &later}, nil},
		"a later date":        {snoozed, SetTicketStatusInput{SnoozedUntilAt: &later}, snoozed, nil},
		"a date without one":  {open, SetTicketStatusInput{Status: s(ticket.StatusSNOOZED), Reason: r(ticket.StatusReasonWAITING_FOR_DATE)}, open, fault.ErrRequired},
		"in the past":         {open, SetTicketStatusInput{Status: s(ticket.StatusSNOOZED), SnoozedUntilAt: &earlier}, open, fault.ErrInvalidValue},
		"now":                 {open, SetTicketStatusInput{Status: s(ticket.StatusSNOOZED), SnoozedUntilAt: &now}, open, fault.ErrInvalidValue},
		"a date of an open":   {open, SetTicketStatusInput{SnoozedUntilAt: &later}, open, fault.ErrInvalidValue},
		"a foreign reason":    {open, SetTicketStatusInput{Status: s(ticket.StatusCLOSED), Reason: r(ticket.StatusReasonNEW)}, open, fault.ErrInvalidValue},
		"a reason not of it":  {open, SetTicketStatusInput{Reason: r(ticket.StatusReasonRESOLVED)}, open, fault.ErrInvalidValue},
	} {
		got, err := checkStand(c.was, c.in, now)
		if c.err == nil && err != nil || c.err != nil && !errors.Is(err, c.err) || !got.equal(c.want) {
			t.Errorf("%s: got %v, %v", name, got, err)
		}
	}
}

func TestAfterCustomer(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ was, want stand }{
		{stand{status: ticket.StatusOPEN, reason: ticket.StatusReasonNEW}, stand{status: ticket.StatusOPEN, reason: ticket.StatusReasonNEW}},
		{stand{status: ticket.StatusOPEN, reason: ticket.StatusReasonIN_PROGRESS}, stand{status: ticket.StatusOPEN, reason: ticket.StatusReasonNEW_REPLY}},
		{afterStaff(), stand{status: ticket.StatusOPEN, reason: ticket.StatusReasonNEW_REPLY}},
		{stand{status: ticket.StatusCLOSED, reason: ticket.StatusReasonSPAM}, stand{status: ticket.StatusOPEN, reason: ticket.StatusReasonREOPENED}},
	} {
		if got := afterCustomer(c.was); !got.equal(c.want) {
			t.Errorf("after %v: %v, want %v", c.was, got, c.want)
		}
	}
}
