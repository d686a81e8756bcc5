package send

import (
	"context"
	"strings"

	"entgo.io/contrib/entgql"
	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/notificationrule"
	"kabinet/internal/fault"
	"kabinet/internal/notify/template"
	"kabinet/internal/rule"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// Rules are those in force, the oldest first.
//
// Faults: UNAUTHENTICATED, FORBIDDEN.
func (s *Sending) Rules(ctx context.Context, f *NotificationRuleFilter, p Page) (*ent.NotificationRuleConnection, error) {
	if err := may(ctx, "read"); err != nil {
		return nil, err
	}
	q := s.Store.Client.NotificationRule.Query().Where(notificationrule.RetiredAtIsNil())
	if f != nil {
		if f.Events != nil {
			q.Where(notificationrule.EventIn(f.Events...))
		}
		if f.Types != nil {
			q.Where(notificationrule.TypeIn(f.Types...))
		}
		if f.Active != nil {
			q.Where(notificationrule.Active(*f.Active))
		}
	}
	c, err := q.Paginate(ctx, p.After, p.First, p.Before, p.Last)
	return c, store.Translate(err)
}

var newestRule = &ent.NotificationRuleOrder{Direction: entgql.OrderDirectionDesc, Field: ent.DefaultNotificationRuleOrder.Field}

// RuleVersions are all versions of a rule, the newest first.
//
// Faults: INVALID_ID, NOT_FOUND; UNAUTHENTICATED, FORBIDDEN.
func (s *Sending) RuleVersions(ctx context.Context, id scalar.ID, p Page) (*ent.NotificationRuleConnection, error) {
	if err := may(ctx, "read"); err != nil {
		return nil, err
	}
	key, err := id.As(rulePrefix)
	if err != nil {
		return nil, fault.ErrInvalidID.At("id")
	}
	q := s.Store.Client.NotificationRule.Query().Where(notificationrule.KeyID(key))
	there, err := q.Clone().Exist(ctx)
	switch {
	case err != nil:
		return nil, store.Translate(err)
	case !there:
		return nil, fault.ErrNotFound.At("id")
	}
	c, err := q.Paginate(ctx, p.After, p.First, p.Before, p.Last, ent.WithNotificationRuleOrder(newestRule))
	return c, store.Translate(err)
}

// RuleNode is a rule in force, for node(id:); else its last version.
//
// Faults: NOT_FOUND, for others than staff always.
func (s *Sending) RuleNode(ctx context.Context, key uuid.UUID) (*ent.NotificationRule, error) {
	if may(ctx, "read") != nil {
		return nil, fault.ErrNotFound
	}
	row, err := s.Store.Client.NotificationRule.Query().Where(notificationrule.KeyID(key)).Order(notificationrule.ByVersion(sql.OrderDesc())).First(ctx)
	if ent.IsNotFound(err) {
		return nil, fault.ErrNotFound
	}
	return row, store.Translate(err)
}

// SavedByID is who saved a version of a rule.
func SavedByID(row *ent.NotificationRule) *scalar.ID {
	if row.SavedByID == nil {
		return nil
	}
	id := idOf("usr", *row.SavedByID)
	return &id
}

// Events are the facts that rules may hear, by name.
//
// Faults: UNAUTHENTICATED, FORBIDDEN.
func (s *Sending) Events(ctx context.Context) ([]*NotificationRuleEvent, error) {
	if err := may(ctx, "read"); err != nil {
		return nil, err
	}
	var all []*NotificationRuleEvent
	for _, k := range kinds() {
		env, err := k.env()
		if err != nil {
			return nil, err
		}
		e := &NotificationRuleEvent{Kind: k.kind, Texts: k.texts()}
		for _, v := range env.Vars() {
			e.Variables = append(e.Variables, &NotificationRuleVariable{Name: v.Name, Type: v.Type, Description: v.Doc})
		}
		all = append(all, e)
	}
	return all, nil
}

// ruleOf checks an input and gives the row it would be. Faults: REQUIRED,
// TOO_LONG, INVALID_VALUE, OUT_OF_RANGE, DUPLICATE_KEY, RULE_INVALID,
// TEMPLATE_INVALID, UNKNOWN_VARIABLE, NOTIFICATION_TYPE_REFUSED below path.
func (s *Sending) ruleOf(ctx context.Context, in SaveNotificationRuleInput, path ...string) (*ent.NotificationRule, error) {
	r := &ent.NotificationRule{Event: in.Event, Type: in.Type, Severity: notificationrule.SeverityINFO, Active: in.Active == nil || *in.Active}
	var err error
	if r.Name, err = line(in.Name, longestName, below(path, "name")...); err != nil {
		return nil, err
	}
	k := kindOf(in.Event)
	if k == nil {
		return nil, fault.ErrInvalidValue.At(below(path, "event")...).With("value", clip(in.Event))
	}
	if r.Condition, err = condition(k, in.Condition, below(path, "condition")...); err != nil {
		return nil, err
	}
	if _, err := s.sendable(ctx, nil, in.Type, below(path, "type")...); err != nil {
		return nil, err
	}
	if in.Severity != nil {
		r.Severity = notificationrule.Severity(*in.Severity)
	}
	if r.Texts, err = readWords(in.Texts, k.texts(), below(path, "texts")...); err != nil {
		return nil, err
	}
	if in.URL != nil && *in.URL != "" {
		if err := checkLink(*in.URL, k.texts(), below(path, "url")...); err != nil {
			return nil, err
		}
		r.URL = in.URL
	}
	if in.GroupKey != nil && *in.GroupKey != "" {
		group, err := line(*in.GroupKey, longestGroup, below(path, "groupKey")...)
		if err == nil {
			err = template.CheckText(group, "en", k.texts(), below(path, "groupKey")...)
		}
		if err != nil {
			return nil, err
		}
		r.GroupKey = &group
	}
	if in.DelaySeconds != nil {
		if r.DelayS = *in.DelaySeconds; r.DelayS < 0 || r.DelayS > longestDelay {
			return nil, fault.ErrOutOfRange.At(below(path, "delaySeconds")...).With("min", 0).With("max", longestDelay)
		}
	}
	return r, nil
}

// condition checks a condition. Faults: RULE_INVALID.
func condition(k *factKind, text *string, path ...string) (*string, error) {
	if text == nil || strings.TrimSpace(*text) == "" {
		return nil, nil
	}
	env, err := k.env()
	if err != nil {
		return nil, err
	}
	if _, err := env.Compile(*text, "bool"); err != nil {
		if f, is := fault.As(err); is {
			return nil, f.At(path...)
		}
		return nil, err
	}
	return text, nil
}

// SaveRule makes a rule, or the next version of one. Staff only; it is put on
// record.
//
// Faults: those of ruleOf, INVALID_ID, NOT_FOUND, STALE_OBJECT, TOO_MANY_ITEMS;
// UNAUTHENTICATED, FORBIDDEN.
func (s *Sending) SaveRule(ctx context.Context, in SaveNotificationRuleInput) (saved *ent.NotificationRule, err error) {
	if err := may(ctx, "write"); err != nil {
		return nil, err
	}
	var key *uuid.UUID
	if in.ID != nil {
		id, err := in.ID.As(rulePrefix)
		switch {
		case err != nil:
			return nil, fault.ErrInvalidID.At("input", "id")
		case in.Version == nil:
			return nil, fault.ErrRequired.At("input", "version")
		}
		key = &id
	}
	r, err := s.ruleOf(ctx, in, "input")
	if err != nil {
		return nil, err
	}
	err = s.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		c := tx.NotificationRule.Create().SetName(r.Name).SetEvent(r.Event).SetNillableCondition(r.Condition).SetType(r.Type).SetSeverity(r.Severity).
			SetTexts(r.Texts).SetNillableURL(r.URL).SetNillableGroupKey(r.GroupKey).SetDelayS(r.DelayS).SetActive(r.Active).SetSavedByID(viewer.From(ctx).UserID)
		if err := over(ctx, tx, c, key, in.Version); err != nil {
			return err
		}
		if saved, err = c.Save(ctx); err != nil {
			return err
		}
		return tx.Audit(ctx, "messaging.save_rule", viewer.House, saved.GlobalID(), map[string]any{"name": saved.Name, "event": saved.Event, "type": saved.Type, "version": saved.Version, "active": saved.Active})
	})
	if store.IsUnique(err) { // another edit at once
		err = fault.ErrStaleObject.At("input", "version").Because(err)
	}
	if err != nil {
		return nil, err
	}
	s.rules.forget()
	return saved.Unwrap(), nil
}

