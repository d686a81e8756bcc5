package document

import (
	"encoding/base64"
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/uuid"
)

func TestInitials(t *testing.T) {
	t.Parallel()
	p := func(s string) *string { return &s }
	for _, c := range []struct {
		given, family *string
		display, want string
	}{
		{p("Анна"), p("Иванова"), "Аня", "АИ"},
		{p("anna"), p("lee"), "x", "AL"},
		{nil, nil, "Anna Maria Lee", "AL"},
		{p("Anna"), nil, "Anna", "A"},
		{nil, nil, "李小龙", "李"},
		{nil, nil, "محمد علي", "مع"},
		{nil, nil, "שלום עולם", "שע"},
		{nil, nil, "é̂lan vital", "É̂V"},
		{nil, nil, "ß", "ß"},
		{nil, nil, "👩‍🚀", "👩‍🚀"},
		{nil, nil, "👍🏽 yes", "Y"},
		{nil, nil, "👍🏽", "👍🏽"},
		{nil, nil, "🇩🇪🇫🇷", "🇩🇪"},
		{nil, nil, "\u202e", "?"},
		{nil, nil, "", "?"},
		{nil, nil, "   ", "?"},
		{nil, nil, "<script>alert(1)</script>", "S"},
		{nil, nil, `"><`, `"`},
		{nil, nil, "&", "&"},
		{p("<"), p(">"), "<", "<"},
		{nil, nil, "anna-maria", "AM"},
		{nil, nil, "42 is", "4I"},
		{nil, nil, strings.Repeat("👩‍", 50), "👩‍👩‍👩‍👩"},
	} {
		if got := initials(c.given, c.family, c.display); got != c.want {
			t.Errorf("%q: %q, want %q", c.display, got, c.want)
		}
	}
}

// Whatever the letters are, the picture is well-formed and shows them alone.
//
// security J10
func TestDrawn(t *testing.T) {
	t.Parallel()
	for _, letters := range []string{"AL", "مع", "👩‍🚀", `"`, "<", "&", "'", "</text>", "]]>"} {
		address := drawn(letters, colorOf(uuid.New()))
		coded, ok := strings.CutPrefix(address, "data:image/svg+xml;base64,")
		svg, err := base64.StdEncoding.DecodeString(coded)
		if !ok || err != nil || !utf8.Valid(svg) {
			t.Fatalf("%q: %v", address, err)
		}
		var text string
		elements := 0
		for d := xml.NewDecoder(strings.NewReader(string(svg))); ; {
			token, err := d.Token()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatalf("%q: %v in %s", letters, err, svg)
			}
			switch token := token.(type) {
			case xml.StartElement:
				elements++
			case xml.CharData:
				text += string(token)
			}
		}
		if elements != 3 || text != letters {
			t.Errorf("%q: %d elements, %q", letters, elements, text)
		}
	}
}

func TestColorIsThePersons(t *testing.T) {
	t.Parallel()
	id, seen := uuid.New(), map[string]bool{}
	for range 200 {
		seen[colorOf(uuid.New())] = true
	}
	if first, again := colorOf(id), colorOf(id); first != again || len(seen) < len(colors)/2 {
		t.Errorf("%d colours of %d", len(seen), len(colors))
	}
}
