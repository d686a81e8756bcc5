package oidctest

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"testing"

	"github.com/zitadel/oidc/v3/example/server/exampleop"
	"github.com/zitadel/oidc/v3/example/server/storage"
)

// Real is a provider made of zitadel's library, with a login page.
type Real struct {
	Issuer string
	users  people
}

// The client that Real knows.
const (
	RealClient = "kabinet"
	RealSecret = "secret-of-kabinet"
)

type people map[string]*storage.User

func (p people) GetUserByID(id string) *storage.User { return p[id] }

func (p people) GetUserByUsername(name string) *storage.User {
	for _, u := range p {
		if u.Username == name {
			return u
		}
	}
	return nil
}

func (people) ExampleClientID() string { return "service" }

// NewReal starts the provider. redirect is the only address that it sends
// browsers back to. Its clock is the machine's.
func NewReal(t testing.TB, redirect string) *Real {
	t.Helper()
	var handler http.Handler
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { handler.ServeHTTP(w, r) }))
	t.Cleanup(server.Close)
	real := &Real{Issuer: server.URL, users: people{}}
	client := storage.WebClient(RealClient, RealSecret, redirect)
	storage.RegisterClients(client)
	s := storage.NewStorageWithClients(real.users, map[string]*storage.Client{RealClient: client})
	handler = exampleop.SetupServer(server.URL, s, slog.New(slog.NewTextHandler(io.Discard, nil)), false)
	return real
}

// Person makes somebody who has an account at the provider.
func (p *Real) Person(id, email string, verified bool) {
	p.users[id] = &storage.User{ID: id, Username: id, Password: "verysecure", FirstName: "Vera", LastName: "Orlova", Email: email, EmailVerified: verified}
}

var requestID = regexp.MustCompile(`name="id" value="([^"]+)"`)

// Approve goes through the provider's pages as a browser does, signs in as the
// person and gives the address to which the browser is sent back.
func (p *Real) Approve(t testing.TB, authorization, id string) *url.URL {
	t.Helper()
	jar, _ := cookiejar.New(nil)
	browser := &http.Client{Jar: jar, CheckRedirect: func(r *http.Request, _ []*http.Request) error {
		if "http://"+r.URL.Host != p.Issuer {
			return http.ErrUseLastResponse // home again
		}
		return nil
	}}
	page, err := browser.Get(authorization)
	if err != nil {
		t.Fatal(err)
	}
	body, _ := io.ReadAll(page.Body)
	page.Body.Close()
	m := requestID.FindSubmatch(body)
	if m == nil {
		t.Fatalf("no login page at %s: %s", page.Request.URL, body)
	}
	back, err := browser.PostForm(p.Issuer+"/login/username", url.Values{"id": {string(m[1])}, "username": {id}, "password": {"verysecure"}})
	if err != nil {
		t.Fatal(err)
	}
	back.Body.Close()
	to, err := back.Location()
	if err != nil {
		t.Fatalf("the provider did not send the browser back: %s", back.Status)
	}
	return to
}
