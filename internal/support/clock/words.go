package clock

import (
	"context"
	"strconv"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/clockevent"
	entticket "kabinet/ent/generated/ticket"
	"kabinet/internal/locale"
	"kabinet/internal/support"
	"kabinet/internal/viewer"
)

// EventText says in the caller's language what an event of a clock means.
func EventText(ctx context.Context, e *ent.ClockEvent) string {
	v := viewer.From(ctx)
	text := func(id string, params map[string]any) string { return locale.Text(v.Locale, "clock."+id, params) }
	id := string(e.Kind)
	params := map[string]any{
		"target": text("target."+string(e.Target), nil), "spent": duration(v.Locale, e.SpentSeconds), "at": locale.DateTime(v.Locale, e.At, v.TimeZone),
	}
	if e.Reason != "" {
		params["reason"] = reason(v.Locale, e.Reason)
	}
	if e.Kind == clockevent.KindACTIVATE || e.Kind == clockevent.KindRESUME {
		if e.Kind == clockevent.KindACTIVATE && e.Reason == reasonLevel {
			id = "LEVEL"
		}
		if e.DueAt != nil {
			params["due"] = locale.DateTime(v.Locale, *e.DueAt, v.TimeZone)
		}
	}
	return text("event."+id, params)
}

// reason is a reason of an event in words: of the clock's own, or of a state.
func reason(lang, r string) string {
	switch r {
	case reasonOpened, reasonReply, reasonLevel, reasonBot, reasonMerged:
		return locale.Text(lang, "clock.reason."+r, nil)
	}
	return support.Label(lang, entticket.StatusReason(r))
}

// duration is working time in words, to the second where it is short.
func duration(lang string, seconds int) string {
	id := "clock.seconds"
	switch {
	case seconds >= 3600:
		id = "clock.hours"
	case seconds >= 60:
		id = "clock.minutes"
	}
	two := func(n int) string {
		if n < 10 {
			return "0" + strconv.Itoa(n)
		}
		return strconv.Itoa(n)
	}
	return locale.Text(lang, id, map[string]any{"hours": seconds / 3600, "minutes": seconds / 60, "of_hour": two(seconds / 60 % 60), "of_minute": two(seconds % 60), "seconds": seconds})
}
