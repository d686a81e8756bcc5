package credential

import (
	"strings"

	"golang.org/x/net/idna"
)

// Email is one address in its three forms.
//
// The rule of sameness (security A10): one account a mailbox, where the letter
// case of the whole address, the spelling of an internationalised domain, the
// dot at the end of a domain and surrounding blanks do not matter, and
// everything else does: anna+shop@ and an.na@ are other mailboxes than anna@,
// for only their provider knows better. The part before the @ is ASCII, so a
// look-alike of another alphabet cannot stand in for it; a domain of look-alikes
// has its own xn-- form and is another domain.
type Email struct {
	Value string // as the person wrote it, without blanks around
	Key   string // how it is found
	To    string // how it is sent to
}

const localChars = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.!#$%&'*+/=?^_`{|}~-"

// domains folds case and width and refuses what no registry gives out.
var domains = idna.New(idna.MapForLookup(), idna.BidiRule(), idna.StrictDomainName(true), idna.VerifyDNSLength(true))

// ParseEmail folds an address; false when it is not one. Nothing with a
// control character, a blank or a quote passes, so no header can be smuggled in.
func ParseEmail(s string) (Email, bool) {
	s = strings.TrimSpace(s)
	at := strings.LastIndexByte(s, '@')
	if at < 1 || at > 64 || len(s) > 254 {
		return Email{}, false
	}
	local, domain := s[:at], strings.TrimSuffix(s[at+1:], ".")
	if hasForeign(local) ||
		local[0] == '.' || local[at-1] == '.' || strings.Contains(local, "..") {
		return Email{}, false
	}
	ascii, err := domains.ToASCII(domain)
	if err != nil || !strings.Contains(ascii, ".") || len(ascii) > 253 || numeric(ascii) {
		return Email{}, false
	}
	return Email{Value: local + "@" + domain, Key: strings.ToLower(local) + "@" + ascii, To: local + "@" + ascii}, true
}

func hasForeign(local string) bool {
	for _, r := range local {
		if !strings.ContainsRune(localChars, r) {
			return true
		}
	}
	return false
}

// numeric says that a domain is an IP address and not a name.
func numeric(domain string) bool {
	last := domain[strings.LastIndexByte(domain, '.')+1:]
	return last == "" || strings.Trim(last, "0123456789") == ""
}
