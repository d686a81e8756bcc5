package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/tools/txtar"

	"kabinet/internal/store/storetest"
)

var update = flag.Bool("update", false, "write the answers of the stories anew")

// TestStories runs graph/testdata/*.txtar; its README says how they read.
func TestStories(t *testing.T) {
	files, err := filepath.Glob("graph/testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("no stories", err)
	}
	slog.SetDefault(testLog())
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			storetest.Each(t, func(t *testing.T, db *storetest.DB) { tell(t, newWorldOf(t, db, settingsOf(t, file), nil), file) })
		})
	}
}

var settingLine = regexp.MustCompile(`(?m)^(KABINET_[A-Z_]+)=(.*)$`)

// settingsOf are the settings that stand in the text before a story's first file.
func settingsOf(t *testing.T, file string) map[string]string {
	t.Helper()
	b, err := os.ReadFile(file)
	check(t, err)
	settings := map[string]string{}
	for _, m := range settingLine.FindAllSubmatch(txtar.Parse(b).Comment, -1) {
		settings[string(m[1])] = string(m[2])
	}
	return settings
}

// step is one operation of a story.
type step struct {
	name, query                       string
	as, company, locale, clock, token string
	tokenFor, approve, app, passkey   string
	telegram                          string
	vars                              [][2]string // name, path
	sql                               int
	subscribe, hear                   bool
	take                              int
}

var directive = regexp.MustCompile(`^#\s*(app|passkey|approve|telegram|as|for|locale|var|sql|clock|token|subscribe|take|hear)\b\s*(.*)$`)

func parseStep(t *testing.T, f txtar.File) step {
	t.Helper()
	s := step{name: strings.TrimSuffix(f.Name, ".graphql"), query: string(f.Data), as: "nobody", take: 1}
	for _, line := range strings.Split(s.query, "\n") {
		m := directive.FindStringSubmatch(strings.TrimSpace(line))
		if m == nil {
			continue
		}
		switch m[1] {
		case "approve":
			s.approve = m[2]
		case "telegram":
			s.telegram = m[2]
		case "app":
			s.app = m[2]
		case "passkey":
			s.passkey = m[2]
		case "as":
			s.as = m[2]
		case "for":
			s.company = m[2]
		case "locale":
			s.locale = m[2]
		case "clock":
			s.clock = m[2]
		case "var":
			name, path, ok := strings.Cut(m[2], " = ")
			if !ok {
				t.Fatalf("%s: # var name = path", f.Name)
			}
			s.vars = append(s.vars, [2]string{name, path})
		case "token":
			path, who, ok := strings.Cut(m[2], " as ")
			if !ok {
				t.Fatalf("%s: # token path as name", f.Name)
			}
			s.token, s.tokenFor = path, who
		case "sql":
			s.sql = atoi(t, m[2])
		case "take":
			s.take = atoi(t, m[2])
		case "subscribe":
			s.subscribe = true
		case "hear":
			s.hear = true
		}
	}
	return s
}

func tell(t *testing.T, w *world, file string) {
	b, err := os.ReadFile(file)
	check(t, err)
	archive := txtar.Parse(b)
	names := &spelling{ids: map[string]string{}, count: map[string]int{}}
	answers := map[string]string{}
	said := &canaries{}
	var open []*listener
	for _, f := range archive.Files {
		if !strings.HasSuffix(f.Name, ".graphql") {
			continue
		}
		s := parseStep(t, f)
		if s.clock != "" {
			d, err := time.ParseDuration(s.clock)
			check(t, err)
			w.db.Clock.Add(d)
		}
		if s.hear {
			w.settle(t)
			calm(open)
		}
		if s.telegram != "" {
			w.sayToBot(t, w.expand(t, s.telegram))
		}
		if strings.Contains(s.query, "{{totp}}") {
			w.vars["totp"] = w.shownByApp(t)
		}
		query := w.expand(t, s.query)
		if s.subscribe {
			open = append(open, w.subscribe(t, s, query))
			continue
		}
		var answer map[string]any
		n, log := w.db.RequestStatements(func() { answer = w.send(t, s, query) })
		readsNoSecret(t, query, log)
		said.note(query, answer)
		if s.sql > 0 && n > s.sql && !w.twice && !inBytes() {
			t.Errorf("%s: %d statements, at most %d:\n%s", s.name, n, s.sql, strings.Join(log, "\n"))
		}
		w.keep(t, s, answer)
		if s.approve != "" {
			w.approve(t, s, answer)
		}
		if s.app != "" {
			w.keepApp(t, s, answer)
		}
		if s.passkey != "" {
			w.passkey(t, s, answer)
		}
		answers[s.name] = names.spell(t, answer)
	}
	w.settle(t)
	for _, l := range open {
		answers[l.name] = names.spell(t, l.messages(t))
	}
	said.areNowhere(t, w)
	compare(t, file, archive, answers)
}

func compare(t *testing.T, file string, archive *txtar.Archive, answers map[string]string) {
	t.Helper()
	want := map[string]string{}
	for _, f := range archive.Files {
		if strings.HasSuffix(f.Name, ".json") {
			want[strings.TrimSuffix(f.Name, ".json")] = string(f.Data)
		}
	}
	if *update && strings.Contains(t.Name(), "sqlite") {
		out := &txtar.Archive{Comment: archive.Comment}
		for _, f := range archive.Files {
			if name, ok := strings.CutSuffix(f.Name, ".graphql"); ok {
				out.Files = append(out.Files, f, txtar.File{Name: name + ".json", Data: []byte(answers[name])})
			}
		}
		check(t, os.WriteFile(file, txtar.Format(out), 0o644))
		return
	}
	for name, got := range answers {
		if *update {
			break
		}
		if want[name] != got {
			t.Errorf("%s: answer of %s\n--- want\n%s--- got\n%s", filepath.Base(file), name, want[name], got)
		}
	}
}

