package credential_test

import (
	"errors"
	"strings"
	"testing"

	"kabinet/internal/credential"
)

func TestReturns(t *testing.T) {
	t.Parallel()
	r, err := credential.NewReturns("https://account.example.com/me", []string{"https://shop.example.com", "http://localhost:3000"})
	if err != nil {
		t.Fatal(err)
	}
	for give, want := range map[string]string{
		"":                                  "https://account.example.com/me",
		"https://account.example.com":       "https://account.example.com",
		"https://shop.example.com/a?b=c%20": "https://shop.example.com/a?b=c%20",
		"https://shop.example.com:443/":     "https://shop.example.com/",
		"HTTPS://Shop.Example.COM/Path":     "https://shop.example.com/Path",
		"http://localhost:3000/x":           "http://localhost:3000/x",
		"https://shop.example.com/?next=https://evil.example": "https://shop.example.com/?next=https://evil.example",
	} {
		if got, err := r.Allowed(give); err != nil || got != want {
			t.Errorf("Allowed(%q) = %q, %v; want %q", give, got, err, want)
		}
	}
	for _, evil := range []string{ // security D3
		"https://evil.example", "//evil.example", "///evil.example", "/\\evil.example", "https:\\\\evil.example", "https:/evil.example", "https:evil.example",
		"javascript:alert(1)", "JavaScript://shop.example.com/%0aalert(1)", "data:text/html,x", "ftp://shop.example.com/", "/relative", "relative", "?a=b",
		"https://shop.example.com@evil.example/", "https://user@shop.example.com/", "https://user:password@shop.example.com/",
		"https://shop.example.com:8443/", "http://shop.example.com/", "https://localhost:3000/", "http://localhost:3000.evil.example/",
		"https://shop.example.com.evil.example/", "https://evilshop.example.com/", "https://shop.example.com./", "https://shop.example.com%2eevil.example/", "https://shop.example.com%00.evil.example/",
		"https://evil.example\\@shop.example.com/", "https://shop.example.com\\.evil.example/", "https://shop.example.com\t/", "\thttps://shop.example.com/", " https://shop.example.com/",
		"https://shop.example.com/\r\nSet-Cookie: a=b", "https://shop.example.com/#code=x", "https://shop.example.com/#", "https://shop．example.com/", "https://ѕhop.example.com/",
		"https:///shop.example.com/", "https://[::1]/", "https://", "https://shop.example.com:/", "https://shop.example.com:443443/",
		"https://shop.example.com/" + strings.Repeat("a", 1000),
	} {
		if got, err := r.Allowed(evil); !errors.Is(err, credential.ErrReturnNotAllowed) {
			t.Errorf("Allowed(%q) = %q, %v; want RETURN_NOT_ALLOWED", evil, got, err)
		}
	}
	if _, err := (credential.Returns{}).Allowed(""); err == nil {
		t.Error("the zero list allows something")
	}
	for _, wrong := range []string{"shop.example.com", "*", "https://", "javascript:x"} {
		if _, err := credential.NewReturns("https://a.example", []string{wrong}); err == nil {
			t.Errorf("NewReturns took %q", wrong)
		}
	}
}
