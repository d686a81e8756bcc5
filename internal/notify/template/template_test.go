package template

import (
	"errors"
	"strings"
	"testing"
	"testing/quick"
	"time"
	"unicode/utf8"

	"kabinet/internal/locale"
)

func broke(t *testing.T, err error) *broken {
	t.Helper()
	var b *broken
	if !errors.As(err, &b) {
		t.Fatalf("got %v, want what is wrong and where", err)
	}
	return b
}

func TestSyntaxSaysWhere(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text   string
		line   int
		column int
		reason string
	}{
		{"a {{ number", 1, 3, "not closed by }}"},
		{"a\nпривет {{ }}", 2, 8, "nothing stands between"},
		{"{{ number | shout }}", 1, 13, "none of date"},
		{"{{ number | }}", 1, 11, "is followed by"},
		{"{{ if note }}x", 1, 1, "not closed by {{ end }}"},
		{"x {{ end }}", 1, 3, "without {{ if"},
		{"{{ if note }}a{{ else }}b{{ else }}c{{ end }}", 1, 26, "comes twice"},
		{"{{ if }}x{{ end }}", 1, 1, "followed by the name"},
		{"{{ .number }}", 1, 4, `'.' has no meaning`},
		{"{{ printf \"%9999999d\" 1 }}", 1, 23, "'1' has no meaning"},
		{"{{ printf \"%9999999d\" a }}", 1, 11, "| or }} is wanted"},
		{"{{ call.x( }}", 1, 10, `'(' has no meaning`},
		{"{{ plural count \"a\" }}", 1, 1, "not 1"},
		{"{{ plural count a }}", 1, 17, "stand between"},
		{"{{ \"text\" }}", 1, 4, "name of a variable is wanted"},
		{"{{ plural count \"a }}", 1, 17, "is not closed"},
		{"{{ end x }}", 1, 8, "nothing follows"},
		{"{{ number\n.x }}", 2, 1, "has no meaning"},
		{strings.Repeat("{{ if a }}", 6) + strings.Repeat("{{ end }}", 6), 1, 51, "more than 5"},
		{strings.Repeat("{{ a }}", 1001), 1, 7001, "more than 1000"},
	} {
		_, err := parse(c.text)
		if b := broke(t, err); b.line != c.line || b.column != c.column || !strings.Contains(b.reason, c.reason) {
			t.Errorf("%.40q: got %s, want %d:%d: …%s…", c.text, b.Error(), c.line, c.column, c.reason)
		}
	}
}

func TestParseNeverPanics(t *testing.T) {
	t.Parallel()
	pieces := []string{"{{", "}}", "if ", "else", "end", "plural ", "|", "\"", "a", ".", " ", "\n", "ж", "<b>", "{", "}"}
	check := func(picks []uint8) bool {
		var b strings.Builder
		for _, p := range picks {
			b.WriteString(pieces[int(p)%len(pieces)])
		}
		parts, err := parse(b.String())
		if err != nil {
			var w *broken
			return errors.As(err, &w) && w.line >= 1 && w.column >= 1
		}
		_, _ = reading{lang: "en", zone: "UTC"}.fill(parts, map[string]any{"a": "{{ a }}"})
		return checkHTML(b.String(), false) != nil || utf8.ValidString(b.String())
	}
	if err := quick.Check(check, &quick.Config{MaxCount: 1000}); err != nil {
		t.Error(err)
	}
}

