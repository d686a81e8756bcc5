package notify_test

import (
	"context"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"entgo.io/ent/dialect"
	"github.com/google/uuid"

	entnotification "kabinet/ent/generated/notification"
	"kabinet/internal/notify"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
)

// BenchmarkFeed is what a page of an account asks of the feed, of one person
// with 10,000 notifications among 1,000,000 (or as many as KABINET_BENCH_ROWS
// says; 50,000 when it is silent), beside queries written by hand of the same
// rows, by turns, so that what shares the machine falls on both: feed-µs and
// hand-µs are medians, ratio is the feed by the hand.
//
//	KABINET_BENCH_ROWS=1000000 go run ./internal/store/pgtest -- go test ./internal/notify -run '^$' -bench Feed -benchtime 100x -timeout 30m
func BenchmarkFeed(b *testing.B) {
	rows := 50_000
	if n, err := strconv.Atoi(os.Getenv("KABINET_BENCH_ROWS")); err == nil {
		rows = n
	}
	storetest.EachB(b, func(b *testing.B, db *storetest.DB) {
		heavy := uuid.MustParse("00000001-0000-7000-8000-000000000000")
		fillFeed(b, db, rows, heavy)
		inbox, ctx := &notify.Inbox{Store: db.Store}, storetest.As(heavy)
		yes := true
		count := func(where string) string {
			return `(SELECT count(*) FROM (SELECT 1 FROM notifications WHERE user_id = ? AND archived_at IS NULL AND snoozed_until_at IS NULL AND read_at IS NULL` + where + ` LIMIT 101) AS c)`
		}
		const feed = `SELECT id, topic, type, severity, title, body, data, created_at, seen_at, read_at FROM notifications WHERE user_id = ? AND archived_at IS NULL AND snoozed_until_at IS NULL`
		for _, c := range []struct {
			name string
			do   func() (int, error)
			hand string
			args []any
		}{
			{"page", func() (int, error) { return feedPage(ctx, inbox, heavy, nil) }, feed + ` ORDER BY id DESC LIMIT 21`, []any{heavy}},
			{"unread", func() (int, error) { return feedPage(ctx, inbox, heavy, &notify.NotificationFilter{Unread: &yes}) }, feed + ` AND read_at IS NULL ORDER BY id DESC LIMIT 21`, []any{heavy}},
			{"counts", func() (int, error) { return feedCounts(ctx, inbox, heavy) }, `SELECT ` + count(``) + ` UNION ALL SELECT ` + count(` AND topic = 'ORDER'`) + ` UNION ALL SELECT ` + count(` AND severity = 'CRITICAL'`),
				[]any{heavy, heavy, heavy}},
			{"groups", func() (int, error) { return feedGroups(ctx, inbox, heavy) },
				`SELECT max(CAST(id AS text)) AS latest, count(*) FROM notifications WHERE user_id = ? AND archived_at IS NULL AND snoozed_until_at IS NULL GROUP BY coalesce(group_key, CAST(id AS text)) ORDER BY 1 DESC LIMIT 21`, []any{heavy}},
		} {
			b.Run(c.name, func(b *testing.B) { besideHand(b, db, c.do, c.hand, c.args) })
		}
	})
}

func feedPage(ctx context.Context, i *notify.Inbox, user uuid.UUID, f *notify.NotificationFilter) (int, error) {
	c, err := i.Of(ctx, user, f, notify.Page{})
	if err != nil {
		return 0, err
	}
	return len(c.Edges), nil
}

func feedCounts(ctx context.Context, i *notify.Inbox, user uuid.UUID) (int, error) {
	all, err := i.Counts(ctx, user, []*notify.NamedNotificationFilter{{Name: "all"},
		{Name: "orders", Filter: &notify.NotificationFilter{Topics: []entnotification.Topic{entnotification.TopicORDER}}},
		{Name: "grave", Filter: &notify.NotificationFilter{Severities: []entnotification.Severity{entnotification.SeverityCRITICAL}}}})
	return len(all), err
}

func feedGroups(ctx context.Context, i *notify.Inbox, user uuid.UUID) (int, error) {
	c, err := i.Groups(ctx, user, nil, notify.Page{})
	if err != nil {
		return 0, err
	}
	return len(c.Edges), nil
}

