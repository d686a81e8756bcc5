package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/vektah/gqlparser/v2/ast"

	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
)

// The roles of the matrix, in the order of its columns: half has given a
// password and no second factor, his challenge is all he has; fresh has not
// proven an address; locked was away too long; stale is signed in since over
// ten minutes; agent is staff who acts for alice; parent acts for a child.
var matrixRoles = []string{"nobody", "half", "fresh", "locked", "stale", "alice", "buyer", "parent", "agent", "support", "staff"}

// refusals of @access, as the letters of the matrix; all else is a dot.
var matrixLetters = map[string]string{
	"UNAUTHENTICATED": "N", "FORBIDDEN": "F", "CONFIRMATION_REQUIRED": "C", "SESSION_LOCKED": "L", "STEP_UP_REQUIRED": "S",
}

const matrixFile = "graph/testdata/access.txt"

// TestAccessMatrix asks each root field of the SDL, as each role, whether it
// would answer, and holds that against graph/testdata/access.txt: a field that
// is not listed there fails. -update writes it anew; read the diff.
//
// security C1, F2, F14: half a sign-in is nobody; whoever acts for another has
// what the column says and no more.
func TestAccessMatrix(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorldOf(t, db, map[string]string{"KABINET_SESSION_LOCK": "15m"}, nil)
		m := w.matrix(t)
		schema := sdl(t)
		var got strings.Builder
		fmt.Fprintln(&got, "# "+strings.Join(matrixRoles, " "))
		for _, root := range roots(schema) {
			for _, f := range own(root.Fields) {
				line := m.line(root.Name, f, smallest(schema, root, f))
				holdsItself(t, root.Name, f, line)
				fmt.Fprintf(&got, "%s %s.%s\n", line, root.Name, f.Name)
			}
		}
		if *update && strings.Contains(t.Name(), "sqlite") {
			check(t, os.WriteFile(matrixFile, []byte(got.String()), 0o600))
			return
		}
		want, err := os.ReadFile(matrixFile)
		check(t, err)
		was := strings.Split(string(want), "\n")
		for _, line := range strings.Split(got.String(), "\n") {
			if i := slices.Index(was, line); i >= 0 {
				was[i] = ""
			} else if !*update {
				t.Errorf("%s does not say: %s", matrixFile, line)
			}
		}
		for _, line := range slices.DeleteFunc(was, func(s string) bool { return s == "" }) {
			t.Errorf("%s says: %s", matrixFile, line)
		}
	})
}

// personal are mutations about the caller's own account.
var personal = regexp.MustCompile(`Profile|Preferences|Address|Recipient|ContactPoint|Login|Password$|Totp|CodeFactor|Recovery|PasskeyEnr|removePasskey|Identity$|Avatar|PaymentMethod|Consent$|Export|AccountDeletion|Notification|Wallet|Document$`)

// holdsItself is what no line may break, whatever the file says.
func holdsItself(t *testing.T, root string, f *ast.FieldDefinition, line string) {
	t.Helper()
	at := func(role string) string { i := slices.Index(matrixRoles, role); return line[i : i+1] }
	access := f.Directives.ForName("access")
	open := slices.ContainsFunc(access.Arguments.ForName("audience").Value.Children, func(c *ast.ChildValue) bool { return c.Value.Raw == "ANYONE" })
	is := func(name string) bool { a := access.Arguments.ForName(name); return a != nil && a.Value.Raw == "true" }
	for _, c := range []struct {
		breaks bool
		why    string
	}{
		{!open && at("half") == ".", "half a sign-in may call it"},
		{!open && at("nobody") == ".", "nobody may call it"},
		{!open && !is("pending") && at("fresh") == ".", "who has proven no address may call it"},
		{!open && !is("locked") && at("locked") == ".", "a locked session may call it"},
		{is("stepUp") && (at("stale") == "." || at("agent") == "."), "it needs a fresh proof"},
		{!open && root == "Mutation" && access.Arguments.ForName("company") == nil && personal.MatchString(f.Name) && at("parent") == ".", "it would change the parent's own account"},
		{!open && root == "Mutation" && !is("acting") && at("agent") == ".", "staff who act for a customer may call it"},
	} {
		if c.breaks {
			t.Errorf("%s.%s: %s: %s", root, f.Name, c.why, line)
		}
	}
}

// matrix holds the tokens and headers of the roles.
type matrix struct {
	*world
	t       *testing.T
	company map[string]string
}

