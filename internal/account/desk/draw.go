package desk

import (
	"crypto/rand"
	"math/big"
	"strings"
)

// Letters and digits that nobody mistakes for one another on paper: no i, l,
// o, 0 and 1.
const (
	letters = "abcdefghjkmnpqrstuvwxyz"
	typed   = letters + "23456789"
)

// drawLogin is a login name that says nothing of the person: kmt7-3xqd.
func drawLogin() string { return draw(letters, 1) + draw(typed, 3) + "-" + draw(typed, 4) }

// drawPassword is a temporary password of 16 characters in fours: 79 random
// bits, to be read off paper and typed once.
func drawPassword() string {
	groups := make([]string, 4)
	for i := range groups {
		groups[i] = draw(typed, 4)
	}
	return strings.Join(groups, "-")
}

func draw(from string, n int) string {
	var b strings.Builder
	for range n {
		i, err := rand.Int(rand.Reader, big.NewInt(int64(len(from))))
		if err != nil {
			panic(err) // crypto/rand never fails
		}
		b.WriteByte(from[i.Int64()])
	}
	return b.String()
}
