package desk

import (
	"bytes"
	_ "embed"
	"html/template"
	"sync"
	"time"

	"kabinet/internal/locale"
)

//go:embed slip.html
var slipPage string

var slipTemplate = sync.OnceValues(func() (*template.Template, error) {
	return template.New("slip").Parse(slipPage)
})

// slipFor is what the slip is made for: a person and his language.
type slipFor struct {
	name, locale, timeZone string
	login, password, site  string
	until                  time.Time
}

// page is the slip as a page to print. The template escapes what people typed,
// such as a name; the page may load nothing and run nothing.
func (s slipFor) page() (string, error) {
	say := func(id string) string { return locale.Text(s.locale, "desk.slip."+id, nil) }
	t, err := slipTemplate()
	if err != nil {
		return "", err
	}
	var b bytes.Buffer
	err = t.Execute(&b, map[string]any{
		"Lang": locale.Match(s.locale), "Title": say("title"), "Name": s.name,
		"SiteLabel": say("site"), "Site": s.site, "LoginLabel": say("login"), "Login": s.login,
		"PasswordLabel": say("password"), "Password": s.password,
		"UntilLabel": say("until"), "Until": locale.Date(s.locale, s.until, s.timeZone),
		"Steps": []string{say("step_open"), say("step_sign_in"), say("step_change")}, "Note": say("note"),
	})
	return b.String(), err
}
