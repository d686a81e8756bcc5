package locale

import (
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"math"
	"path"
	"reflect"
	"slices"
	"strings"
	"sync"

	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"
)

//go:embed messages
var messages embed.FS

// texts are the loaded messages of every language.
type texts struct {
	localizers map[string]*i18n.Localizer
	ids        map[string]map[string]bool // language, then id
}

// loaded panics on a broken file: it is part of the program, and a test reads
// each of them.
var loaded = sync.OnceValue(func() *texts {
	t, err := load(messages)
	if err != nil {
		panic(err)
	}
	return t
})

func load(files fs.FS) (*texts, error) {
	t := &texts{localizers: map[string]*i18n.Localizer{}, ids: map[string]map[string]bool{}}
	bundle := i18n.NewBundle(language.MustParse(Default))
	for _, lang := range Supported() {
		t.ids[lang] = map[string]bool{}
		names, err := fs.Glob(files, "messages/"+lang+"/*.json")
		if err != nil {
			return nil, fmt.Errorf("locale: %w", err)
		}
		for _, name := range names {
			if err := t.loadFile(bundle, files, lang, name); err != nil {
				return nil, fmt.Errorf("locale: %s: %w", name, err)
			}
		}
		t.localizers[lang] = i18n.NewLocalizer(bundle, lang)
	}
	return t, nil
}

func (t *texts) loadFile(bundle *i18n.Bundle, files fs.FS, lang, name string) error {
	data, err := fs.ReadFile(files, name)
	if err != nil {
		return err
	}
	// i18n reads the language off the name and wants it at its end.
	domain := strings.TrimSuffix(path.Base(name), ".json")
	file, err := i18n.ParseMessageFileBytes(data, domain+"."+lang+".json", nil)
	if err != nil {
		return err
	}
	subject, _, _ := strings.Cut(domain, "_") // bonus_earning.json is a part of bonus.json
	for _, m := range file.Messages {
		if !strings.HasPrefix(m.ID, subject+".") {
			return fmt.Errorf("id %q does not begin with %q", m.ID, subject+".")
		}
		t.ids[lang][m.ID] = true
	}
	return bundle.AddMessages(file.Tag, file.Messages...)
}

// Text gives the text of an id in a language (any that Match understands). A
// text that is missing in it comes in English, one that is missing at all as
// its id: a gap is seen, and nothing fails because of it.
func Text(lang, id string, params map[string]any) string {
	t := loaded()
	lang = Match(lang)
	if !t.ids[lang][id] {
		lang = Default
	}
	if !t.ids[lang][id] {
		return id
	}
	config := &i18n.LocalizeConfig{MessageID: id, TemplateData: params}
	if params == nil {
		config.TemplateData = map[string]any{}
	}
	if count, ok := whole(params["count"]); ok {
		config.PluralCount = count
	}
	text, err := t.localizers[lang].Localize(config)
	if text == "" && err != nil {
		return id
	}
	// What text/template says when a param is not given.
	return strings.ReplaceAll(text, "<no value>", "…")
}

// Has tells whether there is a text for the id in English, and so in all.
func Has(id string) bool { return loaded().ids[Default][id] }

// IDs are all ids of one of the Supported languages, sorted.
func IDs(lang string) []string {
	return slices.Sorted(maps.Keys(loaded().ids[lang]))
}

// ErrorMessage gives the text of a fault's code ("fault.<CODE>"), or a general
// one that names the code.
func ErrorMessage(lang, code string, params map[string]any) string {
	if id := "fault." + code; Has(id) {
		return Text(lang, id, params)
	}
	return Text(lang, "fault.unknown", map[string]any{"code": code})
}

// whole takes a count of any integer type; params that went through JSON come
// as float64 or json.Number.
func whole(v any) (int64, bool) {
	if n, ok := v.(json.Number); ok {
		i, err := n.Int64()
		return i, err == nil
	}
	switch r := reflect.ValueOf(v); {
	case v == nil:
		return 0, false
	case r.CanInt():
		return r.Int(), r.Int() != math.MinInt64 // whose amount is no int64
	case r.CanUint():
		return int64(r.Uint()), r.Uint() <= math.MaxInt64
	case r.CanFloat():
		f := r.Float()
		return int64(f), f == math.Trunc(f) && math.Abs(f) < 1<<53
	}
	return 0, false
}
