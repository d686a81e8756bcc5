package fault_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"kabinet/internal/fault"
)

func TestCopiesAreTheSameFault(t *testing.T) {
	few := fault.New(fault.Refused, "TOO_FEW_POINTS")
	inner := errors.New("secret text")
	got := few.With("available", 3).At("input", "amount").Because(inner).After(time.Second)
	if !errors.Is(fmt.Errorf("redeem: %w", got), few) || errors.Is(got, fault.ErrConflict) {
		t.Error("a copy is not the fault it was made of")
	}
	if len(few.Params) != 0 || len(few.Path) != 0 || few.RetryAfter != 0 {
		t.Error("the declared fault was changed")
	}
	if !errors.Is(got, inner) || got.With("b", 1).Params["available"] != 3 {
		t.Error("the cause or the facts are lost")
	}
}

func TestUnknownIsInternal(t *testing.T) {
	if fault.KindOf(errors.New("x")) != fault.Internal || fault.KindOf(nil) != fault.Internal {
		t.Error("an unclassified error is not internal")
	}
	if fault.KindOf(fmt.Errorf("a: %w", fault.ErrNotFound)) != fault.NotFound {
		t.Error("a wrapped fault lost its kind")
	}
}
