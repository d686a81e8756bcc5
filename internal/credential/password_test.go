package credential_test

import (
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"kabinet/internal/credential"
)

func TestCheckPassword(t *testing.T) { // security A8
	t.Parallel()
	anna, _ := credential.ParseEmail("anna.smith@example.com")
	for _, c := range []struct {
		password string
		want     error
	}{
		{"", credential.ErrPasswordTooShort},
		{"7letter", credential.ErrPasswordTooShort},
		{"пароль7", credential.ErrPasswordTooShort},
		{"tr0ub4d8", nil},
		{strings.Repeat("xy", 32), nil},
		{strings.Repeat("xy", 64), nil},
		{strings.Repeat("xy", 512), nil},
		{strings.Repeat("xy", 512) + "z", credential.ErrPasswordTooLong},
		{strings.Repeat("x", 10<<20), credential.ErrPasswordTooLong},
		{"with\x00a nul", nil},
		{"no composition rule", nil},
		{"password", credential.ErrPasswordTooCommon},
		{"PassWord", credential.ErrPasswordTooCommon},
		{"12345678", credential.ErrPasswordTooCommon},
		{"iloveyou", credential.ErrPasswordTooCommon},
		{"зфыыцщкв", credential.ErrPasswordTooCommon},  // password with the Russian layout on
		{"пароль123", credential.ErrPasswordTooCommon}, // gfhjkm123 is in the list
		{"gfhjkm123", credential.ErrPasswordTooCommon},
		{"aaaaaaaaaaaa", credential.ErrPasswordTooCommon},
		{"жжжжжжжжжж", credential.ErrPasswordTooCommon},
		{"anna.smith@example.com", credential.ErrPasswordTooCommon},
		{"ANNA.SMITH", credential.ErrPasswordTooCommon},
		{"фттфюыьшер", credential.ErrPasswordTooCommon}, // anna.smith with the Russian layout on
		{"kabinet2026", credential.ErrPasswordTooCommon},
		{"kabinet-demo", credential.ErrPasswordTooCommon},
		{"кабинет1", credential.ErrPasswordTooCommon},
		{"kabinet of curiosities", nil},
	} {
		err := credential.CheckPassword(c.password, anna)
		if !errors.Is(err, c.want) || (err == nil) != (c.want == nil) {
			t.Errorf("%.40q: %v, want %v", c.password, err, c.want)
		}
	}
	if err := credential.CheckPassword("anna.smith1", credential.Email{}); err != nil {
		t.Error(err)
	}
}

func TestWarnings(t *testing.T) {
	t.Parallel()
	for password, want := range map[string][]string{
		"correct horse battery": {},
		"qwertyu1":              {credential.WarnWeak},
		"мама мыла раму долго":  {credential.WarnCyrillic},
		"йцукенгш1":             {credential.WarnCyrillic, credential.WarnWeak},
		"summer2024":            {credential.WarnWeak},
		strings.Repeat("correct horse battery staple ", 30): {},
	} {
		if got := credential.Warnings(password, credential.Email{}); !slices.Equal(got, want) {
			t.Errorf("%.30q: %v, want %v", password, got, want)
		}
	}
}

func parsed(s string) (value, key, to string, ok bool) {
	e, ok := credential.ParseEmail(s)
	return e.Value, e.Key, e.To, ok
}