// over makes a row the next version of a rule, or a new one for which there is
// room.
func over(ctx context.Context, tx *store.Tx, c *ent.NotificationRuleCreate, key *uuid.UUID, version *int) error {
	if key == nil {
		if err := tx.Lock(ctx, "companies", "id", viewer.House); err != nil { // or two could both be the last
			return err
		}
		n, err := tx.NotificationRule.Query().Where(notificationrule.RetiredAtIsNil()).Count(ctx)
		if err == nil && n >= mostRules {
			err = ErrTooManyItems.With("limit", mostRules)
		}
		return err
	}
	old, err := heldRule(ctx, tx, *key)
	if err != nil {
		return err
	}
	if int64(*version) != old.Version {
		return fault.ErrStaleObject.At("input", "version").With("version", old.Version)
	}
	c.SetKeyID(old.KeyID).SetVersion(old.Version + 1)
	return tx.NotificationRule.UpdateOneID(old.ID).SetRetiredAt(tx.Now).Exec(ctx)
}

// heldRule holds a rule in force. Fault: NOT_FOUND.
func heldRule(ctx context.Context, tx *store.Tx, key uuid.UUID) (*ent.NotificationRule, error) {
	r, err := tx.NotificationRule.Query().Where(notificationrule.KeyID(key), notificationrule.RetiredAtIsNil(), tx.Locking()).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, fault.ErrNotFound.At("input", "id")
	}
	return r, err
}

