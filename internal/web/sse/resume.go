package sse

import (
	"bytes"
	"encoding/json"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"kabinet/internal/fault"
	"kabinet/internal/web/wire"
)

// afterName and cursorName are what the contract calls the place to go on from,
// and the place that an event stands at.
const afterName, cursorName = "after", "cursor"

// Resume lets a subscription go on after the event whose id the client had
// last: lastID, the header Last-Event-ID, takes the place of the variable that
// the root field's argument `after` is bound to, whatever the request says of
// it. EventSource repeats its URL unchanged, so the header is always the newer
// one. A literal cannot be replaced, and going on from now would lose what came
// in between: both are refused. A field without `after` gives no ids to go on
// from.
func Resume(rc *graphql.OperationContext, lastID string) *gqlerror.Error {
	root := rootOf(rc)
	if lastID == "" || root == nil || root.Definition == nil || root.Definition.Arguments.ForName(afterName) == nil {
		return nil
	}
	arg := root.Arguments.ForName(afterName)
	if arg == nil || arg.Value == nil || arg.Value.Kind != ast.Variable {
		return wire.Refusal(fault.ErrInvalidRequest,
			`Last-Event-ID needs the argument "after" of the subscription's field to be a variable, as in `+root.Name+"(after: $after)")
	}
	rc.Variables[arg.Value.Raw] = lastID
	return nil
}

// rootOf is the one field of a subscription; nil where there is another number.
func rootOf(rc *graphql.OperationContext) *graphql.CollectedField {
	fields := graphql.CollectFields(rc, rc.Operation.SelectionSet, []string{"Subscription"})
	if len(fields) != 1 {
		return nil
	}
	return &fields[0]
}

// place is where an answer has its cursor.
type place struct {
	root, name string // response keys; name is "" when no cursor is asked for
	start      []byte // of an answer that begins with its cursor, as most do
}

func placeOf(rc *graphql.OperationContext) place {
	root := rootOf(rc)
	if root == nil || root.Definition == nil {
		return place{}
	}
	for _, f := range graphql.CollectFields(rc, root.Selections, []string{root.Definition.Type.Name()}) {
		if f.Name == cursorName {
			return place{root.Alias, f.Alias, []byte(`{"` + root.Alias + `":{"` + f.Alias + `":"`)}
		}
	}
	return place{}
}

// cursor finds the cursor of an answer; "" when it has none, or one that is no
// word and would not come back as it was.
func (p place) cursor(data []byte) string {
	if p.name == "" {
		return ""
	}
	if rest, ok := bytes.CutPrefix(data, p.start); ok {
		if end := bytes.IndexByte(rest, '"'); end >= 0 && isWord(rest[:end]) {
			return string(rest[:end])
		}
	}
	var fields map[string]map[string]json.RawMessage
	var word string
	if json.Unmarshal(data, &fields) != nil || json.Unmarshal(fields[p.root][p.name], &word) != nil || !isWord([]byte(word)) {
		return ""
	}
	return word
}

// isWord says whether b is made of letters that mean nothing else anywhere.
func isWord(b []byte) bool {
	for _, c := range b {
		if c <= ' ' || c >= 0x7f || c == '\\' {
			return false
		}
	}
	return len(b) > 0
}
