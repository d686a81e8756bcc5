package send

import (
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/riverqueue/river"

	ent "kabinet/ent/generated"
	entnotification "kabinet/ent/generated/notification"
	"kabinet/ent/generated/notificationrule"
	"kabinet/internal/audience"
	"kabinet/internal/event"
	"kabinet/internal/fault"
	"kabinet/internal/job"
	"kabinet/internal/locale"
	"kabinet/internal/notify"
	"kabinet/internal/notify/template"
	"kabinet/internal/store"
)

var (
	errNoKind    = errors.New("no such facts are told any more")
	errNoTitle   = errors.New("the headline is empty with these values")
	errForgotten = errors.New("the fact is not kept for as long as the rule waits")
	errLink      = errors.New("the address is none that a notification may lead to")
)

// rulesLife is how long rules are believed: a change made by another instance
// is heard this much later.
const rulesLife = 2 * time.Second

// ruleCache holds the rules in force. It is read without a lock: a transaction
// that waited for another's load would hold its connection.
type ruleCache struct {
	held atomic.Pointer[heldRules]
}

type heldRules struct {
	at     time.Time
	byKind map[string][]*ready
	byKey  map[uuid.UUID]*ready
}

func (c *ruleCache) forget() { c.held.Store(nil) }

// rows reads through client: one statement every 2 seconds.
func (c *ruleCache) rows(ctx context.Context, client *ent.Client, now time.Time) (*heldRules, error) {
	if h := c.held.Load(); h != nil && now.Sub(h.at).Abs() < rulesLife {
		return h, nil
	}
	rows, err := client.NotificationRule.Query().Where(notificationrule.RetiredAtIsNil(), notificationrule.Active(true)).
		Order(notificationrule.ByID()).Limit(mostRules).All(asSystem(ctx))
	if err != nil {
		return nil, err
	}
	h := &heldRules{at: now, byKind: map[string][]*ready{}, byKey: map[uuid.UUID]*ready{}}
	for _, row := range rows {
		r := readied(row)
		h.byKind[row.Event] = append(h.byKind[row.Event], r)
		h.byKey[row.KeyID] = r
	}
	c.held.Store(h)
	return h, nil
}

// Hearers hear every fact that rules may name. They lock people: name them
// after those that lock anything else. Of a ticket several are told.
func (s *Sending) Hearers() []store.Hearer {
	var one, several []string
	for _, k := range kinds() {
		if k.shared {
			several = append(several, k.kind)
		} else {
			one = append(one, k.kind)
		}
	}
	return []store.Hearer{{Name: "notify.send", Kinds: one, Own: true, On: s.hear}, {Name: "notify.send.ticket", Kinds: several, On: s.hear}}
}

