package letter

import (
	"regexp"
	"strings"
)

// The clients whose quotes and signatures are cut: Gmail, Outlook, Apple Mail,
// Yandex, Mail.ru and Thunderbird, in English and in Russian. A forwarded letter
// is not a quote: it is what somebody wants us to see.
var (
	// Who wrote, in the line or lines above a quote.
	saidBy = regexp.MustCompile(`(?i)(\bwrote|\bwrites|написал(а|\(а\)|и)?|пиш(е|у)т)\s*:\s*$`)
	// … or named by his address: "21.11.2026, 14:00, "Shop" <a@b>:".
	byAddress = regexp.MustCompile(`[<"«][^<>\s]+@[^<>\s]+[>"»]\s*(\(mailto:[^)]*\)|\(https?://[^)]*\))?\s*:\s*$`)
	dated     = regexp.MustCompile(`\b(19|20)\d\d\b|\b\d{1,2}[:.]\d\d\b`)
	onDate    = regexp.MustCompile(`(?i)\b(19|20)\d\d\b|\b\d{1,2}[:.]\d\d\b|^\s*(on|el|le|am)\b|<[^<>\s]+@[^<>\s]+>`)

	original = regexp.MustCompile(`(?i)^[\s>]*[-_=*]{2,}\s*(original message|original appointment|исходное сообщение|оригинальное сообщение|первоначальное сообщение|reply message|ответ(ное)? сообщение|конец исходного сообщения)\s*[-_=*]*\s*$`)
	forward  = regexp.MustCompile(`(?i)(forwarded message|begin forwarded message|пересылаемое сообщение|пересланное сообщение|начало переадресованного сообщения|переадресованное сообщение)`)
	ruler    = regexp.MustCompile(`^\s*[_]{10,}\s*$`)
	headed   = regexp.MustCompile(`(?i)^[\s>*]*(from|sent|date|to|cc|subject|reply-to|от|отправлено|дата|кому|копия|тема|от кого|когда)\s*\*?\s*:\*?\s*\S`)
	opens    = regexp.MustCompile(`(?i)^[\s>*]*(from|от|от кого)\s*\*?\s*:`)

	signature = regexp.MustCompile(`^(--|—|––)\s?$`)
	device    = regexp.MustCompile(`(?i)^\s*(sent from (my|mail|outlook|yahoo|yandex|samsung|the)\b.{0,60}|get outlook for (ios|android).{0,80}|отправлено (с|из|через) .{1,80}|(из|с) (мобильной|устройства|моего) .{1,60}|sent via .{1,60}|enviado desde .{1,60}|-{2,}\s*отправлено из .{1,60})\s*\.?\s*$`)
)

// maxAttribution is over how many lines clients break the words above a quote.
const maxAttribution = 3

// cut is a text without the letters before it and without the signature. What
// stands below a quote that is marked line by line is kept: somebody answered
// there.
func cut(s string) string {
	lines := strings.Split(strings.ReplaceAll(s, "\r\n", "\n"), "\n")
	var own []string
	signed := false
	for i := 0; i < len(lines); i++ {
		l := strings.TrimRight(lines[i], " \t\u00a0")
		switch {
		case forward.MatchString(l): // from here on it is what he sends us
			return join(append(own, lines[i:]...))
		case original.MatchString(l), ruler.MatchString(l) && headers(lines[i+1:]), opens.MatchString(l) && headers(lines[i:]):
			return join(own)
		case quotedLine(l):
			signed = false
			continue
		}
		if n := attribution(lines[i:]); n > 0 {
			if !quoteFollows(lines[i+n:]) {
				return join(own)
			}
			i += n - 1
			signed = false
			continue
		}
		if signature.MatchString(l) {
			signed = true
		}
		if !signed {
			own = append(own, l)
		}
	}
	return join(own)
}

// join gives the lines without what a device added at their end.
func join(lines []string) string {
	end := len(lines)
	for seen := 0; end > 0 && seen < 2; {
		l := strings.TrimSpace(lines[end-1])
		if l != "" {
			if !device.MatchString(l) {
				break
			}
			seen++
		}
		end--
	}
	return strings.Trim(strings.Join(lines[:end], "\n"), "\n")
}

func quotedLine(l string) bool { return strings.HasPrefix(strings.TrimLeft(l, " \t\u00a0"), ">") }

// attribution is how many lines say that somebody wrote what follows; 0 is none.
func attribution(lines []string) int {
	const longest = 400 // bytes
	all := ""
	for n := 1; n <= maxAttribution && n <= len(lines); n++ {
		l := strings.TrimSpace(lines[n-1])
		if l == "" || quotedLine(l) {
			return 0
		}
		all = strings.TrimSpace(all + " " + l)
		if len(all) > longest {
			return 0
		}
		if strings.HasSuffix(all, ":") && (saidBy.MatchString(all) && onDate.MatchString(all) || byAddress.MatchString(all) && dated.MatchString(all)) {
			return n
		}
	}
	return 0
}

// quoteFollows says that what comes next is marked line by line.
func quoteFollows(lines []string) bool {
	for _, l := range lines {
		if strings.TrimSpace(l) != "" {
			return quotedLine(l)
		}
	}
	return false
}

// headers says that a header of a letter follows: who, when, to whom, about what.
func headers(lines []string) bool {
	found, looked := 0, 0
	for _, l := range lines {
		if strings.TrimSpace(l) == "" {
			if found > 0 {
				break
			}
			continue
		}
		if looked++; looked > 8 {
			break
		}
		if headed.MatchString(l) {
			found++
		}
	}
	return found >= 3
}
