// Package oidctest has two providers for tests: a real one, made of zitadel's
// library, and one that does whatever a test wants of it. The product does not
// import it.
package oidctest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
	"time"
)

// Hostile is a provider that keeps to the protocol until a test changes a
// field; change them before the call that they are meant for.
type Hostile struct {
	*httptest.Server
	ClientID, Secret string
	Now              func() time.Time

	Alg      string                    // RS256, RS512, ES256, HS256 (with the public key) or none; RS256
	Header   map[string]any            // put over the token's header
	Claims   map[string]any            // put over every ID token's claims; nil takes one away
	Userinfo map[string]any            // nil: there is none
	Token    func(token string) string // the last word on the ID token
	Document func(d map[string]any)    // the last word on the metadata
	Before   func(path string, w http.ResponseWriter) (done bool)

	mu    sync.Mutex
	asked map[string]int
	codes map[string]grant
	rsa   *rsa.PrivateKey
	ec    *ecdsa.PrivateKey
}

type grant struct {
	nonce, challenge, redirect string
	claims                     map[string]any
}

// key is shared: making one takes longer than most tests.
var key = sync.OnceValue(func() *rsa.PrivateKey {
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return k
})

// NewHostile starts a provider; now is its clock.
func NewHostile(t testing.TB, now func() time.Time) *Hostile {
	t.Helper()
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	h := &Hostile{ClientID: "kabinet", Secret: "a-secret-of-the-client", Now: now, Alg: "RS256", asked: map[string]int{}, codes: map[string]grant{}, rsa: key(), ec: ec}
	h.Server = httptest.NewServer(http.HandlerFunc(h.serve))
	t.Cleanup(h.Close)
	return h
}

// Asked is how often a path was asked for.
func (h *Hostile) Asked(path string) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.asked[path]
}

// Approve does what the person's browser and the person do at the provider: it
// takes the address that Kabinet sent the browser to, and gives the code and
// the state with which the browser comes back. claims go into the ID token.
func (h *Hostile) Approve(t testing.TB, authorization string, claims map[string]any) (code, state string) {
	t.Helper()
	u, err := url.Parse(authorization)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	if q.Get("code_challenge_method") != "S256" || q.Get("code_challenge") == "" || q.Get("response_type") != "code" || q.Get("client_id") != h.ClientID {
		t.Fatalf("the authorization request is not what it should be: %s", authorization)
	}
	code = rand.Text()
	h.mu.Lock()
	defer h.mu.Unlock()
	h.codes[code] = grant{q.Get("nonce"), q.Get("code_challenge"), q.Get("redirect_uri"), claims}
	return code, q.Get("state")
}

func (h *Hostile) serve(w http.ResponseWriter, r *http.Request) {
	h.mu.Lock()
	h.asked[r.URL.Path]++
	before := h.Before
	h.mu.Unlock()
	if before != nil && before(r.URL.Path, w) {
		return
	}
	switch r.URL.Path {
	case "/.well-known/openid-configuration":
		d := map[string]any{
			"issuer": h.URL, "authorization_endpoint": h.URL + "/authorize", "token_endpoint": h.URL + "/token", "jwks_uri": h.URL + "/keys",
			"id_token_signing_alg_values_supported": []string{"RS256", "RS512", "ES256", "HS256", "none"}, "code_challenge_methods_supported": []string{"plain", "S256"},
		}
		if h.Userinfo != nil {
			d["userinfo_endpoint"] = h.URL + "/userinfo"
		}
		if h.Document != nil {
			h.Document(d)
		}
		write(w, http.StatusOK, d)
	case "/keys":
		write(w, http.StatusOK, map[string]any{"keys": h.keys()})
	case "/userinfo":
		write(w, http.StatusOK, h.Userinfo)
	case "/token":
		h.exchange(w, r)
	default:
		http.NotFound(w, r)
	}
}

