package data

import (
	"bytes"
	"context"
	"database/sql"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// The generated database is one that kabinet itself could have come to: its
// own checker finds the books in order, and the rows are as many as planned.
func TestKabinetProvesTheBooks(t *testing.T) {
	dir := t.TempDir()
	binary := filepath.Join(dir, "kabinet")
	command(t, "", "go", "build", "-C", filepath.Join("..", ".."), "-o", binary, ".")
	path := filepath.Join(dir, "tiny.db")
	url := "sqlite://" + path
	command(t, url, binary, "user", "create", "--email="+Administrator, "--admin", "--name=Bench")
	p := Tiny()
	if err := SQLite(context.Background(), path, p, io.Discard); err != nil {
		t.Fatal(err)
	}
	if out := command(t, url, binary, "check", "ledger"); !strings.Contains(out, "the books balance") {
		t.Error(out)
	}
	db, err := OpenSQLite(path, "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	orders := p.Bench*p.BenchOrders + (p.Users-p.Bench)*p.Orders + p.HeavyOrders
	for query, want := range map[string]int{
		`SELECT count(*) FROM users`:           p.Users + 2, // the heavy one, and staff
		`SELECT count(*) FROM products`:        p.Products,
		`SELECT count(*) FROM orders`:          orders,
		`SELECT count(*) FROM notifications`:   p.Users*p.Notifications + p.HeavyFeed,
		`SELECT count(*) FROM tickets`:         2 * (p.Users + 1),
		`SELECT count(*) FROM ticket_messages`: 10*(p.Users+1) + p.Bench*(longTalk-5),
		// what must hold of every row that hangs on another
		`SELECT count(*) FROM orders o WHERE total_minor <> (SELECT sum(amount_minor) FROM order_events WHERE order_id = o.id)`:                                          0,
		`SELECT count(*) FROM orders o WHERE event_seq <> (SELECT count(*) FROM order_events WHERE order_id = o.id)`:                                                     0,
		`SELECT count(*) FROM orders o WHERE paid_minor <> (SELECT coalesce(sum(amount_minor), 0) FROM payments WHERE order_id = o.id)`:                                  0,
		`SELECT count(*) FROM orders o WHERE status <> 'CANCELLED' AND total_minor <> shipping_minor + (SELECT sum(total_minor) FROM order_lines WHERE order_id = o.id)`: 0,
		`SELECT count(*) FROM users u WHERE unread_count <> (SELECT count(*) FROM notifications WHERE user_id = u.id AND read_at IS NULL)`:                               0,
		`SELECT count(*) FROM tickets t WHERE last_message_id <> (SELECT max(id) FROM ticket_messages WHERE ticket_id = t.id)`:                                           0,
	} {
		if got := number(t, db, query); got != want {
			t.Errorf("%s: %d, wanted %d", query, got, want)
		}
	}
	if lines, entries := number(t, db, `SELECT count(*) FROM order_lines`), number(t, db, `SELECT count(*) FROM ledger_entries`); lines < 3*orders || entries < p.Users*p.Entries {
		t.Errorf("%d lines of %d orders, %d entries", lines, orders, entries)
	}
}

// The same plan makes the same people, alone or after others.
func TestPeopleAreTheSameAlways(t *testing.T) {
	t.Parallel()
	p, h := Tiny(), House{Unit: "PTS:points"}
	first := p.Person(7, h)
	p.Person(8, h)
	if again := p.Person(7, h); !reflect.DeepEqual(first, again) {
		t.Error("user 7 is another one the second time")
	}
	other := p
	other.Seed++
	if reflect.DeepEqual(first, other.Person(7, h)) {
		t.Error("another seed makes the same user")
	}
	for i := 1; i < len(first.Orders); i++ {
		if a, b := first.Orders[i-1], first.Orders[i]; !b.Placed.After(a.Placed) || bytes.Compare(a.ID[:], b.ID[:]) >= 0 {
			t.Errorf("order %d is not after the one before", i)
		}
	}
	for i := 1; i < len(first.Account.Entries); i++ {
		if a, b := first.Account.Entries[i-1], first.Account.Entries[i]; !b.At.After(a.At) || bytes.Compare(a.ID[:], b.ID[:]) >= 0 {
			t.Errorf("entry %d is not after the one before", i)
		}
	}
}

func number(t *testing.T, db *sql.DB, query string) (n int) {
	t.Helper()
	if err := db.QueryRow(query).Scan(&n); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return n
}

func command(t *testing.T, url, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Env = append(os.Environ(), "KABINET_DATABASE_URL="+url, "KABINET_PASSWORD=correct horse battery staple")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}
