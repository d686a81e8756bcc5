package rule

import (
	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
)

// Functions says what ours do, for those who write expressions.
var Functions = []Var{
	{"percent(int, string)", "int", `percent(order.total, "2.5"): so many percent of an amount, rounded down`},
	{"percent(int, string, string)", "int", `the same, rounded as named: DOWN, UP, HALF_UP, HALF_EVEN`},
	{"pointsPer(int, int, int)", "int", "pointsPer(order.total, 1, 100): 1 for every full 100"},
	{"divide(int, int, string)", "int", "divide(a, b, rounding): a / b, rounded as named"},
	{"roundTo(int, int, string)", "int", "roundTo(n, step, rounding): the multiple of step that rounding names"},
	{"min(int, int)", "int", "the smaller"},
	{"max(int, int)", "int", "the larger"},
}

func functions() []cel.EnvOption {
	i, s := cel.IntType, cel.StringType
	return []cel.EnvOption{
		cel.Function("percent",
			cel.Overload("percent_int_string", []*cel.Type{i, s}, i, cel.BinaryBinding(func(a, rate ref.Val) ref.Val {
				return percent(a, rate, types.String(Down))
			})),
			cel.Overload("percent_int_string_string", []*cel.Type{i, s, s}, i, cel.FunctionBinding(func(in ...ref.Val) ref.Val {
				return percent(in[0], in[1], in[2])
			}))),
		cel.Function("pointsPer", cel.Overload("points_per_int_int_int", []*cel.Type{i, i, i}, i, cel.FunctionBinding(func(in ...ref.Val) ref.Val {
			per := int64(in[2].(types.Int))
			if per <= 0 {
				return types.NewErr("pointsPer: the third must be positive")
			}
			whole := int64(in[0].(types.Int)) / per
			return result(MulDiv(whole, int64(in[1].(types.Int)), 1, Down))
		}))),
		cel.Function("divide", cel.Overload("divide_int_int_string", []*cel.Type{i, i, s}, i, cel.FunctionBinding(func(in ...ref.Val) ref.Val {
			return divide(in[0], in[1], in[2])
		}))),
		cel.Function("roundTo", cel.Overload("round_to_int_int_string", []*cel.Type{i, i, s}, i, cel.FunctionBinding(func(in ...ref.Val) ref.Val {
			n := divide(in[0], in[1], in[2])
			if times, ok := n.(types.Int); ok {
				return result(MulDiv(int64(times), int64(in[1].(types.Int)), 1, Down))
			}
			return n
		}))),
		cel.Function("min", cel.Overload("min_int_int", []*cel.Type{i, i}, i, cel.BinaryBinding(func(a, b ref.Val) ref.Val {
			return min(a.(types.Int), b.(types.Int))
		}))),
		cel.Function("max", cel.Overload("max_int_int", []*cel.Type{i, i}, i, cel.BinaryBinding(func(a, b ref.Val) ref.Val {
			return max(a.(types.Int), b.(types.Int))
		}))),
	}
}

func percent(amount, rate, rounding ref.Val) ref.Val {
	parts, of, err := ParseRate(string(rate.(types.String)))
	if err != nil {
		return types.NewErr("percent: %v", err)
	}
	r := Rounding(rounding.(types.String))
	if !r.Valid() {
		return types.NewErr("percent: the rounding %q is not known", string(r))
	}
	return result(MulDiv(int64(amount.(types.Int)), parts, 100*of, r))
}

func divide(a, b, rounding ref.Val) ref.Val {
	r := Rounding(rounding.(types.String))
	switch {
	case !r.Valid():
		return types.NewErr("divide: the rounding %q is not known", string(r))
	case b.(types.Int) <= 0:
		return types.NewErr("divide: the second must be positive")
	}
	return result(MulDiv(int64(a.(types.Int)), 1, int64(b.(types.Int)), r))
}

func result(n int64, ok bool) ref.Val {
	if !ok {
		return types.NewErr("the number does not fit")
	}
	return types.Int(n)
}
