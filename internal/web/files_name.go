package web

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// longestName is how many bytes of a name are kept, its ending among them.
const longestName = 150

// attachment is a Content-Disposition that makes a browser keep a file under a
// name, which somebody wrote who may mean harm (security J1): as RFC 6266 says,
// plain for old readers and in UTF-8 by RFC 5987 for all others.
func attachment(name string) string {
	name = fileName(name)
	var plain, coded strings.Builder
	for _, r := range name {
		switch {
		case r < 0x20 || r >= 0x7f || r == '"' || r == '\\' || r == '%' || r == ';':
			plain.WriteByte('_')
		default:
			plain.WriteRune(r)
		}
	}
	const hex = "0123456789ABCDEF"
	for _, b := range []byte(name) {
		if b >= '0' && b <= '9' || b >= 'A' && b <= 'Z' || b >= 'a' && b <= 'z' || strings.IndexByte("!#$&+-.^_`|~", b) >= 0 {
			coded.WriteByte(b)
			continue
		}
		coded.WriteByte('%')
		coded.WriteByte(hex[b>>4])
		coded.WriteByte(hex[b&15])
	}
	return `attachment; filename="` + plain.String() + `"; filename*=UTF-8''` + coded.String()
}

// fileName is a name that no file system takes for anything but one file of
// one directory, and that reads as it is spelt.
func fileName(name string) string {
	name = strings.ToValidUTF8(name, "")
	if i := strings.LastIndexAny(name, `/\`); i >= 0 {
		name = name[i+1:]
	}
	name = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Zl, r) || unicode.Is(unicode.Zp, r):
			return -1 // among them what turns the direction of reading
		case strings.ContainsRune(`<>:"|?*`, r):
			return '_'
		}
		return r
	}, name)
	name = strings.TrimRight(strings.TrimSpace(name), ". ")
	name = shorten(strings.TrimLeft(name, ". "))
	base, _, _ := strings.Cut(strings.ToUpper(name), ".")
	switch {
	case name == "":
		return "file"
	case devices[strings.TrimSpace(base)]:
		return "_" + name
	}
	return name
}

// devices are names that Windows takes for something else.
var devices = map[string]bool{
	"CON": true, "PRN": true, "AUX": true, "NUL": true, "CONIN$": true, "CONOUT$": true,
	"COM0": true, "COM1": true, "COM2": true, "COM3": true, "COM4": true, "COM5": true, "COM6": true, "COM7": true, "COM8": true, "COM9": true,
	"LPT0": true, "LPT1": true, "LPT2": true, "LPT3": true, "LPT4": true, "LPT5": true, "LPT6": true, "LPT7": true, "LPT8": true, "LPT9": true,
}

// shorten cuts a name in its middle, between characters.
func shorten(name string) string {
	if len(name) <= longestName {
		return name
	}
	ending := ""
	if i := strings.LastIndexByte(name, '.'); i > 0 && len(name)-i <= 16 {
		ending = name[i:]
	}
	cut := longestName - len(ending)
	for cut > 0 && !utf8.RuneStart(name[cut]) {
		cut--
	}
	return name[:cut] + ending
}
