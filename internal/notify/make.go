package notify

import (
	"context"
	"slices"

	"github.com/google/uuid"

	entnotification "kabinet/ent/generated/notification"
	"kabinet/internal/event"
	"kabinet/internal/locale"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// note is a notification that a hearer makes of a fact.
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

// gathered are the kinds of things whose notifications stand under one heading.
var gathered = map[string]bool{"order": true, "tkt": true, "ret": true, "bill": true, "rdm": true, "cmp": true}

// giveOwn is give for the person on whose own stream the fact stands.
func (i *Inbox) giveOwn(ctx context.Context, tx *store.Tx, e event.Stored, n note) error {
	return i.give(ctx, tx, e, e.StreamID, n)
}

// give makes one notification of a fact for a person: once per fact, person
// and type, whoever hears it again. A person who is not there, such as one
// that was erased or a company, gets none.
func (i *Inbox) give(ctx context.Context, tx *store.Tx, e event.Stored, user uuid.UUID, n note) error {
	ctx = viewer.AsSystem(ctx, "notify.hear")
	p, err := lockPerson(ctx, tx, user)
	if err != nil || p == nil {
		return err
	}
	data, err := edgePayload(e.Payload, user)
	if err != nil {
		return err
	}
	for _, private := range []string{"ownerId", "userId", "names"} {
		delete(data, private)
	}
	g := Given{EventID: e.EventID, UserID: user, Type: n.typ, Topic: n.topic, Severity: n.severity, Data: data, SubjectKind: e.SubjectKind, SubjectID: e.SubjectID}
	if gathered[e.SubjectKind] {
		g.GroupKey = scalar.ID{Prefix: e.SubjectKind, UUID: e.SubjectID}.String()
	}
	g.Title, g.Body, g.Params = n.words(p.lang, p.zone, e)
	_, _, err = i.put(ctx, tx, p, g)
	return err
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

// words renders title and body in a language, with moments in a time zone, and
// gives what they were made of.
func (n note) words(lang, zone string, e event.Stored) (title, body string, params map[string]any) {
	params = map[string]any{"date": locale.DateTime(lang, e.CreatedAt, zone)}
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
	return locale.Text(lang, id+".title", params), locale.Text(lang, id+".body", params), params
}