// besideHand measures two by turns.
func besideHand(b *testing.B, db *storetest.DB, do func() (int, error), hand string, args []any) {
	both := []func() (int, error){do, func() (n int, err error) {
		rows, err := db.Query(storetest.System(), hand, args...)
		if err != nil {
			return 0, err
		}
		defer rows.Close()
		for rows.Next() {
			n++
		}
		return min(n, 20), rows.Err()
	}}
	for range 20 { // plans and caches are warm then
		a, errA := both[0]()
		h, errH := both[1]()
		if errA != nil || errH != nil || a != h {
			b.Fatalf("%d rows, by hand %d: %v, %v", a, h, errA, errH)
		}
	}
	var took [2][]time.Duration
	for b.Loop() {
		for i, f := range both {
			from := time.Now()
			if _, err := f(); err != nil {
				b.Fatal(err)
			}
			took[i] = append(took[i], time.Since(from))
		}
	}
	var median [2]float64
	for i, all := range took {
		slices.Sort(all)
		median[i] = float64(all[len(all)/2].Nanoseconds()) / 1e3
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(median[0], "feed-µs")
	b.ReportMetric(median[1], "hand-µs")
	b.ReportMetric(median[0]/median[1], "ratio")
}

// fillFeed writes n notifications past the API: 10,000 at most of one person,
// the others of as many people as there are hundreds; a tenth is unread, a
// twentieth archived, half in groups of four.
func fillFeed(b *testing.B, db *storetest.DB, n int, heavy uuid.UUID) {
	b.Helper()
	series, at := `generate_series(1, `+strconv.Itoa(n)+`) AS g(i)`, `timestamptz '2026-01-01T00:00:00Z' + i * interval '1 second'`
	id := func(of, number string) string {
		return `CAST('0000000` + of + `-0000-7000-8000-' || lpad(to_hex(` + number + `), 12, '0') AS uuid)`
	}
	with, done := ``, `VACUUM ANALYZE`
	if db.Dialect() == dialect.SQLite {
		with, series = `WITH RECURSIVE g(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM g WHERE i < `+strconv.Itoa(n)+`) `, `g`
		at, done = `strftime('%Y-%m-%d %H:%M:%S', 1767225600 + i, 'unixepoch') || '+00:00'`, `ANALYZE; PRAGMA wal_checkpoint(TRUNCATE)`
		id = func(of, number string) string {
			return `printf('0000000` + of + `-0000-7000-8000-%012x', ` + number + `)`
		}
	}
	every := strconv.Itoa(max(1, n/10_000))
	query := `INSERT INTO notifications (id, created_at, updated_at, user_id, event_id, topic, type, severity, title, body, read_at, archived_at, group_key) ` + with +
		`SELECT ` + id("2", `i`) + `, ` + at + `, ` + at + `, ` + id("1", `CASE WHEN i % `+every+` = 0 THEN 0 ELSE 1 + i % `+strconv.Itoa(max(1, n/100))+` END`) + `, ` + id("3", `i`) + `,
		CASE WHEN i % 3 = 0 THEN 'ORDER' ELSE 'BONUS' END, 'points.accrued', CASE WHEN i % 1000 = 0 THEN 'CRITICAL' ELSE 'INFO' END, 'Title ' || i, 'Body ' || i,
		CASE WHEN i % 70 < 63 THEN ` + at + ` END, CASE WHEN i % 20 = 0 THEN ` + at + ` END, CASE WHEN i % 2 = 0 THEN 'g' || (i / 8) END FROM ` + series
	conn, err := db.Writer().Conn(context.Background())
	if err != nil {
		b.Fatal(err)
	}
	defer conn.Close()
	statements := []string{query, done}
	if db.Dialect() == dialect.Postgres { // no request takes so long
		statements = []string{`SET statement_timeout = 0`, query, `RESET statement_timeout`, done}
	}
	for _, s := range statements {
		if _, err := conn.ExecContext(context.Background(), s); err != nil {
			b.Fatalf("%.300s: %v", strings.TrimSpace(s), err)
		}
	}
	if err := db.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error {
		return tx.User.Create().SetID(heavy).SetDisplayName("Heavy").Exec(ctx)
	}); err != nil {
		b.Fatal(err)
	}
}
