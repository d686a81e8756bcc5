package scalar_test

import (
	"bytes"
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"testing"

	"github.com/google/uuid"
	"go.jetify.com/typeid"
	"pgregory.net/rapid"

	"kabinet/internal/scalar"
)

// The fast forms agree with the library and with the slow rule.
func TestAppendID(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		id, err := uuid.FromBytes(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "id"))
		if err != nil {
			t.Fatal(err)
		}
		want, err := typeid.FromUUIDBytesWithPrefix("order", id[:])
		if err != nil {
			t.Fatal(err)
		}
		if got := string(scalar.AppendID(nil, "order", id)); got != want.String() {
			t.Fatalf("got %s, want %s", got, want)
		}
	})
}

func TestAppendAmount(t *testing.T) {
	slow := func(minor int64, digits int) string {
		sign, n := "", uint64(minor)
		if minor < 0 {
			sign, n = "-", -n
		}
		s := strconv.FormatUint(n, 10)
		if digits == 0 {
			return sign + s
		}
		if len(s) <= digits {
			s = strings.Repeat("0", digits-len(s)+1) + s
		}
		return sign + s[:len(s)-digits] + "." + s[len(s)-digits:]
	}
	check := func(t interface{ Fatalf(string, ...any) }, minor int64, code string) {
		if got, want := string(scalar.AppendAmount(nil, minor, code)), slow(minor, scalar.Digits(code)); got != want {
			t.Fatalf("%d %s is %s, want %s", minor, code, got, want)
		}
	}
	for _, minor := range []int64{0, 1, -1, 99, 100, -100, math.MaxInt64, math.MinInt64} {
		for _, code := range []string{"EUR", "JPY", "KWD", "ZZZ"} {
			check(t, minor, code)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		check(t, rapid.Int64().Draw(t, "minor"), rapid.SampledFrom([]string{"EUR", "JPY", "KWD"}).Draw(t, "code"))
	})
}

// Every text is valid JSON, whatever a person wrote.
func TestTextsAreJSON(t *testing.T) {
	for _, text := range []string{"", "plain", "\x7f", "\a", "\U0010ffff", "\u200b", `"\`, "до"} {
		var b bytes.Buffer
		scalar.MarshalURL(text).MarshalGQL(&b)
		var got string
		if err := json.Unmarshal(b.Bytes(), &got); err != nil || got != text {
			t.Errorf("%q became %s: %v", text, b.Bytes(), err)
		}
	}
}
