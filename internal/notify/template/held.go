package template

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"

	"kabinet/ent/generated/company"
	"kabinet/ent/generated/notificationtemplate"
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

// keepFor is how long an instance uses what it has read.
const keepFor = 2 * time.Second

// inForce are the templates in force and the name of the business, read at most
// every 2 seconds: two statements, and one more for what is new.
func (t *Templates) inForce(ctx context.Context) (map[place]*held, string, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.Store.Now()
	if t.force != nil && now.Sub(t.read) < keepFor && !now.Before(t.read) {
		return t.force, t.called, nil
	}
	ctx = viewer.AsSystem(ctx, "notify.template")
	rows, err := t.Store.Client.NotificationTemplate.Query().Where(notificationtemplate.RetiredAtIsNil()).
		Select(notificationtemplate.FieldID, notificationtemplate.FieldType, notificationtemplate.FieldChannel, notificationtemplate.FieldLocale).All(ctx)
	if err != nil {
		return nil, "", err
	}
	was := map[uuid.UUID]*held{}
	for _, h := range t.force {
		was[h.id] = h
	}
	force := make(map[place]*held, len(rows))
	var fresh []uuid.UUID
	for _, row := range rows {
		if h := was[row.ID]; h != nil {
			force[place{row.Type, string(row.Channel), row.Locale}] = h
		} else {
			fresh = append(fresh, row.ID)
		}
	}
	if err := t.readNew(ctx, fresh, force); err != nil {
		return nil, "", err
	}
	name, err := t.Store.Client.Company.Query().Where(company.ID(viewer.House)).Select(company.FieldName).String(ctx)
	if err != nil {
		return nil, "", err
	}
	if name == "House" { // as it is made, before anybody names it
		name = ""
	}
	t.force, t.called, t.read = force, name, now
	return force, name, nil
}

func (t *Templates) readNew(ctx context.Context, ids []uuid.UUID, into map[place]*held) error {
	if len(ids) == 0 {
		return nil
	}
	rows, err := t.Store.Client.NotificationTemplate.Query().Where(notificationtemplate.IDIn(ids...)).All(ctx)
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
