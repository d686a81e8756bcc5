// Package rule owns the expressions that staff write into rules: CEL, compiled
// against named and typed variables, with a bound on size and cost both when
// it is written and when it runs. Money and points are whole numbers of minor
// units; no double is made of one: rates are written with percent, pointsPer
// and divide, which name how they round. It knows no table and no domain, and
// reads nothing but what it is given.
package rule

import (
	"fmt"
	"sync"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/checker"
	"github.com/google/cel-go/common/env"

	"kabinet/internal/fault"
)

// ErrRuleInvalid says that an expression cannot be used, or could not be worked out;
// params.line and params.column (from 1; 0 where it failed as it ran) say
// where, params.reason why, in English.
var ErrRuleInvalid = fault.New(fault.Invalid, "RULE_INVALID")

// The bounds of an expression.
const (
	MaxText = 2000   // characters of an expression
	maxDeep = 40     // brackets in brackets
	maxCost = 20_000 // units of CEL: about one for each call and for ten characters looked at
	maxSize = 200    // of a text, list or map in the estimate; what is longer is met by the cost of the run
	maxHeld = 1000   // compiled expressions kept
)

// Var is a variable that expressions may name.
type Var struct {
	Name string // with dots where it belongs to a thing: order.total
	Type string // int, string, bool, double, timestamp, list(string), map
	Doc  string // what it is and in which unit
}

// Env is a set of variables; it keeps what it compiled. Safe for many at once.
type Env struct {
	vars []Var
	cel  *cel.Env

	mu   sync.RWMutex
	held map[[2]string]*Expr
}

var typeOf = map[string]*cel.Type{
	"int": cel.IntType, "string": cel.StringType, "bool": cel.BoolType, "double": cel.DoubleType,
	"timestamp": cel.TimestampType, "list(string)": cel.ListType(cel.StringType), "map": cel.MapType(cel.StringType, cel.DynType),
}

// excluded are CEL's functions that rules do without: matches because a
// pattern costs what it likes, double because money is counted in whole units.
var excluded = &env.LibrarySubset{
	IncludeMacros:    []string{"has", "all", "exists", "exists_one"},
	ExcludeFunctions: []*env.Function{{Name: "matches"}, {Name: "double"}, {Name: "bytes"}},
}

// NewEnv declares variables.
func NewEnv(vars ...Var) (*Env, error) {
	options := []cel.EnvOption{
		cel.StdLib(cel.StdLibSubset(excluded)),
		cel.ParserExpressionSizeLimit(MaxText), cel.ParserRecursionLimit(maxDeep),
		cel.DefaultUTCTimeZone(true),
		cel.ASTValidators(cel.ValidateComprehensionNestingLimit(1), cel.ValidateDurationLiterals(), cel.ValidateTimestampLiterals()),
	}
	for _, v := range vars {
		t := typeOf[v.Type]
		if t == nil {
			return nil, fmt.Errorf("rule: variable %s of unknown type %q", v.Name, v.Type)
		}
		options = append(options, cel.VariableWithDoc(v.Name, t, v.Doc))
	}
	c, err := cel.NewCustomEnv(append(options, functions()...)...)
	if err != nil {
		return nil, fmt.Errorf("rule: declaring variables: %w", err)
	}
	return &Env{vars: vars, cel: c, held: map[[2]string]*Expr{}}, nil
}

// Vars are the variables, for those who write expressions.
func (e *Env) Vars() []Var { return e.vars }

// Compile checks an expression that gives a bool or an int, as want says.
// Faults: RULE_INVALID.
func (e *Env) Compile(expr, want string) (*Expr, error) {
	key := [2]string{want, expr}
	e.mu.RLock()
	x := e.held[key]
	e.mu.RUnlock()
	if x != nil {
		return x, nil
	}
	x, err := e.compile(expr, want)
	if err != nil {
		return nil, err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.held) >= maxHeld {
		clear(e.held)
	}
	e.held[key] = x
	return x, nil
}

func (e *Env) compile(expr, want string) (x *Expr, err error) {
	if len(expr) > 4*MaxText { // before a parser sees it
		return nil, invalid(1, 1, fmt.Sprintf("longer than %d characters", MaxText))
	}
	defer func() { // the parser is a big machine; what breaks it is the expression's fault
		if r := recover(); r != nil {
			x, err = nil, invalid(1, 1, "cannot be read").Because(fmt.Errorf("rule: compiling: %v", r))
		}
	}()
	ast, issues := e.cel.Compile(expr)
	if issues.Err() != nil {
		first := issues.Errors()[0]
		return nil, invalid(max(first.Location.Line(), 1), max(first.Location.Column(), 0)+1, first.Message)
	}
	if out := ast.OutputType(); !out.IsExactType(typeOf[want]) && !out.IsExactType(cel.DynType) {
		return nil, invalid(1, 1, fmt.Sprintf("must give %s, gives %s", want, out))
	}
	cost, err := e.cel.EstimateCost(ast, sizes{})
	if err != nil {
		return nil, invalid(1, 1, "its cost cannot be told").Because(err)
	}
	if cost.Max > maxCost {
		return nil, invalid(1, 1, "may cost too much: simplify it")
	}
	program, err := e.cel.Program(ast, cel.EvalOptions(cel.OptOptimize), cel.CostLimit(maxCost), cel.InterruptCheckFrequency(50))
	if err != nil {
		return nil, invalid(1, 1, err.Error())
	}
	return &Expr{text: expr, program: program}, nil
}

func invalid(line, column int, reason string) *fault.Fault {
	return ErrRuleInvalid.With("line", line).With("column", column).With("reason", reason)
}

// sizes bounds what the estimate cannot see.
type sizes struct{}

// EstimateSize implements checker.CostEstimator.
func (sizes) EstimateSize(checker.AstNode) *checker.SizeEstimate {
	return &checker.SizeEstimate{Min: 0, Max: maxSize}
}

// EstimateCallCost implements checker.CostEstimator.
func (sizes) EstimateCallCost(function, _ string, _ *checker.AstNode, _ []checker.AstNode) *checker.CallEstimate {
	if _, ours := costs[function]; ours {
		return &checker.CallEstimate{CostEstimate: checker.CostEstimate{Min: 5, Max: 5}}
	}
	return nil
}

var _ checker.CostEstimator = sizes{}

// costs names the functions of ours, which cost the same whatever they get.
var costs = map[string]struct{}{"percent": {}, "pointsPer": {}, "divide": {}, "roundTo": {}, "min": {}, "max": {}}
