package rule

import (
	"context"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
)

// Expr is a compiled expression. Safe for many at once.
type Expr struct {
	text    string
	program cel.Program
}

// Text is the expression as it was written.
func (x *Expr) Text() string { return x.text }

// Bool works the expression out over variables by their names. Faults:
// RULE_INVALID where it fails on these values or costs too much; the context's
// error when that ended.
func (x *Expr) Bool(ctx context.Context, vars map[string]any) (bool, error) {
	v, err := x.eval(ctx, vars)
	if err != nil {
		return false, err
	}
	b, ok := v.(types.Bool)
	if !ok {
		return false, invalid(0, 0, "must give bool, gives "+v.Type().TypeName())
	}
	return bool(b), nil
}

// Int is as Bool, for whole numbers.
func (x *Expr) Int(ctx context.Context, vars map[string]any) (int64, error) {
	v, err := x.eval(ctx, vars)
	if err != nil {
		return 0, err
	}
	n, ok := v.(types.Int)
	if !ok {
		return 0, invalid(0, 0, "must give int, gives "+v.Type().TypeName())
	}
	return int64(n), nil
}

func (x *Expr) eval(ctx context.Context, vars map[string]any) (ref.Val, error) {
	v, _, err := x.program.ContextEval(ctx, vars)
	if err == nil {
		return v, nil
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	return nil, invalid(0, 0, err.Error())
}
