package account_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"kabinet/internal/account"
	"kabinet/internal/store/storetest"
)

func TestCheckPassword(t *testing.T) { // security A8
	t.Parallel()
	for _, c := range []struct {
		password string
		want     error
	}{
		{"", account.ErrPasswordTooShort},
		{"7letter", account.ErrPasswordTooShort},
		{"пароль7", account.ErrPasswordTooShort},
		{"tr0ub4d8", nil},
		{strings.Repeat("xy", 32), nil},
		{strings.Repeat("xy", 64), nil},
		{strings.Repeat("xy", 512), nil},
		{strings.Repeat("xy", 512) + "z", account.ErrPasswordTooLong},
		{strings.Repeat("x", 10<<20), account.ErrPasswordTooLong},
		{"with\x00a nul", nil},
		{"no composition rule", nil},
		{"password", account.ErrPasswordTooCommon},
		{"PassWord", account.ErrPasswordTooCommon},
		{"12345678", account.ErrPasswordTooCommon},
		{"iloveyou", account.ErrPasswordTooCommon},
		{"зфыыцщкв", account.ErrPasswordTooCommon},  // password with the Russian layout on
		{"пароль123", account.ErrPasswordTooCommon}, // gfhjkm123 is in the list
		{"gfhjkm123", account.ErrPasswordTooCommon},
		{"aaaaaaaaaaaa", account.ErrPasswordTooCommon},
		{"жжжжжжжжжж", account.ErrPasswordTooCommon},
		{"anna.smith@example.com", account.ErrPasswordTooCommon},
		{"ANNA.SMITH", account.ErrPasswordTooCommon},
		{"фттфюыьшер", account.ErrPasswordTooCommon}, // anna.smith with the Russian layout on
		{"kabinet2026", account.ErrPasswordTooCommon},
		{"kabinet-demo", account.ErrPasswordTooCommon},
		{"кабинет1", account.ErrPasswordTooCommon},
		{"kabinet of curiosities", nil},
	} {
		err := account.CheckPassword(c.password, "anna.smith@example.com")
		if !errors.Is(err, c.want) || (err == nil) != (c.want == nil) {
			t.Errorf("%.40q: %v, want %v", c.password, err, c.want)
		}
	}
	if err := account.CheckPassword("anna.smith1", ""); err != nil {
		t.Error(err)
	}
}

func TestWarnings(t *testing.T) {
	t.Parallel()
	for password, want := range map[string][]string{
		"correct horse battery": {},
		"qwertyu1":              {account.WarnWeak},
		"мама мыла раму долго":  {account.WarnCyrillic},
		"йцукенгш1":             {account.WarnCyrillic, account.WarnWeak},
		"summer2024":            {account.WarnWeak},
		strings.Repeat("correct horse battery staple ", 30): {},
	} {
		if got := account.Warnings(password); !slices.Equal(got, want) {
			t.Errorf("%.30q: %v, want %v", password, got, want)
		}
	}
}

// The same letters composed or not are one password; a blank at its end, a NUL
// in it and its 1,000th byte count (security A8).
func TestPasswordsAsTyped(t *testing.T) {
	t.Parallel()
	w := newWorld(t, storetest.Open(t))
	long := strings.Repeat("0123456789", 100)
	for email, c := range map[string]struct {
		set        string
		fits, fail []string
	}{
		"a@example.com": {"pässwörd ist lang", []string{"pa\u0308sswo\u0308rd ist lang"}, []string{"passwörd ist lang"}},
		"b@example.com": {"ends in a blank ", []string{"ends in a blank "}, []string{"ends in a blank"}},
		"c@example.com": {"nul\x00inside it", []string{"nul\x00inside it"}, []string{"nul", "nul\x00inside"}},
		"d@example.com": {long, []string{long}, []string{long[:999], long[:72], long + "0"}},
	} {
		w.create(account.CreateUser{Email: email, Name: "P", Password: c.set, Verified: true})
		for _, p := range c.fits {
			if _, err := w.signIn(from("", ""), email, p); err != nil {
				t.Errorf("%s: %.20q: %v", email, p, err)
			}
		}
		for _, p := range c.fail {
			if _, err := w.signIn(from("", ""), email, p); !errors.Is(err, account.ErrInvalidCredentials) {
				t.Errorf("%s: %.20q: %v", email, p, err)
			}
		}
	}
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
		_, key, to, ok := account.ParseEmail(c.text)
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
		value, key, to, ok := account.ParseEmail(s)
		if !ok {
			return
		}
		if strings.ContainsAny(value+key+to, "\r\n\x00 ") {
			t.Errorf("%q: %q %q %q", s, value, key, to)
		}
		if _, again, _, ok := account.ParseEmail(key); !ok || again != key {
			t.Errorf("%q: the key of the key %q is %q", s, key, again)
		}
		if _, again, _, ok := account.ParseEmail(value); !ok || again != key {
			t.Errorf("%q: the key of the value %q is %q, not %q", s, value, again, key)
		}
	})
}

func TestAddressClass(t *testing.T) {
	t.Parallel()
	for ip, want := range map[string]string{
		"203.0.113.7": "203.0.113.0/24", "::ffff:203.0.113.7": "203.0.113.0/24",
		"2001:db8:1:2:3::4": "2001:db8:1:2::/64", "fe80::1%eth0": "fe80::/64", "": "", "nonsense": "",
	} {
		if got := account.AddressClass(ip); got != want {
			t.Errorf("%s: %s, want %s", ip, got, want)
		}
	}
}
