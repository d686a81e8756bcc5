package profile

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	entuser "kabinet/ent/generated/user"
	"kabinet/ent/schema"
	"kabinet/internal/fault"
)

func TestNumbersThatExist(t *testing.T) {
	for _, c := range []struct {
		what string
		got  verdict
		want verdict
	}{
		{"inn of a legal entity", checkINN("7707083893", false), fits},
		{"inn with a figure wrong", checkINN("7707083894", false), misfigured},
		{"inn of a person as of an entity", checkINN("500100732259", false), misshapen},
		{"inn of a person", checkINN("500100732259", true), fits},
		{"inn of a person, last but one wrong", checkINN("500100732249", true), misfigured},
		{"inn of zeros", checkINN("0000000000", false), misshapen},
		{"inn of other digits", checkINN("٧٧٠٧٠٨٣٨٩٣", false), misshapen},
		{"ogrn", checkOGRN("1027700132195"), fits},
		{"ogrn with figures changed about", checkOGRN("1027700132159"), misfigured},
		{"ogrn that begins wrong", checkOGRN("3027700132195"), misshapen},
		{"ogrnip", checkOGRNIP("304500116000157"), fits},
		{"ogrnip wrong", checkOGRNIP("304500116000158"), misfigured},
		{"kpp", checkKPP("773601001"), fits},
		{"kpp of letters", checkKPP("7736AB001"), fits},
		{"kpp too short", checkKPP("77360100"), misshapen},
		{"iban of Germany", checkIBAN("DE89370400440532013000"), fits},
		{"iban of Great Britain", checkIBAN("GB82WEST12345698765432"), fits},
		{"iban of Norway", checkIBAN("NO9386011117947"), fits},
		{"iban wrong", checkIBAN("DE89370400440532013001"), misfigured},
		{"iban too long for its country", checkIBAN("DE8937040044053201300000"), misshapen},
		{"iban of no country", checkIBAN("ZZ89370400440532013000"), misshapen},
		{"bic", checkBIC("DEUTDEFF"), fits},
		{"bic of a branch", checkBIC("DEUTDEFF500"), fits},
		{"bic of no country", checkBIC("DEUTZZFF"), misshapen},
		{"russian bic", checkBIC("044525225"), fits},
		{"account at a bank", checkAccount("40702810900000000001", "044525225", false), of(key("225", "40702810900000000001"))},
		{"correspondent account", checkAccount("30101810400000000225", "044525225", true), fits},
		{"correspondent account wrong", checkAccount("30101810500000000225", "044525225", true), misfigured},
		{"correspondent account of another kind", checkAccount("40702810400000000225", "044525225", true), misshapen},
		{"account at a foreign bank", checkAccount("40702810400000000225", "DEUTDEFF", false), misshapen},
		{"account at the treasury", checkAccount("03214643000000017300", "014525988", false), fits},
	} {
		if c.got != c.want {
			t.Errorf("%s: %d, want %d", c.what, c.got, c.want)
		}
	}
}

// key is the rule of the account's key, written down a second time.
func key(bank, account string) bool {
	sum := 0
	for i, d := range bank + account {
		sum += int(d-'0') * []int{7, 1, 3}[i%3] % 10
	}
	return sum%10 == 0
}

// Every one of these numbers finds a wrong figure, wherever it stands.
func TestOneWrongFigureIsFound(t *testing.T) {
	digits := func(rt *rapid.T, n int) string {
		return rapid.StringOfN(rapid.RuneFrom([]rune("123456789")), n, n, n).Draw(rt, "digits")
	}
	complete := func(rt *rapid.T, head string, tails int, check func(string) verdict) string {
		for i := range tails {
			if s := head + fmt.Sprintf("%0*d", len(fmt.Sprint(tails-1)), i); check(s) == fits {
				return s
			}
		}
		rt.Fatalf("%s cannot be completed", head)
		return ""
	}
	numbers := map[string]struct {
		make  func(rt *rapid.T) string
		check func(string) verdict
		// from is the first figure of which every change is found.
		from int
	}{
		"IBAN": {func(rt *rapid.T) string {
			body := digits(rt, 18)
			for i := 2; i < 99; i++ {
				if s := fmt.Sprintf("DE%02d%s", i, body); checkIBAN(s) == fits {
					return s
				}
			}
			rt.Fatal("no check digits")
			return ""
		}, checkIBAN, 4},
		"account": {func(rt *rapid.T) string {
			return complete(rt, "40702810"+digits(rt, 11), 10, func(s string) verdict { return checkAccount(s, "044525225", false) })
		}, func(s string) verdict { return checkAccount(s, "044525225", false) }, 0},
	}
	for name, n := range numbers {
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(rt *rapid.T) {
				s := n.make(rt)
				i := rapid.IntRange(n.from, len(s)-1).Draw(rt, "place")
				other := rapid.SampledFrom([]rune(strings.ReplaceAll("0123456789", s[i:i+1], ""))).Draw(rt, "figure")
				if wrong := s[:i] + string(other) + s[i+1:]; n.check(wrong) != misfigured {
					rt.Fatalf("%s is taken for %s", wrong, s)
				}
			})
		})
	}
}

