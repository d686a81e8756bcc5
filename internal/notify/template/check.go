package template

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"kabinet/internal/fault"
)

// What this room says no with, beside the faults of package fault.
var (
	// ErrTemplateInvalid: params.reason, params.line, params.column.
	ErrTemplateInvalid = fault.New(fault.Invalid, "TEMPLATE_INVALID")
	// ErrHTMLRefused: params.what, params.reason, params.line, params.column.
	ErrHTMLRefused = fault.New(fault.Invalid, "TEMPLATE_HTML_REFUSED")
	// ErrUnknownVariable: params.variable, params.known, params.line, params.column.
	ErrUnknownVariable = fault.New(fault.Invalid, "UNKNOWN_VARIABLE")
)

// The codes that a *broken carries, beside that of an unknown variable.
const (
	codeSyntax = "TEMPLATE_INVALID"
	codeHTML   = "TEMPLATE_HTML_REFUSED"
)

// common are the variables of every type.
var common = []string{"message.title", "message.body", "message.url", "customer.name", "business"}

// ofLayout are the variables of the frame around letters.
var ofLayout = []string{"message.title", "message.url", "preheader", "content", "customer.name", "business", "unsubscribeUrl", "preferencesUrl"}

// asFault is what is wrong with a template as the caller is told.
func asFault(err error, path ...string) error {
	var b *broken
	if !errors.As(err, &b) {
		return err
	}
	switch b.code {
	case codeHTML:
		return ErrHTMLRefused.At(path...).With("what", b.params["what"]).With("reason", b.reason).With("line", b.line).With("column", b.column)
	case ErrUnknownVariable.Code:
		return ErrUnknownVariable.At(path...).With("variable", b.params["variable"]).With("known", b.params["known"]).With("line", b.line).With("column", b.column)
	}
	return ErrTemplateInvalid.At(path...).With("reason", b.reason).With("line", b.line).With("column", b.column)
}

// names refuses the first variable that is not known, and plurals with another
// number of forms than the language has. The error is a *broken.
func names(parts []part, known []string, lang string) (err error) {
	walk(parts, func(p part) {
		switch {
		case err != nil, p.kind == plain:
		case !slices.Contains(known, p.name):
			err = &broken{code: ErrUnknownVariable.Code, line: p.line, column: p.col, reason: p.name,
				params: map[string]any{"variable": short(p.name), "known": strings.Join(known, ", ")}}
		case p.kind == plural && len(p.forms) != len(forms(lang)):
			err = &broken{code: codeSyntax, line: p.line, column: p.col, reason: fmt.Sprintf("plural has %d forms in this language, not %d", len(forms(lang)), len(p.forms))}
		}
	})
	return err
}

// CheckText checks a text with variables that is filled in by FillIn. Faults:
// TEMPLATE_INVALID, UNKNOWN_VARIABLE at path.
func CheckText(text, lang string, known []string, path ...string) error {
	parts, err := parse(text)
	if err == nil {
		err = names(parts, known, lang)
	}
	if err != nil {
		return asFault(err, path...)
	}
	return nil
}

// FillIn fills a text in for a reader. What has no value stays empty; missing
// are the names of it.
func FillIn(text, lang, zone string, values map[string]any) (out string, missing []string, err error) {
	return FillInAs(text, lang, zone, values, nil)
}

// FillInAs is FillIn with what each value says written as a func gives it; nil:
// as it is.
func FillInAs(text, lang, zone string, values map[string]any, as func(words string) string) (out string, missing []string, err error) {
	parts, err := parse(text)
	if err != nil {
		return "", nil, asFault(err)
	}
	out, missing = reading{lang: lang, zone: zone, as: as}.fill(parts, values)
	if len(out) > mostText {
		return "", nil, errTooLarge
	}
	return out, missing, nil
}
