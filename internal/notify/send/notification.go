package send

import (
	"context"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	entnotification "kabinet/ent/generated/notification"
	entuser "kabinet/ent/generated/user"
	"kabinet/ent/schema"
	"kabinet/internal/fault"
	"kabinet/internal/locale"
	"kabinet/internal/notify"
	"kabinet/internal/notify/preference"
	"kabinet/internal/notify/template"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// outgoing is a notification as staff asks for it, checked.
type outgoing struct {
	setting  preference.Setting
	severity entnotification.Severity
	texts    map[string]map[string]string
	params   map[string]any
	url      string
	group    string
	actions  []schema.NotificationAction
	subject  *scalar.ID
}

// kept is what is kept of a call under its idempotency key.
type kept struct {
	EventID uuid.UUID `json:"eventId"`
	Rows    []keptRow `json:"rows"`
}

type keptRow struct {
	User         *uuid.UUID `json:"user,omitempty"`
	Notification *uuid.UUID `json:"notification,omitempty"`
	Refused      string     `json:"refused,omitempty"` // NOT_FOUND or USER_NOT_ACTIVE
	Status       string     `json:"status,omitempty"`  // of an account that is not in use
	External     bool       `json:"external,omitempty"`
	At           int        `json:"at"`
}

// Send sends a notification to customers. Staff only; it is put on record.
//
// Faults of the whole: REQUIRED, TOO_LONG, TOO_MANY_ITEMS, INVALID_ID,
// INVALID_VALUE, DUPLICATE_KEY, TEMPLATE_INVALID, UNKNOWN_VARIABLE,
// NOTIFICATION_TYPE_REFUSED, those of store.Tx.Once; UNAUTHENTICATED, FORBIDDEN.
// Of one customer, in its Err: NOT_FOUND, USER_NOT_ACTIVE.
func (s *Sending) Send(ctx context.Context, in SendNotificationInput) (Sent, error) {
	if err := may(ctx, "write"); err != nil {
		return Sent{}, err
	}
	o, err := outgoingOf(in)
	if err != nil {
		return Sent{}, err
	}
	dry, k, replayed := in.DryRun != nil && *in.DryRun, kept{}, false
	bare := in
	bare.IdempotencyKey, bare.DryRun = "", nil
	err = s.Store.InDryTx(ctx, dry, func(ctx context.Context, tx *store.Tx) (err error) {
		k = kept{}
		replayed, err = tx.Once(ctx, "sendNotification", in.IdempotencyKey, bare, &k, func() (err error) {
			// Inside of it: the type may be another by the time of a repeat.
			if err = s.say(ctx, tx, in, &o); err != nil {
				return err
			}
			k, err = s.sendTo(ctx, tx, in, o)
			return err
		})
		return err
	})
	if err != nil {
		return Sent{}, err
	}
	return k.sent(dry, replayed), nil
}

// sendTo makes the notifications.
func (s *Sending) sendTo(ctx context.Context, tx *store.Tx, in SendNotificationInput, o outgoing) (k kept, err error) {
	k.EventID = uuid.Must(uuid.NewV7())
	people, err := s.people(ctx, tx, in, &k)
	if err != nil {
		return k, err
	}
	sender := viewer.From(ctx).UserID
	var all []notify.Given
	for id, p := range people {
		g := notify.Given{EventID: k.EventID, UserID: id, Type: o.setting.Type, Topic: o.setting.Topic, Severity: o.severity, URL: o.url,
			Actions: o.actions, GroupKey: o.group, Params: o.params, SenderID: &sender}
		if o.subject != nil {
			g.SubjectKind, g.SubjectID = o.subject.Prefix, o.subject.UUID
		}
		if g.Title, g.Body, err = o.words(p); err != nil {
			return k, fault.ErrRequired.At("input", "texts").Because(err)
		}
		all = append(all, g)
	}
	if _, err := s.Inbox.GiveMany(ctx, tx, all); err != nil {
		return k, err
	}
	rows, err := tx.Notification.Query().Where(entnotification.EventID(k.EventID)).Select(entnotification.FieldID, entnotification.FieldUserID).All(asSystem(ctx))
	if err != nil {
		return k, err
	}
	made := map[uuid.UUID]uuid.UUID{}
	for _, row := range rows {
		made[row.UserID] = row.ID
	}
	for i, r := range k.Rows {
		if r.User == nil || r.Refused != "" {
			continue
		}
		if id, there := made[*r.User]; there {
			k.Rows[i].Notification = &id
		} else {
			k.Rows[i].Refused = fault.ErrNotFound.Code // went at this moment
		}
	}
	return k, tx.Audit(ctx, "messaging.send", viewer.House, idOf("usr", sender), map[string]any{"type": o.setting.Type, "customers": len(made), "event": k.EventID.String()})
}

// people finds whom an input names, in two statements, and notes a row for each.
func (s *Sending) people(ctx context.Context, tx *store.Tx, in SendNotificationInput, k *kept) (map[uuid.UUID]*ent.User, error) {
	ids := make([]uuid.UUID, len(in.CustomerIds))
	for i, id := range in.CustomerIds {
		ids[i] = id.UUID
	}
	sources, keys := []string{}, []string{}
	for _, e := range in.Externals {
		sources, keys = append(sources, e.Source), append(keys, e.ID)
	}
	rows, err := tx.User.Query().Where(entuser.StatusNEQ(entuser.StatusERASED), entuser.Or(entuser.IDIn(ids...),
		entuser.And(entuser.SourceIn(sources...), entuser.ExternalIDIn(keys...)))).
		Select(entuser.FieldID, entuser.FieldStatus, entuser.FieldDisplayName, entuser.FieldLocale, entuser.FieldTimeZone, entuser.FieldSource, entuser.FieldExternalID).
		All(asSystem(ctx))
	if err != nil {
		return nil, err
	}
	byID, byKey := map[uuid.UUID]*ent.User{}, map[scalar.ExternalKey]*ent.User{}
	for _, u := range rows {
		byID[u.ID] = u
		if u.Source != nil && u.ExternalID != nil {
			byKey[scalar.ExternalKey{Source: *u.Source, ID: *u.ExternalID}] = u
		}
	}
	people := map[uuid.UUID]*ent.User{}
	note := func(u *ent.User, r keptRow) {
		if u == nil {
			r.Refused = fault.ErrNotFound.Code
		} else if r.User = &u.ID; u.Status != entuser.StatusACTIVE {
			r.Refused, r.Status = ErrUserNotActive.Code, string(u.Status)
		} else {
			people[u.ID] = u
		}
		k.Rows = append(k.Rows, r)
	}
	for i, id := range ids {
		note(byID[id], keptRow{At: i})
	}
	for i, e := range in.Externals {
		note(byKey[*e], keptRow{At: i, External: true})
	}
	return people, nil
}

// sent is what a call gives: the same whenever it is asked.
func (k kept) sent(dry, replayed bool) Sent {
	n := 0
	s := Sent{Results: make([]SentTo, len(k.Rows)), Sent: &n, Replayed: &replayed}
	told := map[uuid.UUID]bool{}
	for i, r := range k.Rows {
		o := &s.Results[i]
		if r.User != nil {
			id := idOf("usr", *r.User)
			o.CustomerID = &id
		}
		field := "customerIds"
		if r.External {
			field = "externals"
		}
		switch r.Refused {
		case "":
			if !told[*r.User] { // one may be named twice
				n++
			}
			told[*r.User] = true
		case ErrUserNotActive.Code:
			o.Err = ErrUserNotActive.At(below([]string{"input", field}, r.At)...).With("status", r.Status)
		default:
			o.Err = fault.ErrNotFound.At(below([]string{"input", field}, r.At)...)
		}
		if r.Notification != nil && !dry {
			id := idOf("ntf", *r.Notification)
			o.NotificationID = &id
		}
	}
	return s
}

// say checks what hangs on the type of an input.
func (s *Sending) say(ctx context.Context, tx *store.Tx, in SendNotificationInput, o *outgoing) (err error) {
	if o.setting, err = s.sendable(ctx, tx, in.Type, "input", "type"); err != nil {
		return err
	}
	if o.severity = o.setting.Severity; in.Severity != nil {
		o.severity = *in.Severity
	}
	if o.params, err = readParams(in.Params, o.setting.Variables); err != nil {
		return err
	}
	known := append([]string{"customer.name"}, o.setting.Variables...)
	o.texts, err = readWords(in.Texts, known, "input", "texts")
	return err
}

// outgoingOf checks what of an input needs no table.
func outgoingOf(in SendNotificationInput) (o outgoing, err error) {
	if err := checkPeople(in); err != nil {
		return o, err
	}
	if in.URL != nil && *in.URL != "" {
		if o.url = *in.URL; !notify.Leads(o.url) || len(o.url) > longestURL {
			return o, fault.ErrInvalidValue.At("input", "url")
		}
	}
	if in.GroupKey != nil && *in.GroupKey != "" {
		if o.group, err = line(*in.GroupKey, longestGroup, "input", "groupKey"); err != nil {
			return o, err
		}
	}
	o.subject = in.SubjectID
	if o.subject != nil && (o.subject.Prefix == "" || o.subject.UUID == uuid.Nil) {
		return o, fault.ErrInvalidID.At("input", "subjectId")
	}
	o.actions, err = notify.ReadActions(in.Actions, "input", "actions")
	return o, err
}

func checkPeople(in SendNotificationInput) error {
	switch n := len(in.CustomerIds) + len(in.Externals); {
	case n == 0:
		return fault.ErrRequired.At("input", "customerIds")
	case n > mostCustomers:
		return ErrTooManyItems.At("input", "customerIds").With("limit", mostCustomers)
	}
	for i, id := range in.CustomerIds {
		if _, err := id.As("usr"); err != nil {
			return fault.ErrInvalidID.At("input", "customerIds", below(nil, i)[0])
		}
	}
	return nil
}

// readParams checks values of variables. Faults: TOO_LONG, INVALID_VALUE,
// UNKNOWN_VARIABLE.
func readParams(in map[string]any, known []string) (map[string]any, error) {
	if len(in) > mostParams {
		return nil, fault.ErrTooLong.At("input", "params").With("limit", mostParams)
	}
	for name, v := range in {
		if !slices.Contains(known, name) {
			return nil, template.ErrUnknownVariable.At("input", "params").With("variable", clip(name)).With("known", strings.Join(known, ", ")).With("line", 1).With("column", 1)
		}
		switch v := v.(type) {
		case string:
			if utf8.RuneCountInString(v) > longestValue {
				return nil, fault.ErrTooLong.At("input", "params", name).With("limit", longestValue)
			}
		case map[string]any, []any, nil:
			return nil, fault.ErrInvalidValue.At("input", "params", name)
		}
	}
	return in, nil
}

// words are the texts for a person.
func (o outgoing) words(p *ent.User) (title, body string, err error) {
	lang := locale.Match(p.Locale)
	if o.texts[lang] == nil {
		lang = locale.Default
	}
	values := map[string]any{"customer.name": p.DisplayName}
	for name, v := range o.params {
		values[name] = v
	}
	return bothOf(o.texts[lang], lang, p.TimeZone, values)
}
