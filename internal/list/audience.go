package list

import (
	"slices"
	"strconv"
	"time"

	"github.com/google/uuid"

	"kabinet/internal/fault"
)

// admission is whom a product is for, checked; nil: everybody.
type admission struct {
	everyone     bool // who is signed in
	customers    []uuid.UUID
	clubs, tiers []string // handles
}

// checkAudience judges the input of setProductAudience by itself, and gives the
// products and for whom they will be. Faults: REQUIRED, TOO_LONG, INVALID_ID,
// INVALID_VALUE for what is named twice or a time that is past.
func checkAudience(in SetProductAudienceInput, now time.Time) (products []uuid.UUID, a *admission, err error) {
	switch {
	case len(in.ProductIDs) == 0:
		return nil, nil, fault.ErrRequired.At("input", "productIds")
	case len(in.ProductIDs) > maxGoods:
		return nil, nil, fault.ErrTooLong.With("limit", maxGoods).At("input", "productIds")
	case in.ReleasedAt != nil && !in.ReleasedAt.After(now):
		return nil, nil, fault.ErrInvalidValue.At("input", "releasedAt")
	}
	for i, id := range in.ProductIDs {
		p, err := id.As("prd")
		if err != nil {
			return nil, nil, fault.ErrInvalidID.At("input", "productIds", strconv.Itoa(i))
		}
		if slices.Contains(products, p) {
			return nil, nil, fault.ErrInvalidValue.At("input", "productIds", strconv.Itoa(i))
		}
		products = append(products, p)
	}
	if in.Audience == nil {
		if in.ReleasedAt != nil {
			a = &admission{} // nobody, until then
		}
		return products, a, nil
	}
	a, err = in.Audience.check()
	return products, a, err
}

func (in *ProductAudienceInput) check() (*admission, error) {
	a := &admission{everyone: in.EveryoneSignedIn != nil && *in.EveryoneSignedIn, clubs: in.Clubs, tiers: in.Tiers}
	if len(in.CustomerIDs) > maxNamed {
		return nil, fault.ErrTooLong.With("limit", maxNamed).At("input", "audience", "customerIds")
	}
	for i, id := range in.CustomerIDs {
		c, err := id.As("usr", "com")
		if err != nil {
			return nil, fault.ErrInvalidID.At("input", "audience", "customerIds", strconv.Itoa(i))
		}
		if !slices.Contains(a.customers, c) {
			a.customers = append(a.customers, c)
		}
	}
	for name, handles := range map[string][]string{"clubs": in.Clubs, "tiers": in.Tiers} {
		if len(handles) > maxHandles {
			return nil, fault.ErrTooLong.With("limit", maxHandles).At("input", "audience", name)
		}
		for i, h := range handles {
			if err := checkText(h, maxName, "input", "audience", name, strconv.Itoa(i)); err != nil {
				return nil, err
			}
		}
	}
	if !a.everyone && len(a.customers)+len(a.clubs)+len(a.tiers) == 0 {
		return nil, fault.ErrRequired.At("input", "audience")
	}
	return a, nil
}
