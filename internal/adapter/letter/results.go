package letter

import "strings"

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
// stands above all others, as the relay puts its own.
func (l *Letter) Verdict(server string) Verdict {
	if server == "" {
		return Unknown
	}
	verdict, first := Unknown, true
	for f := l.header.Fields(); f.Next(); {
		if !strings.EqualFold(f.Key(), "Authentication-Results") {
			continue
		}
		who, results, ok := strings.Cut(uncommented(f.Value()), ";")
		who, _, _ = strings.Cut(strings.TrimSpace(who), " ") // a version may follow
		if !ok || !strings.EqualFold(who, server) {
			first = false
			continue
		}
		switch judge(results) {
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

// judge reads the methods of one header: DMARC decides where it stands; else a
// hard failure of SPF that no DKIM signature makes good.
func judge(results string) Verdict {
	found := map[string][]string{}
	for part := range strings.SplitSeq(results, ";") {
		method, rest, ok := strings.Cut(strings.TrimSpace(part), "=")
		if !ok {
			continue
		}
		method, _, _ = strings.Cut(strings.ToLower(strings.TrimSpace(method)), "/")
		found[method] = append(found[method], strings.ToLower(firstWord(rest)))
	}
	for _, v := range found["dmarc"] {
		switch v {
		case "fail", "permerror":
			return Failed
		case "pass":
			return Passed
		}
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

// uncommented is a value without its comments, which may be nested.
func uncommented(v string) string {
	var b strings.Builder
	depth := 0
	for _, r := range v {
		switch {
		case r == '(':
			depth++
		case r == ')':
			depth = max(0, depth-1)
		case depth == 0:
			b.WriteRune(r)
		}
	}
	return b.String()
}
