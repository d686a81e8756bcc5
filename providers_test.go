package main

import (
	"bytes"
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"kabinet/internal/adapter/oidc/oidctest"
	"kabinet/internal/store/storetest"
)

// TestRealProvider signs in through a provider made of zitadel's library, over
// HTTP from the first call to the last.
func TestRealProvider(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		db.Clock.Add(time.Until(db.Clock.Now())*-1 + time.Second) // the provider has the machine's clock
		real := oidctest.NewReal(t, "http://127.0.0.1:8080/auth/callback/real")
		real.Person("vera", "vera@example.com", true)
		w := newWorldOf(t, db, map[string]string{"KABINET_OIDC_REAL_ISSUER": real.Issuer, "KABINET_OIDC_REAL_CLIENT_ID": oidctest.RealClient,
			"KABINET_OIDC_REAL_CLIENT_SECRET": oidctest.RealSecret, "KABINET_OIDC_REAL_LABEL": "Zitadel"}, nil)
		var users []string
		for range 2 {
			started := w.send(t, step{as: "nobody"}, `mutation { startProviderSignIn(input: {provider: "real"}) { authorizationUrl challengeId binding userErrors { code } } }`)
			begun := started["data"].(map[string]any)["startProviderSignIn"].(map[string]any)
			address, ok := begun["authorizationUrl"].(string)
			if !ok {
				t.Fatal(started)
			}
			w.comeBack(t, real.Approve(t, address, "vera").String())
			w.vars["challenge"], w.vars["binding"] = begun["challengeId"].(string), begun["binding"].(string)
			finish := w.expand(t, `mutation { finishProviderSignIn(input: {challengeId: "{{challenge}}", binding: "{{binding}}", code: "{{code}}", state: "{{state}}"}) {
				session { token } registered user { id displayName contactPoints { value verifiedAt } } userErrors { code } } }`)
			answer := w.send(t, step{as: "nobody"}, finish)
			done := answer["data"].(map[string]any)["finishProviderSignIn"].(map[string]any)
			user, ok := done["user"].(map[string]any)
			if !ok || done["session"] == nil || user["displayName"] != "Vera Orlova" || done["registered"] != (len(users) == 0) {
				t.Fatalf("finished with %v", answer)
			}
			users = append(users, user["id"].(string))
			if again := w.send(t, step{as: "nobody"}, finish); !strings.Contains(toJSON(t, again), "PROVIDER_SIGN_IN_FAILED") { // security E4
				t.Errorf("a replay: %v", again)
			}
		}
		if users[0] != users[1] {
			t.Error("the second sign-in is another person's")
		}
	})
}

func toJSON(t testing.TB, v map[string]any) string {
	t.Helper()
	return (&spelling{ids: map[string]string{}, count: map[string]int{}}).spell(t.(*testing.T), v)
}

// TestTokensOfOthers presents tokens that are none of ours: ours are opaque,
// and a JWT is nothing but a wrong one.
func TestTokensOfOthers(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		h := w.providers["alpha"]
		none := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none","typ":"JWT"}`)) + "." + base64.RawURLEncoding.EncodeToString([]byte(`{"sub":"`+w.vars["alice"]+`"}`)) + "."
		for name, token := range map[string]string{ // security B7
			"an ID token":        h.Sign(map[string]any{"sub": w.vars["alice"]}),
			"an ID token for us": h.Sign(map[string]any{"sub": w.vars["alice"], "aud": "kabinet"}),
			"alg none":           none,
			"an access token":    "access",
			"no token":           "kab_",
		} {
			body := []byte(`{"query":"{ me { id } providers { name } }"}`)
			req := httptest.NewRequest(http.MethodPost, "/graphql", bytes.NewReader(body))
			req.Header.Set("Content-Type", "application/json")
			req.Header.Set("Authorization", "Bearer "+token)
			rec := httptest.NewRecorder()
			w.app.edge.Handler().ServeHTTP(rec, req)
			if !strings.Contains(rec.Body.String(), `"me":null`) || !strings.Contains(rec.Body.String(), "UNAUTHENTICATED") || !strings.Contains(rec.Body.String(), `"alpha"`) {
				t.Errorf("%s: %s", name, rec.Body)
			}
		}
	})
}
