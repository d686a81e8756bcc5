package template

import (
	"context"
	"strings"
	"unicode/utf8"

	"kabinet/internal/fault"
	"kabinet/internal/locale"
)

// sampleWords are made-up values by the names of variables: amounts and days as
// hearers put them into words.
var sampleWords = map[string]map[string]any{
	locale.English: {
		"number": "2026-000123", "order": "2026-000123", "into": "2026-000124", "total": "$1,234.50", "amount": "$1,234.50", "open": "$1,234.50", "balance": 1234,
		"pending": 50, "count": 5, "quantity": 1, "due": "2 January 2027", "on": "2 January 2027", "at": "2 January 2027", "until": "2 January 2027",
		"date": "2 January 2027, 12:00 UTC", "was": "$20.00", "now": "$15.00", "fromName": "Silver", "toName": "Gold", "family": "The Smiths",
		"inviter": "Anna", "member": "Peter", "name": "Anna", "reward": "A cup", "campaign": "Summer", "prize": "A bicycle", "title": "Tea", "subject": "Delivery",
		"note": "Thank you!", "device": "Firefox on Linux", "place": "London", "reason": "at your request",
		"customer.name": "Anna Smith", "business": "Our shop", "message.title": "A headline", "message.body": "What there is to say.",
	},
	locale.Russian: {
		"number": "2026-000123", "order": "2026-000123", "into": "2026-000124", "total": "1 234,50 ₽", "amount": "1 234,50 ₽", "open": "1 234,50 ₽", "balance": 1234,
		"pending": 50, "count": 5, "quantity": 1, "due": "2 января 2027 г.", "on": "2 января 2027 г.", "at": "2 января 2027 г.", "until": "2 января 2027 г.",
		"date": "2 января 2027 г., 12:00 UTC", "was": "2 000,00 ₽", "now": "1 500,00 ₽", "fromName": "Серебряный", "toName": "Золотой", "family": "Ивановы",
		"inviter": "Анна", "member": "Пётр", "name": "Анна", "reward": "Чашка", "campaign": "Лето", "prize": "Велосипед", "title": "Чай", "subject": "Доставка",
		"note": "Спасибо!", "device": "Firefox, Linux", "place": "Москва", "reason": "по вашей просьбе",
		"customer.name": "Анна Иванова", "business": "Наш магазин", "message.title": "Заголовок", "message.body": "То, о чём сообщают.",
	},
}

const (
	sampleURL         = "https://example.com/orders"
	samplePreferences = "https://example.com/preferences"
	sampleUnsubscribe = "https://example.com/unsubscribe"
)

// sampleValue is a made-up value of a variable; of one that nobody foresaw, its
// name in brackets.
func sampleValue(name, lang string) any {
	switch name {
	case "message.url":
		return sampleURL
	case "preferencesUrl":
		return samplePreferences
	case "unsubscribeUrl":
		return sampleUnsubscribe
	case "content", "preheader":
		name = "message.body"
	}
	if v, there := sampleWords[lang][name]; there {
		return v
	}
	return "[" + name + "]"
}

func sampleOf(name, lang string) string {
	return reading{lang: lang, zone: "UTC"}.words(sampleValue(name, lang), "")
}

func samples(names []string, lang string) map[string]any {
	all := make(map[string]any, len(names))
	for _, name := range names {
		all[name] = sampleValue(name, lang)
	}
	return all
}

// Preview shows how a draft reads, or what is in force. Staff only.
//
// Faults: those of Save but STALE_OBJECT; INVALID_VALUE and TOO_LONG of params;
// UNAUTHENTICATED, FORBIDDEN.
func (t *Templates) Preview(ctx context.Context, in PreviewNotificationTemplateInput) (*NotificationText, error) {
	if err := may(ctx, "read"); err != nil {
		return nil, err
	}
	at := place{in.Type, string(in.Channel), in.Locale}
	if err := checkParams(in.Params); err != nil {
		return nil, err
	}
	s, err := t.source(ctx, at, in)
	if err != nil {
		return nil, err
	}
	m, err := t.shown(ctx, at, s, in)
	if err != nil {
		return nil, err
	}
	return asText(m, at), nil
}

