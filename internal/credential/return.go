package credential

import (
	"errors"
	"net/url"
	"strings"

	"kabinet/internal/fault"
)

// ErrReturnNotAllowed refuses an address that nobody may be sent back to.
var ErrReturnNotAllowed = fault.New(fault.Invalid, "RETURN_NOT_ALLOWED")

// longestReturn is in bytes: it travels inside the addresses of others.
const longestReturn = 1000

// Returns is the list of origins that a person may be sent back to: by a
// redirect, or by a link in a letter. There is no pattern and no wildcard
// (security D3). The zero Returns allows nothing.
type Returns struct {
	home    string
	origins map[string]bool
}

// NewReturns takes the public URL, which is where people go who name no other
// place, and the origins of other front ends, of the form https://host[:port].
func NewReturns(publicURL string, origins []string) (Returns, error) {
	r := Returns{home: publicURL, origins: map[string]bool{}}
	for _, text := range append([]string{publicURL}, origins...) {
		u, err := url.Parse(text)
		if err != nil || !web(u) {
			return Returns{}, errors.New("credential: " + text + " is no origin to return to")
		}
		r.origins[origin(u)] = true
	}
	return r, nil
}

// Allowed gives the address as a browser reads it, without a fragment; of an
// empty text it is the public URL. It must be whole: what is relative to
// somewhere, names a user, or reads differently in different browsers is not
// allowed.
//
// Faults: RETURN_NOT_ALLOWED.
func (r Returns) Allowed(text string) (string, error) {
	if text == "" && r.home != "" {
		return r.home, nil
	}
	if len(text) > longestReturn || strings.ContainsFunc(text, odd) {
		return "", ErrReturnNotAllowed
	}
	u, err := url.Parse(text)
	if err != nil || !web(u) || u.User != nil || strings.Contains(text, "#") || !r.origins[origin(u)] {
		return "", ErrReturnNotAllowed
	}
	u.Scheme, u.Host = strings.ToLower(u.Scheme), strings.TrimPrefix(origin(u), strings.ToLower(u.Scheme)+"://")
	return u.String(), nil
}

// odd are the characters that an address has only inside an escape: browsers
// drop some of them and take a backslash for a slash.
func odd(c rune) bool { return c <= ' ' || c >= 0x7f || strings.ContainsRune("\\\"<>^`{|}", c) }

func web(u *url.URL) bool {
	scheme := strings.ToLower(u.Scheme)
	return (scheme == "http" || scheme == "https") && u.Hostname() != "" && u.Opaque == ""
}

// origin is scheme, host and port as a browser writes them.
func origin(u *url.URL) string {
	scheme, host := strings.ToLower(u.Scheme), strings.ToLower(u.Host)
	host = strings.TrimSuffix(host, map[string]string{"http": ":80", "https": ":443"}[scheme])
	return scheme + "://" + host
}
