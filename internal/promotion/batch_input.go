package promotion

import (
	"regexp"
	"strconv"
	"strings"

	"kabinet/internal/fault"
	"kabinet/internal/viewer"
)

var (
	givenCode = regexp.MustCompile(`^[\p{L}\p{N}-]{3,40}$`)
	prefixes  = regexp.MustCompile(`^[\p{L}\p{N}-]*$`)
	alphabets = regexp.MustCompile(`^[0-9A-Z]{10,32}$`)
)

// read judges the input by itself.
func (in SavePromoCodesInput) read() (batch, error) {
	b := batch{Owner: viewer.House, MaxUses: in.MaxUses, EndsAt: moment(in.EndsAt)}
	var err error
	if b.Promotion, err = in.PromotionID.As("prm"); err != nil {
		return b, fault.ErrInvalidID.At("input", "promotionId")
	}
	if in.UserID != nil {
		u, err := in.UserID.As("usr")
		if err != nil {
			return b, fault.ErrInvalidID.At("input", "userId")
		}
		b.Owner, b.User = u, &u
	}
	if in.MaxUses != nil && (*in.MaxUses < 1 || *in.MaxUses > maxUses) {
		return b, fault.ErrOutOfRange.With("min", 1).With("max", maxUses).At("input", "maxUses")
	}
	switch {
	case in.Codes != nil && in.Count != nil:
		return b, fault.ErrInvalidValue.At("input", "count")
	case in.Codes != nil:
		b.Count, err = len(in.Codes), checkGiven(in.Codes)
	case in.Count == nil:
		err = fault.ErrRequired.At("input", "count")
	default:
		b.Count, b.Recipe, err = *in.Count, in.recipe(), in.checkRandom()
	}
	if err == nil && in.UserID != nil && b.Count > maxAssigned {
		err = fault.ErrOutOfRange.With("min", 1).With("max", maxAssigned).At("input", "count")
	}
	return b, err
}

func checkGiven(codes []string) error {
	if len(codes) == 0 {
		return fault.ErrRequired.At("input", "codes")
	}
	if len(codes) > maxGiven {
		return fault.ErrTooLong.With("limit", maxGiven).At("input", "codes")
	}
	seen := map[string]bool{}
	for i, c := range codes {
		switch k := key(c); {
		case !givenCode.MatchString(c) || len(k) < 3:
			return fault.ErrInvalidValue.At("input", "codes", strconv.Itoa(i))
		case seen[k]:
			return ErrCodeTaken.With("value", c).At("input", "codes", strconv.Itoa(i))
		default:
			seen[k] = true
		}
	}
	return nil
}

func (in SavePromoCodesInput) recipe() recipe {
	r := recipe{Length: 10, Alphabet: alphabet, Checksum: in.Checksum != nil && *in.Checksum}
	if in.Prefix != nil {
		r.Prefix = *in.Prefix
	}
	if in.Length != nil {
		r.Length = *in.Length
	}
	if in.Alphabet != nil {
		r.Alphabet = *in.Alphabet
	}
	return r
}

func (in SavePromoCodesInput) checkRandom() error {
	r := in.recipe()
	switch {
	case *in.Count < 1 || *in.Count > maxCount:
		return fault.ErrOutOfRange.With("min", 1).With("max", maxCount).At("input", "count")
	case len([]rune(r.Prefix)) > maxPrefix:
		return fault.ErrTooLong.With("limit", maxPrefix).At("input", "prefix")
	case !prefixes.MatchString(r.Prefix):
		return fault.ErrInvalidValue.At("input", "prefix")
	case !alphabets.MatchString(r.Alphabet) || repeats(r.Alphabet):
		return fault.ErrInvalidValue.At("input", "alphabet")
	case r.Length < 6 || r.Length > 24 || !r.space(*in.Count):
		shortest := 6
		for shortest < 24 && !(recipe{Length: shortest, Alphabet: r.Alphabet}).space(*in.Count) {
			shortest++
		}
		return fault.ErrOutOfRange.With("min", shortest).With("max", 24).At("input", "length")
	}
	return nil
}

func repeats(s string) bool {
	for i := range s {
		if strings.IndexByte(s[i+1:], s[i]) >= 0 {
			return true
		}
	}
	return false
}
