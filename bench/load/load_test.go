package load

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

type fixed string

func (f fixed) Next(*rand.Rand, uint64) []byte {
	return []byte("GET " + string(f) + " HTTP/1.1\r\nHost: test\r\n\r\n")
}

// Whole answers are read however they are framed, and bad ones end the run.
func TestRun(t *testing.T) {
	t.Parallel()
	mux := http.NewServeMux()
	mux.HandleFunc("/plain", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"data":1}`) })
	mux.HandleFunc("/chunks", func(w http.ResponseWriter, _ *http.Request) {
		for range 3 {
			fmt.Fprint(w, strings.Repeat("a", 5000))
			w.(http.Flusher).Flush()
		}
	})
	mux.HandleFunc("/wrong", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"errors":[]}`) })
	mux.HandleFunc("/down", func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", http.StatusServiceUnavailable) })
	srv := httptest.NewServer(mux)
	t.Cleanup(srv.Close)
	address := strings.TrimPrefix(srv.URL, "http://")
	for path, c := range map[string]struct {
		bytes int64
		fails string
	}{"/plain": {10, ""}, "/chunks": {15000, ""}, "/wrong": {0, "errors"}, "/down": {0, "status 503"}} {
		res, err := Run(context.Background(), address, fixed(path), Rules{Not: []string{`"errors"`}}, 2, 50*time.Millisecond, 1)
		switch {
		case c.fails != "":
			if err == nil || !strings.Contains(err.Error(), c.fails) {
				t.Errorf("%s: %v", path, err)
			}
		case err != nil || res.Requests == 0 || res.Bytes != c.bytes*int64(res.Requests) || len(res.Latency) != res.Requests:
			t.Errorf("%s: %v, %d requests, %d bytes", path, err, res.Requests, res.Bytes)
		}
	}
}