// DeleteRule ends a rule and gives its id. Staff only; it is put on record.
//
// Faults: INVALID_ID, NOT_FOUND; UNAUTHENTICATED, FORBIDDEN.
func (s *Sending) DeleteRule(ctx context.Context, in DeleteNotificationRuleInput) (*scalar.ID, error) {
	if err := may(ctx, "write"); err != nil {
		return nil, err
	}
	key, err := in.ID.As(rulePrefix)
	if err != nil {
		return nil, fault.ErrInvalidID.At("input", "id")
	}
	err = s.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		r, err := heldRule(ctx, tx, key)
		if err != nil {
			return err
		}
		if err := tx.NotificationRule.UpdateOneID(r.ID).SetRetiredAt(tx.Now).Exec(ctx); err != nil {
			return err
		}
		return tx.Audit(ctx, "messaging.delete_rule", viewer.House, r.GlobalID(), map[string]any{"name": r.Name, "version": r.Version})
	})
	if err != nil {
		return nil, err
	}
	s.rules.forget()
	return &in.ID, nil
}

// ready is a rule that can be asked.
type ready struct {
	*ent.NotificationRule
	kind   *factKind
	holds  *rule.Expr // nil: always
	asks   bool       // whether it asks about the customer
	broken error      // it does not compile any more
}

func readied(row *ent.NotificationRule) *ready {
	r := &ready{NotificationRule: row, kind: kindOf(row.Event)}
	if r.kind == nil {
		r.broken = errNoKind
		return r
	}
	if row.Condition == nil {
		return r
	}
	env, err := r.kind.env()
	if err == nil {
		r.holds, err = env.Compile(*row.Condition, "bool")
	}
	r.broken, r.asks = err, strings.Contains(*row.Condition, "customer")
	return r
}
