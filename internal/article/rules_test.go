package article

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/articlecategory"
	"kabinet/internal/fault"
)

func key(n int) uuid.UUID { return uuid.MustParse(fmt.Sprintf("00000000-0000-7000-8000-%012d", n)) }

// shelves are made of "id parent audience"; parent 0 is the top, a ! is retired.
func shelves(rows ...string) tree {
	t := tree{}
	for _, r := range rows {
		var id, parent int
		var audience string
		if _, err := fmt.Sscan(r, &id, &parent, &audience); err != nil {
			panic(err)
		}
		c := &ent.ArticleCategory{ID: key(id), Audience: articlecategory.Audience(strings.TrimSuffix(audience, "!")), Retired: strings.HasSuffix(audience, "!")}
		if parent != 0 {
			up := key(parent)
			c.ParentID = &up
		}
		t[c.ID] = c
	}
	return t
}

func TestTreeOfShelves(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		rows []string
		of   int
		code string
	}{
		"alone":                {[]string{"1 0 EVERYBODY"}, 1, ""},
		"in itself":            {[]string{"1 1 EVERYBODY"}, 1, "ARTICLE_CATEGORY_CYCLE"},
		"in its own":           {[]string{"1 2 EVERYBODY", "2 1 EVERYBODY"}, 1, "ARTICLE_CATEGORY_CYCLE"},
		"beside a ring":        {[]string{"1 3 EVERYBODY", "2 1 EVERYBODY", "3 2 EVERYBODY"}, 2, "ARTICLE_CATEGORY_CYCLE"},
		"five levels":          {[]string{"1 0 EVERYBODY", "2 1 EVERYBODY", "3 2 EVERYBODY", "4 3 EVERYBODY", "5 4 EVERYBODY"}, 5, ""},
		"six levels":           {[]string{"1 0 EVERYBODY", "2 1 EVERYBODY", "3 2 EVERYBODY", "4 3 EVERYBODY", "5 4 EVERYBODY", "6 5 EVERYBODY"}, 6, "ARTICLE_CATEGORY_TOO_DEEP"},
		"six by a subtree":     {[]string{"1 0 EVERYBODY", "2 1 EVERYBODY", "3 2 EVERYBODY", "4 3 EVERYBODY", "5 4 EVERYBODY", "6 5 EVERYBODY"}, 3, "ARTICLE_CATEGORY_TOO_DEEP"},
		"five by a subtree":    {[]string{"1 0 EVERYBODY", "2 1 EVERYBODY", "3 2 EVERYBODY", "4 3 EVERYBODY", "5 4 EVERYBODY"}, 2, ""},
		"a parent that's gone": {[]string{"1 9 EVERYBODY"}, 1, ""},
	} {
		got := ""
		if f, ok := fault.As(shelves(c.rows...).check(key(c.of))); ok {
			got = f.Code
		}
		if got != c.code {
			t.Errorf("%s: %q, want %q", name, got, c.code)
		}
	}
}

func TestNarrowestAudienceWins(t *testing.T) {
	t.Parallel()
	all := shelves("1 0 EVERYBODY", "2 1 PARTNERS", "3 2 EVERYBODY", "4 0 SIGNED_IN", "5 4 EVERYBODY", "6 5 PARTNERS", "7 0 EVERYBODY!", "8 7 EVERYBODY", "9 0 PARTNERS!")
	for id, want := range map[int]string{1: "EVERYBODY", 2: "PARTNERS", 3: "PARTNERS", 4: "SIGNED_IN", 5: "SIGNED_IN", 6: "PARTNERS", 7: "NOBODY", 8: "NOBODY", 9: "NOBODY"} {
		if got := all.shown(key(id)); string(got) != want {
			t.Errorf("%d is shown to %s, want %s", id, got, want)
		}
	}
	within := all.within(key(4))
	slices.SortFunc(within, func(a, b uuid.UUID) int { return strings.Compare(a.String(), b.String()) })
	if !slices.Equal(within, []uuid.UUID{key(4), key(5), key(6)}) {
		t.Errorf("in 4 stand %v", within)
	}
}

func TestPrivateSearchesAreNotKept(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"how to return tea": false, "возврат 14 дней": false, "model 2026": false, "anna@example.com": true, "anna＠example.com": true,
		"+7 916 123-45-67": true, "4111 1111 1111 1111": true, "١٢٣٤٥٦": true, "order 100234": true, "12345": false, "1 2 3 4 5 6": true,
	} {
		if got := private(text); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}

func TestAddressesOfVoters(t *testing.T) {
	t.Parallel()
	for ip, want := range map[string]string{
		"192.0.2.7": "192.0.2.7", "::ffff:192.0.2.7": "192.0.2.7", "2001:db8:1:2:3:4:5:6": "2001:db8:1:2::", "2001:db8:1:2:ffff::1": "2001:db8:1:2::", "fe80::1%eth0": "fe80::", "": "", "nonsense": "nonsense",
	} {
		if got := address(ip); got != want {
			t.Errorf("%q is %q, want %q", ip, got, want)
		}
	}
}

func TestShortWordsAreLeftOut(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"How to return the tea?": "return tea", "Как вернуть мне чай": "вернут ча", "how": "how", "": "", "?!": "", "чаю чая ЧАЙ": "ча", "счетами счёт счетов": "счет",
	} {
		if got := strings.Join(seek(text), " "); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

// bold shows matches by brackets.
func bold(text string, at []TextRange) string {
	r, out, last := []rune(text), "", 0
	for _, m := range at {
		out += string(r[last:m.Start]) + "[" + string(r[m.Start:m.Start+m.Length]) + "]"
		last = m.Start + m.Length
	}
	return out + string(r[last:])
}

func TestSnippet(t *testing.T) {
	t.Parallel()
	filler := strings.Repeat("lorem ipsum ", 40)
	for name, c := range map[string]struct{ summary, body, seek, want string }{
		"of the summary":    {"Tea comes back within 14 days", "tea", "teas", "[Tea] comes back within 14 days"},
		"of the body":       {"About us", "Send **the tea** back", "tea", "Send the [tea] back"},
		"of neither":        {"About us", "Nothing here", "tea", "About us"},
		"no summary":        {"", "Nothing here", "tea", "Nothing here"},
		"forms in Russian":  {"", "Счетами не шутят: счёт, счета и счётчик", "счетов", "[Счетами] не шутят: [счёт], [счета] и счётчик"},
		"HTML is text":      {"", "<script>alert('tea')</script>", "tea", "<script>alert('[tea]')</script>"},
		"Markdown goes":     {"", "# Tea\n\n- [a *green* tea](https://example.com/tea) `x`\n> ![cup](c.png \"a cup\")", "tea", "[Tea] a green [tea] x cup"},
		"a number's start":  {"", "The cup 85123A is sold", "8512", "The cup [85123A] is sold"},
		"an emoji":          {"", "🍵🍵 tea 🍵", "tea", "🍵🍵 [tea] 🍵"},
		"a letter of two":   {"", "й и\u0306од", "йод", "й и\u0306од"},
		"the best window":   {"", "tea " + filler + "green tea, black tea", "green black tea", "…lorem ipsum lorem ipsum lorem ipsum lorem ipsum lorem ipsum [green] [tea], [black] [tea]"},
		"the beginning cut": {"", filler, "tea", ""},
	} {
		s := snippet(c.summary, c.body, seek(c.seek))
		if len([]rune(s.Text)) > snippetLength {
			t.Errorf("%s: %d characters", name, len([]rune(s.Text)))
		}
		if got := bold(s.Text, s.Matches); c.want != "" && got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}
