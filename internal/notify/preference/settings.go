package preference

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	entnotification "kabinet/ent/generated/notification"
	"kabinet/ent/generated/notificationsetting"
	"kabinet/ent/schema"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// Setting is what counts for a type: what is compiled in, with what the House
// says over it; or a type of the House's own.
type Setting struct {
	Kind // as it counts

	Own        bool
	Active     bool              // false: none of the type is made or sent any more
	Names      map[string]string // of own ones: language -> name
	Throttle   *schema.NotificationThrottle
	Batch      *schema.NotificationBatch
	Escalation []schema.NotificationEscalation
	Expires    time.Duration // a message not sent by then is dropped; 0: never
	Revision   int64         // 0: the House has said nothing
	UpdatedAt  *time.Time

	id uuid.UUID
}

// Settings are what counts for all types. Safe for use by many at once.
type Settings struct {
	Store *store.Store
	held  atomic.Pointer[heldSettings]
}

// settingsLife is how long what the House says is believed: a change by another
// instance is seen this much later.
const settingsLife = 2 * time.Second

// mostOwn bounds the House's own types.
const mostOwn = 200

type heldSettings struct {
	at     time.Time
	byType map[string]Setting
	own    []string // types, by name
}

// Of is what counts for a type. It reads through client: Store.Client, or
// inside a transaction the transaction's. found is false for a type that is
// neither compiled in nor the House's.
func (s *Settings) Of(ctx context.Context, client *ent.Client, typ string) (_ Setting, found bool, err error) {
	h, err := s.all(ctx, client)
	if err != nil {
		return Setting{}, false, err
	}
	setting, found := h.byType[typ]
	return setting, found, nil
}

// All are the settings of all types: those compiled in topic by topic, then the
// House's own by name.
func (s *Settings) All(ctx context.Context, client *ent.Client) ([]Setting, error) {
	h, err := s.all(ctx, client)
	if err != nil {
		return nil, err
	}
	all := make([]Setting, 0, len(h.byType))
	for _, k := range catalogue {
		all = append(all, h.byType[k.Type])
	}
	for _, typ := range h.own {
		all = append(all, h.byType[typ])
	}
	return all, nil
}

// all is without a lock: a transaction that waited for another's load would
// hold its connection.
func (s *Settings) all(ctx context.Context, client *ent.Client) (*heldSettings, error) {
	now := s.Store.Now()
	if h := s.held.Load(); h != nil && now.Sub(h.at).Abs() < settingsLife {
		return h, nil
	}
	h, err := load(ctx, client, now)
	if err == nil {
		s.held.Store(h)
	}
	return h, err
}

// load reads what the House says. A row of a type that is compiled in by now and
// was the House's own before changes the one compiled in.
func load(ctx context.Context, client *ent.Client, now time.Time) (*heldSettings, error) {
	rows, err := client.NotificationSetting.Query().Order(notificationsetting.ByType()).Limit(mostOwn + len(catalogue)).All(viewer.AsSystem(ctx, "preference"))
	if err != nil {
		return nil, store.Translate(err)
	}
	h := &heldSettings{at: now, byType: make(map[string]Setting, len(catalogue)+len(rows))}
	for _, k := range catalogue {
		h.byType[k.Type] = Setting{Kind: k, Active: true}
	}
	for _, row := range rows {
		s, compiledIn := h.byType[row.Type]
		if !compiledIn {
			if !row.Own || row.Topic == nil {
				continue // compiled in once
			}
			h.own = append(h.own, row.Type)
		}
		h.byType[row.Type] = s.with(row)
	}
	return h, nil
}

// with is a setting with what the House says over it.
func (s Setting) with(row *ent.NotificationSetting) Setting {
	if s.Type == "" {
		s.Kind = Kind{Type: row.Type, Topic: entnotification.Topic(*row.Topic), Severity: info, Channels: feed, Sent: true, Variables: row.Variables}
		s.Own, s.Names = true, row.Names
	}
	s.Active, s.Revision, s.UpdatedAt, s.id = row.Active, row.Revision, &row.UpdatedAt, row.ID
	if row.Required != nil {
		s.Required = *row.Required
	}
	if row.Commercial != nil {
		s.Commercial = *row.Commercial
	}
	if row.Channels != nil {
		s.Channels = row.Channels
	}
	s.Throttle, s.Batch, s.Escalation = row.Throttle, row.Batch, row.Escalation
	if row.ExpiresS != nil {
		s.Expires = time.Duration(*row.ExpiresS) * time.Second
	}
	return s
}

// forget makes the next reader load anew.
func (s *Settings) forget() { s.held.Store(nil) }
