// Package wire owns the bytes of GraphQL on HTTP and WebSocket: parameters
// decoded without ever repeating the body, answers written raw, media types
// chosen. It runs nothing and knows no connection.
package wire

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strconv"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"kabinet/internal/fault"
)

// Rule marks errors made by the edge itself, which need no translation.
const Rule = "kabinet"

// Refusal is a top-level error with the code of f and a message that may be
// shown. Further facts come in pairs of name and value.
func Refusal(f *fault.Fault, message string, facts ...any) *gqlerror.Error {
	ext := map[string]any{"code": f.Code}
	for i := 0; i+1 < len(facts); i += 2 {
		ext[facts[i].(string)] = facts[i+1]
	}
	if f.RetryAfter > 0 {
		ext["retryAfter"] = int(f.RetryAfter.Seconds() + 0.999)
	}
	return &gqlerror.Error{Message: message, Extensions: ext, Rule: Rule, Err: f}
}

// ErrBadParameters is what Decode answers with; the text names the fault and
// repeats nothing of what was sent (security S3).
type ErrBadParameters struct{ Reason string }

func (e *ErrBadParameters) Error() string { return e.Reason }

func bad(reason string) error { return &ErrBadParameters{reason} }

// Decode reads {query or documentId, operationName, variables, extensions} from one JSON
// object. Numbers stay as they were written.
func Decode(body []byte) (*graphql.RawParams, error) {
	body = bytes.TrimLeft(body, " \t\r\n")
	switch {
	case len(body) == 0:
		return nil, bad("the request has no body")
	case body[0] == '[':
		return nil, bad("a list of operations is not accepted: send one at a time")
	case body[0] != '{':
		return nil, bad("the body must be a JSON object")
	}
	// Most requests have no variables, and then nothing needs a decoder that
	// keeps numbers as they were written.
	var sent struct {
		Query         string          `json:"query"`
		DocumentID    string          `json:"documentId"`
		OperationName string          `json:"operationName"`
		Variables     json.RawMessage `json:"variables"`
		Extensions    json.RawMessage `json:"extensions"`
	}
	if err := json.Unmarshal(body, &sent); err != nil {
		return nil, refused(err)
	}
	p := &graphql.RawParams{Query: sent.Query, OperationName: sent.OperationName}
	var err error
	if p.Variables, err = member(sent.Variables, "variables"); err != nil {
		return nil, err
	}
	if p.Extensions, err = member(sent.Extensions, "extensions"); err != nil {
		return nil, err
	}
	NameDocument(p, sent.DocumentID)
	return p, nil
}

// member reads an object inside of one that is valid JSON.
func member(raw json.RawMessage, name string) (map[string]any, error) {
	switch {
	case len(raw) == 0 || string(raw) == "null":
		return nil, nil
	case string(raw) == "{}":
		return map[string]any{}, nil
	case raw[0] != '{':
		return nil, bad(strconv.Quote(name) + " has the wrong type")
	}
	var m map[string]any
	if err := decodeJSON(raw, &m); err != nil {
		return nil, err
	}
	return m, nil
}

// documentID is the name of a persisted document. It travels among the
// extensions, for gqlgen knows no such parameter; a string the client put
// there under the same key is of another type.
type documentID string

const documentIDKey = "documentId"

// NameDocument gives p the documentId of its request; "" is none.
func NameDocument(p *graphql.RawParams, id string) {
	if id == "" {
		return
	}
	if p.Extensions == nil {
		p.Extensions = map[string]any{}
	}
	p.Extensions[documentIDKey] = documentID(id)
}

// DocumentIDOf is what NameDocument put into p.
func DocumentIDOf(p *graphql.RawParams) (string, bool) {
	id, ok := p.Extensions[documentIDKey].(documentID)
	return string(id), ok
}

// HasDocument says whether p brings a document or names one.
func HasDocument(p *graphql.RawParams) bool {
	if p.Query != "" || p.Extensions["persistedQuery"] != nil {
		return true
	}
	_, named := DocumentIDOf(p)
	return named
}

// DecodeObject reads one JSON object, or null, or nothing, named what.
func DecodeObject(raw, what string) (map[string]any, error) {
	if raw == "" {
		return nil, nil
	}
	var m map[string]any
	if err := decodeJSON([]byte(raw), &m); err != nil {
		return nil, bad(what + " must be a JSON object")
	}
	return m, nil
}

func decodeJSON(body []byte, into any) error {
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	if err := dec.Decode(into); err != nil {
		return refused(err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return bad("there is something after the JSON object")
	}
	return nil
}

// refused says what is wrong with JSON in words of our own.
func refused(err error) error {
	var typ *json.UnmarshalTypeError
	if errors.As(err, &typ) && typ.Field != "" {
		return bad(strconv.Quote(knownField(typ.Field)) + " has the wrong type")
	}
	return bad("the body is not valid JSON")
}

// knownField keeps names chosen by the client out of messages.
func knownField(name string) string {
	switch name {
	case "query", "operationName", "variables", "extensions", "documentId":
		return name
	}
	return "a field"
}

// AppendResponse appends r as JSON. Data is taken over byte by byte: gqlgen
// made it, and encoding/json would parse and copy it once more.
func AppendResponse(b []byte, r *graphql.Response) []byte {
	b = append(b, '{')
	start := len(b)
	if len(r.Errors) > 0 {
		b = append(b, `"errors":`...)
		b = AppendJSON(b, r.Errors)
	}
	if r.Data != nil {
		if len(b) > start {
			b = append(b, ',')
		}
		b = append(b, `"data":`...)
		b = append(b, r.Data...)
	}
	if len(r.Extensions) > 0 {
		if len(b) > start {
			b = append(b, ',')
		}
		b = append(b, `"extensions":`...)
		b = AppendJSON(b, r.Extensions)
	}
	return append(b, '}')
}

// AppendJSON appends v, or null when it cannot be encoded.
func AppendJSON(b []byte, v any) []byte {
	enc, err := json.Marshal(v)
	if err != nil {
		return append(b, "null"...)
	}
	return append(b, enc...)
}