// matrix makes the sessions of the roles: the clock goes on between those that
// lock, those that grow stale and the others.
func (w *world) matrix(t *testing.T) *matrix {
	t.Helper()
	m := &matrix{w, t, map[string]string{}}
	m.signedIn("locked", "bob")
	w.db.Clock.Add(5 * time.Minute)
	m.signedIn("stale", "alice")
	w.db.Clock.Add(11 * time.Minute)
	for _, who := range []string{"alice", "carol", "support", "staff", "bob"} {
		delete(w.tokens, who)
		w.token(t, who)
	}
	m.half()
	m.fresh()
	m.keep(t, step{token: "actForCustomer.session.token", tokenFor: "agent"}, m.do(t, "staff", fmt.Sprintf(`mutation { actForCustomer(input: {userId: "%s", reason: "matrix"}) { session { token } userErrors { code } } }`, w.vars["bob"])))
	m.represent()
	w.tokens["buyer"], m.company["buyer"] = w.tokens["carol"], "acme"
	check(t, w.db.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error {
		for _, table := range []string{"sessions", "identities"} {
			if _, err := tx.Exec(ctx, "CREATE TABLE saved_"+table+" AS SELECT * FROM "+table); err != nil {
				return err
			}
		}
		return nil
	}))
	return m
}

// signedIn keeps a session of a person under another name.
func (m *matrix) signedIn(as, who string) {
	delete(m.tokens, who)
	m.tokens[as] = m.token(m.t, who)
	delete(m.tokens, who)
}

// half gives bob a second factor and his password once more: what he has of it
// is the id of a challenge.
func (m *matrix) half() {
	answer := m.do(m.t, "bob", `mutation { enrollTotp { challenge { id } secret userErrors { code } } }`)
	m.keepApp(m.t, step{app: "enrollTotp.secret"}, answer)
	id, _ := dig(answer, "data.enrollTotp.challenge.id")
	m.do(m.t, "bob", fmt.Sprintf(`mutation { confirmTotp(input: {challengeId: "%s", code: "%s"}) { userErrors { code } } }`, id, m.shownByApp(m.t)))
	answer = m.do(m.t, "nobody", fmt.Sprintf(`mutation { signIn(input: {login: "bob@example.com", password: "%s"}) { challenge { id } userErrors { code } } }`, password))
	id, ok := dig(answer, "data.signIn.challenge.id")
	if !ok {
		m.t.Fatal(answer)
	}
	m.tokens["half"] = fmt.Sprint(id)
}

// fresh registers and proves nothing.
func (m *matrix) fresh() {
	m.keep(m.t, step{token: "register.session.token", tokenFor: "fresh"}, m.do(m.t, "nobody",
		`mutation { register(input: {email: "fresh@example.com", password: "seven brown cows dance", displayName: "Fresh"}) { session { token } userErrors { code } } }`))
}

// represent gives alice a child to act for.
func (m *matrix) represent() {
	answer := m.do(m.t, "staff", `mutation { createUser(input: {displayName: "Kim", birthOn: "2016-01-01"}) { user { id } userErrors { code } } }`)
	m.keep(m.t, step{vars: [][2]string{{"kim", "createUser.user.id"}}}, answer)
	m.do(m.t, "staff", fmt.Sprintf(`mutation { saveRepresentation(input: {representativeId: "%s", representedId: "%s", basis: PARENT, documentNote: "birth certificate"}) { userErrors { code } } }`, m.vars["alice"], m.vars["kim"]))
	m.tokens["parent"], m.company["parent"] = m.tokens["alice"], "kim"
}

// line asks a field as each role.
func (m *matrix) line(root string, f *ast.FieldDefinition, query string) string {
	letters := ""
	if root == "Subscription" {
		all := make([]string, len(matrixRoles)) // side by side: who is let in waits a while
		var wg sync.WaitGroup
		for i, role := range matrixRoles {
			wg.Go(func() { all[i] = m.listens(step{as: role, company: m.company[role]}, query) })
		}
		wg.Wait()
		return strings.Join(all, "")
	}
	for _, role := range matrixRoles {
		s := step{name: root + "." + f.Name, as: role, company: m.company[role]}
		letter := letterOf(m.send(m.t, s, query))
		if letters += letter; letter == "." && root == "Mutation" {
			m.asBefore()
		}
	}
	return letters
}