func TestFillIn(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 28, 23, 30, 0, 0, time.UTC)
	money := map[string]any{"amount": "1234.50", "currency": "GBP"}
	for _, c := range []struct {
		lang, zone, text string
		values           map[string]any
		want             string
	}{
		{"en", "UTC", "Order {{ number }} is {{if gift}}a gift{{ else }}yours{{end}}", map[string]any{"number": "7", "gift": true}, "Order 7 is a gift"},
		{"en", "UTC", "{{ if note }}x{{ else }}none{{ end }}", map[string]any{"note": "  "}, "none"},
		{"en", "UTC", "{{ a }}", map[string]any{"a": "{{ b }}", "b": "secret"}, "{{ b }}"},
		{"ru", "UTC", `{{ n }} {{ plural n "балл" "балла" "баллов" }}`, map[string]any{"n": 1}, "1 балл"},
		{"ru", "UTC", `{{ n }} {{ plural n "балл" "балла" "баллов" }}`, map[string]any{"n": 22}, "22 балла"},
		{"ru", "UTC", `{{ n }} {{ plural n "балл" "балла" "баллов" }}`, map[string]any{"n": float64(111)}, "111 баллов"},
		{"ru", "UTC", `{{ n }} {{ plural n "балл" "балла" "баллов" }}`, map[string]any{"n": 0}, "0 баллов"},
		{"ru", "UTC", `{{ plural n "балл" "балла" "баллов" }}`, map[string]any{"n": 1.5}, "балла"},
		{"en", "UTC", `{{ n }} {{ plural n "point" "points" }}`, map[string]any{"n": -1}, "-1 point"},
		{"en", "UTC", `{{ n }} {{ plural n "point" "points" }}`, map[string]any{"n": "11"}, "11 points"},
		{"en", "UTC", "{{ total | money }}", map[string]any{"total": money}, "£1,234.50"},
		{"ru", "UTC", "{{ total }}", map[string]any{"total": money}, "1\u00a0234,50\u00a0£"},
		{"en", "UTC", "{{ total | money }}", map[string]any{"total": "already words"}, "already words"},
		{"en", "Europe/London", "{{ at | date }} {{ at | time }}", map[string]any{"at": at}, "28 March 2026 23:30"},
		{"ru", "Europe/Moscow", "{{ at | datetime }}", map[string]any{"at": "2026-03-28T23:30:00Z"}, "29\u00a0марта 2026\u00a0г., 02:30 MSK"},
		{"en", "America/New_York", "{{ day | date }}", map[string]any{"day": "2026-03-28"}, "28 March 2026"},
		{"en", "UTC", "{{ n | number }}", map[string]any{"n": 1234567}, "1,234,567"},
		{"en", "UTC", "{{ order.number }}", map[string]any{"order": map[string]any{"number": "9"}}, "9"},
		{"en", "UTC", "{{ name }}", map[string]any{"name": "a\u202eb\x00c"}, "abc"},
	} {
		parts, err := parse(c.text)
		if err != nil {
			t.Fatal(c.text, err)
		}
		if got, missing := (reading{lang: c.lang, zone: c.zone}).fill(parts, c.values); got != c.want || len(missing) > 0 {
			t.Errorf("%s in %s: got %q, lacking %v, want %q", c.text, c.lang, got, missing, c.want)
		}
	}
}

