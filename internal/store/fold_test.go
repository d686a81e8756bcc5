package store_test

import (
	"testing"

	"kabinet/internal/store"
)

func TestFold(t *testing.T) {
	for in, want := range map[string]string{
		"":                   "",
		"  Анна\t Королёва ": "анна королева",
		"ЁЛКИНА":             "елкина",
		"Ｆｕｌｌ Width":         "full width",
		"Zoë ÉMILE":          "zoë émile",
		"e\u0308":            "ë",
	} {
		if got := store.Fold(in); got != want {
			t.Errorf("%q folds to %q, want %q", in, got, want)
		}
	}
}
