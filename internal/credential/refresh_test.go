package credential_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"strings"
	"testing"

	"github.com/google/uuid"

	"kabinet/internal/credential"
)

func macOf(key string) credential.MAC {
	return func(secret, place string) []byte {
		h := hmac.New(sha256.New, []byte(key))
		h.Write([]byte(place + "\x00" + secret))
		return h.Sum(nil)
	}
}

func TestRefresh(t *testing.T) {
	t.Parallel()
	session, mac := uuid.Must(uuid.NewV7()), macOf("a")
	first := credential.NewRefresh(session, mac)
	if id, ok := credential.ReadRefresh(first, mac); !ok || id != session {
		t.Errorf("first %s, %v", id, ok)
	}
	if first == credential.NewRefresh(session, mac) {
		t.Error("not random")
	}
	next, access := credential.NextRefresh(session, first, mac)
	again, sameAccess := credential.NextRefresh(session, first, mac)
	if next != again || access != sameAccess || next == first || len(access) != len(credential.NewToken()) || len(next) > 128 {
		t.Errorf("next %s %s, again %s %s", next, access, again, sameAccess)
	}
	if id, ok := credential.ReadRefresh(next, mac); !ok || id != session {
		t.Error("the next one is not of the family")
	}
	if other, _ := credential.NextRefresh(session, first, macOf("b")); other == next {
		t.Error("worked out without the key")
	}
	flipped := []byte(first)
	flipped[20] ^= 1
	for _, bad := range []string{"", "kabr_", first[:len(first)-1], first + "a", string(flipped), strings.Replace(first, "kabr_", "kab_", 1), "kabr_" + strings.Repeat("!", 77), access} {
		if _, ok := credential.ReadRefresh(bad, mac); ok {
			t.Errorf("%q passes", bad)
		}
	}
	if _, ok := credential.ReadRefresh(first, macOf("b")); ok {
		t.Error("a foreign one passes")
	}
}

func TestParseLogin(t *testing.T) {
	t.Parallel()
	for in, key := range map[string]string{
		" Anna.K-7_x ": "anna.k-7_x", "abc": "abc", "ab": "", "7abc": "", "анна": "", "a b c": "", "anna@example.com": "", "+79161234567": "",
		"a" + strings.Repeat("x", 63): "a" + strings.Repeat("x", 63), "a" + strings.Repeat("x", 64): "", "аnna": "", "an\x00na": "",
	} {
		l, ok := credential.ParseLogin(in)
		if ok != (key != "") || l.Key != key {
			t.Errorf("%q: %+v, %v", in, l, ok)
		}
	}
}
