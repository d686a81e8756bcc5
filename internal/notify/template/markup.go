package template

import (
	"bytes"
	"errors"
	"fmt"
	"html/template"
	"strconv"
	"strings"
)

// markup is HTML of which every value is escaped for the place where it
// stands: text, an attribute, an address, a style. The parts are those that
// parse gives; html/template of Go knows the places.
type markup struct {
	parts []part
	page  *template.Template
	slots []part // by their number in page
}

// compile turns parts into a page: each variable becomes a slot of its own.
func compile(parts []part) (*markup, error) {
	m := &markup{parts: parts}
	var b strings.Builder
	m.write(&b, parts)
	page, err := template.New("letter").Option("missingkey=zero").Parse(b.String())
	if err != nil {
		return nil, fmt.Errorf("template: compile: %w", err)
	}
	m.page = page
	return m, nil
}

func (m *markup) write(b *strings.Builder, parts []part) {
	for _, p := range parts {
		if p.kind == plain {
			b.WriteString(p.text)
			continue
		}
		slot := ".v" + strconv.Itoa(len(m.slots))
		m.slots = append(m.slots, p)
		if p.kind != choice {
			b.WriteString("{{" + slot + "}}")
			continue
		}
		b.WriteString("{{if " + slot + "}}")
		m.write(b, p.then)
		b.WriteString("{{else}}")
		m.write(b, p.other)
		b.WriteString("{{end}}")
	}
}

var errTooLarge = errors.New("template: what came out is too large")

// bounded takes so many bytes and no more.
type bounded struct {
	bytes.Buffer
	most int
}

// Write implements io.Writer.
func (b *bounded) Write(p []byte) (int, error) {
	if b.Len()+len(p) > b.most {
		return 0, errTooLarge
	}
	return b.Buffer.Write(p)
}

// fill puts values in; ready names those that are HTML of ours already. missing
// are names without a value that had to be shown. The error is html/template's,
// where a value cannot stand where it is put.
func (m *markup) fill(r reading, values map[string]any, ready map[string]template.HTML) (text string, missing []string, err error) {
	missing = r.lacks(m.parts, values)
	data := make(map[string]any, len(m.slots))
	for i, p := range m.slots {
		v, _ := lookup(values, p.name)
		slot := "v" + strconv.Itoa(i)
		own, isReady := ready[p.name]
		switch {
		case p.kind == choice:
			data[slot] = has(v)
		case p.kind == plural:
			data[slot] = r.form(v, p.forms)
		case isReady:
			data[slot] = own
		default:
			data[slot] = r.words(v, p.as)
		}
	}
	out := bounded{most: mostHTML}
	if err := m.page.Execute(&out, data); err != nil {
		return "", missing, err
	}
	return out.String(), missing, nil
}

// wrongPlace makes what html/template says of a place into a *broken where it
// names a line.
func wrongPlace(err error) *broken {
	b := &broken{code: codeHTML, reason: err.Error(), line: 1, column: 1, params: map[string]any{"what": "HTML"}}
	var e *template.Error
	if errors.As(err, &e) {
		b.reason, b.line = e.Description, max(e.Line, 1)
	}
	return b
}
