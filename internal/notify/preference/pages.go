package preference

import (
	"bytes"
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"html/template"
	"net/url"
	"slices"
	"strings"

	"kabinet/ent/schema"
	"kabinet/internal/fault"
	"kabinet/internal/locale"
	"kabinet/internal/viewer"
)

//go:embed pages.html
var pagesText string

//go:embed pages.css
var pagesStyle string

var pages = template.Must(template.New("pages").Parse(pagesText))

// PagesPolicy is the Content-Security-Policy of the pages: their one style and
// their one form, to where they came from.
var PagesPolicy = func() string {
	sum := sha256.Sum256([]byte(pagesStyle))
	return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
}()

// shown is what a page is made of. Of the person there is nothing on it but
// what he wants to be told.
type shown struct {
	Lang, Title, Text string
	Style             template.CSS
	Button            string // posts what one click posts
	Wider             string // posts that the whole topic is to stop
	All, AllText      string // the page of all preferences
	Rows              []shownTopic
	Channels          []shownChannel
	Save, Nothing     string
}

type shownTopic struct {
	Name  string
	Types []shownType
}

type shownType struct {
	Name  string
	Cells []shownCell
}

// shownCell is a box to tick; one that cannot be is shown with why.
type shownCell struct {
	Label, Key   string
	On, Off      bool // wanted; it can be changed
	WhyNot       string
	KeptAs, Mark string
}

type shownChannel struct{ Key, Name, TurnOff string }

// OneClick is what a program posts to the address of a letter (RFC 8058).
const (
	OneClickField = "List-Unsubscribe"
	OneClickValue = "One-Click"
)

// What the page posts besides, for all letters of the topics.
const (
	stopField = "stop"
	stopTopic = "topic"
)