// Whatever stands before them, exactly one check figure fits the tax and
// register numbers.
func TestOneCheckFigureFits(t *testing.T) {
	for name, n := range map[string]struct {
		head  string
		free  int
		check func(string) verdict
	}{
		"INN of an entity": {"77", 7, func(s string) verdict { return checkINN(s, false) }},
		"OGRN":             {"1", 11, checkOGRN},
		"OGRNIP":           {"3", 13, checkOGRNIP},
	} {
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(rt *rapid.T) {
				head := n.head + rapid.StringOfN(rapid.RuneFrom([]rune("0123456789")), n.free, n.free, n.free).Draw(rt, "digits")
				fit := 0
				for d := range 10 {
					if n.check(head+fmt.Sprint(d)) == fits {
						fit++
					}
				}
				if fit != 1 {
					rt.Fatalf("%s: %d figures fit", head, fit)
				}
			})
		})
	}
}

// No text whatever makes a check stop or pass what is no number.
func TestNumbersOfAnyText(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		s := rapid.OneOf(rapid.String(), rapid.StringMatching(`[0-9A-Z ]{0,34}`)).Draw(rt, "text")
		for _, ok := range []bool{checkINN(s, true) == fits, checkINN(s, false) == fits, checkOGRN(s) == fits, checkOGRNIP(s) == fits, checkAccount(s, s, true) == fits} {
			if ok && strings.Trim(s, "0123456789") != "" {
				rt.Fatalf("%q passes", s)
			}
		}
		_, _, _ = checkIBAN(s), checkBIC(s), checkKPP(s)
	})
}

func TestRequisitesOfEachKind(t *testing.T) {
	for _, c := range []struct {
		kind entuser.Kind
		r    schema.Requisites
		want string
	}{
		{entuser.KindLEGAL_ENTITY, schema.Requisites{INN: "7707083893", KPP: "773601001", OGRN: "1027700132195", BIC: "044525225", CorrespondentAccount: "30101810400000000225"}, ""},
		{entuser.KindSOLE_TRADER, schema.Requisites{INN: "500100732259", OGRNIP: "304500116000157"}, ""},
		{entuser.KindLEGAL_ENTITY, schema.Requisites{INN: "500100732259", OGRNIP: "304500116000157"}, "INVALID_VALUE input.inn, NOT_FOR_THIS_KIND input.ogrnip"},
		{entuser.KindSOLE_TRADER, schema.Requisites{KPP: "773601001", OGRN: "1027700132195"}, "NOT_FOR_THIS_KIND input.kpp, NOT_FOR_THIS_KIND input.ogrn"},
		{entuser.KindLEGAL_ENTITY, schema.Requisites{Account: "40702810900000000001"}, "REQUIRED input.bic"},
		{entuser.KindLEGAL_ENTITY, schema.Requisites{IBAN: "DE89370400440532013001", BIC: "DEUT"}, "CHECK_DIGITS_WRONG input.iban, INVALID_VALUE input.bic"},
		{entuser.KindPERSON, schema.Requisites{LegalName: "Acme"}, "NOT_FOR_THIS_KIND input"},
		{entuser.KindPERSON, schema.Requisites{}, ""},
	} {
		if got := told(checkRequisites(c.kind, &c.r)); got != c.want {
			t.Errorf("%s %+v: %s, want %s", c.kind, c.r, got, c.want)
		}
	}
}

// told are the faults of an error, with their paths.
func told(err error) string {
	if err == nil {
		return ""
	}
	errs := []error{err}
	if many, ok := err.(interface{ Unwrap() []error }); ok {
		errs = many.Unwrap()
	}
	var all []string
	for _, e := range errs {
		f, _ := fault.As(e)
		all = append(all, f.Code+" "+strings.Join(f.Path, "."))
	}
	return strings.Join(all, ", ")
}
