package main

import (
	"context"
	"encoding/base32"
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"entgo.io/ent/dialect"
	"github.com/gorilla/websocket"

	"kabinet/ent/generated/membership"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
)

// listen opens a socket with a token and a stream on it.
func (w *world) listen(t *testing.T, token string) *websocket.Conn {
	t.Helper()
	conn, resp, err := (&websocket.Dialer{Subprotocols: []string{"graphql-transport-ws"}}).Dial(strings.Replace(w.url, "http", "ws", 1)+"/graphql", http.Header{})
	check(t, err)
	_ = resp.Body.Close()
	t.Cleanup(func() { _ = conn.Close() })
	check(t, conn.WriteJSON(map[string]any{"type": "connection_init", "payload": map[string]string{"authorization": "Bearer " + token}}))
	var ack frame
	check(t, conn.ReadJSON(&ack))
	check(t, conn.WriteJSON(map[string]any{"id": "1", "type": "subscribe", "payload": map[string]string{"query": `subscription { accountEvents { cursor } }`}}))
	return conn
}

// cutOff waits for the end of a socket, five seconds at most.
func cutOff(t *testing.T, what string, conn *websocket.Conn) {
	t.Helper()
	check(t, conn.SetReadDeadline(time.Now().Add(5*time.Second)))
	var err error
	for err == nil {
		_, _, err = conn.ReadMessage()
	}
	if !websocket.IsCloseError(err, 4401, 4403) {
		t.Errorf("%s: the stream on the other instance ended with %v", what, err)
	}
}

// What ends a session ends it at once on every instance, and cuts off the
// stream that is open on another one within five seconds (security B3).
func TestDeadAtOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorldOf(t, db, map[string]string{"KABINET_DELETION_DELAY": "0"}, nil)
		second := w.twin(t)
		behind, stop := context.WithCancel(context.Background())
		defer stop()
		go second.app.edge.Watch(behind)
		const another = "another pair of shoes"
		knows, alice := password, w.vars["alice"]
		staff := func(what string) { w.act(t, w.tokens["staff"], fmt.Sprintf(what, alice)) }
		for _, act := range []struct {
			name string
			do   func(own, other string)
		}{
			{"signing out", func(own, _ string) { w.act(t, own, `signOut`) }},
			{"signing out everywhere", func(_, other string) { w.act(t, other, `signOutEverywhere`) }},
			{"the end by staff", func(string, string) { staff(`endUserSessions(input: {userId: "%s"})`) }},
			{"a block", func(string, string) {
				staff(`blockUser(input: {userId: "%s", reason: FRAUD_SUSPECTED})`)
				defer staff(`unblockUser(input: {userId: "%s"})`)
			}},
			{"another password", func(_, other string) {
				w.act(t, other, fmt.Sprintf(`changePassword(input: {currentPassword: "%s", newPassword: "%s"})`, knows, another))
				knows = another
			}},
			{"a reset", func(string, string) {
				w.act(t, "", `requestPasswordReset(input: {login: "alice@example.com"})`)
				w.settle(t)
				w.act(t, "", fmt.Sprintf(`resetPassword(input: {challengeId: "%s", code: "%s", newPassword: "%s"})`, w.vars["linkChallenge"], w.vars["linkCode"], password))
				knows = password
			}},
			{"a deletion", func(_, other string) { w.delete(t, other) }},
		} {
			own, other := w.anew(t, "alice", knows), w.anew(t, "alice", knows)
			conn := second.listen(t, own)
			act.do(own, other)
			for i, instance := range []*world{w, second} {
				if a := instance.wire(t, `{ me { displayName } }`, "Authorization", "Bearer "+own); !strings.Contains(a.body, "UNAUTHENTICATED") {
					t.Errorf("%s: instance %d still answers %s", act.name, i, a.body)
				}
			}
			cutOff(t, act.name, conn)
		}
	})
}

// act does a mutation that is not refused.
func (w *world) act(t testing.TB, token, mutation string) wired {
	t.Helper()
	a := w.wire(t, `mutation { `+mutation+` { userErrors { code message } } }`, "Authorization", "Bearer "+token)
	if !strings.Contains(a.body, `"userErrors":[]`) {
		t.Fatalf("%s: %s", mutation, a.body)
	}
	return a
}

// delete erases the account of a token.
func (w *world) delete(t testing.TB, token string) {
	t.Helper()
	w.db.Clock.Add(61 * time.Second) // since the letter of before
	a := w.wire(t, `mutation { requestAccountDeletion { challenge { id } userErrors { code } } }`, "Authorization", "Bearer "+token)
	id := a.at(t, "requestAccountDeletion.challenge.id")
	w.settle(t)
	w.act(t, token, fmt.Sprintf(`confirmAccountDeletion(input: {challengeId: "%s", code: "%s"})`, id, w.vars["letter"]))
	w.db.Clock.Add(time.Second)
	w.settle(t)
}

