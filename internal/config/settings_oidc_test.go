package config_test

import (
	"bytes"
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"

	"kabinet/internal/config"
)

func TestProviders(t *testing.T) {
	t.Parallel()
	cfg := parse(t, "serve --oidc-yandex-label=Яндекс --oidc-yandex-client-id y --oidc-yandex-issuer https://oauth.example.ru/", "KABINET_SECRET_KEY="+goodKey,
		"KABINET_OIDC_GOOGLE_ISSUER=https://accounts.google.com", "KABINET_OIDC_GOOGLE_CLIENT_ID=g", "KABINET_OIDC_GOOGLE_CLIENT_SECRET=hush",
		"KABINET_OIDC_GOOGLE_SCOPES=email", "KABINET_OIDC_GOOGLE_TRUST_EMAIL=true", "KABINET_OIDC_LEFT_LABEL=", "KABINET_OIDC_OUT_ISSUER=")
	want := []config.Provider{
		{Name: "google", Label: "Google", Issuer: "https://accounts.google.com", ClientID: "g", ClientSecret: "hush", Scopes: []string{"openid", "email"}, TrustEmail: true},
		{Name: "yandex", Label: "Яндекс", Issuer: "https://oauth.example.ru/", ClientID: "y", Scopes: []string{"openid", "email", "profile"}},
	}
	if !reflect.DeepEqual(cfg.Providers, want) {
		t.Errorf("providers %+v;\nwant %+v", cfg.Providers, want)
	}
	if cfg := parse(t, "serve", "KABINET_SECRET_KEY="+goodKey); cfg.Providers != nil {
		t.Errorf("providers %+v without any settings", cfg.Providers)
	}
}

func TestProvidersAreChecked(t *testing.T) {
	t.Parallel()
	whole := []string{"KABINET_SECRET_KEY=" + goodKey, "KABINET_OIDC_G_ISSUER=https://g.example", "KABINET_OIDC_G_CLIENT_ID=g"}
	for says, env := range map[string][]string{
		"KABINET_OIDC_G_ISUER: no setting has this name":                           {"KABINET_OIDC_G_ISUER=https://g.example"},
		"KABINET_OIDC_ISSUER: no setting has this name":                            {"KABINET_OIDC_ISSUER=https://g.example"},
		"KABINET_OIDC_A_B_LABEL: no setting has this name":                         {"KABINET_OIDC_A_B_LABEL=x"},
		"KABINET_OIDC_x_LABEL: no setting has this name":                           {"KABINET_OIDC_x_LABEL=x"},
		"KABINET_OIDC_H_ISSUER is not set: of each provider it is required":        {"KABINET_OIDC_H_CLIENT_ID=h"},
		"KABINET_OIDC_H_CLIENT_ID is not set: of each provider it is required":     {"KABINET_OIDC_H_ISSUER=https://h.example"},
		"it must differ from that of g":                                            {"KABINET_OIDC_H_ISSUER=https://g.example", "KABINET_OIDC_H_CLIENT_ID=h"},
		"production mode needs https":                                              {"KABINET_OIDC_H_ISSUER=http://h.example", "KABINET_OIDC_H_CLIENT_ID=h"},
		"it is not a URL that begins with":                                         {"KABINET_OIDC_H_ISSUER=javascript:x", "KABINET_OIDC_H_CLIENT_ID=h"},
		"it must end with the host or a path":                                      {"KABINET_OIDC_H_ISSUER=https://h.example?a=b", "KABINET_OIDC_H_CLIENT_ID=h"},
		"KABINET_OIDC_G_TRUST_EMAIL is \"perhaps\": it must be true or false":      {"KABINET_OIDC_G_TRUST_EMAIL=perhaps"},
		"KABINET_OIDC_G_LABEL is \" \": it has 1 to 50 characters":                 {"KABINET_OIDC_G_LABEL= "},
		"KABINET_OIDC_G_CLIENT_SECRET is \"(hidden)\": it holds a space. Meaning:": {"KABINET_OIDC_G_CLIENT_SECRET=a b"},
	} {
		_, _, err := config.Parse([]string{"serve"}, in(append(env, whole...)...), io.Discard)
		var problems config.Problems
		if !errors.As(err, &problems) || !strings.Contains(err.Error(), says) || len(problems) != 1 || strings.Contains(err.Error(), "a b") {
			t.Errorf("%q: %v; want one problem that says %q", env, err, says)
		}
	}
}

func TestProvidersAreShown(t *testing.T) {
	t.Parallel()
	var help bytes.Buffer
	if _, _, err := config.Parse([]string{"--help"}, in(), &help); !errors.Is(err, config.Exit{}) {
		t.Fatal(err)
	}
	for _, want := range []string{"--oidc-<name>-issuer", "KABINET_OIDC_<NAME>_TRUST_EMAIL"} {
		if !strings.Contains(help.String(), want) {
			t.Errorf("--help does not say %s", want)
		}
	}
	var shown bytes.Buffer
	_, _, err := config.Parse([]string{"--print-config", "serve"}, in("KABINET_SECRET_KEY="+goodKey,
		"KABINET_OIDC_G_ISSUER=https://g.example", "KABINET_OIDC_G_CLIENT_ID=g", "KABINET_OIDC_G_CLIENT_SECRET=hush-hush"), &shown)
	if !errors.Is(err, config.Exit{}) {
		t.Fatal(err)
	}
	for _, want := range []string{"KABINET_OIDC_G_ISSUER", "https://g.example", "KABINET_OIDC_G_CLIENT_SECRET", "(hidden)", "KABINET_OIDC_G_LABEL"} {
		if !strings.Contains(shown.String(), want) {
			t.Errorf("--print-config does not show %s:\n%s", want, shown.String())
		}
	}
	if strings.Contains(shown.String(), "hush-hush") || strings.Contains(shown.String(), "<NAME>") {
		t.Errorf("--print-config shows a secret or the pattern:\n%s", shown.String())
	}
}
