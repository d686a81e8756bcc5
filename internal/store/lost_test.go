package store_test

import (
	"database/sql"
	"net"
	"testing"

	_ "github.com/lib/pq"

	"kabinet/internal/fault"
	"kabinet/internal/store"
)

// A connection that ends while it starts up, as from a balancer whose server has
// gone, is a database that is away: those who wait for one must know it.
func TestConnectionThatEndsAtItsStart(t *testing.T) {
	t.Parallel()
	for name, said := range map[string]string{"without a word": "", "in a word": "R\x00\x00"} {
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer ln.Close()
		go func() {
			for {
				conn, err := ln.Accept()
				if err != nil {
					return
				}
				_, _ = conn.Read(make([]byte, 1024)) // or it would end with a reset
				_, _ = conn.Write([]byte(said))
				conn.Close()
			}
		}()
		db, err := sql.Open("postgres", "postgres://somebody@"+ln.Addr().String()+"/some?sslmode=disable")
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		if err := db.Ping(); fault.KindOf(store.Translate(err)) != fault.Unavailable {
			t.Errorf("%s: %#v", name, err)
		}
	}
}
