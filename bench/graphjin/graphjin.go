// Package graphjin is GraphJin behind net/http: its compiler turns a document
// into one SQL statement, once for each document. It does not authenticate: the
// person is whom the request says, which spares it the statement that kabinet
// asks for each token. It answers with raw columns.
package graphjin

import (
	"context"
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

// Serve answers on ln until ctx ends.
func Serve(ctx context.Context, url string, ln net.Listener) error {
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
	mux.Handle("POST /graphql", answer(gj))
	mux.HandleFunc("GET /debug/mallocs", limit.Mallocs)
	srv := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	context.AfterFunc(ctx, func() { _ = srv.Close() })
	if err := srv.Serve(ln); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

func answer(gj *core.GraphJin) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var q struct {
			Query     string          `json:"query"`
			Variables json.RawMessage `json:"variables"`
		}
		if err := json.NewDecoder(r.Body).Decode(&q); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		ctx := context.WithValue(r.Context(), core.UserIDKey, strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "))
		res, err := gj.GraphQL(ctx, q.Query, q.Variables, nil)
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(res) // fails only when the client is gone
	}
}
