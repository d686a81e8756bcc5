package account

import "strings"

// What a device is called by the words in its user agent; the first that is
// found counts, for most of them name others as well.
var (
	programs = []struct{ word, name string }{
		{"YaBrowser/", "Yandex Browser"}, {"Edg", "Edge"}, {"OPR/", "Opera"}, {"SamsungBrowser/", "Samsung Internet"}, {"Vivaldi/", "Vivaldi"},
		{"Firefox/", "Firefox"}, {"FxiOS/", "Firefox"}, {"CriOS/", "Chrome"}, {"Chromium/", "Chromium"}, {"Chrome/", "Chrome"}, {"Safari/", "Safari"},
	}
	systems = []struct{ word, name string }{
		{"iPhone", "iPhone"}, {"iPad", "iPad"}, {"Android", "Android"}, {"Windows", "Windows"}, {"CrOS", "ChromeOS"},
		{"Macintosh", "macOS"}, {"Mac OS X", "macOS"}, {"Linux", "Linux"},
	}
)

// DeviceName is a device in short, for a list of sessions: what its program
// and its system are called, as it says itself. Nil where it says nothing.
func DeviceName(userAgent *string) *string {
	if userAgent == nil || strings.TrimSpace(*userAgent) == "" {
		return nil
	}
	ua, program, system := *userAgent, "", ""
	for _, p := range programs {
		if strings.Contains(ua, p.word) {
			program = p.name
			break
		}
	}
	for _, s := range systems {
		if strings.Contains(ua, s.word) {
			system = s.name
			break
		}
	}
	name := program + " on " + system
	switch {
	case program == "" && system == "":
		name, _, _ = strings.Cut(strings.TrimSpace(ua), " ") // an app or a script by its own name
		name, _, _ = strings.Cut(name, "/")
	case program == "":
		name = system
	case system == "":
		name = program
	}
	return &name
}
