package broadcast

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	entnotification "kabinet/ent/generated/notification"
	"kabinet/ent/generated/predicate"
	"kabinet/ent/schema"
	"kabinet/internal/fault"
	"kabinet/internal/notify/preference"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// Chosen is a choice of customers: a segment or a filter, one of the two.
type Chosen struct {
	SegmentID *scalar.ID
	Filter    *SegmentFilter
}

// Size counts a choice, and whom each channel reaches with a type. Faults:
// INVALID_REQUEST, INVALID_ID, NOT_FOUND, those of a filter, INVALID_VALUE of a
// type that nobody sends; UNAUTHENTICATED, FORBIDDEN, also where it names people
// and the caller's role shows him none.
func (b *Broadcasts) Size(ctx context.Context, c Chosen, typ *string) (*SegmentSize, error) {
	if err := needStaff(ctx, "read"); err != nil {
		return nil, err
	}
	f, err := b.chosen(ctx, c)
	if err != nil {
		return nil, err
	}
	if v := viewer.From(ctx); named(f) && v.Reach("user", "read") != viewer.ReachAll {
		return nil, fault.ErrForbidden
	}
	w, err := compile(b.Store.Dialect(), f, b.Store.Now())
	if err != nil {
		return nil, err
	}
	if typ == nil {
		n, err := count(ctx, b.Store, w)
		return &SegmentSize{Total: n, Channels: []*SegmentReach{}}, err
	}
	s, err := b.sent(ctx, b.Store.Client, *typ)
	if err != nil {
		return nil, err
	}
	return b.reach(ctx, w, s)
}

// named says whether a filter, or one that it leaves out, names people: of them
// a number of 0 or 1 says all that may be asked.
func named(f schema.SegmentFilter) bool {
	return len(f.UserIDs) > 0 || slices.ContainsFunc(f.NotIn, named)
}

// chosen is the filter of a choice, with those of the segments it leaves out.
func (b *Broadcasts) chosen(ctx context.Context, c Chosen) (f schema.SegmentFilter, err error) {
	switch {
	case (c.SegmentID == nil) == (c.Filter == nil):
		return f, fault.ErrInvalidRequest.With("reason", "segmentId or filter, one of them")
	case c.Filter != nil:
		if f, err = c.Filter.read(); err != nil {
			return f, under(err, "filter")
		}
		f, err = resolve(ctx, b.Store.Client, f, uuid.Nil)
		return f, under(err, "filter")
	}
	key, err := keyOf(*c.SegmentID, segmentPrefix, "segmentId")
	if err != nil {
		return f, err
	}
	s, err := b.Store.Client.Segment.Get(ctx, key)
	if err != nil {
		return f, store.Translate(err)
	}
	return resolve(ctx, b.Store.Client, s.Filter, s.ID)
}

