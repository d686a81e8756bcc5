package broadcast

import (
	"slices"
	"strconv"
	"strings"

	ent "kabinet/ent/generated"
	"kabinet/internal/fault"
	"kabinet/internal/locale"
	"kabinet/internal/notify"
	"kabinet/internal/notify/template"
	"kabinet/internal/scalar"
)

// The bounds of texts, in characters.
const (
	longestTitle = 200
	longestBody  = 5_000
	longestURL   = 2_000
)

// The keys under which a text is kept.
const (
	keyTitle = "title"
	keyBody  = "body"
)

// The variables of broadcasts.
const (
	customerName   = "customer.name"
	customerGiven  = "customer.givenName"
	customerFamily = "customer.familyName"
	customerRegion = "customer.region"
)

var variables = []string{customerName, customerGiven, customerFamily, customerRegion}

// readTexts are texts as they are kept: language -> title, body; known are the
// variables that they may name, none where they are no templates. Faults:
// REQUIRED, TOO_LONG, INVALID_VALUE, TEMPLATE_INVALID, UNKNOWN_VARIABLE.
func readTexts(in []BroadcastText, templates bool, path ...string) (map[string]map[string]string, error) {
	out := map[string]map[string]string{}
	for i, t := range in {
		at := append(slices.Clone(path), strconv.Itoa(i))
		lang := strings.ToLower(t.Locale)
		if !slices.Contains(locale.Supported(), lang) || out[lang] != nil {
			return nil, fault.ErrInvalidValue.At(append(at, "locale")...)
		}
		out[lang] = map[string]string{}
		for _, f := range []struct {
			key, text string
			limit     int
		}{{keyTitle, t.Title, longestTitle}, {keyBody, t.Body, longestBody}} {
			here := append(slices.Clone(at), f.key)
			text, bad := scalar.CleanText(f.text, f.limit)
			switch {
			case bad != nil:
				return nil, textFault(bad, f.limit, here...)
			case text == "":
				return nil, fault.ErrRequired.At(here...)
			case f.key == keyTitle && strings.ContainsAny(text, "\r\n"):
				return nil, fault.ErrInvalidValue.At(here...)
			}
			if templates {
				if err := template.CheckText(text, lang, variables, here...); err != nil {
					return nil, err
				}
			}
			out[lang][f.key] = text
		}
	}
	if out[locale.Default] == nil {
		return nil, fault.ErrRequired.At(path...)
	}
	return out, nil
}

// spoken is the text for somebody's language, and which one it is.
func spoken(texts map[string]map[string]string, lang string) (title, body, in string) {
	in = locale.Match(lang)
	if texts[in] == nil {
		in = locale.Default
	}
	return texts[in][keyTitle], texts[in][keyBody], in
}

// ShowTexts are stored texts by language.
func ShowTexts(texts map[string]map[string]string) []*BroadcastText {
	all := make([]*BroadcastText, 0, len(texts))
	for lang, t := range texts {
		all = append(all, &BroadcastText{Locale: lang, Title: t[keyTitle], Body: t[keyBody]})
	}
	slices.SortFunc(all, func(a, b *BroadcastText) int { return strings.Compare(a.Locale, b.Locale) })
	return all
}

// ActionsOf are what one can choose in a broadcast, as a form shows them to edit.
func ActionsOf(one *ent.Broadcast) []*BroadcastAction {
	all := make([]*BroadcastAction, len(one.Actions))
	for i, a := range one.Actions {
		shown := &BroadcastAction{Key: a.Key, Style: notify.NotificationActionStyle(a.Style), Labels: []*BroadcastActionLabel{}}
		for _, lang := range locale.Supported() {
			if text := a.Labels[lang]; text != "" {
				shown.Labels = append(shown.Labels, &BroadcastActionLabel{Locale: lang, Text: text})
			}
		}
		if a.URL != "" {
			shown.URL = &a.URL
		}
		all[i] = shown
	}
	return all
}

// readURL is an address, nil for none.
func readURL(u *string, path ...string) (*string, error) {
	if u != nil && len(*u) > longestURL {
		return nil, fault.ErrTooLong.At(path...).With("limit", longestURL)
	}
	return u, nil
}
