package config

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/mail"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // a small machine image has no time zones of its own

	"golang.org/x/text/language"
)

const day = 24 * time.Hour

// parseDuration takes what time.ParseDuration does, and days before it: 30d, 1d12h.
func parseDuration(v string) (time.Duration, error) {
	wrong := errors.New("it is not a length of time (a number with s, m, h or d)")
	days, rest, found := strings.Cut(v, "d")
	if !found {
		d, err := time.ParseDuration(v)
		if err != nil {
			return 0, wrong
		}
		return d, nil
	}
	n, err := strconv.ParseUint(days, 10, 16)
	if err != nil {
		return 0, wrong
	}
	d := time.Duration(n) * day
	if rest == "" {
		return d, nil
	}
	more, err := time.ParseDuration(rest)
	if err != nil || more < 0 || rest[0] == '+' || rest[0] == '-' {
		return 0, wrong
	}
	return d + more, nil
}

// durationText says 3650d and not 87600h0m0s.
func durationText(d time.Duration) string {
	if d >= day && d%day == 0 {
		return fmt.Sprintf("%dd", d/day)
	}
	return d.String()
}

func parseSize(v string) (int64, error) {
	unit := int64(1)
	for suffix, n := range map[string]int64{"KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30} {
		if digits, ok := strings.CutSuffix(v, suffix); ok {
			v, unit = digits, n
			break
		}
	}
	n, err := strconv.ParseUint(v, 10, 31)
	if err != nil {
		return 0, errors.New("it is not a number of bytes (a whole number, alone or with KiB, MiB or GiB)")
	}
	return int64(n) * unit, nil
}

func parseListen(v string) (string, error) {
	host, port, err := net.SplitHostPort(v)
	if err != nil {
		return "", errors.New("it is not host:port")
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || strconv.FormatUint(n, 10) != port {
		return "", errors.New("the port is not a number from 0 to 65535")
	}
	if strings.ContainsAny(host, " /@") {
		return "", errors.New("the host is not a name or an address")
	}
	return v, nil
}

func oneOf[T ~string](v string, allowed ...T) (T, error) {
	if slices.Contains(allowed, T(v)) {
		return T(v), nil
	}
	return "", fmt.Errorf("it must be one of %v", allowed)
}

func parsePublicURL(v string) (*url.URL, error) {
	u, err := parseWebURL(v)
	if err != nil {
		return nil, err
	}
	if u.RawQuery != "" || u.Fragment != "" || u.ForceQuery {
		return nil, errors.New("it must end with the host or a path")
	}
	u.Path = strings.TrimRight(u.Path, "/")
	return u, nil
}

func parseWebURL(v string) (*url.URL, error) {
	u, err := url.Parse(v)
	if err != nil || u.Hostname() == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return nil, errors.New("it is not a URL that begins with https:// or http://")
	}
	if u.User != nil {
		return nil, errors.New("it must not hold a user or a password")
	}
	u.Host = strings.ToLower(u.Host)
	return u, nil
}

// publicURLOf is where a browser on this machine reaches the listener.
func publicURLOf(listen string) *url.URL {
	host, port, _ := net.SplitHostPort(listen)
	if ip, err := netip.ParseAddr(host); host == "" || err == nil && ip.IsUnspecified() {
		host = "localhost"
	}
	return &url.URL{Scheme: "http", Host: net.JoinHostPort(host, port)}
}

func loopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || err == nil && ip.IsLoopback()
}

func urlText(u *url.URL) (string, bool) {
	if u == nil {
		return "", false
	}
	return u.String(), true
}

func commaList(v string) []string {
	var out []string
	for part := range strings.SplitSeq(v, ",") {
		if part = strings.TrimSpace(part); part != "" {
			out = append(out, part)
		}
	}
	return out
}

