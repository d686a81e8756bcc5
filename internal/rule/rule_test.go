package rule_test

import (
	"context"
	"errors"
	"math"
	"math/big"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"kabinet/internal/fault"
	"kabinet/internal/rule"
)

func newEnv(t testing.TB) *rule.Env {
	t.Helper()
	env, err := rule.NewEnv(
		rule.Var{Name: "order.total", Type: "int", Doc: "Minor units."},
		rule.Var{Name: "customer.tier", Type: "string"},
		rule.Var{Name: "customer.tags", Type: "list(string)"},
		rule.Var{Name: "now", Type: "timestamp"},
		rule.Var{Name: "data", Type: "map"},
	)
	if err != nil {
		t.Fatal(err)
	}
	return env
}

var values = map[string]any{
	"order.total": int64(1999), "customer.tier": "gold", "customer.tags": []string{"vip", "club"},
	"now": time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC), "data": map[string]any{"score": int64(5), "text": "long enough"},
}

func TestInt(t *testing.T) {
	env := newEnv(t)
	for expr, want := range map[string]int64{
		`order.total * 5 / 100`:                                      99,
		`percent(order.total, "5")`:                                  99,
		`percent(order.total, "5", "HALF_UP")`:                       100,
		`percent(order.total, "2.5", "UP")`:                          50,
		`percent(-1999, "5", "DOWN")`:                                -99,
		`pointsPer(order.total, 3, 100)`:                             57,
		`divide(5, 2, "HALF_EVEN") * 10 + divide(7, 2, "HALF_EVEN")`: 24,
		`roundTo(37, 10, "HALF_UP")`:                                 40,
		`min(max(order.total, 5000), 3000)`:                          3000,
		`customer.tier == "gold" ? 2 : 1`:                            2,
		`data.score * 2`:                                             10,
		`int(size(data.text))`:                                       11,
		`now.getFullYear()`:                                          2026,
	} {
		x, err := env.Compile(expr, "int")
		if err != nil {
			t.Errorf("%s: %v", expr, err)
			continue
		}
		if n, err := x.Int(context.Background(), values); err != nil || n != want {
			t.Errorf("%s = %d, %v; want %d", expr, n, err, want)
		}
	}
}

func TestBool(t *testing.T) {
	env := newEnv(t)
	for expr, want := range map[string]bool{
		`"vip" in customer.tags && order.total >= 1000`: true,
		`customer.tags.exists(x, x.startsWith("cl"))`:   true,
		`has(data.missing)`:                             false,
		`now < timestamp("2026-12-01T00:00:00Z")`:       true,
		`now.getDayOfWeek("Europe/Moscow") in [0, 6]`:   true,
		`customer.tier in ["silver", "platinum"]`:       false,
	} {
		x, err := env.Compile(expr, "bool")
		if err != nil {
			t.Errorf("%s: %v", expr, err)
			continue
		}
		if b, err := x.Bool(context.Background(), values); err != nil || b != want {
			t.Errorf("%s = %t, %v; want %t", expr, b, err, want)
		}
	}
}

// security K7: a rule that is wrong is refused with its place, as it is written.
func TestRefused(t *testing.T) {
	env := newEnv(t)
	for expr, at := range map[string][2]int{
		`order.total +`:                     {1, 14},
		"order.total > 5 &&\n  nobody == 1": {2, 3},
		`customer.tier`:                     {1, 1},
		`order.total * 0.05 > 1`:            {1, 13},
		`order.total > 10.5`:                {1, 13},
		`double(order.total) > 1.0`:         {1, 7},
		`customer.tier.matches("(a+)+$")`:   {1, 22},
		`[1,2].map(x, x)`:                   {0, 0},
		``:                                  {1, 1},
	} {
		_, err := env.Compile(expr, "bool")
		f, ok := fault.As(err)
		if !ok || !errors.Is(err, rule.ErrRuleInvalid) || f.Params["reason"] == "" {
			t.Errorf("%s: %v", expr, err)
			continue
		}
		if at[0] > 0 && (f.Params["line"] != at[0] || f.Params["column"] != at[1]) {
			t.Errorf("%q: at %v:%v, want %v: %v", expr, f.Params["line"], f.Params["column"], at, f.Params["reason"])
		}
	}
}