// spelling replaces what differs from run to run.
type spelling struct {
	ids   map[string]string
	count map[string]int
}

var (
	typeID     = regexp.MustCompile(`^([a-z]+)_[0-7][0-9a-hjkmnp-tv-z]{25}$`)
	numbers    = regexp.MustCompile(`^(authorizationUrl|binding|number|token|refreshToken|startCode|deepLink|vapidPublicKey|cursor|startCursor|endCursor|streamPosition|requestId|secret|replyAddress|uri|recoveryCodes|temporaryPassword)$`)
	ceremonies = regexp.MustCompile(`^(options|passkeyOptions)$`)
)

func (n *spelling) spell(t *testing.T, answer any) string {
	t.Helper()
	b, err := json.MarshalIndent(n.walk("", answer), "", "  ")
	check(t, err)
	b = bytes.ReplaceAll(bytes.ReplaceAll(bytes.ReplaceAll(b, []byte(`\u003c`), []byte("<")), []byte(`\u003e`), []byte(">")), []byte(`\u0026`), []byte("&"))
	return string(b) + "\n"
}

func (n *spelling) walk(key string, v any) any {
	switch v := v.(type) {
	case map[string]any:
		if ceremonies.MatchString(key) {
			return "<" + strings.ToLower(key) + ">"
		}
		out := map[string]any{}
		for _, k := range slices.Sorted(maps.Keys(v)) { // names are given in a fixed order
			out[k] = n.walk(k, v[k])
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = n.walk(key, e)
		}
		return out
	case string:
		if m := typeID.FindStringSubmatch(v); m != nil {
			return n.name(v, m[1])
		}
		if numbers.MatchString(key) && v != "" {
			return "<" + strings.ToLower(strings.TrimPrefix(strings.TrimPrefix(key, "start"), "end")) + ">"
		}
		return n.inText(v)
	}
	return v
}

var (
	uuids        = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}`)
	orderNumbers = regexp.MustCompile(`\b[0-9A-Z]*2611\d\d-[0-9A-Z]+\b|\b[A-Z]{1,3}-?2026\d{4}-[0-9A-Z]+\b|\b2026\d{4}-[0-9A-Z]+\b`)
)

// inText spells ids and numbers that stand inside a text.
func (n *spelling) inText(s string) string {
	s = uuids.ReplaceAllStringFunc(s, func(id string) string { return n.name(id, "uuid") })
	return orderNumbers.ReplaceAllString(s, "<number>")
}

func (n *spelling) name(id, prefix string) string {
	if n.ids[id] == "" {
		n.count[prefix]++
		n.ids[id] = fmt.Sprintf("<%s_%d>", prefix, n.count[prefix])
	}
	return n.ids[id]
}

// dig follows a path such as placeOrder.order.lines.0.id.
func dig(v any, path string) (any, bool) {
	for _, part := range strings.Split(path, ".") {
		switch c := v.(type) {
		case map[string]any:
			v = c[part]
		case []any:
			i, err := strconv.Atoi(part)
			if err != nil || i >= len(c) {
				return nil, false
			}
			v = c[i]
		default:
			return nil, false
		}
	}
	return v, v != nil
}

// send posts an operation and gives the whole answer.
func (w *world) send(t testing.TB, s step, query string) map[string]any {
	t.Helper()
	body, err := json.Marshal(map[string]any{"query": query})
	check(t, err)
	req, err := http.NewRequest(http.MethodPost, w.url+"/graphql", bytes.NewReader(body))
	check(t, err)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json")
	if token := w.token(t, s.as); token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	if s.company != "" {
		req.Header.Set("X-Kabinet-Company", w.vars[s.company])
	}
	if s.locale != "" {
		req.Header.Set("Accept-Language", s.locale)
	}
	resp, err := http.DefaultClient.Do(req)
	check(t, err)
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	check(t, err)
	sameBytes(t, s, b)
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	var answer map[string]any
	if err := d.Decode(&answer); err != nil {
		t.Fatalf("%s: %s: %s", s.name, resp.Status, b)
	}
	return answer
}

func (w *world) expand(t *testing.T, query string) string {
	t.Helper()
	return regexp.MustCompile(`\{\{(\w+)\}\}`).ReplaceAllStringFunc(query, func(m string) string {
		v, ok := w.vars[m[2:len(m)-2]]
		if !ok {
			t.Fatalf("unknown variable %s", m)
		}
		return v
	})
}

func (w *world) keep(t *testing.T, s step, answer map[string]any) {
	t.Helper()
	for _, v := range s.vars {
		got, ok := dig(answer["data"], v[1])
		if !ok {
			t.Fatalf("%s: no %s in %v", s.name, v[1], answer)
		}
		w.vars[v[0]] = fmt.Sprint(got)
	}
	if s.token != "" {
		got, ok := dig(answer["data"], s.token)
		if !ok {
			t.Fatalf("%s: no %s in %v", s.name, s.token, answer)
		}
		w.tokens[s.tokenFor] = fmt.Sprint(got)
	}
}

func atoi(t *testing.T, s string) int {
	t.Helper()
	n, err := strconv.Atoi(strings.TrimSpace(s))
	check(t, err)
	return n
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
