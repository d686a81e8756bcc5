// Package pushtest is a push service and the browsers behind it, for tests: it
// opens what it is sent with the browser's private key, and believes nobody
// whose signature is not good.
package pushtest

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

// Service is a push service on this machine.
type Service struct {
	URL string

	mu       sync.Mutex
	browsers map[string]*Browser // by path
	got      []Got
	say      func(w http.ResponseWriter, r *http.Request) bool
	now      func() time.Time
}

// Browser is somebody's browser: what it gives to a page, and its private key.
type Browser struct {
	Endpoint, P256dh, Auth string

	key  *ecdh.PrivateKey
	auth []byte
}

// Got is one message that came.
type Got struct {
	Browser *Browser
	Header  http.Header
	Payload []byte            // opened
	Fields  map[string]string // of the payload
	Subject string            // of the signature
	Size    int               // of the body as it came
}

// New starts one; it ends with the test.
func New(t testing.TB, now func() time.Time) *Service {
	t.Helper()
	s := &Service{browsers: map[string]*Browser{}, now: now}
	srv := httptest.NewServer(s)
	t.Cleanup(srv.Close)
	s.URL = srv.URL
	return s
}

// Subscribe is what pushManager.subscribe() does.
func (s *Service) Subscribe(t testing.TB) *Browser {
	t.Helper()
	key, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	auth := make([]byte, 16)
	_, _ = rand.Read(auth)
	path := "/push/" + rand.Text()
	b := &Browser{Endpoint: s.URL + path, P256dh: encode(key.PublicKey().Bytes()), Auth: encode(auth), key: key, auth: auth}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.browsers[path] = b
	return b
}

// Forget is what happens when a person takes the permission back.
func (s *Service) Forget(b *Browser) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.browsers, strings.TrimPrefix(b.Endpoint, s.URL))
}

// Say lets a test answer in its own way; true: it did.
func (s *Service) Say(how func(w http.ResponseWriter, r *http.Request) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.say = how
}

// Got is what came so far, of one browser.
func (s *Service) Got(b *Browser) (all []Got) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, g := range s.got {
		if g.Browser == b {
			all = append(all, g)
		}
	}
	return all
}

// ServeHTTP implements http.Handler.
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.say != nil && s.say(w, r) {
		return
	}
	b := s.browsers[r.URL.Path]
	if b == nil {
		w.WriteHeader(http.StatusGone)
		return
	}
	subject, err := s.believe(r)
	if err != nil {
		http.Error(w, err.Error(), http.StatusForbidden)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 4096))
	if err != nil {
		w.WriteHeader(http.StatusRequestEntityTooLarge)
		return
	}
	g := Got{Browser: b, Header: r.Header, Subject: subject, Size: len(body)}
	if g.Payload, err = b.Open(body); err == nil {
		err = json.Unmarshal(g.Payload, &g.Fields)
	}
	if err != nil || r.Header.Get("Content-Encoding") != "aes128gcm" || r.Header.Get("TTL") == "" {
		http.Error(w, fmt.Sprint("it cannot be opened: ", err), http.StatusBadRequest)
		return
	}
	s.got = append(s.got, g)
	w.Header().Set("Location", s.URL+"/message/"+rand.Text())
	w.WriteHeader(http.StatusCreated)
}

// believe checks the signature of RFC 8292.
func (s *Service) believe(r *http.Request) (subject string, err error) {
	var token, key string
	scheme, rest, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	for _, part := range strings.Split(rest, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		switch name {
		case "t":
			token = value
		case "k":
			key = value
		}
	}
	parts := strings.Split(token, ".")
	if scheme != "vapid" || len(parts) != 3 {
		return "", errors.New("no signature")
	}
	point, err := base64.RawURLEncoding.DecodeString(key)
	if err != nil {
		return "", err
	}
	public, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), point)
	if err != nil {
		return "", err
	}
	signature, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil || len(signature) != 64 {
		return "", errors.New("the signature is none")
	}
	hash := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	if !ecdsa.Verify(public, hash[:], new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:])) {
		return "", errors.New("the signature is not good")
	}
	var claims struct {
		Aud, Sub string
		Exp      int64
	}
	raw, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return "", err
	}
	if err := json.Unmarshal(raw, &claims); err != nil {
		return "", err
	}
	if left := time.Unix(claims.Exp, 0).Sub(s.now()); claims.Aud != s.URL || left <= 0 || left > 24*time.Hour {
		return "", fmt.Errorf("claims %s", raw)
	}
	return claims.Sub, nil
}

// Open opens what was encrypted for the browser (RFC 8291).
func (b *Browser) Open(body []byte) ([]byte, error) {
	if len(body) < 21 || len(body) < 21+int(body[20]) {
		return nil, errors.New("too short")
	}
	salt, size, sender, sealed := body[:16], binary.BigEndian.Uint32(body[16:20]), body[21:21+int(body[20])], body[21+int(body[20]):]
	if int(size) < len(sealed) {
		return nil, errors.New("more than one record")
	}
	other, err := ecdh.P256().NewPublicKey(sender)
	if err != nil {
		return nil, err
	}
	shared, err := b.key.ECDH(other)
	if err != nil {
		return nil, err
	}
	secret, err := hkdf.Key(sha256.New, shared, b.auth, "WebPush: info\x00"+string(b.key.PublicKey().Bytes())+string(sender), 32)
	if err != nil {
		return nil, err
	}
	key, err := hkdf.Key(sha256.New, secret, salt, "Content-Encoding: aes128gcm\x00", 16)
	if err != nil {
		return nil, err
	}
	nonce, err := hkdf.Key(sha256.New, secret, salt, "Content-Encoding: nonce\x00", 12)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, err
	}
	plain, err := aead.Open(nil, nonce, sealed, nil)
	if err != nil {
		return nil, err
	}
	plain = []byte(strings.TrimRight(string(plain), "\x00"))
	if len(plain) == 0 || plain[len(plain)-1] != 2 {
		return nil, errors.New("not the last record")
	}
	return plain[:len(plain)-1], nil
}

func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }
