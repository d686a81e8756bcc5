package delivery

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"

	ent "kabinet/ent/generated"
	entdelivery "kabinet/ent/generated/delivery"
	"kabinet/ent/schema"
	"kabinet/internal/locale"
	"kabinet/internal/notify/template"
	"kabinet/internal/scalar"
)

// DigestType is the type by which a message is worded that tells of several
// notifications.
const DigestType = "digest"

// compose words a message: as the notification is worded for the channel, or as
// a list of what it tells of.
func (d *Deliveries) compose(ctx context.Context, s *sending) (Message, error) {
	n, channel := s.notes[0], string(s.row.Channel)
	a := template.Ask{
		Type: n.Type, Channel: channel, Locale: s.person.Locale, TimeZone: s.person.TimeZone, Name: s.person.DisplayName,
		Params: n.Params, Title: n.Title, Body: n.Body, URL: d.leads(n), Actions: d.lead(n.Actions),
	}
	if len(s.notes) > 1 {
		a = d.list(s, a)
	}
	to, err := s.open()
	if err != nil {
		return Message{}, Failed{Word: failedOpen, Err: err}
	}
	m := Message{
		ID: wireID(s.row), To: to, URL: a.URL, Locale: s.person.Locale,
		Actions: labelled(a.Actions, s.person.Locale), Data: d.data(s),
	}
	if s.row.Channel == entdelivery.ChannelEMAIL {
		a.PreferencesURL = d.Preferences.PreferencesURL(s.person.ID)
		if s.link {
			m.UnsubscribeURL = d.Preferences.UnsubscribeURL(s.person.ID, n.Type)
			a.UnsubscribeURL = m.UnsubscribeURL
		}
	}
	worded, err := d.Templates.Render(ctx, a)
	if err != nil {
		return m, Failed{Word: failedWords, Err: err}
	}
	m.Title, m.Text, m.HTML = worded.Title, worded.Text, worded.HTML
	if s.row.Channel == entdelivery.ChannelSMS {
		m.Text = Shorten(m.Text, segments)
	}
	return m, nil
}

// leads is where a notification leads: where it says, else to the site.
func (d *Deliveries) leads(n *ent.Notification) string {
	if n.URL != nil {
		return d.whole(*n.URL)
	}
	return d.Site
}

// whole is an address as it leads anywhere outside the site: a notification may
// say a path of the site alone.
func (d *Deliveries) whole(url string) string {
	if strings.HasPrefix(url, "/") {
		return d.Site + url
	}
	return url
}

// lead are actions with whole addresses.
func (d *Deliveries) lead(all []schema.NotificationAction) []schema.NotificationAction {
	all = slices.Clone(all)
	for i := range all {
		all[i].URL = d.whole(all[i].URL)
	}
	return all
}

// wireID is the id of a message as providers hear it: the same on every try. One
// that a provider took and that is sent again all the same is another one to
// him, with a number behind.
func wireID(row *ent.Delivery) string {
	return numbered(row, taken(row)+1)
}

// takenID is the id of a message by which a provider took it last.
func takenID(row *ent.Delivery) string { return numbered(row, taken(row)) }

func taken(row *ent.Delivery) (n int) {
	for _, a := range row.Attempts {
		if a.Failure == nil {
			n++
		}
	}
	return n
}

func numbered(row *ent.Delivery, n int) string {
	id := row.GlobalID().String()
	if n > 1 {
		id += wireMark + strconv.Itoa(n)
	}
	return id
}

const wireMark = "-"

// BareID is the id of a delivery of what a provider calls a message by.
func BareID(wire string) string {
	id, _, _ := strings.Cut(wire, wireMark)
	return id
}

// mostItems are listed in a message that tells of several; the others are
// counted.
func mostItems(channel entdelivery.Channel) int {
	switch channel {
	case entdelivery.ChannelEMAIL:
		return 20
	case entdelivery.ChannelTELEGRAM, entdelivery.ChannelWHATSAPP:
		return 10
	}
	return 3
}