// UnsubscribePage asks whether letters are to stop. It changes nothing: those
// who look through letters follow every link. Faults: NOT_FOUND, RATE_LIMITED.
func (p *Preferences) UnsubscribePage(ctx context.Context, token string) ([]byte, error) {
	l, err := p.opened(ctx, token, true)
	if err == nil && len(l.what) == 0 {
		err = fault.ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	u, err := p.person(ctx, l)
	if err != nil {
		return nil, err
	}
	return p.linkPage(ctx, l, u.Locale, "preference.page.unsubscribe", true)
}

// Unsubscribe stops letters by what was posted: what one click posts, by a
// program or the button of the page, or by that button of the page which stops
// their topics. Faults: NOT_FOUND, INVALID_VALUE, NOTIFICATION_REQUIRED,
// RATE_LIMITED.
func (p *Preferences) Unsubscribe(ctx context.Context, token string, form url.Values) ([]byte, error) {
	l, err := p.opened(ctx, token, false)
	if err == nil && len(l.what) == 0 {
		err = fault.ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	switch {
	case form.Get(OneClickField) == OneClickValue:
	case form.Get(stopField) == stopTopic:
		w, found, err := p.wider(ctx, l)
		if err != nil {
			return nil, err
		}
		if found {
			l = w
		}
	default:
		return nil, fault.ErrInvalidValue
	}
	u, err := p.person(ctx, l)
	if err != nil {
		return nil, err
	}
	if err := p.unsubscribe(ctx, l); err != nil {
		return nil, err
	}
	return p.linkPage(ctx, l, u.Locale, "preference.page.unsubscribed", false)
}

// linkPage is a page about the letters of a link.
func (p *Preferences) linkPage(ctx context.Context, l link, lang, id string, button bool) ([]byte, error) {
	lang = locale.Match(lang)
	name, err := p.names(ctx, l, lang)
	if err != nil {
		return nil, err
	}
	v := page1(lang, id)
	v.Text = locale.Text(lang, id+".text", map[string]any{"name": name, "channel": channelName(lang, l.channel)})
	v.All, v.AllText = p.preferencesPath(l), locale.Text(lang, "preference.page.all", nil)
	if button {
		v.Button = locale.Text(lang, "preference.page.unsubscribe.button", nil)
	}
	w, found, err := p.wider(ctx, l)
	if err == nil && found {
		if name, err = p.names(ctx, w, lang); err == nil {
			v.Wider = locale.Text(lang, "preference.page.unsubscribe.topic", map[string]any{"name": name})
		}
	}
	if err != nil {
		return nil, err
	}
	return v.write()
}

// names are the types and topics of a link, for people.
func (p *Preferences) names(ctx context.Context, l link, lang string) (string, error) {
	all := make([]string, len(l.what))
	for i, what := range l.what {
		if isTopic(what) {
			all[i] = locale.Text(lang, "preference.topic."+what, nil)
			continue
		}
		s, found, err := p.Settings.Of(ctx, p.Store.Client, what) // in memory
		if err != nil {
			return "", err
		}
		if all[i] = what; found {
			all[i] = s.Name(lang)
		}
	}
	return strings.Join(all, ", "), nil
}

// page1 is a page with its heading.
func page1(lang, id string) *shown {
	return &shown{Lang: lang, Title: locale.Text(lang, id+".title", nil), Style: template.CSS(pagesStyle)}
}

func (v *shown) write() ([]byte, error) {
	var b bytes.Buffer
	err := pages.Execute(&b, v)
	return b.Bytes(), err
}

// RefusedPage says in a language why a link did nothing.
func RefusedPage(lang string, err error) []byte {
	lang = locale.Match(lang)
	id := "preference.page.bad"
	switch f, _ := fault.As(err); {
	case f == nil:
		id = "preference.page.failed"
	case f.Kind == fault.TooMany:
		id = "preference.page.later"
	case f.Code == ErrNotificationRequired.Code:
		id = "preference.page.required"
	case f.Kind != fault.NotFound && f.Kind != fault.Invalid:
		id = "preference.page.failed"
	}
	v := page1(lang, id)
	v.Text = locale.Text(lang, id+".text", nil)
	b, _ := v.write() // the template has run before
	return b
}

// PreferencesPage is the page of all that a person wants to be told, by type and
// channel. Faults: NOT_FOUND, RATE_LIMITED.
func (p *Preferences) PreferencesPage(ctx context.Context, token string) ([]byte, error) {
	l, err := p.opened(ctx, token, true)
	if err != nil {
		return nil, err
	}
	return p.preferencesPage(ctx, l, "preference.page.preferences")
}

func (p *Preferences) preferencesPage(ctx context.Context, l link, id string) ([]byte, error) {
	g, err := p.linked(ctx, l)
	if err != nil {
		return nil, err
	}
	v := page1(g.lang, id)
	v.Text = locale.Text(g.lang, id+".text", nil)
	v.Save = locale.Text(g.lang, "preference.page.save", nil)
	all := g.open()
	for _, t := range all.topics {
		topic := shownTopic{Name: t.Name}
		for _, typ := range t.Types {
			topic.Types = append(topic.Types, g.shownType(typ))
		}
		v.Rows = append(v.Rows, topic)
	}
	for _, c := range all.Channels {
		if name := channelName(g.lang, string(c.Channel)); c.HasAddress && c.Channel != InApp {
			v.Channels = append(v.Channels, shownChannel{string(c.Channel), name, locale.Text(g.lang, "preference.page.off", map[string]any{"channel": name})})
		}
	}
	return v.write()
}

func (g *page) shownType(typ *NotificationTypePreferences) shownType {
	row := shownType{Name: typ.Name}
	for _, one := range typ.preferences {
		if !one.HasAddress {
			continue
		}
		c := shownCell{Label: channelName(g.lang, string(one.Channel)), Key: typ.Type + "/" + string(one.Channel), On: one.Wanted, Off: true, KeptAs: "0"}
		if one.Wanted {
			c.KeptAs = "1"
		}
		switch one.Source {
		case SourceRequired, SourceNoConsent, SourceInactive:
			c.Off, c.WhyNot = false, locale.Text(g.lang, "preference.page.why."+string(one.Source), nil)
		}
		row.Cells = append(row.Cells, c)
	}
	return row
}

// SavePage keeps what was ticked on the page of preferences and gives it anew.
// What the page showed comes with it, so that only what was changed there is
// changed. Faults: NOT_FOUND, RATE_LIMITED.
func (p *Preferences) SavePage(ctx context.Context, token string, form url.Values) ([]byte, error) {
	l, err := p.opened(ctx, token, false)
	if err != nil {
		return nil, err
	}
	err = p.changeLinked(ctx, l, func(all []Setting, chosen *schema.NotifyPreferences) error {
		if off := form.Get("off"); slices.Contains(Channels()[1:], off) {
			turnOff(chosen, off)
			return nil
		}
		ticked(all, chosen, form)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return p.preferencesPage(ctx, l, "preference.page.saved")
}

// turnOff turns a channel off as a whole: nothing chosen more exactly is over it.
func turnOff(chosen *schema.NotifyPreferences, channel string) {
	chosen.Choices = slices.DeleteFunc(chosen.Choices, func(c schema.NotifyChoice) bool {
		return c.Channel == channel && (c.Wanted || c.Topic == "" && c.Type == "")
	})
	put(chosen, schema.NotifyChoice{Channel: channel}, false)
}

// ticked puts in what differs from what the page showed.
func ticked(all []Setting, chosen *schema.NotifyPreferences, form url.Values) {
	for _, s := range all {
		for _, channel := range Channels() {
			key := s.Type + "/" + channel
			was := form.Get("was:" + key)
			if wanted := form.Get("is:"+key) != ""; was == "" || wanted == (was == "1") || s.RequiredOn(channel) || len(chosen.Choices) >= mostChoices {
				continue
			}
			put(chosen, schema.NotifyChoice{Type: s.Type, Channel: channel, Wanted: form.Get("is:"+key) != ""}, false)
		}
	}
}

// channelName is what people call a channel.
func channelName(lang, channel string) string {
	return locale.Text(lang, "preference.channel."+channel, nil)
}

// LinkLanguage is the language of whoever follows a link that is not good.
func LinkLanguage(ctx context.Context, accept string) string {
	return locale.Match(strings.TrimSpace(accept), viewer.From(ctx).Locale)
}