// parseOrigins gives the origins as a browser writes them: lower case, without
// the port that its scheme implies. A wildcard has no place in the list.
func parseOrigins(v string) ([]string, error) {
	var out []string
	for _, part := range commaList(v) {
		u, err := parseWebURL(part)
		if err != nil || strings.Contains(part, "*") {
			return nil, fmt.Errorf("%q is not an origin such as https://shop.example.com", part)
		}
		if strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" || u.ForceQuery {
			return nil, fmt.Errorf("%q is more than an origin: nothing may follow the host", part)
		}
		if port := u.Port(); u.Scheme == "http" && port == "80" || u.Scheme == "https" && port == "443" {
			u.Host = strings.TrimSuffix(u.Host, ":"+port)
		}
		out = append(out, u.Scheme+"://"+u.Host)
	}
	return out, nil
}

func parsePrefixes(v string) ([]netip.Prefix, error) {
	var out []netip.Prefix
	for _, part := range commaList(v) {
		prefix, err := netip.ParsePrefix(part)
		if addr, addrErr := netip.ParseAddr(part); addrErr == nil && addr.Zone() == "" {
			prefix, err = netip.PrefixFrom(addr, addr.BitLen()), nil
		}
		if err != nil {
			return nil, fmt.Errorf("%q is not a network such as 10.0.0.0/8", part)
		}
		if prefix.Bits() == 0 {
			return nil, fmt.Errorf("%q is everybody: anyone could then claim any address", part)
		}
		out = append(out, prefix.Masked())
	}
	return out, nil
}

// parseLocale accepts the languages that ship complete.
func parseLocale(v string) (string, error) {
	tag, err := language.Parse(v)
	if err != nil {
		return "", errors.New("it is not a language tag")
	}
	if base, _ := tag.Base(); base.String() != "en" && base.String() != "ru" {
		return "", errors.New("there are texts in en and ru alone")
	}
	return tag.String(), nil
}

func parseTimeZone(v string) (*time.Location, error) {
	zone, err := time.LoadLocation(v)
	if err != nil || v == "Local" {
		return nil, errors.New("it is not a time zone of the IANA list")
	}
	return zone, nil
}

func parseLevel(v string) (slog.Level, error) {
	name, err := oneOf(v, "debug", "info", "warn", "error")
	if err != nil {
		return 0, err
	}
	var level slog.Level
	return level, level.UnmarshalText([]byte(name))
}

func parseAddress(v string) (string, error) {
	if _, err := mail.ParseAddress(v); err != nil || strings.ContainsAny(v, "\r\n") {
		return "", errors.New("it is not an e-mail address")
	}
	return v, nil
}

func parseNATS(v string) (string, error) {
	servers := commaList(v)
	for _, server := range servers {
		u, err := url.Parse(server)
		if err != nil || u.Hostname() == "" || !slices.Contains([]string{"nats", "tls", "ws", "wss"}, u.Scheme) {
			return "", errors.New("each server must be a URL that begins with nats:// or tls://")
		}
	}
	return strings.Join(servers, ","), nil
}

// parseSMTP checks the shape; adapter/mail reads the parts. The sender of the
// URL is taken here, and given up later if KABINET_MAIL_FROM names another.
func parseSMTP(m Mail, v string) (Mail, error) {
	u, err := url.Parse(v)
	if err != nil || u.Hostname() == "" || (u.Scheme != "smtp" && u.Scheme != "smtps") {
		return m, errors.New("it is not a URL that begins with smtp:// or smtps://")
	}
	if strings.Trim(u.Path, "/") != "" {
		return m, errors.New("no path may follow the host")
	}
	for key, values := range u.Query() {
		switch key {
		case "from":
			if m.From, err = parseAddress(values[0]); err != nil {
				return m, errors.New("its from is not an e-mail address")
			}
		case "tls":
			if _, err := oneOf(values[0], "none", "opportunistic", "required"); err != nil || u.Scheme == "smtps" {
				return m, errors.New("its tls must be none, opportunistic or required, and smtps:// has no choice")
			}
		default:
			return m, errors.New("the only options it knows are from and tls")
		}
	}
	m.SMTPURL = v
	return m, nil
}