// source is the draft of an input, or what is in force.
func (t *Templates) source(ctx context.Context, at place, in PreviewNotificationTemplateInput) (*held, error) {
	text := ""
	if in.Text != nil {
		text = *in.Text
	}
	if in.Title == nil && in.Text == nil && in.HTML == nil {
		f, err := t.inForce(ctx, t.Store.Client)
		if err != nil {
			return nil, err
		}
		if h := f.held[at]; h != nil {
			return h, nil
		}
		was := compiled(at.typ, at.channel, at.lang)
		in.Title, in.HTML, text = pointer(was.title), pointer(was.html), was.text
	}
	s, err := t.draft(ctx, at, in.Title, text, in.HTML)
	if err != nil {
		return nil, err
	}
	h, err := prepare(s, at.typ == LayoutType)
	return h, inPlace(err)
}

// shown fills a draft in: in the frame in force, or as the frame.
func (t *Templates) shown(ctx context.Context, at place, h *held, in PreviewNotificationTemplateInput) (Message, error) {
	f, err := t.inForce(ctx, t.Store.Client)
	if err != nil {
		return Message{}, err
	}
	known, _, err := t.known(ctx, t.Store.Client, at.typ)
	if err != nil {
		return Message{}, err
	}
	w := wording{Ask: t.made(at, known, in), reading: reading{lang: at.lang, zone: "UTC"}, business: f.business}
	if in.TimeZone != nil {
		w.zone = *in.TimeZone
	}
	if name, given := in.Params["business"].(string); given {
		w.business = name
	}
	layout := place{LayoutType, Email, at.lang}
	body, frame := h, either(f.held[layout], builtInOf(layout))
	if at.typ == LayoutType {
		body, frame = builtInOf(place{"", Email, at.lang}), h
	}
	m, err := w.message(body, frame)
	if err != nil {
		return m, ErrTemplateInvalid.At("input").With("line", 1).With("column", 1).With("reason", err.Error())
	}
	return m, nil
}

// made is a notification of made-up values, and of those that are given.
func (t *Templates) made(at place, known []string, in PreviewNotificationTemplateInput) Ask {
	values := samples(known, at.lang)
	for name, v := range in.Params {
		values[name] = v
	}
	a := Ask{Type: at.typ, Channel: at.channel, Locale: at.lang, Params: values, URL: sampleURL, UnsubscribeURL: sampleUnsubscribe, PreferencesURL: samplePreferences}
	a.Title, a.Body = words(at, values)
	for name, to := range map[string]*string{"message.title": &a.Title, "message.body": &a.Body, "message.url": &a.URL, "customer.name": &a.Name,
		"unsubscribeUrl": &a.UnsubscribeURL, "preferencesUrl": &a.PreferencesURL} {
		if text, given := in.Params[name].(string); given {
			*to = text
		} else if name == "customer.name" {
			a.Name = sampleOf(name, at.lang)
		}
	}
	return a
}

// words are the compiled words of a type. Of types with several wordings there
// are none by the type's name: then made-up ones.
func words(at place, values map[string]any) (title, body string) {
	if id := "notify." + at.typ + ".title"; locale.Has(id) {
		return locale.Text(at.lang, id, values), locale.Text(at.lang, "notify."+at.typ+".body", values)
	}
	return sampleOf("message.title", at.lang), sampleOf("message.body", at.lang)
}

// example is what is compiled in with made-up values.
func (t *Templates) example(ctx context.Context, at place) (*NotificationText, error) {
	m, err := t.shown(ctx, at, builtInOf(at), PreviewNotificationTemplateInput{})
	if err != nil {
		return nil, err
	}
	return asText(m, at), nil
}

func asText(m Message, at place) *NotificationText {
	n := &NotificationText{Text: m.Text}
	if headed[at.channel] {
		n.Title = &m.Title
	}
	if m.HTML != "" {
		n.HTML = &m.HTML
	}
	return n
}

const mostParams = 50

func checkParams(params map[string]any) error {
	if len(params) > mostParams {
		return fault.ErrTooLong.At("input", "params").With("limit", mostParams)
	}
	for name, v := range params {
		if text, is := v.(string); is && utf8.RuneCountInString(text) > mostTaken {
			return fault.ErrTooLong.At("input", "params", short(name)).With("limit", mostTaken)
		}
		if nameLength(name) != len(name) || strings.TrimSpace(name) == "" {
			return fault.ErrInvalidValue.At("input", "params", short(name))
		}
	}
	return nil
}