// list makes one message of several notifications.
func (d *Deliveries) list(s *sending, a template.Ask) template.Ask {
	count := map[string]any{"count": len(s.notes)}
	a.Type, a.Params, a.Actions, a.URL = DigestType, count, nil, d.Site
	a.Title, a.Body = locale.Text(a.Locale, "notify.delivery.digest.title", count), locale.Text(a.Locale, "notify.delivery.digest.body", count)
	most := mostItems(s.row.Channel)
	for i, n := range s.notes {
		if rest := len(s.notes) - i; i == most && rest > 0 {
			a.Items = append(a.Items, template.Item{Title: locale.Text(a.Locale, "notify.delivery.digest.more", map[string]any{"count": rest})})
			break
		}
		item := template.Item{Title: n.Title}
		if s.row.Channel == entdelivery.ChannelEMAIL {
			item.Body, item.URL = n.Body, d.leads(n)
		}
		a.Items = append(a.Items, item)
	}
	return a
}

func (d *Deliveries) data(s *sending) Data {
	n := s.notes[0]
	data := Data{
		NotificationID: n.GlobalID().String(), Type: n.Type, Topic: string(n.Topic), Severity: string(n.Severity),
		UnreadCount: s.person.UnreadCount, Test: s.row.Test,
	}
	if s.row.ExpiresAt != nil {
		data.ExpiresAt = *s.row.ExpiresAt
	}
	if len(s.notes) > 1 {
		data.Type, data.Items = DigestType, len(s.notes)
		return data
	}
	if n.SubjectKind != nil && n.SubjectID != nil {
		data.SubjectID = scalar.ID{Prefix: *n.SubjectKind, UUID: *n.SubjectID}.String()
	}
	if n.GroupKey != nil {
		data.CollapseKey = *n.GroupKey
	}
	return data
}

// labelled are actions in a language: where that has no label, in English, else
// as they are called.
func labelled(all []schema.NotificationAction, lang string) []Action {
	actions := make([]Action, len(all))
	for i, a := range all {
		label := cmp.Or(a.Labels[locale.Match(lang)], a.Labels[locale.English], a.Key)
		actions[i] = Action{Key: a.Key, Label: label, URL: a.URL, Style: a.Style}
	}
	return actions
}

// segments is how many parts a text message may have: each is paid for.
const segments = 3

// Shorten cuts a text so that it goes in so many segments of SMS: of 153
// characters each of the GSM alphabet (160 where there is one), or of 67 (70)
// UTF-16 units where it has any other character. What is cut ends with ….
func Shorten(text string, segments int) string {
	text = strings.TrimSpace(text)
	if fits(text, segments) {
		return text
	}
	end := " ..."
	if _, gsm := septets(text); !gsm {
		end = " …"
	}
	runes := []rune(text)
	low, high := 0, len(runes)
	for low < high {
		if mid := (low + high + 1) / 2; fits(string(runes[:mid])+end, segments) {
			low = mid
		} else {
			high = mid - 1
		}
	}
	return strings.TrimSpace(string(runes[:low])) + end
}

func fits(text string, segments int) bool {
	n, gsm := septets(text)
	one, each := 160, 153
	if !gsm {
		n, one, each = len(utf16.Encode([]rune(text))), 70, 67
	}
	if segments == 1 {
		return n <= one
	}
	return n <= each*segments
}

// gsm is the basic alphabet of GSM 03.38; of gsmDouble each takes two places.
const (
	gsm       = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
	gsmDouble = "^{}\\[~]|€"
)

// septets counts a text in the GSM alphabet; false where it does not have all of it.
func septets(text string) (n int, all bool) {
	for _, r := range text {
		switch {
		case strings.ContainsRune(gsm, r):
			n++
		case strings.ContainsRune(gsmDouble, r):
			n += 2
		default:
			return 0, false
		}
	}
	return n, true
}
