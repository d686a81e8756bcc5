package preference

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"slices"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	entuser "kabinet/ent/generated/user"
	"kabinet/ent/schema"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// linkLife is how long the links in a letter are good: letters are read late.
const linkLife = 365 * 24 * time.Hour

// byLinks is how often somebody's preferences are changed by a link.
var byLinks = store.Limit{Name: "preference.link", Free: 60, Forget: time.Hour, Window: true}

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
	typ     string // empty: of all preferences
	channel string
}

const (
	linkPlace   = "notify/link"
	longestLink = 512 // characters
	linkHead    = 16 + 8 + 1
)

// UnsubscribeURL is the address that stops letters of a type to a person, by
// RFC 8058 and for people; empty where we have no address. It stands in no
// letter of what is required (Setting.RequiredOn).
func (p *Preferences) UnsubscribeURL(user uuid.UUID, typ string) string {
	if p.Public == "" {
		return ""
	}
	return p.Public + UnsubscribePath + p.seal(link{user: user, until: p.Store.Now().Add(linkLife), typ: typ, channel: Email})
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
	b := make([]byte, 0, linkHead+len(l.typ))
	b = append(b, l.user[:]...)
	b = binary.BigEndian.AppendUint64(b, uint64(l.until.Unix()))
	b = append(b, byte(slices.Index(Channels(), l.channel)+1))
	return base64.RawURLEncoding.EncodeToString(p.Sealer.Seal(append(b, l.typ...), linkPlace))
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
	l := link{user: uuid.UUID(b[:16]), until: time.Unix(int64(binary.BigEndian.Uint64(b[16:24])), 0).UTC(), typ: string(b[linkHead:])}
	if channel := int(b[linkHead-1]); channel > 0 && channel <= len(Channels()) {
		l.channel = Channels()[channel-1]
	}
	if !p.Store.Now().Before(l.until) || (l.typ == "") != (l.channel == "") {
		return link{}, fault.ErrNotFound
	}
	return l, nil
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
// for whoever has it. Fault: NOT_FOUND.
func (p *Preferences) ByLink(ctx context.Context, token string) (*NotificationPreferences, error) {
	l, err := p.open(token)
	if err != nil {
		return nil, err
	}
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
	l, err := p.open(in.Token)
	if err == nil {
		err = p.changeLinked(ctx, l, func(s []Setting, chosen *schema.NotifyPreferences) error { return choose(s, chosen, in.Choices) })
	} else {
		err = fault.ErrNotFound.At("input", "token")
	}
	if err != nil {
		return nil, err
	}
	return p.ByLink(ctx, in.Token)
}

// changeLinked is change by a link, counted and on record. Faults: NOT_FOUND,
// RATE_LIMITED, and those of fn.
func (p *Preferences) changeLinked(ctx context.Context, l link, fn func(all []Setting, chosen *schema.NotifyPreferences) error) error {
	if _, err := p.person(ctx, l); err != nil {
		return err
	}
	var wait time.Duration
	err := p.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
		wait, err = tx.Reserve(ctx, store.Use{Limit: byLinks, Of: l.user.String()})
		return err
	})
	if err != nil {
		return err
	}
	if wait > 0 {
		return fault.ErrRateLimited.After(wait)
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

// Unsubscribe stops the letters that a link stands in; again changes nothing,
// and neither does a type that is no more. Faults: NOT_FOUND of a link that is
// not good, or of none letter; NOTIFICATION_REQUIRED; RATE_LIMITED.
func (p *Preferences) unsubscribe(ctx context.Context, l link) error {
	return p.changeLinked(ctx, l, func(all []Setting, chosen *schema.NotifyPreferences) error {
		c := schema.NotifyChoice{Type: l.typ, Channel: l.channel}
		if err := dispensable(all, c, nil); err != nil {
			return err
		}
		put(chosen, c, false)
		return nil
	})
}
