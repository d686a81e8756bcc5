package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/descope/virtualwebauthn"

	"kabinet/internal/credential"
)

// device is the authenticator of the stories: one passkey of whoever added it
// last, and one app with the last secret shown.
type device struct {
	holder virtualwebauthn.Authenticator
	key    virtualwebauthn.Credential
	secret string
}

// app is `# app enrollTotp.secret`: {{totp}} is what it shows from then on.
func (w *world) keepApp(t testing.TB, s step, answer map[string]any) {
	t.Helper()
	got, ok := dig(answer["data"], s.app)
	if !ok {
		t.Fatalf("%s: no %s in %v", s.name, s.app, answer)
	}
	w.device.secret = got.(string)
}

// shownByApp is the code that the app shows now.
func (w *world) shownByApp(t testing.TB) string {
	t.Helper()
	code, err := credential.TOTPAt(w.device.secret, w.db.Clock.Now())
	check(t, err)
	return code
}

// passkey is `# passkey create PATH` or `# passkey sign PATH`: the browser is
// given the options at the path, and {{credential}} is what it gives back.
func (w *world) passkey(t testing.TB, s step, answer map[string]any) {
	t.Helper()
	act, path, _ := strings.Cut(s.passkey, " ")
	options, ok := dig(answer["data"], path)
	if !ok {
		t.Fatalf("%s: no %s in %v", s.name, path, answer)
	}
	b, err := json.Marshal(options)
	check(t, err)
	u := w.app.cfg.PublicURL
	party := virtualwebauthn.RelyingParty{ID: "shop.example", Name: "shop.example", Origin: u.Scheme + "://" + u.Host}
	var said string
	if act == "create" {
		o, err := virtualwebauthn.ParseAttestationOptions(string(b))
		check(t, err)
		w.device.holder = virtualwebauthn.NewAuthenticatorWithOptions(virtualwebauthn.AuthenticatorOptions{UserHandle: []byte(o.UserID)})
		w.device.key = virtualwebauthn.NewCredential(virtualwebauthn.KeyTypeEC2)
		said = virtualwebauthn.CreateAttestationResponse(party, w.device.holder, w.device.key, *o)
	} else {
		o, err := virtualwebauthn.ParseAssertionOptions(string(b))
		check(t, err)
		w.device.key.Counter++
		said = virtualwebauthn.CreateAssertionResponse(party, w.device.holder, w.device.key, *o)
	}
	var v any
	check(t, json.Unmarshal([]byte(said), &v))
	w.vars["credential"] = graphqlOf(v)
}

// graphqlOf writes a JSON value as GraphQL does.
func graphqlOf(v any) string {
	switch v := v.(type) {
	case map[string]any:
		var fields []string
		for _, k := range slices.Sorted(maps.Keys(v)) {
			fields = append(fields, k+": "+graphqlOf(v[k]))
		}
		return "{" + strings.Join(fields, ", ") + "}"
	case []any:
		var items []string
		for _, e := range v {
			items = append(items, graphqlOf(e))
		}
		return "[" + strings.Join(items, ", ") + "]"
	case string:
		b, _ := json.Marshal(v)
		return string(b)
	}
	return fmt.Sprint(v)
}