func TestHTMLRefused(t *testing.T) { // security J10
	t.Parallel()
	for _, c := range []struct {
		text   string
		line   int
		column int
	}{
		{"<p>a</p>\n<script>alert(1)</script>", 2, 1},
		{"<a href=\"javascript:alert(1)\">x</a>", 1, 1},
		{"<a href=\" java\tscript:alert(1)\">x</a>", 1, 1},
		{"<a href=\"&#106;avascript:alert(1)\">x</a>", 1, 1},
		{"<a href=\"{{ message.url }}:alert(1)\">x</a>", 1, 1},
		{"<a href=\"data:text/html,x\">x</a>", 1, 1},
		{"<img src=\"x\" onerror=\"alert(1)\">", 1, 1},
		{"<p ONCLICK=x>a</p>", 1, 1},
		{"<p {{ name }}>a</p>", 1, 1},
		{"<iframe src=\"https://a\"></iframe>", 1, 1},
		{"<svg><g/></svg>", 1, 1}, {"<form></form>", 1, 1}, {"<meta charset=\"utf-8\">", 1, 1}, {"<style>p{}</style>", 1, 1},
		{"<base href=\"https://evil\">", 1, 1}, {"<!-- hidden -->", 1, 1},
		{"<p style=\"background:url(https://a)\">x</p>", 1, 1},
		{"<p style=\"width:expression(alert(1))\">x</p>", 1, 1},
		// What a form of plural holds does not end it.
		{`{{ plural business "}}<i title='" "x" }}<script>alert(1)</script>{{ plural business "}}'></i>" "x" }}`, 1, 41},
		// Each way through a condition is another tag.
		{`<a href="{{ if note }}/{{ else }}javascript:alert(1){{ end }}">x</a>`, 1, 1},
		{`<b>{{ if note }}x{{ end }}</b><p style="background:u{{ if note }}{{ end }}rl('https://t/p.gif')">x</p>`, 1, 31},
		{`<p>x</p{{ if note }}{{ end }}>`, 1, 5},
		// So is each value, in a name.
		{`<p style="background:u{{ note }}rl('https://t/p.gif')">x</p>`, 1, 1},
		{`<p style="background:u{{ note }}('https://t/p.gif')">x</p>`, 1, 1},
		{`<p style="background:{{ note }} (x)">x</p>`, 1, 1},
		{`<p style="{{ note }}r: x">x</p>`, 1, 1},
		{`<p style="color:red;/{{ note }}* x">x</p>`, 1, 1},
		{"<p>a</div>", 1, 5}, {"<p><b>a</p>", 1, 8}, {"<div>a", 1, 1}, {"</body>", 1, 1},
	} {
		if b := broke(t, checkHTML(c.text, false)); b.code != codeHTML || b.line != c.line || b.column != c.column {
			t.Errorf("%q: got %s at %d:%d, want %d:%d", c.text, b.code, b.line, b.column, c.line, c.column)
		}
	}
	for _, good := range []string{
		`<p style="color:#fff">Hello, {{ customer.name }}!<br><a href="{{ message.url }}" title="{{ customer.name }}">x</a></p>`,
		`{{ if note }}<p style="width:{{ n }}px;height: {{ n }}%;color:{{ c }}">{{ plural n "}}" "<b>" }}</p>{{ else }}<br>{{ end }}`,
		`<a href="https://example.com/?a={{ number }}">x</a><img src="https://example.com/a.png" alt="">`,
	} {
		if err := checkHTML(good, false); err != nil {
			t.Errorf("%s: %v", good, err)
		}
	}
}

// TestHTMLEscapes puts what hostile people call themselves into each place of a
// letter: it stays text.
func TestHTMLEscapes(t *testing.T) { // security J10
	t.Parallel()
	hostile := []string{`<script>alert(1)</script>`, `" onmouseover="alert(1)`, `javascript:alert(1)`, `'><img src=x onerror=alert(1)>`, `</title></style><script>x()</script>`, `{{ message.body }}`, "\u2028</p>"}
	places := []string{
		`<p>{{ x }}</p>`, `<p title="{{ x }}">a</p>`, `<a href="{{ x }}">a</a>`, `<a href="https://a/?q={{ x }}">a</a>`, `<p style="color:{{ x }}">a</p>`,
		`{{ if x }}<b>{{ x }}</b>{{ end }}`,
	}
	for _, place := range places {
		h, err := prepare(source{text: "x", html: place}, false)
		if err != nil {
			t.Fatal(place, err)
		}
		for _, name := range hostile {
			got, _, err := h.html.fill(reading{lang: "en", zone: "UTC"}, map[string]any{"x": name}, nil)
			if err != nil {
				t.Errorf("%s of %q: %v", place, name, err)
				continue
			}
			if err := checkHTML(strings.ReplaceAll(got, "{{", "{"), false); err != nil {
				t.Errorf("%s of %q became %s: %v", place, name, got, err)
			}
		}
	}
}

func TestLayoutsAreGood(t *testing.T) {
	t.Parallel()
	for _, lang := range locale.Supported() {
		at := place{LayoutType, Email, lang}
		s := compiled(LayoutType, Email, lang)
		if strings.Contains(s.html+s.text, "[[") {
			t.Errorf("%s: words are missing", lang)
		}
		if err := (&Templates{}).try(at, s, ofLayout); err != nil {
			t.Errorf("%s: %v", lang, err)
		}
		w := wording{Ask: Ask{Type: "order.shipped", Channel: Email, Title: "<b>Hi</b>\r\nBcc: x", Body: "One\n\nTwo & <i>", URL: "https://shop.example/orders/1", Name: "A",
			UnsubscribeURL: "https://shop.example/u?t=1&x=2", PreferencesURL: "https://shop.example/p"}, reading: reading{lang: lang, zone: "UTC"}, business: "Shop"}
		m, err := w.message(builtInOf(place{"order.shipped", Email, lang}), builtInOf(at))
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{"&lt;b&gt;Hi&lt;/b&gt;", "Two &amp; &lt;i&gt;", `href="https://shop.example/u?t=1&amp;x=2"`, `href="https://shop.example/orders/1"`, "prefers-color-scheme: dark", "Shop"} {
			if !strings.Contains(m.HTML, want) {
				t.Errorf("%s: the letter has no %s:\n%s", lang, want, m.HTML)
			}
		}
		if m.Title != "<b>Hi</b> Bcc: x" || !strings.HasPrefix(m.Text, "One\n\nTwo & <i>\n") || !strings.Contains(m.Text, "https://shop.example/u?t=1&x=2") {
			t.Errorf("%s: %q, %q", lang, m.Title, m.Text)
		}
		if err := checkHTML(m.HTML, true); err != nil {
			t.Errorf("%s: %v", lang, err)
		}
	}
}

