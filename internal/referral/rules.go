package referral

import (
	"crypto/rand"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	ent "kabinet/ent/generated"
	entorder "kabinet/ent/generated/order"
)

// alphabet are the signs of a code: no letter that is taken for a digit.
const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// codeSigns is how many signs a code has. It is no secret: people send it round.
const codeSigns = 8

func newCode() string {
	random := make([]byte, codeSigns)
	_, _ = rand.Read(random) // crypto/rand never fails
	for i, r := range random {
		random[i] = alphabet[r&31]
	}
	return string(random)
}

// fold is the key of a code, however people type it; empty for what is no code.
func fold(code string) string {
	if len(code) > 64 {
		return ""
	}
	var b strings.Builder
	for _, r := range strings.ToUpper(code) {
		switch {
		case r == 'O':
			r = '0'
		case r == 'I' || r == 'L':
			r = '1'
		case r == '-' || unicode.IsSpace(r):
			continue
		}
		if !strings.ContainsRune(alphabet, r) {
			return ""
		}
		b.WriteRune(r)
	}
	if b.Len() != codeSigns {
		return ""
	}
	return b.String()
}

// mask shows of each word of a name its first letter: A*** P***.
func mask(name string) string {
	words := strings.FieldsFunc(name, func(r rune) bool { return unicode.IsSpace(r) || r == '.' || r == '@' })
	for i, w := range words {
		first, _ := utf8.DecodeRuneInString(w)
		words[i] = string(first) + "***"
	}
	if len(words) > 3 {
		words = words[:3]
	}
	if len(words) == 0 {
		return "***"
	}
	return strings.Join(words, " ")
}

// mailbox is what spellings of one address have in common: what follows a plus
// is a note of its owner's, and some houses do not look at dots.
func mailbox(address string) string {
	local, host, _ := strings.Cut(strings.ToLower(strings.TrimSpace(address)), "@")
	local, _, _ = strings.Cut(local, "+")
	if host == "googlemail.com" {
		host = "gmail.com"
	}
	if host == "gmail.com" {
		local = strings.ReplaceAll(local, ".", "")
	}
	return local + "@" + host
}

// paid says whether an order was paid and stays so: neither cancelled nor all
// returned.
func paid(o *ent.Order) bool {
	return !undone(o) && (o.PaymentStatus == entorder.PaymentStatusPAID || o.PaymentStatus == entorder.PaymentStatusPARTIALLY_REFUNDED)
}

// undone says whether an order was taken back whole.
func undone(o *ent.Order) bool {
	return o.Status == entorder.StatusCANCELLED || o.PaymentStatus == entorder.PaymentStatusREFUNDED || o.FulfillmentStatus == entorder.FulfillmentStatusRETURNED
}

// enough says whether an order comes to what the terms ask for.
func (p *ReferralProgram) enough(o *ent.Order) bool {
	return p.MinimumMinor == 0 || o.Currency == p.Currency && o.TotalMinor-o.RefundedMinor >= p.MinimumMinor
}

const day = 24 * time.Hour
