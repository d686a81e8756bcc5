package wire

import (
	"mime"
	"strconv"
	"strings"
)

// The two media types of GraphQL over HTTP, and that of event streams.
const (
	GraphQLResponse = "application/graphql-response+json"
	JSON            = "application/json"
	EventStream     = "text/event-stream"
)

// Negotiate chooses the media type of the answer from the Accept headers, by
// q-value, an explicit type before a wildcard, GraphQLResponse before JSON, and
// EventStream last: clients that can take one name it with every query. No
// Accept and wildcards mean JSON, as the specification asks of servers that
// still serve old clients. It is "" when nothing acceptable is offered: 406.
func Negotiate(accept []string) string {
	if len(accept) == 1 {
		switch accept[0] { // what most clients say, word for word
		case GraphQLResponse, JSON, EventStream:
			return accept[0]
		case "*/*":
			return JSON
		}
	}
	all := strings.Join(accept, ",")
	if strings.TrimSpace(all) == "" {
		return JSON
	}
	// Not to be searched without end: headers are bounded, but not small.
	best, bestQ := "", 0.0
	var refusedJSON bool
	wildQ := 0.0
	for part := range strings.SplitSeq(all, ",") {
		typ, q := quality(part)
		switch typ {
		case GraphQLResponse, JSON, EventStream:
			if typ == JSON && q == 0 {
				refusedJSON = true
			}
			if q > bestQ || q == bestQ && q > 0 && rank[typ] > rank[best] {
				best, bestQ = typ, q
			}
		case "*/*", "application/*":
			wildQ = max(wildQ, q)
		}
	}
	if wildQ > bestQ && !refusedJSON {
		return JSON
	}
	return best
}

// rank decides between types that a client likes the same.
var rank = map[string]int{EventStream: 1, JSON: 2, GraphQLResponse: 3}

// quality splits one member of an Accept header. Another charset than UTF-8,
// or a q that is no number, takes the member out of the choice.
func quality(part string) (string, float64) {
	typ, params, err := mime.ParseMediaType(strings.TrimSpace(part))
	if err != nil {
		return "", 0
	}
	if c, ok := params["charset"]; ok && !strings.EqualFold(c, "utf-8") {
		return "", 0
	}
	q := 1.0
	if s, ok := params["q"]; ok {
		if q, err = strconv.ParseFloat(s, 64); err != nil || !(q >= 0 && q <= 1) {
			return "", 0
		}
	}
	return typ, q
}

// IsJSON says whether a request's Content-Type is application/json with no
// parameter but charset=utf-8. Anything else might be a form a browser sends
// without asking first (security H1).
func IsJSON(contentType string) bool {
	if contentType == JSON {
		return true
	}
	typ, params, err := mime.ParseMediaType(contentType)
	if err != nil || typ != JSON {
		return false
	}
	for k, v := range params {
		if k != "charset" || !strings.EqualFold(v, "utf-8") {
			return false
		}
	}
	return true
}
