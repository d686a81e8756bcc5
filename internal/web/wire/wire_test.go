package wire_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"kabinet/internal/web/wire"
)

func TestNegotiate(t *testing.T) {
	const graphQL, plain, stream = wire.GraphQLResponse, wire.JSON, wire.EventStream
	for accept, want := range map[string]string{
		"": plain, "*/*": plain, "application/*": plain, plain: plain, graphQL: graphQL,
		plain + ", " + graphQL:                  graphQL,
		plain + ";q=0.9, " + graphQL + ";q=0.8": plain,
		graphQL + ";q=0, " + plain:              plain,
		"*/*, " + plain + ";q=0":                "",
		"*/*, " + graphQL + ";q=0.5":            plain,
		"*/*;q=0.5, " + graphQL + ";q=0.5":      graphQL,
		"text/html":                             "", "text/html, */*;q=0.1": plain, plain + ";q=2": "", plain + ";q=x": "", ";;;": "",
		plain + "; charset=utf-8": plain, plain + "; charset=UTF-8": plain, plain + "; charset=latin1": "",
		"application/graphql-response+json, application/graphql+json, application/json, text/event-stream, multipart/mixed": graphQL,
		stream: stream, "text/event-stream, multipart/mixed": stream, stream + ", */*": stream, stream + ";q=0.1, */*": plain,
		stream + ", " + plain: plain, plain + ";q=0.9, " + stream: stream, stream + ";q=0": "", stream + ";charset=latin1": "",
	} {
		if got := wire.Negotiate([]string{accept}); got != want {
			t.Errorf("%q: %q, want %q", accept, got, want)
		}
	}
	if got := wire.Negotiate([]string{"text/html", graphQL}); got != graphQL {
		t.Errorf("two headers: %q", got)
	}
}

func TestAppendResponse(t *testing.T) {
	for want, r := range map[string]*graphql.Response{
		`{"data":{"a":1}}`:             {Data: []byte(`{"a":1}`), Extensions: map[string]any{}},
		`{"data":null}`:                {Data: []byte(`null`)},
		`{"errors":[{"message":"m"}]}`: {Errors: gqlerror.List{{Message: "m"}}},
		`{"errors":[{"message":"m"}],"data":{"a":null},"extensions":{"x":1}}`: {
			Errors: gqlerror.List{{Message: "m"}}, Data: []byte(`{"a":null}`), Extensions: map[string]any{"x": 1},
		},
		`{"extensions":{"x":1}}`: {Extensions: map[string]any{"x": 1}},
		`{}`:                     {},
	} {
		if got := string(wire.AppendResponse(nil, r)); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

// An event is one line of data, whatever the answer holds.
func TestAppendNext(t *testing.T) {
	r := &graphql.Response{Data: []byte("{\"a\":\r\n{\"b\":\n\"x\\ny\"}}")}
	want := "event: next\nid: c1\ndata: {\"data\":{\"a\":  {\"b\": \"x\\ny\"}}}\n\nevent: complete\ndata:\n\n"
	if got := string(wire.AppendComplete(wire.AppendNext(nil, "c1", r))); got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got := string(wire.AppendNext(nil, "", &graphql.Response{})); got != "event: next\ndata: {}\n\n" {
		t.Errorf("without an id: %q", got)
	}
}

// security S3: whatever comes, it is taken as an object or refused, and the
// refusal repeats nothing of it.
func FuzzDecode(f *testing.F) {
	for _, s := range []string{
		`{"query":"{a}"}`, `[{}]`, `{"query":1}`, `{"variables":[]}`, `{"variables":{"canary":"canary"}`, `{"query":"x"} canary`,
		`null`, ``, ` `, `{"canary":`, `{"extensions":"canary"}`, "\xff", `{"query":"\ud800"}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		p, err := wire.Decode(body)
		if err == nil {
			if p == nil || !json.Valid(body) || strings.TrimLeft(string(body), " \t\r\n")[0] != '{' {
				t.Fatalf("%q was taken", body)
			}
			return
		}
		if !errors.As(err, new(*wire.ErrBadParameters)) {
			t.Fatalf("%T", err)
		}
		if strings.Contains(err.Error(), "canary") || len(err.Error()) > 100 {
			t.Fatalf("%q is repeated: %v", body, err)
		}
	})
}
