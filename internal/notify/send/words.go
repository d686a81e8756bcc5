package send

import (
	"net/url"
	"slices"
	"strings"

	"kabinet/internal/fault"
	"kabinet/internal/locale"
	"kabinet/internal/notify"
	"kabinet/internal/notify/template"
)

// readWords checks texts by language and gives them as they are kept. Faults:
// REQUIRED, TOO_LONG, INVALID_VALUE, DUPLICATE_KEY, TEMPLATE_INVALID,
// UNKNOWN_VARIABLE.
func readWords(in []*NotificationWordsInput, known []string, path ...string) (map[string]map[string]string, error) {
	texts := map[string]map[string]string{}
	for i, w := range in {
		if !slices.Contains(locale.Supported(), w.Locale) {
			return nil, fault.ErrInvalidValue.At(below(path, i, "locale")...).With("value", w.Locale)
		}
		if texts[w.Locale] != nil {
			return nil, ErrDuplicateKey.At(below(path, i, "locale")...)
		}
		title, err := line(w.Title, longestTitle, below(path, i, "title")...)
		if err == nil {
			err = template.CheckText(title, w.Locale, known, below(path, i, "title")...)
		}
		if err != nil {
			return nil, err
		}
		body := strings.TrimSpace(strings.ReplaceAll(w.Body, "\r\n", "\n"))
		if err = checkText(body, longestBody, "\n\t", below(path, i, "body")...); err == nil {
			err = template.CheckText(body, w.Locale, known, below(path, i, "body")...)
		}
		if err != nil {
			return nil, err
		}
		texts[w.Locale] = map[string]string{"title": title, "body": body}
	}
	if texts[locale.Default] == nil {
		return nil, fault.ErrRequired.At(path...)
	}
	return texts, nil
}

// Words are texts as the API shows them, by language.
func Words(texts map[string]map[string]string) []*NotificationWords {
	all := []*NotificationWords{}
	for _, lang := range locale.Supported() {
		if t := texts[lang]; t != nil {
			all = append(all, &NotificationWords{Locale: lang, Title: t["title"], Body: t["body"]})
		}
	}
	return all
}

// checkLink checks where something leads. Variables, where known has some, may
// stand after the host alone: what a value says never decides whom a link leads
// to. Faults: TOO_LONG, INVALID_VALUE, TEMPLATE_INVALID, UNKNOWN_VARIABLE.
func checkLink(text string, known []string, path ...string) error {
	if len(text) > longestURL {
		return fault.ErrTooLong.At(path...).With("limit", longestURL)
	}
	if err := template.CheckText(text, locale.Default, known, path...); err != nil {
		return err
	}
	fixed, _, varies := strings.Cut(text, "{{")
	if !notify.Leads(fixed) || varies && !hostEnded(fixed) {
		return fault.ErrInvalidValue.At(path...)
	}
	return nil
}

// hostEnded says whether the beginning of an address holds all of its host.
func hostEnded(address string) bool {
	rest, absolute := strings.CutPrefix(address, "https://")
	return !absolute || strings.ContainsAny(rest, "/?#")
}

// link fills an address in: what each value says is escaped, so that it is one
// segment of a path, or one value of a query, whatever it holds.
func link(text, lang, zone string, values map[string]any) (string, error) {
	out, _, err := template.FillInAs(text, lang, zone, values, func(words string) string {
		return strings.ReplaceAll(url.QueryEscape(words), "+", "%20")
	})
	return out, err
}

// bothOf fills title and body in.
func bothOf(text map[string]string, lang, zone string, values map[string]any) (title, body string, err error) {
	if title, _, err = template.FillIn(text["title"], lang, zone, values); err != nil {
		return "", "", err
	}
	if body, _, err = template.FillIn(text["body"], lang, zone, values); err != nil {
		return "", "", err
	}
	title = strings.Join(strings.Fields(title), " ")
	if runes := []rune(title); len(runes) > longestTitle {
		title = string(runes[:longestTitle-1]) + "…"
	}
	if title == "" {
		return "", "", errNoTitle
	}
	return title, strings.TrimSpace(body), nil
}

// trimmed is the name of a variable as the type's own templates call it:
// number for event.number.
func trimmed(name string) string { return strings.TrimPrefix(name, "event.") }
