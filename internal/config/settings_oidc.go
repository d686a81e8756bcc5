package config

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Provider is an outside provider through which people sign in, by OpenID Connect.
type Provider struct {
	Name         string // lower case; also the end of the redirect URI
	Label        string // shown
	Issuer       string
	ClientID     string
	ClientSecret string   // empty of a public client
	Scopes       []string // openid among them
	TrustEmail   bool     // an address it has proven opens the account that has it
}

const groupProviders = "Outside providers of sign-in (NAME is yours to choose, of letters and digits):"

const providerPrefix = "KABINET_OIDC_"

// providerSuffixes are what is said of each provider, in the order shown.
var providerSuffixes = []string{"ISSUER", "CLIENT_ID", "CLIENT_SECRET", "SCOPES", "LABEL", "TRUST_EMAIL"}

// Environ is the process's environment as Parse reads it. Of the empty name it
// gives the names of all that is set, a line each: a setting with a name inside
// its name is found there.
func Environ(name string) (string, bool) {
	if name != "" {
		return os.LookupEnv(name)
	}
	var names []string
	for _, pair := range os.Environ() {
		name, _, _ := strings.Cut(pair, "=")
		names = append(names, name)
	}
	return strings.Join(names, "\n"), true
}

// tableFor is the table of settings with the rows of the providers that the
// environment or the flags name; without any, the rows that show how.
func tableFor(args []string, env func(string) (string, bool)) (table []setting, problems Problems) {
	table = slices.Clone(settings)
	names, problems := providerNames(args, env)
	if len(names) == 0 {
		names = []string{""}
	}
	for _, name := range names {
		table = append(table, providerSettings(name)...)
	}
	return table, problems
}

var providerName = regexp.MustCompile(`^[A-Z0-9]{1,32}$`)