func (h *Hostile) keys() []map[string]any {
	point, err := h.ec.PublicKey.Bytes() // 4, then both coordinates
	if err != nil {
		panic(err)
	}
	x, y := point[1:33], point[33:]
	return []map[string]any{
		{"kty": "RSA", "kid": "rsa", "use": "sig", "alg": "RS256", "n": b64(h.rsa.N.Bytes()), "e": b64(big.NewInt(int64(h.rsa.E)).Bytes())},
		{"kty": "EC", "kid": "ec", "use": "sig", "alg": "ES256", "crv": "P-256", "x": b64(x), "y": b64(y)},
	}
}

func (h *Hostile) exchange(w http.ResponseWriter, r *http.Request) {
	id, secret, basic := r.BasicAuth()
	if !basic {
		id, secret = r.PostFormValue("client_id"), r.PostFormValue("client_secret")
	} else {
		secret, _ = url.QueryUnescape(secret)
	}
	if id != h.ClientID || secret != h.Secret {
		write(w, http.StatusUnauthorized, map[string]any{"error": "invalid_client"})
		return
	}
	h.mu.Lock()
	g, ok := h.codes[r.PostFormValue("code")]
	delete(h.codes, r.PostFormValue("code"))
	h.mu.Unlock()
	sum := sha256.Sum256([]byte(r.PostFormValue("code_verifier")))
	if !ok || b64(sum[:]) != g.challenge || r.PostFormValue("redirect_uri") != g.redirect {
		write(w, http.StatusBadRequest, map[string]any{"error": "invalid_grant"})
		return
	}
	claims := map[string]any{"nonce": g.nonce}
	for k, v := range g.claims {
		claims[k] = v
	}
	token := h.Sign(claims)
	if h.Token != nil {
		token = h.Token(token)
	}
	write(w, http.StatusOK, map[string]any{"access_token": "access", "token_type": "Bearer", "expires_in": 300, "id_token": token})
}

// Sign makes an ID token of the provider with these claims over the usual ones.
func (h *Hostile) Sign(claims map[string]any) string {
	now := h.Now().Unix()
	all := map[string]any{"iss": h.URL, "aud": h.ClientID, "sub": "1", "iat": now, "exp": now + 300}
	header := map[string]any{"alg": h.Alg, "typ": "JWT", "kid": "rsa"}
	if h.Alg == "ES256" {
		header["kid"] = "ec"
	}
	over(all, claims)
	over(all, h.Claims)
	over(header, h.Header)
	return h.sign(header, all)
}

func over(m, more map[string]any) {
	for k, v := range more {
		if m[k] = v; v == nil {
			delete(m, k)
		}
	}
}

func (h *Hostile) sign(header, claims map[string]any) string {
	text := b64(mustJSON(header)) + "." + b64(mustJSON(claims))
	sum := sha256.Sum256([]byte(text))
	var signature []byte
	var err error
	switch h.Alg {
	case "none":
	case "HS256":
		der, _ := x509.MarshalPKIXPublicKey(&h.rsa.PublicKey)
		mac := hmac.New(sha256.New, pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
		mac.Write([]byte(text))
		signature = mac.Sum(nil)
	case "ES256":
		r, s, e := ecdsa.Sign(rand.Reader, h.ec, sum[:])
		signature, err = append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...), e
	case "RS512":
		long := sha512.Sum512([]byte(text))
		signature, err = rsa.SignPKCS1v15(rand.Reader, h.rsa, crypto.SHA512, long[:])
	default:
		signature, err = rsa.SignPKCS1v15(rand.Reader, h.rsa, crypto.SHA256, sum[:])
	}
	if err != nil {
		panic(err)
	}
	return text + "." + b64(signature)
}

// Foreign is a key of somebody else, as a JWK with its private half apart.
func Foreign() (jwk map[string]any, private *rsa.PrivateKey) {
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return map[string]any{"kty": "RSA", "kid": "foreign", "use": "sig", "alg": "RS256", "n": b64(k.N.Bytes()), "e": b64(big.NewInt(int64(k.E)).Bytes())}, k
}

// SignBy makes the provider sign with another key from now on.
func (h *Hostile) SignBy(k *rsa.PrivateKey) { h.rsa = k }

func mustJSON(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return b
}

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func write(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}
