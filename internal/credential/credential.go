// Package credential owns the rules of what people prove themselves by:
// passwords and their hashes, e-mail addresses, codes and tokens. It is pure:
// it knows no table, no person and no session.
package credential

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"fmt"
	"math/big"
	"strings"

	"kabinet/internal/fault"
)

// What is refused; the texts lie in locale/messages/<language>/fault.json.
var (
	ErrPasswordTooShort  = fault.New(fault.Invalid, "PASSWORD_TOO_SHORT")
	ErrPasswordTooLong   = fault.New(fault.Invalid, "PASSWORD_TOO_LONG")
	ErrPasswordTooCommon = fault.New(fault.Invalid, "PASSWORD_TOO_COMMON")
)

// NewToken is 160 random bits. The prefix lets scanners of leaked secrets find it.
func NewToken() string {
	b := make([]byte, tokenBytes)
	_, _ = rand.Read(b) // never fails, see crypto/rand
	return tokenOf(b)
}

const tokenBytes = 20

func tokenOf(b []byte) string { return "kab_" + strings.ToLower(base32.StdEncoding.EncodeToString(b)) }

// TokenHash is all that is stored of a token (security B8).
func TokenHash(token string) []byte {
	sum := sha256.Sum256([]byte(token))
	return sum[:]
}

// NewCode is six digits: 20 bits, which the few tries make enough (security D5).
func NewCode() string {
	n, err := rand.Int(rand.Reader, big.NewInt(1_000_000))
	if err != nil {
		panic(err) // crypto/rand never fails
	}
	return fmt.Sprintf("%06d", n)
}
