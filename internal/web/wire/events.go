package wire

import "github.com/99designs/gqlgen/graphql"

// AppendNext appends r as the event "next" of graphql-sse, under an id that
// the client says again when it comes back; "" is none. The id is one line.
func AppendNext(b []byte, id string, r *graphql.Response) []byte {
	b = append(b, "event: next\n"...)
	if id != "" {
		b = append(b, "id: "...)
		b = append(b, id...)
		b = append(b, '\n')
	}
	b = append(b, "data: "...)
	start := len(b)
	b = AppendResponse(b, r)
	// Outside of strings, where they cannot be, line breaks mean nothing to JSON
	// and everything to an event stream.
	for i := start; i < len(b); i++ {
		if b[i] == '\n' || b[i] == '\r' {
			b[i] = ' '
		}
	}
	return append(b, "\n\n"...)
}

// AppendComplete appends the event "complete". Browsers drop events without a
// line of data.
func AppendComplete(b []byte) []byte { return append(b, "event: complete\ndata:\n\n"...) }
