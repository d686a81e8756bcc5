package wire_test

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/99designs/gqlgen/graphql"

	"kabinet/internal/web/wire"
)

// A screen of 10 kB: written raw, and as gqlgen's own transports write it.
func BenchmarkAppendResponse(b *testing.B) {
	r := &graphql.Response{Data: append(append([]byte(`{"me":[`), bytes.Repeat([]byte(`{"number":"20261121-GN6VEM","total":{"amount":"19.90"}},`), 180)...), `null]}`...)}
	b.Run("raw", func(b *testing.B) {
		b.ReportAllocs()
		var out []byte
		for b.Loop() {
			out = wire.AppendResponse(out[:0], r)
		}
	})
	b.Run("encoding", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := json.Marshal(r); err != nil {
				b.Fatal(err)
			}
		}
	})
}