func TestParseEmail(t *testing.T) { // security A10
	t.Parallel()
	for _, c := range []struct{ text, key string }{
		{"anna@example.com", "anna@example.com"},
		{"  Anna@EXAMPLE.com ", "anna@example.com"},
		{"anna@example.com.", "anna@example.com"},
		{"anna+shop@example.com", "anna+shop@example.com"}, // another mailbox: the provider alone knows
		{"an.na@example.com", "an.na@example.com"},
		{"anna@bücher.example", "anna@xn--bcher-kva.example"},
		{"anna@BÜCHER.example", "anna@xn--bcher-kva.example"},
		{"anna@xn--bcher-kva.example", "anna@xn--bcher-kva.example"},
		{"anna@почта.рф", "anna@xn--80a1acny.xn--p1ai"},
		{"anna@ｅxample.com", "anna@example.com"},        // full width
		{"anna@exаmple.com", "anna@xn--exmple-4nf.com"}, // a Cyrillic а: another domain
		{"o'neil_{x}@example.com", "o'neil_{x}@example.com"},
		{strings.Repeat("a", 64) + "@example.com", strings.Repeat("a", 64) + "@example.com"},

		{"", ""}, {"anna", ""}, {"@example.com", ""}, {"anna@", ""}, {"anna@localhost", ""},
		{"аnna@example.com", ""}, // a Cyrillic а: no such mailbox
		{"anna@example.com\r\nBcc: all@example.com", ""},
		{"anna\r\n@example.com", ""}, {"anna\x00@example.com", ""}, {"an na@example.com", ""},
		{"anna@exa mple.com", ""}, {`"anna"@example.com`, ""}, {"Anna <anna@example.com>", ""},
		{"anna@[127.0.0.1]", ""}, {"anna@127.0.0.1", ""}, {".anna@example.com", ""}, {"anna.@example.com", ""},
		{"an..na@example.com", ""}, {"anna@-example.com", ""}, {"anna@example..com", ""}, {"a@b@example.com", ""},
		{strings.Repeat("a", 65) + "@example.com", ""}, {"a@" + strings.Repeat("b", 64) + ".com", ""},
		{"a@" + strings.Repeat("b.", 130) + "com", ""}, {"anna@example.com/path", ""}, {"anna@exa_mple.com", ""},
	} {
		_, key, to, ok := parsed(c.text)
		if key != c.key || ok != (c.key != "") {
			t.Errorf("%q: %q %v, want %q", c.text, key, ok, c.key)
		}
		if strings.ContainsAny(to, "\r\n\x00 ") || ok && !strings.HasSuffix(key, to[strings.LastIndexByte(to, '@'):]) {
			t.Errorf("%q: to %q", c.text, to)
		}
	}
}

func FuzzParseEmail(f *testing.F) {
	f.Add("Anna@bücher.example.")
	f.Fuzz(func(t *testing.T, s string) {
		value, key, to, ok := parsed(s)
		if !ok {
			return
		}
		if strings.ContainsAny(value+key+to, "\r\n\x00 ") {
			t.Errorf("%q: %q %q %q", s, value, key, to)
		}
		if _, again, _, ok := parsed(key); !ok || again != key {
			t.Errorf("%q: the key of the key %q is %q", s, key, again)
		}
		if _, again, _, ok := parsed(value); !ok || again != key {
			t.Errorf("%q: the key of the value %q is %q, not %q", s, value, again, key)
		}
	})
}

// A password is judged by its easier twin: зшяяфьфкпфкшефыукмуеф is nothing
// better than what the keys say. // security A8
func TestJudge(t *testing.T) {
	t.Parallel()
	anna, _ := credential.ParseEmail("anna.smith@example.com")
	for _, c := range []struct {
		password   string
		least      int
		most       int
		refused    bool
		twinWeaker bool
	}{
		{"password", 0, 1, true, false},
		{"short", 0, 1, true, false},
		{"anna.smith", 0, 1, true, false},
		{"correct horse battery", 3, 4, false, false},
		{"ызшвукьфт1", 0, 1, true, true}, // spiderman1 with the Russian layout on
		{strings.Repeat("xy", 40), 4, 4, false, false},
		{strings.Repeat("x", 10<<20), 4, 4, true, false},
	} {
		s := credential.Judge(c.password, anna)
		if s.Score < c.least || s.Score > c.most || (s.Refusal != nil) != c.refused || s.TwinWeaker != c.twinWeaker {
			t.Errorf("%.20q: %+v", c.password, s)
		}
	}
}

// The three thousand most frequent passwords are refused, each of them, in any
// letter case (security A8).
func TestTopOfTheList(t *testing.T) {
	t.Parallel()
	b, err := os.ReadFile("common.txt")
	if err != nil {
		t.Fatal(err)
	}
	list := strings.Fields(string(b))[:3000]
	for _, word := range list {
		for _, typed := range []string{word, strings.ToUpper(word)} {
			if err := credential.CheckPassword(typed, credential.Email{}); !errors.Is(err, credential.ErrPasswordTooCommon) {
				t.Errorf("%q: %v", typed, err)
			}
		}
	}
}

// A code is six digits, each of the million as good as another (security D5).
func TestCodes(t *testing.T) {
	t.Parallel()
	seen, zeros := map[string]bool{}, 0
	for range 10_000 {
		c := credential.NewCode()
		if len(c) != 6 || strings.Trim(c, "0123456789") != "" {
			t.Fatalf("%q", c)
		}
		if seen[c] = true; c[0] == '0' {
			zeros++
		}
	}
	if len(seen) < 9_900 || zeros < 800 || zeros > 1200 {
		t.Errorf("%d different ones, %d begin with 0", len(seen), zeros)
	}
}
