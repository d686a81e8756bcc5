package desk

import (
	"slices"
	"testing"

	"kabinet/internal/fault"
)

func TestVariablesAreCheckedWithWhereTheyStand(t *testing.T) {
	for _, c := range []struct {
		text         string
		name         string
		line, column int
	}{
		{"Hello {{customer.name}}, about {{ order.number }}: {{ticket.number}} {{operator.name}}", "", 0, 0},
		{"no variables, but { and } and {customer.name}", "", 0, 0},
		{"Hello {{customer.email}}", "customer.email", 1, 7},
		{"Здравствуйте!\n  {{клиент}}", "клиент", 2, 3},
		{"{{customer.name}} {{", "", 1, 19},
		{"{{customer.name", "customer.name", 1, 1},
		{"{{}}", "", 1, 1},
		{"{{customer.name | upper}}", "customer.name | upper", 1, 1},
		{"{{{{customer.name}}}}", "{{customer.name", 1, 1},
	} {
		err := checkVariables(c.text, "input", "texts", "0", "text")
		if c.line == 0 {
			if err != nil {
				t.Errorf("%q: %v", c.text, err)
			}
			continue
		}
		f, ok := fault.As(err)
		if !ok || f.Code != "UNKNOWN_VARIABLE" || f.Params["variable"] != c.name || f.Params["line"] != c.line || f.Params["column"] != c.column {
			t.Errorf("%q: %v, %v", c.text, err, f)
		}
	}
}

// Values are text: what looks like a variable in one is not filled in again.
func TestValuesAreText(t *testing.T) {
	values := map[string]string{customerName: "{{operator.name}} <b>", operatorName: "Sue"}
	got, missing := fillIn("Hi {{customer.name}}, {{order.number}}, {{ order.number }}. {{operator.name}}", values)
	if got != "Hi {{operator.name}} <b>, {{order.number}}, {{ order.number }}. Sue" || !slices.Equal(missing, []string{"order.number"}) {
		t.Errorf("%q, %v", got, missing)
	}
}

func TestLanguageOfAText(t *testing.T) {
	texts := map[string]string{"ru": "р", "en": "e", "de": "d"}
	for lang, want := range map[string]string{"ru": "ru", "ru-RU": "ru", "de-CH": "de", "fr": "en", "": "en"} {
		if _, got := inLanguage(texts, lang); got != want {
			t.Errorf("%s: %s, want %s", lang, got, want)
		}
	}
	if text, got := inLanguage(map[string]string{"ru": "р", "de": "d"}, "fr"); got != "de" || text != "d" {
		t.Errorf("the first there is: %s", got)
	}
}

func TestFilterIsSavedAsItIsTaken(t *testing.T) {
	yes := true
	f := TicketQueueFilter{Mine: &yes, Kind: nil, Locale: []string{"ru", "ru"}}
	got := f.saved()
	if len(got) != 2 || got["mine"] != true || len(got["locale"].([]string)) != 1 {
		t.Errorf("%v", got)
	}
}
