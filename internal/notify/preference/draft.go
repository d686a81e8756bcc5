package preference

import (
	"context"
	"regexp"
	"slices"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	entnotification "kabinet/ent/generated/notification"
	"kabinet/ent/generated/notificationsetting"
	"kabinet/ent/schema"
	"kabinet/internal/fault"
	"kabinet/internal/locale"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// draft is a type as it is to be. The pointers are what the House says; nil is
// as compiled in.
type draft struct {
	Setting              // as it would count
	compiled             Kind
	required, commercial *bool
	channels             []string // nil: as compiled in
	changed              []string
}

// Bounds of settings, in seconds where nothing else is said.
const (
	minute        = 60
	longestWindow = 7 * 24 * 3600
	longestLife   = 30 * 24 * 3600
	mostThrottle  = 1000 // messages
	mostItems     = 1000 // of a batch
	mostSteps     = 5
	mostVariables = 50
)

func draftOf(kind Kind, was Setting, row *ent.NotificationSetting) draft {
	d := draft{Setting: was, compiled: kind}
	if was.Own {
		d.compiled = Kind{Channels: feed}
	}
	if row != nil {
		d.required, d.commercial, d.channels = row.Required, row.Commercial, row.Channels
	}
	return d
}

// read puts the input in, and checks the whole.
func (d *draft) read(in UpdateNotificationTypeInput) error {
	if active, set := in.Active.ValueOK(); set {
		d.Active = active == nil || *active
		d.changed = append(d.changed, "active")
	}
	if v, set := in.Required.ValueOK(); set {
		d.required, d.Required = v, orCompiled(v, d.compiled.Required)
		d.changed = append(d.changed, "required")
	}
	if v, set := in.Commercial.ValueOK(); set {
		d.commercial, d.Commercial = v, orCompiled(v, d.compiled.Commercial)
		d.changed = append(d.changed, "commercial")
	}
	if v, set := in.Channels.ValueOK(); set {
		if err := d.readChannels(v); err != nil {
			return err
		}
	}
	if err := d.readWords(in); err != nil {
		return err
	}
	for _, read := range []func(UpdateNotificationTypeInput) error{d.readThrottle, d.readBatch, d.readEscalation, d.readExpires} {
		if err := read(in); err != nil {
			return err
		}
	}
	return d.check()
}

func orCompiled(v *bool, compiled bool) bool {
	if v == nil {
		return compiled
	}
	return *v
}

// readNew is read of a new type.
func (d *draft) readNew(in CreateNotificationTypeInput) error {
	if in.Commercial != nil && *in.Commercial {
		d.commercial, d.Commercial = in.Commercial, true
	}
	if in.Channels != nil {
		if err := d.readChannels(in.Channels); err != nil {
			return err
		}
	}
	if err := d.readNames(in.Translations); err != nil {
		return err
	}
	return d.readVariables(in.Variables)
}

// check holds what belongs together.
func (d *draft) check() error {
	switch security := d.Topic == entnotification.TopicSECURITY; {
	case security && !d.Active:
		return ErrNotificationRequired.At("input", "active").With("type", d.Type)
	case security && !d.Required:
		return ErrNotificationRequired.At("input", "required").With("type", d.Type)
	case d.Required && d.Commercial: // nobody is made to read advertising
		return fault.ErrInvalidValue.At("input", "commercial")
	case d.Required && !slices.Contains(d.Channels, InApp):
		return fault.ErrInvalidValue.At("input", "channels").With("missing", InApp)
	}
	sum := 0
	for i, e := range d.Escalation {
		if slices.Contains(d.Channels, e.Channel) {
			return fault.ErrInvalidValue.At("input", "escalation", itoa(i), "channel").With("channel", e.Channel)
		}
		sum += e.After
	}
	if life := int(d.Expires / time.Second); life > 0 && sum > life { // a step that never comes
		return outOfRange(sum, longestLife, "expiresIn")
	}
	return nil
}

func outOfRange(least, most int, field ...string) error {
	return fault.ErrOutOfRange.At(append([]string{"input"}, field...)...).With("min", least).With("max", most)
}

func within(n, least, most int, field ...string) error {
	if n < least || n > most {
		return outOfRange(least, most, field...)
	}
	return nil
}

func (d *draft) readChannels(in []NotificationChannel) error {
	d.changed = append(d.changed, "channels")
	if in == nil {
		d.channels, d.Channels = nil, d.compiled.Channels
		return nil
	}
	for i, c := range in {
		if slices.Contains(in[:i], c) {
			return ErrTwice.At("input", "channels", itoa(i))
		}
	}
	d.channels = []string{}
	for _, c := range Channels() { // in their order
		if slices.Contains(in, NotificationChannel(c)) {
			d.channels = append(d.channels, c)
		}
	}
	d.Channels = d.channels
	return nil
}

func (d *draft) readThrottle(in UpdateNotificationTypeInput) error {
	v, set := in.Throttle.ValueOK()
	if !set {
		return nil
	}
	d.changed, d.Throttle = append(d.changed, "throttle"), nil
	if v == nil {
		return nil
	}
	if err := within(v.Limit, 1, mostThrottle, "throttle", "limit"); err != nil {
		return err
	}
	d.Throttle = &schema.NotificationThrottle{Limit: v.Limit, Seconds: v.Seconds}
	return within(v.Seconds, minute, longestLife, "throttle", "seconds")
}

func (d *draft) readBatch(in UpdateNotificationTypeInput) error {
	v, set := in.Batch.ValueOK()
	if !set {
		return nil
	}
	d.changed, d.Batch = append(d.changed, "batch"), nil
	if v == nil {
		return nil
	}
	b := &schema.NotificationBatch{Kind: string(v.Kind), Seconds: v.Seconds, MaxItems: usualItems, LeadImmediately: v.LeadImmediately != nil && *v.LeadImmediately}
	if err := within(v.Seconds, minute, longestWindow, "batch", "seconds"); err != nil {
		return err
	}
	switch {
	case b.Kind == Sliding && v.LimitSeconds == nil:
		return fault.ErrRequired.At("input", "batch", "limitSeconds")
	case b.Kind == Sliding:
		if err := within(*v.LimitSeconds, v.Seconds, longestWindow, "batch", "limitSeconds"); err != nil {
			return err
		}
		b.LimitSeconds = *v.LimitSeconds
	case v.LimitSeconds != nil:
		return fault.ErrInvalidValue.At("input", "batch", "limitSeconds")
	}
	if v.MaxItems != nil {
		b.MaxItems = *v.MaxItems
	}
	d.Batch = b
	return within(b.MaxItems, 2, mostItems, "batch", "maxItems")
}

func (d *draft) readEscalation(in UpdateNotificationTypeInput) error {
	steps, set := in.Escalation.ValueOK()
	if !set {
		return nil
	}
	d.changed, d.Escalation = append(d.changed, "escalation"), nil
	if len(steps) > mostSteps {
		return fault.ErrTooLong.At("input", "escalation").With("limit", mostSteps)
	}
	for i, s := range steps {
		e := schema.NotificationEscalation{Channel: string(s.Channel), After: s.After, Unless: UnlessRead}
		if s.Unless != nil {
			e.Unless = string(*s.Unless)
		}
		switch {
		case e.Channel == InApp:
			return fault.ErrInvalidValue.At("input", "escalation", itoa(i), "channel").With("channel", InApp)
		case slices.ContainsFunc(d.Escalation, func(o schema.NotificationEscalation) bool { return o.Channel == e.Channel }):
			return ErrTwice.At("input", "escalation", itoa(i), "channel")
		}
		if err := within(e.After, minute, longestWindow, "escalation", itoa(i), "after"); err != nil {
			return err
		}
		d.Escalation = append(d.Escalation, e)
	}
	return nil
}

func (d *draft) readExpires(in UpdateNotificationTypeInput) error {
	v, set := in.ExpiresIn.ValueOK()
	if !set {
		return nil
	}
	d.changed, d.Expires = append(d.changed, "expiresIn"), 0
	if v == nil {
		return nil
	}
	d.Expires = time.Duration(*v) * time.Second
	return within(*v, minute, longestLife, "expiresIn")
}

// readWords are names and variables: of the House's own types alone.
func (d *draft) readWords(in UpdateNotificationTypeInput) error {
	names, set := in.Translations.ValueOK()
	if set {
		if d.changed = append(d.changed, "translations"); !d.Own {
			return fault.ErrInvalidValue.At("input", "translations")
		}
		if err := d.readNames(names); err != nil {
			return err
		}
	}
	variables, set := in.Variables.ValueOK()
	if set {
		if d.changed = append(d.changed, "variables"); !d.Own {
			return fault.ErrInvalidValue.At("input", "variables")
		}
		return d.readVariables(variables)
	}
	return nil
}

func (d *draft) readNames(in []*scalar.Translation) error {
	list := make([]scalar.Translation, len(in))
	for i, t := range in {
		if list[i] = *t; t.Description != nil || t.Terms != nil {
			field := "description"
			if t.Description == nil {
				field = "terms"
			}
			return fault.ErrInvalidValue.At("input", "translations", itoa(i), field)
		}
	}
	texts, bad := scalar.Texts(list, locale.Supported(), "translations")
	if bad != nil {
		return badText(bad)
	}
	d.Names = map[string]string{}
	for lang, of := range texts {
		d.Names[lang] = of[scalar.TextName]
	}
	return nil
}

func badText(bad *scalar.BadText) error {
	at := append([]string{"input"}, bad.Path...)
	switch bad.Code {
	case fault.ErrRequired.Code:
		return fault.ErrRequired.At(at...)
	case fault.ErrTooLong.Code:
		return fault.ErrTooLong.At(at...).With("limit", bad.Limit)
	case ErrTwice.Code:
		return ErrTwice.At(at...)
	}
	return fault.ErrInvalidValue.At(at...)
}

// variable is a name that templates may use.
var variable = regexp.MustCompile(`^[a-z][A-Za-z0-9]{0,39}$`)

func (d *draft) readVariables(in []string) error {
	if len(in) > mostVariables {
		return fault.ErrTooLong.At("input", "variables").With("limit", mostVariables)
	}
	for i, name := range in {
		switch {
		case !variable.MatchString(name):
			return fault.ErrInvalidValue.At("input", "variables", itoa(i))
		case slices.Contains(in[:i], name):
			return ErrTwice.At("input", "variables", itoa(i))
		}
	}
	d.Variables = in
	return nil
}

// write puts it into the row, or makes it.
func (d *draft) write(ctx context.Context, tx *store.Tx, row *ent.NotificationSetting) error {
	action := "notification_type.update"
	if row == nil {
		id := uuid.Must(uuid.NewV7())
		c := tx.NotificationSetting.Create().SetID(id).SetType(d.Type).SetOwn(d.Own)
		if d.Own {
			c.SetTopic(notificationsetting.Topic(d.Topic))
			action = "notification_type.create"
		}
		d.fill(c.Mutation())
		if err := c.Exec(ctx); err != nil {
			return err
		}
		return tx.Audit(ctx, action, viewer.House, idOf(id), d.audit())
	}
	u := tx.NotificationSetting.UpdateOne(row).AddRevision(1)
	d.fill(u.Mutation())
	if err := u.Exec(ctx); err != nil {
		return err
	}
	return tx.Audit(ctx, action, viewer.House, idOf(row.ID), d.audit())
}

func (d *draft) fill(m *ent.NotificationSettingMutation) {
	m.SetActive(d.Active)
	either(d.required != nil, func() { m.SetRequired(*d.required) }, m.ClearRequired)
	either(d.commercial != nil, func() { m.SetCommercial(*d.commercial) }, m.ClearCommercial)
	either(d.channels != nil, func() { m.SetChannels(d.channels) }, m.ClearChannels)
	either(d.Throttle != nil, func() { m.SetThrottle(d.Throttle) }, m.ClearThrottle)
	either(d.Batch != nil, func() { m.SetBatch(d.Batch) }, m.ClearBatch)
	either(len(d.Escalation) > 0, func() { m.SetEscalation(d.Escalation) }, m.ClearEscalation)
	either(d.Expires > 0, func() { m.SetExpiresS(int(d.Expires / time.Second)) }, m.ClearExpiresS)
	if d.Own {
		m.SetNames(d.Names)
		either(len(d.Variables) > 0, func() { m.SetVariables(d.Variables) }, m.ClearVariables)
	}
}

func either(is bool, set, clear func()) {
	if is {
		set()
	} else {
		clear()
	}
}

func (d *draft) audit() map[string]any {
	return map[string]any{"type": d.Type, "changed": d.changed, "active": d.Active, "required": d.Required, "commercial": d.Commercial, "channels": d.Channels}
}
