package template

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/company"
	"kabinet/ent/generated/notificationtemplate"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// place is what a template is for.
type place struct{ typ, channel, lang string }

// held is a template ready to be filled in. It never changes: a version does not.
type held struct {
	id    uuid.UUID // of the row; none of compiled ones
	title []part
	text  []part
	html  *markup // nil: made of the text
}

// prepare reads a template. The error is a *broken, or several joined with the
// field each is of.
func prepare(s source, layout bool) (*held, error) {
	h := &held{}
	var err error
	if h.title, err = parse(s.title); err != nil {
		return nil, inField(err, "title")
	}
	if h.text, err = parse(s.text); err != nil {
		return nil, inField(err, "text")
	}
	if s.html == "" {
		return h, nil
	}
	parts, err := parse(s.html)
	if err != nil {
		return nil, inField(err, "html")
	}
	if err := checkHTML(s.html, layout); err != nil {
		return nil, inField(err, "html")
	}
	if h.html, err = compile(parts); err != nil {
		return nil, inField(wrongPlace(err), "html")
	}
	return h, nil
}

// inField says of which field a template is broken.
func inField(err error, field string) error {
	var b *broken
	if errors.As(err, &b) {
		b.field = field
	}
	return err
}

// believed is how long what was read is believed: a change made by another
// instance is seen this much later.
const believed = 2 * time.Second

// force is what is in force. It is read without a lock: a transaction that
// waited for another's load would hold its connection.
type force struct {
	at       time.Time
	held     map[place]*held
	business string // what it is called; empty before anybody named it
}

// inForce reads through client, which inside a transaction is the
// transaction's: two statements every 2 seconds, and one more for what is new.
func (t *Templates) inForce(ctx context.Context, client *ent.Client) (*force, error) {
	now, was := t.Store.Now(), t.cached.Load()
	if was != nil && now.Sub(was.at).Abs() < believed {
		return was, nil
	}
	ctx = viewer.AsSystem(ctx, "notify.template")
	rows, err := client.NotificationTemplate.Query().Where(notificationtemplate.RetiredAtIsNil()).
		Select(notificationtemplate.FieldID, notificationtemplate.FieldType, notificationtemplate.FieldChannel, notificationtemplate.FieldLocale).All(ctx)
	if err != nil {
		return nil, store.Translate(err)
	}
	known := map[uuid.UUID]*held{}
	if was != nil {
		for _, h := range was.held {
			known[h.id] = h
		}
	}
	f := &force{at: now, held: make(map[place]*held, len(rows))}
	var fresh []uuid.UUID
	for _, row := range rows {
		if h := known[row.ID]; h != nil {
			f.held[place{row.Type, string(row.Channel), row.Locale}] = h
		} else {
			fresh = append(fresh, row.ID)
		}
	}
	if err := t.readNew(ctx, client, fresh, f.held); err != nil {
		return nil, store.Translate(err)
	}
	names, err := client.Company.Query().Where(company.ID(viewer.House)).Select(company.FieldName).Strings(ctx)
	if err != nil {
		return nil, store.Translate(err)
	}
	if len(names) == 1 && names[0] != "House" { // as it is made
		f.business = names[0]
	}
	t.cached.Store(f)
	return f, nil
}

// forget makes the next reader load anew.
func (t *Templates) forget() { t.cached.Store(nil) }

func (t *Templates) readNew(ctx context.Context, client *ent.Client, ids []uuid.UUID, into map[place]*held) error {
	if len(ids) == 0 {
		return nil
	}
	rows, err := client.NotificationTemplate.Query().Where(notificationtemplate.IDIn(ids...)).All(ctx)
	if err != nil {
		return err
	}
	for _, row := range rows {
		h, err := prepare(sourceOf(row), row.Type == LayoutType)
		if err != nil { // saved when more was allowed
			t.tell(ctx, row.ID.String(), "template cannot be read", "template", row.GlobalID().String(), "error", err.Error())
			continue
		}
		h.id = row.ID
		into[place{row.Type, string(row.Channel), row.Locale}] = h
	}
	return nil
}
