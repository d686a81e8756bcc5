package preference

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	entnotification "kabinet/ent/generated/notification"
	entuser "kabinet/ent/generated/user"
	"kabinet/ent/schema"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// linkLife is how long the links in a letter are good: letters are read late.
const linkLife = 365 * 24 * time.Hour

var (
	// byLinks is how often somebody's preferences are changed by a link.
	byLinks = store.Limit{Name: "preference.link", Free: 60, Forget: time.Hour, Window: true}
	// linkReads is how often they are shown by one.
	linkReads = store.Limit{Name: "preference.link_read", Free: 300, Forget: time.Hour, Window: true}
	// linkMisses is how often a network may come with what is no link. Who comes
	// from there with a good one is not held up.
	linkMisses = store.Limit{Name: "preference.link_miss", Free: 60, Forget: time.Hour, Window: true}
)

// The paths of the links; the token follows.
const (
	UnsubscribePath = "/notifications/unsubscribe/"
	PreferencesPath = "/notifications/preferences/"
)

// link is what stands sealed in an address: whose preferences, and until when;
// of one that stops letters, which. Nothing of it is kept here.
type link struct {
	user    uuid.UUID
	until   time.Time
	what    []string // types and topics; none: of all preferences
	channel string
}

const (
	linkPlace   = "notify/link"
	longestLink = 1_024 // characters
	linkHead    = 16 + 8 + 1
	between     = "," // what stands in none of them
)

// LongestStop is how many bytes the types and topics of UnsubscribeURL have
// together: a line of a letter's head has 998 at most.
const LongestStop = 400

// UnsubscribeURL is the address that stops letters to a person, of one type or
// of all types and topics that a digest tells of, by RFC 8058 and for people;
// empty where we have no address. It stands in no letter of what is required
// (Setting.RequiredOn).
func (p *Preferences) UnsubscribeURL(user uuid.UUID, what ...string) string {
	if p.Public == "" {
		return ""
	}
	return p.Public + UnsubscribePath + p.seal(link{user: user, until: p.Store.Now().Add(linkLife), what: what, channel: Email})
}

// PreferencesURL is the page of all that a person wants to be told; empty where
// we have no address.
func (p *Preferences) PreferencesURL(user uuid.UUID) string {
	if p.Public == "" {
		return ""
	}
	return p.Public + p.preferencesPath(link{user: user, until: p.Store.Now().Add(linkLife)})
}

// preferencesPath is the way from one link to the page of all; it is good no
// longer than the link.
func (p *Preferences) preferencesPath(l link) string {
	return PreferencesPath + p.seal(link{user: l.user, until: l.until})
}

func (p *Preferences) seal(l link) string {
	what := strings.Join(l.what, between)
	b := make([]byte, 0, linkHead+len(what))
	b = append(b, l.user[:]...)
	b = binary.BigEndian.AppendUint64(b, uint64(l.until.Unix()))
	b = append(b, byte(slices.Index(Channels(), l.channel)+1))
	return base64.RawURLEncoding.EncodeToString(p.Sealer.Seal(append(b, what...), linkPlace))
}

// open reads a link that is good now. Whatever is wrong is NOT_FOUND.
func (p *Preferences) open(token string) (link, error) {
	if len(token) > longestLink {
		return link{}, fault.ErrNotFound
	}
	sealed, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil {
		return link{}, fault.ErrNotFound
	}
	b, err := p.Sealer.Open(sealed, linkPlace)
	if err != nil || len(b) < linkHead {
		return link{}, fault.ErrNotFound
	}
	l := link{user: uuid.UUID(b[:16]), until: time.Unix(int64(binary.BigEndian.Uint64(b[16:24])), 0).UTC()}
	if what := string(b[linkHead:]); what != "" {
		l.what = strings.Split(what, between)
	}
	if channel := int(b[linkHead-1]); channel > 0 && channel <= len(Channels()) {
		l.channel = Channels()[channel-1]
	}
	if !p.Store.Now().Before(l.until) || (len(l.what) == 0) != (l.channel == "") {
		return link{}, fault.ErrNotFound
	}
	return l, nil
}

// opened is open for whoever comes with a token, counted: what is no link by
// the network it comes from, what is shown by whose it is. Faults: NOT_FOUND,
// RATE_LIMITED.
func (p *Preferences) opened(ctx context.Context, token string, shows bool) (link, error) {
	l, err := p.open(token)
	switch ip := viewer.From(ctx).IP; {
	case err == nil && shows:
		err = p.let(ctx, store.Use{Limit: linkReads, Of: l.user.String()})
	case err != nil && ip != "" && p.Network != nil:
		if limited := p.let(ctx, store.Use{Limit: linkMisses, Of: p.Network(ip)}); limited != nil {
			err = limited
		}
	}
	return l, err
}

// let counts one use, where it is let through. Fault: RATE_LIMITED.
func (p *Preferences) let(ctx context.Context, use store.Use) error {
	wait, err := p.Store.Blocked(ctx, use) // a flood writes nothing
	if err == nil && wait == 0 {
		err = p.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
			wait, err = tx.Reserve(ctx, use)
			return err
		})
	}
	if err == nil && wait > 0 {
		err = fault.ErrRateLimited.After(wait)
	}
	return err
}

