package account

import (
	"net/netip"
	"time"

	"github.com/google/uuid"

	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// The limits of this domain. Guessing is counted per account and address
// class, so that an attacker elsewhere does not lock the owner out, and the
// owner's known device has a count of its own (security A1, A5); per address
// class alone against spraying one password over many accounts (security A4).
var (
	accountFailures = store.Limit{Name: "sign_in.account", Free: 5, First: time.Second, Most: 15 * time.Minute, Forget: 12 * time.Hour}
	deviceFailures  = store.Limit{Name: "sign_in.device", Free: 5, First: time.Second, Most: 15 * time.Minute, Forget: 12 * time.Hour}
	addressFailures = store.Limit{Name: "sign_in.address", Free: 50, First: time.Second, Most: 15 * time.Minute, Forget: time.Hour}
	recheckFailures = store.Limit{Name: "password.recheck", Free: 5, First: time.Second, Most: 15 * time.Minute, Forget: 12 * time.Hour}

	mailPause = store.Limit{Name: "mail.pause", Free: 1, Forget: time.Minute, Window: true}
	mailHour  = store.Limit{Name: "mail.hour", Free: 6, Forget: time.Hour, Window: true}
	checkHour = store.Limit{Name: "register.check", Free: 20, Forget: time.Hour, Window: true}
	newHour   = store.Limit{Name: "register.address", Free: 100, Forget: time.Hour, Window: true}
)

// Network is the network of an address: /24, or /64 of IPv6, which one
// person has whole. Empty when there is no address.
func Network(ip string) string {
	a, err := netip.ParseAddr(ip)
	if err != nil {
		return ""
	}
	a = a.Unmap()
	bits := 24
	if a.Is6() {
		bits = 64
	}
	p, err := a.WithZone("").Prefix(bits)
	if err != nil {
		return ""
	}
	return p.String()
}

// signInUses are what a failed sign-in counts against.
func signInUses(login string, known bool, user uuid.UUID, v viewer.Viewer) []store.Use {
	if known {
		of := v.Device
		if of == "" {
			of = v.IP + " " + v.UserAgent
		}
		return []store.Use{{Limit: deviceFailures, Of: user.String() + " " + of}}
	}
	class := Network(v.IP)
	uses := []store.Use{{Limit: accountFailures, Of: login + " " + class}}
	if class != "" {
		uses = append(uses, store.Use{Limit: addressFailures, Of: class})
	}
	return uses
}

// letterUses are what a letter or SMS to an address counts against: a minute
// apart, six an hour for one purpose (security D4), so that who registers with
// somebody's address does not take his way back in (security A5), and so many
// from one network. The key is the address as it is found, or what stands for
// it where nobody is behind it; of who has proven himself it is the person, so
// that nobody who knows the address spends his letters.
func letterUses(purpose string, s sent, v viewer.Viewer) []store.Use {
	uses := []store.Use{{Limit: mailPause, Of: s.Key}, {Limit: mailHour, Of: purpose + " " + s.Key}}
	if class := Network(v.IP); class != "" && !s.Proven {
		uses = append(uses, store.Use{Limit: newHour, Of: class})
	}
	return uses
}
