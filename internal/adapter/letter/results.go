package letter

import (
	"strings"
	"unicode"
)

// Verdict is what the trusted relay in front found out about who sent a letter.
type Verdict uint8

// The verdicts.
const (
	Unknown Verdict = iota // it said nothing, or nobody is trusted
	Passed                 // DMARC passed: the address in From is the sender's
	Failed                 // it is not
)

// Verdict reads the Authentication-Results (RFC 8601) of one server, by its name.
// A header of the same name that the sender forged can only speak against him:
// one that says "fail" wins, and one that says "pass" counts only where it
// stands above all others, as the relay puts its own. A relay repeats in them
// what a stranger typed, his return path above all, so quotes and comments are
// read as what they are; what cannot be read so speaks against him too.
func (l *Letter) Verdict(server string) Verdict {
	if server == "" {
		return Unknown
	}
	_, domain, _ := strings.Cut(strings.ToLower(l.From.Address), "@")
	verdict, first := Unknown, true
	for f := l.header.Fields(); f.Next(); {
		if !strings.EqualFold(f.Key(), "Authentication-Results") {
			continue
		}
		parts, ok := results(f.Value())
		if len(parts) == 0 || !strings.EqualFold(firstWord(parts[0]), server) { // a version may follow
			first = false
			continue
		}
		v := Failed
		if ok {
			v = judge(parts[1:], domain)
		}
		switch v {
		case Failed:
			return Failed
		case Passed:
			if first {
				verdict = Passed
			}
		}
	}
	return verdict
}

// judge reads the methods of one header: DMARC decides where it stands, and all
// that it says must agree; else a hard failure of SPF that no DKIM signature
// makes good.
func judge(parts []string, domain string) Verdict {
	found := map[string][]string{}
	for _, part := range parts {
		method, rest, ok := strings.Cut(part, "=")
		if !ok {
			continue
		}
		method, _, _ = strings.Cut(strings.ToLower(strings.TrimSpace(method)), "/")
		result := strings.ToLower(firstWord(rest))
		if method == "dmarc" && result == "pass" && !about(rest, domain) {
			result = "fail" // it speaks of another sender than the one we read
		}
		found[method] = append(found[method], result)
	}
	if said := found["dmarc"]; len(said) > 0 {
		verdict := Unknown
		for _, v := range said {
			switch v {
			case "fail", "permerror":
				return Failed
			case "pass":
				verdict = Passed
			}
		}
		return verdict
	}
	for _, v := range found["dkim"] {
		if v == "pass" {
			return Unknown
		}
	}
	for _, v := range found["spf"] {
		if v == "fail" {
			return Failed
		}
	}
	return Unknown
}

// about says that a result is about the domain in From, where it says of which.
func about(result, domain string) bool {
	for _, property := range strings.Fields(result) {
		if of, ok := strings.CutPrefix(strings.ToLower(property), "header.from="); ok {
			return strings.TrimSuffix(of, ".") == domain
		}
	}
	return true
}

// results are the parts of a value between semicolons, without comments, which
// may be nested; of what is quoted nothing is left but a "?", for no result
// needs quotes. It is not ok where a quote or a comment has no end.
func results(value string) (parts []string, ok bool) {
	var b strings.Builder
	depth, quoted, escaped := 0, false, false
	for _, r := range value {
		switch {
		case escaped:
			escaped = false
		case r == '\\' && (quoted || depth > 0):
			escaped = true
		case quoted:
			quoted = r != '"'
		case r == '"' && depth == 0:
			quoted = true
			b.WriteByte('?')
		case r == '(':
			depth++
		case r == ')' && depth > 0:
			depth--
		case depth > 0:
		case r == ';':
			parts = append(parts, strings.TrimSpace(b.String()))
			b.Reset()
		case unicode.IsControl(r):
			b.WriteByte(' ')
		default:
			b.WriteRune(r)
		}
	}
	return append(parts, strings.TrimSpace(b.String())), depth == 0 && !quoted
}
