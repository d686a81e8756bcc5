// Package limit is the server that a screen would get if it were all there is:
// net/http and one prepared SQL statement that authenticates and returns the
// screen as JSON. It has no schema, no languages, no errors worth the name; it
// is what a GraphQL server is measured against, and nobody should ship it.
package limit

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"net/http"
	"runtime"
	"strings"
	"time"

	_ "github.com/lib/pq" // the driver that kabinet uses
)

// conns is the size of kabinet's pool.
const conns = 16

type server struct {
	db    *sql.DB
	write statements
}

// Serve answers on ln until ctx ends.
func Serve(ctx context.Context, url string, ln net.Listener) error {
	db, err := sql.Open("postgres", url)
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	db.SetMaxOpenConns(conns)
	db.SetMaxIdleConns(conns)
	s := &server{db: db}
	mux := http.NewServeMux()
	for path, screen := range screens {
		statement, err := db.PrepareContext(ctx, screen.sql)
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		mux.HandleFunc("GET "+path, read(statement, screen.args))
	}
	if err := s.prepare(ctx); err != nil {
		return err
	}
	mux.HandleFunc("POST /place", s.place)
	mux.HandleFunc("POST /redeem", s.redeem)
	mux.HandleFunc("POST /upsert", s.upsert)
	mux.HandleFunc("GET /debug/mallocs", Mallocs)
	srv := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	context.AfterFunc(ctx, func() { _ = srv.Close() })
	if err := srv.Serve(ln); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// Mallocs says how much was allocated so far.
func Mallocs(w http.ResponseWriter, _ *http.Request) {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	fmt.Fprintf(w, "go_memstats_mallocs_total %d\n", m.Mallocs)
}

// read answers with what one statement returns.
func read(statement *sql.Stmt, names []string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		args := make([]any, 1, 4)
		args[0] = token(r)
		if len(names) > 0 {
			query := r.URL.Query()
			for _, name := range names {
				args = append(args, query.Get(name))
			}
		}
		var answer sql.RawBytes
		rows, err := statement.QueryContext(r.Context(), args...)
		if err != nil {
			refuse(w, err)
			return
		}
		defer func() { _ = rows.Close() }()
		if !rows.Next() {
			refuse(w, errors.Join(rows.Err(), sql.ErrNoRows))
			return
		}
		if err := rows.Scan(&answer); err != nil {
			refuse(w, err)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(answer) // fails only when the client is gone
	}
}

func token(r *http.Request) []byte {
	sum := sha256.Sum256([]byte(strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")))
	return sum[:]
}

func refuse(w http.ResponseWriter, err error) {
	http.Error(w, err.Error(), http.StatusInternalServerError)
}