// person is whose link it is, while he is there. Fault: NOT_FOUND.
func (p *Preferences) person(ctx context.Context, l link) (*ent.User, error) {
	u, err := p.Store.Client.User.Query().Where(entuser.ID(l.user), entuser.StatusNEQ(entuser.StatusERASED)).
		Select(entuser.FieldID, entuser.FieldNotify, entuser.FieldLocale, entuser.FieldTimeZone).Only(asSystem(ctx))
	if ent.IsNotFound(err) {
		return nil, fault.ErrNotFound
	}
	return u, store.Translate(err)
}

// ByLink are the preferences of the person whose link it is, as far as they are
// for whoever has it. Faults: NOT_FOUND, RATE_LIMITED.
func (p *Preferences) ByLink(ctx context.Context, token string) (*NotificationPreferences, error) {
	l, err := p.opened(ctx, token, true)
	if err != nil {
		return nil, err
	}
	return p.view(ctx, l)
}

// view is ByLink of one that was opened.
func (p *Preferences) view(ctx context.Context, l link) (*NotificationPreferences, error) {
	g, err := p.linked(ctx, l)
	if err != nil {
		return nil, err
	}
	return g.open(), nil
}

// linked is the page of a link.
func (p *Preferences) linked(ctx context.Context, l link) (*page, error) {
	u, err := p.person(ctx, l)
	if err != nil {
		return nil, err
	}
	return p.page(ctx, u, u.Locale, false)
}

// UpdateByLink is Update by a link of all preferences or of one letter.
//
// Faults: those of Update, NOT_FOUND of a link; RATE_LIMITED.
func (p *Preferences) UpdateByLink(ctx context.Context, in UpdateNotificationPreferencesByLinkInput) (*NotificationPreferences, error) {
	l, err := p.opened(ctx, in.Token, false)
	switch f, _ := fault.As(err); {
	case err == nil:
		err = p.changeLinked(ctx, l, func(s []Setting, chosen *schema.NotifyPreferences) error { return choose(s, chosen, in.Choices) })
	case f != nil && f.Kind == fault.NotFound:
		err = fault.ErrNotFound.At("input", "token")
	}
	if err != nil {
		return nil, err
	}
	return p.view(ctx, l)
}

// changeLinked is change by a link, counted and on record. Faults: NOT_FOUND,
// RATE_LIMITED, and those of fn.
func (p *Preferences) changeLinked(ctx context.Context, l link, fn func(all []Setting, chosen *schema.NotifyPreferences) error) error {
	if _, err := p.person(ctx, l); err != nil {
		return err
	}
	if err := p.let(ctx, store.Use{Limit: byLinks, Of: l.user.String()}); err != nil {
		return err
	}
	// Who has the link is nobody, whoever is signed in in the same browser.
	v := viewer.From(ctx)
	ctx = viewer.With(ctx, viewer.Viewer{Locale: v.Locale, RequestID: v.RequestID, IP: v.IP, UserAgent: v.UserAgent})
	return p.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		changed, err := p.apply(asSystem(ctx), tx, l.user, false, fn)
		if err != nil || len(changed) == 0 {
			return err
		}
		return tx.Audit(ctx, "notification.preferences_by_link", l.user, scalar.ID{Prefix: "usr", UUID: l.user}, map[string]any{"changed": changed})
	})
}

// unsubscribe stops the letters that a link stands in, or all of their topics;
// again changes nothing, and neither does a type that is no more. What has
// become required is left out, where something else is to stop. Faults:
// NOTIFICATION_REQUIRED; NOT_FOUND, RATE_LIMITED.
func (p *Preferences) unsubscribe(ctx context.Context, l link) error {
	return p.changeLinked(ctx, l, func(all []Setting, chosen *schema.NotifyPreferences) error {
		var refusal error
		stopped := false
		for _, what := range l.what {
			c := schema.NotifyChoice{Type: what, Channel: l.channel}
			if isTopic(what) {
				c.Type, c.Topic = "", what
			}
			if err := dispensable(all, c, nil); err != nil {
				refusal = err
				continue
			}
			stop(all, chosen, c)
			stopped = true
		}
		if stopped {
			return nil
		}
		return refusal
	})
}

// stop turns a type or a topic off on a channel; of a topic nothing chosen more
// exactly is over it.
func stop(all []Setting, chosen *schema.NotifyPreferences, c schema.NotifyChoice) {
	chosen.Choices = slices.DeleteFunc(chosen.Choices, func(was schema.NotifyChoice) bool {
		return c.Topic != "" && was.Channel == c.Channel && was.Wanted && was.Type != "" && slices.ContainsFunc(all, func(s Setting) bool {
			return s.Type == was.Type && string(s.Topic) == c.Topic
		})
	})
	put(chosen, c, false)
}

// isTopic tells the topics of a link from its types.
func isTopic(what string) bool {
	return entnotification.TopicValidator(entnotification.Topic(what)) == nil
}

// wider is a link to stop all of the topics that the types of a link are of;
// none where there are no types, or all of that is required.
func (p *Preferences) wider(ctx context.Context, l link) (w link, found bool, err error) {
	all, err := p.Settings.All(ctx, p.Store.Client)
	w = link{user: l.user, until: l.until, channel: l.channel}
	for _, s := range all {
		topic := string(s.Topic)
		if !slices.Contains(l.what, s.Type) || slices.Contains(w.what, topic) || dispensable(all, schema.NotifyChoice{Topic: topic, Channel: l.channel}, nil) != nil {
			continue
		}
		w.what = append(w.what, topic)
	}
	return w, len(w.what) > 0, err
}
