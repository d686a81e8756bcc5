package after

import (
	"context"
	"strings"

	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
)

// The setting that holds the rules, and what is in force until staff says
// something else.
const (
	policyKind   = "order"
	policyHandle = "policy"
)

var firstPolicy = OrderPolicy{GuestOrders: true, ReturnDays: 14, FinalSaleCategories: []string{}, WalletRefunds: true, Revision: 1}

// The bounds of the rules; the SDL says the same.
const (
	maxReturnDays = 3_650
	maxCategories = 100
)

// Policy is the rules in force.
func (s *Acts) Policy(ctx context.Context) (*OrderPolicy, error) {
	p := firstPolicy
	_, err := s.Store.Setting(ctx, policyKind, policyHandle, &p)
	return &p, store.Translate(err)
}

func policyIn(ctx context.Context, tx *store.Tx) (OrderPolicy, error) {
	p := firstPolicy
	_, err := tx.ReadSetting(ctx, policyKind, policyHandle, &p)
	return p, err
}

// SavePolicy sets the rules. Staff only; it is put on record. Faults:
// OUT_OF_RANGE, TOO_LONG, REQUIRED, STALE_OBJECT, CONFLICT; UNAUTHENTICATED,
// FORBIDDEN.
func (s *Acts) SavePolicy(ctx context.Context, in SaveOrderPolicyInput) (*OrderPolicy, error) {
	if err := staff(ctx); err != nil {
		return nil, err
	}
	if in.ReturnDays != nil && (*in.ReturnDays < 0 || *in.ReturnDays > maxReturnDays) {
		return nil, fault.ErrOutOfRange.With("min", 0).With("max", maxReturnDays).At("input", "returnDays")
	}
	if err := checkCategories(in.FinalSaleCategories, "input", "finalSaleCategories"); err != nil {
		return nil, err
	}
	var p OrderPolicy
	err := s.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
		if p, err = policyIn(ctx, tx); err != nil {
			return err
		}
		if in.Revision != nil && *in.Revision != p.Revision {
			return fault.ErrStaleObject.At("input", "revision")
		}
		set(&p.GuestOrders, in.GuestOrders)
		set(&p.ReturnDays, in.ReturnDays)
		set(&p.WalletRefunds, in.WalletRefunds)
		if in.FinalSaleCategories != nil {
			p.FinalSaleCategories = in.FinalSaleCategories
		}
		p.Revision++
		if err := tx.SaveSetting(ctx, policyKind, policyHandle, p); err != nil {
			return err
		}
		return tx.Audit(ctx, "order.save_policy", viewer.House, scalar.ID{}, map[string]any{
			"guestOrders": p.GuestOrders, "returnDays": p.ReturnDays, "finalSaleCategories": p.FinalSaleCategories, "walletRefunds": p.WalletRefunds,
		})
	})
	if store.IsUnique(err) { // somebody saved at the same moment
		return nil, fault.ErrConflict.At("input").Because(err)
	}
	if err != nil {
		return nil, err
	}
	return &p, nil
}

func set[T any](to *T, said *T) {
	if said != nil {
		*to = *said
	}
}

func checkCategories(all []string, path ...string) error {
	if len(all) > maxCategories {
		return fault.ErrTooLong.With("limit", maxCategories).At(path...)
	}
	for _, c := range all {
		if strings.TrimSpace(c) == "" {
			return fault.ErrRequired.At(path...)
		}
		if err := checkText(&c, 100, path...); err != nil {
			return err
		}
	}
	return nil
}

// staff lets those through who may change any order. Faults: UNAUTHENTICATED,
// FORBIDDEN.
func staff(ctx context.Context) error {
	v := viewer.From(ctx)
	switch {
	case v.IsSystem():
		return nil
	case !v.SignedIn():
		return fault.ErrUnauthenticated
	case !v.Staff || v.Reach("order", "write") != viewer.ReachAll:
		return fault.ErrForbidden
	}
	return nil
}