// asBefore takes back what a mutation did to sessions and credentials, which
// decide what comes next.
func (m *matrix) asBefore() {
	check(m.t, m.db.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error {
		for _, table := range []string{"sessions", "identities"} {
			for _, q := range []string{"DELETE FROM " + table, "INSERT INTO " + table + " SELECT * FROM saved_" + table} {
				if _, err := tx.Exec(ctx, q); err != nil {
					return err
				}
			}
		}
		_, err := tx.Exec(ctx, "UPDATE users SET status = 'ACTIVE' WHERE status = 'BLOCKED'")
		return err
	}))
}

func letterOf(answer any) string {
	code, _ := dig(answer, "errors.0.extensions.code")
	return cmp.Or(matrixLetters[fmt.Sprint(code)], ".")
}

// listens opens a subscription, or is refused the socket.
func (m *matrix) listens(s step, query string) string {
	dialer := websocket.Dialer{Subprotocols: []string{"graphql-transport-ws"}}
	conn, resp, err := dialer.Dial(strings.Replace(m.url, "http", "ws", 1)+"/graphql", http.Header{})
	if err != nil {
		return err.Error()
	}
	_ = resp.Body.Close()
	defer conn.Close()
	hello := map[string]string{"company": m.vars[s.company]}
	if token := m.tokens[s.as]; token != "" {
		hello["authorization"] = "Bearer " + token
	}
	_ = conn.WriteJSON(map[string]any{"type": "connection_init", "payload": hello})
	_ = conn.WriteJSON(map[string]any{"id": "1", "type": "subscribe", "payload": map[string]string{"query": query}})
	_ = conn.SetReadDeadline(time.Now().Add(time.Second))
	for {
		var f frame
		switch err := conn.ReadJSON(&f); {
		case websocket.IsCloseError(err, 4401):
			return "N"
		case websocket.IsCloseError(err, 4403):
			return "F"
		case err != nil:
			return "." // it waits for events
		}
		if f.Type == "error" || f.Type == "next" {
			var errs any
			_ = json.Unmarshal(f.Payload, &errs)
			if list, ok := errs.([]any); ok {
				errs = map[string]any{"errors": list}
			}
			return letterOf(errs)
		}
	}
}

// smallest is the shortest operation that calls a root field.
func smallest(schema *ast.Schema, root *ast.Definition, f *ast.FieldDefinition) string {
	var said []string
	for _, a := range f.Arguments {
		if a.Type.NonNull && a.DefaultValue == nil {
			said = append(said, a.Name+": "+anyValue(schema, a.Type))
		}
	}
	text := f.Name
	if len(said) > 0 {
		text += "(" + strings.Join(said, ", ") + ")"
	}
	if def := schema.Types[f.Type.Name()]; def.IsCompositeType() {
		text += " {__typename}"
	}
	return strings.ToLower(root.Name) + " {" + text + "}"
}

// anyValue is a literal that a type takes; ids are nobody's.
func anyValue(schema *ast.Schema, typ *ast.Type) string {
	if typ.Elem != nil {
		return "[" + anyValue(schema, typ.Elem) + "]"
	}
	def := schema.Types[typ.NamedType]
	switch def.Kind {
	case ast.Enum:
		return def.EnumValues[0].Name
	case ast.InputObject:
		var fields []string
		one := def.Directives.ForName("oneOf") != nil
		for _, f := range def.Fields {
			if one && len(fields) == 0 || f.Type.NonNull && f.DefaultValue == nil {
				fields = append(fields, f.Name+": "+anyValue(schema, f.Type))
			}
		}
		return "{" + strings.Join(fields, ", ") + "}"
	}
	if v, ok := anyScalar[typ.NamedType]; ok {
		return v
	}
	return `"x"`
}

var anyScalar = map[string]string{
	"ID": `"usr_01jdcnrg00fanbrvxr14hn3fmb"`, "Int": "1", "Float": "1", "Boolean": "true", "Points": "1", "JSON": "{}", "Decimal": `"1.00"`, "CurrencyCode": `"GBP"`, "Date": `"2020-01-01"`,
	"DateTime": `"2026-11-21T12:00:00Z"`, "EmailAddress": `"x@example.com"`, "URL": `"https://example.com/"`, "Locale": `"en"`, "TimeZone": `"UTC"`, "Cursor": `"x"`, "StreamCursor": `"x"`,
}
