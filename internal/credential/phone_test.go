package credential_test

import (
	"strings"
	"testing"

	"kabinet/internal/credential"
)

// A number is one whatever way it is written. // security A10
func TestParsePhone(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ text, country, want string }{
		{"+44 20 7946 0018", "", "+442079460018"},
		{"020 7946 0018", "GB", "+442079460018"},
		{"(020) 7946-0018", "gb", "+442079460018"},
		{" +7 (912) 345-67-89 ", "", "+79123456789"},
		{"8 912 345-67-89", "RU", "+79123456789"},
		{"+7 912 345 67 89", "GB", "+79123456789"},
		{"＋44 20 7946 0018", "", "+442079460018"},
		{"020 7946 0018", "", ""}, // dialled from where?
		{"", "GB", ""},
		{"+44", "", ""},
		{"12", "GB", ""},
		{"+440000000000", "", ""},
		{"+44 20 7946 0018 ext. 5", "", ""},
		{"1-800-FLOWERS", "US", ""},
		{"+44 20 7946 0018\r\nTo: 1", "", ""},
		{"+44\x0020 7946 0018", "", ""},
		{"anna@example.com", "GB", ""},
		{"+" + strings.Repeat("1", 60), "", ""},
	} {
		got, ok := credential.ParsePhone(c.text, c.country)
		if got != c.want || ok != (c.want != "") {
			t.Errorf("%q in %q: %q %v, want %q", c.text, c.country, got, ok, c.want)
		}
	}
}
