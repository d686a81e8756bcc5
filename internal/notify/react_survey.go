package notify

import (
	"context"

	entnotification "kabinet/ent/generated/notification"
	"kabinet/internal/event"
	"kabinet/internal/store"
)

// OnSurveyAsked asks a person about a closed ticket, and once again where he
// said nothing.
func (i *Inbox) OnSurveyAsked(ctx context.Context, tx *store.Tx, e event.Stored, f event.SurveyAsked) error {
	n := note{
		topic: entnotification.TopicSUPPORT, typ: "survey.asked", severity: entnotification.SeverityINFO, params: map[string]any{"number": f.Number},
	}
	if f.Reminder {
		n.typ = "survey.reminded"
	}
	return i.giveOwn(ctx, tx, e, n)
}
