package preference

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/contactpoint"
	"kabinet/ent/generated/messengerlink"
	entnotification "kabinet/ent/generated/notification"
	"kabinet/ent/generated/pushendpoint"
	"kabinet/ent/schema"
	"kabinet/internal/locale"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// asSystem reads and writes what belongs to a person after it was asked whose
// business it is.
func asSystem(ctx context.Context) context.Context { return viewer.AsSystem(ctx, "preference") }

// Of are the preferences of a person, for himself and for staff that reads
// people; nil for whom it is nobody's business.
func (p *Preferences) Of(ctx context.Context, u *ent.User) (*NotificationPreferences, error) {
	v := viewer.From(ctx)
	if v.UserID != u.ID && v.Reach("user", "read") != viewer.ReachAll {
		return nil, nil
	}
	page, err := p.page(ctx, u, v.Locale, v.Staff && v.UserID == u.ID)
	if err != nil {
		return nil, err
	}
	return page.whole(p.Store.Now()), nil
}

// page is all that the preferences of a person are worked out of.
type page struct {
	lang      string
	zone      string
	chosen    *schema.NotifyPreferences // never nil
	settings  []Setting                 // those that concern him
	agreed    agreement
	addresses map[string]bool
}

// page reads it: in 5 statements, and one where the settings are not known yet.
func (p *Preferences) page(ctx context.Context, u *ent.User, lang string, staff bool) (*page, error) {
	ctx = asSystem(ctx)
	g := &page{lang: locale.Match(lang, u.Locale), zone: u.TimeZone, chosen: u.Notify}
	if g.chosen == nil {
		g.chosen = &schema.NotifyPreferences{}
	}
	all, err := p.Settings.All(ctx, p.Store.Client)
	if err != nil {
		return nil, err
	}
	g.settings = slices.DeleteFunc(all, func(s Setting) bool { return s.Staff && !staff })
	if g.agreed, err = agreedTo(ctx, p.Store.Client, u.ID); err != nil {
		return nil, err
	}
	g.addresses, err = addresses(ctx, p.Store.Client, u.ID)
	return g, err
}

// addresses says by which channels a person can be reached.
func addresses(ctx context.Context, client *ent.Client, user uuid.UUID) (map[string]bool, error) {
	has := map[string]bool{InApp: true}
	points, err := client.ContactPoint.Query().Where(contactpoint.UserID(user), contactpoint.VerifiedAtNotNil()).All(ctx)
	if err != nil {
		return nil, store.Translate(err)
	}
	for _, c := range points {
		if c.Kind == contactpoint.KindEMAIL {
			has[Email] = true
		} else {
			has[SMS], has[WhatsApp] = true, true
		}
	}
	var kinds []pushendpoint.Kind
	if err := client.PushEndpoint.Query().Where(pushendpoint.UserID(user), pushendpoint.StatusEQ(pushendpoint.StatusACTIVE)).
		GroupBy(pushendpoint.FieldKind).Scan(ctx, &kinds); err != nil {
		return nil, store.Translate(err)
	}
	has[WebPush], has[MobilePush] = slices.Contains(kinds, pushendpoint.KindWEB), slices.Contains(kinds, pushendpoint.KindMOBILE)
	links, err := client.MessengerLink.Query().Where(messengerlink.UserID(user), messengerlink.StatusEQ(messengerlink.StatusACTIVE)).All(ctx)
	for _, l := range links {
		has[string(l.Messenger)] = true
	}
	return has, store.Translate(err)
}

// whole is the page as its person reads it.
func (g *page) whole(now time.Time) *NotificationPreferences {
	all := g.open()
	all.QuietHours = g.quietHours(now)
	for i := range g.chosen.Digests {
		all.Digests = append(all.Digests, g.digest(&g.chosen.Digests[i], now))
	}
	for _, t := range all.topics {
		for _, typ := range t.Types {
			for _, one := range typ.preferences {
				s := Setting{Kind: Kind{Type: typ.Type, Topic: t.Topic}}
				if d, _ := digestOf(g.chosen, s, string(one.Channel)); d != nil && !one.Required {
					one.Digest = g.digest(d, now)
				}
			}
		}
	}
	return all
}

// open is the page as whoever has a link reads it: nothing of when the person
// is left alone.
func (g *page) open() *NotificationPreferences {
	all := &NotificationPreferences{Digests: []*NotificationDigest{}}
	for _, channel := range Channels() {
		c := &NotificationChannelPreference{Channel: NotificationChannel(channel), Chosen: g.said("", "", channel), HasAddress: g.addresses[channel]}
		if purpose := ConsentPurpose(channel); purpose != "" {
			given := g.agreed.given[purpose]
			c.Consent = &given
			if id, there := g.agreed.documents[purpose]; there {
				c.ConsentDocumentID = &scalar.ID{Prefix: "cdo", UUID: id}
			}
		}
		all.Channels = append(all.Channels, c)
	}
	for _, topic := range topics {
		if t := g.topic(topic); len(t.Types) > 0 {
			all.topics = append(all.topics, t)
		}
	}
	return all
}

