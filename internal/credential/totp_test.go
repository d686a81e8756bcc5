package credential_test

import (
	"bytes"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp"

	"kabinet/internal/credential"
)

// The window is one step to each side, and what was used once is used up.
func TestMatchTOTP(t *testing.T) { // security C3, L9
	t.Parallel()
	secret := credential.NewTOTPSecret()
	now := time.Date(2026, 11, 21, 12, 0, 10, 0, time.UTC)
	at := now.Unix() / 30
	for _, c := range []struct {
		steps int64 // away from now
		last  int64
		want  bool
	}{
		{0, 0, true}, {-1, 0, true}, {1, 0, true},
		{-2, 0, false}, {2, 0, false}, {-100, 0, false},
		{0, at, false}, {0, at - 1, true}, {-1, at - 1, false}, {-1, at, false}, {1, at, true}, {1, at + 1, false},
	} {
		code, err := credential.TOTPAt(secret, now.Add(time.Duration(c.steps)*30*time.Second))
		if err != nil {
			t.Fatal(err)
		}
		step, ok := credential.MatchTOTP(secret, code, c.last, now)
		if ok != c.want || ok && step != at+c.steps {
			t.Errorf("code of %+d, last %+d: %d %v, want %v", c.steps, c.last-at, step-at, ok, c.want)
		}
	}
	code, _ := credential.TOTPAt(secret, now)
	for typed, want := range map[string]bool{
		code[:3] + " " + code[3:]: true, " " + code + " ": true, code[:5]: false, code + "0": false, "": false, strings.Repeat("9", 5000): false, "abcdef": false,
	} {
		if _, ok := credential.MatchTOTP(secret, typed, 0, now); ok != want {
			t.Errorf("%.20q: %v", typed, ok)
		}
	}
	if _, ok := credential.MatchTOTP("not base32!", code, 0, now); ok {
		t.Error("a broken secret fits")
	}
}

func TestTOTPURI(t *testing.T) {
	t.Parallel()
	secret := credential.NewTOTPSecret()
	uri := credential.TOTPURI("Shop & Söhne", "anna@example.com", secret)
	k, err := otp.NewKeyFromURL(uri)
	if err != nil {
		t.Fatal(err)
	}
	if k.Issuer() != "Shop & Söhne" || k.AccountName() != "anna@example.com" || k.Secret() != secret || k.Period() != 30 {
		t.Errorf("%s", uri)
	}
	if u, _ := url.Parse(uri); strings.Contains(u.RawQuery, "+") {
		t.Errorf("apps do not read +: %s", uri)
	}
	if len(secret) != 32 || secret == credential.NewTOTPSecret() {
		t.Errorf("secret %q", secret)
	}
}

func TestRecoveryCodes(t *testing.T) {
	t.Parallel()
	code := credential.NewRecoveryCode()
	if len(code) != 19 || strings.Count(code, "-") != 3 || code == credential.NewRecoveryCode() {
		t.Fatalf("code %q", code)
	}
	hash := credential.RecoveryHash(code, "one")
	for _, typed := range []string{strings.ToUpper(code), strings.ReplaceAll(code, "-", ""), " " + strings.ReplaceAll(code, "-", " ") + "\n"} {
		if !bytes.Equal(hash, credential.RecoveryHash(typed, "one")) {
			t.Errorf("%q is another code", typed)
		}
	}
	if bytes.Equal(hash, credential.RecoveryHash(code, "two")) || bytes.Equal(hash, credential.RecoveryHash(credential.NewRecoveryCode(), "one")) || bytes.Contains(hash, []byte(code)) {
		t.Error("hashes do not differ")
	}
}
