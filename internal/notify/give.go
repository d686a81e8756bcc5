package notify

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	entnotification "kabinet/ent/generated/notification"
	entuser "kabinet/ent/generated/user"
	"kabinet/ent/schema"
	"kabinet/internal/event"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// Given is a notification before it is made.
type Given struct {
	EventID     uuid.UUID // of the fact or the act it comes from
	UserID      uuid.UUID
	Type        string // such as order.shipped
	Topic       entnotification.Topic
	Severity    entnotification.Severity // INFO when empty
	Title, Body string                   // in the person's language
	// Say gives Title, Body and Params in their place, once the person's
	// language and time zone are known; may be nil.
	Say         func(lang, zone string) (title, body string, params map[string]any)
	URL         string                      // where it leads; empty: nowhere
	Actions     []schema.NotificationAction // what the person can choose, 3 at most
	GroupKey    string                      // what stands under one heading; empty: alone
	Params      map[string]any              // what the words are made of, as words in the person's language
	Data        map[string]any              // the facts, their ids as at the edge
	SubjectKind string                      // the TypeID prefix of what it is about; empty: of nothing
	SubjectID   uuid.UUID
	BroadcastID *uuid.UUID
	SenderID    *uuid.UUID // the member of staff who sent it
}

// Wish asks whether a person wants a type of notifications in the feed.
type Wish struct {
	UserID      uuid.UUID
	Type        string
	Topic       entnotification.Topic
	Preferences *schema.NotifyPreferences // nil: nothing was chosen
}

// Wording is what the House's own text of a notification is made of. Title and
// Body are those compiled in, or given.
type Wording struct {
	Type, Locale, TimeZone, Title, Body, URL string
	Name                                     string // of the person
	Params                                   map[string]any
}

// person is whom a notification is made for, his row locked.
type person struct {
	id    uuid.UUID
	name  string
	lang  string
	zone  string
	likes *schema.NotifyPreferences
}

// Give makes one notification: once for an event, a person and a type, whoever
// asks again. id is that of the one there is; nil for a person who is not
// there, such as one that was erased or a company, and for a type that was
// turned off. It locks the person, which comes last in the order of locks.
// Faults: the database's.
func (i *Inbox) Give(ctx context.Context, tx *store.Tx, g Given) (id uuid.UUID, made bool, err error) {
	ctx = viewer.AsSystem(ctx, "notify.give")
	p, err := lockPerson(ctx, tx, g.UserID)
	if err != nil || p == nil {
		return uuid.Nil, false, err
	}
	if g.Say != nil {
		g.Title, g.Body, g.Params = g.Say(p.lang, p.zone)
	}
	return i.put(ctx, tx, p, g)
}

// lockPerson holds the row of a person; nil where there is none. Ids of one
// feed must rise in the order in which its items appear, or "read all up to
// this one" would take one that nobody has seen. So the id is made under the
// person's lock, which the event tail takes anyway.
func lockPerson(ctx context.Context, tx *store.Tx, user uuid.UUID) (*person, error) {
	u, err := tx.User.Query().Where(entuser.ID(user), entuser.StatusNEQ(entuser.StatusERASED), tx.Locking()).
		Select(entuser.FieldDisplayName, entuser.FieldLocale, entuser.FieldTimeZone, entuser.FieldNotify).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return &person{id: user, name: u.DisplayName, lang: u.Locale, zone: u.TimeZone, likes: u.Notify}, nil
}

// put is Give for a person whose row is held. One whom the type is not wanted
// by has it archived from the start, not counted, and is told of it silently.
func (i *Inbox) put(ctx context.Context, tx *store.Tx, p *person, g Given) (id uuid.UUID, made bool, err error) {
	if off, err := i.off(ctx, tx, g.Type); err != nil || off {
		return uuid.Nil, false, err
	}
	r, err := i.row(ctx, tx, p, g)
	if err != nil {
		return uuid.Nil, false, err
	}
	rows, err := tx.Exec(ctx, insertRow+rowMarks+onceOnly, r.values...)
	if err != nil {
		return uuid.Nil, false, err
	}
	if rows == 0 {
		id, err = tx.Notification.Query().Where(entnotification.EventID(g.EventID), entnotification.UserID(p.id), entnotification.Type(g.Type)).OnlyID(ctx)
		return id, false, err
	}
	r.tell(tx)
	return r.id, true, nil
}

// off says whether none of a type is to be made.
func (i *Inbox) off(ctx context.Context, tx *store.Tx, typ string) (bool, error) {
	if i.Off == nil {
		return false, nil
	}
	return i.Off(ctx, tx, typ)
}

// row is a notification as it is written.
type row struct {
	id     uuid.UUID
	of     uuid.UUID
	fact   event.NotificationAdded
	values []any
}

const (
	insertRow = `INSERT INTO notifications (id, created_at, updated_at, user_id, event_id, topic, type, severity, title, body, data, params, actions,
		subject_kind, subject_id, url, group_key, archived_at, broadcast_id, sender_id) VALUES `
	rowMarks = `(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
	onceOnly = ` ON CONFLICT (event_id, user_id, type) DO NOTHING`
)

// row makes the row of a notification.
func (i *Inbox) row(ctx context.Context, tx *store.Tx, p *person, g Given) (r row, err error) {
	wanted := true
	if i.Wants != nil {
		if wanted, err = i.Wants(ctx, tx, Wish{UserID: p.id, Type: g.Type, Topic: g.Topic, Preferences: p.likes}); err != nil {
			return r, err
		}
	}
	if i.Words != nil {
		g.Title, g.Body = i.Words(ctx, tx, Wording{Type: g.Type, Locale: p.lang, TimeZone: p.zone, Name: p.name, Title: g.Title, Body: g.Body, URL: g.URL, Params: g.Params})
	}
	if g.Severity == "" {
		g.Severity = entnotification.SeverityINFO
	}
	var archived, subject any
	if !wanted {
		archived = tx.Now
	}
	if g.SubjectKind != "" {
		subject = g.SubjectID
	}
	texts := make([]any, 3)
	for n, v := range []any{g.Data, g.Params, g.Actions} {
		if texts[n], err = jsonOf(v); err != nil {
			return r, fmt.Errorf("notify: what %s holds: %w", g.Type, err)
		}
	}
	id := uuid.Must(uuid.NewV7())
	return row{
		id: id, of: p.id, fact: event.NotificationAdded{NotificationID: id, Topic: string(g.Topic), Type: g.Type, Silent: !wanted},
		values: []any{id, tx.Now, tx.Now, p.id, g.EventID, string(g.Topic), g.Type, string(g.Severity), g.Title, g.Body, texts[0], texts[1], texts[2],
			filled(g.SubjectKind), subject, filled(g.URL), filled(g.GroupKey), archived, g.BroadcastID, g.SenderID},
	}, nil
}

// tell tells the person, and counts it unless it is silent.
func (r row) tell(tx *store.Tx) {
	delta := int64(1)
	if r.fact.Silent {
		delta = 0
	}
	tx.TellUnread(r.fact, r.of, delta)
}

// filled is nil for an empty text.
func filled(text string) any {
	if text == "" {
		return nil
	}
	return text
}

// jsonOf is nil for what is empty.
func jsonOf(v any) (any, error) {
	switch v := v.(type) {
	case map[string]any:
		if v == nil {
			return nil, nil
		}
	case []schema.NotificationAction:
		if len(v) == 0 {
			return nil, nil
		}
	}
	text, err := json.Marshal(v)
	return string(text), err
}