// topics are in the order of the page.
var topics = []entnotification.Topic{
	entnotification.TopicORDER, entnotification.TopicBONUS, entnotification.TopicSUPPORT, entnotification.TopicPROMOTION,
	entnotification.TopicSERVICE, entnotification.TopicREMINDER, entnotification.TopicSECURITY,
}

func (g *page) topic(topic entnotification.Topic) *NotificationTopicPreferences {
	t := &NotificationTopicPreferences{Topic: topic, Name: topicName(g.lang, topic)}
	for _, channel := range Channels() {
		t.Choices = append(t.Choices, &NotificationTopicChoice{Channel: NotificationChannel(channel), Chosen: g.said(string(topic), "", channel)})
	}
	for _, s := range g.settings {
		if s.Topic != topic {
			continue
		}
		one := &NotificationTypePreferences{Type: s.Type, Name: s.Name(g.lang), Commercial: s.Commercial, Required: s.Required}
		for _, channel := range Channels() {
			d := Decide(g.chosen, s, channel, g.agreed.to(channel))
			one.preferences = append(one.preferences, &NotificationPreference{
				Channel: NotificationChannel(channel), Wanted: d.Wanted, Source: d.Source, Chosen: g.said("", s.Type, channel),
				Required: s.RequiredOn(channel), HasAddress: g.addresses[channel],
			})
		}
		t.Types = append(t.Types, one)
	}
	return t
}

// said is what was chosen for exactly that; nil for nothing.
func (g *page) said(topic, typ, channel string) *bool {
	if i := indexOf(g.chosen.Choices, topic, typ, channel); i >= 0 {
		wanted := g.chosen.Choices[i].Wanted
		return &wanted
	}
	return nil
}

func (g *page) quietHours(now time.Time) *QuietHours {
	q := g.chosen.Quiet
	if q == nil {
		return nil
	}
	v := &QuietHours{EffectiveTimeZone: g.zone}
	if q.TimeZone != "" {
		v.TimeZone, v.EffectiveTimeZone = &q.TimeZone, q.TimeZone
	}
	for _, r := range q.Ranges {
		one := &QuietRange{From: r.From, To: r.To, Days: weekdays(r.Days)}
		v.Ranges = append(v.Ranges, one)
	}
	if until, quiet := QuietUntil(q, g.zone, now); quiet {
		v.QuietUntil = &until
	}
	return v
}

// weekdays are the days of a range, Monday first; every day where none is said.
func weekdays(days []string) []Weekday {
	all := make([]Weekday, 0, len(dayNames))
	for i := range dayNames {
		if day := dayNames[(i+1)%len(dayNames)]; len(days) == 0 || slices.Contains(days, day) {
			all = append(all, Weekday(day))
		}
	}
	return all
}

func (g *page) digest(d *schema.NotifyDigest, now time.Time) *NotificationDigest {
	v := &NotificationDigest{Channel: NotificationChannel(d.Channel), Schedule: NotificationSchedule(d.Schedule)}
	if d.Topic != "" {
		topic := entnotification.Topic(d.Topic)
		v.Topic = &topic
	}
	if d.Type != "" {
		v.Type = &d.Type
	}
	if d.At != "" {
		v.At = &d.At
	}
	if d.Day != "" {
		day := Weekday(d.Day)
		v.Day = &day
	}
	if next := nextDigest(d, location(g.zone), now); !next.IsZero() {
		v.NextAt = &next
	}
	return v
}

// indexOf is where a choice for exactly that stands; -1 for nowhere.
func indexOf(choices []schema.NotifyChoice, topic, typ, channel string) int {
	return slices.IndexFunc(choices, func(c schema.NotifyChoice) bool { return c.Topic == topic && c.Type == typ && c.Channel == channel })
}

// topicName is what people call a topic.
func topicName(lang string, topic entnotification.Topic) string {
	return locale.Text(lang, "preference.topic."+string(topic), nil)
}

// Name is what people call the type.
func (s Setting) Name(lang string) string {
	if name := s.Names[lang]; name != "" {
		return name
	}
	for _, id := range []string{"preference.type." + s.Type, s.Type + ".title"} { // of security, the heading says it
		if locale.Has(id) {
			return locale.Text(lang, id, nil)
		}
	}
	if name := s.Names[locale.Default]; name != "" {
		return name
	}
	return s.Type
}