// TestLongBodiesStayWhole sends more than a value may have: only values are cut.
func TestLongBodiesStayWhole(t *testing.T) {
	t.Parallel()
	body := strings.Repeat("word ", 1000) + "end"
	w := wording{Ask: Ask{Channel: Email, Title: "x", Body: body, URL: "https://shop.example/" + strings.Repeat("a", 1500)}, reading: reading{lang: "en", zone: "UTC"}}
	m, err := w.message(builtInOf(place{"order.paid", Email, "en"}), builtInOf(place{LayoutType, Email, "en"}))
	if err != nil || !strings.Contains(m.Text, body) || !strings.Contains(m.HTML, body) || !strings.Contains(m.Text, w.URL) || !strings.Contains(m.HTML, w.URL) {
		t.Errorf("the letter is not whole: %v", err)
	}
}

// TestLettersAreBounded fills a letter in with values that are as long as they
// come: it is refused or bounded, never as long as one likes.
func TestLettersAreBounded(t *testing.T) {
	t.Parallel()
	h, err := prepare(source{text: strings.Repeat("{{ x }}", 900), html: strings.Repeat("<p>{{ x }}</p>", 900)}, false)
	if err != nil {
		t.Fatal(err)
	}
	values := map[string]any{"x": strings.Repeat("ж", 1_000_000)}
	if _, _, err := h.html.fill(reading{lang: "en", zone: "UTC"}, values, nil); err == nil {
		t.Error("a letter of a megabyte was made")
	}
	w := wording{Ask: Ask{Channel: SMS, Params: values}, reading: reading{lang: "en", zone: "UTC"}}
	if _, err := w.message(h, nil); !errors.Is(err, errTooLarge) {
		t.Errorf("got %v", err)
	}
}

// TestWhatIsTooLongIsNotMade fills in what would be a hundred times as long as a
// text may be: it ends where it is too long, and still says what is missing of
// HTML.
func TestWhatIsTooLongIsNotMade(t *testing.T) {
	t.Parallel()
	r, body := reading{lang: "en", zone: "UTC"}, map[string]any{"message.body": ours(strings.Repeat("ж", 5_000))}
	parts, err := parse(strings.Repeat("{{ message.body }}", 900))
	if err != nil {
		t.Fatal(err)
	}
	if text, _ := r.fill(parts, body); len(text) <= mostText || len(text) > mostText+10_000 {
		t.Errorf("%d bytes were made", len(text))
	}
	if _, _, err := FillIn(strings.Repeat("{{ message.body }}", 900), "en", "UTC", body); !errors.Is(err, errTooLarge) {
		t.Errorf("got %v", err)
	}
	h, err := prepare(source{text: strings.Repeat("{{ message.body }}", 900), html: strings.Repeat("<p>{{ message.body }}</p>", 15) + "{{ if message.body }}{{ note }}{{ end }}"}, false)
	if err != nil {
		t.Fatal(err)
	}
	if _, missing, err := h.html.fill(r, body, nil); err != nil || len(missing) != 1 || missing[0] != "note" {
		t.Errorf("missing %v, %v", missing, err)
	}
	if _, err := (wording{Ask: Ask{Channel: Email, Body: strings.Repeat("ж", 5_000)}, reading: r}).message(h, nil); !errors.Is(err, errTooLarge) {
		t.Errorf("a letter: %v", err)
	}
}
