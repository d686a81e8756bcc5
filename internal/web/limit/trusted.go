package limit

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/parser"
	"github.com/vektah/gqlparser/v2/validator"

	"kabinet/internal/fault"
	"kabinet/internal/web/wire"
)

// Trusted are the documents of the business's own front ends, out of the
// manifests their builds wrote. They were parsed, checked and validated at the
// start and stay in memory, so that a request that names one costs neither.
type Trusted struct {
	Only   bool // nothing else is taken
	byID   map[string]*Document
	byText map[string]*Document
}

const sha256Prefix = "sha256:"

// Trust checks all documents of all manifests against schema. The error has a
// line for each that is wrong. Limits of shape do not hold, for nobody but the
// business writes these documents; those of tokens and selections do, and
// introspection is refused unless it is turned on.
func Trust(schema *ast.Schema, l Limits, introspection bool, manifests ...Manifest) (*Trusted, error) {
	t := &Trusted{byID: map[string]*Document{}, byText: map[string]*Document{}}
	check := newTrustedCheck(schema, l, introspection)
	var wrong []error
	for _, m := range manifests {
		for _, row := range m.Documents {
			doc, err := t.document(check, row.Text)
			if err == nil {
				err = t.enter(row.ID, doc)
			}
			if err != nil {
				wrong = append(wrong, fmt.Errorf("%s: %s%s: %w", m.Name, row.ID, operationsOf(doc), err))
			}
		}
	}
	return t, errors.Join(wrong...)
}

// document finds the document of text, or makes it. With an error it may hold
// no more than names.
func (t *Trusted) document(check trustedCheck, text string) (*Document, error) {
	if d, ok := t.byText[text]; ok {
		return d, nil
	}
	d, err := check.document(text)
	if err != nil {
		return d, err
	}
	d.Trusted = true
	t.byText[text] = d
	hash := hashOf(text)
	t.byID[hash], t.byID[sha256Prefix+hash] = d, d
	return d, nil
}

// enter names d by id: as it stands, and a hash with its prefix and without.
func (t *Trusted) enter(id string, d *Document) error {
	plain, prefixed := strings.CutPrefix(id, sha256Prefix)
	if prefixed && plain != hashOf(d.Text) {
		return errors.New("the hash is not that of the text: the manifest was changed by hand")
	}
	if known, ok := t.byID[id]; ok && known != d {
		return errors.New("the same name stands for two texts")
	}
	t.byID[id] = d
	return nil
}

// Len is the number of documents.
func (t *Trusted) Len() int {
	if t == nil {
		return 0
	}
	return len(t.byText)
}

// named finds a document by whatever a client calls it.
func (t *Trusted) named(id string) *Document {
	if t == nil {
		return nil
	}
	if d, ok := t.byID[id]; ok {
		return d
	}
	return t.byID[strings.TrimPrefix(id, sha256Prefix)]
}

func (t *Trusted) text(query string) *Document {
	if t == nil {
		return nil
	}
	return t.byText[query]
}

// refuse says what to do where nothing but trusted documents is taken.
func (t *Trusted) refuse() *gqlerror.Error {
	return wire.Refusal(fault.ErrInvalidRequest,
		`this server takes trusted documents alone: add this one to its manifest and name it, as {"documentId": "sha256:…"}`,
		"limit", "trusted documents")
}

// trustedCheck is all that a document of a manifest must pass, once.
type trustedCheck struct {
	schema *ast.Schema
	shape  Shape
	nodes  Nodes
}

func newTrustedCheck(schema *ast.Schema, l Limits, introspection bool) trustedCheck {
	nodes := Nodes{Limits: l}
	l.Tokens = max(l.Tokens, l.TrustedTokens)
	l.Depth, l.Aliases, l.RootFields, l.SameKey, l.Directives = math.MaxInt, math.MaxInt, math.MaxInt, math.MaxInt, math.MaxInt
	return trustedCheck{schema, Shape{Limits: l, Introspection: introspection}, nodes}
}

func (c trustedCheck) document(text string) (*Document, error) {
	doc, err := parser.ParseQueryWithTokenLimit(&ast.Source{Input: text}, c.shape.Limits.Tokens)
	if err != nil {
		return nil, plainError(c.shape.unparsed(err))
	}
	d := newDocument(text, doc)
	if len(doc.Operations) == 0 {
		return d, errors.New("it holds no operation")
	}
	if err := c.shape.Document(doc); err != nil {
		return d, plainError(err)
	}
	if list := validator.ValidateWithRules(c.schema, doc, nil); len(list) > 0 {
		return d, plainError(list...)
	}
	// A page that no variable can mend would be refused each time.
	for _, op := range doc.Operations {
		if total, varies, err := c.nodes.count(op, nil); !varies {
			if err == nil {
				err = c.nodes.within(total)
			}
			if err != nil {
				return d, plainError(err)
			}
		}
	}
	return d, nil
}

// plainError is for the operator, where no path of an answer means anything.
func plainError(list ...*gqlerror.Error) error {
	texts := make([]string, len(list))
	for i, e := range list {
		texts[i] = e.Message
		if len(e.Locations) > 0 {
			texts[i] += fmt.Sprintf(" (line %d)", e.Locations[0].Line)
		}
	}
	return errors.New(strings.Join(texts, "; "))
}

// operationsOf names what stands in a document, as " (query Dashboard)".
func operationsOf(d *Document) string {
	if d == nil || d.AST == nil {
		return ""
	}
	var names []string
	for _, op := range d.AST.Operations {
		names = append(names, strings.TrimSpace(string(op.Operation)+" "+op.Name))
	}
	if len(names) == 0 {
		return ""
	}
	return " (" + strings.Join(names, ", ") + ")"
}

func hashOf(query string) string {
	sum := sha256.Sum256([]byte(query))
	return hex.EncodeToString(sum[:])
}