// providerNames finds the names in variables and flags, sorted. What begins as
// a provider's setting and is none is a problem: a slip of the pen would
// otherwise be a provider without a secret.
func providerNames(args []string, env func(string) (string, bool)) (names []string, problems Problems) {
	all, _ := env("")
	given := slices.DeleteFunc(strings.Split(all, "\n"), func(variable string) bool {
		text, _ := env(variable)
		return text == "" // as left out
	})
	for _, arg := range args {
		if flag, ok := strings.CutPrefix(arg, "--oidc-"); ok {
			flag, _, _ = strings.Cut(flag, "=")
			given = append(given, providerPrefix+strings.ToUpper(strings.ReplaceAll(flag, "-", "_")))
		}
	}
	slices.Sort(given)
	for _, variable := range slices.Compact(given) {
		rest, ok := strings.CutPrefix(variable, providerPrefix)
		if !ok {
			continue
		}
		name := ""
		for _, suffix := range providerSuffixes {
			if before, ok := strings.CutSuffix(rest, "_"+suffix); ok && providerName.MatchString(before) {
				name = before
				break
			}
		}
		switch {
		case name == "":
			problems = append(problems, fmt.Sprintf("%s: no setting has this name. Example: %sGOOGLE_ISSUER; what is said of a provider: %s",
				clipped(variable), providerPrefix, strings.Join(providerSuffixes, ", ")))
		case !slices.Contains(names, name):
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names, problems
}

func clipped(s string) string {
	const most = 80
	if len(s) > most {
		return s[:most] + "…"
	}
	return s
}

// providerSettings are the rows of one provider; of no name, those that show how.
func providerSettings(name string) []setting {
	key, example := name, name
	if name == "" {
		key, example = "<NAME>", "GOOGLE"
	}
	row := func(suffix, def, meaning, eg string, secret bool, set func(*Provider, string) error) setting {
		return setting{
			env: providerPrefix + key + "_" + suffix, group: groupProviders, def: def, meaning: meaning, secret: secret,
			example: strings.ReplaceAll(eg, "NAME", example),
			set: func(c *Config, v string) error {
				if name == "" {
					return nil
				}
				return set(c.provider(strings.ToLower(name)), v)
			},
		}
	}
	return []setting{
		row("ISSUER", "", "Address that the provider calls itself by; what stands under it at /.well-known/openid-configuration must say the same", "https://accounts.google.com", false,
			func(p *Provider, v string) (err error) { p.Issuer, err = parseIssuer(v); return err }),
		row("CLIENT_ID", "", "Name under which the provider knows Kabinet; the redirect URI to give there is KABINET_PUBLIC_URL and /auth/callback/ and the name in lower case", "1234.apps.googleusercontent.com", false,
			func(p *Provider, v string) (err error) { p.ClientID, err = oneWord(v); return err }),
		row("CLIENT_SECRET", "", "Secret of Kabinet at the provider; none of a public client; better given as a variable than as a flag", "the secret that the provider shows", true,
			func(p *Provider, v string) (err error) { p.ClientSecret, err = oneWord(v); return err }),
		row("SCOPES", "openid email profile", "What is asked of the provider, with spaces between; openid is always asked", "openid email", false,
			func(p *Provider, v string) (err error) { p.Scopes, err = parseScopes(v); return err }),
		row("LABEL", "", "The provider's name to show; the name with a capital letter where there is none", "Google", false,
			func(p *Provider, v string) (err error) { p.Label, err = parseLabel(v); return err }),
		row("TRUST_EMAIL", "false", "Whether an e-mail address that the provider has proven opens the account that has it, without another proof; only for a provider that owns its addresses", "true", false,
			func(p *Provider, v string) error {
				b, err := strconv.ParseBool(v)
				if err != nil {
					return errors.New("it must be true or false")
				}
				p.TrustEmail = b
				return nil
			}),
	}
}

// provider finds or makes the provider of a name.
func (c *Config) provider(name string) *Provider {
	for i := range c.Providers {
		if c.Providers[i].Name == name {
			return &c.Providers[i]
		}
	}
	c.Providers = append(c.Providers, Provider{Name: name, Label: strings.ToUpper(name[:1]) + name[1:]})
	return &c.Providers[len(c.Providers)-1]
}

// checkProviders holds the rules that need more than one setting.
func (c *Config) checkProviders(given settingValues, refuse func(env, why string)) {
	byIssuer := map[string]string{}
	for _, p := range c.Providers {
		of := func(suffix string) string { return providerPrefix + strings.ToUpper(p.Name) + "_" + suffix }
		switch u, err := url.Parse(p.Issuer); {
		case p.Issuer == "" && given.explicit(of("ISSUER")): // refused already
		case p.Issuer == "":
			refuse(of("ISSUER"), "of each provider it is required")
		case byIssuer[p.Issuer] != "":
			refuse(of("ISSUER"), "it must differ from that of "+byIssuer[p.Issuer]+": a person is known by issuer")
		case err == nil && u.Scheme == "http" && c.Mode == Production && !loopback(u.Hostname()):
			refuse(of("ISSUER"), "production mode needs https")
		}
		if p.Issuer != "" {
			byIssuer[p.Issuer] = p.Name
		}
		if p.ClientID == "" && !given.explicit(of("CLIENT_ID")) {
			refuse(of("CLIENT_ID"), "of each provider it is required")
		}
	}
}

func parseIssuer(v string) (string, error) {
	u, err := parseWebURL(v)
	if err != nil {
		return "", err
	}
	if u.RawQuery != "" || u.Fragment != "" || u.ForceQuery {
		return "", errors.New("it must end with the host or a path")
	}
	return v, nil // as it is written: issuers are compared byte by byte
}

func oneWord(v string) (string, error) {
	if strings.ContainsFunc(v, func(r rune) bool { return r <= ' ' || r == 0x7f }) {
		return "", errors.New("it holds a space")
	}
	return v, nil
}

func parseScopes(v string) ([]string, error) {
	scopes := strings.Fields(v)
	for _, s := range scopes {
		if strings.ContainsAny(s, `"\`) {
			return nil, errors.New("a scope holds neither quotes nor backslashes")
		}
	}
	if !slices.Contains(scopes, "openid") {
		scopes = append([]string{"openid"}, scopes...)
	}
	return scopes, nil
}

func parseLabel(v string) (string, error) {
	if v = strings.TrimSpace(v); v == "" || len([]rune(v)) > 50 {
		return "", errors.New("it has 1 to 50 characters")
	}
	return v, nil
}
