package config

import (
	"fmt"
	"io"
	"net/url"
	"strconv"
	"strings"
	"text/tabwriter"
)

// value is a setting with what was said about it.
type value struct {
	setting
	text string
	from string // "flag", "env" or "default"
}

type settingValues []value

// Problems are all the settings that are wrong, a line each.
type Problems []string

// Error gives the lines.
func (p Problems) Error() string { return strings.Join(p, "\n") }

// gather finds the value of each setting: the flag, else the variable, else
// the default. A variable that is set to nothing counts as not set, for that
// is how compose files and shells leave one out. It settles --demo too.
func gather(table []setting, line commandLine, env func(string) (string, bool)) settingValues {
	out := make(settingValues, 0, len(table)+1)
	for _, s := range table {
		v := value{setting: s, text: s.def, from: "default"}
		if text, ok := env(s.env); ok && text != "" {
			v.text, v.from = text, "env"
		}
		if flag := line.flags[s.env]; flag != nil {
			v.text, v.from = *flag, "flag"
		}
		out = append(out, v)
	}
	return append(out, demo(line, env))
}

// demoSetting belongs to serve and so is no row of the table of flags.
var demoSetting = yesNo("KABINET_DEMO", "", "false",
	"Whether an empty database is filled with demonstration data and sign-ins; implies development mode", "true",
	func(c *Config) *bool { return &c.Demo })

func demo(line commandLine, env func(string) (string, bool)) value {
	v := value{setting: demoSetting, text: demoSetting.def, from: "default"}
	if text, ok := env(v.env); ok && text != "" {
		v.text, v.from = text, "env"
	}
	if line.demo != nil {
		v.text, v.from = strconv.FormatBool(*line.demo), "flag"
	}
	return v
}

// apply checks each value alone and puts it into cfg.
func (given settingValues) apply(cfg *Config) Problems {
	var problems Problems
	for _, v := range given {
		if v.text == "" && v.def == "" {
			continue // an optional setting, left out
		}
		if err := v.set(cfg, v.text); err != nil {
			problems = append(problems, given.problem(v.env, err.Error()))
		}
	}
	return problems
}

func (given settingValues) find(env string) value {
	for _, v := range given {
		if v.env == env {
			return v
		}
	}
	panic("config: no setting " + env)
}

func (given settingValues) explicit(env string) bool {
	v := given.find(env)
	return v.from != "default" && v.text != ""
}

// problem is the line about one wrong setting: its name, its value unless that
// is a secret, what is wrong, what the setting is for, and one that is right.
func (given settingValues) problem(env, why string) string {
	v := given.find(env)
	name := env
	if v.from == "flag" {
		name += " (--" + v.flag() + ")"
	}
	is := "is not set"
	if v.text != "" {
		is = "is " + strconv.Quote(v.display())
	}
	example := env + "=" + v.example
	if v.secret {
		example = v.example
	}
	return fmt.Sprintf("%s %s: %s. Meaning: %s. Example: %s", name, is, why, v.meaning, example)
}

// display is the value as it may be shown.
func (v value) display() string {
	switch {
	case v.text == "":
		return ""
	case v.secret:
		return "(hidden)"
	case v.url:
		return hidePasswords(v.text)
	default:
		return v.text
	}
}

// hidePasswords does so for one URL or for a comma list of them. A comma that
// no URL follows is part of a password.
func hidePasswords(text string) string {
	parts := strings.Split(text, ",")
	for i, part := range parts {
		if !strings.Contains(part, "://") {
			return hidePassword(text)
		}
		parts[i] = hidePassword(part)
	}
	return strings.Join(parts, ",")
}

// hidePassword leaves out of a URL whatever could be a secret: the password, a
// user without one (NATS takes it for a token) and password options. What
// cannot be read as a URL is hidden whole, for nobody knows where its password is.
func hidePassword(text string) string {
	if strings.HasPrefix(text, "sqlite://") {
		return text
	}
	u, err := url.Parse(text)
	if err != nil || u.Opaque != "" || u.Host == "" && strings.Contains(text, "@") {
		return "(hidden: not a URL)"
	}
	const hidden = "xxxxx"
	if u.User != nil {
		if _, has := u.User.Password(); has {
			u.User = url.UserPassword(u.User.Username(), hidden)
		} else if !strings.HasPrefix(u.Scheme, "postgres") && !strings.HasPrefix(u.Scheme, "smtp") {
			u.User = url.User(hidden)
		}
	}
	q := u.Query()
	for key := range q {
		if strings.Contains(strings.ToLower(key), "pass") {
			q.Set(key, hidden)
			u.RawQuery = q.Encode()
		}
	}
	return u.String()
}

// print writes every setting: name, value, where it comes from.
func (given settingValues) print(w io.Writer, cfg *Config) {
	table := tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)
	for _, v := range given {
		text := v.display()
		if v.shown != nil && v.from == "default" {
			if worked, ok := v.shown(cfg); ok {
				text = worked
			}
		}
		if v.env == "KABINET_MODE" && cfg.Mode != "" {
			text = string(cfg.Mode) // --demo may have decided it
		}
		if text == "" {
			text = "(not set)"
		}
		_, _ = fmt.Fprintf(table, "%s\t%s\t%s\n", v.env, text, v.from)
	}
	_ = table.Flush()
}
