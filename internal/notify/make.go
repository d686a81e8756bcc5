package notify

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	entnotification "kabinet/ent/generated/notification"
	entuser "kabinet/ent/generated/user"
	"kabinet/internal/event"
	"kabinet/internal/locale"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// note is a notification before it is made.
type note struct {
	topic    entnotification.Topic
	typ      string // such as order.shipped
	severity entnotification.Severity
	text     string         // of locale's notify.<text>.title and .body; typ when empty
	id       string         // of texts that are not the feed's own: <id>.title and .body
	params   map[string]any // of the text: money and moments become words in the person's language
}

// money is an amount in a text; its currency's minor units.
type money struct {
	minor    int64
	currency string
}

// worded is a value in a text that depends on who reads it.
type worded interface {
	words(lang, zone string) string
}

// giveOwn is give for the person on whose own stream the fact stands.
func (i *Inbox) giveOwn(ctx context.Context, tx *store.Tx, e event.Stored, n note) error {
	return i.give(ctx, tx, e, e.StreamID, n)
}

// give makes one notification of a fact for a person: once per fact, person
// and type, whoever hears it again. A person who is not there, such as one
// that was erased or a company, gets none.
func (i *Inbox) give(ctx context.Context, tx *store.Tx, e event.Stored, user uuid.UUID, n note) error {
	ctx = viewer.AsSystem(ctx, "notify.hear")
	// Ids of one feed must rise in the order in which its items appear, or
	// "read all up to this one" would take one that nobody has seen. So the
	// id is made under the person's lock, which the event tail takes anyway.
	u, err := tx.User.Query().Where(entuser.ID(user), entuser.StatusNEQ(entuser.StatusERASED), tx.Locking()).
		Select(entuser.FieldLocale, entuser.FieldTimeZone).Only(ctx)
	if ent.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return err
	}
	data, err := edgePayload(e.Payload, user)
	if err != nil {
		return err
	}
	for _, private := range []string{"ownerId", "userId", "names"} {
		delete(data, private)
	}
	title, body := n.words(u.Locale, u.TimeZone, e)
	id := uuid.Must(uuid.NewV7())
	text, err := json.Marshal(data)
	if err != nil {
		return fmt.Errorf("notify: data of %s: %w", e.Kind, err)
	}
	made, err := tx.Exec(ctx, `INSERT INTO notifications (id, created_at, updated_at, user_id, event_id, topic, type, severity, title, body, data, subject_kind, subject_id)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (event_id, user_id, type) DO NOTHING`, id, tx.Now, tx.Now, user, e.EventID,
		string(n.topic), n.typ, string(n.severity), title, body, string(text), e.SubjectKind, e.SubjectID)
	if err != nil || made == 0 {
		return err
	}
	tx.TellUnread(event.NotificationAdded{NotificationID: id, Topic: string(n.topic), Type: n.typ}, user, +1)
	return nil
}

// giveAll is give for several, locked by ascending id as every transaction does.
func (i *Inbox) giveAll(ctx context.Context, tx *store.Tx, e event.Stored, users []uuid.UUID, n note) error {
	slices.SortFunc(users, func(a, b uuid.UUID) int { return slices.Compare(a[:], b[:]) })
	for _, user := range slices.Compact(users) {
		if err := i.give(ctx, tx, e, user, n); err != nil {
			return err
		}
	}
	return nil
}

// words renders title and body in a language, with moments in a time zone.
func (n note) words(lang, zone string, e event.Stored) (title, body string) {
	params := map[string]any{"date": locale.DateTime(lang, e.CreatedAt, zone)}
	for k, v := range n.params {
		switch w := v.(type) {
		case money:
			v = locale.Money(lang, w.minor, w.currency)
		case worded:
			v = w.words(lang, zone)
		}
		params[k] = v
	}
	text := n.text
	if text == "" {
		text = n.typ
	}
	id := "notify." + text
	if n.id != "" {
		id = n.id
	}
	return locale.Text(lang, id+".title", params), locale.Text(lang, id+".body", params)
}