// Whose role is taken away has its rights no more at his next request, on every
// instance, and hears nothing more (security B3).
func TestRoleTakenAway(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		second := w.twin(t)
		behind, stop := context.WithCancel(context.Background())
		defer stop()
		go second.app.edge.Watch(behind)
		conn := second.listen(t, w.tokens["support"])
		users := func(instance *world) string {
			return instance.wire(t, `{ users(first: 1) { totalCount } }`, "Authorization", "Bearer "+w.tokens["support"]).body
		}
		if a := users(second); !strings.Contains(a, "totalCount\":") {
			t.Fatalf("before: %s", a)
		}
		id, err := scalar.ParseID(w.vars["support"])
		check(t, err)
		check(t, db.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error {
			return tx.Membership.Update().Where(membership.UserID(id.UUID)).SetStatus(membership.StatusENDED).Exec(ctx)
		}))
		for i, instance := range []*world{w, second} {
			if a := users(instance); !strings.Contains(a, "FORBIDDEN") {
				t.Errorf("instance %d still answers %s", i, a)
			}
		}
		cutOff(t, "a role", conn)
	})
}

// everything is all that a thief of the database reads, as text and as bytes.
func everything(t testing.TB, db *storetest.DB) string {
	t.Helper()
	list := `SELECT name FROM sqlite_master WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL TABLE%'` // what lies in those lies in tables of their own
	if db.Dialect() == dialect.Postgres {
		list = `SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE'`
	}
	var all strings.Builder
	each := func(query string, row func([]any)) {
		rows, err := db.Query(context.Background(), query)
		check(t, err)
		defer rows.Close()
		columns, err := rows.Columns()
		check(t, err)
		for rows.Next() {
			values, into := make([]any, len(columns)), make([]any, len(columns))
			for i := range values {
				into[i] = &values[i]
			}
			check(t, rows.Scan(into...))
			row(values)
		}
		check(t, rows.Err())
	}
	var tables []string
	each(list, func(row []any) { tables = append(tables, fmt.Sprintf("%s", row[0])) })
	for _, table := range tables {
		each(`SELECT * FROM "`+table+`"`, func(row []any) {
			for _, v := range row {
				if b, ok := v.([]byte); ok {
					fmt.Fprintf(&all, "%s %x\n", b, b)
				} else {
					fmt.Fprintln(&all, v)
				}
			}
		})
	}
	return all.String()
}

// A copy of the database opens nothing: no token, link or code by which somebody
// comes in stands in it, and what stands there instead is no token (security B8).
func TestStolenDatabase(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		secrets := map[string]string{"a token": w.anew(t, "alice", password)}
		in := w.wire(t, `mutation { signIn(input: {login: "alice@example.com", password: "correct horse battery", mode: COOKIE}) { userErrors { code } } }`)
		secrets["a cookie"], secrets["a device"] = in.cookies["__Host-kabinet"], in.cookies["__Host-kabinet-device"]
		in = w.wire(t, `mutation { signIn(input: {login: "alice@example.com", password: "correct horse battery", mode: REFRESHABLE}) { session { token refreshToken } userErrors { code } } }`)
		secrets["a short token"], secrets["a refresh token"] = in.at(t, "signIn.session.token"), in.at(t, "signIn.session.refreshToken")
		w.act(t, "", `requestPasswordReset(input: {login: "alice@example.com"})`)
		w.settle(t)
		secrets["a link of a reset"], secrets["its code"] = w.vars["linkCode"], `"`+w.vars["letter"]+`"`
		change := w.wire(t, `mutation { requestLoginChange(input: {email: "bob.new@example.com"}) { challenge { id } userErrors { code } } }`, "Authorization", "Bearer "+w.tokens["bob"])
		w.settle(t)
		w.act(t, w.tokens["bob"], fmt.Sprintf(`confirmLoginChange(input: {challengeId: "%s", code: "%s"})`, change.at(t, "requestLoginChange.challenge.id"), w.vars["letter"]))
		w.settle(t)
		secrets["a link that undoes"], secrets["a password"] = w.vars["linkCode"], password
		if secrets["a link that undoes"] == secrets["a link of a reset"] {
			t.Fatal("no link that undoes")
		}
		dump := everything(t, db)
		if !strings.Contains(dump, "alice@example.com") || len(dump) < 10_000 {
			t.Fatalf("the dump has %d bytes", len(dump))
		}
		for name, secret := range secrets {
			if len(secret) < 8 {
				t.Fatalf("%s: %q", name, secret)
			}
			if bare := strings.TrimPrefix(secret, "kab_"); strings.Contains(dump, bare) || strings.Contains(dump, hex.EncodeToString([]byte(bare))) {
				t.Errorf("%s stands in the database", name)
			}
		}
		rows, err := db.Query(context.Background(), `SELECT token_hash FROM sessions`)
		check(t, err)
		defer rows.Close()
		var hashes [][]byte
		for rows.Next() { // to its end, which closes it
			var b []byte
			check(t, rows.Scan(&b))
			hashes = append(hashes, b)
		}
		check(t, rows.Err())
		for _, b := range hashes {
			for _, as := range []string{hex.EncodeToString(b), "kab_" + strings.ToLower(base32.StdEncoding.EncodeToString(b))} {
				if a := w.wire(t, `{ me { displayName } }`, "Authorization", "Bearer "+as); len(b) != 32 || !strings.Contains(a.body, "UNAUTHENTICATED") {
					t.Errorf("a hash of %d bytes signs in: %s", len(b), a.body)
				}
			}
		}
	})
}