// hear asks the rules of a fact. What fails is the rule's: it is counted there
// and nobody else waits for it.
func (s *Sending) hear(ctx context.Context, tx *store.Tx, e event.Stored) error {
	rules, err := s.rules.rows(ctx, tx.Client, tx.Now)
	if err != nil {
		return err
	}
	for _, r := range rules.byKind[e.Kind] {
		if r.DelayS > 0 {
			err = job.Enqueue(ctx, tx, later{Rule: r.KeyID, Stream: e.StreamID, Seq: e.Seq}, &river.InsertOpts{ScheduledAt: time.Now().Add(r.rest(e, tx.Now))})
		} else {
			err = s.apply(ctx, tx, r, e)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// rest is how long a rule waits still, counted from the fact: it may have been
// heard late.
func (r *ready) rest(e event.Stored, now time.Time) time.Duration {
	return max(0, e.CreatedAt.Add(time.Duration(r.DelayS)*time.Second).Sub(now))
}

// later asks a rule some time after the fact. It holds ids alone: the fact is
// read anew, and the rule as it is then.
type later struct {
	Rule   uuid.UUID `json:"rule"`
	Stream uuid.UUID `json:"stream"`
	Seq    int64     `json:"seq"`
}

// Kind implements river.JobArgs.
func (later) Kind() string { return "notification_rule" }

// Work registers the jobs of this room.
func (s *Sending) Work(workers *river.Workers) { job.Handle(workers, s.later) }

// later does nothing where the rule or the fact is gone by then, and waits on
// where its time has not come: the rule may say more now.
func (s *Sending) later(ctx context.Context, j *river.Job[later]) error {
	rest := time.Duration(0)
	err := s.Store.InTx(asSystem(ctx), func(ctx context.Context, tx *store.Tx) (err error) {
		if rest, err = s.ask(ctx, tx, j.Args); err != nil || rest > 0 {
			return err
		}
		return job.Complete(ctx, tx, j)
	})
	if err == nil && rest > 0 {
		return river.JobSnooze(rest)
	}
	return err
}

// ask asks a rule about a fact, or says how long it waits still.
func (s *Sending) ask(ctx context.Context, tx *store.Tx, l later) (rest time.Duration, err error) {
	rules, err := s.rules.rows(ctx, tx.Client, tx.Now)
	if err != nil {
		return 0, err
	}
	r := rules.byKey[l.Rule]
	if r == nil {
		return 0, nil
	}
	e, found, err := factAt(ctx, tx, l.Stream, l.Seq)
	if err == nil && !found { // the stream keeps them for less than the rule waits
		err = s.failed(ctx, tx, r, event.Stored{Kind: r.Event}, errForgotten)
	}
	if err != nil || !found || e.Kind != r.Event {
		return 0, err
	}
	if rest = r.rest(e, tx.Now); rest > 0 {
		return rest, nil
	}
	return 0, s.apply(ctx, tx, r, e)
}

// reader reads rows: a transaction, or the store outside of one.
type reader interface {
	Query(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

const factColumns = `SELECT stream_id, seq, event_id, kind, subject_kind, subject_id, visibility, payload, created_at FROM account_events `

func factAt(ctx context.Context, r reader, stream uuid.UUID, seq int64) (event.Stored, bool, error) {
	return oneFact(ctx, r, `WHERE stream_id = ? AND seq = ?`, stream, seq)
}

func oneFact(ctx context.Context, r reader, where string, args ...any) (e event.Stored, found bool, err error) {
	rows, err := r.Query(ctx, factColumns+where, args...)
	if err != nil {
		return e, false, err
	}
	defer rows.Close()
	for rows.Next() {
		var payload []byte
		found = true
		if err := rows.Scan(&e.StreamID, &e.Seq, &e.EventID, &e.Kind, &e.SubjectKind, &e.SubjectID, &e.Visibility, &payload, &e.CreatedAt); err != nil {
			return e, false, err
		}
		e.Payload = payload
	}
	return e, found, rows.Err()
}

// apply makes what a rule makes of a fact. Its error is the database's.
func (s *Sending) apply(ctx context.Context, tx *store.Tx, r *ready, e event.Stored) error {
	ctx = asSystem(ctx)
	setting, found, err := s.Preferences.Settings.Of(ctx, tx.Client, r.Type)
	if err != nil || !found || !setting.Active {
		return err
	}
	people, f, err := s.toWhom(ctx, tx, r, e)
	if err != nil {
		return err
	}
	var all []notify.Given
	var failure error
	for _, p := range people { // a ticket has few
		d, why, err := s.draw(ctx, tx, r, f, p, e)
		switch {
		case err != nil:
			return err
		case why != nil:
			failure = why
		case d != nil:
			all = append(all, notify.Given{
				EventID: uuid.NewSHA1(e.EventID, r.KeyID[:]), UserID: p.ID, Type: r.Type, Topic: setting.Topic, Severity: entnotification.Severity(r.Severity),
				Title: d.title, Body: d.body, URL: d.url, GroupKey: d.group, Params: d.params, SubjectKind: e.SubjectKind, SubjectID: e.SubjectID,
			})
		}
	}
	if failure != nil { // once a fact
		if err := s.failed(ctx, tx, r, e, failure); err != nil {
			return err
		}
	}
	made, err := s.Inbox.GiveMany(ctx, tx, all)
	if err != nil || made == 0 {
		return err
	}
	_, err = tx.Exec(ctx, `UPDATE notification_rules SET made = made + ? WHERE id = ?`, made, r.ID)
	return err
}

// failed counts a failure on the rule.
func (s *Sending) failed(ctx context.Context, tx *store.Tx, r *ready, e event.Stored, why error) error {
	log := s.Log
	if log == nil {
		log = slog.Default()
	}
	log.WarnContext(ctx, "a notification rule failed", "rule", r.GlobalID().String(), "event", e.EventID.String(), "kind", e.Kind, "error", why.Error())
	_, err := tx.Exec(ctx, `UPDATE notification_rules SET failures = failures + 1, last_error = ?, last_error_at = ? WHERE id = ?`, clip500(reason(why)), tx.Now, r.ID)
	return err
}

// reason is what failed, for people.
func reason(err error) string {
	if f, is := fault.As(err); is {
		if text, has := f.Params["reason"].(string); has {
			return text
		}
	}
	return err.Error()
}

func clip500(s string) string {
	if runes := []rune(s); len(runes) > longestNote {
		return string(runes[:longestNote])
	}
	return s
}

// draft is a notification as a rule words it.
type draft struct {
	lang, title, body, url, group string
	params                        map[string]any
}

// draw asks a rule about a fact and words the notification: nil where the
// condition does not hold. why is what failed of the rule, err of the database.
func (s *Sending) draw(ctx context.Context, from audience.Reader, r *ready, f *fact, p *ent.User, e event.Stored) (d *draft, why, err error) {
	if r.broken != nil {
		return nil, r.broken, nil
	}
	if r.holds != nil {
		vars := f.vars
		if r.asks {
			c, err := audience.Load(ctx, from, p.ID, s.Store.Now())
			if err != nil {
				return nil, nil, err
			}
			for name, v := range c.Vars() {
				vars[name] = v
			}
		}
		holds, err := r.holds.Bool(ctx, vars)
		if err != nil && ctx.Err() != nil {
			return nil, nil, ctx.Err()
		}
		if err != nil || !holds {
			return nil, err, nil
		}
	}
	f.values["customer.name"] = p.DisplayName
	d, why = worded(r.NotificationRule, f.values, p.Locale, p.TimeZone)
	return d, why, nil
}

// worded fills the texts of a rule in.
func worded(r *ent.NotificationRule, values map[string]any, lang, zone string) (d *draft, err error) {
	lang = locale.Match(lang)
	text := r.Texts[lang]
	if text == nil {
		lang = locale.Default
		text = r.Texts[lang]
	}
	d = &draft{lang: lang, params: map[string]any{}}
	if d.title, d.body, err = bothOf(text, lang, zone, values); err != nil {
		return nil, err
	}
	if r.URL != nil {
		if d.url, err = link(*r.URL, lang, zone, values); err != nil {
			return nil, err
		}
		if !notify.Leads(d.url) {
			return nil, errLink
		}
	}
	if r.GroupKey != nil {
		if d.group, _, err = template.FillIn(*r.GroupKey, lang, zone, values); err != nil {
			return nil, err
		}
		d.group = clip(d.group)
	}
	for name := range values {
		if d.params[trimmed(name)], _, err = template.FillIn("{{ "+name+" }}", lang, zone, values); err != nil {
			return nil, err
		}
	}
	return d, nil
}
