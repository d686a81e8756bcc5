package onlineretail

import (
	_ "embed"
	"strings"
)

//go:embed testdata/excerpt.csv.gz
var excerpt string

// Excerpt reads 407 invoices of the real set (gzip), made so that they hold
// every awkward kind of it: the demonstration data and the tests live on them.
// Who shows them owes the attribution of testdata/ATTRIBUTION.md.
func Excerpt() *strings.Reader { return strings.NewReader(excerpt) }

// ExcerptHash is the hash of the excerpt as File.Hash would give it.
func ExcerptHash() string {
	sum, _ := hash(Excerpt()) // a string reader does not fail
	return sum
}
