package send

import (
	"context"
	"encoding/json"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/notificationrule"
	entuser "kabinet/ent/generated/user"
	"kabinet/internal/event"
	"kabinet/internal/fault"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// Try asks a rule about a fact of a customer and says what he would get.
// Nothing is kept. Staff only, who may see customers.
//
// Faults: REQUIRED, INVALID_ID, NOT_FOUND, INVALID_VALUE, those of SaveRule for
// a rule that is not there; UNAUTHENTICATED, FORBIDDEN.
func (s *Sending) Try(ctx context.Context, in TestNotificationRuleInput) (Tried, error) {
	if err := may(ctx, "read"); err != nil {
		return Tried{}, err
	}
	row, err := s.ruleTried(ctx, in)
	if err == nil {
		err = maySee(ctx, row.Event)
	}
	if err != nil {
		return Tried{}, err
	}
	key, err := in.CustomerID.As("usr")
	if err != nil {
		return Tried{}, fault.ErrInvalidID.At("input", "customerId")
	}
	p, err := s.Store.Client.User.Query().Where(entuser.ID(key), entuser.StatusNEQ(entuser.StatusERASED)).
		Select(entuser.FieldID, entuser.FieldDisplayName, entuser.FieldLocale, entuser.FieldTimeZone).Only(asSystem(ctx))
	if ent.IsNotFound(err) {
		return Tried{}, fault.ErrNotFound.At("input", "customerId")
	}
	if err != nil {
		return Tried{}, store.Translate(err)
	}
	r := readied(row)
	e, err := s.factTried(ctx, in, r, key)
	if err != nil {
		return Tried{}, err
	}
	f, err := r.kind.read(e.Payload, e.CreatedAt)
	if err != nil {
		return Tried{}, fault.ErrInvalidValue.At("input", "facts").Because(err)
	}
	d, why, err := s.draw(asSystem(ctx), s.Store, r, f, p, e)
	if err != nil {
		return Tried{}, err
	}
	return tried(in, d, why, e), nil
}

// maySee is nil for those whose roles show customers, and of what moves money
// their wallets: a text or a condition of one's own asks anything of them.
func maySee(ctx context.Context, kind string) error {
	v := viewer.From(ctx)
	if v.Reach("user", "read") != viewer.ReachAll || kind == (event.WalletChanged{}).Kind() && v.Reach("wallet", "read") != viewer.ReachAll {
		return fault.ErrForbidden
	}
	return nil
}

func tried(in TestNotificationRuleInput, d *draft, why error, e event.Stored) (t Tried) {
	if e.EventID != uuid.Nil {
		id := e.EventID.String()
		t.EventID = &id
	}
	if why != nil {
		text := reason(why)
		t.Failure = &text
		return t
	}
	holds := d != nil
	t.Holds = &holds
	if d == nil {
		return t
	}
	t.Notification = &NotificationDraft{CustomerID: in.CustomerID, Locale: d.lang, Title: d.title, Body: d.body}
	if d.url != "" {
		t.Notification.URL = &d.url
	}
	if d.group != "" {
		t.Notification.GroupKey = &d.group
	}
	return t
}

// ruleTried is the rule of an input: one that is there, or as it would be saved.
func (s *Sending) ruleTried(ctx context.Context, in TestNotificationRuleInput) (*ent.NotificationRule, error) {
	switch {
	case in.RuleID == nil && in.Rule == nil:
		return nil, fault.ErrRequired.At("input", "rule")
	case in.RuleID != nil && in.Rule != nil:
		return nil, fault.ErrInvalidValue.At("input", "ruleId")
	case in.Rule != nil:
		return s.ruleOf(ctx, *in.Rule, "input", "rule")
	}
	key, err := in.RuleID.As(rulePrefix)
	if err != nil {
		return nil, fault.ErrInvalidID.At("input", "ruleId")
	}
	r, err := s.Store.Client.NotificationRule.Query().Where(notificationrule.KeyID(key), notificationrule.RetiredAtIsNil()).Only(ctx)
	if ent.IsNotFound(err) || err == nil && kindOf(r.Event) == nil {
		return nil, fault.ErrNotFound.At("input", "ruleId")
	}
	return r, store.Translate(err)
}

// factTried is the fact of an input: made up, by its id, or the customer's last
// one of the kind. It is looked for on his own stream.
func (s *Sending) factTried(ctx context.Context, in TestNotificationRuleInput, r *ready, user uuid.UUID) (e event.Stored, err error) {
	if in.Facts != nil {
		if in.EventID != nil {
			return e, fault.ErrInvalidValue.At("input", "facts")
		}
		payload, err := json.Marshal(in.Facts)
		return event.Stored{Kind: r.Event, Payload: payload, CreatedAt: s.Store.Now(), Visibility: event.ToAll, StreamID: user}, err
	}
	found := false
	if in.EventID != nil {
		id, err := uuid.Parse(*in.EventID)
		if err != nil {
			return e, fault.ErrInvalidValue.At("input", "eventId")
		}
		e, found, err = oneFact(ctx, s.Store, `WHERE stream_id = ? AND event_id = ? AND kind = ?`, user, id, r.Event)
		if err != nil {
			return e, err
		}
	} else if e, found, err = oneFact(ctx, s.Store, `WHERE stream_id = ? AND kind = ? ORDER BY seq DESC LIMIT 1`, user, r.Event); err != nil {
		return e, err
	}
	if !found {
		return e, fault.ErrNotFound.At("input", "eventId")
	}
	return e, nil
}
