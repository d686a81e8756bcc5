// Package graphjin is GraphJin behind net/http: its compiler turns a document
// into one SQL statement, once for each document. Who calls is asked of the
// sessions by one prepared statement, as the limit does within its own; or, in
// the open variant, believed. It answers with raw columns.
package graphjin

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/dosco/graphjin/core/v3"
	_ "github.com/jackc/pgx/v5/stdlib" // the driver GraphJin's own service uses: it keeps statements prepared

	"kabinet/bench/limit"
)

// conns is the size of kabinet's pool.
const conns = 16

// edges are the relations that the database does not know as foreign keys.
var edges = []core.Table{
	{Name: "orders", Columns: []core.Column{{Name: "owner_id", ForeignKey: "users.id"}}},
	{Name: "ledger_accounts", Columns: []core.Column{{Name: "owner_id", ForeignKey: "users.id"}}},
	{Name: "ledger_entries", Columns: []core.Column{{Name: "account_id", ForeignKey: "ledger_accounts.id"}}},
	{Name: "tickets", Columns: []core.Column{{Name: "owner_id", ForeignKey: "users.id"}}},
	{Name: "notifications", Columns: []core.Column{{Name: "user_id", ForeignKey: "users.id"}}},
}

// signedIn finds whose a token is.
const signedIn = `SELECT u.id::text FROM sessions s JOIN users u ON u.id = s.user_id
	WHERE s.token_hash = $1 AND s.revoked_at IS NULL AND (s.expires_at > now()) IS TRUE AND u.status = 'ACTIVE'`

// Serve answers on ln until ctx ends. Where it is open, a token is believed to
// be the id of the person.
func Serve(ctx context.Context, url string, ln net.Listener, open bool) error {
	db, err := sql.Open("pgx", url)
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	db.SetMaxOpenConns(conns)
	db.SetMaxIdleConns(conns)
	dir, err := os.MkdirTemp("", "kabinet-bench-graphjin-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	conf := &core.Config{
		Production: true, DisableProdSecurity: true, DisableAllowList: true, DBType: "postgres", DefaultLimit: 100,
		SecretKey: "not a secret of anybody", DBSchemaPollDuration: -1, Tables: edges,
	}
	gj, err := core.NewGraphJinWithFS(conf, db, core.NewOsFS(dir))
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	who := func(_ context.Context, token string) (string, error) { return token, nil }
	if !open {
		statement, err := db.PrepareContext(ctx, signedIn)
		if err != nil {
			return err
		}
		defer func() { _ = statement.Close() }()
		who = func(ctx context.Context, token string) (user string, err error) {
			sum := sha256.Sum256([]byte(token))
			err = statement.QueryRowContext(ctx, sum[:]).Scan(&user)
			return user, err
		}
	}
	mux.Handle("POST /graphql", answer(gj, who))
	mux.HandleFunc("GET /debug/mallocs", limit.Mallocs)
	srv := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	context.AfterFunc(ctx, func() { _ = srv.Close() })
	if err := srv.Serve(ln); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

func answer(gj *core.GraphJin, who func(ctx context.Context, token string) (string, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var q struct {
			Query     string          `json:"query"`
			Variables json.RawMessage `json:"variables"`
		}
		if err := json.NewDecoder(r.Body).Decode(&q); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		user, err := who(r.Context(), strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "))
		if err != nil {
			http.Error(w, err.Error(), http.StatusUnauthorized)
			return
		}
		ctx := context.WithValue(r.Context(), core.UserIDKey, user)
		res, err := gj.GraphQL(ctx, q.Query, q.Variables, nil)
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(res) // fails only when the client is gone
	}
}