// reader is the store, or a transaction of it.
type reader interface {
	Query(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// count is how many people there are, exactly.
func count(ctx context.Context, r reader, w *where) (n int, err error) {
	rows, err := r.Query(ctx, `SELECT count(*) FROM users WHERE `+w.text(), w.args...)
	if err != nil {
		return 0, store.Translate(err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := rows.Scan(&n); err != nil {
			return 0, store.Translate(err)
		}
	}
	return n, store.Translate(rows.Err())
}

// alike are people of whom all that decides is the same.
type alike struct {
	notify  []byte // what they chose, JSON
	address [7]bool
	agreed  map[string]bool // by purpose
	n       int
}

// Where people are reached, channel by channel as preference.Channels has them,
// and what they agreed to. An address of mail is the first proven one, the
// primary before others, and of no use where letters to it come back.
const (
	point = `coalesce((SELECT c.bounced_at IS NULL FROM contact_points c WHERE c.user_id = users.id AND c.verified_at IS NOT NULL AND c.kind = '%s' ORDER BY c.is_primary DESC, c.id LIMIT 1), FALSE)`
	push  = `EXISTS (SELECT 1 FROM push_endpoints p JOIN sessions s ON s.id = p.session_id WHERE p.user_id = users.id AND s.user_id = users.id AND p.kind = '%s' AND p.status = 'ACTIVE' AND `
	chat  = `EXISTS (SELECT 1 FROM messenger_links l WHERE l.user_id = users.id AND l.messenger = 'TELEGRAM' AND l.status = 'ACTIVE')`
	agree = `EXISTS (SELECT 1 FROM consent_documents d JOIN consents c ON c.document_id = d.key_id AND c.user_id = users.id AND c.decision = 'GIVEN' WHERE d.purpose = '%s' AND d.retired_at IS NULL
		AND NOT EXISTS (SELECT 1 FROM consents n WHERE n.user_id = users.id AND n.document_id = d.key_id AND n.id > c.id))`
)

// columns are what decides over a person: the feed is everybody's, and WhatsApp
// goes to the number.
func (b *Broadcasts) columns(at time.Time) (text string, args []any) {
	going, args := `s.revoked_at IS NULL AND s.expires_at > ?`, []any{at}
	if b.Going != nil {
		going, args = b.Going(at)
	}
	return `users.notify, ` + fmt.Sprintf(point, "EMAIL") + `, ` + fmt.Sprintf(point, "PHONE") + `, ` + chat + `, ` + fmt.Sprintf(push, "WEB") + going + `), ` +
		fmt.Sprintf(push, "MOBILE") + going + `), ` + fmt.Sprintf(agree, "EMAIL_MARKETING") + `, ` + fmt.Sprintf(agree, "SMS_MARKETING"), append(slices.Clone(args), args...)
}

// reach is one statement over people who are alike: most chose nothing.
func (b *Broadcasts) reach(ctx context.Context, w *where, s preference.Setting) (*SegmentSize, error) {
	columns, args := b.columns(w.at)
	rows, err := b.Store.Query(ctx, `SELECT `+columns+`, count(*) FROM users WHERE `+w.text()+` GROUP BY 1, 2, 3, 4, 5, 6, 7, 8`, append(args, w.args...)...)
	if err != nil {
		return nil, store.Translate(err)
	}
	defer rows.Close()
	size := &SegmentSize{}
	for _, c := range preference.Channels() {
		size.Channels = append(size.Channels, &SegmentReach{Channel: Channel(c)})
	}
	for rows.Next() {
		a := alike{agreed: map[string]bool{"": false}}
		var mail, texts bool
		if err := rows.Scan(&a.notify, &a.address[1], &a.address[2], &a.address[3], &a.address[5], &a.address[6], &mail, &texts, &a.n); err != nil {
			return nil, store.Translate(err)
		}
		a.address[0], a.address[4] = true, a.address[2]
		a.agreed["EMAIL_MARKETING"], a.agreed["SMS_MARKETING"] = mail, texts
		if err := size.add(a, s); err != nil {
			return nil, err
		}
	}
	return size, store.Translate(rows.Err())
}

// add counts people who are alike, by the rule that decides of each of them.
func (size *SegmentSize) add(a alike, s preference.Setting) error {
	var p *schema.NotifyPreferences
	if len(a.notify) > 0 {
		if err := json.Unmarshal(a.notify, &p); err != nil {
			return fmt.Errorf("broadcast: read what somebody wants: %w", err)
		}
	}
	size.Total += a.n
	for i, r := range size.Channels {
		channel := string(r.Channel)
		d := preference.Decide(p, s, channel, a.agreed[preference.ConsentPurpose(channel)])
		switch {
		case d.Source == preference.SourceNoConsent:
			r.NoConsent += a.n
		case !d.Wanted:
			r.NotWanted += a.n
		case !a.address[i]:
			r.NoAddress += a.n
		default:
			r.Reached += a.n
		}
	}
	return nil
}

// Customers is a page of those of a choice, the oldest account first. Faults:
// as Size has, without those of a type.
func (b *Broadcasts) Customers(ctx context.Context, c Chosen, p Page) (*ent.UserConnection, error) {
	if err := needStaff(ctx, "read"); err != nil {
		return nil, err
	}
	if v := viewer.From(ctx); v.Reach("user", "read") != viewer.ReachAll {
		return nil, fault.ErrForbidden
	}
	f, err := b.chosen(ctx, c)
	if err != nil {
		return nil, err
	}
	w, err := compile(b.Store.Dialect(), f, b.Store.Now())
	if err != nil {
		return nil, err
	}
	all, err := b.Store.Client.User.Query().Where(predicate.User(w.predicate)).Paginate(ctx, p.After, p.First, p.Before, p.Last, ent.WithUserOrder(ent.DefaultUserOrder))
	return all, store.Translate(err)
}

// sent is a type that broadcasts may be of: compiled in for it, or the House's own.
func (b *Broadcasts) sent(ctx context.Context, client *ent.Client, typ string) (preference.Setting, error) {
	s, found, err := b.Settings.Of(ctx, client, typ)
	switch {
	case err != nil:
		return s, err
	case !found, !s.Own && (!s.Sent || s.Topic == entnotification.TopicREMINDER):
		return s, fault.ErrInvalidValue.At("type").With("value", typ)
	}
	return s, nil
}