// What a rule may cost is bounded when it is written and when it runs.
func TestCost(t *testing.T) {
	env := newEnv(t)
	loop := `customer.tags.all(a, customer.tags.all(b, customer.tags.all(c, a != b || b != c)))`
	long := strings.Repeat("(", 60) + "true" + strings.Repeat(")", 60)
	for _, expr := range []string{loop, long, strings.Repeat("true && ", 300) + "true", strings.Repeat("a", 9000), strings.Repeat("!", 1999) + "true"} {
		if _, err := env.Compile(expr, "bool"); !errors.Is(err, rule.ErrRuleInvalid) {
			t.Errorf("%.40s… is taken: %v", expr, err)
		}
	}
	x, err := env.Compile(`customer.tags.all(x, x.contains("needle") == false)`, "bool")
	if err != nil {
		t.Fatal(err)
	}
	big := map[string]any{"customer.tags": make([]string, 100_000)}
	start := time.Now()
	if _, err := x.Bool(context.Background(), big); !errors.Is(err, rule.ErrRuleInvalid) || time.Since(start) > time.Second {
		t.Errorf("a long list was run through: %v in %s", err, time.Since(start))
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := x.Bool(ctx, map[string]any{"customer.tags": make([]string, 1000)}); !errors.Is(err, context.Canceled) && err != nil {
		t.Errorf("a context that ended gives %v", err)
	}
}

// What fails as it runs is a fault, never a panic and never a wrong number.
func TestFails(t *testing.T) {
	env := newEnv(t)
	for _, expr := range []string{
		`order.total / 0`, `9223372036854775807 + order.total`, `data.nothing + 1`, `percent(order.total, "five")`, `percent(order.total, "5", "NEAREST")`,
		`divide(1, 0, "DOWN")`, `pointsPer(1, 1, 0)`, `percent(9223372036854775807, "200")`, `data.text`, `-(-9223372036854775807 - 1)`,
	} {
		x, err := env.Compile(expr, "int")
		if err != nil {
			t.Errorf("%s: %v", expr, err)
			continue
		}
		if n, err := x.Int(context.Background(), values); !errors.Is(err, rule.ErrRuleInvalid) {
			t.Errorf("%s = %d, %v", expr, n, err)
		}
	}
}

func TestMulDiv(t *testing.T) {
	for _, c := range []struct {
		a, b, c              int64
		down, up, half, even int64
	}{
		{7, 1, 2, 3, 4, 4, 4}, {5, 1, 2, 2, 3, 3, 2}, {-5, 1, 2, -2, -3, -3, -2}, {6, 1, 2, 3, 3, 3, 3}, {1, 1, 3, 0, 1, 0, 0},
		{2, 1, 3, 0, 1, 1, 1}, {0, 5, 3, 0, 0, 0, 0}, {math.MaxInt64, 3, 3, math.MaxInt64, math.MaxInt64, math.MaxInt64, math.MaxInt64},
	} {
		for r, want := range map[rule.Rounding]int64{rule.Down: c.down, rule.Up: c.up, rule.HalfUp: c.half, rule.HalfEven: c.even} {
			if n, ok := rule.MulDiv(c.a, c.b, c.c, r); !ok || n != want {
				t.Errorf("%d * %d / %d %s = %d, %t; want %d", c.a, c.b, c.c, r, n, ok, want)
			}
		}
	}
	if _, ok := rule.MulDiv(math.MaxInt64, 3, 2, rule.Down); ok {
		t.Error("what does not fit fits")
	}
}

func TestMulDivExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := rapid.Int64().Draw(t, "a"), rapid.Int64Range(-1<<40, 1<<40).Draw(t, "b")
		c := rapid.Int64Range(1, math.MaxInt64).Draw(t, "c")
		whole := new(big.Int).Mul(big.NewInt(a), big.NewInt(b))
		want := whole.Quo(whole, big.NewInt(c))
		n, ok := rule.MulDiv(a, b, c, rule.Down)
		if ok != (want.IsInt64() && want.Int64() != math.MinInt64) || ok && n != want.Int64() {
			t.Fatalf("%d * %d / %d = %d, %t; want %s", a, b, c, n, ok, want)
		}
	})
}

// security K7
func FuzzCompile(f *testing.F) {
	for _, s := range []string{`order.total * 5 / 100`, `percent(order.total, "2.5")`, `"vip" in customer.tags`, `data.a.b[0].c`, `now + duration("1h") > now`,
		`customer.tags.exists(x, x == "a")`, `{"a": [1, 2]}["a"][5]`, `-9223372036854775808 / -1`, "\x00\xff", `b"\xff" == b"a"`} {
		f.Add(s)
	}
	env, err := rule.NewEnv(rule.Var{Name: "order.total", Type: "int"}, rule.Var{Name: "customer.tags", Type: "list(string)"},
		rule.Var{Name: "now", Type: "timestamp"}, rule.Var{Name: "data", Type: "map"})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, want := range []string{"int", "bool"} {
			start := time.Now()
			x, err := env.Compile(s, want)
			if err == nil {
				if want == "int" {
					_, err = x.Int(context.Background(), values)
				} else {
					_, err = x.Bool(context.Background(), values)
				}
			}
			if err != nil && !errors.Is(err, rule.ErrRuleInvalid) {
				t.Fatalf("%q: %v", s, err)
			}
			if d := time.Since(start); d > 5*time.Second {
				t.Fatalf("%q took %s", s, d)
			}
		}
	})
}

func BenchmarkEval(b *testing.B) {
	env := newEnv(b)
	x, err := env.Compile(`customer.tier == "gold" && "vip" in customer.tags && percent(order.total, "5") > 10`, "bool")
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if ok, err := x.Bool(context.Background(), values); !ok || err != nil {
			b.Fatal(ok, err)
		}
	}
}
