package template

import (
	_ "embed"
	"strings"
	"sync"

	"kabinet/internal/locale"
)

//go:embed layout/letter.html
var layoutHTML string

//go:embed layout/letter.txt
var layoutText string

// source is a template as it is written.
type source struct {
	title string // empty: the channel has none
	text  string
	html  string // empty: made of the text
}

// compiled is the template that holds where nobody saved one: the words that
// the notification was made with, and for letters the layout.
func compiled(typ, channel, lang string) source {
	if typ == LayoutType {
		return layouts()[lang]
	}
	if headed[channel] {
		return source{title: "{{ message.title }}", text: "{{ message.body }}"}
	}
	return source{text: "{{ message.title }}\n{{ message.body }}"}
}

// layouts are the frames of letters by language.
var layouts = sync.OnceValue(func() map[string]source {
	all := map[string]source{}
	for _, lang := range locale.Supported() {
		var pairs []string
		for _, name := range []string{"open", "why", "preferences", "unsubscribe"} {
			pairs = append(pairs, "[["+name+"]]", locale.Text(lang, "notify.layout."+name, nil))
		}
		words := strings.NewReplacer(append(pairs, "[[lang]]", lang)...)
		all[lang] = source{text: words.Replace(layoutText), html: words.Replace(layoutHTML)}
	}
	return all
})

// builtIn are compiled templates ready to be filled in. They are part of the
// program: a test reads each of them.
var builtIn = sync.OnceValue(func() map[place]*held {
	all := map[place]*held{}
	for _, lang := range locale.Supported() {
		for _, at := range []place{{LayoutType, Email, lang}, {"", Email, lang}, {"", SMS, lang}} {
			h, err := prepare(compiled(at.typ, at.channel, lang), at.typ == LayoutType)
			if err != nil {
				panic(err)
			}
			all[at] = h
		}
	}
	return all
})

func builtInOf(at place) *held {
	switch {
	case at.typ == LayoutType:
		return builtIn()[at]
	case headed[at.channel]:
		return builtIn()[place{"", Email, at.lang}]
	}
	return builtIn()[place{"", SMS, at.lang}]
}
