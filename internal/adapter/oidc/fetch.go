package oidc

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"time"
)

// longest is how many bytes of an answer are read; more is an error.
const longest = 1 << 20

// keysRest is how long a provider's keys are not asked for again: a flood of
// tokens with unknown keys does not become a flood of questions.
const keysRest = 30 * time.Second

// newClient gives a client that waits little, reads little and goes nowhere
// but where it was sent.
func newClient(o Options) *http.Client {
	next := o.Transport
	if next == nil {
		next = &http.Transport{
			Proxy:                 http.ProxyFromEnvironment,
			DialContext:           (&net.Dialer{Timeout: 3 * time.Second}).DialContext,
			TLSHandshakeTimeout:   3 * time.Second,
			ResponseHeaderTimeout: o.Timeout,
			IdleConnTimeout:       time.Minute,
			MaxIdleConnsPerHost:   4,
			MaxConnsPerHost:       atOnce,
			ForceAttemptHTTP2:     true,
		}
	}
	return &http.Client{
		Timeout:       o.Timeout,
		Transport:     &fetcher{next: next, now: o.Now, kept: map[string]kept{}},
		CheckRedirect: func(*http.Request, []*http.Request) error { return errors.New("oidc: a redirect is not followed") },
	}
}

// fetcher reads an answer whole before it hands it on, and gives the answer of
// a moment ago to whoever asks for keys again (go-oidc asks with Cache-Control:
// no-cache, and for nothing else).
type fetcher struct {
	next http.RoundTripper
	now  func() time.Time

	mu   sync.Mutex
	kept map[string]kept
}

type kept struct {
	at     time.Time
	status int
	header http.Header
	body   []byte
	err    error
}

// RoundTrip implements http.RoundTripper.
func (f *fetcher) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Method != http.MethodGet || r.Header.Get("Cache-Control") != "no-cache" {
		return f.read(r).response(r)
	}
	key := r.URL.String()
	f.mu.Lock()
	k, ok := f.kept[key]
	f.mu.Unlock()
	if ok && f.now().Sub(k.at) < keysRest {
		return k.response(r)
	}
	k = f.read(r)
	f.mu.Lock()
	f.kept[key] = k
	f.mu.Unlock()
	return k.response(r)
}

func (f *fetcher) read(r *http.Request) kept {
	k := kept{at: f.now()}
	response, err := f.next.RoundTrip(r)
	if err != nil {
		k.err = err
		return k
	}
	defer response.Body.Close()
	k.status, k.header = response.StatusCode, response.Header
	if k.body, k.err = io.ReadAll(io.LimitReader(response.Body, longest+1)); len(k.body) > longest {
		k.body, k.err = nil, fmt.Errorf("oidc: the answer is longer than %d bytes", longest)
	}
	return k
}

func (k kept) response(r *http.Request) (*http.Response, error) {
	if k.err != nil {
		return nil, k.err
	}
	return &http.Response{
		Status: http.StatusText(k.status), StatusCode: k.status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: k.header.Clone(), Body: io.NopCloser(bytes.NewReader(k.body)), ContentLength: int64(len(k.body)), Request: r,
	}, nil
}
