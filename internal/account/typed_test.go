package account_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/alexedwards/argon2id"

	"kabinet/internal/account"
	"kabinet/internal/store/storetest"
)

// The same letters composed or not are one password; a blank at its end, a NUL
// in it and its 1,000th byte count (security A8).
func TestPasswordsAsTyped(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
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
	})
}

func TestNetwork(t *testing.T) {
	t.Parallel()
	for ip, want := range map[string]string{
		"203.0.113.7": "203.0.113.0/24", "::ffff:203.0.113.7": "203.0.113.0/24",
		"2001:db8:1:2:3::4": "2001:db8:1:2::/64", "fe80::1%eth0": "fe80::/64", "": "", "nonsense": "",
	} {
		if got := account.Network(ip); got != want {
			t.Errorf("%s: %s, want %s", ip, got, want)
		}
	}
}

// oldHash is one made with other numbers than today's.
func oldHash(password string) (string, error) {
	return argon2id.CreateHash(password, &argon2id.Params{Memory: 8 * 1024, Iterations: 1, Parallelism: 1, SaltLength: 16, KeyLength: 32})
}
