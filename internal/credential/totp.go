package credential

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/hotp"
)

// The numbers of authenticator apps; all of them know these, and some no others.
const (
	totpStep   = 30 * time.Second
	totpDigits = otp.DigitsSix
	// TOTPWindow is how many steps before and after now are taken: for clocks
	// that go wrong and people who type slowly.
	TOTPWindow = 1
)

// NewTOTPSecret is 160 random bits, as RFC 4226 advises, in base32.
func NewTOTPSecret() string {
	b := make([]byte, 20)
	_, _ = rand.Read(b) // never fails, see crypto/rand
	return base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(b)
}

// TOTPURI is what authenticator apps read as a QR code.
func TOTPURI(issuer, account, secret string) string {
	q := url.Values{"secret": {secret}, "issuer": {issuer}, "algorithm": {"SHA1"}, "digits": {"6"}, "period": {"30"}}
	// Apps read %20 and not +.
	return "otpauth://totp/" + url.PathEscape(issuer+":"+account) + "?" + strings.ReplaceAll(q.Encode(), "+", "%20")
}

// MatchTOTP finds the step whose code this is, one after the step used last:
// the same code is good once (security C3). false where there is none within
// the window. It looks at every step of the window whatever fits.
func MatchTOTP(secret, code string, last int64, now time.Time) (step int64, ok bool) {
	code = digits(code)
	at := now.Unix() / int64(totpStep/time.Second)
	for s := at - TOTPWindow; s <= at+TOTPWindow; s++ {
		fits, err := hotp.ValidateCustom(code, uint64(s), secret, hotp.ValidateOpts{Digits: totpDigits, Algorithm: otp.AlgorithmSHA1})
		if err == nil && fits && s > last && !ok {
			step, ok = s, true
		}
	}
	return step, ok
}

// TOTPAt is the code that an app shows at a time.
func TOTPAt(secret string, now time.Time) (string, error) {
	code, err := hotp.GenerateCodeCustom(secret, uint64(now.Unix())/uint64(totpStep/time.Second), hotp.ValidateOpts{Digits: totpDigits, Algorithm: otp.AlgorithmSHA1})
	if err != nil {
		return "", fmt.Errorf("credential: %w", err)
	}
	return code, nil
}

// digits takes out the blanks that apps show between digits.
func digits(code string) string {
	return strings.Map(func(r rune) rune {
		if r == ' ' || r == '\u00a0' || r == '-' {
			return -1
		}
		return r
	}, code)
}

// RecoveryCodes is how many are made at a time.
const RecoveryCodes = 10

// recoveryAlphabet has no letters that look like digits.
const recoveryAlphabet = "abcdefghjkmnpqrstuvwxyz23456789"

// NewRecoveryCode is 79 random bits, in four groups to be written down.
func NewRecoveryCode() string {
	var b strings.Builder
	for n, one := 0, make([]byte, 1); n < 16; {
		_, _ = rand.Read(one)                       // never fails, see crypto/rand
		if int(one[0]) >= 8*len(recoveryAlphabet) { // so that each letter is as likely
			continue
		}
		if n > 0 && n%4 == 0 {
			b.WriteByte('-')
		}
		b.WriteByte(recoveryAlphabet[int(one[0])%len(recoveryAlphabet)])
		n++
	}
	return b.String()
}

// RecoveryHash is all that is stored of a recovery code. The code is long
// enough for a plain hash, which outlives the secret key; of is the person's
// id, so that equal codes of two people do not show.
func RecoveryHash(code, of string) []byte {
	code = strings.Map(func(r rune) rune {
		if strings.ContainsRune(recoveryAlphabet, r) {
			return r
		}
		return -1
	}, strings.ToLower(code))
	sum := sha256.Sum256([]byte("recovery\x00" + of + "\x00" + code))
	return sum[:]
}
